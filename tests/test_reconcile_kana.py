"""Names for banks: the two substitutions of reconcile-rules §5, the refusals, and where a name may be cut."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.kana import cut, to_bank_kana, unwritable

VOICED = "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ"
LETTERS = [chr(c) for c in range(0xFF71, 0xFF9E)] + [c + "ﾞ" for c in VOICED] + [c + "ﾟ" for c in "ﾊﾋﾌﾍﾎ"]
WRITABLE = st.lists(st.sampled_from([*LETTERS, *"ABCXYZ0189 ().-"]), max_size=40)


def one(text: str) -> str:
    return str(to_bank_kana(pl.Series([text])).item())


def refused(text: str, *, allow_wo: bool = False) -> str:
    return str(unwritable(pl.Series([text]), allow_wo=allow_wo).item())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ミハラシ　カイケイカンリシャ", "ﾐﾊﾗｼ ｶｲｹｲｶﾝﾘｼﾔ"),
        ("ｼｰﾀﾞｰ", "ｼ-ﾀﾞ-"),  # ｰ is forbidden: write -
        ("カ）エルキューアール", "ｶ)ｴﾙｷﾕ-ｱ-ﾙ"),
        ("ｯｬｭｮｧｨｩｪｫ", "ﾂﾔﾕﾖｱｲｳｴｵ"),  # small kana: write large
        ("ヴァイオリンヵヶヮ", "ｳﾞｱｲｵﾘﾝｶｹﾜ"),
        ("ＡＢＣ（１２）．－", "ABC(12).-"),
        ("カ\u3099キ゛ハ\u309a", "ｶﾞｷﾞﾊﾟ"),
    ],
)
def test_listed_substitutions(name: str, written: str) -> None:
    assert one(name) == written
    assert refused(one(name)) == ""
    assert one(written) == written


@pytest.mark.parametrize(
    ("name", "characters"),
    [
        ("ﾔﾏﾀﾞ,ﾀﾛｳ", ","),
        ("yamada", "yamd"),
        ("ｙＡ", "ｙ"),
        ("やまだ", "やまだ"),
        ("山田ﾀﾛｳ", "山田"),
        ("ｴﾙ･ｴｰ", "･"),
        ("エル・エー", "・"),
        ("ｻｲﾄｦ", "ｦ"),
        ("ｱ\nｲ", "\n"),
        ("ヷヰヱ", "ヷヰヱ"),
        ("ﾀﾛｳ/ﾊﾅｺ&｢", "/&｢"),
        ("/ｱ", "/"),
        ("ｱﾞ", "ｱﾞ"),  # a voicing mark on a letter that has none
        ("ﾞｱ", "ﾞ"),
        ("ｶﾟ", "ｶﾟ"),
        ("ﾊﾞﾞ", "ﾞﾞ"),
    ],
)
def test_everything_else_is_named(name: str, characters: str) -> None:
    assert refused(one(name)) == characters


def test_wo_where_the_bank_takes_it() -> None:
    assert refused("ｻｲﾄｦ", allow_wo=True) == ""
    assert refused(one("ヲ"), allow_wo=True) == ""


def test_null_and_name_are_kept() -> None:
    column = pl.Series("payee", ["ア", None])
    assert to_bank_kana(column).to_list() == ["ｱ", None]
    assert unwritable(column).to_list() == ["ア", None]
    assert cut(column, 1).to_list() == ["ア", None]
    assert {f(column).name for f in (to_bank_kana, unwritable)} == {"payee"} and cut(
        column, 1
    ).name == "payee"


@pytest.mark.parametrize(("width", "left"), [(5, "ｶﾞｷﾞｸ"), (4, "ｶﾞｷﾞ"), (3, "ｶﾞ"), (2, "ｶﾞ"), (1, ""), (6, "ｶﾞｷﾞｸ")])
def test_a_mark_stays_with_its_letter(width: int, left: str) -> None:
    assert cut(pl.Series(["ｶﾞｷﾞｸ"]), width).item() == left


@given(WRITABLE, st.integers(0, 40))
def test_what_is_left_of_a_cut_is_writable(parts: list[str], width: int) -> None:
    name = "".join(parts)
    left = cut(pl.Series([name]), width).item()
    assert refused(name) == refused(left) == ""
    assert (name.startswith(left) and width - 1 <= len(left) <= width) or left == name


@given(st.text(max_size=20))
def test_any_text_is_written_in_one_byte_a_character_or_named(text: str) -> None:
    written = one(text)
    if not refused(written, allow_wo=True):
        assert len(written.encode("cp932")) == len(written)
        assert written.encode("cp932").decode("cp932") == written
