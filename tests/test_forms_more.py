"""Forms that stand on others, and what they are for: derived, whole-year, pre-printed, the reminder, pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pypdfium2
import pytest
from click.testing import CliRunner
from pdfread import texts

from cli import main
from elqr.problems import ProblemError
from slips.form import Layout
from slips.geometry import check_layout
from slips.layout import load_layout
from slips.preview import write_preview
from slips.request import values_of
from tests.slip_rows import clean, write_csv
from tools import form_pictures

SITE = Path(__file__).parent.parent / "sample_data" / "site.toml"
SLIPS = ("a4_large", "a4_notice", "booklet", "continuous", "mihara", "postcard_reminder")


# --- forms that stand on others -------------------------------------------------------------------


def test_a_derived_form_is_its_base_moved() -> None:
    base, wide = load_layout("mihara"), load_layout("continuous")
    assert wide.base == "mihara" and wide.sha256 != base.sha256
    moved = {box.name: box for box in wide.boxes}
    assert all(round(moved[box.name].x_mm - box.x_mm, 4) == 12.7 for box in base.boxes)
    assert len(wide.holes) == 18 and {hole.x_mm for hole in wide.holes} == {6.35, 298.45}
    # nine holes half an inch apart are 4.5 inch: the next sheet continues the row
    assert round(wide.holes[8].y_mm + 12.7 - wide.page_h_mm, 4) == wide.holes[0].y_mm


@pytest.mark.parametrize("top", ['base = "mihara"', "preprinted = true", "[slots]", 'base = "low.toml"'])
@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('part = "x"', "part"),
        ("box = [3]", "box"),
        ("line = {}", "line"),
        ("style = { row = 3 }", "style"),
        ("title = 3", "title"),
        ("perforation = 3", "perforation"),
        ('box = [{ id = ["a"], parts = ["slip"] }]', "box ['a'].id"),
        ('box = [{ id = "a", parts = 3 }]', "box a.parts"),
        ('box = [{ id = "a", style = ["row"] }]', "box a.style"),
        ('part = [{ id = "slip", x_mm = "3" }]', "part slip.x_mm"),
        ("style = { row = { parts = 3 } }", "style row.parts"),
    ],
)
def test_a_derived_form_of_another_shape_is_told_and_not_merged(
    tmp_path: Path, top: str, text: str, field: str
) -> None:
    """Each of these ended in a traceback: the tables are laid over each other before they are read."""
    low = 'base = "low.toml"'
    (tmp_path / "low.toml").write_text(text, encoding="utf-8")
    (tmp_path / "own.toml").write_text(low if top == low else f"{text}\n{top}\n", encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_layout(tmp_path / "own.toml")
    assert ("layout.wrong_type", field) in [(p.code, p.field) for p in refused.value.problems]
    assert {p.where.file for p in refused.value.problems} == {"low.toml" if top == low else "own.toml"}


def test_changing_the_base_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "low.toml").write_bytes(Path("layouts/forms/mihara.toml").read_bytes())
    own = tmp_path / "own.toml"
    own.write_text('base = "low.toml"\nid = "own"\nversion = "1"\n', encoding="utf-8")
    before = load_layout(own).sha256
    (tmp_path / "low.toml").write_bytes((tmp_path / "low.toml").read_bytes() + b"\n")
    assert load_layout(own).sha256 != before


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('base = "booklet"\n', "base"),
        ('base = "mihara"\nwithout = ["nothing"]\n', "without"),
        ('base = "a4_notice"\nwithout_parts = ["cover"]\n', "without_parts"),
    ],
)
def test_a_derivation_that_means_nothing_is_refused(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text + 'id = "own"\nversion = "1"\n', encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_layout(file)
    assert ("layout.bad_value", field) in [(p.code, p.field) for p in refused.value.problems]


@pytest.mark.parametrize(
    ("without", "left"),
    [("", {"slip.paid", "notice.paid"}), ('without_parts = ["slip"]', {"notice.paid"})],
)
def test_a_box_of_the_base_whose_parts_its_style_names_is_not_lost(
    tmp_path: Path, without: str, left: set[str]
) -> None:
    box = 'id = "paid"\nstyle = "own"\nkind = "field"\nvalue = "city"\nx_mm = 1\ny_mm = 1\nw_mm = 9\nh_mm = 4'
    low = Path("layouts/forms/mihara.toml").read_text(encoding="utf-8")
    low += f'\n[style.own]\nparts = ["slip", "notice"]\n[[box]]\n{box}\n'
    (tmp_path / "low.toml").write_text(low, encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(f'base = "low.toml"\nid = "own"\nversion = "1"\n{without}\n', encoding="utf-8")
    assert {b.name for b in load_layout(own).boxes if b.id == "paid"} == left


def test_a_form_may_leave_out_a_box_and_a_part() -> None:
    assert {box.id for box in load_layout("mihara").boxes} - {
        box.id for box in load_layout("mihara_preprinted").boxes
    } >= {"mark", "title", "pay", "trademark"}
    assert "customer_barcode" in {box.id for box in load_layout("postcard_reminder").boxes}
    assert [part.id for part in load_layout("postcard_reminder").parts] == [
        *("letter", "reminder", "receipt", "slip", "notice")
    ]


# --- the whole year -------------------------------------------------------------------------------


def dark(layout: Layout, part: str) -> list[str]:
    """Boxes on a dark bar in a part."""
    return [b.when for b in layout.boxes if b.part == part and b.ground < 0.5]


@pytest.mark.parametrize("name", SLIPS)
def test_the_whole_year_is_unmistakable_on_every_part(name: str) -> None:
    layout = load_layout(name)
    for part in ("receipt", "slip", "notice"):
        assert dark(layout, part) == ["full_year"]
    assert ("instalment", "full_year") in layout.exclusive


def test_white_text_on_black_is_printed_and_labels_stay_black(tmp_path: Path) -> None:
    out = tmp_path / "p.pdf"
    write_preview("mihara", out=out, site=SITE)
    page = pypdfium2.PdfDocument(out)[2]
    pixels = page.render(scale=300 / 72, grayscale=True).to_numpy().squeeze()
    box = next(b for b in load_layout("mihara").boxes if b.name == "receipt.year_period_full")
    scale = 300 / 25.4
    rows = slice(int((box.y_mm + 1) * scale), int((box.y_mm + box.h_mm - 1) * scale))
    bar = pixels[rows, int((box.x_mm + 1) * scale) : int((box.x_mm + box.w_mm - 1) * scale)]
    assert (bar < 64).mean() > 0.7 and (bar > 200).mean() > 0.05
    label = pixels[rows, int(box.label_x_mm * scale) : int((box.label_x_mm + box.label_w_mm) * scale)]
    assert (label > 200).mean() > 0.7 and (label < 64).mean() > 0.02
    assert "令和8年度全期" in texts(out)[2]


# --- pre-printed paper ----------------------------------------------------------------------------


def test_pre_printed_paper_takes_values_codes_and_marks_only(tmp_path: Path) -> None:
    out = tmp_path / "p.pdf"
    write_preview("mihara_preprinted", out=out, site=SITE)
    page = texts(out)[0]
    assert "12,300円" in page and "令和8年6月30日" in page and "見本・使用不可" in page
    for gone in ("納期限", "領収証書", "お支払い方法", "登録商標", "eL番号"):
        assert gone not in page
    layout = load_layout("mihara_preprinted")
    base = {(b.name, b.x_mm, b.y_mm, b.size_pt) for b in load_layout("mihara").boxes}
    assert {(b.name, b.x_mm, b.y_mm, b.size_pt) for b in layout.boxes} <= base
    assert not (layout.lines or layout.frames or layout.tints) and not any(c.drawn for c in layout.cuts)


def test_pre_printed_paper_needs_three_marks() -> None:
    layout = load_layout("mihara_preprinted")
    assert check_layout(layout, values=values_of(layout)) == []
    few = replace(layout, register_marks=layout.register_marks[:2])
    assert [(p.code, p.params["expected"]) for p in check_layout(few)] == [
        ("layout.required", "3 register_mark")
    ]


# --- the reminder ---------------------------------------------------------------------------------


def test_the_reminder_fits_the_post_and_its_folds() -> None:
    layout = load_layout("postcard_reminder")
    face_w, face_h = layout.page_w_mm / 3, layout.page_h_mm
    assert 90 <= face_w <= 107 and 140 <= face_h <= 154  # a postcard of the post
    assert {c.x1_mm for c in layout.cuts if c.kind == "fold"} == {face_w, 2 * face_w}
    # what is owed stands on the two panels that lie on each other, never on the face
    face = {b.value for b in layout.boxes if b.part == "letter"}
    assert not face & {"amount_yen", "tax_name", "due_date", "year_period", "notice_no", "payload"}
    assert all(b.x_mm >= face_w for b in layout.boxes if b.part != "letter")


def test_the_reminder_says_what_the_law_asks(tmp_path: Path) -> None:
    out = tmp_path / "p.pdf"
    write_preview("postcard_reminder", out=out, site=SITE)
    page = texts(out)[0]
    for said in (
        "督促状",
        "令和8年7月10日現在",
        "10日を経過した日まで",
        "みほん市長に対して審査請求",
        "みほん市を被告として",
    ):
        assert said in page


def test_a_trial_without_the_site_is_warned_even_where_no_slip_is_good(tmp_path: Path) -> None:
    """The warning came with the first good slip, so with none it was lost."""
    write_csv(clean(3).with_columns(amount=pl.lit("0")), tmp_path / "slips.csv")
    args = ["--layout", "postcard_reminder", "--out", str(tmp_path / "o"), "--issue-date", "2026-06-01"]
    assert CliRunner().invoke(main, ["print", str(tmp_path / "slips.csv"), *args]).exit_code == 1
    codes = pl.read_csv(tmp_path / "o" / "problems.csv", infer_schema=False)["code"].to_list()
    assert codes.count("site.words_trial") == 1


def test_a_reminder_goes_to_nobody_who_is_not_to_get_one(tmp_path: Path) -> None:
    """It says that the day is past, whatever the row says."""
    rows = clean(6).with_columns(
        kind=pl.Series(["initial", "dunning", None, "reissue", "dunning", "delinquency"]),
        large_print=pl.Series(["1", "1", "0", "0", "0", "0"]),
    )
    write_csv(rows, tmp_path / "slips.csv")
    args = ["--out", str(tmp_path / "o"), "--site", str(SITE), "--issue-date", "2026-06-01"]
    args += ["--skip-read-back", "--layout", "postcard_reminder"]
    assert CliRunner().invoke(main, ["print", str(tmp_path / "slips.csv"), *args]).exit_code == 1
    problems = pl.read_csv(tmp_path / "o" / "problems.csv", infer_schema=False)
    held = problems.filter(pl.col("code") == "kind.not_of_form")
    found = ["initial", "initial", "reissue", "delinquency"]
    assert held["line"].to_list() == ["2", "4", "5", "7"]
    for kind, text in zip(found, held["message_ja"], strict=True):
        assert f"種別(kind)が dunning の納付書だけに使います。この行は {kind} です" in text
    job = json.loads((tmp_path / "o" / "job.json").read_text(encoding="utf-8"))
    assert (job["held"]["slips"], job["printed"]["slips"]) == (4, 2)
    # Who asked for large print got a tax notice of a4_large in place of the reminder, and no word of it: no 督促 in law.
    assert {one["id"] for one in job["layouts"]} == {"postcard_reminder"}
    assert problems.filter(pl.col("code") == "large_print.no_layout")["line"].to_list() == ["2", "3"]


def test_the_kinds_of_a_form_hold_for_its_large_print_too(tmp_path: Path) -> None:
    form = tmp_path / "mine.toml"
    form.write_text('base = "mihara"\nid = "mine"\nversion = "1"\nkinds = ["dunning"]\n', encoding="utf-8")
    kinds, large = pl.Series(["initial", "dunning"]), pl.Series(["1", "1"])
    write_csv(clean(2).with_columns(kind=kinds, large_print=large), tmp_path / "slips.csv")
    args = ["--layout", str(form), "--out", str(tmp_path / "o"), "--site", str(SITE), "--skip-read-back"]
    args += ["--issue-date", "2026-06-01"]
    assert CliRunner().invoke(main, ["print", str(tmp_path / "slips.csv"), *args]).exit_code == 1
    problems = pl.read_csv(tmp_path / "o" / "problems.csv", infer_schema=False)
    assert problems.filter(pl.col("code") == "kind.not_of_form")["line"].to_list() == ["2"]


def test_a_form_is_for_kinds_of_slip_that_there_are(tmp_path: Path) -> None:
    form = tmp_path / "mine.toml"
    form.write_text(
        'base = "mihara"\nid = "mine"\nversion = "1"\nkinds = ["dunning", "督促"]\n', encoding="utf-8"
    )
    with pytest.raises(ProblemError) as error:
        load_layout(form)
    assert [(p.code, p.field) for p in error.value.problems] == [("layout.bad_value", "kinds")]


# --- pictures -------------------------------------------------------------------------------------


def test_the_pictures_show_the_forms_as_they_are() -> None:
    assert form_pictures.outdated() == [], "run: python -m tools.form_pictures"
