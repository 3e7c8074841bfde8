"""A file in words: what it is, its rows and columns, sums and spans, and what it says is wrong.

In: the path of a slips file, manifest, upload, problems list (CSV or Parquet), job.json, profile or layout
(TOML); out: `Description`. Names, addresses and numbers of people are masked unless asked for. Refuses
(ProblemError): what is no file that we know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from elqr.describe_profile import judge_bytes
from elqr.describe_table import describe_table
from elqr.description import Description, Line
from elqr.mapping import TABLES, HeadingMap
from elqr.problems import Problem, ProblemError, reason_of
from elqr.settings import parse_settings

_TOTALS: Final = frozenset({"run", "standing", "drift"})


def describe_file(path: Path, *, show_names: bool = False, mapping: HeadingMap | None = None) -> Description:
    """What the file at `path` is and holds; `mapping` knows a site's own headings.

    Raises ProblemError where the file is missing, unreadable or of no known kind.
    """
    if path.is_dir():
        raise ProblemError(Problem("describe.folder", "file", {"found": str(path)}))
    if not path.is_file():
        raise ProblemError(Problem("describe.not_found", "file", {"found": str(path)}))
    suffix = path.suffix.lower()
    if suffix in {".csv", ".parquet"}:
        return describe_table(path, show_names=show_names, mapping=mapping)
    try:
        if suffix == ".json":
            return _job(path, json.loads(path.read_bytes()))
        if suffix == ".toml":
            data = path.read_bytes()
            return _settings(path, data, parse_settings(data))
    except (OSError, ValueError, RecursionError) as error:
        raise ProblemError(
            Problem(
                "describe.unreadable",
                "file",
                {"file": path.name, "found": reason_of(error)},
            )
        ) from None
    raise ProblemError(Problem("describe.unknown_file", "file", {"file": path.name}))


def _job(path: Path, job: Any) -> Description:
    """job.json, or totals.json of a night: every value with its place, as it stands."""
    if not isinstance(job, dict):
        raise ProblemError(Problem("describe.unknown_file", "file", {"file": path.name}))
    lines = tuple(Line(name, name, name, value) for name, value in _leaves("", job))
    if job.keys() >= _TOTALS:
        return Description("totals", f"収納消込の集計: {path.name}", f"totals of a night: {path.name}", lines)
    return Description("job", f"印刷ジョブの記録: {path.name}", f"record of a print job: {path.name}", lines)


def _leaves(name: str, value: Any) -> list[tuple[str, str]]:
    """(dotted name, value) of everything in nested JSON or TOML; a list of tables tells how many."""
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(f"{name}.{k}" if name else str(k), v)]
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return [(name, f"{len(value)}")]
    return [(name, ", ".join(str(v) for v in value) if isinstance(value, list) else str(value))]


def _settings(path: Path, data: bytes, table: Mapping[str, Any]) -> Description:
    """A TOML file, told by its tables."""
    kinds: tuple[tuple[str, Callable[[], Description]], ...] = (
        ("rule", lambda: judge_bytes(data, path.name)),
        ("box", lambda: _layout(path, table)),
        ("body_code", lambda: _plain_settings("site", "団体設定ファイル", "site file", path, table)),
        *(
            (key, lambda: _plain_settings("mapping", "見出しの対応表", "heading map", path, table))
            for key in TABLES
        ),
        ("base", lambda: _layout(path, table)),
    )
    for key, make in kinds:
        if key in table:
            return make()
    raise ProblemError(Problem("describe.unknown_file", "file", {"file": path.name}))


def _plain_settings(kind: str, ja: str, en: str, path: Path, table: Mapping[str, Any]) -> Description:
    lines = tuple(Line(name, name, name, value) for name, value in _leaves("", dict(table)))
    return Description(kind, f"{ja}: {path.name}", f"{en}: {path.name}", lines)


def _table(value: Any) -> dict[str, Any]:
    """A table of the file; nothing where something else stands in its place: `elqr layouts check` judges."""
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _layout(path: Path, table: Mapping[str, Any]) -> Description:
    """A form: its page and parts, and its boxes by kind. `elqr layouts` judges it."""
    boxes = _tables(table.get("box", []))
    kinds: dict[str, list[str]] = {}
    for box in boxes:
        kinds.setdefault(str(box.get("kind", "?")), []).append(str(box.get("id", "?")))
    page, press, title = (_table(table.get(name)) for name in ("page", "press", "title"))
    size = f"{page.get('width_mm', '?')} × {page.get('height_mm', '?')} mm"
    lines = [
        Line("id", "名称", "id", str(table.get("id", ""))),
        Line("version", "版", "version", str(table.get("version", ""))),
        *([Line("base", "もとの様式", "stands on", str(table["base"]))] if "base" in table else []),
        *([Line("page", "用紙", "page", size)] if page or "base" not in table else []),
        *(Line(f"press.{k}", f"印刷機 {k}", f"press {k}", str(v)) for k, v in press.items()),
        *(
            Line(
                "part",
                "片",
                "part",
                str(p.get("id", "")),
                f"幅{p.get('w_mm')} mm",
                f"{p.get('w_mm')} mm wide",
            )
            for p in _tables(table.get("part"))
        ),
        *(
            Line(
                f"box.{kind}",
                f"欄({kind})",
                f"boxes of kind {kind}",
                ", ".join(ids),
                f"{len(ids)}個",
                f"{len(ids)}",
            )
            for kind, ids in sorted(kinds.items())
        ),
    ]
    return Description(
        "layout", f"様式: {title.get('ja', path.name)}", f"form: {title.get('en', path.name)}", tuple(lines)
    )
