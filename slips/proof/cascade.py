"""Reading a scanned symbol by all voices: zxing-cpp over ever stronger preparations, zbar, and WeChat on small crops.

In: a crop around one symbol, or a page. Out: what each reader said, as bytes, with how the picture was prepared. It judges
nothing: whether the voices agree, and with the manifest, is for the caller. Preparations stop at the first reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from slips.proof import decode
from slips.proof.decode import Corners
from slips.proof.filters import deconvolved, softened
from slips.proof.redraw import redrawn
from slips.proof.scan import Pixels
from slips.proof.wechat import WeChat

ZXING, ZBAR, WECHAT = "zxing-cpp", "zbar", "wechat"
AS_IS = "as is"
GLOBAL = ", one threshold"
REDRAWN = "redrawn on its grid"
DECONVOLVED_PX = 1.8
OWN_THRESHOLD_PX, OWN_THRESHOLD_BELOW = 61, 4
GLOBAL_SIDE_MAX = 900
"""Pixels: above this only the local threshold is tried; one threshold rarely fits a large picture, and it costs."""
HALF_MIN_SIDE = 1600
"""Pixels: smaller pages are looked at in full size at once."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Voice:
    """One reading: who, of which preparation, what, and where in the pixels of the crop (None: the reader does not say)."""

    decoder: str
    preparation: str
    content: bytes
    corners: Corners | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """A symbol seen on a page, corners in the page's pixels; `content` is empty where it could not be decoded."""

    content: bytes
    corners: Corners
    half_size: bool = False


def read_symbol(
    crop: Pixels, *, wechat: WeChat | None, guess: npt.ArrayLike | None = None
) -> tuple[Voice, ...]:
    """Everything that the readers say of the symbol in the crop, the first voice first; empty where none reads.

    `guess` is where a registered page says that the symbol lies: corners (4, 2) in the crop's pixels, or a map (3, 3). With it symbols whose
    finder patterns nobody recognises are drawn anew on their grid.

    Each reader is independent of the others: one that reads does not spare the others, except that WeChat, at 100 ms where
    it fails, is asked only where fewer than two have read. None leaves it out.
    """
    voices = [*read_cascade(crop, guess=guess), *read_zbar(crop)]
    if wechat is not None and len({voice.decoder for voice in voices}) < 2:
        answer = wechat.read(crop)
        voices += [
            Voice(decoder=WECHAT, preparation=AS_IS, content=content, corners=corners)
            for content, corners in answer.readings
        ]
    return tuple(voices)


def read_cascade(crop: Pixels, *, guess: npt.ArrayLike | None = None) -> tuple[Voice, ...]:
    """zxing-cpp on each preparation in turn, with the local threshold and with one for the whole picture, up to the first that reads.

    After the preparations that help most comes the symbol drawn anew, where `guess` says where it lies, then the costly ones.
    """
    for name, prepared, scale in _preparations(crop):
        if voices := _seen(name, prepared, scale):
            return voices
    if guess is not None and (content := _read_redrawn(crop, guess)):
        return (Voice(decoder=ZXING, preparation=REDRAWN, content=content),)
    return _seen("deconvolved", deconvolved(crop, sigma=DECONVOLVED_PX), 1.0)


def _seen(name: str, prepared: Pixels, scale: float) -> tuple[Voice, ...]:
    for global_threshold in (False, True) if max(prepared.shape) * scale < GLOBAL_SIDE_MAX else (False,):
        seen = decode.see(prepared, global_threshold=global_threshold)
        if seen:
            preparation = name + (GLOBAL if global_threshold else "")
            return tuple(
                Voice(
                    decoder=ZXING,
                    preparation=preparation,
                    content=sighting.content,
                    corners=None if sighting.corners is None else unscaled(sighting.corners, scale),
                )
                for sighting in seen
            )
    return ()


def _read_redrawn(crop: Pixels, guess: npt.ArrayLike) -> bytes:
    """The first content that a redrawn picture gives, or nothing."""
    return next(
        (content for picture in redrawn(crop, guess) if (content := decode.read_modules(picture))), b""
    )


def read_zbar(crop: Pixels) -> tuple[Voice, ...]:
    """zbar on the crop as it is: the second, independent voice."""
    contents = decode.second_opinion(np.ascontiguousarray(crop))
    return tuple(Voice(decoder=ZBAR, preparation=AS_IS, content=content) for content in contents)


def find_symbols(
    page: Pixels, *, expected: int = 1, wanted: Callable[[bytes], bool] = bool
) -> tuple[Found, ...]:
    """The symbols of a whole page: at half size (6 ms), and in full (40 ms) where fewer than `expected` of those `wanted` were read there.

    Symbols of other content come after these, and those that were seen but not decoded, without content, last.
    """
    found: list[Found] = []
    if max(page.shape) >= HALF_MIN_SIDE:
        half = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        found = [
            Found(content=s.content, corners=unscaled(s.corners, 2.0), half_size=True)
            for s in decode.see(half, undecoded=True)
            if s.corners is not None
        ]
    if sum(1 for f in found if wanted(f.content)) < expected:
        full = [
            Found(content=s.content, corners=s.corners)
            for s in decode.see(np.ascontiguousarray(page), undecoded=True)
            if s.corners is not None
        ]
        # What only half the size could decode stays.
        found = full + [
            f for f in found if f.content and not any(_same_place(f, g) and g.content for g in full)
        ]
    return tuple(sorted(found, key=lambda f: (not wanted(f.content), not f.content)))


def unscaled(corners: Corners, scale: float) -> Corners:
    """Corners in a picture `scale` times as large (or as small) as its original, in the original; pixel centres are whole numbers."""
    return np.asarray((corners + 0.5) * scale - 0.5) if scale != 1 else corners


def _same_place(one: Found, other: Found) -> bool:
    side = float(np.hypot(*(one.corners[1] - one.corners[0])))
    return float(np.hypot(*(one.corners.mean(axis=0) - other.corners.mean(axis=0)))) < side / 2


def _preparations(crop: Pixels) -> Iterator[tuple[str, Pixels, float]]:
    """Name, picture, and how many of the crop's pixels one of its pixels is; from cheap and usual to strong and rare."""
    yield AS_IS, np.ascontiguousarray(crop), 1.0
    double = cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    yield "doubled", double, 0.5
    yield "softened", softened(crop, 1.0), 1.0
    yield "more softened", softened(crop, 1.5), 1.0
    yield "doubled, softened", softened(double, 2.0), 0.5
    for name, prepare in _REPAIRS:
        yield name, prepare(crop), 1.0
    yield "doubled, contrast evened", cv2.createCLAHE(4, (8, 8)).apply(double), 0.5
    yield "halved", cv2.resize(crop, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 2.0
    yield "doubled, own threshold", _two_levels(double), 0.5


def _two_levels(double: Pixels) -> Pixels:
    """Black and white by the surroundings of some seven modules."""
    found: Pixels = cv2.adaptiveThreshold(
        double, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, OWN_THRESHOLD_PX, OWN_THRESHOLD_BELOW
    )
    return found


def _evened(crop: Pixels) -> Pixels:
    found: Pixels = cv2.createCLAHE(3, (4, 4)).apply(crop)
    return found


def _sharpened(crop: Pixels) -> Pixels:
    found: Pixels = cv2.addWeighted(crop, 2.2, softened(crop, 2.0), -1.2, 0)
    return found


def _without_dark_specks(crop: Pixels) -> Pixels:
    found: Pixels = cv2.morphologyEx(crop, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return found


def _thickened(crop: Pixels) -> Pixels:
    found: Pixels = cv2.erode(crop, np.ones((3, 3), np.uint8))
    return found


def _thinned(crop: Pixels) -> Pixels:
    found: Pixels = cv2.dilate(crop, np.ones((3, 3), np.uint8))
    return found


_REPAIRS: tuple[tuple[str, Callable[[Pixels], Pixels]], ...] = (
    ("contrast evened", _evened),
    ("sharpened", _sharpened),
    ("without dark specks", _without_dark_specks),
    ("thickened", _thickened),
    ("thinned", _thinned),
)
