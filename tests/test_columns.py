"""The column table: the contract's names, headings without doubt, and the docs made from it."""

from pathlib import Path

from elqr.columns import BY_NAME, COLUMNS, NAMES, Kind, headings, markdown, normal_heading

ROOT = Path(__file__).parent.parent

# files.md, "Slips in": canonical names with the headings in brackets
CONTRACT = {
    "slip_key": "案件特定キー",
    "confirm_no": "確認番号",
    "tax_item": "税目・料金番号",
    "tax_name": "税目名",
    "body_code": "団体コード",
    "levy_year": "賦課年度",
    "tax_year": "課税年度",
    "period": "期別",
    "notice_no": "通知書番号",
    "amount": "納付額",
    "due_date": "納期限",
    "payable_until": "取扱期限",
    "payer_id": "宛名番号",
    "payer_name": "納税者氏名",
    "postal_code": "郵便番号",
    "address": "住所",
}
OPTIONAL = {
    "payload": "eL-QR",
    "barcode": "コンビニバーコード",
    "kind": "種別",
    "covers": "対象調定",
    "supersedes": "差替元",
}


def test_contract_columns() -> None:
    assert {c.name: c.ja for c in COLUMNS if c.required} == CONTRACT
    assert {n: BY_NAME[n].ja for n in OPTIONAL} == OPTIONAL
    assert set(NAMES) - set(CONTRACT) - set(OPTIONAL) == {
        "lang",
        "large_print",
        "principal",
        "delinquency",
        "dunning_fee",
        "sort_key",
    }
    assert len(NAMES) == len(set(NAMES))


def test_every_heading_means_one_column() -> None:
    known = headings()
    for column in COLUMNS:
        assert known[normal_heading(column.name)] == column.name
        assert known[normal_heading(column.ja)] == column.name


def test_headings_are_compared_in_normal_form() -> None:
    assert normal_heading("　ｅＬ－ＱＲ ") == normal_heading("eL-QR")
    assert normal_heading("ﾊﾞｰｺｰﾄﾞ") == "バーコード"
    assert normal_heading("Slip_Key") == "slip_key"


def test_kinds_of_the_contract() -> None:
    assert BY_NAME["payload"].width == 255
    assert BY_NAME["barcode"].width == 44
    assert [c.name for c in COLUMNS if c.kind is Kind.MONEY] == [
        "amount",
        "principal",
        "delinquency",
        "dunning_fee",
    ]
    assert set(BY_NAME["kind"].choices or ()) == {"initial", "reissue", "dunning", "full_year", "delinquency"}


def test_docs_hold_the_table() -> None:
    text = (ROOT / "docs" / "input.md").read_text(encoding="utf-8")
    assert markdown() in text, "docs/input.md: replace the table by the output of elqr.columns.markdown()"
