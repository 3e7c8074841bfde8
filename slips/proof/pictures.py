"""Scans as grey pixels: TIFF (many pages), PNG, JPEG, BMP, through Pillow; one of its two homes.

In: a file and limits, which are held against the header before anything is decoded. Out: the number of pages, a page as `Scan` with remarks.
Refuses by `Unfit`, which carries the finding: too many pixels, too many pages, truncated, not an image. To be run in a process that may die.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
from PIL import Image, UnidentifiedImageError

from elqr.symbols import SIZE
from slips.proof.remarks import remark
from slips.proof.scan import Pixels, Scan
from slips.proof.verdicts import Finding

FORMATS = ("TIFF", "PNG", "JPEG", "BMP")  # several JPEG pictures in one file (MPO) are opened as JPEG
DPI_BELIEVABLE = (50.0, 4800.0)
SQUARE_WITHIN = 0.001
"""Resolutions across and down that differ by less are one."""
OBLONG_MAX = 2.5
"""Times as fine one way as the other: a fax has 204 × 98, 204 × 196 or 204 × 391 dpi. What is more is no resolution."""
PIXELS_END = "画像を最後まで復元できません / the picture cannot be decoded to its end"
_ORIENTATION, _PHOTOMETRIC = 0x0112, 0x0106  # tags of EXIF and TIFF
_WAYS_UP: Mapping[int, tuple[int, bool]] = {
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}
"""Quarter turns to the left, then whether it is to be mirrored; 1 and nothing mean upright."""
ON_THEIR_SIDE = (5, 6, 7, 8)
_GREY_16 = ("I;16", "I;16B", "I;16L", "I")


class Unfit(Exception):  # noqa: N818 - it is not an error of ours
    """A file or page that cannot be looked at; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True, kw_only=True)
class PictureLimits:
    """What is held against a header before anything is decoded."""

    pixels_max: int
    pages_max: int
    bytes_max: int


def page_count(path: Path, *, limits: PictureLimits) -> int:
    """How many pages (frames) the file has. Raises Unfit."""
    with _opened(path, limits) as image:
        pages = int(getattr(image, "n_frames", 1))
    if pages > limits.pages_max:
        raise Unfit(remark("verify.too_many_pages", measured=f"{pages:,}", limit=f"{limits.pages_max:,}"))
    return pages


def load(path: Path, *, name: str, page: int, limits: PictureLimits) -> tuple[Scan, list[Finding]]:
    """Page `page` (1-based) in grey, and what is to be said of the picture itself. Raises Unfit."""
    with _opened(path, limits) as image:
        if page > 1:
            image.seek(page - 1)
            _check_pixels(image.size, limits)
        if min(image.size) < SIZE:
            measured, limit = "{} × {} px".format(*image.size), f"{SIZE} × {SIZE} px"
            raise Unfit(remark("verify.too_small", measured=measured, limit=limit))
        said = [remark("verify.one_bit")] if image.mode == "1" else []
        image.draft("L", image.size)  # JPEG: grey comes out of the file for nothing
        dpi = _dpi(image)  # before it is decoded: the tag that turns a TIFF is gone then
        grey = _upright(_squared(_grey(image), dpi, limits), image)
    return Scan(source=name, page=page, grey=grey, dpi=max(dpi, default=None)), said


@contextmanager
def _opened(path: Path, limits: PictureLimits) -> Iterator[Any]:
    """The image with its header read. Whatever Pillow raises on the way is `verify.damaged`."""
    Image.MAX_IMAGE_PIXELS = limits.pixels_max
    size = path.stat().st_size
    if size > limits.bytes_max:
        raise Unfit(_large(f"{size / 1e6:,.0f} MB", f"{limits.bytes_max / 1e6:,.0f} MB"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of torn tags: what cannot be read is a finding
            with Image.open(path, formats=FORMATS) as image:
                _check_pixels(image.size, limits)
                yield image
    except (Unfit, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise Unfit(_large("?", f"{limits.pixels_max / 1e6:,.0f} Mpx")) from None
    except UnidentifiedImageError:
        raise Unfit(remark("verify.damaged", measured=f"not {', '.join(FORMATS)}")) from None
    except (
        Exception
    ):  # a hostile header makes Pillow raise nearly anything, in words that help nobody who scans
        raise Unfit(remark("verify.damaged", measured=PIXELS_END)) from None


def _check_pixels(size: tuple[int, int], limits: PictureLimits) -> None:
    width, height = size
    if width * height > limits.pixels_max:
        measured = f"{width:,} × {height:,} px"
        raise Unfit(_large(measured, f"{limits.pixels_max / 1e6:,.0f} Mpx"))


def _large(measured: str, limit: str) -> Finding:
    return remark("verify.too_large", measured=measured, limit=limit)


def _grey(image: Any) -> Pixels:
    """8-bit grey, transparent parts as paper."""
    if image.mode in _GREY_16:
        deep = np.asarray(image).astype(np.int64)
        grey = np.asarray(np.clip(deep >> 8, 0, 255), np.uint8)
        return ~grey if _white_is_zero(image) else grey
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return _pixels(image if image.mode == "L" else image.convert("L"))


def _white_is_zero(image: Any) -> bool:
    """Of a TIFF whose paper is 0: Pillow turns those of 8 bits and fewer by itself."""
    return bool(image.format == "TIFF" and image.tag_v2.get(_PHOTOMETRIC) == 0)


def _pixels(image: Any) -> Pixels:
    """The pixels of a grey picture where Pillow has them, which spares a copy through Python's bytes; copied where they lie in parts."""
    width, height = image.size
    try:
        return pl.Series(image).to_numpy().reshape(height, width)
    except ValueError:  # larger than one of Pillow's blocks
        return np.asarray(image, np.uint8)


def _squared(grey: Pixels, dpi: tuple[float, ...], limits: PictureLimits) -> Pixels:
    """As every viewer shows it: with pixels as high as they are wide, both as fine as the finer."""
    if not dpi or max(dpi) / min(dpi) - 1 <= SQUARE_WITHIN:
        return grey
    across, down = dpi
    width, height = round(grey.shape[1] * max(dpi) / across), round(grey.shape[0] * max(dpi) / down)
    _check_pixels((width, height), limits)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _upright(grey: Pixels, image: Any) -> Pixels:
    """As every viewer shows it: telephones and some scanners write the way up beside the pixels. Pillow turns a TIFF by itself."""
    turns, mirrored = _WAYS_UP.get(
        0 if image.format == "TIFF" else image.getexif().get(_ORIENTATION, 0), (0, False)
    )
    turned = np.rot90(grey, turns)
    return np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)


def _dpi(image: Any) -> tuple[float, ...]:
    """What the file says of itself, across and down what `_grey` gives; nothing where it cannot be believed."""
    said = image.info.get("dpi")
    try:
        across, down = float(said[0]), float(said[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return ()
    least, most = DPI_BELIEVABLE
    alike = max(across, down) <= OBLONG_MAX * min(across, down)
    if not alike or not all(least <= one <= most for one in (across, down)):
        return ()
    on_its_side = image.format == "TIFF" and image.tag_v2.get(_ORIENTATION) in ON_THEIR_SIDE
    return (down, across) if on_its_side else (across, down)
