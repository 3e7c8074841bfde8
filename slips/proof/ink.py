"""With which ink a page of a PDF is painted: K alone, or colours that a press would mix from several plates.

In: a file, areas of its pages. Out: for each page, whether anything but grey or K is used, and whether it touches an area; stamps and comments that
are printed with the page are part of it. A page whose bytes
name no colour operator is done at once; only the others are walked operator by operator. Refuses what pikepdf does not open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf

from slips.proof.expected import Area
from slips.proof.render import POINTS_PER_MM

InkError = pikepdf.PdfError
"""The file is damaged where its colours would be read."""
_NAMED = re.compile(rb"(?:^|[\s\]\)>])(?:rg|RG|k|K|cs|CS|sc|SC|scn|SCN|sh)(?=[\s/\[(<]|$)")
_INLINE_MASK = re.compile(rb"BI/[^>]{0,120}?/IM(?:ageMask)? true")
_HINTS = (b"rg", b"RG", b"k", b"K", b"cs", b"CS", b"sc", b"SC", b"sh")
_PATHS = frozenset({"f", "F", "f*", "B", "B*", "b", "b*", "S", "s"})
_STROKES = frozenset({"S", "s"})
_BUILDING = frozenset({"m", "l", "c", "v", "y", "re"})
_TEXT_PLACES = frozenset({"BT", "Td", "TD", "Tm"})
_TEXTS = frozenset({"Tj", "TJ", "'", '"'})
_COLOURS = frozenset({"g", "G", "rg", "RG", "k", "K", "cs", "CS", "sc", "SC", "scn", "SCN"})
_GREYS = frozenset({"DeviceGray", "CalGray", "G"})
_FOUR = frozenset({"DeviceCMYK", "CMYK"})
_K_PLATES = frozenset({"/Black", "/None"})
"""Names of plates: `None` prints on none; `All` is each of them."""
_HIDDEN, _PRINTED = 2, 4
"""Flags of an annotation."""
_DEEPEST = 8  # forms within forms

Matrix = tuple[float, float, float, float, float, float]
Points = list[tuple[float, float]]
Edges = tuple[float, float, float, float]  # left, bottom, right, top in points


@dataclass(frozen=True)
class InkUse:
    """Colours that are not K alone: `near` where they touch one of the areas, `elsewhere` on the page. Each as it is written."""

    near: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    pictures: int = 0
    """Images of grey or colour that touch an area. A mask is none: it has no pixels of its own that could be smoothed."""


@dataclass(frozen=True)
class _Ink:
    """`colour` is empty for K alone. `four`: it is said in C, M, Y and K, and so is what `sc` chooses next."""

    colour: str = ""
    four: bool = False


@dataclass(frozen=True)
class _State:
    """What `q` saves."""

    matrix: Matrix = (1, 0, 0, 1, 0, 0)
    fill: _Ink = _Ink()
    stroke: _Ink = _Ink()


@dataclass
class _Walk:
    """One page on its way through its operators."""

    areas: Sequence[Edges]
    near: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    path: Points = field(default_factory=list)
    pictures: int = 0

    def show(self, colour: str, points: Points) -> None:
        """An image that is no mask."""
        self.pictures += any(_touch(points, area) for area in self.areas)
        self.paint(colour, points)

    def paint(self, colour: str, points: Points) -> None:
        if not colour:
            return
        touched = bool(points) and any(_touch(points, area) for area in self.areas)
        (self.near if touched else self.elsewhere).add(colour)


class Inks:
    """The inks of one file's pages."""

    def __init__(self, path: Path) -> None:
        self._pdf = pikepdf.open(path)
        self._plain: dict[tuple[int, int], bool] = {}

    def close(self) -> None:
        """Give back the file."""
        self._pdf.close()

    def of_page(self, index: int, areas: Sequence[Area]) -> InkUse:
        """Page `index` (0-based). `areas` are in millimetres from its upper left corner."""
        page = self._pdf.pages[index]
        stamps = list(_stamps(page.obj))
        if self._is_plain(page.obj, page.resources, depth=0) and all(
            self._plain_object(look, 0) for look, _ in stamps
        ):
            return InkUse()
        left, _, _, top = (float(v) for v in page.cropbox)
        walk = _Walk([_edges(area, left, top) for area in areas])
        self._walk(walk, page, page.resources, _State(), depth=0)
        for look, matrix in stamps:
            self._walk(walk, look, look.get("/Resources", page.resources), _State(matrix), depth=1)
        elsewhere = tuple(sorted(walk.elsewhere - walk.near))
        return InkUse(tuple(sorted(walk.near)), elsewhere, walk.pictures)

    def _is_plain(self, thing: Any, resources: Any, *, depth: int) -> bool:
        """No byte of the content, nor of any form below it, can be a colour operator, and every image is a mask."""
        if depth > _DEEPEST:
            return False
        content = _content(thing)
        if _may_colour(content) or content.count(b"BI") > len(_INLINE_MASK.findall(content)):
            return False
        return all(self._plain_object(one, depth) for one in _xobjects(resources))

    def _plain_object(self, one: Any, depth: int) -> bool:
        key = one.objgen
        if key not in self._plain:
            if one.get("/Subtype") == "/Form":
                self._plain[key] = self._is_plain(one, one.get("/Resources"), depth=depth + 1)
            else:
                self._plain[key] = bool(one.get("/ImageMask", False))
        return self._plain[key]

    def _walk(self, walk: _Walk, thing: Any, resources: Any, state: _State, *, depth: int) -> None:
        stack: list[_State] = []
        at = (0.0, 0.0)
        for step in pikepdf.parse_content_stream(thing):
            operands: Any = step.operands
            name = str(step.operator)
            if name == "q":
                stack.append(state)
            elif name == "Q":
                state = stack.pop() if stack else state
            elif name == "cm":
                state = replace(state, matrix=_times(_numbers(operands), state.matrix))
            elif name in _COLOURS:
                now = state.stroke if name[0].isupper() else state.fill
                ink = _chosen(name, operands, resources, now)
                state = replace(state, stroke=ink) if name[0].isupper() else replace(state, fill=ink)
            elif name in _TEXT_PLACES:
                at = _text_place(name, operands, at)
            elif name in _TEXTS:
                walk.paint(state.fill.colour, [_point(at, state.matrix)])
            elif name == "Do":
                self._drawn(walk, resources, str(operands[0]), state, depth)
            else:
                _draw(walk, name, operands, state)

    def _drawn(self, walk: _Walk, resources: Any, name: str, state: _State, depth: int) -> None:
        one = (resources.get("/XObject") or {}).get(name) if resources is not None else None
        if one is None:
            return
        if one.get("/Subtype") == "/Form":
            if depth < _DEEPEST:
                inner = replace(
                    state, matrix=_times(_numbers(one.get("/Matrix", (1, 0, 0, 1, 0, 0))), state.matrix)
                )
                self._walk(walk, one, one.get("/Resources", resources), inner, depth=depth + 1)
        elif one.get("/ImageMask", False):
            walk.paint(state.fill.colour, _unit(state.matrix))
        else:
            walk.show(_image_colour(one), _unit(state.matrix))


def _may_colour(content: bytes) -> bool:
    """Whether a colour operator may stand here: quick for most pages, and never wrongly no."""
    hinted = any(space + hint in content for space in (b" ", b"\n", b"\r", b"\t") for hint in _HINTS)
    return hinted and bool(_NAMED.search(content))


def _draw(walk: _Walk, name: str, operands: Any, state: _State) -> None:
    """Paths, shadings and inline images."""
    if name in _BUILDING:
        walk.path += _placed(name, _numbers(operands), state.matrix)
    elif name in _PATHS:
        walk.paint((state.stroke if name in _STROKES else state.fill).colour, walk.path)
        if name.lower().startswith("b"):
            walk.paint(state.stroke.colour, walk.path)
        walk.path = []
    elif name == "n":
        walk.path = []
    elif name == "sh":
        walk.paint("sh", [(x, y) for a in walk.areas for x, y in ((a[0], a[1]), (a[2], a[3]))])
    elif name == "INLINE IMAGE":
        image = operands[0]
        if image.image_mask:
            walk.paint(state.fill.colour, _unit(state.matrix))
        else:
            walk.show(_inline_colour(image), _unit(state.matrix))


def _content(thing: Any) -> bytes:
    if isinstance(thing, pikepdf.Stream):
        return bytes(thing.read_bytes())
    contents = thing.get("/Contents")
    if contents is None:
        return b""
    parts = contents if isinstance(contents, pikepdf.Array) else [contents]
    return b"\n".join(bytes(part.read_bytes()) for part in parts)


def _xobjects(resources: Any) -> Iterator[Any]:
    if resources is not None:
        yield from (resources.get("/XObject") or {}).values()


def _stamps(page: Any) -> Iterator[tuple[Any, Matrix]]:
    """What annotations look like that are printed with the page, and where their forms lie on it."""
    for annotation in page.get("/Annots") or ():
        look = (annotation.get("/AP") or {}).get("/N")
        if isinstance(look, pikepdf.Dictionary):  # one for each state of a button
            look = look.get(str(annotation.get("/AS", "/Off")))
        flags = int(annotation.get("/F", 0))
        if isinstance(look, pikepdf.Stream) and flags & _PRINTED and not flags & _HIDDEN:
            yield look, _stamped(look, _numbers(annotation.Rect))


def _stamped(look: Any, rect: Sequence[float]) -> Matrix:
    """A form's own matrix, and then its box laid onto the rectangle of the annotation."""
    own: Matrix = _numbers(look.get("/Matrix", (1, 0, 0, 1, 0, 0)))
    left, bottom, right, top = _numbers(look.get("/BBox", rect))
    corners = [_point(at, own) for at in ((left, bottom), (right, bottom), (left, top), (right, top))]
    (x, y), (x2, y2) = np.min(corners, axis=0).tolist(), np.max(corners, axis=0).tolist()
    wide, high = (abs(rect[2] - rect[0]) / ((x2 - x) or 1.0), abs(rect[3] - rect[1]) / ((y2 - y) or 1.0))
    at_x, at_y = min(rect[0], rect[2]) - x * wide, min(rect[1], rect[3]) - y * high
    return _times(own, (wide, 0.0, 0.0, high, at_x, at_y))


def _chosen(name: str, operands: Any, resources: Any, now: _Ink) -> _Ink:
    """The ink after a colour operator."""
    what = name.lower()
    if what == "g":
        return _Ink()
    if what == "rg":
        return _Ink(f"{_said(operands)} {name}")
    if what == "cs":
        space = _space_named(resources, str(operands[0]))
        if _name_of(space) in _FOUR:
            return _Ink(four=True)  # black until `sc` says otherwise
        return _Ink(f"{operands[0]} {name}" if _space_colour(space) else "")
    if what != "k" and not now.four:
        return now  # chosen within the space that was set before
    return _Ink(f"{_said(operands)} {name}" if any(_numbers(operands)[:3]) else "", four=True)


def _space_named(resources: Any, name: str) -> Any:
    """The colour space that `cs` names: one of the resources', or a device's own."""
    known = (resources.get("/ColorSpace") or {}) if resources is not None else {}
    return known.get(name, name)


def _name_of(space: Any) -> str:
    """`DeviceRGB`, `Separation`, `ICCBased` …"""
    return str(space[0] if isinstance(space, pikepdf.Array) else space).lstrip("/")


def _space_colour(space: Any) -> str:
    """Empty for a space of grey or of K, else its name."""
    name = _name_of(space)
    return "" if name in _GREYS or (isinstance(space, pikepdf.Array) and _is_k(name, space)) else name


def _is_k(name: str, space: Any) -> bool:
    if name == "ICCBased":
        return int(space[1].get("/N", 0)) == 1
    if name == "Separation":
        return str(space[1]) in _K_PLATES
    if name == "DeviceN":
        return all(str(plate) in _K_PLATES for plate in space[1])
    return name in ("Indexed", "I") and not _space_colour(space[1])


def _image_colour(image: Any) -> str:
    """How an image is coloured, empty for grey or a mask."""
    space = image.get("/ColorSpace")
    if space is None or image.get("/ImageMask", False):
        return ""
    colour = _space_colour(space)
    return f"/{colour} image" if colour else ""


def _inline_colour(image: Any) -> str:
    name = str(image.colorspace or "").lstrip("/")
    return "" if name in (*_GREYS, "") else f"/{name} image"


def _said(operands: Any) -> str:
    return " ".join(f"{value:g}" for value in _numbers(operands))


def _numbers(operands: Any) -> Any:
    return tuple(float(value) for value in operands if not isinstance(value, pikepdf.Name))


def _times(inner: Any, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _point(at: tuple[float, float], matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return at[0] * a + at[1] * c + e, at[0] * b + at[1] * d + f


def _placed(name: str, numbers: Sequence[float], matrix: Matrix) -> Points:
    if name == "re":
        x, y, w, h = numbers
        return [_point(p, matrix) for p in ((x, y), (x + w, y), (x, y + h), (x + w, y + h))]
    return [_point((numbers[k], numbers[k + 1]), matrix) for k in range(0, len(numbers) - 1, 2)]


def _unit(matrix: Matrix) -> Points:
    return [_point(p, matrix) for p in ((0, 0), (1, 0), (0, 1), (1, 1))]


def _text_place(name: str, operands: Any, at: tuple[float, float]) -> tuple[float, float]:
    """Where text is set, near enough to say whether it touches a code."""
    if name == "BT":
        return 0.0, 0.0
    numbers = _numbers(operands)
    return (numbers[4], numbers[5]) if name == "Tm" else (at[0] + numbers[0], at[1] + numbers[1])


def _edges(area: Area, left: float, top: float) -> Edges:
    x, y = left + area.x_mm * POINTS_PER_MM, top - area.y_mm * POINTS_PER_MM
    return x, y - area.h_mm * POINTS_PER_MM, x + area.w_mm * POINTS_PER_MM, y


def _touch(points: Points, area: Edges) -> bool:
    (left, bottom), (right, top) = np.min(points, axis=0), np.max(points, axis=0)
    return bool(left < area[2] and right > area[0] and bottom < area[3] and top > area[1])
