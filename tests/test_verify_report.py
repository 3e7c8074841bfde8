"""The proof report says the first things first, stays bounded, shows no person, and is one file that does nothing but be read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import proof_results as made
import pytest

from slips.proof.drift import chart_of
from slips.proof.outcome import Inspection, PageResult
from slips.proof.overlay import CELL_PX, margin_picture
from slips.proof.remarks import remark
from slips.proof.thresholds import load_thresholds
from slips.proof.trend import Trend, trend_of
from slips.proof.trend_plots import POINTS_MAX, chart_plot
from slips.proof.verdicts import SlipResult, Verdict
from slips.proof.verify_report import report_html
from slips.proof.verify_rows import PICTURES_A_CODE, PICTURES_MAX, ROWS_A_NOTE, groups_of
from slips.proof.verify_summary import summary
from slips.proof.verify_words import ESTIMATE, GATES, VERDICTS

GOLDEN = Path(__file__).with_name("golden") / "verify_report.txt"
VOID = frozenset({"meta", "img", "br", "path", "rect", "circle", "polyline", "link"})
LINES = frozenset({"p", "h1", "h2", "h3", "tr", "caption", "li", "figcaption", "dt", "title", "desc"})


class Reader(HTMLParser):
    """What a person, or a screen reader, gets from the page; and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))
        if tag in LINES:
            self.lines.append("")
        if tag in {"td", "th"} and self.lines[-1]:
            self.lines[-1] += " | "
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.lines[-1] += re.sub(r"\s+", " ", data)


def report(inspection: Inspection, trend: Trend | None = None) -> bytes:
    return report_html(inspection, trend=trend or Trend(), thresholds=load_thresholds())


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode())
    reader.close()
    assert not reader.open
    return reader


@cache
def full() -> bytes:
    return report(made.inspection(png=made.picture()), made.trend(60))


def test_the_text_of_the_page_is_the_golden() -> None:
    """To accept a change: write `said` to the file and read the difference."""
    said = "\n".join(line.strip() for line in read(full()).lines if line.strip()) + "\n"
    assert said == GOLDEN.read_text(encoding="utf-8")


def test_the_same_results_give_the_same_bytes() -> None:
    assert report(made.inspection(), made.trend(24)) == report(made.inspection(), made.trend(24))


def test_the_page_can_do_nothing_and_fetches_nothing() -> None:
    page = full().decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    reader = read(full())
    assert not {"script", "iframe", "object", "embed", "link", "form", "input", "button", "a"} & set(
        reader.tags
    )
    for tag, attributes in reader.attributes:
        assert not any(name.startswith("on") for name in attributes), tag
        if "src" in attributes:
            assert str(attributes["src"]).startswith("data:image/png;base64,")
    assert "://" not in page
    assert "url(" not in page


def test_headings_tables_and_pictures_can_be_heard() -> None:
    reader = read(full())
    levels = [int(tag[1]) for tag, _ in reader.attributes if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert reader.tags["caption"] == reader.tags["table"]
    assert all("scope" in attributes for tag, attributes in reader.attributes if tag == "th")
    alts = [str(a["alt"]) for tag, a in reader.attributes if tag == "img"]
    assert alts
    assert all(len(alt) > 20 for alt in alts)
    assert reader.tags["svg"] == reader.tags["desc"] == reader.tags["title"] - 1


def test_the_summary_stands_before_the_findings() -> None:
    lines = read(full()).lines
    at = {
        name: next(k for k, line in enumerate(lines) if name in line)
        for name in ("最初にすること", "筋状のインク抜け", "所見の種類", "判定基準")
    }
    assert list(at.values()) == sorted(at.values())


def test_every_grade_stands_beside_its_label() -> None:
    text = "\n".join(read(full()).lines)
    assert text.count(ESTIMATE.ja) >= 2
    assert text.count(ESTIMATE.en) >= 2
    assert "conformant verifier grade" in text
    assert not re.search(r"\d\.\d/\d\d/660", text)  # never a verifier's notation


@pytest.mark.parametrize(("looked_at", "said"), [(300, "1 %"), (3000, "0.1 %")])
def test_the_sampling_statement_is_the_rule_of_three(looked_at: int, said: str) -> None:
    clean = replace(made.inspection(looked_at, repeats=0), slips_in_manifest=100_000)
    text = "\n".join(read(report(clean)).lines)
    assert f"調べた {looked_at:,} 枚のうち不良は 0 枚" in text
    assert f"{said} 未満です(3÷枚数)" in text
    assert f"lies below {said} with 95 % confidence" in text


def test_a_clean_run_asks_for_nothing() -> None:
    text = "\n".join(read(report(made.inspection(30, repeats=0))).lines)
    assert "全数合格" in text
    assert "対応を要する所見はありません。" in text
    assert "所見はありません。" in text
    assert "調べた 30 枚のうち不良は 0 枚でした。" in text and "無作為" not in text, (
        "nothing is left to infer"
    )


def test_what_passes_is_not_said_of_more_than_it_holds_for() -> None:
    """A clean sample of a large run, and a run whose press asks for a look, were headed 全数合格, though the shell said exit 1 of the second."""
    sample = replace(made.inspection(30, repeats=0), sample=True, slips_in_manifest=100_000)
    text = "\n".join(read(report(sample)).lines)
    assert "全数合格" not in text and "検査した分はすべて合格" in text
    text = "\n".join(read(report(made.inspection(60, repeats=0), made.trend(60))).lines)
    assert "全数合格" not in text and "確認を要するものがあります" in text


def test_a_trend_is_not_claimed_where_nothing_was_measured() -> None:
    text = "\n".join(read(report(made.inspection())).lines)
    assert "印刷機の傾向は分かりません" in text
    assert "管理限界を超える変化はありません" not in text
    few = "\n".join(read(report(made.inspection(), trend_of(made.marks(2)))).lines)
    assert "3枚に満たないため" in few
    calm = "\n".join(read(report(made.inspection(), trend_of(made.marks(12)))).lines)
    assert "管理限界を超える変化はありません" in calm


def test_a_run_without_a_page_says_so() -> None:
    nothing = replace(made.inspection(), pages=(), slips=())
    text = "\n".join(read(report(nothing)).lines)
    assert "調べられる頁がありませんでした" in text


def test_ever_so_many_slips_make_a_page_of_the_same_size() -> None:
    few, many = made.inspection(720, repeats=30), made.inspection(36_000, repeats=1500)
    small, large = report(few), report(many)
    assert len(large) < len(small) + 5_000
    text = "\n".join(read(large).lines)
    assert f"3,000 件中 {ROWS_A_NOTE} 件" in text
    assert "全件は results.json にあります。" in text


def test_pictures_are_bounded_in_number_and_size() -> None:
    many = made.inspection(480, repeats=20, png=made.picture())
    shown = read(report(many)).tags["img"]
    groups = groups_of(many)
    assert max(len(group.pictures) for group in groups) == PICTURES_A_CODE
    assert shown == sum(len(group.pictures) for group in groups) <= PICTURES_MAX
    huge = made.inspection(png=b"\x89PNG" + bytes(300_000))
    assert read(report(huge)).tags["img"] == 0


def test_a_picture_of_a_page_comes_once() -> None:
    pictured = [
        (s.row.source, s.row.page) for group in groups_of(made.inspection(png=b"PNG")) for s in group.pictures
    ]
    assert pictured
    assert len(pictured) == len(set(pictured))


def test_the_gravest_findings_come_first() -> None:
    groups = groups_of(made.inspection())
    order = list(Verdict)
    assert [order.index(g.worst) for g in groups] == sorted(order.index(g.worst) for g in groups)
    assert sum(g.count for g in groups) == sum(len(s.findings) for s in made.inspection().slips)


def test_one_wrong_amount_goes_before_any_number_of_bad_prints(tmp_path: Path) -> None:
    """A whole run at 97 %: each sheet fails for three reasons, and one of them asks for another sum. Counts alone pushed it out of sight."""
    scaled = (
        "verify.misplaced",
        "verify.code_size",
        "verify.page_scale",
        "verify.codewords_left",
        "verify.bars",
    )
    slips = []
    for k in range(30):
        findings = [remark(code, measured="97.00 %") for code in scaled]
        if k == 24:
            findings.append(
                remark("verify.amount_differs", measured="1,000円", limit="9,000円", value="amount_yen")
            )
        slips.append(SlipResult(slip_key=f"{k:020d}", verdict=Verdict.FAIL, findings=tuple(findings)))
    base = replace(made.inspection(), slips=tuple(slips))
    assert groups_of(base)[0].code == "verify.amount_differs"
    steps = re.search(r'<ol class="steps">(.*?)</li>', report(base).decode(), re.DOTALL)
    assert steps and "1,000円" in steps[1]
    named = [line for line in summary(base, trend=Trend(), out=tmp_path) if "[不合格/fail]" in line]
    assert f"{24:020d}" in named[0] and "1,000円" in named[0]


def test_every_row_says_which_sheet_and_which_field_it_means() -> None:
    """Of many missing slips the running number stood in the first sentence alone, and of many wrong fields the field."""
    base = made.inspection()
    lost = [
        remark("verify.missing", measured="0", limit="1", number=f"{n:06d}", file="slips-00001.pdf", page=n)
        for n in (7, 19)
    ]
    twice = remark("verify.duplicate", measured="2", limit="1", where="a.tif p.3, b.tif p.9")
    field = remark("verify.amount_differs", measured="1,000円", limit="9,000円", value="amount_yen")
    slips = [
        SlipResult(slip_key=f"{k:020d}", verdict=Verdict.MISSING, findings=(f,))
        for k, f in enumerate([*lost, twice, field])
    ]
    page = report(replace(base, slips=tuple(slips))).decode()
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)
    for said in ("通し番号 000019、slips-00001.pdf 19ページ", "a.tif p.3, b.tif p.9", "amount_yen"):
        assert any(said in cell for cell in cells), said
    assert "number 000019, slips-00001.pdf p.19" in page


def test_a_page_that_is_nobody_s_is_not_the_whole_run() -> None:
    base = made.inspection()
    stray = SlipResult(
        slip_key="", source="x.png", page=1, verdict=Verdict.UNREADABLE, findings=(remark("verify.blank"),)
    )
    page = report(replace(base, slips=(stray,))).decode()
    assert "x.png" in page and ">whole run<" not in page


def test_nothing_in_a_name_can_become_markup() -> None:
    trap = '<script>alert(1)</script>"&'
    base = made.inspection()
    pages = (PageResult(source=trap, page=1, kind="scan", registration=trap), *base.pages)
    slips = (
        SlipResult(
            slip_key=trap, source=trap, page=1, verdict=Verdict.FOREIGN, findings=base.slips[3].findings
        ),
        *base.slips,
    )
    page = report(replace(base, manifest=trap, pages=pages, slips=slips))
    assert b"<script" not in page
    assert read(page).tags["script"] == 0


def test_every_verdict_and_every_gate_has_its_words() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert {name for part in made.inspection().gates.values.values() for name in part} == set(GATES)


# --- pictures and plots -----------------------------------------------------------------------------


def test_the_map_shows_where_a_code_fails() -> None:
    picture = cv2.imdecode(np.frombuffer(made.picture(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (49 * CELL_PX, 2 * 49 * CELL_PX + 12, 3)
    blue, _, red = (picture[:, 49 * CELL_PX + 12 :, k].astype(int) for k in range(3))
    rows, columns = np.nonzero(red - blue > 60)
    cells = {
        ((y // CELL_PX) - 4, (x // CELL_PX) - 4) for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
    }
    assert cells
    assert cells <= {(r, c) for r in range(10, 16) for c in range(2, 9)}
    assert len(made.picture()) < 60_000


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="41"):
        margin_picture(np.zeros((100, 100), np.uint8), np.eye(3), np.zeros((40, 41)))


def test_a_long_batch_is_drawn_in_few_points() -> None:
    values = np.random.default_rng(1).normal(0, 1, 50_000)
    drawn = chart_plot(VERDICTS[Verdict.PASS], chart_of(values, least=0.1), range(1, 50_001), decimals=2)
    assert drawn.count("<circle") <= POINTS_MAX + 1
    assert ">50,000<" in drawn
