"""Numbers longer than the first check takes them to be: large bundles, a million slips; on the page and read again from a scan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import printed_fields as paper
import pytest
from printed_fields import Scanner

from elqr.problems import ProblemError, ProblemLog
from slips.findings import Findings
from slips.fonts import load_fonts
from slips.form import Layout
from slips.intake import Form, Intake
from slips.job import print_slips
from slips.layout import layout_names, load_layout
from slips.numbering import hold_unnumbered
from slips.order import PrintPlan, keys_of, plan_order
from slips.press import PaperPrepress, faces_of
from slips.proof.glyph_text import GlyphReader
from slips.proof.text_forms import numbers
from slips.proof.text_reading import Legibility
from slips.request import PrintRequest
from slips.spool import Spool
from slips.textcheck import TextCheck
from slips.workers import Press
from tests.slip_rows import clean, write_csv

NARROW = {"n_of_m": 8.2, "seq": 9.6}
"""Room for 99/99 and for six digits, and no fit step."""


class Looking:
    """A prepress that only looks at texts."""

    def __init__(self, layout: Layout) -> None:
        self._texts = TextCheck({layout.id: layout}, load_fonts(faces_of({layout.id: layout})))

    def notes(self) -> ProblemLog:
        return ProblemLog()

    def check(self, values: pl.DataFrame, *, layout: str) -> ProblemLog:
        return self._texts.check(values, layout)

    def ready(self) -> Callable[[], object]:
        raise AssertionError("nothing is printed here")

    def press(self) -> Press:
        raise AssertionError("nothing is printed here")


ONE_RECIPIENT = {
    "payer_name": pl.lit("見本リース"),
    "address": pl.lit("みほん市本町1"),
    "postal_code": pl.lit("7230001"),
}


def narrow() -> Layout:
    layout = load_layout("mihara")
    boxes = (
        replace(box, w_mm=NARROW[box.value], fit=()) if box.value in NARROW else box for box in layout.boxes
    )
    return replace(layout, boxes=tuple(boxes))


def taken_in(tmp_path: Path, sizes: dict[str, int]) -> Intake:
    """Slips of these payers, on lines from 2."""
    payers = [payer for payer, size in sizes.items() for _ in range(size)]
    rows = clean(len(payers)).with_columns(
        payer_id=pl.Series(payers),
        large_print=pl.lit(False),
        sort_key=pl.lit(None, pl.String),
        kind=pl.lit(None, pl.String),
        lang=pl.lit("ja"),
        **ONE_RECIPIENT,
    )
    intake = Intake(Spool(tmp_path), Findings(tmp_path))
    intake.keys = keys_of(rows.with_columns(line=pl.int_range(2, rows.height + 2)))
    return intake


def planned(intake: Intake, layout: Layout) -> PrintPlan:
    return plan_order(intake.keys, slips_per_file=5000, layouts={False: layout.id}, held=intake.held_lines)


def looked_at(intake: Intake, layout: Layout, plan: PrintPlan | None = None) -> bool:
    forms = {False: Form(layout.id, 0)}
    return hold_unnumbered(intake, plan or planned(intake, layout), forms=forms, prepress=Looking(layout))


def test_a_bundle_whose_numbers_do_not_fit_is_held_whole_and_the_others_are_not(tmp_path: Path) -> None:
    intake, layout = taken_in(tmp_path, {"1": 3, "2": 120, "3": 99}), narrow()
    assert looked_at(intake, layout)
    assert intake.held_lines.to_list() == list(range(5, 125))
    table = intake.findings.late.table()
    assert table["line"].to_list() == list(range(5, 125))
    assert set(table["code"]) == {"text.overflow"} and set(table["field"]) == {"n_of_m"}
    assert not looked_at(intake, layout)  # in the new order nothing is too long


def test_numbers_that_are_set_smaller_are_noted(tmp_path: Path) -> None:
    intake = taken_in(tmp_path, {"1": 120, "2": 5})
    assert not looked_at(intake, load_layout("mihara"))
    table = intake.findings.late.table()
    assert set(table["code"]) == {"text.fit_step"} and table.height == 120
    assert intake.held_lines.is_empty()


def test_a_job_whose_running_numbers_do_not_fit_is_refused_before_the_first_page(tmp_path: Path) -> None:
    intake, layout = taken_in(tmp_path, {"1": 3}), narrow()
    plan = planned(intake, layout)
    for slips, refused in ((999_999, False), (1_000_000, True)):
        many = replace(plan, files=(replace(plan.files[0], slips=slips),))
        if not refused:
            assert not looked_at(intake, layout, many)
            continue
        with pytest.raises(ProblemError) as caught:
            looked_at(intake, layout, many)
        (problem,) = caught.value.problems
        assert problem.code == "job.numbers_too_long" and problem.params["found"] == "1,000,000"


@pytest.mark.parametrize("name", [name for name in layout_names() if load_layout(name).document == "slip"])
def test_our_forms_take_ten_million_slips_and_bundles_of_thousands(name: str) -> None:
    texts = pl.DataFrame({"line": [2], "seq": ["9" * 8], "n_of_m": ["9999/9999"], "sheet_of": ["9999/9999"]})
    assert Looking(load_layout(name)).check(texts, layout=name).held_lines().is_empty()


def test_a_payer_with_more_than_a_hundred_slips_is_printed(tmp_path: Path) -> None:
    """A leasing company's cars: the job ended in an internal error after all pages before them were made."""
    rows = clean(104).with_columns(payer_id=pl.Series(["77"] * 103 + ["78"]), **ONE_RECIPIENT)
    write_csv(rows, tmp_path / "slips.csv")
    request = PrintRequest(
        slips=tmp_path / "slips.csv", out=tmp_path / "out", layout="mihara", profile="tax",
        issue_date=dt.date(2026, 6, 1), read_back=False,
    )  # fmt: skip
    report = print_slips(request, prepress=PaperPrepress)
    assert report.job["printed"]["slips"] == 104
    manifest = pl.read_parquet(tmp_path / "out" / "manifest.parquet")
    assert manifest["n_of_m"].to_list() == [f"{n}/103" for n in range(1, 104)] + ["1/1"]


@pytest.mark.parametrize("text", ["000123", "1000123", "8000008", "999999"])
def test_a_number_longer_than_six_digits_is_not_read_as_its_end(text: str, tmp_path: Path) -> None:
    layout, box = paper.form_box("mihara", "seq")
    (picture,) = paper.printed(layout, box, (text,), tmp_path)
    reader = GlyphReader(load_fonts(["gothic"]))
    for scanner in (Scanner(200), Scanner(300, 18, 1.0, 50)):
        grey, to_pixels = paper.scanned(picture, box, scanner, seed=1)
        reading = reader.read(grey, to_pixels, box=box, form=numbers((6, 7)))
        assert (reading.legibility, reading.text) == (Legibility.READ, text)
