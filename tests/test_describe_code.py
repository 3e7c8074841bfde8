"""One code in words: every field, both languages, problems beside the lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gs1_128 import VECTOR as BARCODE
from test_payload import VECTOR, altered

from elqr.describe_code import describe_barcode, describe_body_code, describe_code, describe_payload
from elqr.description import shortened, width
from elqr.digits import row
from elqr.payload import with_crc
from elqr.problems import ProblemError
from elqr.wire import FIELDS


def by_name(text: str) -> dict[str, dict[str, object]]:
    return {r["name"]: r for r in describe_code(text).rows()}


def test_every_digit_of_a_payload_is_described() -> None:
    found = describe_payload(VECTOR)
    assert "".join(line.value for line in found.lines) == VECTOR
    assert [line.name for line in found.lines] == [f.name for f in FIELDS]
    assert all(line.ja and line.en and line.status and line.source and line.position for line in found.lines)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("name", "ja", "en"),
    [
        ("amount", "12,300円", "12,300 yen"),
        ("due_date", "令和8年6月30日", "2026-06-30"),
        ("levy_year", "令和8年度", "fiscal 2026"),
        ("period", "第2期", "instalment 2"),
        ("slip_key", "0000 0202 6010 2000 0001", "0000 0202 6010 2000 0001"),
        ("row1_check", "計算方法は公開されていない", "the computation is not public"),
        ("use", "1回限りの符号", "single-use code"),
        ("crc", "計算値と一致", "right"),
        ("frame_crc", "固定", "fixed"),
        ("account_no", "規定の値", "as prescribed"),
    ],
)
def test_meanings(name: str, ja: str, en: str) -> None:
    line = by_name(VECTOR)[name]
    assert (line["meaning_ja"], line["meaning_en"]) == (ja, en)


def test_meanings_of_other_values() -> None:
    assert by_name(altered("period", "00"))["period"]["meaning_ja"] == "全期"
    assert by_name(altered("levy_year", "0000"))["levy_year"]["meaning_en"] == "not a year"
    assert "広島県(推定)" in str(by_name(altered("tax_body_code", "34204"))["tax_body_code"]["meaning_ja"])
    named = describe_payload(VECTOR, tax_items={"999": "固定資産税"})
    assert next(x.meaning_ja for x in named.lines if x.name == "tax_item") == "固定資産税"
    other = describe_payload(VECTOR, tax_items={})
    assert next(x.meaning_en for x in other.lines if x.name == "tax_item") == "not in the site's table"


def test_problems_stand_beside_their_lines() -> None:
    found = describe_payload(altered("due_date", "20260631"))
    assert [p.code for p in found.problems] == ["payload.date"]
    assert [line.name for line in found.lines if line.problems] == ["due_date"]
    assert "✗" in found.text("ja")
    wrong = describe_payload(VECTOR[:-1] + "6")
    assert next(x for x in wrong.lines if x.name == "crc").meaning_en == "wrong"


def test_dates_in_the_wrong_order() -> None:
    found = describe_payload(altered("due_date", "20260801"))
    assert [p.code for p in found.problems] == ["payload.dates_order"]


def test_a_code_with_other_tags_is_read_as_far_as_it_goes() -> None:
    text = VECTOR[:112] + "5512" + VECTOR[116:]
    found = describe_payload(bytes(with_crc(row(text))[0]).decode())
    assert [p.code for p in found.problems] == ["payload.frame"]
    assert [x.name for x in found.lines][:4] == ["tag_00", "tag_01", "tag_27", "tag_55"]
    assert found.lines[-1].name == "rest"
    short = describe_payload("9" * 255)
    assert short.lines[0].value == "9" * 99
    assert "of 99 digits" in short.lines[-1].meaning_en


def test_what_is_no_payload_has_no_lines() -> None:
    assert [p.code for p in describe_payload("12").problems] == ["payload.length"]
    assert describe_payload("x" * 255).lines == ()


def test_a_barcode() -> None:
    found = by_name(BARCODE)
    assert found["payable_until"]["meaning_ja"] == "令和8年7月31日"
    assert found["amount"]["meaning_en"] == "12,300 yen"
    assert found["stamp"]["meaning_en"] == "not required"
    wrong = describe_barcode(BARCODE[:-1] + "8")
    assert [(x.name, x.meaning_en) for x in wrong.lines if x.problems] == [("check", "wrong")]
    assert describe_barcode("1").lines == ()
    none = BARCODE[:30] + "999999" + BARCODE[36:]
    assert next(x for x in describe_barcode(none).lines if x.name == "payable_until").meaning_ja == "期限なし"


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("342041", []),
        ("34204", []),
        ("141003", []),
        ("342042", ["code.body_check"]),
        ("990000", ["code.body_check", "code.body_prefecture"]),
        ("3420", ["code.body_form"]),
    ],
)
def test_body_codes(code: str, codes: list[str]) -> None:
    found = describe_body_code(code)
    assert [p.code for p in found.problems] == codes
    assert all(p.text("ja") and p.text("en") for p in found.problems)


def test_the_kind_is_told_by_length() -> None:
    spaced = " ".join(VECTOR[i : i + 5] for i in range(0, 255, 5))
    wide = "".join(chr(ord(c) + 0xFEE0) for c in BARCODE)
    assert [describe_code(t).kind for t in (spaced, wide, "(91)" + BARCODE[2:], "34204-1", "34204")] == [
        "payload",
        "barcode",
        "barcode",
        "body_code",
        "body_code",
    ]
    for text in ("", "1234567", "abc", "x" * 300):
        with pytest.raises(ProblemError, match=r"code.unknown"):
            describe_code(text)


@given(st.text(alphabet="0123456789", min_size=255, max_size=255))
@settings(max_examples=20, deadline=None)
def test_any_255_digits_can_be_told(text: str) -> None:
    found = describe_payload(text)
    assert found.problems
    assert json.loads(json.dumps(found.document()))["kind"] == "payload"
    assert found.text("both").count("\n") >= len(found.lines)


def test_languages() -> None:
    found = describe_payload(VECTOR)
    assert "納期限" in found.text("ja")
    assert "納期限" not in found.text("en")
    assert "納期限 / due date" in found.text()
    assert "0 × 85" in found.text()
    with pytest.raises(ValueError, match="fr"):
        found.text("fr")


def test_brief_answers_leave_out_what_never_differs() -> None:
    values = describe_payload(VECTOR).values()
    assert values["values"]["amount"] == "00000012300"
    assert not {"frame_crc", "account_no", "fee_bearer"} & set(values["values"])
    assert describe_payload(VECTOR).brief("en").splitlines()[0].split() == [
        "row1_check",
        "check",
        "digits",
        "of",
        "row",
        "1",
        "00",
    ]


def test_alignment_counts_columns_of_a_terminal() -> None:
    assert [width(t) for t in ("ab", "納期", "ア", "か\u3099")] == [2, 4, 2, 2]
    assert shortened("x" * 10 + "y" * 50) == "xxxxxxxxxxyyyyyyyyyy…yyyyyyyyyyyyyyyyyyyy (60)"
