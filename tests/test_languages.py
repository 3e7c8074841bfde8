"""Languages of the guidance texts: complete or refused, every letter in a font, told to a screen reader in its own tongue."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import polars as pl
import pytest
from checking import HIT, run, spoilt
from checking import SITE as SITE_READ
from pdfread import unicode_maps

from slips import labels
from slips.fonts import load_fonts
from slips.gate import faults_of
from slips.glyphs import clusters_of
from slips.labels import FACE_OF, GUIDED, GUIDED_KEYS, language_of, load_labels
from slips.layout import load_layout
from slips.preview import write_preview
from slips.wording import faces_of_languages, unspoken

SITE = Path(__file__).parent.parent / "sample_data" / "site.toml"
TERMS = {  # what a clerk, a machine or the site asks for stays as it is
    "pay.channels": ("地方税お支払サイト", "eL-QR", "コンビニ", "取扱期限"),
    "pay.brief": ("地方税お支払サイト", "eL-QR", "コンビニ", "取扱期限"),
    "note.no_receipt": ("領収証書",),
    "convenience.over_limit": ("コンビニ", "{site.limit"),
    "letter.lead": ("納付書", "eL番号"),
}


@pytest.mark.parametrize("lang", GUIDED)
def test_a_language_is_whole_and_keeps_the_terms(lang: str) -> None:
    own, base = load_labels(lang), load_labels("ja")
    assert own.own == set(GUIDED_KEYS) and set(own.words) == set(base.words)
    for key, terms in TERMS.items():
        assert [t for t in terms if t not in own.words[key]] == [], key
    for key in GUIDED_KEYS:
        assert own.words[key] != base.words[key], key
        # the same site words, in the notation of the language's base
        assert {hole.removesuffix("_en") for hole in own.holes(key)} == base.holes(key), key


def test_languages_differ_from_each_other() -> None:
    for key in GUIDED_KEYS:
        texts = {load_labels(lang).words[key] for lang in (*GUIDED, "ja", "en")}
        assert len(texts) == len(GUIDED) + 2, key


@pytest.mark.parametrize(
    ("change", "named"), [('order = "x"', "el.order"), ('[el]\norder = "x"\n[el2]\nmore = "y"', "el2.more")]
)
def test_a_language_that_is_not_whole_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: str, named: str
) -> None:
    whole = labels._read("pt")
    if named == "el.order":
        whole.pop("el")
    else:
        whole["el2"] = {"more": change}
    monkeypatch.setattr(labels, "_read", lambda name: dict(whole))
    with pytest.raises(ValueError, match=re.escape(named)):
        load_labels.__wrapped__("pt")


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        *(("zh-Hans", "zh-Hans"), ("zh-hans", "zh-Hans"), ("zh-cn", "zh-Hans"), ("zh-Hans-CN", "zh-Hans")),
        *(
            ("tl", "fil"),
            ("fil-PH", "fil"),
            ("pt-br", "pt"),
            ("PT-BR", "pt"),
            ("vi-VN", "vi"),
            ("KO-kr", "ko"),
        ),
        *(("ja-x-easy", "ja-easy"), ("ja-JP-x-easy", "ja-easy"), ("JA-Easy", "ja-easy")),
        *(("ja-JP", "ja"), ("en-GB", "en"), ("EN", "en")),
    ],
)
def test_a_tag_is_told_by_its_language_in_either_case(tag: str, name: str) -> None:
    assert language_of(tag) == name and load_labels(tag).lang == name


@pytest.mark.parametrize("name", [*GUIDED, *labels.LANGUAGES, "zh-CN", "pt-BR", "ja-JP-x-easy", "tl"])
def test_a_row_in_a_language_that_we_have_gets_its_words(tmp_path: Path, name: str) -> None:
    rows, problems, _ = run(spoilt({"lang": name}), SITE_READ, tmp_path)
    assert [p for p in problems if p.field == "lang"] == []
    assert load_labels(rows["lang"][HIT]) == load_labels(name)


@pytest.mark.parametrize("tag", ["fr", "jp", "zh-TW", "zh-Hant-HK", "jam"])
def test_a_language_we_have_not_gets_english(tag: str) -> None:
    # Who reads traditional Chinese is not helped by simplified.
    assert language_of(tag) == ""
    assert load_labels(tag).lang == "en" and load_labels(tag).own == frozenset()


def test_rows_in_a_language_we_have_not_are_told() -> None:
    rows = pl.DataFrame({"line": [2, 3, 4], "slip_key": ["1", "2", "3"], "lang": ["ja", "jp", "zh-hans"]})
    (told,) = unspoken(rows).problems()
    assert (told.code, told.where.line, told.params["found"]) == ("lang.no_words", 3, "jp")


def test_only_languages_that_need_one_bring_a_font() -> None:
    assert faces_of_languages(["ja", "en", "pt", "fil", "ja-easy"]) == ()
    assert faces_of_languages(["zh-CN", "ko", "vi"]) == ("ko", "vi", "zh") == tuple(sorted(FACE_OF.values()))


@pytest.mark.parametrize("lang", ["vi", "zh-Hans", "ja-easy"])
def test_guidance_is_tagged_in_its_language(tmp_path: Path, lang: str) -> None:
    out = tmp_path / "p.pdf"
    write_preview("mihara", out=out, lang=lang, site=SITE)
    with pikepdf.open(out) as pdf:
        sections = pdf.Root.StructTreeRoot.K.K
        tags = [str(e.get("/Lang", "")) for e in sections[0].K]
        section = str(sections[0].get("/Lang", ""))
        fonts = {str(f.BaseFont).partition("+")[2] for f in pdf.pages[0].Resources.Font.values()}
    if lang == "ja-easy":
        assert set(tags) == {""} and section == ""  # easy Japanese is Japanese
        return
    assert section == {"vi": "en", "zh-Hans": ""}[lang]
    # no receipt, one channel, ways to pay, eL number, notice and alternative text of the code, alternative text of the bars
    assert tags.count(lang) == 7
    assert {"vi": "DejaVuSansCondensed", "zh-Hans": "WenQuanYiMicroHei"}[lang] in fonts


def terms_in(page: pikepdf.Page) -> list[str]:
    """What a page says in a Japanese voice though it is in another language, in the order of drawing."""
    maps = unicode_maps(page)
    said, inside, font = list[str](), list[bool](), ""
    for step in pikepdf.parse_content_stream(page):
        match str(step.operator):
            case "BDC" | "BMC":
                marked = str(step.operator) == "BDC" and str(step.operands[1].get("/Lang", "")) == "ja"
                inside.append(marked)
                said += [""] if marked else []
            case "EMC":
                inside.pop()
            case "Tf":
                font = str(step.operands[0])
            case "Tj" if any(inside):
                codes = bytes(step.operands[0])
                said[-1] += "".join(
                    maps[font][a << 8 | b] for a, b in zip(codes[::2], codes[1::2], strict=True)
                )
    return said


def test_japanese_terms_of_another_language_are_said_in_japanese(tmp_path: Path) -> None:
    """An English voice is silent at 納期限, and at the payer's address."""
    out = tmp_path / "p.pdf"
    write_preview("a4_notice", out=out, lang="en", site=SITE)
    with pikepdf.open(out) as pdf:
        said = terms_in(pdf.pages[0])
    assert {"納期限", "納税のお知らせ", "上記の金額を納付します。", "通知書番号"} <= set(said)
    assert any(text.startswith("みほん県みほん市本町") for text in said)
    assert not [text for text in said if re.search("[A-Za-z]{2}", text)]


@pytest.mark.parametrize("lang", ["ja", "ja-easy"])
def test_a_japanese_slip_changes_no_voice(tmp_path: Path, lang: str) -> None:
    out = tmp_path / "p.pdf"
    write_preview("a4_notice", out=out, lang=lang, site=SITE)
    with pikepdf.open(out) as pdf:
        assert terms_in(pdf.pages[0]) == []


def test_guidance_in_korean_says_its_terms_in_japanese(tmp_path: Path) -> None:
    out = tmp_path / "p.pdf"
    write_preview("a4_notice", out=out, lang="ko", site=SITE)
    with pikepdf.open(out) as pdf:
        said = terms_in(pdf.pages[0])
    assert "納付書" in said and not [t for t in said if re.search("[가-힣]", t)]


def test_a_language_without_its_letters_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "FACE_OF", {})
    found = {p.code for p in faults_of("mihara")}
    assert found == {"text.label_no_glyph"}
    assert load_layout("mihara").id == "mihara"


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("form", ["a4_large", "a4_notice", "a4_two_slips", "mihara"])
def test_the_words_in_the_place_of_the_mark_keep_their_lines(form: str, lang: str) -> None:
    """Two lines as written: broken into three they filled the dashed frame to its edge."""
    box = next(b for b in load_layout(form).boxes if b.kind == "mark")
    face = load_fonts({box.font}).faces[box.font]
    for line in load_labels(lang).words["mark.placeholder"].splitlines():
        width_pt = sum(face.advance(c) for c in clusters_of(line)) / 1000 * box.size_pt
        assert width_pt / 72 * 25.4 < box.w_mm, line
