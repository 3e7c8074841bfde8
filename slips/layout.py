"""Reads a form (TOML, millimetres) into a `Layout`: styles merged, boxes placed part by part, bytes hashed.

In: the name of a form in `layouts/forms/` or a path. Out: a frozen `Layout`. Refuses, all faults at once:
unknown or missing keys, wrong types, words outside a list, unknown parts, ids used twice.
Distances are judged elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from elqr.columns import KINDS as SLIP_KINDS
from elqr.problems import Problem, ProblemError, Where
from elqr.settings import file_bytes, parse_settings
from slips.derived import OWN_KEYS, merged, on_printed_paper, refuse_shapes
from slips.form import (
    BAR_MODULES,
    CUSTOMER_CELLS,
    Column,
    Cut,
    Frame,
    Layout,
    Line,
    Part,
    PlacedBox,
    Tint,
)
from slips.keys import REQUIRED, Keys
from slips.marks import holes, inserter_marks, register_mark
from slips.rect import Rect
from slips.slots import repeated
from slips.steps import fit_steps

__all__ = [
    "Column",
    "Cut",
    "Frame",
    "Layout",
    "Line",
    "Part",
    "PlacedBox",
    "Rect",
    "Tint",
    "layout_names",
    "load_layout",
]

KINDS = ("field", "text", "heading", "qr", "gs1_128", "customer_barcode", "mark", "table", "stamp")
CODE_KINDS = ("qr", "gs1_128", "customer_barcode")
FONTS = ("gothic", "gothic-bold", "pgothic", "pgothic-bold")
ALIGNS = ("left", "center", "right")
VALIGNS = ("top", "middle", "bottom")
ROLES = ("P", "H1", "H2", "H3", "Figure", "Artifact", "Table")
ROLE_OF_KIND: Mapping[str, str] = {
    "heading": "H2",
    "qr": "Figure",
    "gs1_128": "Figure",
    "customer_barcode": "Artifact",
    "mark": "Figure",
    "table": "Table",
    "stamp": "P",
}
DOCUMENTS = ("slip", "refund_notice")


def layout_names() -> tuple[str, ...]:
    """The names of the forms that come with the package."""
    names = (entry.name for entry in (files("layouts") / "forms").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_layout(name_or_path: str | Path) -> Layout:
    """Read a form by name (`mihara`) or by path (`office/own.toml`).

    Raises ProblemError carrying all faults of the file: `layout.not_found`, `layout.not_toml`,
    `layout.unknown_key`, `layout.missing_key`, `layout.wrong_type`, `layout.bad_value`,
    `layout.unknown_part`, `layout.duplicate_id`.
    """
    file, raw, data = _parsed(name_or_path)
    problems: list[Problem] = []
    keys = Keys(data, file=file, owner="", problems=problems)
    base, preprinted = keys.string("base", ""), keys.flag("preprinted", False)
    if base or preprinted or "slots" in data:
        refuse_shapes(data, file=file)
    if base:
        under_file, under, tables = _parsed(beside(name_or_path, base))
        refuse_shapes(tables, file=under_file)
        raw += under
        data = merged(data, tables, keys=keys)
    if preprinted:
        data = on_printed_paper(data)
    data = repeated(data, file=keys)
    whole = Keys({k: v for k, v in data.items() if k not in OWN_KEYS}, file=file, owner="", problems=problems)
    layout = replace(_layout(whole, hashlib.sha256(raw).hexdigest()), base=base, preprinted=preprinted)
    if problems:
        raise ProblemError(problems)
    return layout


def _parsed(name_or_path: str | Path) -> tuple[str, bytes, dict[str, Any]]:
    """File name, bytes and tables of a form."""
    file, raw = _read(name_or_path)
    try:
        return file, raw, parse_settings(raw)
    except ValueError as fault:
        raise ProblemError(
            Problem("layout.not_toml", "", {"file": file, "found": str(fault)}, Where(file))
        ) from None


def beside(name_or_path: str | Path, named: str) -> str | Path:
    """A form that another one names: a file lies beside that one; any other is a form of the package."""
    if not named.endswith(".toml"):
        return named
    return Path(name_or_path).parent / named


def form_bytes(name_or_path: str | Path) -> tuple[bytes, str]:
    """The file of a form as it is written, and what tells one state of it, and of the form it stands on, from another.

    Raises ProblemError `layout.not_found`.
    """
    raw = _read(name_or_path)[1]
    try:
        base = parse_settings(raw).get("base", "")
        under = _read(beside(name_or_path, str(base)))[1] if base else b""
    except (ValueError, ProblemError):
        under = b""
    return raw, hashlib.sha256(raw + under).hexdigest()


def _read(name_or_path: str | Path) -> tuple[str, bytes]:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        path = Path(text)
        if path.is_file():
            return path.name, file_bytes(path)
    elif text in layout_names():
        return f"{text}.toml", (files("layouts") / "forms" / f"{text}.toml").read_bytes()
    expected = ", ".join(layout_names())
    raise ProblemError(Problem("layout.not_found", "", {"found": text, "expected": expected}))


def _layout(top: Keys, sha256: str) -> Layout:
    page, press, sizes, title = (top.table(k) for k in ("page", "press", "sizes", "title"))
    frame = Layout(
        id=top.string("id"),
        version=top.string("version"),
        title={lang: title.string(lang) for lang in ("ja", "en")},
        file=top.file,
        sha256=sha256,
        page_w_mm=page.number("width_mm", least=1.0),
        page_h_mm=page.number("height_mm", least=1.0),
        dpi=press.whole("dpi", 600, least=1),
        pitch_dots=press.whole("pitch_dots", 8, least=1),
        bar_dots=press.whole("bar_dots", 4, least=1),
        min_margin_mm=press.number("min_margin_mm", 4.0),
        body_min_pt=sizes.number("body_min_pt"),
        note_min_pt=sizes.number("note_min_pt"),
        parts=tuple(_part(p) for p in top.tables("part")),
        boxes=(),
        exclusive=top.groups("exclusive"),
        large_print=top.string("large_print", ""),
        document=top.string("document", "slip", choices=DOCUMENTS),
        kinds=top.strings("kinds", (), choices=SLIP_KINDS),
        slips_per_page=top.whole("slips_per_page", 1, least=1),
    )
    slots = {p.slot for p in frame.parts}
    page_and_first = {0, 1} if frame.slips_per_page > 1 else {1}  # one slip is its page
    if slots - page_and_first != set(range(2, frame.slips_per_page + 1)):
        found, expected = ", ".join(map(str, sorted(slots))), f"parts of slips 1 to {frame.slips_per_page}"
        top.refuse("layout.bad_value", "slips_per_page", found=found, expected=expected)
    top.unique("part", [p.id for p in frame.parts])
    boxes = [b for k in top.tables("box", styles=top.raw_tables("style")) for b in _boxes(k, frame)]
    top.unique("box", [b.name for b in boxes])
    layout = replace(
        frame,
        boxes=tuple(b for part in frame.parts for b in boxes if b.part == part.id),
        lines=tuple(line for k in top.tables("line") for line in _lines(k, frame)),
        frames=tuple(f for k in top.tables("frame") for f in _frames(k, frame)),
        tints=tuple(t for k in top.tables("tint") for t in _tints(k, frame)),
        strikes=tuple(line for k in top.tables("strike") for line in _lines(k, frame)),
        windows=tuple(_window(k) for k in top.tables("window")),
        cuts=tuple(_cut(k, kind) for kind in ("perforation", "fold") for k in top.tables(kind)),
        register_marks=tuple(register_mark(k) for k in top.tables("register_mark")),
        inserter_marks=inserter_marks(top, dpi=frame.dpi),
        holes=tuple(hole for k in top.tables("hole") for hole in holes(k)),
    )
    top.finish()
    return layout


def _part(keys: Keys) -> Part:
    return Part(
        id=keys.string("id"),
        title=keys.string("title"),
        x_mm=keys.number("x_mm"),
        y_mm=keys.number("y_mm"),
        w_mm=keys.number("w_mm", least=1.0),
        h_mm=keys.number("h_mm", least=1.0),
        slot=keys.whole("slot", 1),
    )


def _places(keys: Keys, frame: Layout) -> list[Part]:
    """The parts that a box or a piece of artwork names."""
    known = {p.id: p for p in frame.parts}
    names = keys.strings("parts")
    for name in names:
        if name not in known:
            keys.refuse("layout.unknown_part", "parts", found=name, expected=", ".join(known))
    return [known[name] for name in names if name in known]


def _code_size(kind: str, size_pt: float, frame: Layout) -> tuple[float, float] | None:
    """Width and height in mm that a code has by itself (height 0: the file says it); None for the rest.

    Customer barcode at a points (Japan Post): 133 cells of 0.06·a mm, long bar 0.36·a mm.
    """
    if kind == "qr":
        return frame.qr_side_mm, frame.qr_side_mm
    if kind == "gs1_128":
        return BAR_MODULES * frame.bar_x_mm, 0.0
    if kind == "customer_barcode":
        return CUSTOMER_CELLS * 0.06 * size_pt, 0.36 * size_pt
    return None


def _boxes(keys: Keys, frame: Layout) -> list[PlacedBox]:
    """One box of the file as it stands in each of its parts."""
    kind = keys.string("kind", choices=KINDS)
    size_pt = keys.number("size_pt", frame.note_min_pt, least=1.0)
    x, y = keys.number("x_mm"), keys.number("y_mm")
    own = _code_size(kind, size_pt, frame)
    w = own[0] if own else keys.number("w_mm", least=0.1)
    h = own[1] if own and own[1] else keys.number("h_mm", least=0.1)
    label = keys.string("label", "")
    label_x = keys.number("label_x_mm", REQUIRED if label else 0.0)
    label_y = keys.number("label_y_mm", y)
    font = keys.string("font", "gothic", choices=FONTS)
    box = PlacedBox(
        id=keys.string("id"),
        part="",
        kind=kind,
        x_mm=x,
        y_mm=y,
        w_mm=w,
        h_mm=h,
        font=font,
        size_pt=size_pt,
        align=keys.string("align", "left", choices=ALIGNS),
        valign=keys.string("valign", "middle", choices=VALIGNS),
        leading=keys.number("leading", 1.5, least=1.0),
        lines=keys.whole("lines", 1, least=1),
        note=keys.flag("note", False),
        text=keys.string("text", REQUIRED if kind == "text" else ""),
        value=keys.string("value", REQUIRED if kind == "field" else ""),
        label=label,
        label_x_mm=label_x,
        label_y_mm=label_y,
        label_w_mm=keys.number("label_w_mm", REQUIRED if label else 0.0),
        label_h_mm=keys.number("label_h_mm", h),
        label_font=keys.string("label_font", font.removesuffix("-bold"), choices=FONTS),
        label_size_pt=keys.number("label_size_pt", frame.note_min_pt, least=1.0),
        label_align=keys.string("label_align", "left", choices=ALIGNS),
        label_valign=keys.string("label_valign", "middle", choices=VALIGNS),
        label_leading=keys.number("label_leading", 1.25, least=1.0),
        fit=tuple(fit_steps(keys)),
        when=keys.string("when", ""),
        role=keys.string("role", ROLE_OF_KIND.get(kind, "P"), choices=ROLES),
        alt=keys.string("alt", REQUIRED if kind in ("qr", "gs1_128", "mark") else ""),
        columns=tuple(_column(c) for c in keys.tables("columns")) if kind == "table" else (),
        rows=keys.whole("rows", least=1) if kind == "table" else 0,
        row_h_mm=keys.number("row_h_mm", least=1.0) if kind == "table" else 0.0,
        head_h_mm=keys.number("head_h_mm", least=0.0) if kind == "table" else 0.0,
        of_slots=kind == "table" and keys.string("of", "values", choices=("values", "slots")) == "slots",
        ground=keys.number("ground", 1.0, least=0.0),
        border_pt=keys.number("border_pt", 0.0, least=0.0),
        slot=keys.whole("slot", 1, least=1),
    )
    if box.slot > frame.slips_per_page:
        keys.refuse("layout.bad_value", "slot", found=box.slot, expected=f"1 to {frame.slips_per_page}")
    for key, said in (("label", box.label), ("text", box.text)) if kind == "table" else ():
        # it would be read aloud as the heading of the first column, and each heading as that of the next
        if said:
            keys.refuse("layout.bad_value", key, found=said, expected="none: the columns have their own")
    return [
        replace(
            box,
            part=part.id,
            slot=part.slot or box.slot,
            text=part.title if kind == "heading" and not box.text else box.text,
            x_mm=part.x_mm + x,
            y_mm=part.y_mm + y,
            label_x_mm=part.x_mm + label_x,
            label_y_mm=part.y_mm + label_y,
        )
        for part in _places(keys, frame)
    ]


def _column(keys: Keys) -> Column:
    return Column(
        value=keys.string("value"),
        label=keys.string("label"),
        w_mm=keys.number("w_mm", least=1.0),
        align=keys.string("align", "left", choices=ALIGNS),
        font=keys.string("font", "", choices=("", *FONTS)),
        size_pt=keys.number("size_pt", 0.0),
    )


def _lines(keys: Keys, frame: Layout) -> list[Line]:
    again, step = keys.whole("repeat", 1, least=1), keys.number("step_mm", 0.0)
    line = Line(
        x1_mm=keys.number("x1_mm"),
        y1_mm=keys.number("y1_mm"),
        x2_mm=keys.number("x2_mm"),
        y2_mm=keys.number("y2_mm"),
        width_pt=keys.number("width_pt", 0.25, least=0.1),
        grey=keys.number("grey", 0.6, least=0.0),
        dash=keys.numbers("dash"),
    )
    return [
        replace(
            line,
            x1_mm=line.x1_mm + p.x_mm,
            x2_mm=line.x2_mm + p.x_mm,
            y1_mm=line.y1_mm + p.y_mm + k * step,
            y2_mm=line.y2_mm + p.y_mm + k * step,
            slot=p.slot or 1,
        )
        for p in _places(keys, frame)
        for k in range(again)
    ]


def _frames(keys: Keys, frame: Layout) -> list[Frame]:
    one = Frame(
        x_mm=keys.number("x_mm"),
        y_mm=keys.number("y_mm"),
        w_mm=keys.number("w_mm", least=0.1),
        h_mm=keys.number("h_mm", least=0.1),
        width_pt=keys.number("width_pt", 0.25, least=0.1),
        grey=keys.number("grey", 0.5, least=0.0),
        dash=keys.numbers("dash"),
        radius_mm=keys.number("radius_mm", 0.0, least=0.0),
    )
    return [_in_part(one, p) for p in _places(keys, frame)]


def _tints(keys: Keys, frame: Layout) -> list[Tint]:
    one = Tint(
        x_mm=keys.number("x_mm"),
        y_mm=keys.number("y_mm"),
        w_mm=keys.number("w_mm", least=0.1),
        h_mm=keys.number("h_mm", least=0.1),
        grey=keys.number("grey", 0.94, least=0.0),
        radius_mm=keys.number("radius_mm", 0.0, least=0.0),
    )
    return [_in_part(one, p) for p in _places(keys, frame)]


Art = TypeVar("Art", Frame, Tint)


def _in_part(one: Art, part: Part) -> Art:
    return replace(one, x_mm=one.x_mm + part.x_mm, y_mm=one.y_mm + part.y_mm, slot=part.slot or 1)


def _window(keys: Keys) -> Rect:
    return Rect(
        keys.number("x_mm"),
        keys.number("y_mm"),
        keys.number("w_mm", least=1.0),
        keys.number("h_mm", least=1.0),
    )


def _cut(keys: Keys, kind: str) -> Cut:
    return Cut(
        kind=kind,
        x1_mm=keys.number("x1_mm"),
        y1_mm=keys.number("y1_mm"),
        x2_mm=keys.number("x2_mm"),
        y2_mm=keys.number("y2_mm"),
        drawn=keys.flag("drawn", True),
    )
