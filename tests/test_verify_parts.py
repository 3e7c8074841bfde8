"""The parts of a verification that need no picture: files, manifest, gates, order, verdicts, words."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from writer_rows import PAYLOAD

from elqr.problems import ProblemError
from elqr.wire import field_named
from slips.layout import load_layout
from slips.proof import identity, stack
from slips.proof.book import Book, open_book, read_book
from slips.proof.gates import load_gates
from slips.proof.ink import InkUse
from slips.proof.outcome import PageResult
from slips.proof.pictures import PictureLimits, Unfit, page_count
from slips.proof.printed import printed_texts
from slips.proof.remarks import remark, sentence
from slips.proof.run import VerifyRequest, verify
from slips.proof.scanner_scale import load_scanner
from slips.proof.sequence import longest_run, looks_like_a_sample, order_of, sampling
from slips.proof.sheets import Sheet, load_sheets
from slips.proof.sources import gather, kind_of, natural
from slips.proof.verdicts import SlipResult, Verdict

KEY = field_named("slip_key")


@pytest.fixture(scope="module")
def book(printed_job: Path) -> Book:
    return read_book(printed_job / "manifest.parquet")[0]


def refused(manifest: Path) -> str:
    with pytest.raises(ProblemError) as error:
        read_book(manifest)
    return error.value.problems[0].code


class TestSources:
    def test_folders_are_in_natural_order_and_other_files_are_passed_over(self, tmp_path: Path) -> None:
        for name in (
            "p10.png",
            "p2.png",
            "P1.PNG",
            "box 2/p1.jpg",
            "Thumbs.db",
            ".hidden.png",
            ".git/p3.png",
        ):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
        found = gather([tmp_path, tmp_path / "p2.png"])
        assert [source.name for source in found] == ["box 2/p1.jpg", "P1.PNG", "p2.png", "p10.png"]

    def test_what_is_in_a_folder_is_looked_at_or_told(self, tmp_path: Path) -> None:
        """A telephone's or a scanner's own endings were passed over without a word, and their slips were missing."""
        bitmap = b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(36)
        files = {
            **{"a.jfif": b"\xff\xd8\xff\xe0", "b.jpe": b"\xff\xd8\xff\xe0", "c": b"II*\0", "d.bmp": bitmap},
            **{"e.heic": b"....ftypheic", "f.zip": b"PK\3\4", "g.dat": b"?", "h.png": b"damaged"},
            **{
                "Thumbs.db": b"\xd0",
                "desktop.ini": b"[",
                "manifest.csv": b"seq",
                "report.html": b"<",
                ".DS_Store": b"",
            },
        }
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        found = {source.name: (source.kind, source.passed_over) for source in gather([tmp_path])}
        assert found == {
            **{"a.jfif": ("jpeg", ""), "b.jpe": ("jpeg", ""), "c": ("tiff", ""), "d.bmp": ("bmp", "")},
            **{"e.heic": ("", "verify.unread_format"), "f.zip": ("", "verify.unread_format")},
            **{"g.dat": ("", "verify.passed_over"), "h.png": ("", "")},
        }
        assert [source.passed_over for source in gather([tmp_path / "f.zip"])] == [""]  # it was asked for

    def test_a_name_that_two_folders_have_says_which_is_meant(self, tmp_path: Path) -> None:
        names = ("a/front/1.png", "a/back/1.png", "b/front/1.png", "b/2.png", "b/front/3.png")
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
        given = [tmp_path / "a/front", tmp_path / "a/back", tmp_path / "b"]
        found = gather(given)
        assert [source.name for source in found] == [
            *("a/front/1.png", "back/1.png", "2.png", "b/front/1.png", "front/3.png")
        ]
        found = gather([tmp_path / name for name in names])
        assert [source.name for source in found] == [*names[:1], "back/1.png", *names[2:3], "2.png", "3.png"]

    def test_a_kind_is_known_by_content(self, tmp_path: Path) -> None:
        heads = {
            b"%PDF-1.7": "pdf",
            b"II*\0": "tiff",
            b"MM\0*": "tiff",
            b"\xff\xd8\xff\xe1": "jpeg",
            b"GIF89a": "",
            b"BM" + bytes(12) + (40).to_bytes(4, "little"): "bmp",
            b"BMW is a car, no picture": "",
        }
        for head, kind in heads.items():
            (tmp_path / "x").write_bytes(head)
            assert kind_of(tmp_path / "x") == kind

    @given(st.lists(st.integers(0, 10**6), unique=True, min_size=2))
    def test_numbers_in_names_sort_as_numbers(self, numbers: list[int]) -> None:
        names = sorted((f"scan{n}.png" for n in numbers), key=natural)
        assert names == [f"scan{n}.png" for n in sorted(numbers)]


class TestManifest:
    def test_csv_and_parquet_are_the_same_book(self, printed_job: Path, book: Book) -> None:
        other, _ = read_book(printed_job / "manifest.csv")
        assert [other.entry(k) for k in range(len(other))] == [book.entry(k) for k in range(len(book))]

    def test_a_slip_is_found_by_content_key_number_and_page(self, book: Book, tmp_path: Path) -> None:
        book.save(tmp_path)
        opened = open_book(tmp_path)
        for k in (0, 17, 39):
            entry = opened.entry(k)
            content = entry.payload.encode()
            other = content[:-1] + bytes([48 + (content[-1] - 47) % 10])
            assert opened.of_content(content) == opened.of_key(entry.slip_key) == opened.nearest(other) == k
            assert opened.of_number(entry.seq) == opened.of_page(entry.file, entry.page) == k
            assert opened.of_content(other) is None
        assert opened.of_page("slips-00001.pdf", 41) is None and opened.of_page("x.pdf", 1) is None
        assert opened.of_key("9" * 20) is None and opened.of_number(99) is None

    def test_a_manifest_that_cannot_be_used_is_refused(self, printed_job: Path, tmp_path: Path) -> None:
        rows = pl.read_csv(printed_job / "manifest.csv", infer_schema=False)
        path = tmp_path / "manifest.csv"
        assert refused(path) == "verify.manifest_unreadable"
        rows.head(0).write_csv(path)
        assert refused(path) == "verify.manifest_empty"
        rows.drop("payload", "layout").write_csv(path)
        assert refused(path) == "verify.manifest_columns"
        spoilt = pl.when(pl.col("seq") == "3").then(pl.lit("2.02E+14")).otherwise("slip_key")
        rows.with_columns(slip_key=spoilt).write_csv(path)
        assert refused(path) == "verify.manifest_spoilt"
        pl.concat([rows, rows.head(1)]).write_csv(path)
        assert refused(path) == "verify.manifest_twice"
        path.with_suffix(".parquet").write_bytes(b"PAR1 and no more")
        assert refused(path.with_suffix(".parquet")) == "verify.manifest_unreadable"
        with pytest.raises(ProblemError, match="表の形になっていません / "):
            read_book(path.with_suffix(".parquet"))

    def test_the_forms_of_a_manifest(self) -> None:
        (sheet,), (used,) = load_sheets([("mihara", "0" * 64)], given=())
        assert sheet.layout.id == "mihara" and not used.same
        with pytest.raises(ProblemError) as error:
            load_sheets([("our_own", "0" * 64)], given=())
        assert error.value.problems[0].code == "verify.layout_unknown"

    def test_another_form_than_the_printed_one_is_told(self, printed_job: Path, tmp_path: Path) -> None:
        rows = pl.read_parquet(printed_job / "manifest.parquet").with_columns(layout_sha256=pl.lit("0" * 64))
        rows.write_parquet(tmp_path / "manifest.parquet")
        found = verify(VerifyRequest(paths=[printed_job], manifest=tmp_path / "manifest.parquet"))
        assert [f.code for f in found.findings] == ["verify.layout_differs"]
        assert found.counts[Verdict.PASS] == 40 and not found.clean


class TestGates:
    def test_own_gates_replace_the_defaults_one_by_one(self, tmp_path: Path) -> None:
        (tmp_path / "g.toml").write_text("[position]\ntolerance_mm = 0.3\n[code]\nleft_min = 4\n")
        gates = load_gates(tmp_path / "g.toml")
        assert (gates.tolerance_mm, gates.left_min, gates.reserve_min) == (0.3, 4, 0.5)
        assert gates.values["code"]["left_min"] == 4 and gates.file == "g.toml"

    @pytest.mark.parametrize(
        "text",
        [
            "[code]\nleft_minimum = 3",
            "[colour]\nx = 1",
            "left_min = 3",
            "[code]\nleft_min = 3.5",
            "[code]\nleft_min = nan",
            "[position]\ntolerance_mm = nan",
            "[position]\ntolerance_mm = inf",
            "[code]\nleft_min = 'a'",
            "[code",
            "[code]\nleft_min = -1",
        ],
    )
    def test_what_is_no_gate_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "g.toml").write_text(text)
        with pytest.raises(ProblemError) as error:
            load_gates(tmp_path / "g.toml")
        assert error.value.problems[0].code == "verify.gates"

    def test_a_file_that_is_not_there_is_told_in_both_languages(self, tmp_path: Path) -> None:
        """The system's English stood inside the Japanese sentence, and said that a gate had a wrong name."""
        for load in (load_gates, load_scanner):
            with pytest.raises(ProblemError) as error:
                load(tmp_path / "none.toml")
            (problem,) = error.value.problems
            assert problem.code == "file.unreadable"
            assert "ファイルがありません / No such file" in problem.text("ja") and "Errno" not in str(problem)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("{", "JSONではありません / not JSON"),
            ("{}", "「dpi」がありません / “dpi” lacks"),
            ('{"dpi": 300, "rulers": 4}', "形が違います / not of its shape"),
        ],
    )
    def test_a_card_that_is_none_is_told_in_both_languages(
        self, tmp_path: Path, text: str, told: str
    ) -> None:
        (tmp_path / "card.json").write_text(text)
        with pytest.raises(ProblemError) as error:
            load_scanner(tmp_path / "card.json")
        (problem,) = error.value.problems
        assert problem.code == "verify.scanner_card" and told in problem.text("ja"), str(problem)


class TestOrder:
    @given(st.lists(st.integers(0, 40), unique=True))
    def test_the_longest_run_rises_and_none_is_longer(self, rows: list[int]) -> None:
        run = longest_run(rows)
        assert all(a < b for a, b in pairwise(run))
        best: list[int] = []  # the plain quadratic way
        for k, row in enumerate(rows):
            best.append(1 + max((best[j] for j in range(k) if rows[j] < row), default=0))
        assert len(run) == max(best, default=0)

    @given(st.permutations(range(12)), st.sets(st.integers(0, 11)))
    def test_every_slip_is_present_or_missing(self, order: list[int], gone: set[int]) -> None:
        found = [row for row in order if row not in gone]
        judged = order_of(found, 12, sample=False)
        assert set(judged.places) | set(judged.missing) == set(range(12)) and set(judged.missing) == gone
        assert set(judged.misplaced) <= set(judged.places)

    def test_faults_of_a_stack(self) -> None:
        stacked = order_of([0, 1, 2, None, 5, 4, 6, 6, 7, 9], 10, sample=False)
        assert stacked.twice == (6,) and stacked.missing == (3, 8)
        assert len(stacked.misplaced) == 1 and stacked.misplaced[0] in (4, 5)
        assert order_of([5, 4, 3, 2, 0], 6, sample=False).reversed
        assert order_of([], 3, sample=False).missing == (0, 1, 2)

    def test_a_sample_has_holes_only_inside_a_run(self) -> None:
        first = [*range(57), *range(58, 300)]
        assert order_of(first, 10_000, sample=True).missing == (57,)
        assert order_of(range(0, 10_000, 200), 10_000, sample=True).missing == ()
        assert order_of([*range(20), *range(5_000, 5_020)], 10_000, sample=True).missing == ()
        assert looks_like_a_sample(order_of(first, 10_000, sample=False))
        assert not looks_like_a_sample(order_of([*range(5), *range(30, 40)], 40, sample=False))

    def test_what_a_sample_says(self) -> None:
        assert sampling(300, 0).share_below == pytest.approx(0.01)
        assert sampling(3000, 0).share_below == pytest.approx(0.001)
        said = [sampling(n, k).per_cent_below for n, k in ((1, 1), (300, 0), (700_000, 0))]
        assert said == ["100 %", "1 %", "0.00043 %"], "figures, and never 1e+02"
        assert sampling(300, 1).share_below == pytest.approx(
            0.0157, abs=1e-4
        )  # Clopper-Pearson, one-sided 95 %
        assert sampling(20, 4).share_below == pytest.approx(0.4010, abs=1e-4)
        assert sampling(0, 0).share_below == sampling(5, 5).share_below == 1.0

    @given(st.integers(1, 400), st.integers(0, 20))
    def test_a_limit_lies_above_what_was_seen(self, n: int, faults: int) -> None:
        found = sampling(n, min(faults, n))
        assert min(faults, n) / n <= found.share_below <= 1.0


class TestIdentity:
    def test_who_a_page_is(self, book: Book) -> None:
        entry = book.entry(3)
        right = entry.payload.encode()
        assert identity.identify(right, book, place=None).row == 3
        assert identity.identify(b"", book, place=7) == identity.Identity(row=7, by="place", place=7)
        changed = right[:-1] + bytes([48 + (right[-1] - 47) % 10])
        misread = identity.identify(changed, book, place=None)
        assert misread.misread and misread.row == 3 and misread.by == "key"
        (finding,) = identity.identity_remarks(misread, entry)
        assert (finding.code, finding.params["position"]) == ("verify.payload_differs", 255)

    @given(st.integers(0, 254), st.integers(1, 9))
    def test_a_changed_digit_is_never_taken_for_the_slip(self, at: int, by: int) -> None:
        book = _small_book()
        right = book.payload(0).encode()
        changed = right[:at] + bytes([48 + (right[at] - 48 + by) % 10]) + right[at + 1 :]
        found = identity.identify(changed, book, place=None)
        assert found.by != "content" and (found.misread or found.foreign)

    def test_foreign_means_whole_and_not_in_the_manifest(self, book: Book) -> None:
        others = Book(book.rows.head(5), book.keys[:0], book.order[:0])
        found = identity.identify(book.payload(9).encode(), others, place=2)
        assert found.foreign and found.row is None
        assert identity.identity_remarks(found, None)[0].code == "verify.foreign"


def _small_book() -> Book:
    rows = pl.DataFrame({"payload": [PAYLOAD], "slip_key": [PAYLOAD[KEY.offset : KEY.offset + KEY.width]]})
    return Book(rows, np.array([rows["slip_key"][0]], "S20"), np.array([0]))


class TestStack:
    def page(self, row: int | None, **more: object) -> PageResult:
        return PageResult(source="s.tif", page=1, kind="scan", row=row, **more)  # type: ignore[arg-type]

    def settle(self, book: Book, rows: list[int | None]) -> tuple[tuple[SlipResult, ...], set[str]]:
        pages = [self.page(row, unreadable=row is None) for row in rows]
        _, slips, said, _ = stack.settled(pages, book, sample=False)
        return slips, {finding.code for finding in said}

    def test_verdicts_of_a_stack(self, book: Book) -> None:
        rows: list[int | None] = [*range(40)]
        rows[5], rows[6] = 6, 5
        rows[9] = None
        rows[20] = 21
        slips, said = self.settle(book, rows)
        found = [slip.verdict for slip in slips]
        assert found.count(Verdict.PASS) == 36 and said == set()
        assert found[9] is Verdict.MISSING and found[20] is Verdict.MISSING and found[21] is Verdict.DUPLICATE
        assert found[-1] is Verdict.UNREADABLE and slips[-1].slip_key == ""
        codes = {finding.code for slip in slips for finding in slip.findings}
        assert codes == {"verify.missing", "verify.duplicate", "verify.out_of_order"}

    def test_a_slip_that_lies_on_another_s_picture_is_not_said_to_be_lost(self, book: Book) -> None:
        """Two sheets scanned as one picture: the second was to be looked for, or printed again."""
        pages = [self.page(row) for row in range(40) if row != 12]
        second = remark("verify.second_slip", measured=book.entry(12).slip_key, limit=book.entry(11).slip_key)
        pages[11] = replace(pages[11], findings=(second,), pictures=(b"",))
        _, slips, _, _ = stack.settled(pages, book, sample=False)
        (told,) = slips[12].findings
        assert slips[12].verdict is Verdict.MISSING and told.code == "verify.missing_seen"
        assert "s.tif p.1" in sentence(told, "ja") and "s.tif p.1" in sentence(told, "en")
        assert slips[11].verdict is Verdict.FAIL

    def test_sheets_drawn_at_random_are_not_told_one_by_one(self, book: Book) -> None:
        shuffled = np.random.default_rng(3).permutation(40).tolist()
        slips, said = self.settle(book, shuffled)
        assert said == {"verify.no_order"} and all(slip.verdict is Verdict.PASS for slip in slips)

    def test_a_page_nobody_reads_is_the_one_that_lacks_there(self, book: Book) -> None:
        pages = [self.page(0), self.page(None), self.page(None), self.page(3), self.page(None), self.page(6)]
        hints = dict(stack.hints(pages, len(book)))
        assert [hints[k].place for k in (1, 2)] == [1, 2]
        assert hints[4].place is None and hints[4].rows[:2] == (4, 5), "two lack, one page: it may be either"
        foreign = [self.page(0), self.page(None, foreign=True), self.page(2)]
        assert not list(stack.hints(foreign, len(book)))

    def test_many_sheets_in_the_wrong_place_are_told_one_by_one(self, book: Book) -> None:
        rows: list[int | None] = [*range(25, 40), *range(25)]
        slips, said = self.settle(book, rows)
        assert said == set()
        assert [slip.verdict for slip in slips].count(Verdict.OUT_OF_ORDER) == 15

    @given(st.integers(-3, 60), st.sets(st.integers(0, 50)), st.integers(0, 60))
    def test_the_nearest_rows(self, near: int, rows: set[int], most: int) -> None:
        plain = sorted(rows, key=lambda row: (abs(row - near), row < near))
        assert stack.nearest(near, sorted(rows), most) == plain[:most]


class TestWords:
    def test_what_a_page_should_say(self, book: Book) -> None:
        entry = book.entry(0)
        texts = printed_texts(entry)
        assert texts["amount_yen"] == (f"{entry.amount:,}円", f"¥{entry.amount:,}")
        ja, en, zh = texts["due_date"]
        assert ja.startswith("令和8年") and en.endswith(" 2026") and zh.startswith("2026年")
        assert texts["seq"] == ("000001",) and texts["el_key"] == (entry.slip_key,)

    def test_a_form_knows_where_its_codes_stand(self) -> None:
        sheet = Sheet("mihara", load_layout("mihara"))
        assert sheet.side_mm == pytest.approx(41 * 8 * 25.4 / 600)
        assert sheet.fits(279.3, 114.3, within_mm=1.0) and not sheet.fits(210, 297, within_mm=5.0)
        assert InkUse() == InkUse((), (), 0)


def test_a_file_whose_name_no_report_can_hold_is_refused(tmp_path: Path) -> None:
    """Taken out of an archive of a Windows machine; the results could not be written."""
    (tmp_path / os.fsdecode("納付.pdf".encode("cp932"))).write_bytes(b"%PDF-")
    with pytest.raises(ProblemError, match=r"納付\.pdf"):
        gather([tmp_path])


def test_a_file_that_is_no_picture_is_told_as_such(tmp_path: Path) -> None:
    """The reason was a KeyError of Pillow's."""
    path = tmp_path / "scan.png"
    path.write_bytes(b"a,b,c")
    with pytest.raises(Unfit) as caught:
        page_count(path, limits=PictureLimits(pixels_max=10, pages_max=1, bytes_max=100))
    assert caught.value.finding.measured == "not TIFF, PNG, JPEG, BMP"
