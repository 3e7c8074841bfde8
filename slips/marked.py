"""The text of a finished page by marked-content number, as a screen reader finds it: from the operators that draw it and the fonts' own maps.

In: a page of an open PDF. Out: `texts`: number -> text, with a blank where a gap stands and none where a Japanese line merely goes on.
Artifacts are left out. Refuses nothing: a code without a map says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pikepdf

_BFCHAR: Final = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
FIRMS: Final = ("(株)", "(有)")
OPENERS: Final = "・※○●■"
"""Signs that begin an item: no word goes on over the line break before them."""
GAP_EM: Final = 0.2
"""A gap of this share of the size is a blank."""
PITCH_MAX: Final = 1.8
"""Line pitch ÷ size up to which a line goes on with the one before."""


@dataclass(frozen=True)
class _Font:
    texts: Mapping[int, str]
    widths: Mapping[int, int]


@dataclass(frozen=True)
class _Piece:
    """A run of text: where it begins and ends on its line, and how it is set."""

    text: str
    setting: tuple[str, float]
    x: float
    end: float
    y: float


def texts(page: Any) -> Mapping[int, str]:
    """Marked-content number -> its text."""
    fonts = {str(name): _font(font) for name, font in page.resources.get("/Font", {}).items()}
    reader = _Reader(fonts)
    for step in pikepdf.parse_content_stream(page):
        reader.take(str(step.operator), step.operands)
    return {mcid: _joined(pieces) for mcid, pieces in reader.pieces.items()}


def _font(font: Any) -> _Font:
    mapped = _BFCHAR.findall(font.ToUnicode.read_bytes()) if "/ToUnicode" in font else ()
    known = {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in mapped}
    row = list(font.DescendantFonts[0].get("/W", ())) if "/DescendantFonts" in font else []
    return _Font(known, _widths(row))


def _widths(row: Sequence[Any]) -> dict[int, int]:
    """Both ways of a PDF: `first [width width …]` and `first last width`."""
    widths: dict[int, int] = {}
    at = 0
    while at + 1 < len(row):
        if isinstance(row[at + 1], pikepdf.Array):
            widths |= {int(row[at]) + k: int(width) for k, width in enumerate(row[at + 1])}
            at += 2
        elif at + 2 < len(row):
            widths |= dict.fromkeys(range(int(row[at]), int(row[at + 1]) + 1), int(row[at + 2]))
            at += 3
        else:
            break
    return widths


@dataclass
class _Reader:
    """Follows a content stream and gathers what it draws."""

    fonts: Mapping[str, _Font]
    pieces: dict[int, list[_Piece]] = field(default_factory=dict)
    nested: list[int | None] = field(default_factory=list)
    mcid: int | None = None
    actual: str = ""
    font: str = ""
    size: float = 0.0
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    line_x: float = 0.0

    def take(self, operator: str, operands: Any) -> None:
        """Follow one operator."""
        match operator:
            case "BDC":
                properties = operands[1]
                self.nested.append(self.mcid)
                self.mcid = int(properties["/MCID"]) if "/MCID" in properties else self.mcid
                self.actual = str(properties.get("/ActualText", ""))
            case "BMC":
                self.nested.append(self.mcid)
                self.mcid, self.actual = None, ""
            case "EMC":
                self.mcid, self.actual = self.nested.pop() if self.nested else None, ""
            case "BT":
                self.x = self.line_x = self.y = 0.0
            case "Td":
                self.line_x += float(operands[0])
                self.x = self.line_x
                self.y += float(operands[1])
            case "Tf":
                self.font, self.size = str(operands[0]), float(operands[1])
            case "Tz":
                self.scale = float(operands[0]) / 100
            case "Tj":
                self._show(bytes(operands[0]))

    def _show(self, data: bytes) -> None:
        font = self.fonts.get(self.font, _Font({}, {}))
        codes = [data[k] << 8 | data[k + 1] for k in range(0, len(data) - 1, 2)]
        text = self.actual or "".join(font.texts.get(code, "") for code in codes)
        start = self.x
        self.x += sum(font.widths.get(code, 1000) for code in codes) / 1000 * self.size * self.scale
        if text and self.mcid is not None:
            piece = _Piece(text, (self.font, self.size), start, self.x, round(self.y, 1))
            self.pieces.setdefault(self.mcid, []).append(piece)
        self.actual = ""


def _joined(pieces: Sequence[_Piece]) -> str:
    """Runs as one text: a line break inside Japanese is no blank, a gap between label and value is one."""
    out = ""
    for before, piece in zip([None, *pieces[:-1]], pieces, strict=True):
        if before is not None and not _goes_on(before, piece):
            out += " "
        out += piece.text
    return " ".join(out.split())


def _goes_on(before: _Piece, piece: _Piece) -> bool:
    if before.y == piece.y:
        return abs(piece.x - before.end) < GAP_EM * piece.setting[1]
    ends = before.text.rstrip(")") if before.text.endswith(FIRMS) else before.text
    begins = piece.text.lstrip("(") or piece.text  # 市県民税|(普通徴収) is one word, and (株)|見本
    wide = [unicodedata.east_asian_width(c) in "WF" or ends[-1] == "、" for c in (ends[-1], begins[0])]
    digit = before.text[-1].isdigit() or piece.text[0].isdigit()  # 30|万円 is one word, "with|地方税…" is two
    next_line = 0 < before.y - piece.y <= PITCH_MAX * piece.setting[1]
    return (
        (all(wide) or (any(wide) and digit))
        and next_line
        and before.setting == piece.setting
        and piece.text[0] not in OPENERS
    )
