"""Pages that carry two slips: the form said once, the slips of one payer together, every place read back, nothing in a place not used."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pikepdf
import polars as pl
import pytest
from click.testing import CliRunner
from house import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from slip_rows import clean, write_csv

from cli import main
from elqr.problems import Problem, ProblemError
from elqr.site import Site
from slips.aloud import said_of, spoken_pages
from slips.fonts import load_fonts
from slips.form import Layout, Line
from slips.geometry import check_layout
from slips.layout import load_layout
from slips.order import on_sheets
from slips.paged import paged, rows_of_pages
from slips.preview import drawn, preview_values
from slips.proof.intent import expected_of
from slips.proof.readback import read_back
from slips.wording import faces_of

NAME = "a4_two_slips"
OFFSET_MM = 88.9  # 3.5 inch


@cache
def form() -> Layout:
    return load_layout(NAME)


@cache
def samples() -> pl.DataFrame:
    return preview_values("ja", layout=form(), office=Site.unknown())


@cache
def printed(pages: tuple[int, ...]) -> bytes:
    """Some pages of the samples."""
    frame = samples().filter(pl.col("page").is_in(pages))
    return drawn(form(), frame, office=Site.unknown(), fonts=load_fonts(faces_of(form()))).pdf


def page(number: int) -> pl.DataFrame:
    """The slips of one page of the samples, as the first page of a file."""
    return samples().filter(pl.col("page") == number).with_columns(page=pl.lit(1, pl.Int64))


def found_in(tmp_path: Path, pdf: bytes, meant: pl.DataFrame) -> list[Problem]:
    path = tmp_path / "slips.pdf"
    path.write_bytes(pdf)
    return list(read_back(path, expected_of(meant, form())).problems)


# --- the form ------------------------------------------------------------------------------------


def test_the_second_slip_is_the_first_one_further_down() -> None:
    first = [box for box in form().boxes if form().part(box.part).slot == 1]
    second = {box.name: box for box in form().boxes if form().part(box.part).slot == 2}
    assert len(first) > 40
    for box in first:
        other = second.pop(box.name.replace(".", "_2.", 1))
        assert (other.x_mm, other.y_mm) == (box.x_mm, pytest.approx(box.y_mm + OFFSET_MM))
        same = replace(
            box, part=other.part, y_mm=other.y_mm, label_y_mm=other.label_y_mm, slot=2, text=other.text
        )
        assert same == other
    assert {box.when for box in second.values()} == {"unused"}
    assert [part.slot for part in form().parts] == [0, 1, 1, 1, 2, 2, 2]
    assert form().part("slip_2").title == "slots.slip_2"


def test_equal_dots_of_the_press_under_the_codes_of_both_slips() -> None:
    codes = [box for box in form().boxes if box.kind in ("qr", "gs1_128")]
    assert len(codes) == 4
    for box in codes:
        assert all(abs(exact - round(exact)) < 0.1 for exact in form().origin_dots_exact(box))


def changed(tmp_path: Path, text: str) -> list[Problem]:
    """The faults of a form of this text."""
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    try:
        return check_layout(load_layout(path))
    except ProblemError as refused:
        return list(refused.problems)


def text_with(old: str, new: str) -> str:
    raw = (ROOT / "layouts" / "forms" / f"{NAME}.toml").read_text(encoding="utf-8")
    assert raw.count(old) >= 1
    return raw.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('parts = ["receipt", "slip", "notice"]\ny_mm = 88.9', 'parts = ["stub"]', "layout.unknown_part"),
        ("slips_per_page = 2\n", "slips_per_page = 1\n", "layout.bad_value"),
        ('of = "slots"', 'of = "pages"', "layout.bad_value"),
        ("y_mm = 88.9", "y_mm = 88.0", "layout.off_grid"),
        ('when = "unused"', 'when = "kind"', "layout.overlap"),
        ('value = "sheet_of"', 'value = "payer_id"', "layout.required"),
    ],
)
def test_faults_of_a_form_with_two_slips_are_told(tmp_path: Path, old: str, new: str, code: str) -> None:
    found = changed(tmp_path, text_with(old, new))
    assert code in {problem.code for problem in found}


def test_a_form_must_say_where_a_slip_is_missing() -> None:
    silent = replace(form(), boxes=tuple(box for box in form().boxes if box.when != "unused"))
    (fault,) = check_layout(silent)
    assert (fault.code, fault.params["expected"]) == ("layout.required", "when = unused")


def test_no_stroke_through_the_place_of_a_code_or_through_the_words() -> None:
    qr = next(box for box in form().boxes if box.name == "notice_2.qr")
    through = Line(x1_mm=qr.x_mm, y1_mm=qr.y_mm, x2_mm=qr.rect.right_mm, y2_mm=qr.rect.bottom_mm, slot=2)
    assert {p.code for p in check_layout(replace(form(), strikes=(through,)))} == {"layout.quiet_zone"}
    words = next(box for box in form().boxes if box.name == "notice_2.unused").rect
    over = Line(x1_mm=words.x_mm, y1_mm=words.y_mm, x2_mm=words.right_mm, y2_mm=words.bottom_mm, slot=2)
    assert {p.code for p in check_layout(replace(form(), strikes=(over,)))} == {"layout.crossed"}


# --- which slip stands where ---------------------------------------------------------------------

slip = st.tuples(st.sampled_from(["ja", "en"]), st.sampled_from(["00", "01", "02", None]))
bundles = st.lists(st.lists(slip, min_size=1, max_size=7), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(bundles, st.integers(2, 3))
def test_a_page_is_one_payers_in_one_language_and_full_before_the_next(
    slips: list[list[tuple[str, str | None]]], per_page: int
) -> None:
    rows = pl.DataFrame(
        [(k, *one) for k, some in enumerate(slips) for one in some],
        schema={"bundle": pl.Int64, "lang": pl.String, "period": pl.String},
        orient="row",
    )
    placed = on_sheets(rows, per_page=per_page)
    assert placed.select("bundle", "lang", "period").equals(rows)
    order = list(zip(placed["page"], placed["position"], strict=True))
    assert order == sorted(set(order)) and order[0] == (1, 1)
    for (_, own), (after, follower) in pairwise(placed.partition_by("page", as_dict=True).items()):
        first, last = own.row(0, named=True), own.row(-1, named=True)
        assert own.select("bundle", "lang").n_unique() == 1
        begins = follower.row(0, named=True)
        if last["position"] < per_page and "00" not in (last["period"], begins["period"]):
            assert (begins["bundle"], begins["lang"]) != (first["bundle"], first["lang"])
        assert begins["position"] == 1 and after[0] == last["page"] + 1
    for own in placed.partition_by("page"):
        assert (
            own.height == 1 or "00" not in own["period"].to_list()
        )  # 全期 beside an instalment asks to be paid twice
    for _, own in placed.group_by("bundle"):
        assert own["sheet"].unique().sort().to_list() == list(range(1, own["sheets"].max() + 1))  # type: ignore[operator]
        assert own["sheets"].n_unique() == 1
    assert rows_of_pages(placed, per_page=per_page).max() == rows.height - 1


def test_pages_out_of_order_are_refused() -> None:
    rows = pl.DataFrame({"page": [1, 1], "position": [2, 1]})
    with pytest.raises(ValueError, match="in the order of their pages"):
        rows_of_pages(rows, per_page=2)
    with pytest.raises(ValueError, match="from the first place on"):
        rows_of_pages(rows[:1], per_page=2)


def test_a_page_is_one_row_of_columns() -> None:
    pages = paged(samples(), form())
    assert pages.frame.height == 4
    assert pages.frame["due_date@2"].to_list()[0] == "令和8年12月25日"
    assert pages.frame["unused@2"].to_list() == ["", "", "", "1"]
    assert pages.sequences == ["000123-000124"] * 3 + ["000123"]


# --- the finished page ---------------------------------------------------------------------------


def sections(pdf: bytes) -> list[list[str]]:
    """The roles of what each page's section holds."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        tops = document.Root.StructTreeRoot.K.K
        return [[str(kid.S) for kid in top.K] for top in tops]


def test_each_slip_is_a_section_of_its_page() -> None:
    roles = sections(printed((1, 4)))
    for own in roles:
        assert own[-2:] == ["/Sect", "/Sect"] and own.count("/Sect") == 2 and own.count("/Table") == 1
    with pikepdf.open(io.BytesIO(printed((1, 4)))) as document:
        parts = document.Root.DPartRoot.DPartRootNode.DParts[0]
        names = [str(p.DPM.CIP4_Root.CIP4_Production.CIP4_Recipient.CIP4_UniqueID) for p in parts]
        assert names == ["000123-000124", "000123"]
        assert [str(name) for name in document.Root.DPartRoot.NodeNameList] == ["/Run", "/Sheet"]


def test_an_odd_slip_leaves_nothing_payable_beside_it() -> None:
    whole, odd = (said_of(one, lang="ja") for one in spoken_pages(printed((1, 4))))
    assert sum("eL-QR。" in text for text in whole) == 2 and sum("eL-QR。" in text for text in odd) == 1
    assert odd[-3:] == ["この欄は使用しません"] * 3
    assert "この欄は使用しません" not in whole
    assert sum("[見出し2] 領収証書" in text for text in odd) == 1
    (table,) = [text for text in odd if text.startswith("[表")]
    assert "上段" in table and "下段" not in table


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_page_is_read_back_whole(tmp_path: Path, number: int) -> None:
    path = tmp_path / "slips.pdf"
    path.write_bytes(printed((number,)))
    meant = page(number)
    found = read_back(path, expected_of(meant, form()))
    assert found.problems == ()
    assert (found.pages, found.symbols_exact, found.symbols_decoded) == (1, meant.height, meant.height)
    assert found.texts > 12 * meant.height  # amounts on three parts and in the letter, dates, numbers
    assert found.barcodes == meant.filter(pl.col("barcode") != "").height


def seen(problems: list[Problem]) -> set[tuple[str, str, object]]:
    return {(p.code, p.field, p.params.get("slot")) for p in problems}


def test_swapped_slips_are_found(tmp_path: Path) -> None:
    upper, lower = page(1)[:1], page(1)[1:]
    place = ("position", "place")
    swapped = pl.concat(
        [lower.with_columns(upper[name] for name in place), upper.with_columns(lower[name] for name in place)]
    )
    found = seen(found_in(tmp_path, printed((1,)), swapped))
    for slot in (1, 2):
        assert {("readback.pixels", "payload", slot), ("readback.barcode", "barcode", slot)} <= found
        assert ("readback.text", "due_date", slot) in found


def test_a_code_in_a_place_not_used_is_found(tmp_path: Path) -> None:
    found = seen(found_in(tmp_path, printed((1,)), page(1)[:1]))
    assert {("readback.unused", name, 2) for name in ("payload", "barcode", "amount_yen")} <= found
    assert {code for code, _, _ in found} == {"readback.unused"}


def test_a_missing_second_slip_is_found(tmp_path: Path) -> None:
    alone, second = page(4), page(4).with_columns(position=pl.lit(2, pl.Int64), line=pl.lit(99, pl.Int64))
    found = seen(found_in(tmp_path, printed((4,)), pl.concat([alone, second])))
    assert {("readback.pixels", "payload", 2), ("readback.undecoded", "payload", 2)} <= found
    assert ("readback.text", "amount_yen", 2) in found
    assert {slot for _, _, slot in found} == {2}


# --- a whole job ---------------------------------------------------------------------------------


def job(tmp_path: Path, name: str, *more: str) -> dict[str, bytes]:
    out = tmp_path / name
    words = [
        "print",
        str(tmp_path / "slips.csv"),
        "--layout",
        NAME,
        "--issue-date",
        "2026-06-01",
        "--out",
        str(out),
    ]
    ended = CliRunner().invoke(main, [*words, "--slips-per-file", "4", *more])
    assert ended.exit_code in (0, 1), ended.output
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "job.json"}


def test_a_job_says_page_and_place_of_each_slip_and_its_bytes_are_the_same_with_any_number_of_processes(
    tmp_path: Path,
) -> None:
    """Eight slips of three payers: 3 + 3 + 2, files of up to four slips, bundles never split."""
    write_csv(clean(8), tmp_path / "slips.csv")
    files = job(tmp_path, "one", "--jobs", "1")
    assert files == job(tmp_path, "two", "--jobs", "2")
    rows = pl.read_csv(io.BytesIO(files["manifest.csv"]), infer_schema=False)
    said = [
        tuple(row) for row in rows.select("seq", "file", "page", "position", "n_of_m", "group").iter_rows()
    ]
    assert [row[1:] for row in said] == [
        ("slips-00001.pdf", "1", "1", "1/3", "1"),
        ("slips-00001.pdf", "1", "2", "2/3", "1"),
        ("slips-00001.pdf", "2", "1", "3/3", "1"),
        ("slips-00002.pdf", "1", "1", "1/3", "2"),
        ("slips-00002.pdf", "1", "2", "2/3", "2"),
        ("slips-00002.pdf", "2", "1", "3/3", "2"),
        ("slips-00003.pdf", "1", "1", "1/2", "3"),
        ("slips-00003.pdf", "1", "2", "2/2", "3"),
    ]
    assert [int(row[0]) for row in said] == list(range(1, 9))
    assert sum(name.endswith(".pdf") for name in files) == 3
    with pikepdf.open(io.BytesIO(files["slips-00001.pdf"])) as document:
        assert len(document.pages) == 2


def test_the_picture_of_a_row_is_that_of_its_page(tmp_path: Path) -> None:
    write_csv(clean(3), tmp_path / "slips.csv")
    row = f"{tmp_path / 'slips.csv'}:"
    words = ["layouts", "read", NAME, "--issue-date", "2026-06-01", "--row"]
    texts = [CliRunner().invoke(main, [*words, f"{row}{line}"]).output for line in (2, 3, 4)]
    odd = [text for text in texts if "この欄は使用しません" in text]
    assert len(odd) == 1 and len(set(texts)) == 2
    assert "用紙番号 2/2" in odd[0]


def test_ways_to_pay_are_told_of_a_row_as_in_print() -> None:
    words = [
        "layouts",
        "read",
        "a4_guide",
        "--row",
        f"{ROOT}/sample_data/slips.csv:2",
        "--issue-date",
        "2026-06-01",
    ]
    ended = CliRunner().invoke(main, [*words, "--site", f"{ROOT}/sample_data/site.toml"])
    assert "サイトでカード" in ended.output
