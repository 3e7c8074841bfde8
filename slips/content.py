"""Columns in, page streams out: the holes of a template filled for many rows at once.

A column is encoded in one go; only rows that need a fit step or a second font are set one by one. In: a template, value columns as
lists of strings, the symbols' image bytes. Out: one content stream a row, not compressed. Refuses (as an internal error) text that the
check before printing did not let through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slips.fit import SPACE, Fitted, fit
from slips.fonts import FontLibrary
from slips.glyphs import CodedFace, measure
from slips.holes import CodeHole, TextHole
from slips.pdf import number
from slips.template import Template

Codes = Mapping[str, Sequence[bytes]]
"""Image bytes of each kind of code, one a row."""


@dataclass
class Filler:
    """Fills the templates of one file; remembers encoded columns, since a name stands on all three parts."""

    fonts: FontLibrary
    faces: Mapping[str, CodedFace]
    _fitted: dict[tuple[TextHole, str], bytes] = field(default_factory=dict)

    def fill(
        self, template: Template, values: Mapping[str, Sequence[str]], codes: Codes, *, rows: int
    ) -> list[bytes]:
        """The content stream of each of the `rows`; `values` and `codes` hold only those of this template."""
        encoded: dict[tuple[str, str], _Encoded] = {}
        columns: list[Sequence[bytes]] = []
        for hole in template.holes:
            if isinstance(hole, CodeHole):
                columns.append(codes[hole.kind])
                continue
            key = (hole.value, hole.setting.face)
            if key not in encoded:
                encoded[key] = self._encode(values[hole.value], hole.setting.face)
            columns.append(self._column(hole, values[hole.value], encoded[key]))
        page = b"%b".join(piece.replace(b"%", b"%%") for piece in template.pieces)
        return [page % row for row in zip(*columns, strict=True)] if columns else [page % ()] * rows

    def _encode(self, texts: Sequence[str], face: str) -> _Encoded:
        codes, special = self.faces[face].encode_column(texts)
        widths, _ = measure(texts, self.fonts.faces[face].advances)
        return _Encoded(codes, widths.tolist(), special.tolist())

    def _column(self, hole: TextHole, texts: Sequence[str], encoded: _Encoded) -> list[bytes]:
        """`x y Td(codes` for each row; rows that do not simply fit carry their own operators."""
        area, size = hole.area, hole.setting.size_pt
        y = number(area.baseline(size, 0, 1, hole.leading, hole.valign))
        limit = area.w * 1000 / size + 0.001
        if hole.align == "left":
            head = number(area.x) + b" " + y + b" Td("
            out = [head + code for code in encoded.codes]
        else:
            tail = b" " + y + b" Td("
            right, per_em = area.x + area.w, size / 1000
            if hole.align == "center":
                right, per_em = area.x + area.w / 2, size / 2000
            starts = [b"%.2f" % (right - width * per_em) for width in encoded.widths]
            out = [start + tail + code for start, code in zip(starts, encoded.codes, strict=True)]
        for k, (width, special) in enumerate(zip(encoded.widths, encoded.special, strict=True)):
            if special or width > limit:
                out[k] = self._set(hole, texts[k])
        return out

    def _set(self, hole: TextHole, text: str) -> bytes:
        key = (hole, text)
        if key not in self._fitted:
            fitted = fit(
                text, hole.setting, hole.steps,
                width_pt=hole.area.w, height_pt=hole.area.h, leading=hole.leading, fonts=self.fonts,
            )  # fmt: skip
            if not isinstance(fitted, Fitted):
                raise AssertionError(f"{hole.box}: text was let through that cannot be set")
            self._fitted[key] = self._operators(hole, fitted)
        return self._fitted[key]

    def _operators(self, hole: TextHole, fitted: Fitted) -> bytes:
        """Own places, sizes and fonts, to stand between `BT/F s Tf ` and `)Tj ET`; at the end the hole's own font again."""
        setting = fitted.setting
        out = b"%d Tz " % setting.condense if setting.condense != 100 else b""
        last_x = last_y = 0.0
        for k, line in enumerate(fitted.lines):
            x = round(hole.area.start(line.width_pt, hole.align), 2)
            y = round(hole.area.baseline(setting.size_pt, k, len(fitted.lines), hole.leading, hole.valign), 2)
            out += b" %b %b Td" % (number(x - last_x), number(y - last_y))
            last_x, last_y = x, y
            for run in line.runs:
                face = self.faces[run.face]
                blank = (SPACE,) if line.blank and run is line.runs[-1] else ()
                out += b"/%b %b Tf(%b)Tj" % (
                    face.resource.encode(),
                    number(setting.size_pt),
                    face.encode((*run.clusters, *blank)),
                )
        out += b" 100 Tz" if setting.condense != 100 else b""
        face = self.faces[hole.setting.face]
        return out + b"/%b %b Tf(" % (face.resource.encode(), number(hole.setting.size_pt))


@dataclass(frozen=True)
class _Encoded:
    codes: Sequence[bytes]
    widths: Sequence[int]
    special: Sequence[bool]
