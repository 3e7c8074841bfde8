"""The vendor's package: every box and change told, the sample set whole, the same bytes twice."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pypdfium2
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import main
from elqr.problems import ProblemError
from elqr.site import Site, load_site
from slips import pack_tables
from slips.form import Hole, Layout, PlacedBox, RegisterMark
from slips.form_changes import NONE, changes, said
from slips.layout import layout_names, load_layout
from slips.pack_paper import Paper, page_of
from slips.pack_samples import LARGEST_YEN, PERIODS, amounts, sample_rows
from slips.rect import Rect
from slips.vendor_pack import INSTRUCTION, SUMS, make_vendor_pack

SITE = Path(__file__).parent.parent / "sample_data" / "site.toml"
FORM = load_layout("mihara")


def words(pdf: Path) -> str:
    return "".join(
        "".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(pdf)
    )


# --- changes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", layout_names())
def test_a_form_does_not_differ_from_itself(name: str) -> None:
    assert changes(load_layout(name), load_layout(name)) == ()


NUMBERS = ("x_mm", "y_mm", "w_mm", "h_mm", "size_pt", "leading", "label_x_mm", "ground")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FORM.boxes) - 1), st.sampled_from(NUMBERS), st.floats(0.01, 9, allow_nan=False))
def test_any_change_of_a_box_is_told_as_it_was_and_is(place: int, field: str, by: float) -> None:
    box = FORM.boxes[place]
    was, now = getattr(box, field), round(getattr(box, field) + by, 4)
    changed = tuple(replace(b, **{field: now}) if k == place else b for k, b in enumerate(FORM.boxes))
    (told,) = changes(FORM, replace(FORM, boxes=changed))
    assert (told.what, told.was, told.now) == (f"box {box.name}.{field}", said(was), said(now))
    (back,) = changes(replace(FORM, boxes=changed), FORM)
    assert (back.was, back.now) == (told.now, told.was)


def test_no_field_of_a_box_or_form_is_left_out() -> None:
    box = FORM.boxes[0]
    other = {str: "other", float: 7.5, int: 7, bool: True, tuple: (1, 2)}
    for f in fields(PlacedBox):
        value = getattr(box, f.name)
        if f.name in ("id", "part"):
            continue
        changed = replace(box, **{f.name: not value if isinstance(value, bool) else other[type(value)]})
        assert changes(FORM, replace(FORM, boxes=(changed, *FORM.boxes[1:]))), f.name
    seen = {f.name for f in fields(Layout)} - {"id", "file", "sha256"}
    for name in seen:
        value = getattr(FORM, name)
        news = {
            "register_marks": (RegisterMark(x_mm=1, y_mm=2),), "holes": (Hole(x_mm=1, y_mm=2, diameter_mm=3),),
            "windows": (Rect(1, 2, 3, 4),), "strikes": FORM.lines[:1],
            "title": {"ja": "別", "en": "x"}, "exclusive": (), "preprinted": True, "kinds": ("dunning",),
            "inserter_marks": load_layout("booklet").inserter_marks,
        }  # fmt: skip
        new = news.get(name, () if isinstance(value, tuple) else other.get(type(value)))
        assert changes(FORM, replace(FORM, **{name: new})), name


def test_what_is_gone_and_what_is_new_is_told() -> None:
    less = replace(FORM, boxes=FORM.boxes[1:], lines=FORM.lines[1:])
    gone = changes(FORM, less)
    assert [(c.what, c.now) for c in gone] == [("box receipt.test_banner", NONE), ("line", NONE)]
    assert [(c.what, c.was) for c in changes(less, FORM)] == [
        ("box receipt.test_banner", NONE),
        ("line", NONE),
    ]
    swapped = replace(FORM, boxes=(FORM.boxes[1], FORM.boxes[0], *FORM.boxes[2:]))
    assert [c.what for c in changes(FORM, swapped)] == ["box order"]


# --- tables and samples ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", layout_names())
def test_every_box_code_mark_and_cut_is_listed(name: str) -> None:
    layout = load_layout(name)
    assert len(pack_tables.boxes(layout)) == len(layout.boxes)
    codes = [b for b in layout.boxes if b.kind in ("qr", "gs1_128", "customer_barcode")]
    assert len(pack_tables.codes(layout, position="±0.5")) == len(codes)
    listed = len(layout.register_marks) + len(layout.inserter_marks) + len(layout.holes)
    assert len(pack_tables.marks(layout)) == listed
    short = {"perforation": "p", "fold": "f", "drawn": "y", "not_drawn": "n"}
    assert len(pack_tables.cuts(layout, short)) == len(layout.cuts)


@pytest.mark.parametrize("name", layout_names())
def test_a_vendor_sees_no_holes_of_a_template(name: str) -> None:
    assert not [row for row in pack_tables.boxes(load_layout(name)) if "{" in "".join(row)]


@pytest.mark.parametrize(("name", "upright"), [("a4_two_slips", True), ("booklet", False)])
def test_the_drawing_lies_as_the_form_does(name: str, upright: bool) -> None:
    """Across, an upright A4 form was drawn at 46 %, and the numbers of its boxes lay upon each other."""
    layout, paper = load_layout(name), Paper("t", "f")
    paper.paragraph("before")
    paper.page_break(page_of(layout))
    paper.drawing(layout)
    paper.page_break()
    paper.paragraph("after")
    pdf = pypdfium2.PdfDocument(paper.finish())
    assert [page.get_height() > page.get_width() for page in pdf] == [False, upright, False]
    scale = float(pdf[1].get_textpage().get_text_range().split("縮尺 ")[1].split()[0])
    assert scale > 70


@pytest.mark.parametrize("lines", range(23, 28))
def test_a_full_page_is_not_followed_by_an_empty_one(lines: int) -> None:
    paper = Paper("t", "foot")
    paper.head("the head")
    for _ in range(lines):
        paper.paragraph("a line")
    paper.page_break()
    paper.paragraph("the next")
    texts = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(paper.finish())]
    assert all("a line" in text or "the next" in text for text in texts)


def test_positions_of_codes_are_whole_dots_from_the_lower_left() -> None:
    (qr,) = [row for row in pack_tables.codes(FORM, position="") if row[0].startswith("eL-QR")]
    assert qr[1:5] == ("259.08", "6.01", "6120, 142", "8 ドット 0.3387 mm × 41")


def test_the_sample_set_has_every_edge() -> None:
    site = load_site(SITE)
    rows = sample_rows(site)
    edges = rows.select("tax_item", "period", "amount").unique()
    assert edges.height == rows.height == len(site.tax_items) * len(PERIODS) * len(amounts(site))
    assert amounts(site) == (1, 300_000, 300_001, LARGEST_YEN)
    barred = rows.filter(pl.col("barcode").is_not_null())["amount"].unique().to_list()
    assert sorted(barred) == ["1", "300000"]
    assert rows["payload"].null_count() == rows.height, "composed, and so a TEST"
    assert sample_rows(Site.unknown()).height == len(PERIODS) * 4


# --- the package ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without a site: twenty sample pages are enough here."""
    folder = tmp_path_factory.mktemp("pack")
    old = folder / "old.toml"
    text = Path("layouts/forms/mihara.toml").read_text(encoding="utf-8")
    old.write_text(
        text.replace('version = "2026-11"', 'version = "2026-10"').replace(
            "size_pt = 20.0", "size_pt = 18.0"
        ),
        encoding="utf-8",
    )
    args = ["layouts", "vendor-pack", "mihara", "--out", str(folder / "out"), "--previous", str(old)]
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.output
    assert "20 sample pages, 4 changes" in done.output
    return folder


def test_the_instruction_says_all_that_a_vendor_needs(pack: Path) -> None:
    text = words(pack / "out" / INSTRUCTION)
    for needed in (
        "納付書印刷仕様書", "279.40", "114.30", "135.40", "6120,142", "0.3387mm×41", "墨1色(K100%)", "600dpi", "ミシン目",
        "四六判", "slips-00001.pdf", "束(グループ)", "BIZUDゴシック", "出力プロファイル", "elqrverify", "全20ページ", "見本・使用不可",
        FORM.sha256, "当方の値", "boxreceipt.amount.size_pt", "2026-10",
    ):  # fmt: skip
        assert needed in text, needed


def test_the_sample_set_is_printed_marked_and_listed(pack: Path) -> None:
    manifest = pl.read_csv(pack / "out" / "samples" / "manifest.csv", infer_schema=False)
    assert manifest.height == 20 and set(manifest["mode"]) == {"test"}
    pages = pypdfium2.PdfDocument(pack / "out" / "samples" / "slips-00001.pdf")
    assert len(pages) == 20
    for page in pages:
        assert "見本・使用不可" in page.get_textpage().get_text_range()


def test_checksums_hold_and_a_second_package_is_the_same(pack: Path, tmp_path: Path) -> None:
    make_vendor_pack("mihara", out=tmp_path, previous=pack / "old.toml")
    sums = (tmp_path / SUMS).read_bytes()
    assert sums == (pack / "out" / SUMS).read_bytes()
    for line in sums.decode().splitlines():
        sha, _, name = line.partition("  ")
        for folder in (tmp_path, pack / "out"):
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha, name


def test_a_notice_has_a_package_too(tmp_path: Path) -> None:
    made = make_vendor_pack("refund_notice", out=tmp_path)
    assert "samples/samples.pdf" in made.files and "還付" in words(tmp_path / INSTRUCTION)


def test_samples_that_do_not_fit_are_told(tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.toml"
    narrow.write_text(
        'base = "mihara"\nid = "narrow"\nversion = "1"\n[[box]]\nid = "amount"\nparts = ["receipt", "slip", "notice"]\n'
        "fit = []\n",
        encoding="utf-8",
    )
    with pytest.raises(ProblemError) as refused:
        make_vendor_pack(str(narrow), out=tmp_path / "out")
    codes = [p.code for p in refused.value.problems]
    assert codes[0] == "pack.samples_held" and "text.overflow" in codes
    assert not (tmp_path / "out" / SUMS).exists()
