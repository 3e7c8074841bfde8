"""Can every text be shown, and does it fit: noted, held, never dropped."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.problems import Problem, ProblemError
from slips import fonts as fonts_module
from slips.fit import Fitted, Missing, Overflow, Setting, break_lines, fit
from slips.fonts import load_fonts
from slips.form import FitStep
from slips.glyphs import PHRASE_EM, clusters_of, code_face, measure, runs_of, show
from slips.layout import load_layout
from slips.summary import masked
from slips.textcheck import TextCheck
from slips.wording import faces_of
from tests.writer_rows import fonts, form, rows

CODES = ("text.fallback_font", "text.fit_step", "text.no_glyph", "text.overflow")


def findings(name: str) -> list[tuple[str, str, str]]:
    log = TextCheck({"test": form()}, fonts()).check(rows({}, {"payer_name": name}), "test")
    return [(r["code"], r["message_ja"], r["message_en"]) for r in log.report().iter_rows(named=True)]


def test_plain_name_says_nothing() -> None:
    assert findings("髙﨑 濵德栁 様") == []


def test_name_in_the_fallback_font_is_noted_with_its_code_point() -> None:
    ((code, ja, en),) = findings("𠮷田 様")
    assert code == "text.fallback_font"
    assert "𠮷 (U+20BB7)" in ja and "IPAmjMincho" in ja and "𠮷 (U+20BB7)" in en


def test_variation_sequence_is_one_character() -> None:
    """U+9089 with VS32 is in IPAmj Mincho and not in BIZ UDGothic; VS17 is in BIZ UDGothic and needs no word."""
    ((code, ja, _),) = findings("渡邉\U000e010f 様")
    assert code == "text.fallback_font"
    assert "U+9089 U+E010F" in ja
    assert findings("渡邉\U000e0100 様") == []


def test_unknown_variation_holds_the_row() -> None:
    ((code, ja, en),) = findings("山󠇯田 様")
    assert code == "text.no_glyph"
    assert "U+5C71 U+E01EF" in ja and "U+5C71 U+E01EF" in en


def test_private_use_character_holds_the_row_with_its_code_point() -> None:
    ((code, ja, _),) = findings("外\ue000字 様")
    assert code == "text.no_glyph"
    assert "U+E000" in ja


def test_steps_are_noted() -> None:
    codes = [code for code, _, _ in findings("五劫乃擦切 海砂利水 様")]
    assert codes == ["text.fit_step"]


def test_what_no_step_fits_is_held_with_numbers() -> None:
    ((code, ja, en),) = findings("長" * 60)
    assert code == "text.overflow"
    assert "notice.payer" in ja and "60" in ja and "30.0 mm" in ja and "held" in en
    told = masked(
        Problem(code, "payer_name", {"box": "b", "length": "60", "width": "104.1", "expected": "26.7"})
    )
    assert "104.1 mm" in told.text("ja"), "a width is not what the row says of a person: 幅 ***(5) mm"


def test_a_box_that_the_row_does_not_show_is_not_judged() -> None:
    """A year that does not fit the bar for the whole year holds no instalment."""
    layout = load_layout("a4_notice")
    check = TextCheck({layout.id: layout}, load_fonts(faces_of(layout)))
    one = {
        "line": [2],
        "slip_key": ["1"],
        "year_period": ["令和10年度(令和9年度分)の随時に決定したものを含む 全期一括で納めるもの"],
    }
    told = {
        name: check.check(pl.DataFrame({**one, "full_year": [full], "instalment": [part]}), layout.id)
        for name, full, part in (("full", "1", ""), ("part", "", "1"), ("neither", "", ""))
    }
    boxes = {name: {p.params["box"].partition(".")[2] for p in log.problems()} for name, log in told.items()}
    assert boxes == {"full": {"year_period_full"}, "part": {"year_period"}, "neither": set()}
    # without the columns that tell, as when only the numbers are looked at once more, all boxes are looked at
    assert check.check(pl.DataFrame(one), layout.id).held_lines().to_list() == [2]


def test_a_mark_without_composed_form_is_not_printed_beside_its_base() -> None:
    ((code, _, _),) = findings("か\u309a 様")
    assert code == "text.no_glyph"


def test_compatibility_ideographs_stay_what_they_are() -> None:
    """NFC would turn U+FA11 into U+5D0E: another person's name."""
    assert clusters_of("\ufa11か\u3099") == [(0xFA11, 0), (0x304C, 0)]


def test_missing_font_names_file_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts_module, "find", lambda face: None)
    with pytest.raises(ProblemError) as caught:
        load_fonts(["gothic"])
    assert caught.value.problems[0].code == "font.missing"
    assert "ELQR_FONT_PATH" in caught.value.problems[0].text("en")


def test_font_path_is_looked_at_first(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    own = fonts_module.find("gothic")
    assert own is not None
    monkeypatch.setenv("ELQR_FONT_PATH", str(own))
    assert fonts_module.search_folders()[0] == own
    assert fonts_module.find("gothic") == own


def test_unreadable_font(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    bad = Path(str(tmp_path)) / "BIZUDGothic-Regular.ttf"
    bad.write_bytes(b"not a font")
    monkeypatch.setenv("ELQR_FONT_PATH", str(bad))
    with pytest.raises(ProblemError) as caught:
        load_fonts(["gothic"])
    assert caught.value.problems[0].code == "font.unreadable"


kanji = st.text(st.sampled_from("山田太郎花子一二三髙𠮷㐂ABCd 0123-、。「」(ー"), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(kanji, st.floats(2, 200))
def test_lines_hold_all_text_and_fit(text: str, width: float) -> None:
    runs, missing = runs_of(text, "gothic", fonts())
    assert not missing
    glyphs = [(r.face, c, fonts().faces[r.face].advance(c)) for r in runs for c in r.clusters]
    limit = width * 100
    lines = break_lines(glyphs, limit=limit)
    kept = "".join(chr(c[0]) for line in lines for _, c, _ in line)
    assert kept.replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert sum(a for _, _, a in line) <= limit or len(line) == 1


def set_lines(text: str, *, width: float, steps: tuple[FitStep, ...] = (), lines: int = 2) -> list[str]:
    """What stands on each line of a value in 10 pt."""
    setting = Setting("gothic", 10.0, lines=lines)
    got = fit(text, setting, steps, width_pt=width, height_pt=40.0, leading=1.1, fonts=fonts())
    assert isinstance(got, Fitted)
    return ["".join(chr(c[0]) for run in line.runs for c in run.clusters) for line in got.lines]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("固定資産税・都市計画税", 75.0, ["固定資産税・", "都市計画税"]),
        ("市県民税(普通徴収)", 75.0, ["市県民税", "(普通徴収)"]),
        ("FY 2028 (for FY 2027) Instalment 10", 165.0, ["FY 2028 (for FY 2027)", "Instalment 10"]),
        ("FY 2028 (for FY 2027) Instalment 10", 105.0, ["FY 2028 (for FY 2027)", "Instalment 10"]),
        ("FY 2026 Instalment 1", 95.0, ["FY 2026", "Instalment 1"]),
        ("みほん市本町一丁目 サンプル荘 203号室", 160.0, ["みほん市本町一丁目", "サンプル荘 203号室"]),
        ("株式会社見本 見本 太郎 様", 115.0, ["株式会社見本", "見本 太郎 様"]),
        ("Fixed asset and city planning tax", 150.0, ["Fixed asset and", "city planning tax"]),
    ],
)
def test_a_value_on_two_lines_breaks_at_a_seam_of_its_sense(
    text: str, width: float, lines: list[str]
) -> None:
    """Not within 都市計画税, and no number, no 様 alone on the second line."""
    assert set_lines(text, width=width) == lines


def test_a_seam_is_given_up_where_it_would_take_a_line_more() -> None:
    assert set_lines("市民税・県民税森林環境税普通徴収", width=80.0) == [
        "市民税・県民税森",
        "林環境税普通徴収",
    ]


def test_a_word_is_cut_only_where_no_step_of_the_form_keeps_it_whole() -> None:
    """A stub had its due date as 28 Septemb, er 2028."""
    steps = (FitStep("condense", 85), FitStep("condense", 60))
    assert set_lines("28 September 2028", width=42.0, steps=steps) == ["28 September", "2028"]
    assert set_lines("28 September 2028", width=45.0) == ["28 Septem", "ber 2028"]


@settings(max_examples=100, deadline=None)
@given(st.lists(kanji, min_size=1, max_size=5))
def test_column_measure_equals_one_by_one(texts: list[str]) -> None:
    face = fonts().faces["gothic"]
    widths, special = measure(texts, face.advances)
    for text, width, odd in zip(texts, widths.tolist(), special.tolist(), strict=True):
        clusters = clusters_of(text)
        plain = all(face.glyph(c) for c in clusters)
        assert odd == (not plain)
        if plain:
            assert width == sum(face.advance(c) for c in clusters)


@settings(max_examples=100, deadline=None)
@given(kanji)
def test_fit_never_lies(text: str) -> None:
    steps = (FitStep("size", 9.0), FitStep("condense", 80), FitStep("lines", 2))
    got = fit(text, Setting("gothic", 10.0), steps, width_pt=85.0, height_pt=28.0, leading=1.2, fonts=fonts())
    assert isinstance(got, Fitted | Overflow)
    if isinstance(got, Fitted):
        assert all(line.width_pt <= 85.01 for line in got.lines)
        assert len(got.lines) <= got.setting.lines
    else:
        assert got.width_pt > 85.0


def test_missing_is_said_before_fitting() -> None:
    got = fit("\ue000", Setting("gothic", 10.0), (), width_pt=85, height_pt=10, leading=1, fonts=fonts())
    assert got == Missing(((0xE000, 0),))
    assert show((0xE000, 0)) == "U+E000"


def test_unknown_fit_step_is_refused() -> None:
    with pytest.raises(ValueError, match="expected size"):
        Setting("gothic", 9.0).apply(FitStep("shrink", 1))


def test_phrases_are_glyphs_with_the_sum_of_their_widths() -> None:
    coded = code_face(
        fonts(), "gothic", "F0", dict.fromkeys(clusters_of("納付額12"), 1), {"納付額": 2, "12": 0}
    )
    assert list(coded.subset.phrase_advances) == [1000, 3000]
    assert coded.phrases["納付額"] == min([*coded.codes.values(), *coded.phrases.values()])
    assert max(len(p) for p in coded.phrases) <= PHRASE_EM
    codes = [*coded.codes.values(), *coded.phrases.values()]
    assert len(set(codes)) == len(codes) and 0 not in codes


def test_all_codes_of_this_module_are_tested_above() -> None:
    assert all(code.startswith("text.") for code in CODES)


def test_value_columns_that_come_later_are_passed_over() -> None:
    values = rows({}).drop("amount_yen")
    assert TextCheck({"test": form()}, fonts()).check(values, "test").table().is_empty()
    assert isinstance(values, pl.DataFrame)


def test_a_character_wider_than_its_box_does_not_fit() -> None:
    setting = Setting("gothic", 10.0, lines=3)
    found = fit(
        "全期", setting, (FitStep("lines", 9),), width_pt=6.0, height_pt=200.0, leading=1.0, fonts=fonts()
    )
    assert isinstance(found, Overflow)
    assert isinstance(
        fit("全", setting, (), width_pt=10.0, height_pt=200.0, leading=1.0, fonts=fonts()), Fitted
    )
