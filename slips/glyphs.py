"""Text into glyph codes: measuring columns of strings, and the few strings that need more than one font.

In: columns of strings. Out: widths in 1/1000 em, two-byte codes of a run's subsets, runs of fonts for special strings.
A string is plain where its face has a glyph for every code point; variation sequences, fallback characters and combining
marks make it special and take the slow, exact way. Nothing is ever dropped: what no font shows is returned as missing.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from slips.fonts import Cluster, FontLibrary, Subset

Int = npt.NDArray[np.int64]

# Bytes that would need an escape inside a PDF literal string; codes are made of the others only, and 0000 means "none".
_UNSAFE: Final = frozenset(b"()\\\r\n")
_SAFE: Final = [b for b in range(256) if b not in _UNSAFE]
CODES: Final = tuple((high << 8) | low for high in _SAFE for low in _SAFE)[1:]


@dataclass(frozen=True)
class Run:
    """Clusters of one line that share a face."""

    face: str
    clusters: tuple[Cluster, ...]


def is_selector(point: int) -> bool:
    """Variation selectors VS1-VS16 and the ideographic VS17-VS256."""
    return 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF


def clusters_of(text: str) -> list[Cluster]:
    """Base and selector pairs. A combining mark joins its base where Unicode has the composed character.

    Only the pair is composed: normalising the whole string would replace compatibility ideographs, that is, people's names.
    """
    out: list[Cluster] = []
    for char in text:
        point = ord(char)
        if is_selector(point) and out and out[-1][1] == 0:
            out[-1] = (out[-1][0], point)
        elif unicodedata.combining(char) and out and out[-1][1] == 0:
            joined = unicodedata.normalize("NFC", chr(out[-1][0]) + char)
            if len(joined) == 1:
                out[-1] = (ord(joined), 0)
            else:
                out.append((point, 0))
        else:
            out.append((point, 0))
    return out


def show(cluster: Cluster) -> str:
    """For messages: the character and its code points, e.g. `𠮷 (U+20BB7)`, `辻󠄀 (U+8FBB U+E0100)`."""
    base, selector = cluster
    points = f"U+{base:04X}" + (f" U+{selector:04X}" if selector else "")
    char = chr(base) + (chr(selector) if selector else "")
    return f"{char} ({points})" if chr(base).isprintable() and not 0xE000 <= base <= 0xF8FF else points


def runs_of(text: str, face: str, fonts: FontLibrary) -> tuple[list[Run], list[Cluster]]:
    """The fonts that a string needs, in order, and the clusters that no font can show."""
    runs: list[Run] = []
    missing: list[Cluster] = []
    for cluster in clusters_of(text):
        name = _face_for(cluster, face, fonts)
        if name is None:
            missing.append(cluster)
        elif runs and runs[-1].face == name:
            runs[-1] = Run(name, (*runs[-1].clusters, cluster))
        else:
            runs.append(Run(name, (cluster,)))
    return runs, missing


def _face_for(cluster: Cluster, face: str, fonts: FontLibrary) -> str | None:
    if unicodedata.combining(chr(cluster[0])):
        return None  # a mark without a composed form would be printed beside its base
    for candidate in fonts.candidates(face):
        if candidate.glyph(cluster) is not None:
            return candidate.name
    return None


def offsets_of(texts: Sequence[str]) -> Int:
    """Start of each string in the joined text, and the total length; shape (n + 1,)."""
    out = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=out[1:])
    return out


def points_of(texts: Sequence[str]) -> npt.NDArray[np.uint32]:
    """The code points of all strings, joined."""
    return np.frombuffer("".join(texts).encode("utf-32-le"), np.dtype("<u4")).astype(np.uint32, copy=False)


def sums(values: npt.NDArray[np.generic], offsets: Int) -> Int:
    """Sum of `values` over each string."""
    total = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=total[1:])
    return total[offsets[1:]] - total[offsets[:-1]]


def measure(texts: Sequence[str], advances: npt.NDArray[np.int16]) -> tuple[Int, npt.NDArray[np.bool_]]:
    """(widths in 1/1000 em, special) of each string; the width of a special string is meaningless here."""
    offsets = offsets_of(texts)
    steps = advances[points_of(texts)]
    return sums(steps, offsets), sums(steps < 0, offsets) > 0


@dataclass(frozen=True)
class CodedFace:
    """A face's subset in the run's private code space: `lut[code point]` is the two-byte code, 0 where it has none."""

    name: str
    resource: str
    postscript: str
    subset: Subset
    codes: Mapping[Cluster, int]
    phrases: Mapping[str, int]
    lut: npt.NDArray[np.uint16]
    advances: npt.NDArray[np.int16]
    program: bytes
    """The subset's bytes as every file of the run embeds them (zlib stream)."""

    def encode(self, clusters: Iterable[Cluster]) -> bytes:
        return b"".join(self.codes[c].to_bytes(2, "big") for c in clusters)

    def encode_constant(self, run: Run) -> bytes:
        """A run of constant text: one code a phrase where the subset has it."""
        pieces = phrases_of(run)
        if all(piece in self.phrases for piece in pieces):
            return b"".join(self.phrases[piece].to_bytes(2, "big") for piece in pieces)
        return self.encode(run.clusters)

    def encode_column(self, texts: Sequence[str]) -> tuple[list[bytes], npt.NDArray[np.bool_]]:
        """(code strings, special): a special row's bytes are not usable."""
        offsets = offsets_of(texts)
        codes = self.lut[points_of(texts)]
        special = sums(codes == 0, offsets) > 0
        data = codes.astype(">u2").tobytes()
        ends = (offsets * 2).tolist()
        return [data[a:b] for a, b in pairwise(ends)], special


PHRASE_EM: Final = 12
"""Longest phrase: glyph coordinates are 16-bit, so 15 em of 2048 units is the limit."""


def phrases_of(run: Run) -> list[str]:
    """Constant text cut into phrases that a composite glyph can hold; none where a variation sequence stands in it."""
    if any(selector for _, selector in run.clusters):
        return [""]
    text = "".join(chr(base) for base, _ in run.clusters)
    return [text[k : k + PHRASE_EM] for k in range(0, len(text), PHRASE_EM)]


def code_face(
    fonts: FontLibrary,
    name: str,
    resource: str,
    clusters: Mapping[Cluster, int],
    phrases: Mapping[str, int] | None = None,
) -> CodedFace:
    """Subset a face to `clusters` (those it has) and `phrases`, and give each its own code, the most frequent first.

    The numbers say how often each is printed: PDFium remembers the boxes of codes below 256 and loads the outline of any other
    character each time it meets it, on every page. A phrase is a label as one glyph with its text in ToUnicode: a page then costs two
    bytes a label and readers parse one character, where a shared form XObject for each label made every reader open sixty streams.
    """
    face = fonts.faces[name]
    whole = {p: n for p, n in (phrases or {}).items() if p}
    points = {(ord(char), 0): 0 for p in whole for char in p} | dict(clusters)
    wanted = sorted(c for c in points if face.glyph(c) is not None)
    if len(wanted) + len(whole) > len(CODES):
        raise ValueError(f"{name}: {len(wanted)} glyphs in one run, the code space holds {len(CODES)}")
    ranked = sorted(
        [*((-n, 0, p, (0, 0)) for p, n in whole.items()), *((-points[c], 1, "", c) for c in wanted)]
    )
    given = dict(zip(((p, c) for _, _, p, c in ranked), CODES, strict=False))
    named = {p: given[p, (0, 0)] for p in sorted(whole)}
    codes = {c: given["", c] for c in wanted}
    lut = np.zeros(0x110000, np.uint16)
    for (base, selector), code in codes.items():
        if not selector:
            lut[base] = code
    subset = face.subset(wanted, list(named))
    packed = zlib.compress(subset.data, 9)
    return CodedFace(name, resource, face.postscript, subset, codes, named, lut, face.advances, packed)
