"""Pages of PDFs: every altered one is caught and its cause named, every good one passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import altered_pages
import pikepdf
import polars as pl
import pytest

from slips.proof.book import read_book
from slips.proof.outcome import Inspection, PageResult
from slips.proof.remarks import remark
from slips.proof.run import VerifyRequest, verify
from slips.proof.stack import settled
from slips.proof.verdicts import Verdict

CAUSES = {
    "neighbour's payload": "verify.number_differs",
    "no symbol": "verify.unreadable",
    "no symbol but a web address": "verify.unreadable",
    "grey picture": "verify.code_image",
    "resampled picture": "verify.pixels",
    "mirrored": "verify.mirrored",
    "turned": "verify.turned",
    "another mask": "verify.modules",
    "level L": "verify.symbol_kind",
    "1 module flipped": "verify.modules",
    "10 modules flipped": "verify.modules",
    "25 modules flipped": "verify.modules",
    "moved by 0.05 mm": "verify.moved",
    "moved by 0.1 mm": "verify.moved",
    "moved by 1 mm": "verify.moved",
    "scaled to 99 %": "verify.size",
    "scaled to 95 %": "verify.size",
    "hairline through it": "verify.pixels",
    "text over a corner": "verify.pixels",
    "frame three modules off": "verify.quiet_zone",
    "text in the quiet zone": "verify.quiet_zone",
    "60 % grey": "verify.not_black",
    "90 % black": "verify.not_black",
    "dark blue": "verify.code_ink",
    "black of three colours": "verify.code_ink",
    "rich black": "verify.code_ink",
    "tint behind it": "verify.tint",
    "white box over 6 %": "verify.modules",
}
"""The finding that names what was done to the code; `verify.pixels` is said beside it."""


@pytest.fixture(scope="module")
def altered(printed_job: Path, tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """All alterations in one file, one a page, and the good pages behind them."""
    payloads = pl.read_parquet(printed_job / "manifest.parquet")["payload"].to_list()
    folder = tmp_path_factory.mktemp("altered")
    file = altered_pages.alter(printed_job / "slips-00001.pdf", folder / "slips-00001.pdf", payloads)
    return verify(VerifyRequest(paths=[file], manifest=printed_job / "manifest.parquet"))


def page_of(inspection: Inspection, name: str) -> PageResult:
    return inspection.pages[list(altered_pages.ALTERATIONS).index(name)]


def codes(page: PageResult) -> set[str]:
    return {finding.code for finding in page.findings}


@pytest.mark.parametrize("name", CAUSES)
def test_every_alteration_is_caught_and_named(altered: Inspection, name: str) -> None:
    page = page_of(altered, name)
    assert CAUSES[name] in codes(page), (name, codes(page))
    assert any(finding.weight.value == "fail" for finding in page.findings)
    assert all(f.window is None or picture for f, picture in zip(page.findings, page.pictures, strict=True))


def test_decoding_alone_would_have_passed_most(altered: Inspection) -> None:
    """Why pixels are compared: these pages read right."""
    manifest = len(altered_pages.ALTERATIONS)
    read_right = [page for page in altered.pages[:manifest] if page.decoders]
    assert len(read_right) >= 18


def test_a_good_page_passes(altered: Inspection) -> None:
    good = altered.pages[len(altered_pages.ALTERATIONS) :]
    assert len(good) >= 10
    assert all(page.findings == () and page.decoders == ("zxing-cpp",) for page in good)
    passed = [slip for slip in altered.slips if slip.verdict is Verdict.PASS]
    assert len(passed) == len(good)


def test_the_neighbours_code_is_a_duplicate_and_its_own_slip_is_missing(altered: Inspection) -> None:
    by_key = {slip.slip_key: slip for slip in altered.slips}
    second = pages_row(altered, 0)
    assert second == 1 and [page.row for page in altered.pages[:2]] == [1, 1]
    keys = list(by_key)
    assert by_key[keys[0]].verdict is Verdict.MISSING
    assert by_key[keys[1]].verdict is Verdict.DUPLICATE


def pages_row(inspection: Inspection, page: int) -> int | None:
    return inspection.pages[page].row


def test_a_finished_job_passes_as_a_whole_with_any_number_of_processes(printed_job: Path) -> None:
    found = [
        verify(VerifyRequest(paths=[printed_job], manifest=printed_job / "manifest.csv", jobs=jobs))
        for jobs in (1, 2)
    ]
    for one in found:
        assert one.clean and one.counts[Verdict.PASS] == 40
        assert one.sampling.share_below == pytest.approx(3 / 40)
    assert found[0].slips == found[1].slips
    assert [p.figures for p in found[0].pages] == [p.figures for p in found[1].pages]


def test_what_else_a_page_may_show(printed_job: Path, tmp_path: Path) -> None:
    """A wrong page size, a colour beside the code, another amount, date and barcode in the manifest, blank and foreign pages."""
    rows = pl.read_parquet(printed_job / "manifest.parquet")
    changed = rows.with_columns(
        amount=pl.when(pl.col("seq") == 3).then(1).otherwise("amount"),
        due_date=pl.when(pl.col("seq") == 4).then(pl.date(2026, 1, 31)).otherwise("due_date"),
        barcode=pl.when(pl.col("seq") == 5)
        .then(pl.lit("9" * 44))
        .when(pl.col("seq") == 6)
        .then(None)
        .otherwise("barcode"),
    ).filter(pl.col("seq") != 7)
    changed.write_parquet(tmp_path / "manifest.parquet")
    with pikepdf.open(printed_job / "slips-00001.pdf") as file:
        coloured, cut = file.pages[0], file.pages[1]
        coloured.contents_add(file.make_stream(b"q 1 0 0 rg 20 300 9 9 re f Q"))
        cut.obj.MediaBox = pikepdf.Array([0, 0, *[float(v) - 3 for v in cut.mediabox[2:]]])
        cut.obj.TrimBox = cut.obj.MediaBox
        file.pages[7].obj.Contents = file.make_stream(b"")
        file.pages[8].contents_add(file.make_stream(_over_the_bars()))
        file.save(tmp_path / "slips-00001.pdf")
    request = VerifyRequest(paths=[tmp_path / "slips-00001.pdf"], manifest=tmp_path / "manifest.parquet")
    found = verify(request)
    assert "verify.page_ink" in codes(found.pages[0])
    assert "verify.page_size" in codes(found.pages[1])
    assert "verify.amount_differs" in codes(found.pages[2])
    assert "verify.date_differs" in codes(found.pages[3])
    assert "verify.barcode_differs" in codes(found.pages[4])
    assert "verify.barcode_unexpected" in codes(found.pages[5])
    assert found.pages[6].foreign and codes(found.pages[6]) == {"verify.foreign"}
    assert "verify.unreadable" in codes(found.pages[7]) or "verify.blank" in codes(found.pages[7])
    assert "verify.bars" in codes(found.pages[8])
    disagreeing = [f for f in found.findings if f.code == "verify.manifest_disagrees"]
    assert {f.params["value"] for f in disagreeing} >= {"amount", "due_date", "barcode.amount"}
    assert found.slips[-1].verdict is Verdict.FOREIGN


def _over_the_bars() -> bytes:
    from slips.proof.intent import places_of

    bars = places_of(altered_pages.LAYOUT, names=()).bars
    assert bars is not None
    mm = altered_pages.MM
    y = (altered_pages.HEIGHT - bars.y_mm - bars.h_mm / 2) * mm
    return b"q 0 g %.3f %.3f 60 1 re f Q" % ((bars.x_mm + 5) * mm, y)


PLACINGS = {
    "97 %, in the middle": ((0.97, 0.015, 0.015), "verify.size"),
    "95 %, in the middle": ((0.95, 0.025, 0.025), "verify.size"),
    "3 mm to the right": ((1.0, 3.0 / 279.4, 0.0), "verify.moved"),
    "7 mm to the left": ((1.0, -7.0 / 279.4, 0.0), "verify.moved"),
}
"""Scale, and shift in shares of the page, as an imposition places a whole page."""
OF_OTHER_DATA = {
    "verify.amount_differs",
    "verify.date_differs",
    "verify.number_differs",
    "verify.barcode_differs",
}


@pytest.fixture(scope="module")
def placed(printed_job: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first pages of the job, each placed as `PLACINGS` says, and one turned by half."""
    path = tmp_path_factory.mktemp("placed") / "slips-00001.pdf"
    with pikepdf.open(printed_job / "slips-00001.pdf") as file:
        for page, ((scale, across, up), _) in zip(file.pages, PLACINGS.values(), strict=False):
            wide, high = (float(page.mediabox[k]) for k in (2, 3))
            page.contents_add(
                b"q %.4f 0 0 %.4f %.4f %.4f cm" % (scale, scale, across * wide, up * high), prepend=True
            )
            page.contents_add(b"Q")
        file.pages[len(PLACINGS)].rotate(180, relative=True)
        del file.pages[len(PLACINGS) + 1 :]
        file.save(path)
    return path


def test_a_page_that_was_placed_elsewhere_is_not_said_to_carry_other_data(
    printed_job: Path, placed: Path
) -> None:
    """At 97 % a page was said to show another amount and other dates, fifteen times, and a code made anew; never that it had been scaled."""
    found = verify(VerifyRequest(paths=[placed], manifest=printed_job / "manifest.parquet", sample=True))
    said = [{f.code for f in page.findings} for page in found.pages]
    for codes, (name, (_, cause)) in zip(said, PLACINGS.items(), strict=False):
        assert cause in codes and "verify.modules" not in codes, (name, codes)
        assert not codes & OF_OTHER_DATA, (name, codes)
    assert "verify.turned" in said[-1] and not said[-1] & OF_OTHER_DATA, said[-1]
    assert {slip.verdict for slip in found.slips} == {Verdict.FAIL}


def test_other_data_on_a_page_that_was_placed_elsewhere_is_told(
    printed_job: Path, placed: Path, tmp_path: Path
) -> None:
    rows = pl.read_parquet(printed_job / "manifest.parquet").with_columns(pl.col("amount") + 1)
    rows.write_parquet(tmp_path / "manifest.parquet")
    found = verify(VerifyRequest(paths=[placed], manifest=tmp_path / "manifest.parquet", sample=True))
    for page in found.pages[: len(PLACINGS)]:
        assert "verify.amount_differs" in {f.code for f in page.findings}


def test_a_sheet_before_the_slips_is_not_taken_for_the_first_of_them(
    printed_job: Path, tmp_path: Path
) -> None:
    """A job ticket as page 1 made the first slip a duplicate whose amount and dates were all another: the sheet that is right was not to be sent."""
    with pikepdf.open(printed_job / "slips-00001.pdf") as file:
        del file.pages[3:]
        ticket = file.add_blank_page(page_size=tuple(float(v) for v in file.pages[0].mediabox[2:]))
        ticket.contents_add(file.make_stream(b"q 0 g 100 200 300 9 re f Q"))
        file.pages.insert(0, file.pages[3])
        del file.pages[4]
        file.save(tmp_path / "slips-00001.pdf")
    paths = [tmp_path / "slips-00001.pdf"]
    found = verify(VerifyRequest(paths=paths, manifest=printed_job / "manifest.parquet", sample=True))
    assert [page.row for page in found.pages] == [None, 0, 1, 2]
    assert codes(found.pages[0]) == {"verify.unreadable"} and not found.clean
    assert [slip.verdict for slip in found.slips if slip.slip_key] == [Verdict.PASS] * 3


def test_every_page_of_an_imposed_file_says_which_other_slip_is_on_it(
    printed_job: Path, tmp_path: Path
) -> None:
    """Two slips on a sheet: of the pages between the first and the last the second slip was said to be lost, to be looked for or printed again."""
    with pikepdf.open(printed_job / "slips-00001.pdf") as file:
        slips = [page.as_form_xobject() for page in file.pages[:6]]
        wide, high = (float(file.pages[0].mediabox[k]) for k in (2, 3))
        for k in range(3):
            sheet = file.add_blank_page(page_size=(wide, 2 * high))
            below, above = (sheet.add_resource(slip, "/XObject") for slip in (slips[k + 3], slips[k]))
            sheet.contents_add(b"q %b Do Q q 1 0 0 1 0 %.4f cm %b Do Q" % (_name(below), high, _name(above)))
        del file.pages[:-3]
        file.save(tmp_path / "slips-00001.pdf")
    paths = [tmp_path / "slips-00001.pdf"]
    found = verify(VerifyRequest(paths=paths, manifest=printed_job / "manifest.parquet"))
    assert all({"verify.page_size", "verify.second_slip"} <= codes(page) for page in found.pages)
    seen = [slip for slip in found.slips if any(f.code == "verify.missing_seen" for f in slip.findings)]
    assert [slip.slip_key for slip in found.slips[3:6]] == [slip.slip_key for slip in seen]


def test_a_code_on_another_s_sheet_is_more_than_a_wrong_order(printed_job: Path) -> None:
    """Codes exchanged between two payers were summed up as two sheets to be put in order."""
    book, _ = read_book(printed_job / "manifest.parquet")
    pages = [
        PageResult(source="s.tif", page=1, kind="scan", row=k) for k in (0, 1, 5, 3, 4, 2, *range(6, 40))
    ]
    amount = remark("verify.amount_differs", measured="2円", limit="1円", value="amount_yen")
    for k in (2, 5):
        pages[k] = replace(pages[k], findings=(amount,), pictures=(b"",))
    _, slips, _, _ = settled(pages, book, sample=False)
    assert [slips[k].verdict for k in (2, 5)] == [Verdict.FAIL] * 2
    assert all("verify.out_of_order" in {f.code for f in slips[k].findings} for k in (2, 5))


def _name(key: pikepdf.Name) -> bytes:
    return str(key).encode()


OVER_A_TEXT = {
    "a white box": b"q 1 g %.3f %.3f %.3f %.3f re f Q",
    "a picture": b"q %.3f 0 0 %.3f %.3f %.3f cm BI/W 1/H 1/CS/G/BPC 8/F/AHx ID ff>\nEI Q",
}


@pytest.mark.parametrize("over", OVER_A_TEXT)
def test_a_text_that_something_was_painted_over_does_not_pass(
    printed_job: Path, tmp_path: Path, over: str
) -> None:
    """The text layer was right and nothing else was asked: a sheet without an amount passed, and one with another's amount as a picture."""
    box = next(b for b in altered_pages.LAYOUT.boxes if b.value == "amount_yen")
    left, low, wide, high = box.x_mm, altered_pages.HEIGHT - box.y_mm - box.h_mm, box.w_mm, box.h_mm
    places = (left, low, wide, high) if over == "a white box" else (wide, high, left, low)
    with pikepdf.open(printed_job / "slips-00001.pdf") as file:
        del file.pages[2:]
        for text, page in zip(
            (OVER_A_TEXT[over], b"q 0.5 w %.3f %.3f %.3f %.3f re S Q"), file.pages, strict=True
        ):
            framed = places if page is not file.pages[1] else (left, low, wide, high)
            page.contents_add(file.make_stream(text % tuple(v * altered_pages.MM for v in framed)))
        file.save(tmp_path / "slips-00001.pdf")
    paths = [tmp_path / "slips-00001.pdf"]
    found = verify(VerifyRequest(paths=paths, manifest=printed_job / "manifest.parquet", sample=True))
    (covered,) = [f for f in found.pages[0].findings if f.code == "verify.text_covered"]
    assert covered.params["value"] == "amount_yen" and covered.window is not None
    assert found.slips[0].verdict is Verdict.FAIL
    assert found.slips[1].verdict is Verdict.PASS  # a frame around it hides nothing
