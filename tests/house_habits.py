"""The house rules of habit: how long and of what shape a module is, what is left over in it, whole yen, no clock, no chance."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from house import Source, imports, last_name

LINES_MAX, LINES_MEDIAN_BELOW = 400, 200
MONEY_WORDS = frozenset({"amount", "amounts", "yen", "money", "principal", "delinquency", "fee", "fees"})
MONEY_MODULES = ("elqr/money.py", "elqr/check", "reconcile/")
CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "fromtimestamp"})
STOPWATCHES = frozenset({"perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time"})
CLOCK_HOMES = ("elqr/shell.py",)
SHELLS = ("cli.py", "elqr/option_values.py", "reconcile/commands_", "slips/commands_")
STOPWATCH_HOMES = ("cli.py", "slips/job.py")
CHANCE = frozenset({"random", "secrets", "uuid"})


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
                overloads = "overload" in {last_name(d) for d in node.decorator_list}
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
            if last_name(getattr(d, "func", d)) == "dataclass" and not frozen and not builds:
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
                and last_name(getattr(node.exc, "func", node.exc)) == "NotImplemented" + "Error"
            ):
                found.append(f"{source.at(node)}: a stub")
        for klass, node in _functions(source):
            bases = {last_name(b) for b in klass.bases} if klass else set()
            # a docstring alone may say why there is nothing to do (a listener that does not listen, a command group)
            empty = all(
                isinstance(s, ast.Pass) or getattr(getattr(s, "value", 0), "value", 0) is ...
                for s in node.body
            )
            if (
                empty
                and "Protocol" not in bases
                and "overload" not in {last_name(d) for d in node.decorator_list}
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
                floats = last_name(node.func) in {"float", "float64", "float32"} or (
                    last_name(node.func) in {"cast", "astype"}
                    and any(last_name(a) in {"Float64", "Float32", "float64", "float"} for a in node.args)
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
                tail = last_name(node)
                base = last_name(node.value) if isinstance(node, ast.Attribute) else ""
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
