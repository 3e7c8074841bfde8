"""What changed between two versions of a form: every box, part, size and mark with what it was and what it is.

In: two `Layout`s. Out: `Change`s in a fixed order; none for the same form. Nothing is summed up: a moved box is two rows, x and y.
Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from slips.form import Layout

SINGLE = (
    *(
        "version",
        "title",
        "document",
        "base",
        "preprinted",
        "large_print",
        "kinds",
        "exclusive",
        "slips_per_page",
    ),
    *(
        "page_w_mm",
        "page_h_mm",
        "dpi",
        "pitch_dots",
        "bar_dots",
        "min_margin_mm",
        "body_min_pt",
        "note_min_pt",
    ),
)
NAMED = (("parts", "part"), ("boxes", "box"), ("inserter_marks", "inserter_mark"))
COUNTED = (
    *(("lines", "line"), ("frames", "frame"), ("tints", "tint"), ("cuts", "cut")),
    *(("strikes", "strike"), ("register_marks", "register_mark"), ("holes", "hole"), ("windows", "window")),
)
NONE = "—"


@dataclass(frozen=True)
class Change:
    """One difference: what it is about (`box notice.qr.x_mm`), what it was, what it is; `—` where there is none."""

    what: str
    was: str
    now: str


def changes(old: Layout, new: Layout) -> tuple[Change, ...]:
    """All differences from `old` to `new`."""
    return (*_single(old, new), *_named(old, new), *_order(old, new), *_counted(old, new))


def _single(old: Layout, new: Layout) -> Iterator[Change]:
    for name in SINGLE:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield Change(name, said(was), said(now))


def _named(old: Layout, new: Layout) -> Iterator[Change]:
    for name, kind in NAMED:
        before, after = _by_name(getattr(old, name)), _by_name(getattr(new, name))
        for key in dict.fromkeys([*before, *after]):
            if key not in after:
                yield Change(f"{kind} {key}", said(before[key]), NONE)
            elif key not in before:
                yield Change(f"{kind} {key}", NONE, said(after[key]))
            else:
                for f in fields(before[key]):
                    was, now = getattr(before[key], f.name), getattr(after[key], f.name)
                    if was != now:
                        yield Change(f"{kind} {key}.{f.name}", said(was), said(now))


def _order(old: Layout, new: Layout) -> Iterator[Change]:
    """Reading order, of what both have."""
    for name, kind in NAMED[:2]:
        before, after = _by_name(getattr(old, name)), _by_name(getattr(new, name))
        was, now = [k for k in before if k in after], [k for k in after if k in before]
        if was != now:
            yield Change(f"{kind} order", " ".join(was), " ".join(now))


def _counted(old: Layout, new: Layout) -> Iterator[Change]:
    """Things without a name: what is gone, then what is new."""
    for name, kind in COUNTED:
        before, after = Counter(map(said, getattr(old, name))), Counter(map(said, getattr(new, name)))
        for text in (before - after).elements():
            yield Change(kind, text, NONE)
        for text in (after - before).elements():
            yield Change(kind, NONE, text)


def _by_name(things: Iterable[Any]) -> dict[str, Any]:
    return {getattr(thing, "name", thing.id): thing for thing in things}


def said(value: Any) -> str:
    """A value in short words: numbers without zeros, a thing by what it has that is not usual."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return " / ".join(f"{k}: {said(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(said, value)) or NONE
    if hasattr(value, "__dataclass_fields__"):
        named = ((f.name, getattr(value, f.name), f.default) for f in fields(value))
        return " ".join(f"{name}={said(v)}" for name, v, default in named if v != default)
    return str(value) or NONE
