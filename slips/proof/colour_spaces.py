"""Whether a colour space of a PDF can print anything but K.

In: a space as a page's resources or an image name it. Out: empty where it is grey or the K plate alone, else its name. Refuses nothing: what is not
known is no K.
"""

from __future__ import annotations

from typing import Any

import pikepdf

GREYS = frozenset({"DeviceGray", "CalGray", "G"})
FOUR = frozenset({"DeviceCMYK", "CMYK"})
K_PLATES = frozenset({"/Black", "/None"})
"""Names of plates: `None` prints on none; `All` is each of them."""


def space_named(resources: Any, name: str) -> Any:
    """The space that `cs` names: one of the resources', or a device's own."""
    known = (resources.get("/ColorSpace") or {}) if resources is not None else {}
    return known.get(name, name)


def name_of(space: Any) -> str:
    """`DeviceRGB`, `Separation`, `ICCBased` …"""
    return str(space[0] if isinstance(space, pikepdf.Array) else space).lstrip("/")


def colour_of(space: Any) -> str:
    """Empty for grey and for K, else the name of the space."""
    name = name_of(space)
    if name in GREYS or (isinstance(space, pikepdf.Array) and _is_k(name, space)):
        return ""
    return name


def _is_k(name: str, space: Any) -> bool:
    if name == "ICCBased":
        return int(space[1].get("/N", 0)) == 1
    if name == "Separation":
        return str(space[1]) in K_PLATES
    if name == "DeviceN":
        return all(str(plate) in K_PLATES for plate in space[1])
    return name in ("Indexed", "I") and not colour_of(space[1])
