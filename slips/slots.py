"""Several slips on one page: what a form says of the first slip, said again for the others before the form is read.

In: the raw tables of a form with `slips_per_page` and `[slots]` (which parts, how far apart). Out: the tables with a part, its boxes and
its artwork for each slip, `receipt_2` after `receipt`. A `#` in the key of a text is the number of the slip. Refuses, as problems of the
file: `[slots]` without parts, or with parts that the form does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slips.form import UNUSED
from slips.keys import Keys

Raw = Mapping[str, Any]

TABLE = "slots"
ARTWORK = ("line", "frame", "tint")
WORDS = ("text", "label", "alt", "title")
NUMBER = "#"


def repeated(form: Raw, *, file: Keys) -> dict[str, Any]:
    """The whole form, slip by slip; one without `[slots]` as it is. Faults are recorded at `file`."""
    if TABLE not in form:
        return dict(form)
    keys = Keys(form, file=file.file, owner="", problems=file.problems)
    count, table = keys.whole("slips_per_page", 1, least=2), keys.table(TABLE)
    names, x_mm, y_mm = table.strings("parts"), table.number("x_mm", 0.0), table.number("y_mm", 0.0)
    table.finish()
    known = [str(part.get("id")) for part in form.get("part", [])]
    for name in names:
        if name not in known:
            table.refuse("layout.unknown_part", "parts", found=name, expected=", ".join(known))
    out = {key: value for key, value in form.items() if key != TABLE}
    parts = [{**part, "slot": int(part.get("id") in names)} for part in form.get("part", [])]
    out["part"] = [
        *(_numbered(part, 1) if part["slot"] else part for part in parts),
        *(
            _numbered({**part, "slot": slot, "id": _named(part["id"], slot), **_moved(part, (slot - 1) * x_mm, (slot - 1) * y_mm)}, slot)
            for slot in range(2, count + 1)
            for part in parts
            if part["slot"]
        ),
    ]  # fmt: skip
    styles = form.get("style", {})
    for name in ("box", *ARTWORK, "strike"):
        out[name] = [
            one for entry in form.get(name, []) for one in _copies(name, entry, styles, names, count)
        ]
    return out


def _copies(
    kind: str, entry: Raw, styles: Mapping[str, Raw], names: tuple[str, ...], count: int
) -> Iterator[Raw]:
    """An entry as it is for the first slip, then for each other one; what marks an unused place is not for the first."""
    places = entry.get("parts", styles.get(entry.get("style", ""), {}).get("parts", []))
    mine = [part for part in places if part in names]
    if not mine:
        yield entry
        return
    whole = {**styles.get(entry.get("style", ""), {}), **entry}
    if kind != "strike" and whole.get("when") != UNUSED:
        yield _numbered({**entry, "parts": places}, 1)
    for slot in range(2, count + 1):
        yield _numbered({**entry, "parts": [_named(part, slot) for part in mine]}, slot)


def _named(part: str, slot: int) -> str:
    return f"{part}_{slot}"


def _moved(part: Raw, x_mm: float, y_mm: float) -> dict[str, float]:
    return {name: part[name] + by for name, by in (("x_mm", x_mm), ("y_mm", y_mm)) if name in part}


def _numbered(entry: Raw, slot: int) -> dict[str, Any]:
    return {
        key: value.replace(NUMBER, str(slot)) if key in WORDS and isinstance(value, str) else value
        for key, value in entry.items()
    }
