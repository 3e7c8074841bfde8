"""`report.html`: one file without network or script, tables that a screen reader can use, opened in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from night_runs import FIRST, SECOND, elqr, night, rows

from elqr.html_charts import bars, pairs
from elqr.html_page import Column, Words, table
from reconcile.report_words import percent, yen

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("report")
    night(top, "one", *FIRST)
    night(top, "two", *SECOND)
    return top / "two"


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Tags with their attributes, in order; unclosed ones."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br", "rect", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "path"}:
            assert self.open.pop() == tag


def test_nothing_in_it_can_run_or_reach_out(html: str) -> None:
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    tags = {tag for tag, _ in outline.tags}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "a", "base"})
    policy = next(a["content"] for t, a in outline.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    names = {name for _, attrs in outline.tags for name in attrs}
    assert not any(n.startswith("on") or n in {"src", "href", "style"} for n in names)
    assert "url(" not in html and "@import" not in html


def test_every_table_has_caption_and_headings(html: str) -> None:
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    assert len(tables) >= 10
    for one in tables:
        assert one.startswith("<caption>")
        assert '<th scope="col"' in one
        body = one.split("<tbody>")[1]
        assert body.count("<tr>") == body.count('<th scope="row"')
    assert html.count('role="img"') == html.count("<desc>") >= 4


def test_sections_are_there_in_both_languages(html: str) -> None:
    for ja, en in (
        ("届いたもの", "What came in"),
        ("三つの突合", "Balanced three ways"),
        ("過誤納", "Overpayments"),
        ("収納率", "Collection rate"),
        ("督促の候補", "Reminders"),
    ):
        assert ja in html and en in html
    assert "みほん市" in html and "令和8年7月15日" in html


def test_a_cell_is_never_markup() -> None:
    said = table(Words("<b>", "&"), [Column(Words("x", "y"))], [("<script>alert(1)</script>",)])
    assert "<script>" not in said and "&lt;script&gt;" in said
    drawn = bars(Words("<b>", "&"), [("<i>", 1, "<u>")])
    assert "<i>" not in drawn and "<u>" not in drawn


def test_equal_values_are_equally_long_and_nothing_is_no_chart() -> None:
    drawn = bars(Words("a", "b"), [("x", 5, "5"), ("y", 5, "5"), ("z", 0, "0")])
    widths = re.findall(r'width="(\d+)" height="16"', drawn)
    assert widths[0] == widths[1] and widths[2] == "0"
    assert bars(Words("a", "b"), []) == bars(Words("a", "b"), [("x", 0, "0")]) == ""
    assert pairs(Words("a", "b"), Words("c", "d"), Words("e", "f"), [("4月", 0, 0)]) == ""


def test_figures_are_cut_and_never_rounded_up_to_all() -> None:
    assert [percent(999_999, 1_000_000), percent(1, 1), percent(0, 0)] == ["99.9%", "100.0%", "–"]
    assert [yen(-12_300), yen(0)] == ["-12,300円", "0円"]


def test_reminders_leave_out_what_may_have_been_paid(folder: Path) -> None:
    lines = {row["line_id"]: row for row in rows(folder / "dunning.csv")}
    assert lines and all(row["days_left"] == "5" and row["when"] == "now" for row in lines.values())
    assert "2026902-000017-01" in lines  # its payment was cancelled
    assert "2026901-000036-01" not in lines  # a receipt in suspense may be meant for it
    assert "2025901-000006-04" not in lines  # a reminder is out
    assert (
        "2026901-000026-01" in lines and lines["2026901-000026-01"]["open"] == "1000"
    )  # the rest of a part payment


def test_a_reminder_says_that_a_person_must_see_to_whom_it_goes(tmp_path: Path) -> None:
    """What somebody has said of a payer is known: a reminder to the dead binds nobody."""
    assert night(tmp_path, "night", *FIRST).exit_code == 1
    as_of = ("--as-of", "2026-07-13")
    before = elqr("report", "--ledger", tmp_path / "ledger", *as_of, "--out", tmp_path / "before")
    assert before.exit_code == 0, before.output
    lines = rows(tmp_path / "before" / "dunning.csv")
    payer = lines[0]["payer_id"]
    assert payer and {row["blocked"] for row in lines} == {""}
    block = ("refunds", "block", payer, "--ledger", tmp_path / "ledger", *as_of, "--as", "sato", "--reason")
    for steps, said in (
        (((*block, "heirs"), (*block, "co_owners")), "co_owners;heirs"),
        (((*block, "heirs", "--lift"),), "co_owners"),
    ):
        for words in steps:
            assert elqr(*words).exit_code == 0
        elqr("report", "--ledger", tmp_path / "ledger", *as_of, "--out", tmp_path / "after")
        after = rows(tmp_path / "after" / "dunning.csv")
        assert [r["line_id"] for r in after] == [r["line_id"] for r in lines]  # nobody is dropped
        assert {r["blocked"] for r in after if r["payer_id"] == payer} == {said}
        assert {r["blocked"] for r in after if r["payer_id"] != payer} == {""}


def browser() -> str:
    """The browser that the test target brings (tools/system_parts.py)."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert found, f"none of {', '.join(CHROMIUM)} is there: make test installs it"
    return found


def test_a_browser_opens_and_prints_it(folder: Path, tmp_path: Path) -> None:
    pdf, shown = tmp_path / "report.pdf", (folder / "report.html").as_uri()
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [browser(), *words, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", shown],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Content Security Policy" not in done.stderr
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert 2 <= len(document) <= 6
    assert text.count("364,300") == 1  # a total stands at the end of its table, not on each page
    assert "2026-06-23" in text  # a date is not broken at its hyphens
    for wanted in ("収納消込", "三つの突合", "みほん市", "218,900円", "督促"):
        assert wanted in text
    width, height = document[0].get_size()
    assert (round(width), round(height)) == (595, 842)


def cells(html: str, caption: str) -> dict[str, list[str]]:
    """The rows of a table by their heading, tags left out."""
    body = html.split(f"<caption>{caption}", 1)[1].split("<tbody>", 1)[1].split("</table>", 1)[0]
    lines = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>") if "<t" in row]
    return {re.sub("<[^>]+>", "", head): rest for head, *rest in lines}


@pytest.fixture(scope="module")
def later(folder: Path) -> str:
    """The same ledger on 31 July a year later, when nothing else has come."""
    out = folder.parent / "later"
    said = elqr("report", "--ledger", folder.parent / "ledger", "--as-of", "2027-07-31", "--out", out)
    assert said.exit_code == 0, said.output
    return (out / "report.html").read_text(encoding="utf-8")


def test_a_month_of_which_the_ledger_knows_nothing_has_no_figure(html: str, later: str) -> None:
    """The first payment of the ledger is of June 2026: before it, and in months to come, 0 would be a claim."""
    now = cells(html, "月別(円)")
    assert now["5月"] == now["8月"] == ["–", "–", "–"]
    assert now["6月"] == ["1,770,600", "–", "–"] and now["計 total"][1:] == ["–", "–"]
    after = cells(later, "月別(円)")
    assert after["5月"] == ["0", "–", "–"]
    assert after["6月"] == ["0", "1,770,600", "-1,770,600"]
    assert after["7月"][2] != "–", "the month is over on its last day"
    assert after["8月"] == ["–", "0", "–"]


def test_a_month_that_goes_on_is_compared_with_no_whole_one(folder: Path) -> None:
    out = folder.parent / "earlier"
    assert (
        elqr("report", "--ledger", folder.parent / "ledger", "--as-of", "2027-07-30", "--out", out).exit_code
        == 0
    )
    assert cells((out / "report.html").read_text(encoding="utf-8"), "月別(円)")["7月"][2] == "–"


def test_reminders_whose_day_has_passed_are_one_row(html: str, later: str) -> None:
    """Years of old debts would otherwise be a row for every day on which something fell due."""
    assert "発送期限を過ぎたもの" not in html
    assert list(cells(later, "督促状の発送期限別")) == ["発送期限を過ぎたもの past that day", "計 total"]


def test_the_share_of_a_channel_is_told_month_by_month(html: str, later: str) -> None:
    """Whether people go from the counter to the app is what the city wants to see; shares of a row come to a hundred, but for what is cut."""
    now = cells(html, "納付方法の割合(件数)")
    assert list(now) == ["6月 ", "7月 ", "2026年度 fiscal 2026"]
    for shares in now.values():
        assert 98 < sum(float(share.rstrip("%")) for share in shares) <= 100
    assert cells(later, "納付方法の割合(件数)") == {
        "2026年度 fiscal 2026": now["2026年度 fiscal 2026"],
        "2027年度 fiscal 2027": ["–"] * 5,
    }
