"""Where in a form's file a box stands, so that an editor can go there: TOML readers do not keep line numbers.

In: the text of a form. Out: box name (`part.id`) or part -> 1-based line of its `[[box]]` or `[[part]]`. Refuses nothing: a name that is not
found stands at line 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEAD = re.compile(r"\[{1,2}\s*([A-Za-z0-9_.-]+)\s*\]{1,2}")
_ID = re.compile(r"id\s*=\s*[\"']([^\"']*)[\"']")
_PARTS = re.compile(r"parts\s*=\s*\[([^\]]*)")


def lines_of(text: str) -> Mapping[str, int]:
    """The first line of each box in each of its parts, and of each part."""
    found: dict[str, int] = {}
    head, start, name = "", 1, ""
    parts: list[str] = []
    for number, line in enumerate([*text.splitlines(), "[[end]]"], 1):
        plain = line.strip()
        if match := _HEAD.match(plain):
            if head == "box":
                found |= {f"{part}.{name}": start for part in parts if f"{part}.{name}" not in found}
            elif head == "part":
                found.setdefault(name, start)
            head, start, name, parts = match[1], number, "", []
        elif match := _ID.match(plain):
            name = match[1]
        elif match := _PARTS.match(plain):
            parts = re.findall(r"[\"']([^\"']*)[\"']", match[1])
    return found
