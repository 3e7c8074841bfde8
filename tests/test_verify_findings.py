"""What is said of a scanned page: one good page measured once, then its facts changed one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from elqr.problems import catalogue
from slips.layout import load_layout
from slips.proof import plane
from slips.proof.book import Book, Entry, read_book
from slips.proof.cascade import Voice
from slips.proof.curve import srgb
from slips.proof.gates import Gates, load_gates
from slips.proof.grade import DECODE_ONLY, Grades, grade
from slips.proof.identity import Hint, identify
from slips.proof.marking import mark_of
from slips.proof.measure import Measurement
from slips.proof.outcome import PageResult
from slips.proof.page_codes import Other, Others
from slips.proof.page_text import PageText
from slips.proof.reference import reference_page
from slips.proof.remarks import remark, sentence
from slips.proof.scan import Scan
from slips.proof.scan_page import Facts, ScanReader
from slips.proof.scan_remarks import judged
from slips.proof.sheets import Sheet
from slips.proof.suspicions import explained
from slips.proof.text_reading import Legibility, TextReading
from slips.proof.thresholds import load_thresholds
from slips.proof.verdicts import Weight
from tests.writer_rows import PAYLOAD
from tools.paper import Scanner, sheets_of

DPI = 450


@dataclass(frozen=True, eq=False)
class Page:
    """A good page and what was found on it."""

    scan: Scan
    facts: Facts
    book: Book
    gates: Gates

    @property
    def entry(self) -> Entry:
        return self.book.entry(2)

    def judge(self, facts: Facts, scan: Scan | None = None) -> PageResult:
        return judged(scan or self.scan, facts, self.entry, self.gates, said=(), mark=None)


@pytest.fixture(scope="module")
def page(printed_job: Path) -> Page:
    book, _ = read_book(printed_job / "manifest.parquet")
    sheet = Sheet("mihara", load_layout("mihara"))
    (paper,) = sheets_of(printed_job / "slips-00001.pdf", [3])
    scan = Scan(source="a.png", page=1, grey=Scanner(dpi=DPI, jpeg=0).scan(paper, seed=4), dpi=DPI)
    reader = ScanReader(
        book=book,
        sheets=(sheet,),
        curve=srgb(),
        thresholds=load_thresholds(),
        picture_of=lambda form, lang: reference_page(form.layout, lang),
        text=PageText((sheet,)),
    )
    return Page(scan, reader.look(scan, hint=Hint()), book, load_gates())


def said(result: PageResult) -> set[str]:
    return {finding.code for finding in result.findings}


def test_a_good_page_has_nothing_to_say(page: Page) -> None:
    result = page.judge(page.facts)
    assert said(result) == set() and result.row == 2 and result.known_by == "content"
    assert result.grade_est in ("A", "B") and result.codewords_left_min == 8
    assert {"dx_mm", "reserve", "growth_h", "contrast", "grade_modulation"} <= set(result.figures)


def measured(**changes: object) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        assert facts.measurement is not None
        m: Measurement = replace(facts.measurement, **changes)  # type: ignore[arg-type]
        return replace(facts, measurement=m, grades=grade(m, load_thresholds()))

    return change


def graded(**changes: object) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        assert facts.grades is not None
        grades: Grades = replace(facts.grades, **changes)  # type: ignore[arg-type]
        return replace(facts, grades=grades)

    return change


def turned(degrees: float) -> Callable[[Facts], Facts]:
    """The page turned about its origin; the code with it, so only how the page lies changes."""

    def change(facts: Facts) -> Facts:
        assert facts.fit is not None and facts.grid is not None
        angle = np.radians(degrees)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
        corners = plane.moved(facts.grid.corners, turn)
        return replace(
            facts,
            fit=replace(facts.fit, map=turn @ facts.fit.map),
            grid=replace(facts.grid, corners=corners),
            texts=(),
        )

    return change


def corners(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Facts], Facts]:
    def changed(facts: Facts) -> Facts:
        assert facts.grid is not None
        return replace(facts, grid=replace(facts.grid, corners=change(facts.grid.corners)))

    return changed


def read_as(**reading: object) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        other = TextReading(**reading)  # type: ignore[arg-type]
        texts = [replace(t, reading=other) if t.value == "amount_yen" else t for t in facts.texts]
        assert texts
        return replace(facts, texts=tuple(texts))

    return change


def spoken(*voices: tuple[str, bytes], **changes: object) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        given = [Voice(decoder=who, preparation="as is", content=what) for who, what in voices]
        return replace(facts, voices=tuple(given), **changes)  # type: ignore[arg-type]

    return change


def unproven(facts: Facts) -> Facts:
    """More wrong codewords than can be corrected, by every sampling."""
    return measured(intended=False, left_best=-19, errors_best=(27, 23, 21, 26), reserve=-0.4, rungs=0)(facts)


def by_two(facts: Facts) -> Facts:
    (voice,) = facts.voices
    return replace(facts, voices=(voice, replace(voice, decoder="wechat")))


def far(scale: float) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        assert facts.fit is not None
        smaller = np.diag([scale, scale, 1.0]) @ facts.fit.map
        return replace(facts, fit=replace(facts.fit, map=smaller, dpi=None), grid=None, texts=(), bars=None)

    return change


SECOND = PAYLOAD.encode()


def beside(*, near: bytes = b"", far: bytes = b"") -> Callable[[Facts], Facts]:
    """Another code, to the left of the slip's own."""

    def change(facts: Facts) -> Facts:
        assert facts.grid is not None
        corners = facts.grid.corners - np.array([900.0, 0.0])
        groups = [
            tuple(Other(content=c, corners=corners) for c in (content,) if c) for content in (near, far)
        ]
        return replace(facts, others=Others(near=groups[0], far=groups[1]))

    return change


CHANGES: dict[str, Callable[[Facts], Facts]] = {
    "verify.codewords_left": measured(left_best=3, errors_best=(1, 5, 0, 2)),
    "verify.quiet_zone_scan": measured(quiet=(4, 3, 4, 4)),
    "verify.reserve": measured(reserve=0.3),
    "verify.ladder": measured(rungs=2),
    "verify.ink_gain": measured(growth_h=0.2, growth_v=0.05),
    "verify.ink_loss": measured(growth_h=-0.05, growth_v=-0.22),
    "verify.grade_low": graded(overall=1, letter="D", limiting=("modulation",)),
    "verify.grade_below_target": graded(overall=2, letter="C", limiting=("modulation",)),
    "verify.not_graded": graded(standing="indicative", letter="", pixels_a_module=4.1),
    "verify.decode_only": graded(standing=DECODE_ONLY, letter="", overall=None, pixels_a_module=2.4),
    "verify.misplaced": corners(lambda c: c + 0.6 * DPI / 25.4),
    "verify.code_size": corners(lambda c: (c - c.mean(axis=0)) * 0.98 + c.mean(axis=0)),
    "verify.position_unjudged": lambda facts: replace(facts, fit=replace(facts.fit, method="corners")),  # type: ignore[type-var]
    "verify.on_its_side": turned(90),
    "verify.upside_down": turned(180),
    "verify.skew": turned(3),
    "verify.resolution": far(0.2),
    "verify.text_missing": read_as(legibility=Legibility.BLANK),
    "verify.text_uncertain": read_as(legibility=Legibility.UNCERTAIN, text="1,000円"),
    "verify.amount_differs": read_as(legibility=Legibility.READ, text="1,000円", margin=0.3, score=0.9),
    "verify.barcode_unread": lambda facts: replace(facts, bars=""),
    "verify.barcode_differs": lambda facts: replace(facts, bars="9" * 44),
    "verify.other_code": beside(near=b"another"),
    "verify.second_slip": beside(far=SECOND),
    "verify.code_on_page": beside(far=b"a leaflet"),
    "verify.barely_read": lambda facts: unproven(by_two(facts)),
}


@pytest.mark.parametrize("code", CHANGES)
def test_each_departure_is_said_and_nothing_else(page: Page, code: str) -> None:
    result = page.judge(CHANGES[code](page.facts))
    allowed = {code, "verify.page_scale"} if code in ("verify.resolution",) else {code}
    assert code in said(result) and said(result) <= allowed, said(result)
    finding = next(f for f in result.findings if f.code == code)
    assert finding.measured in sentence(finding, "ja") and finding.limit in sentence(finding, "en")
    assert finding.window is None or result.pictures[result.findings.index(finding)].startswith(b"\x89PNG")


def test_a_symbol_beyond_correction_fails_though_readers_read_it(page: Page) -> None:
    """A stamp across the code, or a torn corner, passed where two readers had guessed it: the worse print had the better verdict."""
    result = page.judge(unproven(by_two(page.facts)))
    (finding,) = result.findings
    assert finding.weight is Weight.FAIL and "27, 23, 21, 26" in sentence(finding, "ja")
    assert "by 2 of 3 readers" in sentence(finding, "en") and result.decoders == ("zxing-cpp", "wechat")
    alone = page.judge(unproven(page.facts))
    assert said(alone) == {"verify.one_voice", "verify.barely_read"}
    told = " ".join(sentence(f, lang) for f in alone.findings for lang in ("ja", "en"))
    assert "zxing" not in told and "wechat" not in told  # a printer has none of these


def test_a_scan_too_coarse_says_nothing_of_a_symbol_that_was_read(page: Page) -> None:
    coarse = graded(standing=DECODE_ONLY, letter="", overall=None, pixels_a_module=2.4)
    assert said(page.judge(coarse(unproven(by_two(page.facts))))) == {"verify.decode_only"}


def test_a_scan_too_coarse_says_nothing_of_a_code_s_print(page: Page) -> None:
    """Of clean prints at 200 dpi four in six were to be printed again with less ink, beside the sentence that only reading was judged."""
    coarse = graded(standing=DECODE_ONLY, letter="", overall=None, pixels_a_module=2.7)
    errors = measured(left_best=4, errors_best=(0, 4, 0, 1), growth_h=0.15, growth_v=0.14)
    assert said(page.judge(coarse(errors(page.facts)))) == {"verify.decode_only"}


def test_a_scan_too_coarse_says_nothing_of_a_code_s_size(page: Page) -> None:
    """One per cent of a code at 200 dpi is one pixel: a good page failed with 101.6 %, beside the sentence that only reading is judged."""
    coarse = graded(standing=DECODE_ONLY, letter="", overall=None, pixels_a_module=2.7)
    larger = corners(lambda c: (c - c.mean(axis=0)) * 1.016 + c.mean(axis=0))
    assert said(page.judge(larger(coarse(page.facts)))) == {"verify.decode_only"}


@pytest.mark.parametrize("lies", [{"method": "corners"}, {"residual_mm": 0.4}, {"points": 6}])
def test_print_is_not_said_to_be_missing_where_the_page_is_not_known_well_enough(
    page: Page, lies: dict[str, object]
) -> None:
    """A telephone's picture failed since a date was looked for a few millimetres off its place, and nothing stood there."""
    assert page.facts.fit is not None
    facts = read_as(legibility=Legibility.BLANK)(page.facts)
    result = page.judge(replace(facts, fit=replace(page.facts.fit, **lies)))  # type: ignore[type-var]
    assert "verify.text_uncertain" in said(result) and "verify.text_missing" not in said(result)
    assert all(finding.weight is not Weight.FAIL for finding in result.findings)


def test_readers_that_disagree_are_a_misread(page: Page) -> None:
    right = page.entry.payload.encode()
    wrong = right[:40] + b"9" + right[41:]
    result = page.judge(spoken(("zxing-cpp", right), ("zbar", wrong))(page.facts))
    assert result.misread and "verify.readers_differ" in said(result)
    assert result.decoders == ("zxing-cpp",)


def test_what_two_readers_say_is_told_where_they_differ(page: Page) -> None:
    """The one that was right was held against the manifest, so nothing was quoted of either."""
    right = page.entry.payload.encode()
    wrong = right[:40] + bytes([right[40] ^ 1]) + right[41:]
    result = page.judge(spoken(("zxing-cpp", wrong), ("zbar", right))(page.facts))
    (told,) = (f for f in result.findings if f.code == "verify.readers_differ")
    assert (told.measured, told.limit) == (wrong[40:60].decode(), right[40:60].decode())


def test_what_a_misread_code_tells_of_the_press_is_told_by_its_own_modules(page: Page) -> None:
    """Held against the manifest's digits, every second module of a code of other data lacked ink, or had some too many."""
    other = replace(page.entry, payload=page.book.payload(9))
    marks = [mark_of(page.scan.grey, page.facts, entry, curve=srgb()) for entry in (page.entry, other)]
    profiles = [mark.profile for mark in marks if mark is not None and mark.profile is not None]
    assert np.array_equal(profiles[0].columns, profiles[1].columns)
    weak = (remark("verify.reserve", measured="0.1", limit="0.5"),)
    poor = replace(page.judge(page.facts), findings=weak, pictures=(b"",))
    assert explained(poor, page.scan.grey, page.facts, other, curve=srgb()).findings == weak


def test_a_code_that_two_readers_read_and_nothing_measures_does_not_pass_unseen(page: Page) -> None:
    """Where its grid is not found, neither place nor print nor the amount beside it was looked at, and the slip passed."""
    facts = spoken(("zxing-cpp", page.entry.payload.encode()), ("zbar", page.entry.payload.encode()))(
        page.facts
    )
    bare = replace(
        facts, fit=None, grid=None, modules=None, measurement=None, grades=None, texts=(), bars=None, marks=()
    )
    result = page.judge(bare)
    assert said(result) == {"verify.position_unjudged"}
    assert all(finding.weight is Weight.WARN for finding in result.findings)


def test_digits_that_are_no_payload_are_never_a_slip(page: Page) -> None:
    identity = identify(b"0123456789", page.book, place=None)
    facts = replace(
        page.facts, identity=identity, voices=(Voice(decoder="zbar", preparation="", content=b"0123456789"),)
    )
    result = judged(page.scan, facts, None, page.gates, said=(), mark=None)
    assert said(result) == {"verify.not_a_payload"} and result.row is None and result.misread
    assert result.content == "0123456789"


def test_a_calibrated_scanner_is_taken_out_of_the_scale(page: Page) -> None:
    """The file says five per cent less than the page has: by a scanner that sees five per cent more the page is right."""
    assert page.facts.fit is not None
    fit = replace(page.facts.fit, dpi=DPI / 1.05)
    assert "verify.page_scale" in said(page.judge(replace(page.facts, fit=fit)))
    known = replace(fit, scanner=(1.05, 1.05))
    assert said(page.judge(replace(page.facts, fit=known))) == set()
    turned = replace(fit, map=fit.map @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]), scanner=(1.05, 1.0))
    assert turned.scale_errors is not None and fit.scale_errors is not None
    assert turned.scale_errors[1] == pytest.approx((1 + fit.scale_errors[0]) / 1.05 - 1, abs=1e-6)


def test_what_a_scan_says_of_its_scale(page: Page) -> None:
    assert page.facts.fit is not None
    short = replace(page.facts, fit=replace(page.facts.fit, dpi=DPI * 1.05))
    assert "verify.page_scale" in said(page.judge(short))
    absurd = replace(page.facts, fit=replace(page.facts.fit, dpi=72.0))
    assert said(page.judge(absurd, replace(page.scan, dpi=72.0))) == {"verify.dpi_unbelievable"}


def test_every_finding_of_verify_has_a_weight_and_fills_its_sentences() -> None:
    """Whatever the code, measured and limit are all that a sentence may take for granted."""
    codes = [code for code in catalogue() if code.startswith("verify.")]
    assert len(codes) > 70
    assert {remark(code).weight for code in codes} == set(Weight)
