"""Other QR Codes on a scanned page: a second eL-QR, wherever it stands, may be paid by mistake.

In: a scan, where its own code lies, the scale. Out: the codes near it, and those farther away. The page is read once more, at half its size where
modules of the slip's own size lose nothing by it. What cannot be decoded is no code that anybody could pay by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elqr.symbols import SIZE
from slips.proof import decode, plane
from slips.proof.book import Entry
from slips.proof.cascade import unscaled
from slips.proof.crops import CODE_SHARE
from slips.proof.identity import excerpt, key_of, whole
from slips.proof.plane import Points
from slips.proof.remarks import remark
from slips.proof.scan import Scan
from slips.proof.verdicts import Finding, Window

NEAR_MM = 9.0
"""A phone held over one code sees the other as well."""
MODULE_PX_MIN = 3.9
"""Pixels a module that the halved page must keep. Of codes with a slight fault that the full size reads, halving lost 4 of 121 at 2.0, and a
clean one beside its neighbour, whose sheet then passed; none of 118 at 4.0."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Other:
    """A code that is not the slip's own; corners (4, 2) in pixels."""

    content: bytes
    corners: Points


@dataclass(frozen=True, eq=False, kw_only=True)
class Others:
    """All codes beside the slip's own."""

    near: tuple[Other, ...] = ()
    """Within 9 mm of it."""
    far: tuple[Other, ...] = ()


def other_codes(scan: Scan, own: Points, *, pitch_mm: float) -> Others:
    """Codes beside the one whose corners (4, 2) are given; `pitch_mm` is the side of its modules as designed."""
    side_px = float(np.mean(plane.distances(own, np.roll(own, 1, axis=0))))
    module_px = side_px / SIZE
    half = module_px / 2 >= MODULE_PX_MIN
    seen = decode.see(scan.half if half else scan.grey, quick=True)
    found = [
        Other(content=one.content, corners=unscaled(one.corners, 2.0) if half else one.corners)
        for one in seen
        if one.content and one.corners is not None
    ]
    reach_px = NEAR_MM * module_px / pitch_mm
    beside = [one for one in found if float(np.hypot(*(_middle(one.corners) - _middle(own)))) > side_px / 2]
    near = [one for one in beside if _gap(one.corners, own) < reach_px]
    return Others(near=tuple(near), far=tuple(one for one in beside if one not in near))


def code_remark(content: bytes, corners: Points, entry: Entry) -> Finding:
    """What is said of a code far from the slip's own: another slip's may be paid by mistake; anything else is told, and no more."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    reach = CODE_SHARE * float(max(right - left, bottom - top))
    window = Window(
        left=int(left - reach),
        top=int(top - reach),
        right=int(right + reach) + 1,
        bottom=int(bottom + reach) + 1,
    )
    if whole(content) and content != entry.payload.encode():
        return remark("verify.second_slip", measured=key_of(content), limit=entry.slip_key, window=window)
    return remark("verify.code_on_page", measured=excerpt(content), window=window)


def _middle(corners: Points) -> Points:
    return np.asarray(corners.mean(axis=0))


def _gap(one: Points, other: Points) -> float:
    """The distance between two upright boxes around the corners, 0 where they overlap."""
    apart = np.maximum(one.min(axis=0) - other.max(axis=0), other.min(axis=0) - one.max(axis=0))
    return float(np.hypot(*np.maximum(apart, 0)))
