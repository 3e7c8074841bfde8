"""Lines of Japanese and Latin text end where their sense does."""

from __future__ import annotations

from itertools import pairwise
from unicodedata import east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slips.breaks import NO_END, NO_START, SPACES, by_sense, strain

LONG = "30万円を超えるため、コンビニエンスストアではお支払いいただけません。"


def broken(text: str, ems: float, lines: int, *, level: bool = False) -> list[str] | None:
    """Characters of one em, Latin ones of half an em."""
    widths = [1000 if east_asian_width(char) in "WFA" else 500 for char in text]
    spans = by_sense(text, widths, limit=1000 * ems, lines=lines, level=level)
    return None if spans is None else [text[begin:end] for begin, end in spans]


@pytest.mark.parametrize(
    ("text", "ems", "lines"),
    [
        ("上記のとおり領収しましたので通知します。", 8, ["上記のとおり", "領収しましたので", "通知します。"]),
        ("上記のとおり領収しましたので通知します。", 10, ["上記のとおり", "領収しましたので", "通知します。"]),
        ("上記のとおり領収しましたので通知します。", 14, ["上記のとおり領収しましたので", "通知します。"]),
        (LONG, 22, ["30万円を超えるため、コンビニエンスストアでは", "お支払いいただけません。"]),
        ("窓口では、下の納付書を三片とも切り離さずにお出しください。", 22, ["窓口では、下の納付書を三片とも切り離さずに", "お出しください。"]),
        ("お支払いは一つの方法で一回だけにしてください。", 20, ["お支払いは一つの方法で", "一回だけにしてください。"]),
        ("QRコードは(株)デンソーウェーブの登録商標です", 18, ["QRコードは(株)デンソーウェーブの", "登録商標です"]),
        ("No receipt (領収証書) for app, card or internet payment.", 14, ["No receipt (領収証書)", "for app, card or", "internet payment."]),
        ("At a counter, do not detach the three parts.", 21, ["At a counter, do not detach", "the three parts."]),
    ],
)  # fmt: skip
def test_running_text_breaks_between_phrases(text: str, ems: float, lines: list[str]) -> None:
    """領収しま / したので and コンビニエンス / ストア stood on every notice; "parts." stood alone."""
    assert broken(text, ems, len(lines)) == lines


@pytest.mark.parametrize(
    ("text", "ems", "lines"),
    [
        ("Fixed asset and city planning tax", 15.5, ["Fixed asset and", "city planning tax"]),
        (
            "みほん県みほん市本町一丁目二十三番地の四十五",
            20,
            ["みほん県みほん市本町", "一丁目二十三番地の四十五"],
        ),
        ("株式会社見本 見本 太郎 様", 11.5, ["株式会社見本", "見本 太郎 様"]),
    ],
)
def test_a_value_is_divided_evenly_at_a_seam(text: str, ems: float, lines: list[str]) -> None:
    assert broken(text, ems, len(lines), level=True) == lines


def test_a_line_to_spare_is_taken_for_a_word_that_would_be_cut_and_for_nothing_else() -> None:
    widths = [1000 if east_asian_width(char) in "WFA" else 500 for char in LONG]
    for limit, lines in (
        (18, ["30万円を超えるため、", "コンビニエンスストアでは", "お支払いいただけません。"]),
        (24, None),
    ):
        spans = by_sense(LONG, widths, limit=1000 * limit, lines=2, level=False, spare=1)
        got = [LONG[begin:end] for begin, end in spans or ()]
        assert got == (lines or ["30万円を超えるため、コンビニエンスストアでは", "お支払いいただけません。"])


def test_what_cannot_be_kept_is_said() -> None:
    assert broken("28 September 2028", 4, 2) is None, "September is longer than a line"
    apart = [
        ("二", "様"),
        ("2", "0"),
        ("和", "9"),
        ("第", "2"),
        ("3", "期"),
        ("8", "年"),
        ("A", "b"),
        ("名", "。"),
    ]
    assert [strain(*pair, spaced=False) for pair in apart] == [None] * len(apart)


TEXTS = st.text("山田太郎一二三ABC 0123-、。「」(ーのがカナお", min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(3, 20), st.integers(1, 5), st.booleans())
def test_every_division_keeps_all_text_and_the_rules(text: str, ems: int, lines: int, level: bool) -> None:
    got = broken(text, ems, lines, level=level)
    if got is None:
        return
    assert len(got) == lines
    assert "".join(got).replace(" ", "") == text.replace(" ", "")
    for line, following in pairwise(got):
        assert line and following[0] not in NO_START and line[-1] not in NO_END
        assert line[-1] not in SPACES and following[0] not in SPACES
