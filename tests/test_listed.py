"""What a slip says of the others of its notice: said in the words of each slip, in a table and beside it, or the row is held."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from pdfread import texts

from slips.job import JobReport, print_slips
from slips.press import PaperPrepress
from slips.request import PrintRequest
from tests.slip_rows import clean, write_csv

NOTICE = {
    "payer_id": "1",
    "payer_name": "見本 太郎",
    "address": "みほん県みほん市本町1",
    "postal_code": "7230001",
    "notice_no": "N1",
    "tax_item": "901",
    "tax_name": "市県民税(普通徴収)",
}


def notice(langs: list[str], periods: list[str], amounts: list[str]) -> pl.DataFrame:
    """The slips of one notice, a month apart."""
    months = range(6, 6 + len(langs))
    return clean(len(langs), codes=False).with_columns(
        *(pl.lit(text).alias(name) for name, text in NOTICE.items()),
        lang=pl.Series(langs),
        period=pl.Series(periods),
        amount=pl.Series(amounts),
        due_date=pl.Series([f"2026-{month:02d}-26" for month in months]),
        payable_until=pl.lit("2026-12-28"),
        kind=pl.Series(["full_year" if period == "00" else "initial" for period in periods]),
    )


def printed(tmp_path: Path, rows: pl.DataFrame, layout: str = "a4_notice") -> JobReport:
    write_csv(rows, tmp_path / "slips.csv")
    request = PrintRequest(
        slips=tmp_path / "slips.csv", out=tmp_path / "out", layout=layout, profile="tax", issue_date=dt.date(2026, 6, 1)
    )  # fmt: skip
    return print_slips(request, prepress=PaperPrepress)


def own_form(tmp_path: Path, old: str, new: str) -> str:
    """The notice with one figure changed, as a form of the city's own."""
    text = Path("layouts/forms/a4_notice.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "own.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def faults(tmp_path: Path) -> list[tuple[str, str, str]]:
    told = pl.read_csv(tmp_path / "out" / "problems.csv", infer_schema=False)
    return told.filter(pl.col("severity") == "error").select("line", "code", "field").rows()


@pytest.mark.parametrize(
    ("langs", "periods", "said"),
    [
        (["en", "ja"], ["01", "02"], [["Instalment1", "Instalment2", "26July2026"], ["第1期", "第2期"]]),
        (["en", "ja", "ja"], ["00", "01", "02"], [["26August2026", "26June2026"], ["令和8年6月26日"], []]),
        (["zh-Hans", "ja"], ["01", "02"], [["2026年7月26日"], ["令和8年7月26日"]]),
    ],
)
def test_a_notice_whose_slips_speak_two_languages_is_listed_in_both(
    tmp_path: Path, langs: list[str], periods: list[str], said: list[list[str]]
) -> None:
    """Letters that only the other slip's language needs were in no font of the run: the job ended in an internal error."""
    amounts = ["3000", *(["1500"] * (len(langs) - 1))]
    report = printed(tmp_path, notice(langs, periods, amounts))
    assert report.job["printed"]["slips"] == len(langs) and not report.job["rejected_files"]
    for page, words in zip(texts(tmp_path / "out" / "slips-00001.pdf"), said, strict=True):
        assert all(word in page for word in words), (words, page)


def test_a_row_that_cannot_be_listed_in_the_others_words_is_held(tmp_path: Path) -> None:
    columns = '"inst_due", label = "table.due_date", w_mm = {} }},\n  {{ value = "inst_amount", label = "table.amount", w_mm = {}'
    path = Path(own_form(tmp_path, columns.format("33.0", "24.0"), columns.format("31.0", "26.0")))
    text, steps = (
        path.read_text(encoding="utf-8"),
        'rows = 10\nsize_pt = 10.5\nfit = ["size:9", "condense:80"]',
    )
    assert text.count(steps) == 1
    path.write_text(text.replace(steps, "rows = 10\nsize_pt = 10.5"), encoding="utf-8")
    form = str(path)
    rows = notice(["en", "ja", "ja", "ja"], ["01", "02", "03", "04"], ["3000"] * 4)
    assert not printed(tmp_path, rows.head(3), form).job["held"]["slips"]
    (tmp_path / "out").rename(tmp_path / "before")
    report = printed(tmp_path, rows, form)
    assert faults(tmp_path) == [("5", "text.overflow", "inst_due_1")]  # 26 September 2026
    assert report.job["held"]["by_step"]["file"]["slips"] == 1


@pytest.mark.parametrize(("yen", "held"), [("99999999999", True), ("3000", False)])
def test_a_whole_year_whose_amount_does_not_fit_beside_the_table_is_held(
    tmp_path: Path, yen: str, held: bool
) -> None:
    form = own_form(tmp_path, "x_mm = 80.5\nw_mm = 23.5", "x_mm = 92.0\nw_mm = 12.0")
    rows = notice(["ja"] * 3, ["00", "01", "02"], [yen, "1500", "1500"])
    report = printed(tmp_path, rows, form)
    assert faults(tmp_path) == ([("2", "text.overflow", "inst_full_amount")] if held else [])
    assert report.job["printed"]["slips"] == 3 - held
    alone = rows.head(1)  # without instalments it does not stand there
    (tmp_path / "out").rename(tmp_path / "before")
    assert printed(tmp_path, alone, form).job["printed"]["slips"] == 1


def test_what_is_noted_of_a_row_on_the_others_slips_is_noted_once(tmp_path: Path) -> None:
    """An amount is said alike in every language: its note came once for each of them, and once more for the row itself."""
    rows = notice(["en", "ja", "zh-Hans"], ["00", "01", "02"], ["99999999999", "99999999999", "1500"])
    assert printed(tmp_path, rows).job["printed"]["slips"] == 3
    told = pl.read_csv(tmp_path / "out" / "problems.csv", infer_schema=False).select("line", "code", "field")
    listed = told.filter(pl.col("field").str.starts_with("inst_")).rows()
    assert listed == [
        ("2", "text.fit_step", "inst_amount_1"),
        ("2", "text.fit_step", "inst_full_amount"),
        ("3", "text.fit_step", "inst_amount_1"),
    ]
