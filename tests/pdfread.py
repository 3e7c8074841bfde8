"""Reads a printed page back as text a person can read: its words, or the structure tree with the text and place of its marked content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdfium2


def texts(pdf: Path) -> list[str]:
    """The text of each page, without spaces."""
    return ["".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(pdf)]


def unicode_maps(page: pikepdf.Page) -> dict[str, dict[int, str]]:
    """Font resource -> code -> text, from the fonts' ToUnicode."""
    maps = {}
    for name, font in page.resources["/Font"].items():
        rows = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", font.ToUnicode.read_bytes())
        maps[name] = {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in rows}
    return maps


def marked(page: pikepdf.Page) -> dict[int | None, list[str]]:
    """MCID -> what is drawn in it: text with size and place, images; None for artifacts."""
    maps = unicode_maps(page)
    out: dict[int | None, list[str]] = {}
    current: int | None = None
    around: list[int | None] = []
    font, size, x, y, scale = "", 0.0, 0.0, 0.0, 100
    origin = (0.0, 0.0)
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC" | "BMC" as opened:
                around.append(current)
                current = None if opened == "BMC" else operands[1].get("/MCID", current)
            case "EMC":
                current = around.pop()
            case "cm" if [float(v) for v in operands[:4]] == [1, 0, 0, 1]:
                origin = (float(operands[4]), float(operands[5]))
            case "BT":
                x, y = origin
            case "Td":
                x, y = x + float(operands[0]), y + float(operands[1])
            case "Tf":
                font, size = str(operands[0]), float(operands[1])
            case "Tz":
                scale = int(operands[0])
            case "Tj":
                codes = bytes(operands[0])
                text = "".join(maps[font][codes[k] << 8 | codes[k + 1]] for k in range(0, len(codes), 2))
                if text:
                    squeezed = f" {scale}%" if scale != 100 else ""
                    out.setdefault(current, []).append(f"{text} [{font} {size:g}{squeezed} @{x:.1f},{y:.1f}]")
            case "INLINE IMAGE":
                image = operands[0].obj
                out.setdefault(current, []).append(f"mask {image.Width}x{image.Height}")
            case "Do":
                out.setdefault(current, []).append(f"form {operands[0]}")
    return out


def tree(pdf: pikepdf.Pdf, page_index: int) -> Iterator[str]:
    """The structure elements of one page, indented, each with what it marks."""
    page = pdf.pages[page_index]
    drawn = marked(page)

    def walk(element: pikepdf.Object, depth: int) -> Iterator[str]:
        kids = element.get("/K")
        own = []
        if isinstance(kids, int):
            own = drawn.get(kids, [])
        alt = f" alt={str(element.Alt)!r}" if "/Alt" in element else ""
        yield "  " * depth + str(element.S) + alt + (": " + " | ".join(own) if own else "")
        for kid in kids if isinstance(kids, pikepdf.Array) else []:
            yield from walk(kid, depth + 1)

    for section in pdf.Root.StructTreeRoot.K.K:
        if any(kid.get("/Pg") == page.obj for kid in section.K):
            yield from walk(section, 0)
    yield "Artifact: " + " | ".join(drawn.get(None, []))
