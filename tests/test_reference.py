"""The intended page of a form, by which scans are registered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scan_pages import Pixels, lain, page

from elqr.problems import Problem, ProblemError
from slips.labels import LANGUAGES
from slips.layout import Layout, load_layout
from slips.proof import inspector, plane
from slips.proof.curve import srgb
from slips.proof.gates import load_gates
from slips.proof.inspector import Inspector
from slips.proof.reference import PX_A_MM, reference_page
from slips.proof.register import register_picture
from slips.proof.registering import PLACES_MIN, Registrar
from slips.proof.scan import MM_PER_INCH, Scan
from slips.proof.scan_places import corners_mm
from slips.proof.sheets import Sheet
from slips.proof.thresholds import load_thresholds
from tools.paper import sheets_of

DPI = 300  # the form has whole pixels at it: 279.4 × 114.3 mm are 11 × 4.5 inches


def test_a_form_is_matched_at_its_own_scale(printed_job: Path) -> None:
    """Drawn into whole pixels of a quarter millimetre, the form was stretched, and every code lay 0.12 mm to the right of its place."""
    layout = load_layout("mihara")
    (paper,) = sheets_of(printed_job / "slips-00001.pdf", [3], dpi=DPI)
    fit = register_picture(Scan(source="a.png", page=1, grey=paper, dpi=DPI), reference_page(layout), PX_A_MM)
    assert fit is not None and fit.scale_errors is not None
    assert max(abs(error) for error in fit.scale_errors) < 2.5e-4
    height, width = paper.shape
    within = 0.03 * DPI / MM_PER_INCH
    assert fit.to_pixels([(layout.page_w_mm, layout.page_h_mm)])[0] == pytest.approx(
        (width - 0.5, height - 0.5), abs=within
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_is_known_by_its_form_in_whichever_language_it_was_printed(lang: str) -> None:
    """Forms were matched in Japanese alone: every scanned slip in English came back with its place not judged."""
    sheet = Sheet("a4_notice", load_layout("a4_notice"))
    pages = {one: page(dpi=PX_A_MM * MM_PER_INCH, seed=seed) for seed, one in enumerate(LANGUAGES, 1)}
    registrar = Registrar((sheet,), lambda _, one: pages[one])
    there = lain(page(dpi=200, seed=1 + LANGUAGES.index(lang)), dpi=200, shift_mm=(0.4, -0.3))
    corners = plane.moved(corners_mm(sheet), there.map)
    for fit in (registrar.around(there.scan, sheet, corners), registrar.anywhere(there.scan)[0]):
        assert fit is not None and fit.method == "picture" and fit.points >= PLACES_MIN
        assert fit.to_pixels([(105, 148)])[0] == pytest.approx(
            plane.moved([(105, 148)], there.map)[0], abs=0.5
        )


def test_where_a_typeface_is_not_installed_the_form_stands_in_japanese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who verifies need not have every typeface that the printer has; without those of the forms nothing can be looked at."""

    def drawn(_: Layout, lang: str) -> Pixels:
        if lang in missing:
            raise ProblemError(Problem("font.missing", "font", {"found": "", "expected": lang}))
        return np.zeros((2, len(lang)), np.uint8)

    missing = ["vi"]
    sheet = Sheet("mihara", load_layout("mihara"))
    monkeypatch.setattr(inspector, "reference_page", drawn)
    look = Inspector(tmp_path, (sheet,), load_gates(), srgb(), load_thresholds())
    assert [look._picture(sheet, lang).shape for lang in ("ja-easy", "vi")] == [(2, 7), (2, 2)]
    missing.append("en")
    with pytest.raises(ProblemError):
        look._picture(sheet, "en")
