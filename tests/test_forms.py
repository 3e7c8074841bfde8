"""The forms that come with the package: good by every rule, complete, the same places in each part, and their words fit in each language."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pikepdf
import polars as pl
import pypdfium2
import pytest

from elqr import customer_barcode, gs1_128
from elqr.problems import Problem, Severity
from elqr.site import Site, load_site
from slips.catalogue import forms
from slips.clearance import clear_rect
from slips.fonts import load_fonts
from slips.form import Layout
from slips.gate import all_faces, faults_of
from slips.labels import GUIDED, LANGUAGES, SITE_WORDS, Labels, load_labels
from slips.layout import layout_names, load_layout
from slips.press import site_words
from slips.preview import KINDS, preview_values, sample_values, write_preview
from slips.required import EVERY_PART_VALUES, SLIP_PARTS
from slips.textcheck import TextCheck
from slips.values import known_values
from slips.wording import check_words, faces_of

FORMS = ("a4_large", "a4_notice", "mihara")
"""The first three, on which others are built."""
MORE = (
    "a4_guide",
    "a4_two_slips",
    "booklet",
    "continuous",
    "mihara_preprinted",
    "postcard_reminder",
    "refund_notice",
)
SITE = Path(__file__).parent.parent / "sample_data" / "site.toml"


def form(name: str) -> Layout:
    return load_layout(name)


def test_the_forms_are_these() -> None:
    assert layout_names() == tuple(sorted(FORMS + MORE))
    assert [row["id"] for row in forms()] == list(layout_names())


@pytest.mark.parametrize("name", FORMS + MORE)
def test_a_form_of_the_package_has_no_fault(name: str) -> None:
    assert faults_of(name) == []


@pytest.mark.parametrize("name", FORMS)
def test_file_name_and_id_agree_and_large_print_exists(name: str) -> None:
    layout = form(name)
    assert layout.id == name
    assert layout.large_print in ("", *FORMS)
    assert form(layout.large_print or "a4_large").large_print == "", "large print has no larger print"


# The list of elqr-format.md section 6, "texts a slip carries", as label keys and values.
CARRIED_TEXTS = (
    *("qr.caption", "qr.notice", "qr.trademark", "el.title", "el.body", "el.key", "el.confirm", "el.item"),
    *("pay.channels", "note.no_receipt", "note.one_channel", "memo.label", "mark.alt"),
    *("convenience.over_limit", "convenience.no_barcode", "stamp.label", "test.banner"),
)
CARRIED_WORDS = {
    "qr.caption": ["eL-QR"],
    "qr.notice": ["普通のカメラ", "読み取れません"],
    "qr.trademark": ["QRコード", "デンソーウェーブ", "登録商標"],
    "pay.channels": ["地方税お支払サイト", "eL-QR対応金融機関", "コンビニ", "{site.limit}", "取扱期限"],
    "note.no_receipt": ["領収証書は発行されません"],
    "note.one_channel": ["一つの方法で一回だけ"],
    "el.body": ["収納機関番号"],
    "el.key": ["納付番号"],
    "el.confirm": ["確認番号"],
    "el.item": ["納付区分"],
    "test.banner": ["見本・使用不可"],
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_carries_the_texts_and_values_of_a_slip(name: str) -> None:
    boxes = form(name).boxes
    keys = {key for box in boxes for key in box.label_keys}
    assert set(CARRIED_TEXTS) <= keys
    for part in SLIP_PARTS:
        here = [box for box in boxes if box.part == part]
        assert {box.value for box in here} >= set(EVERY_PART_VALUES)
        titles = [box for box in here if box.kind == "heading" and box.text == f"part.{part}"]
        assert len(titles) == 1
    # the four numbers in the order in which they are typed
    order = [box.value for box in boxes if box.value.startswith("el_")]
    assert order == ["el_body", "el_key", "el_confirm", "el_item"]


def test_the_japanese_words_say_it() -> None:
    labels = load_labels("ja")
    for key, words in CARRIED_WORDS.items():
        assert [w for w in words if w not in labels.words[key]] == [], key


@pytest.mark.parametrize("name", FORMS)
def test_code_lower_right_and_mark_upper_right_of_the_notice(name: str) -> None:
    layout = form(name)
    notice = layout.part("notice").rect
    by_kind = {box.kind: box.rect for box in layout.boxes if box.part == "notice"}
    middle_x, middle_y = notice.x_mm + notice.w_mm / 2, notice.y_mm + notice.h_mm / 2
    assert by_kind["qr"].x_mm > middle_x and by_kind["qr"].y_mm > middle_y
    assert by_kind["mark"].x_mm > middle_x and by_kind["mark"].bottom_mm < middle_y
    assert by_kind["mark"].right_mm >= by_kind["qr"].x_mm
    assert [box.name for box in layout.boxes if box.kind == "qr"] == ["notice.qr"], "one code on the form"


@pytest.mark.parametrize("name", FORMS)
def test_equal_things_stand_in_equal_places_of_each_part(name: str) -> None:
    layout = form(name)
    for value in EVERY_PART_VALUES:
        places = set()
        for part_id in SLIP_PARTS:
            part = layout.part(part_id)
            boxes = [b for b in layout.boxes if b.part == part_id and b.value == value]
            assert len(boxes) == (2 if value == "year_period" else 1)  # instalment, or the whole year
            for box in boxes:
                places.add(
                    (
                        round(box.x_mm - part.x_mm, 6),
                        round(box.y_mm - part.y_mm, 6),
                        box.w_mm,
                        box.h_mm,
                        box.size_pt,
                    )
                )
        assert len(places) == 1, value


@pytest.mark.parametrize("name", FORMS)
def test_amount_and_due_date_are_the_largest_figures_of_a_part(name: str) -> None:
    for part in SLIP_PARTS:
        sizes = {b.value: b.size_pt for b in form(name).boxes if b.part == part and b.kind == "field"}
        amount, due = sizes.pop("amount_yen"), sizes.pop("due_date")
        sizes.pop("kind")  # a word, not a figure: it may be as large as it needs to be
        assert amount > due > max(sizes.values())


def test_measures_of_the_task() -> None:
    mihara, notice, large = (form(name) for name in ("mihara", "a4_notice", "a4_large"))
    assert mihara.page_h_mm == 114.3  # 4.5 inch
    assert (notice.page_w_mm, notice.page_h_mm) == (large.page_w_mm, large.page_h_mm) == (210.0, 297.0)
    assert notice.part("notice").h_mm == 114.3
    assert mihara.qr_pitch_mm == pytest.approx(0.339, abs=0.0005)
    assert large.qr_pitch_mm == pytest.approx(0.508)
    assert large.body_min_pt == 14.0 and mihara.body_min_pt == 12.0
    assert mihara.bar_x_mm <= 0.1948
    for layout in (mihara, notice, large):
        (qr,) = (box for box in layout.boxes if box.kind == "qr")
        assert clear_rect(layout, qr).w_mm - qr.w_mm == pytest.approx(8 * layout.qr_pitch_mm)
        for box in layout.boxes:
            assert box.size_pt >= 9.0 or box.kind == "customer_barcode", box.name
    letter = [b for b in notice.boxes if b.part == "letter" and b.kind == "text" and not b.note]
    assert min(b.size_pt for b in letter) >= 12.0


# --- labels ---------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_labels() -> None:
    assert set(load_labels("ja").words) == set(load_labels("en").words)
    assert load_labels("fr") == load_labels("en"), "other languages get English"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_label_is_empty_unused_or_asks_for_an_unknown_word(lang: str) -> None:
    labels = load_labels(lang)
    used = {key for name in FORMS + MORE for box in form(name).boxes for key in box.label_keys}
    titles = {part.title for name in FORMS + MORE for part in form(name).parts}
    assert set(labels.words) - used - titles == set()
    for key in labels.words:
        assert labels.words[key].strip(), key
        assert labels.holes(key) <= set(SITE_WORDS), key
        assert "{" not in labels.text(key, site=site_words(load_site(SITE)))


def test_a_label_without_its_word_of_the_site_is_refused() -> None:
    labels = Labels("ja", {"a": "{site.limit}以下"})
    assert labels.text("a") == "{site.limit}以下"
    assert labels.text("a", site={"limit": "30万円"}) == "30万円以下"
    with pytest.raises(KeyError, match="limit"):
        labels.text("a", site={})
    with pytest.raises(KeyError, match="b"):
        labels.text("b")


JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


@pytest.mark.parametrize(
    "key",
    [
        *("part.receipt", "part.slip", "part.notice", "row.tax_name", "row.due_date", "row.payable_until", "row.amount"),
        *("el.title", "el.body", "el.key", "el.confirm", "el.item", "stamp.label", "test.banner"),
        *("declaration.receipt", "pay.channels", "convenience.over_limit", "note.no_receipt"),
    ],
)  # fmt: skip
def test_english_keeps_the_japanese_term_beside(key: str) -> None:
    assert JAPANESE.search(load_labels("en").words[key])


def test_a_text_that_does_not_fit_is_named_in_every_language() -> None:
    layout = form("mihara")
    tight = replace(
        layout, boxes=tuple(replace(b, h_mm=4.0) if b.id == "no_receipt" else b for b in layout.boxes)
    )
    found = check_words(tight, fonts=load_fonts(all_faces(layout)), site=site_words(Site.unknown()))
    languages = len(LANGUAGES) + len(GUIDED)
    assert [(p.code, p.field) for p in found] == [("text.label_overflow", "receipt.no_receipt")] * languages
    lost = replace(
        layout, boxes=tuple(replace(b, text="mark.alt") if b.id == "no_receipt" else b for b in layout.boxes)
    )
    assert check_words(lost, fonts=load_fonts(all_faces(layout)), site=site_words(Site.unknown())) == []


def test_a_character_without_a_glyph_in_a_label_is_named() -> None:
    layout = form("mihara")
    words = {**site_words(Site.unknown()), "limit": "\U0010fffd"}
    found = check_words(layout, fonts=load_fonts(faces_of(layout)), site=words, langs=["ja"])
    assert {(p.code, p.field) for p in found} == {
        ("text.label_no_glyph", "notice.pay"),
        ("text.label_no_glyph", "notice.over_limit"),
    }


# --- values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS + MORE)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_samples_fit(name: str, lang: str) -> None:
    """ "Instalment 2" did not fit the stub of the booklet, and every English instalment on it was held."""
    assert [p for p in sample_findings(name, lang) if p.severity is Severity.ERROR] == []


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_usual_slip_is_not_squeezed(name: str, lang: str) -> None:
    steps = {
        str(p.params["step"]) for p in sample_findings(name, lang) if p.where.line == 1 and "step" in p.params
    }
    assert not {s for s in steps if s.startswith("condense") and int(s.split(":")[1]) < 80}


def sample_findings(name: str, lang: str) -> list[Problem]:
    layout = form(name)
    frame = preview_values(lang, layout=layout, office=Site.unknown())
    assert frame.height >= len(KINDS)
    return list(TextCheck({name: layout}, load_fonts(faces_of(layout))).check(frame, name).problems())


def test_preview_values_are_all_that_a_form_may_name() -> None:
    frame = sample_values("ja", rows=10, office=load_site(SITE)).filter(position=1)
    assert known_values(10) <= set(frame.columns)
    assert frame["city"].unique().to_list() == ["みほん市"]
    assert frame["inst_period_10"].to_list()[0] == ""
    longest = frame.row(1, named=True)  # one slip: what it says of its instalment, it says everywhere
    assert (
        longest["inst_period_10"] == longest["period"] == "第10期"
        and longest["period"] in longest["year_period"]
    )
    assert longest["inst_due_10"] == longest["due_date"]


@pytest.mark.parametrize(("name", "lang"), [("mihara", "ja"), ("a4_notice", "en"), ("a4_large", "ja")])
def test_preview_prints_marked_slips(tmp_path: Path, name: str, lang: str) -> None:
    out = tmp_path / "preview.pdf"
    problems = write_preview(name, out=out, lang=lang, site=SITE)
    assert {p.severity for p in problems} <= {Severity.NOTE}
    with pypdfium2.PdfDocument(io.BytesIO(out.read_bytes())) as pdf:
        assert len(pdf) == len(KINDS)
        texts = [page.get_textpage().get_text_range() for page in pdf]
        width, height = pdf[0].get_size()
    layout = form(name)
    assert (width, height) == (
        pytest.approx(layout.page_w_mm / 25.4 * 72, abs=0.01),
        pytest.approx(layout.page_h_mm / 25.4 * 72, abs=0.01),
    )
    limit = "30万円を超える" if lang == "ja" else "Over ¥300,000"
    squeezed = ["".join(text.split()) for text in texts]
    assert [limit.replace(" ", "") in text for text in squeezed] == [False, True, False, False]
    assert all("見本・使用不可" in text and "eL-QR" in text for text in squeezed)
    with pikepdf.open(out) as pdf:
        assert [loose_marks(page) for page in pdf.pages] == [[]] * len(KINDS)


def loose_marks(page: pikepdf.Page) -> list[str]:
    """What a page draws outside marked content: a screen reader could not tell whether it says something."""
    depth, found = 0, []
    for step in pikepdf.parse_content_stream(page):
        name = str(step.operator)
        depth += {"BMC": 1, "BDC": 1, "EMC": -1}.get(name, 0)
        if depth == 0 and name in {"Tj", "Do", "INLINE IMAGE", "f", "S"}:
            found.append(f"{name} {step.operands}")
    return found


def test_codes_of_no_row_at_all() -> None:
    assert gs1_128.bars(np.empty((0, 44), np.uint8)).shape == (0, 288)
    none = pl.Series([], dtype=pl.String)
    assert customer_barcode.bars(customer_barcode.encode(none, none)).shape == (0, 3, 133)


def test_forms_are_data_of_the_package() -> None:
    assert all((files("layouts") / "forms" / f"{name}.toml").is_file() for name in FORMS)
