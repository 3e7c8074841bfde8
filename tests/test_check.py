"""Bad input, one test a fault: the faulty row is listed with line, field, what was found and what was expected; every other row passes."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from checking import HIT, LINE, SITE, Row, assert_listed, run, spoilt
from slip_rows import barcodes, clean, payloads

from elqr.check import Totals
from elqr.columns import NAMES
from elqr.problems import Severity
from elqr.profiles import load_profile


def test_clean_rows_pass(tmp_path: Path) -> None:
    rows = clean(50)
    frame, problems, check = run(rows, SITE, tmp_path)
    assert problems == []
    assert frame.columns == ["line", *NAMES, "mode"]
    assert frame.schema["amount"] == pl.Int64
    assert frame.schema["principal"] == pl.Int64
    assert frame.schema["due_date"] == pl.Date
    assert frame.schema["payable_until"] == pl.Date
    assert frame.schema["large_print"] == pl.Boolean
    assert frame["line"].to_list() == list(range(2, 52))
    assert frame["amount"].cast(pl.String).equals(rows["amount"])
    assert frame["slip_key"].str.len_bytes().unique().to_list() == [20]
    assert frame.select("kind", "lang", "large_print", "mode").unique().rows() == [
        ("initial", "ja", False, "pass-through")
    ]
    assert frame["payload"].equals(rows["payload"])
    assert frame["postal_code"].str.contains("^[0-9]{7}$").all()
    yen = rows["amount"].cast(pl.Int64).sum()
    assert check.totals() == Totals(rows=50, yen=yen)


# One spoilt value of a row without payload and barcode: exactly one problem, on that row.
FAULTS: list[tuple[Row, str, str, str, str]] = [
    ({"confirm_no": None}, "value.missing", "confirm_no", "", ""),
    ({"payer_name": None}, "value.missing", "payer_name", "", ""),
    ({"payer_name": " 　 "}, "value.missing", "payer_name", "", ""),
    ({"address": None}, "value.missing", "address", "", ""),
    ({"amount": None}, "value.missing", "amount", "", ""),
    ({"due_date": None}, "value.missing", "due_date", "", ""),
    ({"payer_id": "1.23457E+11"}, "value.stand_in", "payer_id", "1.23457E+11", ""),
    ({"notice_no": "#N/A"}, "value.stand_in", "notice_no", "#N/A", ""),
    ({"payer_name": "〃"}, "value.stand_in", "payer_name", "〃", ""),
    ({"payer_name": "0"}, "value.stand_in", "payer_name", "0", ""),
    ({"address": "同上"}, "value.stand_in", "address", "同上", ""),
    ({"address": "########"}, "value.stand_in", "address", "########", ""),
    ({"due_date": "2026/06/30 0:00"}, "date.unreal", "due_date", "2026/06/30 0:00", ""),
    ({"confirm_no": "12345"}, "value.width", "confirm_no", "12345", "6"),
    ({"confirm_no": "1234567"}, "value.width", "confirm_no", "1234567", "6"),
    ({"slip_key": "1" * 21}, "value.width", "slip_key", "1" * 21, "20"),
    ({"period": "1"}, "value.width", "period", "1", "2"),
    ({"levy_year": "26"}, "value.width", "levy_year", "26", "4"),
    ({"slip_key": "2026O1"}, "value.not_digits", "slip_key", "2026O1", "20"),
    ({"confirm_no": "12a456"}, "value.not_digits", "confirm_no", "12a456", "6"),
    ({"body_code": "999998"}, "body_code.check_digit", "body_code", "999998", "999997"),
    ({"amount": "0"}, "amount.zero", "amount", "0", "1"),
    ({"amount": "-500"}, "amount.negative", "amount", "-500", ""),
    ({"amount": "▲500"}, "amount.negative", "amount", "-500", ""),
    ({"amount": "123456789012"}, "amount.width", "amount", "123456789012", "11"),
    ({"amount": "12300.5"}, "amount.not_whole", "amount", "12300.5", ""),
    ({"amount": "abc"}, "amount.not_digits", "amount", "abc", ""),
    ({"amount": "1,23"}, "amount.not_digits", "amount", "1,23", ""),
    ({"principal": "-1"}, "amount.negative", "principal", "-1", ""),
    ({"due_date": "2026-06-31"}, "date.unreal", "due_date", "2026-06-31", "20260630"),
    ({"payable_until": "R8.13.1"}, "date.unreal", "payable_until", "R8.13.1", "20260630"),
    ({"due_date": "2026-12-01", "payable_until": "2026-11-30"}, "due_date.after_payable_until", "due_date", "2026-12-01", "2026-11-30"),
    ({"due_date": "2026-04-01", "payable_until": "2026-04-30"}, "payable_until.before_issue", "payable_until", "2026-04-30", "2026-05-01"),
    ({"levy_year": "2028"}, "levy_year.far", "levy_year", "2028", "2025–2027"),
    ({"tax_year": "2024"}, "tax_year.far", "tax_year", "2024", "2025–2027"),
    ({"tax_item": "127"}, "tax_item.unknown", "tax_item", "127", "901、902、903、904"),
    ({"tax_item": "903", "tax_name": "国民健康保険税"}, "tax_name.differs", "tax_name", "国民健康保険税", "軽自動車税(種別割)"),
    ({"postal_code": "723-001"}, "postal_code.syntax", "postal_code", "723-001", "123-4567"),
    ({"address": "あ" * 300}, "value.too_long", "address", "300", "200"),
    ({"address": "みほん市\x0b本町"}, "value.control", "address", "U+000B", ""),
    ({"payer_name": "山田\u202e太郎"}, "value.control", "payer_name", "U+202E", ""),
    ({"payer_name": "山\ue001太郎"}, "value.private_use", "payer_name", "U+E001", ""),
    ({"payer_name": "山\ufffd太郎"}, "value.damaged", "payer_name", "U+FFFD", ""),
    ({"kind": "first"}, "value.choice", "kind", "first", "initial / reissue / dunning / full_year / delinquency"),
    ({"large_print": "2"}, "value.choice", "large_print", "2", "0 / 1"),
    ({"lang": "日本語"}, "lang.syntax", "lang", "日本語", "zh-Hans"),
    ({"covers": "L1:100;L2"}, "covers.syntax", "covers", "L1:100;L2", ""),
    ({"kind": "full_year", "period": "01"}, "kind.full_year_period", "period", "01", "00"),
    ({"supersedes": "X1"}, "value.not_digits", "supersedes", "X1", "20"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "field", "found", "expected"), FAULTS)
def test_one_fault_one_row(
    tmp_path: Path, change: Row, code: str, field: str, found: str, expected: str
) -> None:
    rows = spoilt(change, codes=False).with_columns(payload=payloads(clean(20, codes=False)))
    rows = rows.with_columns(payload=pl.when(pl.int_range(pl.len()) != HIT).then("payload"))
    frame, problems, check = run(rows, SITE, tmp_path)
    told = [p for p in problems if p.severity is not Severity.NOTE and p.code != "payload.missing"]
    assert [(p.code, p.field) for p in told] == [(code, field)]
    assert_listed(told[0], line=LINE, found=found, expected=expected)
    assert frame["line"].to_list() == [i for i in range(2, 22) if i != LINE]
    totals = check.totals()
    assert (totals.rows, totals.held_rows) == (20, 1)
    assert totals.good_yen == frame["amount"].sum()
    assert totals.yen == totals.good_yen + totals.held_yen


@pytest.mark.parametrize(
    "change",
    [
        {"due_date": "2026-05-01", "payable_until": "2026-05-01"},  # both on the issue date
        {"amount": "0" * 12 + "12300"},  # a column filled with zeros has room for more than it needs
        {"address": "あ" * 200},
        {"levy_year": "2025", "tax_year": "2025"},
        {"levy_year": "2027", "tax_year": "2027"},
    ],
)
def test_a_value_just_within_its_limit_is_no_fault(tmp_path: Path, change: Row) -> None:
    rows = spoilt(change, codes=False)
    yen = pl.col("amount").cast(pl.Int64).cast(pl.String)
    rows = rows.with_columns(payload=payloads(rows.with_columns(amount=yen)))
    frame, problems, _ = run(rows, SITE, tmp_path)
    assert [p.code for p in problems if p.severity is not Severity.NOTE] == []
    assert frame.height == 20


def test_another_bodys_code(tmp_path: Path) -> None:
    rows = spoilt({"body_code": "141003"})  # a real check digit: 14100 gives 3
    frame, problems, _ = run(rows, SITE, tmp_path)
    assert [(p.code, p.field) for p in problems] == [
        ("body_code.other", "body_code"),
        ("payload.body_code_differs", "body_code"),
    ]
    assert_listed(problems[0], line=LINE, found="141003", expected="999997")
    assert frame.height == 19


def test_parts_must_sum_to_the_amount(tmp_path: Path) -> None:
    rows = spoilt({"principal": "100", "delinquency": "20", "dunning_fee": "3"})
    frame, problems, _ = run(rows, SITE, tmp_path)
    (problem,) = problems
    assert (problem.code, problem.field) == ("amount.parts", "amount")
    assert_listed(problem, line=LINE, found=rows["amount"][HIT], expected="123")
    assert frame.height == 19
    fitting = rows.with_columns(
        principal="amount", delinquency=pl.lit("0"), dunning_fee=pl.lit(None, pl.String)
    )
    frame, problems, _ = run(fitting, SITE, tmp_path)
    assert problems == []
    assert frame["principal"].equals(frame["amount"], check_names=False)


@pytest.mark.parametrize(
    ("change", "total", "expected"),
    [
        ({"amount": "1000", "covers": "L1:400;L2:500"}, "900", "1000"),
        ({"amount": "1000", "covers": "L1:999"}, "999", "1000"),
        ({"amount": "1000", "covers": "L1:1001;L1:0"}, "1001", "1000"),
        ({"amount": "1000", "principal": "900", "delinquency": "100", "covers": "L1:400;L2:600"}, "1000", "900"),
        ({"amount": "1000", "principal": "900", "dunning_fee": "100", "covers": "L1:950"}, "950", "900"),
    ],
)  # fmt: skip
def test_covered_lines_must_come_to_the_amount(
    tmp_path: Path, change: Row, total: str, expected: str
) -> None:
    """Told only at night, the slip is with its payer already and every payment of it waits for a person."""
    rows = spoilt(change, codes=False)
    frame, problems, _ = run(rows, SITE, tmp_path, profile=load_profile("tax"))
    told = [p for p in problems if p.severity is not Severity.NOTE]
    assert [(p.code, p.field) for p in told] == [("covers.sum", "covers")]
    assert_listed(told[0], line=LINE, found=total, expected=expected)
    assert frame.height == 19


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1000", "covers": "L1:1000"},
        {"amount": "1000", "covers": "L1:400;L2:600"},
        {"amount": "1000", "principal": "900", "delinquency": "100", "covers": "L1:900"},
        {"amount": "1000", "principal": "900", "delinquency": "100", "covers": "L1:1000"},
        {"amount": "1000", "principal": "900", "delinquency": "100", "covers": "L1:500;L1:500"},
        {"amount": "1000", "principal": "900", "dunning_fee": "100", "covers": "L1:400;L2:500"},
    ],
)
def test_covered_lines_may_leave_out_what_comes_on_top(tmp_path: Path, change: Row) -> None:
    frame, problems, _ = run(spoilt(change, codes=False), SITE, tmp_path, profile=load_profile("tax"))
    assert [p.code for p in problems if p.severity is not Severity.NOTE] == []
    assert frame.height == 20


def test_a_slip_cannot_replace_itself(tmp_path: Path) -> None:
    key = clean(20)["slip_key"][HIT]
    _, problems, _ = run(spoilt({"supersedes": key.lstrip("0")}), SITE, tmp_path)
    assert [(p.code, p.where.line) for p in problems] == [("supersedes.itself", LINE)]
    assert_listed(problems[0], line=LINE, found=key, expected="")


def test_a_reminder_before_its_day_is_over_is_told(tmp_path: Path) -> None:
    """地方税法: a reminder goes out within 20 days after the due date, to those who have not paid by then."""
    _, problems, _ = run(spoilt({"kind": "dunning"}), SITE, tmp_path)
    (problem,) = problems
    assert (problem.code, problem.severity) == ("kind.dunning_early", Severity.WARNING)
    due = clean(20)["due_date"][HIT]
    assert_listed(problem, line=LINE, found=due, expected="2026-05-01")


@pytest.mark.parametrize(
    ("due", "codes"), [("2026-04-30", ["due_date.before_issue"]), ("2026-05-01", ["kind.dunning_early"])]
)
def test_a_reminder_from_the_day_after_is_not(tmp_path: Path, due: str, codes: list[str]) -> None:
    rows = clean(20, codes=False)
    hit = pl.int_range(pl.len()) == HIT
    rows = rows.with_columns(
        due_date=pl.when(hit).then(pl.lit(due)).otherwise("due_date"),
        kind=pl.when(hit).then(pl.lit("dunning")).otherwise(pl.lit("initial")),
    )
    rows = rows.with_columns(payload=payloads(rows), barcode=barcodes(rows))
    _, problems, _ = run(rows, SITE, tmp_path)
    assert [p.code for p in problems if p.code != "due_date.day_off"] == codes


def test_due_date_before_issue_is_a_note_only(tmp_path: Path) -> None:
    rows = clean(20, codes=False)
    rows = rows.with_columns(
        due_date=pl.when(pl.int_range(pl.len()) == HIT).then(pl.lit("2026-04-30")).otherwise("due_date")
    )
    rows = rows.with_columns(payload=payloads(rows), barcode=barcodes(rows))
    frame, problems, _ = run(rows, SITE, tmp_path)
    (problem,) = problems
    assert (problem.code, problem.severity) == ("due_date.before_issue", Severity.NOTE)
    assert_listed(problem, line=LINE, found="2026-04-30", expected="2026-05-01")
    assert frame.height == 20


def test_empty_postal_code_is_a_warning(tmp_path: Path) -> None:
    frame, problems, _ = run(spoilt({"postal_code": None}), SITE, tmp_path)
    assert [(p.code, p.severity) for p in problems] == [("postal_code.empty", Severity.WARNING)]
    assert frame.height == 20


@pytest.mark.parametrize(
    ("change", "column", "code", "after"),
    [
        ({"confirm_no": "０１２３４５"}, "confirm_no", "value.normalised", "012345"),
        ({"amount": "１２，３００円"}, "amount", "value.normalised", 12300),
        ({"amount": "¥12,300"}, "amount", "value.normalised", 12300),
        ({"due_date": "令和８年６月１日"}, "due_date", "value.normalised", date(2026, 6, 1)),
        ({"postal_code": "〒７２３ー０００１"}, "postal_code", "value.normalised", "7230001"),
        ({"payer_name": "　山田 太郎 "}, "payer_name", "value.trimmed", "山田 太郎"),
        (
            {"address": "みほん市本町\r\nみほんビル"},
            "address",
            "value.line_break",
            "みほん市本町　みほんビル",
        ),
        ({"payer_name": "カ\u3099ル\u3099 商店"}, "payer_name", "value.composed", "ガル\u3099 商店"),
        ({"payer_name": "\ue000橋"}, "payer_name", "value.gaiji", "髙橋"),
    ],
)
def test_each_change_is_a_note(tmp_path: Path, change: Row, column: str, code: str, after: object) -> None:
    rows = spoilt(change, codes=False)
    plain = clean(20, codes=False)
    if column in ("amount", "due_date", "confirm_no"):
        said = str(after)
        plain = plain.with_columns(
            pl.when(pl.int_range(pl.len()) == HIT).then(pl.lit(said)).otherwise(pl.col(column)).alias(column)
        )
    frame, problems, _ = run(rows.with_columns(payload=payloads(plain)), SITE, tmp_path)
    assert {(p.code, p.field, p.severity, p.where.line) for p in problems} == {
        (code, column, Severity.NOTE, LINE)
    }
    assert str(problems[0].params["found"]) == change[column]
    assert frame[column][HIT] == after
    assert frame.height == 20


@pytest.mark.parametrize("name", ["塚\ufa10", "𠮷田", "葛\U000e0100城", "髙﨑", "ﾐﾎﾝ", "Ｍｉｈｏｎ", "神 か"])
def test_names_are_never_changed_silently(tmp_path: Path, name: str) -> None:
    frame, problems, _ = run(spoilt({"payer_name": name, "address": name}), SITE, tmp_path)
    assert problems == []
    assert frame["payer_name"][HIT] == name
    assert frame["address"][HIT] == name


def test_dates_and_words_in_other_notations_are_read(tmp_path: Path) -> None:
    rows = spoilt(
        {
            "due_date": "R8.6.30",
            "payable_until": "20260801",
            "kind": "再発行",
            "lang": "EN",
            "large_print": "1",
        },
        codes=False,
    )
    plain = spoilt({"due_date": "2026-06-30", "payable_until": "2026-08-01"}, codes=False)
    frame, problems, _ = run(rows.with_columns(payload=payloads(plain)), SITE, tmp_path)
    assert problems == []
    assert frame.select("due_date", "payable_until", "kind", "lang", "large_print").row(HIT) == (
        date(2026, 6, 30),
        date(2026, 8, 1),
        "reissue",
        "en",
        True,
    )
