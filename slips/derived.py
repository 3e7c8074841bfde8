"""A form that is another form with changes: the raw tables of both merged before they are read.

In: the TOML of a form with `base = "mihara"`. Out: the tables of the whole form. Boxes and parts are changed by their id (a form that
names all parts says their order), styles and `[page]` key by key, rules and tints added; cuts, holes and marks replace those of the
base. Refuses, as problems of the file: what is no table where one belongs, a base with a base, `without` that names no box, `without_parts`
that names no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elqr.problems import Problem, ProblemError
from slips.keys import Keys

Raw = Mapping[str, Any]

MERGED = ("title", "page", "press", "sizes")
ADDED = ("line", "frame", "tint", "strike")
OWN_KEYS = ("base", "without", "without_parts", "preprinted")
CONSTANT_KINDS = ("text", "heading", "mark", "stamp")


def refuse_shapes(form: Raw, *, file: str) -> None:
    """Raises ProblemError for tables that cannot be laid over others: all that is no table, no list or no name where one belongs."""
    problems: list[Problem] = []
    top = Keys(form, file=file, owner="", problems=problems)
    for name in (*MERGED, "slots"):
        if name in form:
            top.table(name)
    for name, style in top.raw_tables("style").items():
        Keys(style, file=file, owner=f"style {name}", problems=problems).strings("parts", ())
    for name in ("part", "box", *ADDED, "perforation", "fold"):
        for entry in top.tables(name):
            entry.string("id", "")
            entry.string("style", "")
            entry.strings("parts", ())
            if name == "part":
                entry.number("x_mm", 0.0)
                entry.number("y_mm", 0.0)
    if problems:
        raise ProblemError(problems)


def merged(own: Raw, base: Raw, *, keys: Keys) -> dict[str, Any]:
    """The tables of the form `own` over those of `base`; faults are recorded at `keys`."""
    if "base" in base:
        keys.refuse(
            "layout.bad_value", "base", found=own.get("base"), expected="a form without a base of its own"
        )
    base = _without_parts(base, keys)
    out: dict[str, Any] = {**base, **{k: v for k, v in own.items() if k not in OWN_KEYS}}
    for name in MERGED:
        out[name] = {**base.get(name, {}), **own.get(name, {})}
    styles = base.get("style", {})
    out["style"] = {**styles, **{k: {**styles.get(k, {}), **v} for k, v in own.get("style", {}).items()}}
    for name in ADDED:
        out[name] = [*base.get(name, []), *own.get(name, [])]
    parts = _by(("id",), base.get("part", []), own.get("part", []))
    order = [part.get("id") for part in own.get("part", [])]
    if {part.get("id") for part in parts} == set(order):  # who names them all says their order too
        parts.sort(key=lambda part: order.index(part.get("id")))
    out["part"] = parts
    without = keys.strings("without", ())
    known = {box.get("id") for box in base.get("box", [])}
    for name in without:
        if name not in known:
            keys.refuse(
                "layout.bad_value", "without", found=name, expected=", ".join(sorted(map(str, known)))
            )
    boxes = [box for box in base.get("box", []) if box.get("id") not in without]
    out["box"] = _by(("id", "parts"), boxes, own.get("box", []))
    return out


def _without_parts(base: Raw, keys: Keys) -> dict[str, Any]:
    """The base without the parts that the new form does not have, and what stands in them."""
    gone = set(keys.strings("without_parts", ()))
    known = {part.get("id") for part in base.get("part", [])}
    for name in sorted(gone - known):
        keys.refuse(
            "layout.bad_value", "without_parts", found=name, expected=", ".join(sorted(map(str, known)))
        )
    out = {**base, "part": [part for part in base.get("part", []) if part.get("id") not in gone]}
    styles = base.get("style", {})
    for name in ("box", *ADDED):
        out[name] = [left for entry in base.get(name, []) if (left := _left(entry, styles, gone))]
    return out


def _left(entry: Raw, styles: Mapping[str, Raw], gone: set[str]) -> Raw:
    """What is left of an entry without these parts, empty where nothing is; a box may have its parts from its style."""
    parts = entry.get("parts", styles.get(entry.get("style", ""), {}).get("parts", []))
    if gone.isdisjoint(parts):
        return entry
    stay = [part for part in parts if part not in gone]
    return {**entry, "parts": stay} if stay else {}


def _by(
    names: tuple[str, ...], base: list[dict[str, Any]], own: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Entries of `base` with those of `own` that have the same `names` laid over them; new ones come last."""

    def key(entry: dict[str, Any]) -> str:
        return repr([entry.get(name) for name in names])

    changes = {key(entry): entry for entry in own}
    known = {key(entry) for entry in base}
    return [{**entry, **changes.get(key(entry), {})} for entry in base] + [
        entry for entry in own if key(entry) not in known
    ]


def on_printed_paper(form: Raw) -> dict[str, Any]:
    """What is left to print where the form itself is on the paper already: values, codes, conditional texts and marks.

    Labels, headings, constant texts, rules, tints and tear lines are gone; what they need of the page is not.
    """
    styles = {name: _unlabelled(style) for name, style in form.get("style", {}).items()}
    boxes = []
    for box in form.get("box", []):
        whole = {**form.get("style", {}).get(box.get("style", ""), {}), **box}
        if whole.get("kind") in CONSTANT_KINDS and not whole.get("when"):
            continue
        boxes.append(_unlabelled(box))
    cuts = {
        name: [{**cut, "drawn": False} for cut in form.get(name, [])]
        for name in ("perforation", "fold")
        if name in form
    }
    return {**form, **cuts, "style": styles, "box": boxes, "line": [], "frame": [], "tint": []}


def _unlabelled(box: Raw) -> dict[str, Any]:
    return {key: value for key, value in box.items() if not key.startswith("label")}
