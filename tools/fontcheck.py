"""Compares the widths that a PDF states for its fonts with the widths inside the embedded font programs.

veraPDF's rules pass a wrong default width, and a reader then places text where the printer does not; so /W,
/DW and /Widths are checked here against `hmtx`. In: an open file. Out: one finding a font and fault. A kind
of font it cannot judge is a finding.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
from fontTools.ttLib import TTFont
from pikepdf import Name

TOLERANCE = 1.0  # of 1/1000 em: PDF writers round to whole units
SHOWN = 3


def check(pdf: pikepdf.Pdf) -> list[str]:
    """Every font whose stated widths differ from its program's."""
    fonts = {
        o.objgen: o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == Name.Font
    }
    return [fault for font in fonts.values() for fault in _judge(font)]


def _judge(font: pikepdf.Object) -> Iterator[str]:
    place = f"font {font.get('/BaseFont', '?')}"
    if font.Subtype == Name.Type0:
        return  # its descendant is a font of its own
    described = font.get("/FontDescriptor", pikepdf.Dictionary())
    if "/FontFile2" not in described:
        yield f"{place}: no embedded TrueType program to compare with"
        return
    program: Any = TTFont(io.BytesIO(described.FontFile2.read_bytes()))
    if font.Subtype == Name.CIDFontType2:
        stated, glyphs = _cid_widths(font), _cid_glyphs(font, program)
        default = float(font.get("/DW", 1000))
    elif font.Subtype == Name.TrueType:
        first = int(font.FirstChar)
        stated = {first + i: float(w) for i, w in enumerate(font.Widths)}
        glyphs, default = _simple_glyphs(font, program), float(described.get("/MissingWidth", 0))
        glyphs = {code: g for code, g in glyphs.items() if code in stated}
    else:
        yield f"{place}: {font.Subtype} is not a kind of font that this check knows"
        return
    scale = 1000 / program["head"].unitsPerEm
    advances = program["hmtx"].metrics
    wrong = [
        f"{code}: {said:g}, font {real:g}"
        for code, glyph in sorted(glyphs.items())
        if abs((said := stated.get(code, default)) - (real := advances[glyph][0] * scale)) > TOLERANCE
    ]
    if wrong:
        yield f"{place}: {len(wrong)} widths differ from the font program ({'; '.join(wrong[:SHOWN])})"
    if unknown := sorted(set(stated) - set(glyphs)):
        yield f"{place}: widths for {len(unknown)} codes that have no glyph ({unknown[:SHOWN]})"


def _cid_widths(font: pikepdf.Object) -> dict[int, float]:
    """The /W array: `first [w …]` or `first last w`."""
    widths: dict[int, float] = {}
    row = list(font.get("/W", []))
    while row:
        first = int(row.pop(0))
        if isinstance(row[0], pikepdf.Array):
            widths |= {first + i: float(w) for i, w in enumerate(row.pop(0))}
        else:
            last, width = int(row.pop(0)), float(row.pop(0))
            widths |= dict.fromkeys(range(first, last + 1), width)
    return widths


def _cid_glyphs(font: pikepdf.Object, program: Any) -> Mapping[int, str]:
    order = program.getGlyphOrder()
    where = font.get("/CIDToGIDMap", Name.Identity)
    if not isinstance(where, pikepdf.Stream):
        return dict(enumerate(order))
    table = where.read_bytes()
    gids = [int.from_bytes(table[i : i + 2], "big") for i in range(0, len(table) - 1, 2)]
    return {cid: order[gid] for cid, gid in enumerate(gids) if gid}


def _simple_glyphs(font: pikepdf.Object, program: Any) -> dict[int, str]:
    """code → glyph name (ISO 32000-1, 9.6.6.4): by the encoding, else by the symbolic tables."""
    if font.get("/Encoding") == Name.WinAnsiEncoding:
        best = program.getBestCmap()
        pairs = ((c, bytes([c]).decode("cp1252", errors="ignore")) for c in range(256))
        return {code: best[ord(char)] for code, char in pairs if char and ord(char) in best}
    tables = {(t.platformID, t.platEncID): t.cmap for t in program["cmap"].tables}
    symbolic = tables.get((3, 0)) or tables.get((1, 0)) or {}
    return {code & 0xFF: glyph for code, glyph in symbolic.items()}
