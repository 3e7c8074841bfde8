"""The house rules as functions: sources in, findings out (`file:line: what is wrong, what would be right`).

Here the sources themselves, which room may import which, and where each library has its home; `house_habits.py` has the rules
of shape, money and time, `house_words.py` those of sentences and plain text. `test_tidy.py` runs them all over the tree, and over
small seeded sources that each must be found. No rule knows a module by heart but through the tables at the top of its file, so a
new module is under the rules the day it arrives.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROOMS: Mapping[str, frozenset[str]] = {  # room → the rooms it may import
    "elqr": frozenset(),
    "layouts": frozenset(),
    "slips": frozenset({"elqr"}),
    "reconcile": frozenset({"elqr"}),
    "cli": frozenset({"elqr", "slips", "reconcile"}),
}
YARDS: Mapping[str, frozenset[str]] = {  # beside the house: not in the wheel
    "sample_data": frozenset({"elqr"}),
    "tools": frozenset({"elqr", "slips", "reconcile", "sample_data"}),
    "bench": frozenset({"elqr", "slips", "reconcile", "sample_data", "tools"}),
}
HOMES: Mapping[
    str, tuple[str, ...]
] = {  # third-party module → the only places in the wheel that may import it
    "numpy": ("",),
    "polars": ("",),
    "click": ("cli.py", "reconcile/commands", "slips/commands_"),
    "distributed": ("reconcile/engines.py",),
    "cv2": ("slips/proof/",),
    "fontTools": ("slips/fonts.py",),
    "PIL": ("slips/artwork.py", "slips/proof/pictures.py"),
    "isal": ("slips/pdf.py",),
    "jpholiday": ("elqr/calendar.py",),
    "pikepdf": ("slips/artwork.py", "slips/aloud.py", "slips/marked.py", "slips/proof/ink.py"),
    "pypdfium2": ("slips/proof/render.py",),
    "psycopg": ("reconcile/store_postgres.py",),
    "pyzbar": ("slips/proof/decode.py",),
    "reportlab": ("slips/artwork.py", "slips/pack_paper.py"),
    "zengin_code": ("reconcile/banks.py",),
    "zxingcpp": ("slips/proof/decode.py",),
}
DISTRIBUTIONS: Mapping[str, str] = {  # import name → name in pyproject.toml, where they differ
    "PIL": "pillow",
    "cv2": "opencv-contrib-python-headless",
    "fontTools": "fonttools",
    "zengin_code": "zengin-code",
    "zxingcpp": "zxing-cpp",
}


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the top of the tree, with forward slashes, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text)

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, as `ast.walk` gives them; every rule goes over them."""
        return _walked(self.text)

    @property
    def room(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _walked(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_parse(text)))


def sources(*tops: str) -> list[Source]:
    """Every Python file below the given folders (or the files of that name), in order."""
    paths = [p for top in tops for p in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py"))]
    return [Source(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8")) for p in sorted(paths)]


def house() -> list[Source]:
    """The files that go into the wheel."""
    return sources("elqr", "slips", "reconcile", "layouts", "cli.py")


def yards() -> list[Source]:
    return sources(*YARDS)


@cache
def imports(source: Source) -> tuple[tuple[ast.AST, str], ...]:
    """Every module that a file imports, at any depth, by its full name; `from a import b` gives `a.b` too."""
    return tuple(_imports(source))


def _imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    package = source.module if source.path.endswith("__init__.py") else source.module.rpartition(".")[0]
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                stem = package.split(".")
                base = ".".join([*stem[: len(stem) - node.level + 1], *filter(None, [base])])
            yield node, base
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)
        elif _called_by_name(node) is not None:
            yield node, str(_called_by_name(node))


def _called_by_name(node: ast.AST) -> str | None:
    """The module of `import_module("…")`, `""` where it is not written out, None where it is no such call."""
    if not isinstance(node, ast.Call) or last_name(node.func) not in {"import_module", "__import__"}:
        return None
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def last_name(node: ast.AST | None) -> str:
    """The last part of a dotted name, empty where it is no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# --- directions and homes -------------------------------------------------------------------------


def wrong_directions(files: Iterable[Source]) -> list[str]:
    allowed = {**ROOMS, **YARDS}
    found = []
    for source in files:
        for node, name in imports(source):
            room = name.split(".")[0]
            if room in allowed and room != source.room and room not in allowed[source.room]:
                may = ", ".join(sorted(allowed[source.room])) or "no other room"
                found.append(f"{source.at(node)}: imports {name}; {source.room} may import {may}")
        found += [
            f"{source.at(n)}: imports a name made at run time; write it out, so that it can be checked"
            for n in source.nodes
            if _called_by_name(n) == ""
        ]
    return sorted(set(found))


def edges(files: Iterable[Source]) -> dict[str, set[str]]:
    """module → modules of the same room that it imports (a package's `__init__` is the package's name).

    `from package import module` leads to the module alone; the package's own names lead to the package.
    """
    files = list(files)
    known = {s.module for s in files}

    def led_to(source: Source) -> Iterator[str]:
        others = known - {source.module}
        for node, name in imports(source):
            if not isinstance(node, ast.ImportFrom) or name in others:
                package_only = isinstance(node, ast.ImportFrom) and all(
                    f"{name}.{a.name}" in known for a in node.names
                )
                if not package_only:
                    yield name

    return {
        s.module: {n for n in led_to(s) if n in known and n != s.module and n.split(".")[0] == s.room}
        for s in files
    }


def cycles(files: Iterable[Source]) -> list[str]:
    graph, done, found = edges(files), set[str](), []

    def walk(module: str, trail: tuple[str, ...]) -> None:
        if module in trail:
            found.append(
                " → ".join((*trail[trail.index(module) :], module)) + ": modules import each other in a ring"
            )
        elif module not in done:
            for below in sorted(graph[module]):
                walk(below, (*trail, module))
            done.add(module)

    for module in sorted(graph):
        walk(module, ())
    return found


def declared_order(text: str) -> dict[str, list[list[str]]]:
    """The ```order block of docs/architecture.md, `room: lowest < next, neighbour < top`, by room."""
    block = re.search(r"```order\n(.*?)```", text, re.DOTALL)
    order = {}
    for line in re.sub(r"\n\s+", " ", block[1]).splitlines() if block else ():
        room, _, layers = line.partition(":")
        order[room.strip()] = [[m.strip() for m in layer.split(",")] for layer in layers.split("<")]
    return order


def wrong_order(files: Iterable[Source], order: Mapping[str, list[list[str]]]) -> list[str]:
    """Imports that point up or sideways in the order, modules without a place, names without a module."""
    files = list(files)
    graph, found = edges(files), []

    def level(module: str) -> int | None:
        room, _, rest = module.partition(".")
        for height, layer in enumerate(order.get(room, [])):
            if any(rest == m or (m.endswith("*") and rest.split(".")[0] == m[:-1]) for m in layer):
                return height
        return None

    for module, below in sorted(graph.items()):
        room, _, rest = module.partition(".")
        if room not in order or not rest:
            continue
        if level(module) is None:
            found.append(
                f"{module}: stands in no layer of the order in docs/architecture.md; give it a place"
            )
            continue
        for other in sorted(below):
            high, low = level(module), level(other)
            same = rest.split(".")[0] == other.partition(".")[2].split(".")[0]
            if low is not None and high is not None and low >= high and not same:
                found.append(
                    f"{module} imports {other}, which stands beside or above it in docs/architecture.md"
                )
    for room, layers in order.items():
        names = {s.module.partition(".")[2].split(".")[0] for s in files if s.room == room}
        found += [
            f"docs/architecture.md: {room}.{m} is in the order but not in the tree"
            for layer in layers
            for m in layer
            if m.removesuffix("*") not in names
        ]
    return found


def foreign(source: Source) -> Iterator[tuple[ast.AST, str]]:
    ours = {*ROOMS, *YARDS}
    for node, name in imports(source):
        top = name.split(".")[0]
        if top and top not in ours and top not in sys.stdlib_module_names:
            yield node, top


def homeless(files: Iterable[Source]) -> list[str]:
    found = []
    for source in files:
        for node, top in foreign(source):
            if top not in HOMES:
                found.append(f"{source.at(node)}: {top} has no home in this house (tests/house.py, HOMES)")
            elif not source.path.startswith(HOMES[top]):
                found.append(f"{source.at(node)}: {top} may be imported only in {', '.join(HOMES[top])}")
    return sorted(set(found))


def dependency_faults(files: Iterable[Source], project: Mapping[str, Any]) -> list[str]:
    """Imported but neither in `dependencies` nor an extra, or there and never imported."""
    extras = [
        d for name, some in project.get("optional-dependencies", {}).items() if name != "dev" for d in some
    ]
    declared = {re.split(r"[\[<>=!~; ]", d)[0].lower() for d in [*project["dependencies"], *extras]}
    used = {DISTRIBUTIONS.get(top, top).lower() for s in files for _, top in foreign(s)}
    return [f"pyproject.toml: {d} is imported but not declared" for d in sorted(used - declared)] + [
        f"pyproject.toml: {d} is declared but nothing imports it" for d in sorted(declared - used)
    ]


def undeclared(files: Iterable[Source], project: Mapping[str, Any], *, own: Iterable[str]) -> list[str]:
    """What tests, benches and tools import and a new machine would lack. `own`: names of the test folder's modules."""
    given = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    declared = {re.split(r"[\[<>=!~; ]", d)[0].lower() for d in given}
    return [
        f"{s.at(node)}: {top} is in no list of pyproject.toml (dependencies, dev)"
        for s in files
        for node, top in foreign(s)
        if top not in set(own) and DISTRIBUTIONS.get(top, top).lower() not in declared
    ]
