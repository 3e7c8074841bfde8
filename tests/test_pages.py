"""The page writer: what a page says in which order, and that a file is the same whenever it is made."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pikepdf
import polars as pl
from fontTools.ttLib import TTFont

from elqr import digits, symbols
from tests import pdfread
from tests.writer_rows import PAYLOAD, print_rows, rows

GOLDEN = Path(__file__).parent / "golden" / "writer_pages.txt"
LONG_NAME = "寿限無寿限無五劫の擦り切れ海砂利水魚の 様"
SAMPLE = rows(
    {},
    {"test": "1", "payer_name": "𠮷田 花子 様", "amount_yen": "9,504,685円"},
    {"payer_name": "辻\U000e0102 葛\U000e0100子 様", "lang": "en"},
    {"payer_name": LONG_NAME},
    {
        "inst_period_1": "第1期",
        "inst_amount_1": "3,000円",
        "inst_period_2": "第2期",
        "inst_amount_2": "2,000円",
    },
)


def spoken(pdf: bytes) -> str:
    with pikepdf.open(io.BytesIO(pdf)) as doc:
        pages = ("\n".join(pdfread.tree(doc, k)) for k in range(len(doc.pages)))
        return "\n\n".join(pages) + "\n"


def test_what_pages_say() -> None:
    """The golden is read by people: one line an element, label and value together, in reading order."""
    assert spoken(print_rows(SAMPLE)) == GOLDEN.read_text(encoding="utf-8")


def test_same_rows_same_bytes() -> None:
    assert print_rows(SAMPLE) == print_rows(SAMPLE)


def test_a_page_does_not_depend_on_its_neighbours() -> None:
    with pikepdf.open(io.BytesIO(print_rows(SAMPLE))) as all_pages:
        for k in range(SAMPLE.height):
            alone = rows({**SAMPLE.row(k, named=True)}).select(SAMPLE.columns)
            with pikepdf.open(io.BytesIO(print_rows(alone))) as one:
                texts = list(pdfread.tree(one, 0))
            fonts_apart = [line.replace("/F2", "/F") for line in texts]
            assert [line.replace("/F2", "/F") for line in pdfread.tree(all_pages, k)] == fonts_apart


def test_the_image_mask_is_the_symbol() -> None:
    matrix = symbols.image_bytes(symbols.encode(digits.to_matrix(pl.Series([PAYLOAD]), 255))).tobytes()
    with pikepdf.open(io.BytesIO(print_rows(rows({})))) as pdf:
        fixed, own = (part.read_bytes() for part in pdf.pages[0].Contents)
    assert b"BI/" not in fixed
    assert b"BI/W 41/H 41/IM true/BPC 1/D[1 0]ID " + matrix + b"\nEI " in own


def test_every_slip_is_a_document_part_and_every_page_has_its_tags() -> None:
    many = rows(*({} for _ in range(150)))
    with pikepdf.open(io.BytesIO(print_rows(many))) as pdf:
        assert len(pdf.pages) == 150
        parts = list(pdf.Root.DPartRoot.DPartRootNode.DParts[0])
        assert [part.Start.objgen for part in parts] == [page.obj.objgen for page in pdf.pages]
        assert [int(page.obj.StructParents) for page in pdf.pages] == list(range(150))
        sections = list(pdf.Root.StructTreeRoot.K.K)
        assert [s.K[0].Pg.objgen for s in sections] == [page.obj.objgen for page in pdf.pages]
        numbers = [n for leaf in pdf.Root.StructTreeRoot.ParentTree.Kids for n in list(leaf.Nums)[::2]]
        assert numbers == list(range(150))
        for leaf in pdf.Root.StructTreeRoot.ParentTree.Kids:
            for number, owners in zip(list(leaf.Nums)[::2], list(leaf.Nums)[1::2], strict=True):
                for mcid, owner in enumerate(owners):
                    assert mcid == owner.K, f"page {number}: marked content {mcid} belongs to another element"
        assert pdf.check_pdf_syntax() == []


def test_what_all_pages_say_stands_in_the_file_once() -> None:
    with pikepdf.open(io.BytesIO(print_rows(rows(*({"seq": f"{k:06d}"} for k in range(1, 40)))))) as pdf:
        streams = [[part.objgen for part in page.Contents] for page in pdf.pages]
        assert len({fixed for fixed, _ in streams}) == 1
        assert len({own for _, own in streams}) == 39
        numbers = [
            [int(m) for part in page.Contents for m in re.findall(rb"MCID (\d+)", part.read_bytes())]
            for page in pdf.pages
        ]
        tree = pdf.Root.StructTreeRoot.ParentTree.Kids[0].Nums
        assert all(sorted(n) == list(range(len(tree[1]))) for n in numbers)


def test_object_numbers_are_dense() -> None:
    with pikepdf.open(io.BytesIO(print_rows(SAMPLE))) as pdf:
        assert int(pdf.trailer.Size) <= len(pdf.objects) + 1


def test_every_character_is_as_wide_as_its_glyph() -> None:
    """ISO 32000-1, 9.7.4.3: what /W says of a code, against the advance in the embedded program; it leaves no code to the default."""
    with pikepdf.open(io.BytesIO(print_rows(SAMPLE))) as pdf:
        fonts = [font.DescendantFonts[0] for page in pdf.pages for font in page.Resources.Font.values()]
        assert len({str(font.BaseFont) for font in fonts}) >= 3
        for font in fonts:
            advances, order = _program(font)
            glyphs = font.CIDToGIDMap.read_bytes()
            said: dict[int, int] = {}
            entries = [int(number) for number in font.W]
            for first, last, width in zip(entries[::3], entries[1::3], entries[2::3], strict=True):
                assert said.keys().isdisjoint(range(first, last + 1))
                said |= dict.fromkeys(range(first, last + 1), width)
            gids = [int.from_bytes(glyphs[k : k + 2], "big") for k in range(0, len(glyphs), 2)]
            assert said == {code: advances[order[gid]] for code, gid in enumerate(gids) if gid}


def _program(font: pikepdf.Object) -> tuple[dict[str, int], list[str]]:
    """Advances by glyph in 1/1000 em, and the order of the glyphs."""
    program = TTFont(io.BytesIO(font.FontDescriptor.FontFile2.read_bytes()))
    upem = program["head"].unitsPerEm
    return {
        name: round(width * 1000 / upem) for name, (width, _) in program["hmtx"].metrics.items()
    }, program.getGlyphOrder()
