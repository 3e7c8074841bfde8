"""The house rules of words: codes and the sentences that tell them, and what no file of the tree may name."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from house import ROOT, Source, last_name

CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


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
            if last_name(node.func) == "add" and "field" in named:
                code, params = (
                    (node.args[1] if len(node.args) > 1 else named.get("code")),
                    set(named) - {"field", "code"},
                )
            elif last_name(node.func) == "Problem":
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
