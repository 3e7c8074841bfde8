"""The read-back must pass good pages and catch every spoiled one: each alteration of a page is named with its problem."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import readback_pages as paper
import segno
import writer_rows as printed
from readback_pages import AMOUNT, BARCODE, QR, Modules, rectangle, symbol, text

from elqr.symbols import reference
from slips.proof import decode, render
from slips.proof.expected import Expected
from slips.proof.intent import expected_of
from slips.proof.readback import ReadBack, read_back

RIGHT = paper.modules_of(paper.payloads(1)[0])
OTHER = paper.modules_of(paper.payloads(2)[1])
DIGITS = bytes(paper.payloads(1)[0]).decode()


def read(tmp_path: Path, contents: Sequence[bytes], expected: Expected | None = None) -> ReadBack:
    path = paper.write(tmp_path / "slips.pdf", contents)
    return read_back(path, expected if expected is not None else paper.expected(len(contents)))


def codes(found: ReadBack) -> set[str]:
    return {problem.code for problem in found.problems}


def flipped(count: int) -> Modules:
    """Data modules of the lower right half, where nothing but codewords lies."""
    image = RIGHT.copy()
    places = np.random.default_rng(2).choice(20 * 20, count, replace=False)
    image[12 + places // 20, 10 + places % 20] ^= 1
    return image


def of_level_l() -> Modules:
    code = segno.make_qr(DIGITS, error="l", boost_error=False, version=6, mode="numeric")
    return np.array([list(row) for row in code.matrix], np.uint8)


def other_mask() -> Modules:
    _, best = reference.encode_one(DIGITS)
    return reference.encode_one(DIGITS, mask=(best + 1) % 8)[0]


def smoothed() -> bytes:
    """A grey image with /Interpolate instead of a mask."""
    side = 41 * paper.PITCH_MM * paper.MM
    place = (side, side, QR.x_mm * paper.MM, (paper.PAGE_H_MM - QR.y_mm) * paper.MM - side)
    samples = ((1 - RIGHT) * 255).tobytes()
    return b"q %.6f 0 0 %.6f %.6f %.6f cm BI/W 41/H 41/CS/G/BPC 8/I true ID %b\nEI Q " % (*place, samples)


GOOD = symbol(RIGHT)
BARS_RIGHT_MM = paper.BARS.x_mm + 290 * paper.BARS.pitch_mm
LOWER_MM = QR.y_mm + 43 * QR.pitch_mm
ALTERED_CODES = {
    "one data module flipped": symbol(flipped(1)),
    "10 data modules flipped": symbol(flipped(10)),
    "25 data modules flipped": symbol(flipped(25)),
    "the neighbour's payload": symbol(OTHER),
    "no symbol": b"",
    "mirrored": symbol(np.ascontiguousarray(RIGHT[:, ::-1])),
    "upside down": symbol(np.ascontiguousarray(RIGHT[::-1])),
    "turned by 90 degrees": symbol(np.ascontiguousarray(np.rot90(RIGHT))),
    "another mask, same payload": symbol(other_mask()),
    "level L instead of M": symbol(of_level_l()),
    "0.02 mm to the right": symbol(RIGHT, dx_mm=0.02),
    "0.05 mm to the right": symbol(RIGHT, dx_mm=0.05),
    "0.1 mm to the left": symbol(RIGHT, dx_mm=-0.1),
    "0.1 mm down": symbol(RIGHT, dy_mm=0.1),
    "1 mm to the right": symbol(RIGHT, dx_mm=1.0),
    "scaled to 99.8 %": symbol(RIGHT, scale=0.998),
    "scaled to 99 %": symbol(RIGHT, scale=0.99),
    "scaled to 95 %": symbol(RIGHT, scale=0.95),
    "scaled to 101 %": symbol(RIGHT, scale=1.01),
    "hairline through it": GOOD + rectangle(-2, 20.4, 45, 0.3),
    "white hairline through it": GOOD + rectangle(-2, 20.4, 45, 0.3, b"1 g"),
    "text over a corner": GOOD + text("No.123", QR.x_mm + 30 * QR.pitch_mm, QR.y_mm + 38 * QR.pitch_mm, 8),
    "frame line three modules away": GOOD + rectangle(-3.3, -4, 0.3, 49),
    "text in the quiet zone": GOOD + text("00000001", QR.x_mm, LOWER_MM, 6),
    "60 % grey": b"0.4 g " + GOOD + b"0 g ",
    "90 % black": b"0.1 g " + GOOD + b"0 g ",
    "dark blue": b"0 0 0.5 rg " + GOOD + b"0 g ",
    "25 % tint behind it": rectangle(-6, -6, 53, 53, b"0.75 g") + GOOD,
    "2 % tint behind it": rectangle(-6, -6, 53, 53, b"0.98 g") + GOOD,
    "white box over 6 % of it": GOOD + rectangle(20, 20, 10, 10, b"1 g"),
    "smoothed grey image": smoothed(),
}
READS_RIGHT = (
    "one data",
    "10 data",
    "mirrored",
    "another mask",
    "0.",
    "1 mm",
    "scaled",
    "hairline",
    "90 %",
    "tint",
)


class TestGoodPages:
    def test_good_pages_pass_and_are_counted(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(k) for k in range(5)])
        assert found == ReadBack(
            pages=5, symbols_exact=5, symbols_decoded=5, second_readings=2, texts=5, barcodes=5, problems=()
        )

    def test_the_second_reader_takes_first_last_and_every_kth(self, tmp_path: Path) -> None:
        path = paper.write(tmp_path / "slips.pdf", [paper.page(k) for k in range(8)])
        assert read_back(path, paper.expected(8), second_every=3).second_readings == 4
        assert read_back(path, paper.expected(8), second_every=1).second_readings == 8
        with pytest.raises(ValueError, match="second_every: expected at least 1, found 0"):
            read_back(path, paper.expected(8), second_every=0)

    def test_a_page_without_barcode(self, tmp_path: Path) -> None:
        contents = [paper.page(0, barcode=text("コンビニでは使えません", 40, 156))]
        found = read(tmp_path, contents, paper.expected(1, barcode=None))
        assert found.problems == () and found.barcodes == 0

    def test_progress_is_told(self, tmp_path: Path) -> None:
        path = paper.write(tmp_path / "slips.pdf", [paper.page(k) for k in range(3)])
        told: list[int] = []
        read_back(path, paper.expected(3), progress=told.append)
        assert told == [3]

    def test_pages_of_several_templates(self, tmp_path: Path) -> None:
        """A second template whose symbol stands 10 mm lower; each page is held against its own."""
        expected = paper.expected(2)
        lower = paper.SymbolPlace(QR.x_mm, QR.y_mm + 10, QR.pitch_mm)
        second = paper.Places(paper.PAGE_W_MM, paper.PAGE_H_MM, lower, {"amount": (AMOUNT,)})
        both = Expected(
            expected.payloads,
            expected.slip_keys,
            expected.texts,
            [BARCODE, None],
            (paper.PLACES, second),
            [0, 1],
        )
        moved = symbol(paper.modules_of(expected.payloads[1]), dy_mm=10)
        contents = [paper.page(0), paper.page(1, code=moved, barcode=b"")]
        assert read(tmp_path, contents, both).problems == ()
        assert codes(read(tmp_path, contents, expected)) >= {"readback.pixels", "readback.barcode"}


class TestSymbols:
    @pytest.mark.parametrize("name", ALTERED_CODES)
    def test_every_alteration_is_caught(self, tmp_path: Path, name: str) -> None:
        found = read(tmp_path, [paper.page(0, code=ALTERED_CODES[name])])
        assert "readback.pixels" in codes(found), name
        assert found.symbols_exact == 0

    def test_decoding_alone_would_have_missed_most(self, tmp_path: Path) -> None:
        """Why pixels are compared: the right digits are still read from these."""
        for name, code in ALTERED_CODES.items():
            if name.startswith(READS_RIGHT):
                assert read(tmp_path, [paper.page(0, code=code)]).symbols_decoded == 1, name

    def test_the_neighbours_payload_is_named_digit_by_digit(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(0, code=symbol(OTHER))])
        assert {"readback.pixels", "readback.payload", "readback.second_reader"} <= codes(found)
        problem = next(p for p in found.problems if p.code == "readback.payload")
        first = int(problem.params["position"]) - 1
        assert problem.params["expected"] == DIGITS[first : first + 20]
        assert problem.params["slip_key"] == "0" * 20 and problem.params["page"] == 1
        assert "digit" in problem.text("en") and "桁目" in problem.text("ja")

    def test_a_missing_symbol_is_undecoded(self, tmp_path: Path) -> None:
        assert {"readback.pixels", "readback.undecoded", "readback.second_reader"} <= codes(
            read(tmp_path, [paper.page(0, code=b"")])
        )

    def test_level_l_is_another_kind(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(0, code=symbol(of_level_l()))])
        problem = next(p for p in found.problems if p.code == "readback.symbol_kind")
        assert (problem.params["found"], problem.params["expected"]) == ("6-L", "6-M")

    def test_the_first_wrong_module_is_named(self, tmp_path: Path) -> None:
        image = RIGHT.copy()
        image[20, 30] ^= 1
        (problem,) = read(tmp_path, [paper.page(0, code=symbol(image))]).problems
        assert problem.code == "readback.pixels"
        assert {k: problem.params[k] for k in ("found", "grey", "row", "column")} == {
            "found": 16,
            "grey": 0,
            "row": 20,
            "column": 30,
        }

    def test_a_second_reader_that_disagrees_is_a_problem(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decode, "second_opinion", lambda _: [b"1" * 255])
        found = read(tmp_path, [paper.page(0)])
        assert codes(found) == {"readback.second_reader"} and found.second_readings == 0

    @pytest.mark.parametrize("others", [[b"1" * 255], [DIGITS.encode()]], ids=["another", "the same again"])
    def test_a_second_reader_that_sees_a_second_code_is_a_problem(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: list[bytes]
    ) -> None:
        """The right digits are among them; yet a phone may take the other code."""
        monkeypatch.setattr(decode, "second_opinion", lambda _: [DIGITS.encode(), *others])
        found = read(tmp_path, [paper.page(0)])
        assert codes(found) == {"readback.second_reader"} and found.second_readings == 0

    def test_a_reader_that_disagrees_off_the_sample_is_a_problem(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decode, "read_modules", lambda _: b"")
        found = read(tmp_path, [paper.page(k) for k in range(3)])
        assert [(p.code, p.params["page"]) for p in found.problems] == [("readback.undecoded", 2)]


class TestTexts:
    @pytest.mark.parametrize(
        "words",
        [
            text("12,301円", 45, 66),
            text("12,300", 45, 66),
            b"",
            text("12,300円", 45, 66) + text("1", 43, 66),
            text("12,300円", 45, 66) + text("様", 70, 66),
            text("12,300円", 45, 86),
        ],
        ids=[
            "another amount",
            "no unit",
            "no amount",
            "a digit more",
            "something else there",
            "another place",
        ],
    )
    def test_another_amount_is_caught(self, tmp_path: Path, words: bytes) -> None:
        found = read(tmp_path, [paper.page(0, words=words)])
        assert codes(found) == {"readback.text"} and found.texts == 0
        assert found.problems[0].params["expected"] == "12,300円"
        assert found.problems[0].field == "amount"

    def test_sampled_texts_are_read_on_the_sample_only(self, tmp_path: Path) -> None:
        right = paper.expected(3)
        sampled = Expected(
            right.payloads,
            right.slip_keys,
            {"amount": ["1円", "2円", "3円"]},
            right.barcodes,
            right.templates,
            right.template_of,
            sampled=frozenset({"amount"}),
        )
        found = read(tmp_path, [paper.page(k) for k in range(3)], sampled)
        assert [p.params["page"] for p in found.problems] == [1, 3]

    @pytest.mark.parametrize("spoiled", [2, 5])
    def test_what_wanders_into_the_box_is_seen_on_any_page(self, tmp_path: Path, spoiled: int) -> None:
        """The label strays into the amount's box: as many objects as on the other pages, and the amount itself is right."""
        contents = [paper.page(k) for k in range(8)]
        straying = contents[spoiled].replace(
            text("納付金額", 20.0, 66.0, 9.0), text("納付金額", 30.0, 66.0, 9.0)
        )
        assert straying != contents[spoiled]
        contents[spoiled] = straying
        (problem,) = read(tmp_path, contents).problems
        assert (problem.code, problem.params["page"]) == ("readback.text", spoiled + 1)
        assert "額" in str(problem.params["found"])

    def test_pages_that_are_alike_are_not_laid_out_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole: list[int] = []
        read_whole = render.Page.texts
        monkeypatch.setattr(
            render.Page, "texts", lambda page, areas: whole.append(1) or read_whole(page, areas)
        )
        assert read(tmp_path, [paper.page(k) for k in range(20)]).texts == 20
        assert len(whole) == 3  # the first page and the last, which are the sample, and one to learn from


class TestBarcodes:
    @pytest.mark.parametrize(
        ("barcode", "code"),
        [
            (paper.bars(BARCODE[:-2] + "10"), "readback.barcode"),
            (b"", "readback.barcode"),
            (paper.bars(BARCODE, dx_mm=0.05), "readback.bars"),
            (paper.bars(BARCODE) + rectangle(-420, -158, 200, 1), "readback.bars"),
            (b"0.3 g " + paper.bars(BARCODE) + b"0 g ", "readback.bars"),
            (paper.bars(BARCODE) + text("記", BARS_RIGHT_MM, 156), "readback.bars"),
        ],
        ids=["other digits", "missing", "moved", "a line through it", "grey", "text in the quiet zone"],
    )
    def test_a_spoiled_barcode_is_caught(self, tmp_path: Path, barcode: bytes, code: str) -> None:
        assert code in codes(read(tmp_path, [paper.page(0, barcode=barcode)]))

    def test_a_barcode_that_should_not_be_there(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(0)], paper.expected(1, barcode=None))
        assert codes(found) == {"readback.barcode_unexpected"}


class TestFiles:
    def test_a_missing_page(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(k) for k in range(2)], paper.expected(3))
        assert "readback.page_count" in codes(found)
        assert dict(found.problems[0].params) == {"found": 2, "expected": 3}

    def test_a_page_too_many(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(k) for k in range(3)], paper.expected(2))
        assert codes(found) == {"readback.page_count"} and found.pages == 2

    def test_swapped_pages(self, tmp_path: Path) -> None:
        found = read(tmp_path, [paper.page(1), paper.page(0)])
        assert {"readback.pixels", "readback.payload", "readback.text"} <= codes(found)
        assert {problem.params["page"] for problem in found.problems} == {1, 2}

    def test_another_page_size(self, tmp_path: Path) -> None:
        path = paper.write(tmp_path / "slips.pdf", [paper.page(0)], size_mm=(210.0, 297.5))
        found = read_back(path, paper.expected(1))
        problem = next(p for p in found.problems if p.code == "readback.page_size")
        assert problem.params["found"] == "210.00 x 297.50"

    @pytest.mark.parametrize("data", [b"", b"no PDF at all", b"%PDF-1.6\n"])
    def test_a_file_that_does_not_open(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "slips.pdf"
        path.write_bytes(data)
        found = read_back(path, paper.expected(1))
        assert codes(found) == {"readback.unreadable"} and found.pages == 0

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert codes(read_back(tmp_path / "nothing.pdf", paper.expected(1))) == {"readback.unreadable"}

    def test_a_truncated_file_is_never_good(self, tmp_path: Path) -> None:
        path = paper.write(tmp_path / "slips.pdf", [paper.page(k) for k in range(4)])
        whole = path.read_bytes()
        for share in (0.2, 0.5, 0.9):
            path.write_bytes(whole[: int(len(whole) * share)])
            assert read_back(path, paper.expected(4)).problems


class TestExpected:
    def test_columns_of_unequal_length_are_refused(self) -> None:
        right = paper.expected(2)
        with pytest.raises(ValueError, match="column amount: expected 2 entries, one a slip, found 1"):
            Expected(
                right.payloads, right.slip_keys, {"amount": ["1円"]}, right.barcodes, right.templates, [0, 0]
            )

    def test_templates_must_exist_and_name_known_texts(self) -> None:
        right = paper.expected(1)
        with pytest.raises(ValueError, match="template_of: expected numbers below 1"):
            Expected(right.payloads, right.slip_keys, right.texts, right.barcodes, right.templates, [1])
        with pytest.raises(ValueError, match="texts that are not given: amount"):
            Expected(right.payloads, right.slip_keys, {}, right.barcodes, right.templates, [0])


class TestPrintedFiles:
    """Files of the real page writer, held against what its rows and form say."""

    def test_every_page_of_a_printed_file_is_as_intended(self, tmp_path: Path) -> None:
        values = printed.rows(
            {}, {"amount_yen": "1,200,000円"}, {"payer_name": "𠮷田 花子 様", "seq": "000077"}
        )
        path = tmp_path / "slips.pdf"
        path.write_bytes(printed.print_rows(values))
        found = read_back(path, expected_of(values, printed.form()))
        assert found.problems == ()
        assert (found.pages, found.symbols_exact, found.symbols_decoded, found.texts) == (3, 3, 3, 3)

    def test_a_file_held_against_another_row_names_page_and_slip(self, tmp_path: Path) -> None:
        values = printed.rows({}, {"slip_key": "00000000000000000042"})
        path = tmp_path / "slips.pdf"
        path.write_bytes(printed.print_rows(values))
        changed = values.with_columns(
            amount_yen=pl.when(pl.col("line") == 3).then(pl.lit("9円")).otherwise("amount_yen")
        )
        found = read_back(path, expected_of(changed, printed.form()))
        assert found.symbols_exact == 2
        (problem,) = found.problems
        assert (problem.code, problem.field) == ("readback.text", "amount_yen")
        assert dict(problem.params) == {
            "page": 2,
            "slip_key": "00000000000000000042",
            "found": "12,300円",
            "expected": "9円",
        }
