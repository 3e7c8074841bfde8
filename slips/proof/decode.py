"""The independent readers: zxing-cpp first, zbar as the second voice; the only home of both.

In: grey pictures as `render` makes them, or scans. Out: what was read, as bytes, never as guessed text. A reader
that finds nothing gives nothing; no picture is improved here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import zxingcpp

from elqr.problems import Problem, ProblemError
from slips.proof.render import Picture

Corners = npt.NDArray[np.float64]
"""(4, 2): x, y of top left, top right, bottom right, bottom left as the symbol sees itself, in pixels, centres whole."""

_zxing: Any = zxingcpp  # comes without usable types


@cache
def _zbar() -> Any:
    """The library behind pyzbar. Raises ProblemError `readback.no_zbar` where the system does not have it."""
    try:
        from pyzbar import pyzbar
    except (ImportError, OSError) as missing:  # OSError: it is there, and something it needs is not
        raise ProblemError(
            Problem("readback.no_zbar", "", {"found": str(missing), "expected": "libzbar"})
        ) from None
    return pyzbar


def require_readers() -> None:
    """Say at once, before a job prints anything, that a reader is missing. Raises ProblemError."""
    _zbar()


@dataclass(frozen=True)
class Reading:
    """One symbol as zxing-cpp read it; `kind` is version and level, such as 6-M."""

    content: bytes
    kind: str


def read_modules(modules: Picture) -> bytes:
    """The content of a symbol given as one pixel a module with its quiet zone, or nothing.

    zxing-cpp 3.1 takes no sub-format in this mode, so the family is asked for. Version and level are not
    asked: a picture that equals the intended one in every pixel has them.
    """
    found = _zxing.read_barcode(
        modules,
        formats=_zxing.BarcodeFormat.QRCode,
        binarizer=_zxing.Binarizer.BoolCast,
        is_pure=True,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
    )
    return bytes(found.bytes) if found is not None and found.valid else b""


def find_symbol(picture: Picture) -> Reading | None:
    """Look for the symbol as a scanner does, QR Code Model 2 only; None unless exactly one is found."""
    found = _zxing.read_barcodes(
        picture,
        formats=_zxing.BarcodeFormat.QRCodeModel2,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
    )
    if len(found) != 1 or not found[0].valid:
        return None
    return Reading(bytes(found[0].bytes), f"{found[0].extra.get('Version')}-{found[0].ec_level}")


@dataclass(frozen=True, eq=False)
class Sighting:
    """A symbol that a reader found; `content` is empty where it was found but not decoded. zbar gives no corners."""

    content: bytes
    corners: Corners | None


def see(
    picture: Picture, *, global_threshold: bool = False, undecoded: bool = False, quick: bool = False
) -> tuple[Sighting, ...]:
    """All symbols of QR Code Model 2 that zxing-cpp finds, whichever way up; with `undecoded` those it could not decode too.

    `quick` leaves out zxing-cpp's own looks at smaller and at turned pictures: for one that is small already, and finder patterns look alike
    whichever way up. Model 2 alone: asked for the family, it has made a Micro QR Code out of a stamped symbol.
    """
    found = _zxing.read_barcodes(
        picture,
        formats=_zxing.BarcodeFormat.QRCodeModel2,
        try_invert=False,
        try_downscale=not quick,
        try_rotate=not quick,
        binarizer=_zxing.Binarizer.GlobalHistogram if global_threshold else _zxing.Binarizer.LocalAverage,
        return_errors=undecoded,
    )
    return tuple(Sighting(bytes(f.bytes) if f.valid else b"", _corners(f.position)) for f in found)


def _corners(position: Any) -> Corners:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    # zxing-cpp counts from the edge of the first pixel, this house from its centre
    return np.array([(p.x, p.y) for p in points], np.float64) - 0.5


def second_opinion(picture: Picture) -> list[bytes]:
    """The contents of all QR Codes that zbar finds."""
    zbar = _zbar()
    return [bytes(code.data) for code in zbar.decode(picture, symbols=[zbar.ZBarSymbol.QRCODE])]


def read_bars(picture: Picture) -> bytes:
    """The digits of the one GS1-128 (Code 128 that begins with FNC1) in the picture, or nothing."""
    found = _zxing.read_barcodes(
        np.ascontiguousarray(picture),
        formats=_zxing.BarcodeFormat.Code128,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
    )
    if len(found) != 1 or found[0].symbology_identifier != "]C1":
        return b""
    return bytes(found[0].bytes)
