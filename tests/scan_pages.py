"""Made pages for the tests of registration: squares, rules, blocks as of text, and how they come out of a scanner."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from slips.proof.scan import MM_PER_INCH, Scan

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float64]

PAGE_W_MM, PAGE_H_MM = 210.0, 297.0
MARKS = ((6.0, 6.0, 3.0), (201.0, 6.0, 3.0), (6.0, 288.0, 3.0), (201.0, 280.0, 3.0))
ALIKE = (*MARKS[:3], (201.0, 288.0, 3.0))
"""Marks that look the same half a turn off."""


def page(
    *, dpi: float, marks: tuple[tuple[float, float, float], ...] = MARKS, seed: int = 0, varying: int = 0
) -> Pixels:
    """A page of blocks as of text and some rules. `varying` other blocks stand for what differs from slip to slip."""
    scale = dpi / MM_PER_INCH
    picture = np.full((round(PAGE_H_MM * scale), round(PAGE_W_MM * scale)), 255, np.uint8)

    def fill(x: float, y: float, w: float, h: float, grey: int = 0) -> None:
        left, top, right, bottom = (round(v * scale) for v in (x, y, x + w, y + h))
        picture[top:bottom, left:right] = grey

    for number, count in ((seed, 700), (1000 + varying, 150 if varying else 0)):
        chance = np.random.default_rng(number)
        for x, y, w in chance.uniform((15, 15, 0.6), (190, 280, 4), (count, 3)):
            fill(x, y, w, 0.5)
            fill(x, y + 0.9, w * 0.7, 0.5)
    for x, y, side in marks:
        fill(x - 1, y - 1, side + 2, side + 2, 255)
        fill(x, y, side, side)
    return picture


@dataclass(frozen=True, eq=False)
class Lain:
    """A page as it was scanned, and how it truly lies."""

    scan: Scan
    map: Map


def lain(
    picture: Pixels,
    *,
    dpi: float,
    turn_deg: float = 0.0,
    shift_mm: tuple[float, float] = (0.0, 0.0),
    stretch: tuple[float, float] = (1.0, 1.0),
    says_dpi: float | None = None,
    seed: int = 0,
) -> Lain:
    """The page under a scanner's glass: turned about its middle, stretched, shifted, softened, noisy, never quite white."""
    scale = dpi / MM_PER_INCH
    height, width = picture.shape
    wide, high = (width, height) if round(turn_deg / 90) % 2 == 0 else (height, width)
    angle = np.deg2rad(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    onto = np.array(
        [
            [1, 0, (wide - 1) / 2 + shift_mm[0] * scale],
            [0, 1, (high - 1) / 2 + shift_mm[1] * scale],
            [0, 0, 1.0],
        ]
    )
    about = np.array([[1, 0, -(width - 1) / 2], [0, 1, -(height - 1) / 2], [0, 0, 1.0]])
    whole = onto @ turn @ np.diag([*stretch, 1.0]) @ about
    seen = cv2.warpAffine(picture, whole[:2], (wide, high), flags=cv2.INTER_LINEAR, borderValue=255)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.6)
    light = 30 + seen.astype(np.float32) * (200 / 255)
    light += np.random.default_rng(seed).normal(0, 4, light.shape).astype(np.float32)
    grey = np.clip(light, 0, 255).astype(np.uint8)
    # A pixel of the picture is centred half a pixel from its edge, where millimetres are counted from.
    to_picture = np.array([[scale, 0, -0.5], [0, scale, -0.5], [0, 0, 1.0]])
    return Lain(Scan(source="made.png", page=1, grey=grey, dpi=says_dpi), whole @ to_picture)
