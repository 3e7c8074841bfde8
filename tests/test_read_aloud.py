"""What a screen reader says of a slip: from the structure of the finished PDF, in its order, a golden for each form.

A golden is made anew with the command itself (without `--row` for a form that is no slip):
`elqr layouts read FORM --row sample_data/slips.csv:2 --site sample_data/site.toml --issue-date 2026-06-01 > tests/golden/read_FORM.txt`.
"""

from __future__ import annotations

import io
from functools import cache
from itertools import pairwise
from pathlib import Path

import pikepdf
import polars as pl
import pytest
from click.testing import CliRunner
from house import ROOT

from cli import main
from elqr.problems import ProblemError
from elqr.site import Site
from slips.aloud import said, said_of, spoken_pages
from slips.form import Layout
from slips.layout import layout_names, load_layout
from slips.preview import Drawing, drawn, preview_values
from tests.pdfread import marked

GOLDEN = ROOT / "tests" / "golden"
ROW = ("--row", "sample_data/slips.csv:2", "--site", "sample_data/site.toml", "--issue-date", "2026-06-01")


SLIPS = tuple(name for name in layout_names() if load_layout(name).document == "slip")


def read(name: str, *more: str) -> str:
    """A row on a form of slips, the sample on any other."""
    ended = CliRunner().invoke(main, ["layouts", "read", name, *(ROW if name in SLIPS else ROW[2:4]), *more])
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder that the samples are named from."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", layout_names())
def test_each_form_is_read_as_its_golden_says(name: str) -> None:
    assert read(name) == (GOLDEN / f"read_{name}.txt").read_text(encoding="utf-8")


def test_a_form_in_english_is_announced_in_english() -> None:
    text = read("mihara", "--lang", "en")
    assert text == (GOLDEN / "read_mihara_en.txt").read_text(encoding="utf-8")
    assert "[heading 1] 領収証書 Receipt" in text and "納付額 Pay ¥12,000" in text


def test_words_are_apart_for_a_reader_that_does_not_look_at_places() -> None:
    """ISO 32000-1, 14.8.2.5: "Due30 June 2026" and "slip below.With" were what a reader of the characters alone had."""
    layout = load_layout("a4_notice")
    frame = preview_values("en", layout=layout, office=Site.unknown())
    with pikepdf.open(io.BytesIO(drawn(layout, frame, office=Site.unknown()).pdf)) as pdf:
        said = [
            "".join(piece.rsplit(" [", 1)[0] for piece in pieces) for pieces in marked(pdf.pages[0]).values()
        ]
    whole = "\n".join(said)
    for text in (
        "納付額 Pay ¥12,300",
        "通知書番号 No. 2026-0123456",
        "Fixed asset and city planning tax",
        "slip below. With the eL-QR",
        "納期限 Due 30 June 2026",
    ):
        assert text in whole, text


@cache
def sample(name: str) -> tuple[Layout, Drawing]:
    layout, office = load_layout(name), Site.unknown()
    frame = preview_values("ja", layout=layout, office=office).filter(pl.col("line") == 2)
    return layout, drawn(layout, frame, office=office)


@pytest.mark.parametrize("name", ["mihara", "a4_notice"])
def test_the_finished_file_is_read_in_the_order_of_the_form(name: str) -> None:
    """The tree of the PDF against the boxes of the form: nothing is lost, added or moved on the way."""
    layout, drawing = sample(name)
    (page,) = spoken_pages(drawing.pdf)
    assert page.tabs == "S"
    shown = drawing.shown.row(0, named=True)
    boxes = [b for b in layout.boxes if b.role != "Artifact" and (not b.when or shown[b.when])]
    roles = [u.role for u in page.utterances if u.role != "TR"]
    assert roles == [box.role for box in boxes]
    for box, text in zip(boxes, said_of(page, lang="ja"), strict=True):
        if box.kind == "field":
            assert "".join(shown[box.value].split()) in "".join(text.split()), box.name


@pytest.mark.parametrize("name", SLIPS)
def test_label_and_value_are_said_in_one_breath(name: str) -> None:
    lines = (GOLDEN / f"read_{name}.txt").read_text(encoding="utf-8").splitlines()
    if load_layout(name).preprinted:
        assert "12,000円" in lines and "納付額" not in "".join(lines), "its labels are on the paper"
        return
    assert any(line.startswith("納付額 ") and line.endswith("円") for line in lines)
    assert any(line.startswith("納期限 令和") for line in lines)
    assert [line for line in lines if line in ("納付額", "納期限", "納付番号", "税目")] == [], (
        "a label alone says nothing"
    )


@pytest.mark.parametrize("name", [name for name in layout_names() if not load_layout(name).preprinted])
def test_headings_lead_from_part_to_part_and_figures_say_what_they_are(name: str) -> None:
    lines = (GOLDEN / f"read_{name}.txt").read_text(encoding="utf-8").splitlines()
    levels = [int(line[4]) for line in lines if line.startswith("[見出し")]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    for figure in (line for line in lines if line.startswith("[図]")):
        assert len(figure) > len("[図] ")
    codes = [line for line in lines if line.startswith("[図] eL-QR")]
    assert all("eL番号" in line for line in codes), "who cannot read the code is told the other way"


def test_sequence_numbers_and_the_address_bars_are_not_said() -> None:
    text = (GOLDEN / "read_a4_notice.txt").read_text(encoding="utf-8")
    assert "\n000001\n" not in text and "1/5" not in text
    assert "カスタマ" not in text


# --- a file of another hand ------------------------------------------------------------------------------------------------


def tagged(content: bytes, elements: list[dict[str, object]], *, lang: str = "ja-JP") -> bytes:
    """One page with a two-byte font that shows A to Z, and these structure elements below Document."""
    pdf = pikepdf.new()
    cmap = b"".join(b"<%04X> <%04X>\n" % (code, code) for code in range(0x20, 0x7F))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type0,
        BaseFont=pikepdf.Name.Any,
        Encoding=pikepdf.Name("/Identity-H"),
        ToUnicode=pdf.make_stream(b"1 beginbfchar\n" + cmap + b"endbfchar\n"),
        DescendantFonts=pikepdf.Array(
            [pikepdf.Dictionary(Type=pikepdf.Name.Font, W=pikepdf.Array([32, pikepdf.Array([500] * 95)]))]
        ),
    )
    page = pdf.add_blank_page(page_size=(200, 200))
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.obj.Contents = pdf.make_stream(content)
    page.obj.Tabs = pikepdf.Name.S
    pdf.Root.Lang = lang
    made = [pdf.make_indirect(_element(pdf, page, e)) for e in elements]
    document = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Document, K=pikepdf.Array(made)))
    pdf.Root.StructTreeRoot = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot, K=document)
    )
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _element(pdf: pikepdf.Pdf, page: pikepdf.Page, given: dict[str, object]) -> pikepdf.Dictionary:
    element = pikepdf.Dictionary(S=pikepdf.Name("/" + str(given["S"])), Pg=page.obj)
    for key, value in given.items():
        if key == "K":
            kids = value if isinstance(value, list) else [value]
            element.K = pikepdf.Array(
                [k if isinstance(k, int) else pdf.make_indirect(_element(pdf, page, k)) for k in kids]
            )
        elif key != "S":
            element[f"/{key}"] = str(value)
    return element


def show(mcid: int, text: str, *, y: int = 100, x: int = 10) -> bytes:
    codes = text.encode("utf-16-be").hex().encode()
    return b"/P<</MCID %d>>BDC BT /F1 10 Tf %d %d Td <%s> Tj ET EMC\n" % (mcid, x, y, codes)


def test_actual_text_goes_before_alternate_before_expansion_before_what_is_drawn() -> None:
    content = b"".join(show(k, f"DRAWN{k}") for k in range(4))
    elements: list[dict[str, object]] = [
        {"S": "P", "K": 0, "ActualText": "actual", "Alt": "alt", "E": "expansion"},
        {"S": "Figure", "K": 1, "Alt": "alt", "E": "expansion"},
        {"S": "Span", "K": 2, "E": "expansion"},
        {"S": "P", "K": 3},
    ]
    (page,) = spoken_pages(tagged(content, elements))
    assert [u.text for u in page.utterances] == ["actual", "alt", "expansion", "DRAWN3"]
    assert list(said([page], lang="ja")) == ["actual", "[図] alt", "expansion", "DRAWN3"]


def test_the_tree_decides_the_order_not_the_drawing_and_artifacts_are_silent() -> None:
    content = show(0, "FIRST DRAWN") + b"/Artifact BMC BT /F1 10 Tf <0058> Tj ET EMC\n" + show(1, "SECOND")
    (page,) = spoken_pages(tagged(content, [{"S": "P", "K": 1}, {"S": "H1", "K": 0}]))
    assert list(said([page], lang="en")) == ["[language ja]", "SECOND", "[heading 1] FIRST DRAWN"]


def test_a_change_of_language_is_announced_both_ways() -> None:
    content = show(0, "A") + show(1, "B") + show(2, "C")
    elements: list[dict[str, object]] = [
        {"S": "P", "K": 0},
        {"S": "P", "K": 1, "Lang": "en-GB"},
        {"S": "P", "K": 2},
    ]
    (page,) = spoken_pages(tagged(content, elements))
    assert list(said([page], lang="ja")) == ["A", "[言語 en]", "B", "[言語 ja]", "C"]


def test_a_table_is_said_row_by_row_with_its_headings() -> None:
    content = b"".join(show(k, text) for k, text in enumerate(["TERM", "YEN", "1", "100", "2", "200"]))
    rows: list[dict[str, object]] = [
        {"S": "TR", "K": [{"S": kind, "K": n}, {"S": kind, "K": n + 1}]}
        for kind, n in (("TH", 0), ("TD", 2), ("TD", 4))
    ]
    (page,) = spoken_pages(tagged(content, [{"S": "Table", "K": rows}]))
    assert list(said([page], lang="ja")) == [
        "[表 3行2列]",
        "[1行目] TERM 1、YEN 100",
        "[2行目] TERM 2、YEN 200",
    ]
    assert said_of(page, lang="ja") == ["[表 3行2列] [1行目] TERM 1、YEN 100 [2行目] TERM 2、YEN 200"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [  # "AB" at 10 points and half an em each ends at 20; the next run begins there, after a gap, or on the next line
        ({"x": 20}, "ABCD"),
        ({"x": 23}, "AB CD"),
        ({"x": 10, "y": 88}, "AB CD"),
    ],
)
def test_a_gap_is_a_blank_and_what_runs_on_is_not(second: dict[str, int], expected: str) -> None:
    one, two = show(0, "AB"), show(0, "CD", **second)
    (page,) = spoken_pages(tagged(one + two, [{"S": "P", "K": 0}]))
    assert page.utterances[0].text == expected


def test_a_file_without_structure_has_no_reading_order() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    out = io.BytesIO()
    pdf.save(out)
    with pytest.raises(ProblemError) as refused:
        spoken_pages(out.getvalue(), name="scan.pdf")
    assert [(p.code, p.params["found"]) for p in refused.value.problems] == [("read.untagged", "scan.pdf")]


def test_the_goldens_are_of_the_forms_that_there_are() -> None:
    names = {p.stem.removeprefix("read_") for p in Path(GOLDEN).glob("read_*.txt")}
    assert names == {*layout_names(), "mihara_en"}
