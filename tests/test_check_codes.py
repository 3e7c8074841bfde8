"""The 255 digits and the barcode against their row, one test a field; and rows whose payload is composed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from checking import HIT, LINE, SITE, assert_listed, run, spoilt
from slip_rows import barcode, barcodes, clean, payloads
from test_profiles import confirmed

from elqr.digits import to_matrix
from elqr.elnumber import el_numbers
from elqr.payload import with_crc
from elqr.profiles import load_profile
from elqr.site import Site
from elqr.wire import field_named

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
def test_payload_that_disagrees(tmp_path: Path, column: str) -> None:
    rows = clean(20)
    value, shown = OTHER[column]
    frame, problems, _ = run(with_payload_of(rows, column, value), SITE, tmp_path)
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


def test_payload_with_another_tax_item(tmp_path: Path) -> None:
    rows = clean(20)
    item = next(i for i in ("901", "902") if i != rows["tax_item"][HIT])
    frame, problems, _ = run(with_payload_of(rows, "tax_item", item), SITE, tmp_path)
    assert [(p.code, p.field) for p in problems] == [("payload.tax_item_differs", "tax_item")]
    assert_listed(problems[0], line=LINE, found=item, expected=rows["tax_item"][HIT])
    assert frame.height == 19


def test_payload_with_another_amount(tmp_path: Path) -> None:
    rows = clean(20)
    frame, problems, _ = run(with_payload_of(rows, "amount", "4321"), SITE, tmp_path)
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
        text = bytes(with_crc(np.frombuffer(text.encode(), np.uint8).reshape(1, 255))[0]).decode()
    texts[HIT] = text
    return rows.with_columns(payload=pl.Series(texts))


def test_payload_whose_two_amounts_differ(tmp_path: Path) -> None:
    rows = clean(20)
    offset = (
        25 + 13
    )  # MPN block begins after the tags 00, 01, 27 and its two sub-tags: 6 + 6 + 4 + 9 + 4 - 4 = 25
    at = rows["payload"][HIT].index(rows["amount"][HIT].zfill(11))
    assert offset <= at <= offset + 6
    _, problems, _ = run(rewritten(rows, lambda t: t[:at] + "00000000777" + t[at + 11 :]), SITE, tmp_path)
    assert [p.code for p in problems] == ["payload.amounts", "payload.row1_amount_differs"]
    assert_listed(problems[1], line=LINE, found="777", expected=rows["amount"][HIT])


@pytest.mark.parametrize(
    ("change", "crc", "codes"),
    [
        (lambda t: t[:-1] + str((int(t[-1]) + 1) % 10), False, ["payload.crc"]),
        (lambda t: t[:-1], False, ["payload.length"]),
        (lambda t: t[:100] + "O" + t[101:], False, ["payload.not_digits"]),
        (lambda t: t.replace("6226", "6326", 1), True, ["payload.frame"]),
        (lambda t: t[:10] + "9" + t[10:-1], True, ["payload.frame"] * 7),  # all behind it is one place late
        (lambda t: t[:4] + "02" + t[6:], True, ["payload.value"]),
    ],
)
def test_payload_that_is_wrong_in_itself(
    tmp_path: Path, change: Callable[[str], str], crc: bool, codes: list[str]
) -> None:
    frame, problems, _ = run(rewritten(clean(20), change, crc=crc), SITE, tmp_path)
    assert [p.code for p in problems] == codes
    assert {p.where.line for p in problems} == {LINE}
    assert frame.height == 19


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
def test_barcode_that_disagrees(tmp_path: Path, change: dict[str, str | int], code: str, found: str) -> None:
    rows = clean(20)
    until = rows["payable_until"][HIT].replace("-", "")[2:]
    expected = {
        "barcode.amount_differs": rows["amount"][HIT],
        "barcode.payable_until_differs": until,
        "barcode.key_differs": rows["slip_key"][HIT],
        "barcode.issuer_differs": "999999",
        "barcode.stamp_differs": "0",
    }[code]
    frame, problems, _ = run(with_barcode(rows, **change), SITE, tmp_path)
    assert [(p.code, p.field) for p in problems] == [(code, "barcode")]
    assert_listed(problems[0], line=LINE, found=found, expected=expected)
    assert frame["line"].to_list() == [i for i in range(2, 22) if i != LINE]


def test_at_the_limit_itself_the_barcode_is_still_compared(tmp_path: Path) -> None:
    rows = clean(20).with_columns(
        amount=pl.when(pl.int_range(pl.len()) == HIT).then(pl.lit("300000")).otherwise("amount")
    )
    rows = rows.with_columns(payload=payloads(rows))
    _, problems, _ = run(with_barcode(rows, amount=4321), SITE, tmp_path)
    assert [p.code for p in problems] == ["barcode.amount_differs"]


def test_barcode_with_a_wrong_check_digit_or_form(tmp_path: Path) -> None:
    rows = clean(20)
    code = rows["barcode"][HIT]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    frame, problems, _ = run(spoilt({"barcode": wrong}), SITE, tmp_path)
    assert [p.code for p in problems] == ["barcode.check"]
    assert_listed(problems[0], line=LINE, found=wrong[-1], expected=code[-1])
    assert frame.height == 19
    for bad, name in ((code[:-1], "barcode.form"), ("92" + code[2:], "barcode.ai")):
        frame, problems, _ = run(spoilt({"barcode": bad}), SITE, tmp_path)
        assert name in [p.code for p in problems]
        assert {p.where.line for p in problems} == {LINE}
        assert frame.height == 19


def test_no_barcode_above_the_limit(tmp_path: Path) -> None:
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
            dear.with_columns(payload=payloads(dear), barcode=barcodes(short)), SITE, tmp_path
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


@pytest.mark.parametrize(
    ("count", "odd", "told"),
    [(20, 1, 1), (19, 1, 0), (20, 2, 2), (20, 3, 0)],  # a habit: of twenty barcodes or more, nine in ten
)
def test_what_counts_as_a_habit(tmp_path: Path, count: int, odd: int, told: int) -> None:
    rows = clean(count)
    other = barcodes(rows.with_columns(slip_key=pl.lit("2026990000000001")))
    rows = rows.with_columns(
        barcode=pl.when(pl.int_range(pl.len()) < odd).then(other).otherwise(pl.col("barcode"))
    )
    _, problems, _ = run(rows, Site.unknown(), tmp_path)
    assert [p.code for p in problems] == ["site.not_given", *["barcode.key_habit"] * told]


# ---------------------------------------------------------------- rows without a payload


def test_rows_without_payload_need_a_profile(tmp_path: Path) -> None:
    frame, problems, _ = run(spoilt({"payload": None}), SITE, tmp_path)
    assert [(p.code, p.field, p.where.line) for p in problems] == [("payload.missing", "payload", LINE)]
    assert_listed(problems[0], line=LINE, found="", expected="255")
    assert frame.height == 19


def test_rows_without_payload_are_composed_as_a_test(tmp_path: Path) -> None:
    rows = clean(20)
    frame, problems, _ = run(spoilt({"payload": None}), SITE, tmp_path, profile=load_profile("tax"))
    assert problems == []
    assert frame["payload"].equals(rows["payload"])  # the row check digits of both are the stand-in 00
    assert frame["mode"].to_list() == ["pass-through"] * HIT + ["test"] + ["pass-through"] * (19 - HIT)
    frame, problems, _ = run(rows.drop("payload"), SITE, tmp_path, profile=load_profile("tax"))
    assert problems == []
    assert frame["payload"].equals(rows["payload"])
    assert frame["mode"].unique().to_list() == ["test"]


def test_a_confirmed_profile_composes(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(confirmed(), encoding="utf-8")
    frame, problems, _ = run(clean(5).drop("payload"), SITE, tmp_path, profile=load_profile(path))
    assert problems == []
    assert frame["mode"].unique().to_list() == ["compose"]


def test_supplied_payloads_are_held_to_the_profile(tmp_path: Path) -> None:
    """Where a profile confirms its row check digits, a supplied payload with others is held."""
    path = tmp_path / "own.toml"
    path.write_text(confirmed(), encoding="utf-8")
    profile = load_profile(path)
    frame, problems, _ = run(clean(20), SITE, tmp_path, profile=profile)
    assert (problems, frame.height) == ([], 20)
    at = field_named("row1_check").offset
    frame, problems, _ = run(
        rewritten(clean(20), lambda t: t[:at] + "77" + t[at + 2 :]), SITE, tmp_path, profile=profile
    )
    assert [(p.code, p.where.line) for p in problems] == [("payload.row_check", LINE)]
    assert frame.height == 19


def test_the_printed_el_number_is_the_rows_own(tmp_path: Path) -> None:
    """All four parts of eL番号 are cut from the payload; after the check they are what the row says."""
    frame, problems, _ = run(clean(30), SITE, tmp_path)
    parts = el_numbers(to_matrix(frame["payload"], 255))
    assert problems == []
    assert parts["el_body"].equals(frame["body_code"].str.slice(0, 5), check_names=False)
    for part, column in (("el_key", "slip_key"), ("el_confirm", "confirm_no"), ("el_item", "tax_item")):
        assert parts[part].equals(frame[column], check_names=False)
