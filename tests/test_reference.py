"""The intended page of a form, by which scans are registered."""

from __future__ import annotations

from pathlib import Path

import pytest

from slips.layout import load_layout
from slips.proof.reference import PX_A_MM, reference_page
from slips.proof.register import register_picture
from slips.proof.scan import MM_PER_INCH, Scan
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
