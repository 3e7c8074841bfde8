"""Fonts of a run: where they are, what they can show, and the subset that goes into the PDF.

BIZ UDGothic (a universal-design typeface) sets everything; IPAmj Mincho stands in for characters it lacks, variation sequences included.
In: face names of layouts, characters of the run. Out: advances, coverage, TrueType subsets. Refuses: a font whose licence bits forbid embedding.
"""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from struct import unpack_from
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from fontTools.pens.basePen import decomposeQuadraticSegment
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTCollection, TTFont, TTLibError, newTable

from elqr.problems import Problem, ProblemError

FALLBACK: Final = "mincho"
CURVE_STEPS: Final = 8
"""Straight pieces of a curve in an outline: within 1/1000 em of it."""

# Face name -> (PostScript name, file names that may hold it). Windows ships BIZ UDGothic as collections.
FACES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "gothic": ("BIZUDGothic-Regular", ("BIZUDGothic-Regular.ttf", "BIZ-UDGothicR.ttc")),
    "gothic-bold": ("BIZUDGothic-Bold", ("BIZUDGothic-Bold.ttf", "BIZ-UDGothicB.ttc")),
    "pgothic": ("BIZUDPGothic-Regular", ("BIZUDPGothic-Regular.ttf", "BIZ-UDGothicR.ttc")),
    "pgothic-bold": ("BIZUDPGothic-Bold", ("BIZUDPGothic-Bold.ttf", "BIZ-UDGothicB.ttc")),
    FALLBACK: ("IPAmjMincho", ("ipamjm.ttf",)),
    "zh": ("WenQuanYiMicroHei", ("wqy-microhei.ttc",)),
    "ko": ("NanumGothic", ("NanumGothic.ttf",)),
    "vi": ("DejaVuSansCondensed", ("DejaVuSansCondensed.ttf",)),
}

BESIDE: Final[Mapping[str, str]] = {"zh": "pgothic", "ko": "pgothic", "vi": "pgothic"}
"""What stands in for a face before the fallback does: Japanese terms among another language's words."""

Cluster = tuple[int, int]
"""A base code point and its variation selector, 0 where there is none."""


def search_folders() -> list[Path]:
    """Where fonts are looked for, first match wins: `ELQR_FONT_PATH`, then the system's folders."""
    own = [Path(p) for p in os.environ.get("ELQR_FONT_PATH", "").split(os.pathsep) if p]
    system = [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        Path.home() / ".local/share/fonts",
        Path.home() / ".fonts",
        Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts",
        Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Microsoft/Windows/Fonts",
        Path("/Library/Fonts"),
        Path.home() / "Library/Fonts",
    ]
    return own + system


def find(face: str) -> Path | None:
    """The file that holds a face, or None. The fallback face is optional, the others are not."""
    wanted = FACES[face][1]
    for folder in search_folders():
        if folder.is_file() and folder.name in wanted:
            return folder
        if folder.is_dir():
            for name in wanted:
                hits = sorted(folder.rglob(name))
                if hits:
                    return hits[0]
    return None


@dataclass(frozen=True)
class Subset:
    """A TrueType program with the glyphs of a run; gids and advances (1/1000 em) follow what it was asked for."""

    data: bytes
    gids: Sequence[int]
    advances: Sequence[int]
    phrase_gids: Sequence[int]
    phrase_advances: Sequence[int]
    bbox: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int


@dataclass(frozen=True)
class Face:
    """One font face: advances by code point in 1/1000 em (-1 where it has no glyph) and its variation sequences."""

    name: str
    postscript: str
    path: Path
    _font: TTFont = field(repr=False, compare=False)

    @cached_property
    def cmap(self) -> Mapping[int, str]:
        return dict(self._font.getBestCmap())

    @cached_property
    def variations(self) -> Mapping[Cluster, str]:
        """(base, selector) -> glyph name, from the font's format 14 table; a default sequence means the base's own glyph."""
        found: dict[Cluster, str] = {}
        for table in self._font["cmap"].tables:
            if table.format == 14:
                for selector, pairs in table.uvsDict.items():
                    for base, glyph in pairs:
                        name = glyph if glyph is not None else self.cmap.get(base)
                        if name is not None:
                            found[base, selector] = name
        return found

    @cached_property
    def advances(self) -> npt.NDArray[np.int16]:
        out = np.full(0x110000, -1, np.int16)
        # A mark has a place only on its base: such text is never set character by character.
        shown = {point: glyph for point, glyph in self.cmap.items() if not unicodedata.combining(chr(point))}
        out[list(shown)] = self._widths[list(map(_number, shown.values()))]
        return out

    @cached_property
    def _widths(self) -> npt.NDArray[np.int16]:
        """By glyph number, in 1/1000 em: the `hmtx` table as it lies in the file, the last advance standing for all that follow."""
        given, upem = int(self._font["hhea"].numberOfHMetrics), int(self._font["head"].unitsPerEm)
        advances = np.frombuffer(self._font.reader["hmtx"], ">u2", 2 * given)[::2].astype(np.int64)
        widths = (advances * 1000 + upem // 2) // upem
        return np.pad(widths, (0, int(self._font["maxp"].numGlyphs) - given), "edge").astype(np.int16)

    def glyph(self, cluster: Cluster) -> str | None:
        """The glyph's name for a cluster, None where this face cannot show exactly that."""
        base, selector = cluster
        return self.variations.get(cluster) if selector else self.cmap.get(base)

    def advance(self, cluster: Cluster) -> int:
        """1/1000 em; the cluster must have a glyph here."""
        glyph = self.glyph(cluster)
        assert glyph is not None, f"{self.name} has no glyph for U+{cluster[0]:04X}"
        return int(self._widths[_number(glyph)])

    def outline(self, cluster: Cluster) -> list[npt.NDArray[np.float64]]:
        """The glyph's contours as closed polygons (k, 2) in em, y up from the baseline; the cluster must have a glyph here."""
        glyph = self.glyph(cluster)
        assert glyph is not None, f"{self.name} has no glyph for U+{cluster[0]:04X}"
        glyphs = self._font.getGlyphSet()
        pen = DecomposingRecordingPen(glyphs)
        glyphs[glyph].draw(pen)
        return [np.array(contour) / self._font["head"].unitsPerEm for contour in _polygons(pen.value)]

    def subset(self, clusters: Sequence[Cluster], phrases: Sequence[str] = ()) -> Subset:
        """The glyphs of `clusters` as an embeddable TrueType program; the same input gives the same bytes.

        Each of `phrases` becomes one composite glyph besides (its characters must be plain in this face and among `clusters`).
        """
        try:
            return self._subset(clusters, phrases, quickly=True)
        except _CHANGED_INSIDE:
            return self._subset(clusters, phrases, quickly=False)

    def _subset(self, clusters: Sequence[Cluster], phrases: Sequence[str], *, quickly: bool) -> Subset:
        from fontTools.subset import Subsetter

        names = [self.glyph(c) for c in clusters]
        font = _open(self.path, self.postscript)
        upem, head, hhea = int(font["head"].unitsPerEm), font["head"], font["hhea"]
        cap = int(getattr(font["OS/2"], "sCapHeight", 0) or hhea.ascent)
        metrics = (head.xMin, head.yMin, head.xMax, head.yMax, int(hhea.ascent), int(hhea.descent), cap)
        for tag in set(font.reader.keys()) - _IN_A_PDF:
            del font[tag]  # at once: fontTools would read the layout tables before it drops them
        wanted = sorted({n for n in names if n is not None})
        if quickly:
            _unpack(font, wanted)
        subsetter = Subsetter(_options())
        subsetter.populate(glyphs=wanted)
        subsetter.subset(font)
        widths = [self._add_phrase(font, phrase, f"phrase{k}") for k, phrase in enumerate(phrases)]
        ids = font.getReverseGlyphMap(rebuild=True)
        out = io.BytesIO()
        font.save(out, reorderTables=False)
        x0, y0, x1, y1, ascent, descent, cap_height = (round(v * 1000 / upem) for v in metrics)
        return Subset(
            out.getvalue(),
            [ids[n] if n is not None else 0 for n in names],
            [self.advance(c) for c in clusters],
            [ids[f"phrase{k}"] for k in range(len(phrases))],
            [round(w * 1000 / upem) for w in widths],
            (x0, y0, x1, y1),
            ascent,
            descent,
            cap_height,
        )

    def _add_phrase(self, font: TTFont, phrase: str, name: str) -> int:
        """Append a composite glyph that shows `phrase`; its advance in font units."""
        from fontTools.pens.ttGlyphPen import TTGlyphPen

        glyf, hmtx = font["glyf"], font["hmtx"]
        pen = TTGlyphPen(glyf)
        x = 0
        for char in phrase:
            part = self.cmap[ord(char)]
            if glyf[part].numberOfContours:
                pen.addComponent(part, (1, 0, 0, 1, x, 0))
            x += int(hmtx[part][0])
        glyf[name] = pen.glyph()
        glyf[name].recalcBounds(glyf)
        hmtx[name] = (x, getattr(glyf[name], "xMin", 0))
        return x


_CHANGED_INSIDE: Final = (ImportError, AttributeError, TypeError, LookupError)
"""What `_unpack` meets in a fontTools whose inner names are others; the way without it takes longer and gives the same bytes."""


def _unpack(font: TTFont, names: Iterable[str]) -> None:
    """Outlines and metrics of these glyphs, of the first, and of what they are composed of: fontTools would unpack those of the whole font."""
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    outlines, places, metrics = font.reader["glyf"], font["loca"], font.reader["hmtx"]
    given = int(font["hhea"].numberOfHMetrics)
    glyf, hmtx = newTable("glyf"), newTable("hmtx")
    glyf.glyphs, glyf.glyphOrder, glyf._reverseGlyphOrder, hmtx.metrics = {}, font.getGlyphOrder(), {}, {}
    left = {glyf.glyphOrder[0], *names}
    while left:
        name = left.pop()
        k = _number(name)
        glyf.glyphs[name] = Glyph(outlines[places[k] : places[k + 1]])
        left.update(set(glyf.glyphs[name].getComponentNames(glyf)) - glyf.glyphs.keys())
        advance, side = unpack_from(">Hh", metrics, 4 * min(k, given - 1))
        hmtx.metrics[name] = (advance, side if k < given else unpack_from(">h", metrics, 2 * (given + k))[0])
    font["glyf"], font["hmtx"] = glyf, hmtx


def _number(glyph: str) -> int:
    """The number in a glyph name that `_open` gave."""
    return int(glyph[1:])


def _polygons(
    drawn: Iterable[tuple[str, tuple[tuple[float, float], ...]]],
) -> list[list[tuple[float, float]]]:
    """The contours of a TrueType outline, each curve cut into short straight lines."""
    out: list[list[tuple[float, float]]] = []
    for operator, points in drawn:
        if operator == "moveTo":
            out.append([points[0]])
        elif operator == "lineTo":
            out[-1].append(points[0])
        elif operator == "qCurveTo":
            for (cx, cy), (x, y) in decomposeQuadraticSegment(points):
                x0, y0 = out[-1][-1]
                for t in (k / CURVE_STEPS for k in range(1, CURVE_STEPS + 1)):
                    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
                    out[-1].append((a * x0 + b * cx + c * x, a * y0 + b * cy + c * y))
    return out


_IN_A_PDF: Final = frozenset({"head", "hhea", "maxp", "hmtx", "loca", "glyf"})
"""Outlines and metrics are enough: a PDF font with its own glyph map needs no names, no cmap and no layout tables."""


def _options() -> Any:
    from fontTools.subset import Options

    options = Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.glyph_names = False
    options.recalc_timestamp = False
    return options


@dataclass(frozen=True)
class FontLibrary:
    """The faces a run may use."""

    faces: Mapping[str, Face]

    @property
    def fallback(self) -> Face | None:
        return self.faces.get(FALLBACK)

    def candidates(self, face: str) -> list[Face]:
        """The faces that may show a character of text set in `face`, in order."""
        names = (face, BESIDE.get(face, ""), FALLBACK)
        return [self.faces[name] for name in names if name in self.faces]


def load_fonts(names: Iterable[str]) -> FontLibrary:
    """Open the named faces and, where it is installed, the fallback face.

    Raises ProblemError `font.missing` naming the font, the folders searched and what to install.
    """
    faces: dict[str, Face] = {}
    problems: list[Problem] = []
    wanted = {*names, FALLBACK}
    for name in sorted(wanted | {BESIDE[name] for name in wanted if name in BESIDE}):
        path = find(name)
        if path is None:
            if name != FALLBACK:
                looked = os.pathsep.join(str(p) for p in search_folders())
                problems.append(
                    Problem("font.missing", "font", {"found": looked, "expected": " / ".join(FACES[name][1])})
                )
            continue
        face = _opened(name, path, path.stat().st_mtime_ns)
        if face._font["OS/2"].fsType & 0x0302:  # restricted licence, no subsetting, bitmap only
            problems.append(
                Problem("font.not_embeddable", "font", {"found": str(path), "expected": "fsType 0"})
            )
            continue
        faces[name] = face
    if problems:
        raise ProblemError(problems)
    return FontLibrary(faces)


@lru_cache(maxsize=2 * len(FACES))
def _opened(name: str, path: Path, _written: int) -> Face:
    """The face in a file as it was last written, opened once a process: reading its character map takes a tenth of a second."""
    return Face(name, FACES[name][0], path, _open(path, FACES[name][0]))


def _open(path: Path, postscript: str) -> TTFont:
    """The face of that PostScript name in a font file or collection, its glyphs named by number.

    Names of our own save fontTools from making them up out of the character map, which took most of the time to start a run.
    """
    try:
        number = face_number(path, postscript)
        font = TTFont(str(path), fontNumber=number, lazy=True, recalcTimestamp=False)
        font.setGlyphOrder([f"g{k}" for k in range(font["maxp"].numGlyphs)])
        return font
    except (TTLibError, OSError) as fault:
        raise _unreadable(path, postscript, str(fault)) from fault


def face_number(path: Path, postscript: str) -> int:
    """Which face of a collection has that PostScript name; 0 in a file of one face. Raises ProblemError `font.unreadable`."""
    if path.suffix.lower() != ".ttc":
        return 0
    try:
        with TTCollection(str(path), lazy=True) as collection:
            names = [_plain(font["name"].getDebugName(6)) for font in collection]
    except (TTLibError, OSError) as fault:
        raise _unreadable(path, postscript, str(fault)) from fault
    # Windows' own builds prefix the name with "BIZ-"; the family part after it is the same.
    if _plain(postscript) not in names:
        raise _unreadable(path, postscript, ", ".join(names))
    return names.index(_plain(postscript))


def _unreadable(path: Path, postscript: str, why: str) -> ProblemError:
    return ProblemError(
        Problem("font.unreadable", "font", {"found": f"{path}: {why}", "expected": postscript})
    )


def _plain(name: str | None) -> str:
    """PostScript names compared without the vendor's hyphens and with weights cut to their letter (BIZ-UDGothicB, BIZUDGothic-Bold)."""
    bare = "".join(c for c in (name or "").lower() if c.isalnum())
    return bare.replace("regular", "r").replace("bold", "b")
