"""A run's coded font as PDF objects: Type0 over a private two-byte code space, widths, glyph map, way back to Unicode.

In: a `CodedFace`. Out: the number of the font object. The tables are computed from the same subset that is embedded, so widths and
glyphs cannot disagree; variation sequences keep their selector in ToUnicode, and a name copied from the PDF is the name.
"""

from __future__ import annotations

import hashlib

from slips.glyphs import CodedFace
from slips.pdf import PdfFile, ref


def add_font(pdf: PdfFile, face: CodedFace) -> int:
    """Write the objects of one font; returns the Type0 font's number. ISO 32000-1, 9.7.4 and 9.10.3."""
    subset = face.subset
    tag = "".join(chr(65 + b % 26) for b in hashlib.sha256(subset.data).digest()[:6])
    name = f"{tag}+{face.postscript}".encode()
    program = pdf.put_stream(pdf.reserve(), b"", b"/Length1 %d" % len(subset.data), packed=face.program)
    descriptor = pdf.add(
        b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80"
        b"/FontFile2 %b>>"
        % (name, *subset.bbox, subset.ascent, subset.descent, subset.cap_height, ref(program))
    )
    glyph_map = pdf.add_stream(_glyph_map(face))
    unicode_map = pdf.add_stream(_unicode_map(face))
    descendant = pdf.add(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/DW 1000/W[%b]/CIDToGIDMap %b/FontDescriptor %b>>"
        % (name, _widths(face), ref(glyph_map), ref(descriptor))
    )
    return pdf.add(
        b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H/DescendantFonts[%b]/ToUnicode %b>>"
        % (name, ref(descendant), ref(unicode_map))
    )


def _glyph_map(face: CodedFace) -> bytes:
    pairs = [*zip(face.codes.values(), face.subset.gids, strict=True)]
    pairs += zip(face.phrases.values(), face.subset.phrase_gids, strict=True)
    table = bytearray(2 * (max((code for code, _ in pairs), default=0) + 1))
    for code, gid in pairs:
        table[2 * code : 2 * code + 2] = gid.to_bytes(2, "big")
    return bytes(table)


FULL_WIDTH = 1000
"""The advance of a character as wide as high, in 1/1000 em."""


def _widths(face: CodedFace) -> bytes:
    """Every advance, neighbours of one advance as a range; the few ranges of full width first, then the most frequent ahead.

    PDFium walks over these entries from the first for every character that it meets, on every page, and over all of them for one that
    has none; numbers in brackets are an entry each.
    """
    pairs = [*zip(face.codes.values(), face.subset.advances, strict=True)]
    pairs += zip(face.phrases.values(), face.subset.phrase_advances, strict=True)
    ranges: list[tuple[int, int, int]] = []
    for code, advance in sorted(pairs):
        if ranges and ranges[-1][1:] == (code - 1, advance):
            ranges[-1] = (ranges[-1][0], code, advance)
        else:
            ranges.append((code, code, advance))
    ranges.sort(key=lambda entry: entry[2] != FULL_WIDTH)
    return " ".join(f"{first} {last} {advance}" for first, last, advance in ranges).encode()


def _unicode_map(face: CodedFace) -> bytes:
    texts = [
        (code, chr(base) + (chr(selector) if selector else ""))
        for (base, selector), code in face.codes.items()
    ]
    texts += [(code, phrase) for phrase, code in face.phrases.items()]
    rows = [f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>\n" for code, text in texts]
    blocks = [rows[i : i + 100] for i in range(0, len(rows), 100)]
    body = "".join(f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
