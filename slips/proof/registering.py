"""How a scanned page lies: by its form's marks, else by the form's own words and rules, else by the code alone.

In: a scan, the forms of its job, the intended page of a form in a language. Out: `PageFit`. A manifest does not say in which language a slip was
printed, so where a page hardly matches the form in one, the others are tried. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from slips.labels import GUIDED, LANGUAGES
from slips.proof import plane
from slips.proof.page_fit import PageFit
from slips.proof.page_tiles import by_tiles
from slips.proof.plane import Points
from slips.proof.reference import PX_A_MM
from slips.proof.register import register_corners, register_marks, register_picture
from slips.proof.scan import Pixels, Scan
from slips.proof.scan_places import corners_mm
from slips.proof.sheets import Sheet

TILES_REACH_MM = 2.5
CLOSE_MM, CLOSER_MM = 0.15, 0.8
PLACES_MIN = 10
"""Of 13 to 30, by the form, that agree on a sheet in a scanner; a camera leaves the handful that happens to lie in one plane."""


@dataclass(frozen=True, eq=False)
class Registrar:
    """`picture_of` gives the intended page of a form in a language."""

    sheets: Sequence[Sheet]
    picture_of: Callable[[Sheet, str], Pixels]

    def around(self, scan: Scan, sheet: Sheet, corners: Points) -> PageFit:
        """The page around its code: by marks where the form has them, else by the intended page from where the code puts it, else by the code."""
        place = sheet.places.symbol
        near = register_corners(scan, corners, x_mm=place.x_mm, y_mm=place.y_mm, side_mm=sheet.side_mm)
        by_marks = _by_marks(scan, sheet)
        if by_marks is not None:
            return by_marks

        def among(langs: Sequence[str], best: PageFit | None) -> PageFit | None:
            return _best(
                (_by_picture(scan, self.picture_of(sheet, lang), sheet, near, corners) for lang in langs),
                best,
            )

        best = among(LANGUAGES, None)
        if best is not None and best.points < PLACES_MIN:
            best = among(GUIDED, best)  # their guidance stands on a form whose other words are of these
        return best or near

    def anywhere(self, scan: Scan) -> tuple[PageFit | None, Sheet | None]:
        """The page without its code: the form that most places agree on."""
        best: tuple[PageFit | None, Sheet | None] = None, None
        for sheet in self.likely(scan):
            fit = _by_marks(scan, sheet) or _best(
                register_picture(scan, self.picture_of(sheet, lang), PX_A_MM) for lang in LANGUAGES
            )
            if fit is not None and (best[0] is None or fit.points > best[0].points):
                best = fit, sheet
        return best

    def likely(self, scan: Scan) -> list[Sheet]:
        """The forms whose paper may be this picture; all of them where none fits (a strip, a cut-out)."""
        height, width = sorted(scan.grey.shape, reverse=True)
        ratio = height / width
        shapes = [(s, sorted((s.layout.page_w_mm, s.layout.page_h_mm), reverse=True)) for s in self.sheets]
        fitting = [s for s, (h, w) in shapes if abs(ratio / (h / w) - 1) < 0.08]
        return fitting or list(self.sheets)


def _best(fits: Iterator[PageFit | None], best: PageFit | None = None) -> PageFit | None:
    """The first on which as many places agree as on a sheet that lies flat, else the one with most of them, `best` among them."""
    for fit in fits:
        if fit is not None and (best is None or fit.points > best.points):
            best = fit
        if best is not None and best.points >= PLACES_MIN:
            break
    return best


def _by_picture(scan: Scan, page: Pixels, sheet: Sheet, near: PageFit, corners: Points) -> PageFit | None:
    tiles = by_tiles(
        scan,
        page,
        page_px_a_mm=PX_A_MM,
        near=near.map,
        reach_mm=TILES_REACH_MM,
        guess=near.at_nominal_scale(corners_mm(sheet).mean(axis=0)),
    )
    if tiles is not None and _apart(tiles, near, corners) > CLOSE_MM:
        # The code is not where the page wants it, so its corners were no good beginning: once more, from the page itself.
        tiles = by_tiles(scan, page, page_px_a_mm=PX_A_MM, near=tiles.map, reach_mm=CLOSER_MM) or tiles
    return tiles or register_picture(scan, page, PX_A_MM)


def _apart(one: PageFit, other: PageFit, pixels: Points) -> float:
    """The largest distance in millimetres at which the two fits see these pixels."""
    return float(plane.distances(one.to_mm(pixels), other.to_mm(pixels)).max())


def _by_marks(scan: Scan, sheet: Sheet) -> PageFit | None:
    """Marks that look alike upside down are told apart by where the code's finder patterns are."""
    place, layout = sheet.places.symbol, sheet.layout
    code = (place.x_mm, place.y_mm, sheet.side_mm)
    return register_marks(scan, sheet.marks, layout.page_w_mm, layout.page_h_mm, code=code)
