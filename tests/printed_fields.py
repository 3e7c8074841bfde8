"""Fields as they leave the press and come back from a scanner: pages of a real form, rendered by the reader's engine, then scanned badly."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import polars as pl

from elqr import symbols
from slips.fonts import load_fonts
from slips.form import Layout, PlacedBox
from slips.labels import SITE_WORDS
from slips.layout import load_layout
from slips.metadata import load_intent
from slips.pages import Setup, compile_plan, write_pdf
from slips.proof.render import Frame, open_document
from slips.request import table_rows
from slips.textcheck import TextCheck
from slips.values import known_values
from slips.wording import faces_of

PRESS_DPI = 600
AROUND_MM = 4.0

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scanner:
    """As in the table of the design: noise in grey levels, blur in pixels at 300 dpi, JPEG quality."""

    dpi: int
    noise: float = 6.0
    blur: float = 0.6
    jpeg: int = 85
    paper: int = 225
    ink: int = 35


def form_box(name: str, value: str, *, part: str = "slip") -> tuple[Layout, PlacedBox]:
    layout = load_layout(name)
    return layout, next(b for b in layout.boxes if b.value == value and b.part == part and b.kind == "field")


def printed(layout: Layout, box: PlacedBox, texts: Sequence[str], folder: Path) -> list[Pixels]:
    """The box with its surroundings on one page for each text, at the press's resolution."""
    names = sorted(known_values(table_rows(layout)) - {"line"})
    rows = [
        dict.fromkeys(names, "") | {"payload": "0" * symbols.DIGITS, "lang": "ja", "seq": "1", box.value: t}
        for t in texts
    ]
    frame = pl.DataFrame(rows).with_columns(line=pl.int_range(1, len(rows) + 1))
    fonts = load_fonts(faces_of(layout))
    check = TextCheck({layout.id: layout}, fonts)
    check.check(frame, layout.id)
    words: Mapping[str, str] = dict.fromkeys(SITE_WORDS, " ")
    setup = Setup({layout.id: layout}, ["ja"], words, dt.date(2026, 4, 1), load_intent(None))
    file = io.BytesIO()
    write_pdf(
        file,
        frame,
        layout=layout.id,
        plan=compile_plan(setup, fonts, check.characters()),
        fonts=fonts,
        title="x",
    )
    path = folder / "fields.pdf"
    path.write_bytes(file.getvalue())
    k = PRESS_DPI / 25.4
    w, h = box.w_mm + 2 * AROUND_MM, box.h_mm + 2 * AROUND_MM
    place = Frame(box.x_mm - AROUND_MM, box.y_mm - AROUND_MM, w, h, round(w * k), round(h * k))
    with open_document(path) as document, document.pages(0, document.page_count) as pages:
        return [page.picture(place).copy() for page in pages]


def scanned(
    picture: Pixels, box: PlacedBox, scanner: Scanner, *, seed: int, off_mm: float = 0.1
) -> tuple[Pixels, Map]:
    """A scan, turned by up to a degree, and its registration (page millimetres to pixels), wrong by up to `off_mm`."""
    rng = np.random.default_rng(seed)
    k, s = PRESS_DPI / 25.4, scanner.dpi / PRESS_DPI
    angle, stretch = np.deg2rad(rng.uniform(-1, 1)), 1 + rng.uniform(-0.003, 0.003, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    to_scan = np.diag([s * stretch[0], s * stretch[1], 1]) @ turn
    side = (round(picture.shape[1] * s) + 8, round(picture.shape[0] * s) + 8)
    to_scan[:2, 2] += 4 + rng.uniform(-1, 1, 2)
    soft = picture if s >= 1 else cv2.blur(picture, (round(1 / s), round(1 / s)))
    seen = cv2.warpPerspective(soft, to_scan, side, flags=cv2.INTER_LINEAR, borderValue=255).astype(
        np.float32
    )
    seen = cv2.GaussianBlur(seen, (0, 0), scanner.blur * scanner.dpi / 300)
    seen = scanner.ink + (scanner.paper - scanner.ink) * seen / 255 + rng.normal(0, scanner.noise, seen.shape)
    grey = np.clip(seen, 0, 255).astype(np.uint8)
    done, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, scanner.jpeg])
    assert done
    to_press = np.array(
        [[k, 0, -(box.x_mm - AROUND_MM) * k - 0.5], [0, k, -(box.y_mm - AROUND_MM) * k - 0.5], [0, 0, 1]]
    )
    wrong = np.eye(3)
    wrong[:2, 2] = rng.uniform(-off_mm, off_mm, 2)
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), to_scan @ to_press @ wrong
