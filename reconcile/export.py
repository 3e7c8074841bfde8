"""Postings in the columns of a site's own tax system: which columns, in which order, under which headings, in which encoding.

In: a TOML file (`file`, `encoding`, `[[column]]` with `heading` and `from` or `value`, `words`, `width`, `date`) and postings. Out: bytes.
Refuses (ProblemError `export.*`): unknown columns and keys, all listed at once; text that the encoding does not hold, cells too wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from elqr.mapping import load_toml
from elqr.problems import Problem, ProblemError, Where
from reconcile.csv_out import COLUMNS, FILES, csv_bytes
from reconcile.spreadsheet import with_named

ENCODINGS: tuple[str, ...] = ("utf-8", "cp932")
DATES: Mapping[str, str] = {"YYYY-MM-DD": "%Y-%m-%d", "YYYYMMDD": "%Y%m%d", "YYYY/MM/DD": "%Y/%m/%d"}
_DAYS = frozenset({"paid_at", "account_date"})
_KEYS = frozenset({"heading", "from", "value", "words", "width", "date"})
_TOP = frozenset({"file", "encoding", "header", "column"})
_OURS = frozenset(with_named(FILES, excel=True))


@dataclass(frozen=True, kw_only=True)
class ExportColumn:
    """One column: `source` (a column of postings.csv) or a constant `value`; `words`: value -> own word; `width`: zero-filled on the left."""

    heading: str
    source: str | None = None
    value: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    date: str = "YYYY-MM-DD"


@dataclass(frozen=True, kw_only=True)
class ExportMapping:
    """The file to write: its name in the out folder, its encoding, its columns."""

    file: str
    encoding: str
    header: bool
    columns: tuple[ExportColumn, ...]

    def written(self, postings: pl.DataFrame) -> bytes:
        """The bytes of the file. Raises ProblemError (`export.too_wide`, `export.character`)."""
        table = postings.select(_cell(column) for column in self.columns)
        for column in self.columns:
            wide = table[column.heading].str.len_chars().max()
            if column.width and isinstance(wide, int) and wide > column.width:
                params: dict[str, str | int] = {"found": wide, "expected": column.width}
                raise ProblemError(Problem("export.too_wide", column.heading, params))
        try:
            data = csv_bytes(table, encoding=self.encoding)
        except UnicodeEncodeError as error:
            bad = f"U+{ord(error.object[error.start]):04X}"
            raise ProblemError(
                Problem("export.character", params={"found": bad, "expected": self.encoding})
            ) from None
        end = b"\n" if self.encoding == "utf-8" else b"\r\n"
        return data if self.header else data.partition(end)[2]


def load_export(path: Path) -> ExportMapping:
    """The mapping file at `path`. Raises ProblemError with every fault found in it."""
    tables = load_toml(path)
    faults: list[Problem] = []

    def fault(key: str, found: object, expected: str) -> None:
        params: dict[str, str | int] = {"found": str(found), "expected": expected}
        faults.append(Problem("export.mapping", key, params, Where(path.name)))

    for key in sorted(set(tables) - _TOP):
        fault(key, key, "、".join(sorted(_TOP)))
    name, encoding = tables.get("file", "export.csv"), tables.get("encoding", "utf-8")
    header = tables.get("header", True)
    if not isinstance(name, str) or not _is_name(name) or name.lower() in _OURS:
        fault("file", name, 'file = "name.csv"')
    if encoding not in ENCODINGS:
        fault("encoding", encoding, "、".join(ENCODINGS))
    if not isinstance(header, bool):
        fault("header", header, "true | false")
    rows = tables.get("column")
    columns = []
    if not isinstance(rows, list) or not rows:
        fault("column", rows, "[[column]]")
    else:
        for row in rows:
            _judge(row, fault)
        headings = [row.get("heading") for row in rows if isinstance(row, dict)]
        for twice in sorted({str(h) for h in headings if headings.count(h) > 1}):
            fault("heading", twice, "1")
    if faults:
        raise ProblemError(faults)
    for row in rows if isinstance(rows, list) else []:
        columns.append(
            ExportColumn(
                heading=row["heading"],
                source=row.get("from"),
                value=row.get("value"),
                words=row.get("words", {}),
                width=row.get("width", 0),
                date=row.get("date", "YYYY-MM-DD"),
            )
        )
    return ExportMapping(file=str(name), encoding=str(encoding), header=bool(header), columns=tuple(columns))


def _is_name(text: str) -> bool:
    """Whether a file in the out folder can be called so."""
    return bool(text) and "\0" not in text and Path(text).name == text != ".."


def _judge(row: Any, fault: Any) -> None:
    """One [[column]]: what it may say, and what it must."""
    known = COLUMNS["postings.csv"]
    if not isinstance(row, dict):
        fault("column", row, "[[column]]")
        return
    for key in sorted(set(row) - _KEYS):
        fault(key, key, "、".join(sorted(_KEYS)))
    if not isinstance(row.get("heading"), str) or not row.get("heading"):
        fault("heading", row.get("heading"), 'heading = "…"')
    if ("from" in row) == ("value" in row):
        fault(str(row.get("heading", "")), "from / value", "from | value")
    if "from" in row and row["from"] not in known:
        fault("from", row["from"], "、".join(known))
    if "value" in row and not isinstance(row["value"], str):
        fault("value", row["value"], 'value = "…"')
    words = row.get("words", {})
    if not isinstance(words, dict) or not all(isinstance(w, str) for w in words.values()):
        fault("words", words, 'words = { … = "…" }')
    width = row.get("width", 0)
    if isinstance(width, bool) or not isinstance(width, int) or width < 0:
        fault("width", width, "width = 1, 2, 3 …")
    if row.get("date", "YYYYMMDD") not in list(DATES):  # a list or table of TOML cannot be looked up
        fault("date", row["date"], "、".join(DATES))


def _cell(column: ExportColumn) -> pl.Expr:
    if column.source is None:
        return pl.lit(column.value).alias(column.heading)
    cell = pl.col(column.source)
    if column.source in _DAYS:
        cell = cell.str.to_date("%Y-%m-%d").dt.strftime(DATES[column.date])
    if column.words:
        cell = cell.replace(dict(column.words))
    if column.width:
        cell = cell.str.zfill(column.width)
    return cell.alias(column.heading)
