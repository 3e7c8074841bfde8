"""Bad input, one test a fault: the faulty row is listed with line, field, what was found and what was expected; every other row passes."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slip_rows import barcode, barcodes, clean, payloads, write_csv

from elqr.check import Checked, SlipCheck, Totals
from elqr.columns import NAMES
from elqr.payload import with_crc
from elqr.problems import Problem, Severity
from elqr.reader import read_slips
from elqr.site import Site, load_site

ROOT = Path(__file__).parent.parent
ISSUED = date(2026, 5, 1)
HIT = 7  # the row that is spoilt, 0-based; its line is HIT + 2
LINE = HIT + 2
Row = dict[str, str | None]


@pytest.fixture(scope="module", name="site")
def _site() -> Site:
    return load_site(ROOT / "sample_data" / "site.toml")


def run(
    rows: pl.DataFrame, site: Site, folder: Path, *, batch_rows: int = 50_000, year: int | None = None
) -> tuple[pl.DataFrame, list[Problem], SlipCheck]:
    """The whole way: file, reader, check, finish. Gives the rows that may be printed and all problems."""
    path = write_csv(rows, folder / "slips.csv")
    check = SlipCheck(site, issue_date=ISSUED, file=path.name, year=year)
    parts: list[Checked] = [check.check(batch) for batch in read_slips(path, batch_rows=batch_rows)]
    end = check.finish()
    frame = pl.concat([p.frame for p in parts])
    frame = frame.filter(~pl.col("line").is_in(end.held["line"].implode()))
    return frame, [q for p in [*parts, end] for q in p.log.problems(path.name)], check


def spoilt(change: Row, *, at: int = HIT, n: int = 20, codes: bool = True) -> pl.DataFrame:
    """Clean rows, with the values of row `at` replaced. With `codes`, payload and barcode still say what the row said before."""
    rows = clean(n, codes=codes)
    missing = [pl.lit(None, pl.String).alias(c) for c in change if c not in rows.columns]
    rows = rows.with_columns(missing)
    here = pl.int_range(pl.len()) == at
    return rows.with_columns(
        pl.when(here).then(pl.lit(v, pl.String)).otherwise(pl.col(c)).alias(c) for c, v in change.items()
    )


def assert_listed(problem: Problem, *, line: int, found: str, expected: str) -> None:
    """Line, what was found and what is expected stand in both sentences."""
    assert problem.where.line == line
    for lang in ("ja", "en"):
        text = problem.text(lang)
        assert found in text, text
        assert expected in text, text
        assert "{" not in text


def test_clean_rows_pass(site: Site, tmp_path: Path) -> None:
    rows = clean(50)
    frame, problems, check = run(rows, site, tmp_path)
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
    ({"supersedes": "X1"}, "value.not_digits", "supersedes", "X1", "20"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "field", "found", "expected"), FAULTS)
def test_one_fault_one_row(
    site: Site, tmp_path: Path, change: Row, code: str, field: str, found: str, expected: str
) -> None:
    rows = spoilt(change, codes=False).with_columns(payload=payloads(clean(20, codes=False)))
    rows = rows.with_columns(payload=pl.when(pl.int_range(pl.len()) != HIT).then("payload"))
    frame, problems, check = run(rows, site, tmp_path)
    told = [p for p in problems if p.severity is not Severity.NOTE and p.code != "payload.missing"]
    assert [(p.code, p.field) for p in told] == [(code, field)]
    assert_listed(told[0], line=LINE, found=found, expected=expected)
    assert frame["line"].to_list() == [i for i in range(2, 22) if i != LINE]
    totals = check.totals()
    assert (totals.rows, totals.held_rows) == (20, 1)
    assert totals.good_yen == frame["amount"].sum()
    assert totals.yen == totals.good_yen + totals.held_yen


def test_another_bodys_code(site: Site, tmp_path: Path) -> None:
    rows = spoilt({"body_code": "141003"})  # a real check digit: 14100 gives 3
    frame, problems, _ = run(rows, site, tmp_path)
    assert [(p.code, p.field) for p in problems] == [
        ("body_code.other", "body_code"),
        ("payload.body_code_differs", "body_code"),
    ]
    assert_listed(problems[0], line=LINE, found="141003", expected="999997")
    assert frame.height == 19


def test_parts_must_sum_to_the_amount(site: Site, tmp_path: Path) -> None:
    rows = spoilt({"principal": "100", "delinquency": "20", "dunning_fee": "3"})
    frame, problems, _ = run(rows, site, tmp_path)
    (problem,) = problems
    assert (problem.code, problem.field) == ("amount.parts", "amount")
    assert_listed(problem, line=LINE, found=rows["amount"][HIT], expected="123")
    assert frame.height == 19
    fitting = rows.with_columns(
        principal="amount", delinquency=pl.lit("0"), dunning_fee=pl.lit(None, pl.String)
    )
    frame, problems, _ = run(fitting, site, tmp_path)
    assert problems == []
    assert frame["principal"].equals(frame["amount"], check_names=False)


def test_a_slip_cannot_replace_itself(site: Site, tmp_path: Path) -> None:
    key = clean(20)["slip_key"][HIT]
    _, problems, _ = run(spoilt({"supersedes": key.lstrip("0")}), site, tmp_path)
    assert [(p.code, p.where.line) for p in problems] == [("supersedes.itself", LINE)]
    assert_listed(problems[0], line=LINE, found=key, expected="")


def test_due_date_before_issue_is_a_note_only(site: Site, tmp_path: Path) -> None:
    rows = clean(20, codes=False)
    rows = rows.with_columns(
        due_date=pl.when(pl.int_range(pl.len()) == HIT).then(pl.lit("2026-04-30")).otherwise("due_date")
    )
    rows = rows.with_columns(payload=payloads(rows), barcode=barcodes(rows))
    frame, problems, _ = run(rows, site, tmp_path)
    (problem,) = problems
    assert (problem.code, problem.severity) == ("due_date.before_issue", Severity.NOTE)
    assert_listed(problem, line=LINE, found="2026-04-30", expected="2026-05-01")
    assert frame.height == 20


def test_empty_postal_code_is_a_warning(site: Site, tmp_path: Path) -> None:
    frame, problems, _ = run(spoilt({"postal_code": None}), site, tmp_path)
    assert [(p.code, p.severity) for p in problems] == [("postal_code.empty", Severity.WARNING)]
    assert frame.height == 20


# ---------------------------------------------------------------- the payload against the row

OTHER: dict[str, tuple[str, str]] = {
    # column of the row -> another value for the payload, and how the message shows it
    "slip_key": ("00000202699990000009", "00000202699990000009"),
    "confirm_no": ("000001", "000001"),
    "levy_year": ("2025", "2025"),
    "tax_year": ("2027", "2027"),
    "period": ("11", "11"),
    "due_date": ("2026-05-15", "2026-05-15"),
    "payable_until": ("2026-12-28", "2026-12-28"),
    "body_code": ("141003", "14100"),
}


def with_payload_of(rows: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    """Row HIT keeps its values, its payload says another `value` for `column`, with a correct CRC."""
    lying = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == HIT).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )
    return rows.with_columns(payload=payloads(lying))


@pytest.mark.parametrize("column", list(OTHER))
def test_payload_that_disagrees(site: Site, tmp_path: Path, column: str) -> None:
    rows = clean(20)
    value, shown = OTHER[column]
    frame, problems, _ = run(with_payload_of(rows, column, value), site, tmp_path)
    (problem,) = problems
    assert (problem.code, problem.field) == (f"payload.{column}_differs", column)
    own = rows[column][HIT]
    assert_listed(problem, line=LINE, found=shown, expected=own[:5] if column == "body_code" else own)
    assert frame["line"].to_list() == [i for i in range(2, 22) if i != LINE]


DIFFERS = [
    "payload.slip_key_differs",
    "payload.confirm_no_differs",
    "payload.levy_year_differs",
    "payload.tax_year_differs",
    "payload.period_differs",
    "payload.due_date_differs",
    "payload.payable_until_differs",
    "payload.body_code_differs",
]


def test_each_of_these_fields_has_its_test() -> None:
    assert [f"payload.{column}_differs" for column in OTHER] == DIFFERS


def test_payload_with_another_tax_item(site: Site, tmp_path: Path) -> None:
    rows = clean(20)
    item = next(i for i in ("901", "902") if i != rows["tax_item"][HIT])
    frame, problems, _ = run(with_payload_of(rows, "tax_item", item), site, tmp_path)
    assert [(p.code, p.field) for p in problems] == [("payload.tax_item_differs", "tax_item")]
    assert_listed(problems[0], line=LINE, found=item, expected=rows["tax_item"][HIT])
    assert frame.height == 19


def test_payload_with_another_amount(site: Site, tmp_path: Path) -> None:
    rows = clean(20)
    frame, problems, _ = run(with_payload_of(rows, "amount", "4321"), site, tmp_path)
    assert [(p.code, p.field) for p in problems] == [
        ("payload.amount_differs", "amount"),
        ("payload.row1_amount_differs", "amount"),
    ]
    for problem in problems:
        assert_listed(problem, line=LINE, found="4321", expected=rows["amount"][HIT])
    assert frame.height == 19


def rewritten(rows: pl.DataFrame, change: Callable[[str], str], *, crc: bool = True) -> pl.DataFrame:
    """Row HIT's payload changed digit by digit; with `crc` the CRC is made right again."""
    texts = rows["payload"].to_list()
    text = change(texts[HIT])
    if crc:
        import numpy as np

        text = bytes(with_crc(np.frombuffer(text.encode(), np.uint8).reshape(1, 255))[0]).decode()
    texts[HIT] = text
    return rows.with_columns(payload=pl.Series(texts))


def test_payload_whose_two_amounts_differ(site: Site, tmp_path: Path) -> None:
    rows = clean(20)
    offset = (
        25 + 13
    )  # MPN block begins after the tags 00, 01, 27 and its two sub-tags: 6 + 6 + 4 + 9 + 4 - 4 = 25
    at = rows["payload"][HIT].index(rows["amount"][HIT].zfill(11))
    assert offset <= at <= offset + 6
    _, problems, _ = run(rewritten(rows, lambda t: t[:at] + "00000000777" + t[at + 11 :]), site, tmp_path)
    assert [p.code for p in problems] == ["payload.amounts", "payload.row1_amount_differs"]
    assert_listed(problems[1], line=LINE, found="777", expected=rows["amount"][HIT])


@pytest.mark.parametrize(
    ("change", "crc", "codes"),
    [
        (lambda t: t[:-1] + str((int(t[-1]) + 1) % 10), False, ["payload.crc"]),
        (lambda t: t[:-1], False, ["payload.length"]),
        (lambda t: t[:100] + "O" + t[101:], False, ["payload.not_digits"]),
        (lambda t: t.replace("6226", "6326", 1), True, ["payload.frame"]),
        (lambda t: t[:4] + "02" + t[6:], True, ["payload.value"]),
    ],
)
def test_payload_that_is_wrong_in_itself(
    site: Site, tmp_path: Path, change: Callable[[str], str], crc: bool, codes: list[str]
) -> None:
    frame, problems, _ = run(rewritten(clean(20), change, crc=crc), site, tmp_path)
    assert [p.code for p in problems] == codes
    assert {p.where.line for p in problems} == {LINE}
    assert frame.height == 19


# ---------------------------------------------------------------- the barcode against the row


def with_barcode(rows: pl.DataFrame, **change: str | int) -> pl.DataFrame:
    """Row HIT's barcode made anew, with a right check digit, from its row and `change`."""
    key, until, amount = rows.select("slip_key", "payable_until", "amount").row(HIT)
    said: dict[str, str | int] = {
        "key": key.lstrip("0"),
        "until": until.replace("-", "")[2:],
        "amount": int(amount),
    }
    codes = rows["barcode"].to_list()
    codes[HIT] = barcode(**{**said, **change})  # type: ignore[arg-type]
    return rows.with_columns(barcode=pl.Series(codes))


@pytest.mark.parametrize(
    ("change", "code", "found"),
    [
        ({"amount": 4321}, "barcode.amount_differs", "4321"),
        ({"until": "261231"}, "barcode.payable_until_differs", "261231"),
        ({"until": "999999"}, "barcode.payable_until_differs", "999999"),
        ({"key": "2026990000000001"}, "barcode.key_differs", "2026990000000001"),
        ({"issuer": "123456"}, "barcode.issuer_differs", "123456"),
        ({"stamp": "1"}, "barcode.stamp_differs", "1"),
    ],
)
def test_barcode_that_disagrees(
    site: Site, tmp_path: Path, change: dict[str, str | int], code: str, found: str
) -> None:
    rows = clean(20)
    until = rows["payable_until"][HIT].replace("-", "")[2:]
    expected = {
        "barcode.amount_differs": rows["amount"][HIT],
        "barcode.payable_until_differs": until,
        "barcode.key_differs": rows["slip_key"][HIT],
        "barcode.issuer_differs": "999999",
        "barcode.stamp_differs": "0",
    }[code]
    frame, problems, _ = run(with_barcode(rows, **change), site, tmp_path)
    assert [(p.code, p.field) for p in problems] == [(code, "barcode")]
    assert_listed(problems[0], line=LINE, found=found, expected=expected)
    assert frame["line"].to_list() == [i for i in range(2, 22) if i != LINE]


def test_barcode_with_a_wrong_check_digit_or_form(site: Site, tmp_path: Path) -> None:
    rows = clean(20)
    code = rows["barcode"][HIT]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    frame, problems, _ = run(spoilt({"barcode": wrong}), site, tmp_path)
    assert [p.code for p in problems] == ["barcode.check"]
    assert_listed(problems[0], line=LINE, found=wrong[-1], expected=code[-1])
    assert frame.height == 19
    for bad, name in ((code[:-1], "barcode.form"), ("92" + code[2:], "barcode.ai")):
        frame, problems, _ = run(spoilt({"barcode": bad}), site, tmp_path)
        assert name in [p.code for p in problems]
        assert {p.where.line for p in problems} == {LINE}
        assert frame.height == 19


def test_no_barcode_above_the_limit(site: Site, tmp_path: Path) -> None:
    rows = clean(20, codes=False)
    here = pl.int_range(pl.len()) == HIT
    for amount, codes in (
        ("300000", []),
        ("300001", ["barcode.above_limit"]),
        ("2000000", ["barcode.above_limit"]),
    ):
        dear = rows.with_columns(amount=pl.when(here).then(pl.lit(amount)).otherwise("amount"))
        short = dear.with_columns(amount=pl.when(here).then(pl.lit("300000")).otherwise("amount"))
        frame, problems, _ = run(
            dear.with_columns(payload=payloads(dear), barcode=barcodes(short)), site, tmp_path
        )
        assert [p.code for p in problems] == codes
        if problems:
            assert_listed(problems[0], line=LINE, found=amount, expected="300000")
        assert frame.height == 20 - len(codes)


def test_without_a_site_the_files_habit_tells(tmp_path: Path) -> None:
    rows = clean(40)
    for change, code, found in (
        ({"key": "2026990000000001"}, "barcode.key_habit", "39"),
        ({"issuer": "123456"}, "barcode.issuer_habit", "123456"),
    ):
        frame, problems, check = run(with_barcode(rows, **change), Site.unknown(), tmp_path)
        assert [(p.code, p.where.line) for p in problems] == [("site.not_given", None), (code, LINE)]
        assert_listed(problems[1], line=LINE, found=found, expected={"39": "40"}.get(found, "999999"))
        assert frame.height == 39
        assert check.totals().held_rows == 1


# ---------------------------------------------------------------- the file as a whole


def test_a_key_that_comes_twice_holds_all_its_rows(site: Site, tmp_path: Path) -> None:
    rows = clean(40)
    lying = rows.with_columns(
        slip_key=pl.when(pl.int_range(pl.len()).is_in([3, 30]))
        .then(pl.lit(rows["slip_key"][HIT].lstrip("0")))
        .otherwise("slip_key")
    )
    lying = lying.with_columns(payload=payloads(lying), barcode=barcodes(lying))
    frame, problems, check = run(lying, site, tmp_path, batch_rows=9)
    assert [(p.code, p.field, p.where.line, p.params["lines"]) for p in problems] == [
        ("slip_key.twice", "slip_key", 5, "9、32"),
        ("slip_key.twice", "slip_key", 9, "5、32"),
        ("slip_key.twice", "slip_key", 32, "5、9"),
    ]
    assert_listed(problems[0], line=5, found=rows["slip_key"][HIT], expected="9、32")
    assert frame.height == 37
    totals = check.totals()
    assert (totals.rows, totals.held_rows) == (40, 3)
    assert totals.good_yen == frame["amount"].sum()


def test_the_files_year_is_the_most_frequent_or_the_given_one(site: Site, tmp_path: Path) -> None:
    rows = clean(20)
    _, problems, _ = run(rows, site, tmp_path, year=2030)
    assert {p.code for p in problems} == {"levy_year.far", "tax_year.far"}
    assert len(problems) == 40
    assert "2029–2031" in problems[0].text("en")
    _, problems, _ = run(rows, site, tmp_path, year=2027)
    assert problems == []


def test_without_a_site_one_note_says_what_was_not_checked(tmp_path: Path) -> None:
    rows = clean(10, codes=False).with_columns(
        tax_item=pl.lit("555"), tax_name=pl.lit("x"), body_code=pl.lit("141003")
    )
    frame, problems, _ = run(rows.with_columns(payload=payloads(rows)), Site.unknown(), tmp_path)
    assert [(p.code, p.severity, p.where.line) for p in problems] == [("site.not_given", Severity.NOTE, None)]
    assert frame.height == 10


def test_one_fault_in_thirty_thousand(site: Site, tmp_path: Path) -> None:
    rows = spoilt({"confirm_no": "12345"}, at=17_000, n=30_000)
    frame, problems, check = run(rows, site, tmp_path, batch_rows=8_000)
    assert [(p.code, p.where.line) for p in problems] == [
        ("value.width", 17_002),
        ("payload.confirm_no_differs", 17_002),
    ]
    assert frame.height == 29_999
    assert set(range(2, 30_002)) - set(frame["line"].to_list()) == {17_002}
    assert check.totals().held_rows == 1


def test_rows_that_could_not_be_read_count_as_held(site: Site, tmp_path: Path) -> None:
    rows = clean(10)
    path = write_csv(rows, tmp_path / "s.csv")
    lines = path.read_bytes().split(b"\n")
    lines[3] += b",x"
    lines[5] = lines[5].replace("みほん県".encode(), b"\xff\xff")
    path.write_bytes(b"\n".join(lines))
    check = SlipCheck(site, issue_date=ISSUED)
    (done,) = [check.check(b) for b in read_slips(path)]
    check.finish()
    assert done.held.rows() == [(4, None, None), (6, rows["slip_key"][4], int(rows["amount"][4]))]
    assert [p.code for p in done.log.problems()] == ["row.fields", "row.undecodable"]
    totals = check.totals()
    assert (totals.rows, totals.held_rows, totals.unreadable) == (10, 2, 1)
    assert totals.held_yen == int(rows["amount"][4])
    assert totals.good_yen == done.frame["amount"].sum()


# ---------------------------------------------------------------- what is changed is said


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
def test_each_change_is_a_note(
    site: Site, tmp_path: Path, change: Row, column: str, code: str, after: object
) -> None:
    rows = spoilt(change, codes=False)
    plain = clean(20, codes=False)
    if column in ("amount", "due_date", "confirm_no"):
        said = str(after)
        plain = plain.with_columns(
            pl.when(pl.int_range(pl.len()) == HIT).then(pl.lit(said)).otherwise(pl.col(column)).alias(column)
        )
    frame, problems, _ = run(rows.with_columns(payload=payloads(plain)), site, tmp_path)
    assert {(p.code, p.field, p.severity, p.where.line) for p in problems} == {
        (code, column, Severity.NOTE, LINE)
    }
    assert str(problems[0].params["found"]) == change[column]
    assert frame[column][HIT] == after
    assert frame.height == 20


@pytest.mark.parametrize("name", ["塚\ufa10", "𠮷田", "葛\U000e0100城", "髙﨑", "ﾐﾎﾝ", "Ｍｉｈｏｎ", "神 か"])
def test_names_are_never_changed_silently(site: Site, tmp_path: Path, name: str) -> None:
    frame, problems, _ = run(spoilt({"payer_name": name, "address": name}), site, tmp_path)
    assert problems == []
    assert frame["payer_name"][HIT] == name
    assert frame["address"][HIT] == name


def test_dates_and_words_in_other_notations_are_read(site: Site, tmp_path: Path) -> None:
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
    frame, problems, _ = run(rows.with_columns(payload=payloads(plain)), site, tmp_path)
    assert problems == []
    assert frame.select("due_date", "payable_until", "kind", "lang", "large_print").row(HIT) == (
        date(2026, 6, 30),
        date(2026, 8, 1),
        "reissue",
        "en",
        True,
    )


# ---------------------------------------------------------------- properties


@settings(max_examples=15)
@given(st.integers(1, 60), st.integers(0, 10_000))
def test_generated_files_are_clean(tmp_path_factory: pytest.TempPathFactory, n: int, seed: int) -> None:
    site = load_site(ROOT / "sample_data" / "site.toml")
    rows = clean(n, seed=seed)
    frame, problems, _ = run(rows, site, tmp_path_factory.mktemp("clean"))
    assert problems == []
    assert frame.height == n


CHECKED = (
    "slip_key",
    "confirm_no",
    "tax_item",
    "body_code",
    "levy_year",
    "tax_year",
    "period",
    "amount",
    "due_date",
    "payable_until",
)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_changed_digit_is_found_on_its_row_alone(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One digit of one field of one row, its payload or its barcode: at least one problem, all of them on that row."""
    site = load_site(ROOT / "sample_data" / "site.toml")
    rows = clean(12, seed=data.draw(st.integers(0, 50)))
    at = data.draw(st.integers(0, 11))
    column = data.draw(st.sampled_from([*CHECKED, "payload", "barcode"]))
    text = rows[column][at]
    place = data.draw(st.sampled_from([i for i, c in enumerate(text) if c.isdigit()]))
    digit = data.draw(st.sampled_from([c for c in "0123456789" if c != text[place]]))
    changed = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == at)
        .then(pl.lit(text[:place] + digit + text[place + 1 :]))
        .otherwise(pl.col(column))
        .alias(column)
    )
    frame, problems, _ = run(changed, site, tmp_path_factory.mktemp("digit"))
    assert problems
    assert {p.where.line for p in problems} == {at + 2}
    assert any(p.severity is Severity.ERROR for p in problems)
    assert frame.height == 11
