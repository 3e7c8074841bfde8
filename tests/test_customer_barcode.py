"""カスタマバーコード against Japan Post's published examples (郵便番号・バーコードマニュアル)."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.address_digits import address_digits
from elqr.customer_barcode import bars, decode, encode, postal_digits, printable, symbols

# Postal code, address, address digits, check symbol (elqr-format 5 for the first; the manual's examples
# after it).
EXAMPLES = [
    ("1000013", "東京都千代田区霞が関1丁目3番2号 郵便プラザ503室", "1-3-2-503", "9"),
    ("2630023", "千葉市稲毛区緑町3丁目30-8 郵便ビル403号", "3-30-8-403", "5"),
    ("0140113", "秋田県大仙市堀見内 南田茂木 添60-1", "60-1", "CC8"),
    ("1100016", "東京都台東区台東5-6-3 ABCビル10F", "5-6-3-10", "9"),
    ("0600906", "北海道札幌市東区北六条東4丁目 郵便センター6号館", "4-6", "9"),
    ("0650006", "北海道札幌市東区北六条東8丁目 郵便センター10号館", "8-10", "9"),
    ("4070033", "山梨県韮崎市龍岡町下條南割 韮崎400", "400", "-"),
    ("2730102", "千葉県鎌ケ谷市右京塚 東3丁目-20-5 郵便・A&bコーポB604号", "3-20-5B604", "0"),
    ("1980036", "東京都青梅市河辺町十一丁目六番地一号 郵便タワー601", "11-6-1-601", "CC8"),
    ("0270203", "岩手県宮古市大字津軽石第二十一地割大淵川480", "21-480", "CC5"),
    ("5900016", "大阪府堺市堺区中田出井町四丁六番十九号", "4-6-19", "CC2"),
    ("0800831", "北海道帯広市稲田町南七線 西28", "7-28", "CC7"),
    ("3170055", "茨城県日立市宮田町6丁目7-14 ABCビル2F", "6-7-14-2", "CC1"),
    ("6500046", "神戸市中央区港島中町9丁目7-6 郵便シティA棟1F1号", "9-7-6A1-1", "5"),
    ("6230011", "京都府綾部市青野町綾部6-7 LプラザB106", "6-7LB106", "4"),
    ("0640804", "札幌市中央区南四条西29丁目1524-23 第2郵便ハウス501", "29-1524-23-2-501", "3"),
    ("9100067", "福井県福井市新田塚3丁目80-25 J1ビル2-B", "3-80-25J1-2B", "9"),
]
NAMES = [*"0123456789-", *(f"CC{n}" for n in range(1, 9))]


def extracted(address: str | None) -> str:
    return str(address_digits(pl.Series([address], dtype=pl.String))[0])


@pytest.mark.parametrize(("postal", "address", "digits", "check"), EXAMPLES)
def test_published_examples(postal: str, address: str, digits: str, check: str) -> None:
    assert extracted(address) == digits
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in address).replace(" ", "\u3000")
    assert extracted(wide) == digits
    row = encode(pl.Series([postal]), pl.Series([address]))
    assert NAMES[row[0, -2]] == check
    assert decode(row).row(0) == (postal, decode(row)["digits"][0], True)


def test_the_published_bars() -> None:
    """elqr-format 5: 1000013 with 1-3-2-503; the check symbol 9 closes the sum to a multiple of 19."""
    row = symbols(pl.Series(["1000013"]), pl.Series(["1-3-2-503"]))
    assert [NAMES[n] for n in row[0, 1:-2]] == [*"10000131-3-2-503", "CC4", "CC4", "CC4", "CC4"]
    picture = bars(row)
    assert picture.shape == (1, 3, 133)
    assert picture[:, :, 1::2].sum() == 0
    assert picture[0, 1, 0::2].all()  # every bar crosses the middle
    kinds = {(1, 1, 1): "1", (1, 1, 0): "2", (0, 1, 1): "3", (0, 1, 0): "4"}
    written = "".join(kinds[tuple(int(v) for v in picture[0, :, c])] for c in range(0, 133, 2))
    words = "13 114 144 144 144 144 114 312 114 414 312 414 132 414 141 144 312 432 432 432 432 411 31"
    assert written == words.replace(" ", "")


@pytest.mark.parametrize(
    ("address", "digits"),
    [
        ("広島県三原市港町三丁目5番1号", "3-5-1"),
        ("広島県三原市港町3-5-1", "3-5-1"),
        ("広島県三原市港町3−5−1", "3-5-1"),
        ("広島県三原市港町3ー5ー1", "3-5-1"),
        ("仙台市青葉区一番町三丁目7番1号", "3-7-1"),
        ("東京都中央区八丁堀二丁目1-2", "2-1-2"),
        ("和歌山市三番丁34", "34"),
        ("水戸市三の丸1-5-38", "1-5-38"),
        ("札幌市中央区南4条西5丁目1-1", "5-1-1"),
        ("千代田区四番町3番5", "3-5"),
        ("三原市本郷町百二十三番地の四", "123"),
        ("三原市沼田東町二〇五番地", "205"),
        ("三原市沼田東町千五番地", "1005"),
        ("三原市久井町字東五十番の三", "50"),
        ("三原市宮浦6丁目1番3号メゾンF棟B1F", "6-1-3FB1"),
        ("三原市宮浦6丁目A-1", "6A1"),
        ("三原市宮浦", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_addresses_by_the_rules(address: str | None, digits: str) -> None:
    assert extracted(address) == digits


def test_order_and_name_are_kept() -> None:
    found = address_digits(pl.Series("a", ["港町三丁目5", "港町2", "港町三丁目5", None]))
    assert found.name == "a"
    assert found.to_list() == ["3-5", "2", "3-5", ""]


@given(st.text())
def test_any_text_gives_a_legal_code(address: str) -> None:
    assert re.fullmatch("(?:[0-9A-Z](?:-?[0-9A-Z])*)?", extracted(address))
    assert decode(encode(pl.Series(["7230001"]), pl.Series([address])))["holds"].all()


places = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", max_size=13)


@given(st.text("0123456789", min_size=7, max_size=7), places)
def test_decode_is_the_inverse_of_symbols(postal: str, digits: str) -> None:
    found = decode(symbols(pl.Series([postal]), pl.Series([digits]))).row(0)
    kept = digits
    while sum(2 if c.isalpha() else 1 for c in kept) > 13:
        kept = kept[:-1]
    room = 13 - sum(2 if c.isalpha() else 1 for c in kept)
    cut = digits[len(kept) :]
    control = f"CC{(ord(cut[0]) - 65) // 10 + 1}" if cut and room else ""
    assert found == (postal, kept + control, True)


@given(places, st.integers(1, 20), st.integers(1, 18))
def test_the_check_finds_every_single_change(digits: str, place: int, step: int) -> None:
    row = symbols(pl.Series(["7230001"]), pl.Series([digits])).astype(np.int64)
    row[0, place] = (row[0, place] + step) % 19
    assert not decode(row.astype(np.uint8))["holds"][0]


def test_postal_codes() -> None:
    written = pl.Series(["723-0001", "〒７２３－０００１", " 7230001", "723-000", "72-30001", "abc", None])
    assert postal_digits(written).to_list() == ["7230001", "7230001", "7230001", None, None, None, None]
    assert printable(pl.Series(["7230001", "723-0000", "", None])).to_list() == [True, False, False, False]


def test_what_cannot_be_coded_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1"):
        encode(pl.Series(["7230001", "72"]), pl.Series(["1", "1"]))
    with pytest.raises(ValueError, match="0-9"):
        symbols(pl.Series(["7230001"]), pl.Series(["1a"]))
    with pytest.raises(ValueError, match="seven"):
        symbols(pl.Series(["72-0001"]), pl.Series(["1"]))
