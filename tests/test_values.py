"""What a slip says, value by value."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.site import Site
from slips.instalments import instalment_columns
from slips.order import in_print_order
from slips.values import CARRIED, NAMES, provisional, values
from tests.print_fakes import cleaned

SITE = Site(
    body_code="342041", city="三原市", city_en="Mihara City", department="収納課", telephone="0000-00-0000"
)
BARCODE = "91999999202601020000001000000026073100123007"  # elqr-format.md §4


def said(frame: pl.DataFrame, *, table_rows: int = 0, site: Site = SITE) -> pl.DataFrame:
    numbered = in_print_order(frame.with_columns(bundle=pl.lit(0)), first_seq=1)
    return values(numbered, site=site, table_rows=table_rows)


def test_a_slip_in_japanese() -> None:
    one = said(cleaned(1, barcode=BARCODE)).row(0, named=True)
    expected = {
        "tax_name": "固定資産税・都市計画税",
        "levy_year": "令和8年度",
        "tax_year": "令和8年度",
        "period": "第1期",
        "year_period": "令和8年度 第1期",
        "amount_yen": "12,300円",
        "amount_digits": "12,300",
        "due_date": "令和8年6月30日",
        "payable_until": "令和8年7月31日",
        "payer_name": "山田 太郎 様",
        "payer_name_plain": "山田 太郎",
        "postal": "〒723-0001",
        "address": "広島県三原市港町三丁目5番1号",
        "el_body": "34204",
        "el_key": "0000 0202 6010 2000 0000",
        "el_confirm": "123456",
        "el_item": "001",
        "barcode": BARCODE,
        "over_limit": "",
        "no_barcode": "",
        "seq": "000001",
        "n_of_m": "1/1",
        "kind": "",
        "principal": "",
        "city": "三原市",
        "department": "収納課",
        "telephone": "0000-00-0000",
        "test": "",
    }
    assert {k: one[k] for k in expected} == expected
    assert (
        one["barcode_1"].replace("(91)", "91").replace("-", "") + one["barcode_2"].replace("-", "") == BARCODE
    )


def test_the_columns_are_those_that_layouts_may_name() -> None:
    frame = said(cleaned(2), table_rows=2)
    cells = [f"inst_{part}_{k}" for k in (1, 2) for part in ("period", "amount", "due")]
    assert sorted(frame.columns) == sorted([*NAMES, *cells, *CARRIED])
    texts = frame.select([*NAMES, *cells])
    assert set(texts.dtypes) == {pl.String}
    assert texts.null_count().sum_horizontal().item() == 0


def test_a_slip_in_english_and_rows_keep_their_order() -> None:
    frame = said(
        cleaned(3, lang=["ja", "en", "vi"], kind=["initial", "dunning", "reissue"], period=["01", "02", "00"])
    )
    by_line = frame.sort("line")
    assert by_line["payer_name"].to_list() == ["山田 太郎 様", "山田 太郎", "山田 太郎"]
    assert by_line["amount_yen"].to_list() == ["12,300円", "¥12,400", "¥12,500"]
    assert by_line["due_date"].to_list() == ["令和8年6月30日", "30 June 2026", "30 June 2026"]
    assert by_line["year_period"].to_list() == [
        "令和8年度 第1期",
        "FY 2026 Instalment 2",
        "FY 2026 Full year",
    ]
    assert by_line["kind"].to_list() == ["", "Reminder", "Reissue"]
    assert by_line["city"].to_list() == ["三原市", "Mihara City", "Mihara City"]
    assert frame["seq"].to_list() == ["000001", "000002", "000003"]


def test_a_slip_in_chinese_is_not_half_in_english() -> None:
    """Its labels are Japanese, which a reader of Chinese can make out; the years of an era say nothing to him."""
    frame = said(
        cleaned(2, lang=["zh-CN", "zh-Hans"], tax_year=["2026", "2025"], kind=["full_year", "initial"], period=["00", "01"]),
        table_rows=1,
    ).sort("line")  # fmt: skip
    assert frame["due_date"].to_list() == ["2026年6月30日", "2026年6月30日"]
    assert frame["inst_due_1"].to_list()[1] == "2026年6月30日"
    assert frame["year_period"].to_list() == ["2026年度 全期", "2026年度(2025年度分) 第1期"]
    assert frame["amount_yen"].to_list() == ["12,300円", "12,400円"]
    assert frame["kind"].to_list() == ["全期一括", ""]
    assert frame["city"].to_list() == ["三原市", "三原市"]
    assert frame["payer_name"][0] == "山田 太郎 様"


def test_a_tax_levied_for_another_year_names_both() -> None:
    assert said(cleaned(1, tax_year="2025"))["year_period"].item() == "令和8年度(令和7年度分) 第1期"


def test_without_a_barcode_the_reason_is_told() -> None:
    frame = said(cleaned(2, amount=[300_000, 300_001])).sort("line")
    assert frame["no_barcode"].to_list() == ["1", ""]
    assert frame["over_limit"].to_list() == ["", "1"]


def test_a_test_slip_says_so() -> None:
    assert said(cleaned(1, mode="test"))["test"].item() == "1"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@settings(max_examples=10, deadline=None)
@given(texts=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=60))
def test_names_and_addresses_are_printed_exactly_as_given(texts: list[tuple[str, str]]) -> None:
    names, addresses = (list(column) for column in zip(*texts, strict=True))
    frame = said(cleaned(len(texts), payer_name=names, address=addresses)).sort("line")
    assert frame["payer_name"].to_list() == [f"{name} 様" for name in names]
    assert frame["payer_name_plain"].to_list() == names
    assert frame["address"].to_list() == addresses


def test_instalments_of_one_notice_stand_beside_each_of_its_slips() -> None:
    frame = cleaned(
        5,
        payer_id=["A", "A", "A", "A", "B"],
        notice_no=["N1", "N1", "N1", "N2", "N1"],
        period=["02", "01", "00", "01", "03"],
        due_date=["2026-08-31", "2026-06-30", "2026-06-30", "2026-06-30", "2026-10-31"],
    )
    table = instalment_columns(frame, rows=3)
    assert table["inst_period_1"].to_list() == ["01", "01", "01", "01", "03"]
    assert table["inst_amount_2"].to_list() == [12_300, 12_300, 12_300, None, None]
    assert table["inst_due_2"].to_list() == [dt.date(2026, 8, 31)] * 3 + [None, None]
    assert table["inst_period_3"].to_list() == [None] * 5
    assert table["inst_full_amount"].to_list() == [12_500] * 3 + [None, None]


def test_a_whole_year_tax_is_its_own_table() -> None:
    table = instalment_columns(cleaned(1, period="00"), rows=2)
    assert table["inst_period_1"].to_list() == ["00"]
    assert table["inst_full_amount"].to_list() == [None]


@pytest.mark.parametrize("rows", [0, 1, 12])
def test_no_rows_and_any_table_size(rows: int) -> None:
    assert instalment_columns(cleaned(1).clear(), rows=rows).height == 0
    assert len(instalment_columns(cleaned(3), rows=rows).columns) == 3 * rows + 2
    assert said(cleaned(1).clear(), table_rows=rows).height == 0


def test_provisional_values_hold_every_text_that_can_come_into_a_cell() -> None:
    frame = cleaned(4, payer_id="A", notice_no="N", period=["01", "02", "03", "04"])
    early = provisional(frame, site=SITE, table_rows=1)
    late = said(frame, table_rows=4)
    for cell in ("inst_period", "inst_amount", "inst_due"):
        assert set(early[f"{cell}_1"]) == {late[f"{cell}_{k}"][0] for k in range(1, 5)}
    same = [name for name in NAMES if name not in ("seq", "n_of_m", "sheet_of")]
    assert early.select(same).equals(late.sort("line").select(same))
