"""The house rules as functions: sources in, findings out (`file:line: what is wrong, what would be right`).

`test_tidy.py` runs them over the tree, and over small seeded sources that each must be found. No rule knows
a module by heart but through the tables at the top, so a new module is under the rules the day it arrives.
"""

from __future__ import annotations

import ast
import re
import string
import sys
import tomllib
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
LINES_MAX, LINES_MEDIAN_BELOW = 400, 200
MONEY_WORDS = frozenset({"amount", "amounts", "yen", "money", "principal", "delinquency", "fee", "fees"})
MONEY_MODULES = ("elqr/money.py", "elqr/check", "reconcile/")
CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "fromtimestamp"})
STOPWATCHES = frozenset({"perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time"})
CLOCK_HOMES = ("elqr/shell.py",)
SHELLS = ("cli.py", "elqr/option_values.py", "reconcile/commands_", "slips/commands_")
STOPWATCH_HOMES = ("cli.py", "slips/job.py")
CHANCE = frozenset({"random", "secrets", "uuid"})
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


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
    if not isinstance(node, ast.Call) or _tail(node.func) not in {"import_module", "__import__"}:
        return None
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


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


# --- shape ----------------------------------------------------------------------------------------


def too_long(files: Iterable[Source]) -> list[str]:
    return [
        f"{s.path}: {n} lines; {LINES_MAX} is the most"
        for s in files
        if (n := s.text.count("\n")) > LINES_MAX
    ]


def shapeless(files: Iterable[Source]) -> list[str]:
    """Missing docstrings, thawed dataclasses, module-level mutable state, drawers for odds and ends."""
    found = []
    for source in files:
        if source.path.rpartition("/")[2] in {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}:
            found.append(f"{source.path}: a name for odds and ends; name what it holds")
        if not ast.get_docstring(source.tree):
            found.append(f"{source.path}: no module docstring (why it exists, in, out, what it refuses)")
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                overloads = "overload" in {_tail(d) for d in node.decorator_list}
                if not overloads and not ast.get_docstring(node):
                    found.append(f"{source.at(node)}: {node.name} is public and has no docstring")
            elif isinstance(node, ast.Assign) and isinstance(
                node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
            ):
                names = {t.id for t in node.targets if isinstance(t, ast.Name)}
                if names != {"__all__"}:
                    found.append(
                        f"{source.at(node)}: {', '.join(names)} is mutable at module level; a tuple,"
                        " a frozenset or the annotation Mapping or Sequence says that nobody writes to it"
                    )
        found += [
            f"{source.at(n)}: global {', '.join(n.names)}: no module-level state" for n in _globals(source)
        ]
        found += [f"{source.at(n)}: dataclass {n.name} is not frozen" for n in _thawed(source)]
    return found


def _globals(source: Source) -> list[ast.Global]:
    return [n for n in source.nodes if isinstance(n, ast.Global)]


def _thawed(source: Source) -> Iterator[ast.ClassDef]:
    """Dataclasses that are not frozen and only hold data; one with methods may gather (a builder)."""
    for node in source.nodes:
        for d in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            keywords = d.keywords if isinstance(d, ast.Call) else []
            frozen = any(k.arg == "frozen" and getattr(k.value, "value", False) is True for k in keywords)
            builds = any(isinstance(n, ast.FunctionDef) for n in node.body)
            if _tail(getattr(d, "func", d)) == "dataclass" and not frozen and not builds:
                yield node


def leftovers(files: Iterable[Source]) -> list[str]:
    """Notes to oneself, bodies without a body, and silences that do not say what they silence."""
    notes = re.compile(
        "|".join((r"\bTO" + "DO\\b", r"\bFIX" + "ME\\b", r"\bXX" + "X\\b", "pragma: no " + "cover"))
    )
    blanket = re.compile(r"#\s*(type:\s*ignore(?!\[)|noqa(?!:))")
    found = []
    for source in files:
        for number, line in enumerate(source.text.splitlines(), 1):
            if notes.search(line):
                found.append(f"{source.path}:{number}: a note to oneself; finish it or file it")
            if blanket.search(line):
                found.append(f"{source.path}:{number}: a silence without the rule it silences")
        for node in source.nodes:
            if (
                isinstance(node, ast.Raise)
                and _tail(getattr(node.exc, "func", node.exc)) == "NotImplemented" + "Error"
            ):
                found.append(f"{source.at(node)}: a stub")
        for klass, node in _functions(source):
            bases = {_tail(b) for b in klass.bases} if klass else set()
            # a docstring alone may say why there is nothing to do (a listener that does not listen, a command group)
            empty = all(
                isinstance(s, ast.Pass) or getattr(getattr(s, "value", 0), "value", 0) is ...
                for s in node.body
            )
            if (
                empty
                and "Protocol" not in bases
                and "overload" not in {_tail(d) for d in node.decorator_list}
            ):
                found.append(f"{source.at(node)}: {node.name} does nothing")
    return found


def _functions(source: Source) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef]]:
    for node in source.nodes:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                yield (node if isinstance(node, ast.ClassDef) else None), child


# --- money and time -------------------------------------------------------------------------------


def money_faults(files: Iterable[Source]) -> list[str]:
    """True division or floats where a name speaks of money; anywhere in the modules about money."""
    found = []
    for source in files:
        strict = source.path.startswith(MONEY_MODULES)
        for node in source.nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and (strict or _of_money(node)):
                found.append(f"{source.at(node)}: / near money; yen are whole: // and say how it rounds")
            elif (
                isinstance(node, ast.AugAssign)
                and isinstance(node.op, ast.Div)
                and (strict or _of_money(node))
            ):
                found.append(f"{source.at(node)}: /= near money")
            elif isinstance(node, ast.Call):
                floats = _tail(node.func) in {"float", "float64", "float32"} or (
                    _tail(node.func) in {"cast", "astype"}
                    and any(_tail(a) in {"Float64", "Float32", "float64", "float"} for a in node.args)
                )
                if floats and (strict or _of_money(node)):
                    found.append(f"{source.at(node)}: a float near money; yen are whole")
    return found


def _of_money(node: ast.AST) -> bool:
    names = (
        n.id if isinstance(n, ast.Name) else n.attr if isinstance(n, ast.Attribute) else n.value
        for n in ast.walk(node)
        if isinstance(n, ast.Name | ast.Attribute)
        or (isinstance(n, ast.Constant) and isinstance(n.value, str))
    )
    return any(MONEY_WORDS & set(name.lower().split("_")) for name in names)


def clock_faults(files: Iterable[Source]) -> list[str]:
    """Clocks and chance outside the shell; a stopwatch outside the shell and the job."""
    found = []
    for source in files:
        for node in source.nodes:
            if isinstance(node, ast.Attribute | ast.Name):
                tail = _tail(node)
                base = _tail(node.value) if isinstance(node, ast.Attribute) else ""
                clock = tail in CLOCKS and base in {"datetime", "date", "time", "dt"}
                if clock and not source.path.startswith(CLOCK_HOMES):
                    found.append(
                        f"{source.at(node)}: {base}.{tail}; the library is told the date by its caller"
                    )
                if tail in STOPWATCHES and not source.path.startswith(STOPWATCH_HOMES):
                    found.append(
                        f"{source.at(node)}: {tail}; time is taken in {' and '.join(STOPWATCH_HOMES)}"
                    )
        for node, name in imports(source):
            if name.split(".")[0] in CHANCE:
                found.append(
                    f"{source.at(node)}: {name}; same input, same bytes: nothing here is left to chance"
                )
            if name.startswith("elqr.shell") and not source.path.startswith(SHELLS):
                found.append(f"{source.at(node)}: {name}; who and when are the shell's to ask")
            if name in {"time.time", "time.time_ns", "time.localtime"}:
                found.append(f"{source.at(node)}: {name}; the library is told the date by its caller")
    return sorted(set(found))


def _tail(node: ast.AST | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# --- problem codes --------------------------------------------------------------------------------


def holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def meant(names: Iterable[str]) -> set[str]:
    """The things that these names stand for: some have a name in each language (`ja`/`en`, `…_ja`/`…_en`, `name`/`field`)."""
    return {"{field}" if n in {"name", "field"} else re.sub(r"(^|_)(ja|en)$", r"\1{lang}", n) for n in names}


def sentences() -> dict[str, tuple[str, dict[str, str]]]:
    """code → (file, its table), straight from the TOML files."""
    return {
        code: (path.name, table)
        for path in sorted((ROOT / "layouts" / "problems").glob("*.toml"))
        for code, table in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }


@dataclass(frozen=True)
class Use:
    """A place that records a problem: its code where it is written out, and the parameters it hands over."""

    where: str
    code: str
    params: frozenset[str]
    open_ended: bool  # ** in the call: the parameters cannot be read off


def uses(files: Iterable[Source]) -> list[Use]:
    """Calls of `log.add(rows, "code", …)` and `Problem("code", …)` with the code written out."""
    found = []
    for source in files:
        for node in source.nodes:
            if not isinstance(node, ast.Call):
                continue
            named = {k.arg: k.value for k in node.keywords}
            if _tail(node.func) == "add" and "field" in named:
                code, params = (
                    (node.args[1] if len(node.args) > 1 else named.get("code")),
                    set(named) - {"field", "code"},
                )
            elif _tail(node.func) == "Problem":
                code = node.args[0] if node.args else named.get("code")
                given = named.get("params", node.args[2] if len(node.args) > 2 else ast.Dict([], []))
                keys = given.keys if isinstance(given, ast.Dict) else [None]
                params = {k.value if isinstance(k, ast.Constant) else None for k in keys}
            else:
                continue
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                found.append(
                    Use(source.at(node), code.value, frozenset(filter(None, params)), None in params)
                )
    return found


def code_patterns(files: Iterable[Source]) -> tuple[set[str], list[re.Pattern[str]]]:
    """Strings that look like codes, and f-strings that can make one, as patterns (`f"{field}.mismatch"`)."""
    plain, made = set(), []
    for source in files:
        for node in source.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                plain.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [str(v.value) if isinstance(v, ast.Constant) else None for v in node.values]
                words = "".join(p for p in parts if p)
                if re.fullmatch(r"[a-z0-9_.]*\.[a-z0-9_.]*", words) and re.search(r"[a-z]{3}", words):
                    made.append(
                        re.compile("".join("[a-z0-9_]+" if p is None else re.escape(p) for p in parts))
                    )
    return plain, made


def catalogue_faults(catalogue: Mapping[str, tuple[str, Mapping[str, str]]]) -> list[str]:
    found = []
    for code, (file, table) in catalogue.items():
        place = f"layouts/problems/{file}: {code}"
        if not CODE.fullmatch(code):
            found.append(f"{place}: a code is field.what, in small letters")
        if table.get("severity") not in {"note", "warning", "error"}:
            found.append(f"{place}: severity {table.get('severity')!r} is none of note, warning, error")
        found += [
            f"{place}: no sentence in {lang}" for lang in ("ja", "en") if not table.get(lang, "").strip()
        ]
        ja, en = meant(holes(table.get("ja", ""))), meant(holes(table.get("en", "")))
        if ja != en:
            found.append(
                f"{place}: ja names {sorted(ja - en)} and en names {sorted(en - ja)} alone; they say the same"
            )
    return found


def use_faults(files: Iterable[Source], catalogue: Mapping[str, tuple[str, Mapping[str, str]]]) -> list[str]:
    """Codes without a sentence, sentences without a use, and holes that a call leaves open."""
    files = list(files)
    found = []
    for use in uses(files):
        if use.code not in catalogue:
            found.append(f"{use.where}: {use.code} has no sentence in layouts/problems/")
            continue
        left = holes(catalogue[use.code][1]["ja"] + catalogue[use.code][1]["en"]) - use.params - {"field"}
        if left and not use.open_ended:
            found.append(
                f"{use.where}: {use.code} leaves {{{', '.join(sorted(left))}}} of its sentence unfilled"
            )
    plain, made = code_patterns(files)
    return found + [
        f"layouts/problems/{file}: {code} is never recorded by any module"
        for code, (file, _) in catalogue.items()
        if code not in plain and not any(p.fullmatch(code) for p in made)
    ]


def untested(codes: Iterable[str], tests: str) -> list[str]:
    return [
        f"{code}: no test provokes it (the code stands nowhere in tests/)"
        for code in codes
        if code not in tests
    ]


# --- the tree as text -----------------------------------------------------------------------------

TEXT = frozenset(
    {
        ".py",
        ".md",
        ".toml",
        ".csv",
        ".txt",
        ".java",
        ".yml",
        ".yaml",
        ".cfg",
        ".ini",
        ".json",
        ".svg",
        ".html",
        "",
    }
)
NOT_OURS = frozenset(
    {".git", ".venv", ".venv-validate", "out", "dist", "build", "__pycache__", "node_modules"}
    | {".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
)
HOSTS = frozenset(  # the only hosts that the tree may name: licences and XML namespaces, none of them fetched
    {"www.apache.org", "www.w3.org", "ns.adobe.com", "purl.org", "www.aiim.org", "www.npes.org", "localhost"}
)


def texts() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if NOT_OURS.isdisjoint(parts) and path.suffix in TEXT and path.is_file():
            data = path.read_bytes()
            if b"\0" not in data:
                yield "/".join(parts), data.decode("utf-8", errors="replace")


def machine_faults(files: Iterable[tuple[str, str]]) -> list[str]:
    """Paths of somebody's machine, hosts, and addresses of package registries."""
    home = re.compile(r"(?<![\w.*{}])/(?:wor" + r"k|roo" + r"t|hom" + r"e|Use" + r"rs|far" + r"m)/[\w.-]+")
    host = re.compile(r"(?:https?|ftp)://([\w.-]+)")
    index = re.compile(
        "|".join(
            (
                "index-" + "url",
                "find-" + "links",
                r"\bpy" + r"pi\.",
                "python" + "hosted",
                "npm" + "js",
                r"debian\." + "org",
            )
        )
    )
    found = []
    for path, text in files:
        for number, line in enumerate(text.splitlines(), 1):
            place = f"{path}:{number}"
            found += [f"{place}: {m[0]} is a path of one machine" for m in home.finditer(line)]
            found += [f"{place}: names the host {m[1]}" for m in host.finditer(line) if m[1] not in HOSTS]
            found += [f"{place}: names a package registry ({m[0]})" for m in index.finditer(line)]
    return found
