"""Transfer files: every hold and every note, the bytes of reconcile-rules §5 at their columns, the way there and back, lies in the trailer."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.problems import ProblemError
from reconcile import zengin
from reconcile.banks import branch_table, data_date, with_names
from reconcile.kana import unwritable
from reconcile.transfers import Consignor, check, header, write
from reconcile.zengin import COLUMNS, DATA, END, HEADER, RECORD_BYTES, TRAILER, Header, encode
from reconcile.zengin_reader import decode

CITY = Consignor("1234567890", "ミハラシ　カイケイカンリシャ", "0169", "001", "1", "7654321")
DAY = date(2026, 11, 20)


def refunds(**change: object) -> pl.DataFrame:
    row: dict[str, object] = {
        "line": 2,
        "reference": "15",
        "bank_code": "0005",
        "branch_code": "001",
        "account_type": "1",
        "account_no": "12345",
        "payee": "ヤマダ　タロー",
        "amount": 123_400,
    }
    return pl.DataFrame([row | change], schema_overrides={"amount": pl.Int64})


def codes(frame: pl.DataFrame) -> dict[str, str]:
    """Code → the Japanese sentence, of all that `check` says."""
    report = check(frame).log.report()
    return dict(zip(report["code"].to_list(), report["message_ja"].to_list(), strict=True))


# --- banks ----------------------------------------------------------------------------------------


def test_every_bank_and_branch_has_a_name_that_can_be_written() -> None:
    table = branch_table()
    for column in ("bank_kana", "branch_kana"):
        assert unwritable(table[column]).unique().to_list() == [""]
        assert table[column].str.len_chars().min() and table[column].str.len_chars().max() <= 15  # type: ignore[operator]
    assert table.select("bank_code", "branch_code").is_unique().all()
    assert table["bank_code"].str.contains("^[0-9]{4}$").all()
    assert table["branch_code"].str.contains("^[0-9]{3}$").all()
    assert table.height > 25_000 and data_date() >= date(2026, 8, 24)


def test_names_of_known_codes() -> None:
    asked = pl.DataFrame(
        {"bank_code": ["0005", "0005", "0000", None], "branch_code": ["001", "000", "001", None]}
    )
    found = with_names(asked)
    assert found["bank_kana"].to_list() == ["ﾐﾂﾋﾞｼﾕ-ｴﾌｼﾞｴｲ", "ﾐﾂﾋﾞｼﾕ-ｴﾌｼﾞｴｲ", None, None]
    assert found["branch_kana"].to_list() == ["ﾎﾝﾃﾝ", None, None, None]


# --- checking -------------------------------------------------------------------------------------


def test_a_good_refund_is_cleaned() -> None:
    checked = check(refunds())
    assert checked.frame.row(0, named=True) == {
        "line": 2,
        "bank_code": "0005",
        "bank_name": "ﾐﾂﾋﾞｼﾕ-ｴﾌｼﾞｴｲ",
        "branch_code": "001",
        "branch_name": "ﾎﾝﾃﾝ",
        "account_type": "1",
        "account_no": "12345",
        "payee": "ﾔﾏﾀﾞ ﾀﾛ-",
        "amount": 123_400,
        "new_code": "0",
        "reference": "15",
        "reference_2": "0",
    }
    assert checked.log.table()["code"].to_list() == ["transfer.rewritten"]
    said = codes(refunds(payee="ヤマダタロー"))["transfer.rewritten"]
    assert "「ヤマダタロー」を「ﾔﾏﾀﾞﾀﾛ-」と書き換えました" in said


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"payee": "山田 ﾀﾛｳ"}, "transfer.payee", "「山田」"),
        ({"payee": "Yamada"}, "transfer.payee", "「amd」"),
        ({"payee": "ｻｲﾄｦ"}, "transfer.payee", "「ｦ」"),
        ({"payee": "ｴﾙ,ｴ-"}, "transfer.payee", "「,」"),
        ({"payee": "　"}, "transfer.payee_missing", "口座名義がありません"),
        ({"payee": None}, "transfer.payee_missing", "口座名義がありません"),
        ({"bank_code": "0000"}, "transfer.bank", "「0000」"),
        ({"bank_code": "5"}, "transfer.bank", "「5」"),
        ({"bank_code": None}, "transfer.bank", "「」"),
        ({"branch_code": "000"}, "transfer.branch", "「000」は銀行番号「0005」"),
        ({"account_no": "12345678"}, "transfer.digits", "数字1–7桁"),
        ({"account_no": "１２３"}, "transfer.digits", "「１２３」"),
        ({"account_no": ""}, "transfer.digits", "「」"),
        ({"reference": "R-1"}, "transfer.digits", "「R-1」"),
        ({"reference": None}, "transfer.digits", "reference"),
        ({"account_type": "3"}, "transfer.choice", "1, 2, 4, 9"),
        ({"account_type": None}, "transfer.choice", "account_type"),
        ({"new_code": "7"}, "transfer.choice", "0, 1, 2"),
        ({"amount": 0}, "transfer.amount", "「0」円"),
        ({"amount": -5}, "transfer.amount", "「-5」円"),
        ({"amount": None}, "transfer.amount", "9,999,999,999"),
        ({"amount": 10_000_000_000}, "transfer.amount", "「10000000000」円"),
    ],
)
def test_what_cannot_be_expressed_holds_that_refund_only(
    change: dict[str, object], code: str, said: str
) -> None:
    frame = pl.concat([refunds(**change), refunds(line=3, reference="16", payee="ｱ")], how="diagonal_relaxed")
    assert said in codes(frame)[code]
    assert check(frame).frame["line"].to_list() == [3]
    held = check(frame).log.table().filter(pl.col("severity") == "error")
    assert held["code"].to_list() == [code] and held["line"].to_list() == [2]


@pytest.mark.parametrize("amount", [1, 9_999_999_999])
def test_the_ends_of_the_amount_pass(amount: int) -> None:
    assert check(refunds(amount=amount)).frame["amount"].to_list() == [amount]


def test_a_refund_that_stands_twice_goes_nowhere() -> None:
    checked = check(pl.concat([refunds(), refunds(line=3), refunds(line=4, reference="16")]))
    assert checked.frame["line"].to_list() == [4]
    assert "二重払い" in codes(pl.concat([refunds(), refunds(line=3)]))["transfer.duplicate"]


def test_a_long_name_is_cut_before_the_letter_that_carries_the_mark() -> None:
    checked = check(refunds(payee="ｱ" * 29 + "ｶﾞ"))
    assert checked.frame["payee"].to_list() == ["ｱ" * 29]
    assert checked.log.table()["severity"].to_list() == ["warning"]
    assert "30文字を超える" in codes(refunds(payee="ｱ" * 31))["transfer.cut"]
    assert "transfer.cut" not in codes(refunds(payee="ｱ" * 28 + "ｶﾞ"))


def test_wo_is_a_matter_of_the_bank() -> None:
    assert check(refunds(payee="ｻｲﾄｦ"), allow_wo=True).frame["payee"].to_list() == ["ｻｲﾄｦ"]


@pytest.mark.parametrize(
    ("day", "next_day"),
    [("2026-11-21", "2026-11-24"), ("2026-11-23", "2026-11-24"), ("2026-12-31", "2027-01-04")],
)
def test_banks_must_be_open(day: str, next_day: str) -> None:
    with pytest.raises(ProblemError) as refused:
        write(check(refunds()).frame, consignor=CITY, transfer_on=date.fromisoformat(day))
    assert refused.value.problems[0].code == "transfer.day"
    assert next_day in refused.value.problems[0].text("ja")
    header(CITY, transfer_on=date.fromisoformat(next_day))


def test_banks_are_open_on_29_december() -> None:
    assert header(CITY, transfer_on=date(2026, 12, 29)).transfer_day == "1229"


def test_every_fault_of_the_consignor_is_named() -> None:
    wrong = Consignor("12345678901", "三原市", "0000", "999", "4", "x")
    with pytest.raises(ProblemError) as refused:
        header(wrong, transfer_on=DAY)
    assert {p.code for p in refused.value.problems} == {"transfer.consignor"}
    fields = [p.field for p in refused.value.problems]
    assert fields == ["code", "name", "bank_code", "account_type", "account_no"]
    with pytest.raises(ProblemError, match="branch_code"):
        header(Consignor("1", "ｱ", "0005", "000", "1", "1"), transfer_on=DAY)
    with pytest.raises(ProblemError, match="name"):
        header(Consignor("1", "ｱ" * 41, "0005", "001", "1", "1"), transfer_on=DAY)


def test_no_file_without_transfers_nor_with_too_many() -> None:
    frame = check(refunds()).frame
    with pytest.raises(ProblemError) as refused:
        write(frame.clear(), consignor=CITY, transfer_on=DAY)
    assert refused.value.problems[0].code == "transfer.none"
    many = pl.concat([frame.with_columns(amount=pl.lit(9_999_999_999, dtype=pl.Int64))] * 101)
    with pytest.raises(ProblemError) as refused:
        write(many, consignor=CITY, transfer_on=DAY)
    assert refused.value.problems[0].code == "transfer.too_many"
    assert "1,009,999,999,899" in refused.value.problems[0].text("ja")
    million = frame.select(pl.all().repeat_by(1_000_000).explode())
    with pytest.raises(ProblemError) as refused:
        write(million, consignor=CITY, transfer_on=DAY)
    assert refused.value.problems[0].code == "transfer.too_many"


# --- the bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [HEADER, DATA, TRAILER, END])
def test_each_record_is_120_bytes_without_gaps(fields: tuple[zengin.Field, ...]) -> None:
    at = 1
    for field in fields:
        assert field.start == at
        assert field.fixed is None or len(field.fixed) in {0, field.width}
        at += field.width
    assert at == RECORD_BYTES + 1


def test_records_byte_for_byte() -> None:
    """Columns counted out of reconcile-rules §5 by hand, not from the wire table."""
    raw = write(check(refunds()).frame, consignor=CITY, transfer_on=DAY).decode("cp932")
    head, data, trailer, end = (raw[i : i + 120] for i in range(0, 480, 120))
    assert len(raw) == 480
    assert head[0:4] == "1210"
    assert head[4:14] == "1234567890"
    assert head[14:54] == "ﾐﾊﾗｼ ｶｲｹｲｶﾝﾘｼﾔ".ljust(40)
    assert head[54:58] == "1120"
    assert head[58:62] == "0169" and head[77:80] == "001"
    assert head[62:77] == "ﾋﾛｼﾏ".ljust(15)
    assert head[80:95].strip() and head[95:103] == "17654321" and head[103:] == " " * 17
    assert data[0:5] == "20005" and data[5:20] == "ﾐﾂﾋﾞｼﾕ-ｴﾌｼﾞｴｲ".ljust(15)
    assert data[20:23] == "001" and data[23:38] == "ﾎﾝﾃﾝ".ljust(15) and data[38:42] == "0000"
    assert data[42:50] == "10012345" and data[50:80] == "ﾔﾏﾀﾞ ﾀﾛ-".ljust(30)
    assert data[80:91] == "00001234000" and data[91:111] == "0000000015" + "0000000000"
    assert data[111:] == "7" + " " * 8
    assert trailer == "8000001000000123400" + " " * 101
    assert end == "9" + " " * 119


HEAD = header(CITY, transfer_on=DAY)
LETTERS = [chr(c) for c in range(0xFF71, 0xFF9E)] + ["ｶﾞ", "ﾊﾟ", "ｦ"]
NAMES = st.lists(st.sampled_from([*LETTERS, *"AZ09().-"]), min_size=1, max_size=15).map(
    lambda c: "".join(c)[:15]
)


def digits(width: int) -> st.SearchStrategy[str]:
    return st.integers(0, 10**width - 1).map(lambda n: f"{n:0{width}}")


ROWS = st.fixed_dictionaries(
    {
        "bank_code": digits(4),
        "bank_name": NAMES,
        "branch_code": digits(3),
        "branch_name": NAMES,
        "account_type": st.sampled_from("1249"),
        "account_no": digits(7),
        "payee": NAMES,
        "amount": st.integers(1, 9_999_999_999),
        "new_code": st.sampled_from("012"),
        "reference": digits(10),
        "reference_2": digits(10),
    }
)


FEWER = settings(max_examples=settings().max_examples // 4)  # each example is a file written and read


@FEWER
@given(st.lists(ROWS, min_size=1, max_size=5))
def test_there_and_back(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema_overrides={"amount": pl.Int64}).select(COLUMNS)
    raw = encode(frame, header=HEAD)
    assert len(raw) == RECORD_BYTES * (len(rows) + 3)
    found = decode(raw)
    assert found.header == HEAD
    assert found.transfers.equals(frame)
    assert encode(found.transfers, header=found.header) == raw


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("close", [b"", b"\x1a"])
def test_line_ends_do_not_matter(end: bytes, close: bytes) -> None:
    raw = good()
    lines = b"".join(raw[i : i + 120] + end for i in range(0, len(raw), 120))
    assert decode(lines + close).transfers.equals(decode(raw).transfers)
    assert decode(lines.removesuffix(end)).header == HEAD


def good(count: int = 2) -> bytes:
    rows = pl.concat([refunds(line=n, reference=str(n), payee="ｱ") for n in range(count)])
    return write(check(rows).frame, consignor=CITY, transfer_on=DAY)


@pytest.mark.parametrize(
    ("at", "new", "code", "said"),
    [
        (120 * 3 + 1, b"000003", "transfer.count", "3 件、データは 2 件です（差 -1 件）"),
        (
            120 * 3 + 7,
            b"000000246801",
            "transfer.total",
            "246,801 円、データの合計は 246,800 円です（差 -1 円）",
        ),
        (120 * 3, b"2", "transfer.record_order", "「12229」"),
        (0, b"2", "transfer.record_order", "「22289」"),
        (1, b"11", "transfer.constant", "種別コード"),
        (3, b"1", "transfer.constant", "コード区分"),
        (120 + 111, b"8", "transfer.constant", "振込指定区分"),
        (120 + 119, b"X", "transfer.constant", "ダミー"),
        (120 + 80, b"A", "transfer.number", "A000123400"),
        (120 + 50, b"\xb0", "transfer.character", "51 桁目のバイト B0"),  # ｰ
        (120 + 50, b"a", "transfer.character", "バイト 61"),
        (120 + 50, b",", "transfer.character", "バイト 2C"),
        (120 + 50, b"\x88\x9f", "transfer.character", "バイト 88"),  # a two-byte character
    ],
)
def test_a_changed_byte_is_named(at: int, new: bytes, code: str, said: str) -> None:
    raw = good()
    with pytest.raises(ProblemError) as refused:
        decode(raw[:at] + new + raw[at + len(new) :], file="f.txt")
    problem = next(p for p in refused.value.problems if p.code == code)
    assert said in problem.text("ja")
    assert problem.where.file == "f.txt"


@pytest.mark.parametrize("size", [0, 1, 119, 121, 360, 599, 601])
def test_a_wrong_length_is_refused(size: int) -> None:
    with pytest.raises(ProblemError) as refused:
        decode((good() + b"0" * 9)[:size])
    assert refused.value.problems[0].code in {"transfer.length", "transfer.record_order"}
    if size % 120:
        assert f"{size % 120} バイト" in refused.value.problems[0].text("ja")


def test_a_file_of_many_records_shows_the_ends_of_its_disorder() -> None:
    raw = good(20)
    with pytest.raises(ProblemError, match="122222…222898"):
        decode(raw[:-120] + raw[-240:-120].replace(b"8", b"9", 1) + raw[-240:-120])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payee", "yamada"),
        ("payee", "ｼｰ"),
        ("payee", "ｱ" * 31),
        ("account_no", "12345678"),
        ("account_no", ""),
        ("reference", "1 2"),
        ("bank_name", None),
        ("bank_code", "12a4"),
    ],
)
def test_the_writer_refuses_what_was_not_checked(column: str, value: str | None) -> None:
    frame = check(refunds()).frame.with_columns(pl.lit(value, dtype=pl.String).alias(column))
    with pytest.raises(ValueError, match=f"{column}, row 0"):
        encode(frame, header=HEAD)


@pytest.mark.parametrize("amount", [0, -1, 10_000_000_000])
def test_the_writer_refuses_amounts_that_do_not_fit(amount: int) -> None:
    frame = check(refunds()).frame.with_columns(amount=pl.lit(amount, dtype=pl.Int64))
    with pytest.raises(ValueError, match="amount"):
        encode(frame, header=HEAD)


def test_the_writer_refuses_an_empty_file() -> None:
    with pytest.raises(ValueError, match="0 transfers"):
        encode(check(refunds()).frame.clear(), header=HEAD)


def test_the_largest_trailer_is_read_back() -> None:
    frame = check(refunds()).frame.with_columns(amount=pl.lit(9_999_999_999, dtype=pl.Int64))
    found = decode(encode(pl.concat([frame] * 100), header=HEAD))
    assert found.transfers["amount"].sum() == 999_999_999_900
    assert isinstance(found.header, Header)


@FEWER
@given(st.integers(0, 5 * RECORD_BYTES), st.binary(max_size=6), st.integers(0, 6))
def test_no_bytes_make_the_reader_stumble(at: int, new: bytes, dropped: int) -> None:
    """Whatever is overwritten, inserted or left out: the same transfers, or problems that say why."""
    raw = good_bytes()
    changed = raw[:at] + new + raw[at + dropped :]
    try:
        found = decode(changed)
    except ProblemError as refused:
        assert all(p.code.startswith("transfer.") and p.text("ja") and p.text("en") for p in refused.problems)
    else:
        assert encode(found.transfers, header=found.header) == changed.replace(b"\n", b"").removesuffix(
            b"\x1a"
        )


@cache
def good_bytes() -> bytes:
    return good()
