"""A content stream while it is written: operators, marked content, and the holes that rows will fill.

In: runs of coded text, image places, raw operators, all in page space (points). Out: `pieces[0] hole[0] pieces[1] …`.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from slips.constants import PlacedRun
from slips.glyphs import CodedFace
from slips.holes import CodeHole, Hole, TextHole
from slips.pdf import number

_TERM: Final = b"/Span<</Lang(ja)>>BDC(%b)Tj EMC"
"""Japanese words in a text of another language: a screen reader says them in a Japanese voice."""

Font = tuple[str, float]
"""Resource name and size."""


@dataclass
class Stream:
    """`font` outlives a text object, as it does for whoever reads: it is set only where it changes."""

    pieces: list[bytes] = field(default_factory=lambda: [b""])
    holes: list[Hole] = field(default_factory=list)
    font: Font | None = None
    _text: tuple[float, float] | None = None  # where the last text of the open text object began

    def put(self, data: bytes) -> None:
        """Operators as they are; not inside a text object."""
        self._end_text()
        self.pieces[-1] += data

    def leave(self, hole: Hole) -> None:
        """What a row brings goes here."""
        self.holes.append(hole)
        self.pieces.append(b"")

    def open(self, role: str, mcid: int | None) -> None:
        """Begin marked content; artifacts have no number."""
        if mcid is None:
            self.put(b"/Artifact BMC ")
        else:
            self.put(b"/%b<</MCID %d>>BDC " % (role.encode(), mcid))

    def close(self) -> None:
        """End marked content."""
        self.put(b"EMC\n")

    def show(self, placed: PlacedRun, face: CodedFace, size_pt: float) -> None:
        """Constant text in its place; whole phrases are single glyphs of the run's subset."""
        from_x, from_y = self._begin((face.resource, size_pt))
        x, y = round(placed.x, 2), round(placed.y, 2)
        self.pieces[-1] += (b" %b %b Td" + _TERM if placed.term else b" %b %b Td(%b)Tj") % (
            number(x - from_x),
            number(y - from_y),
            face.encode_constant(placed.run),
        )
        self._text = x, y

    def value(self, hole: TextHole, face: CodedFace) -> None:
        """The place of a value. A row that needs other fonts or sizes brings its own operators, and gives this font back."""
        from_x, from_y = self._begin((face.resource, hole.setting.size_pt))
        self.pieces[-1] += b" "
        self.leave(replace(hole, area=hole.area.seen_from(from_x, from_y)))
        self.pieces[-1] += b")Tj"
        self._end_text()  # the row's own operators may have moved on

    def image_mask(self, hole: CodeHole, shape: tuple[int, int], place: Iterable[float]) -> None:
        """An inline image mask at x, y, w, h: masks do not grow in a RIP, filled modules do."""
        x, y, w, h = map(_exact, place)
        self.put(b"q %b 0 0 %b %b %b cm BI/W %d/H %d/IM true/BPC 1/D[1 0]ID " % (w, h, x, y, *shape))
        self.leave(hole)
        self.put(b"\nEI Q ")

    def _begin(self, font: Font) -> tuple[float, float]:
        """Texts of one box share a text object: a reader pays for each, and `Td` counts from where the last text began."""
        if self._text is None:
            self.pieces[-1] += b"BT"
            self._text = 0.0, 0.0
        if self.font != font:
            self.font = font
            self.pieces[-1] += b"/%b %b Tf" % (font[0].encode(), number(font[1]))
        return self._text

    def _end_text(self) -> None:
        """Close the text object, if one is open: no paths and no other marked content inside it."""
        if self._text is not None:
            self.pieces[-1] += b" ET "
            self._text = None


def _exact(value: float) -> bytes:
    """Codes stand on the dot grid: six places keep a module's edge within a nanometre of it."""
    return f"{value:.6f}".rstrip("0").rstrip(".").encode()
