"""A table in words: slips, manifest, upload or problems list, column by column, with sums and spans.

In: the path of a CSV or Parquet file; out: `Description`, one line a column. All go through the reader of
`elqr print`, so what it finds on reading stands among the problems. Refuses (ProblemError): columns that
fit no table that we know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from elqr.checks.clean import plain_yen
from elqr.checks.values import readable_yen
from elqr.columns import BY_NAME, COLUMNS, Column, Kind, looks_like_a_row, normal_heading
from elqr.dates import parse
from elqr.description import Description, Line
from elqr.mapping import HeadingMap
from elqr.money import to_human
from elqr.problems import Problem, ProblemError, Where
from elqr.reader import read_columns, read_headings

PERSONAL: Final = ("payer_id", "payer_name", "postal_code", "address", "notice_no", "covers", "sort_key")
MONEY: Final = ("amount", "principal", "delinquency", "dunning_fee")
DATES: Final = ("due_date", "payable_until")
CHOICES: Final = (
    "kind",
    "lang",
    "large_print",
    "mode",
    "severity",
    "code",
    "tax_item",
    "layout",
    "profile",
    "file",
)
PROBLEMS_MAX: Final = 20
_LINE: Final = "line of the input"
"""What the reader is told that the `line` of a list of problems is called: its own is that of the row in the list."""

# What tells a table by its headings; the first that fits wins, so the narrower stand first.
TABLES: Final[Mapping[str, tuple[tuple[str, ...], str, str]]] = {
    "problems": (("line", "severity", "code", "message_ja"), "問題の一覧", "list of problems"),
    "manifest": (
        ("seq", "slip_key", "file", "page", "layout_sha256"),
        "印刷した納付書の一覧",
        "manifest of printed slips",
    ),
    "slips": (
        ("slip_key", "confirm_no", "amount", "payer_name"),
        "納付書データ(印刷前)",
        "slips to be printed",
    ),
    "upload": (
        ("slip_key", "amount", "due_date", "payable_until"),
        "納付書情報(アップロード用)",
        "slip information for upload",
    ),
}
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "seq": ("通し番号", "sequence number"),
    "file": ("ファイル", "file"),
    "page": ("ページ", "page"),
    "position": ("位置", "position"),
    "layout": ("様式", "form"),
    "layout_sha256": ("様式のSHA-256", "SHA-256 of the form"),
    "profile": ("プロファイル", "profile"),
    "profile_sha256": ("プロファイルのSHA-256", "SHA-256 of the profile"),
    "n_of_m": ("何枚目/枚数", "n of m"),
    "group": ("束", "group"),
    "inserter": ("封入機用マーク", "inserter marks"),
    "mode": ("作成方法", "mode"),
    "line": ("行", "line"),
    "severity": ("重さ", "severity"),
    "code": ("問題コード", "problem code"),
    "field": ("項目", "field"),
    "message_ja": ("内容(日本語)", "message in Japanese"),
    "message_en": ("内容(英語)", "message in English"),
}


@dataclass
class _Seen:
    """What has been seen of one column so far."""

    filled: int = 0
    total: int = 0
    unread: int = 0  # cells with something that is no amount
    first: str = ""
    low: str = ""
    high: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, column: pl.Series) -> None:
        """Add one batch."""
        text = column.cast(pl.String)
        text = text.filter(text.is_not_null() & (text != ""))
        self.filled += len(text)
        if len(text) == 0:
            return
        self.first = self.first or text[0]
        if name in MONEY:
            yen = _yen(text.rename(name))
            self.total += int(yen.sum())
            self.unread += yen.null_count()
        elif name in DATES:
            days = parse(text).drop_nulls().cast(pl.String)
            if len(days):
                ends = [str(days.min()), str(days.max())]
                self.low = min(v for v in (self.low, ends[0]) if v)
                self.high = max(self.high, ends[1])
        elif name in CHOICES:
            for value, count in text.value_counts().iter_rows():
                self.counts[value] = self.counts.get(value, 0) + count


def _yen(cells: pl.Series) -> pl.Series:
    """Whole yen as `elqr print` reads them; null for what it would hold."""
    odd = ~cells.str.contains("^[0-9]+$")
    plain = cells.scatter(odd.arg_true(), [plain_yen(cell) for cell in cells.filter(odd)])
    return plain.to_frame().select(readable_yen(cells.name)).to_series()


def describe_table(path: Path, *, show_names: bool = False, mapping: HeadingMap | None = None) -> Description:
    """What the table at `path` is, and its columns; ProblemError where it is unreadable or unknown."""
    names = _names(path, mapping or HeadingMap())
    kind = next((k for k, (needed, _, _) in TABLES.items() if set(needed) <= set(names)), None)
    if kind is None and looks_like_a_row(names):
        raise ProblemError(Problem("heading.none", params={"found": len(names)}, where=Where(path.name, 1)))
    if kind is None:
        params = {"file": path.name, "found": ", ".join(names)[:200], "expected": ", ".join(TABLES)}
        raise ProblemError(Problem("describe.unknown_table", "file", params))
    seen: dict[str, _Seen] = {}
    rows = 0
    problems: list[Problem] = []
    told = 0
    for frame, found in _batches(path, kind, names, mapping):
        rows += frame.height
        told += len(found)
        problems += found[: max(0, PROBLEMS_MAX - len(problems))]
        for name in frame.columns:
            if name in names:
                seen.setdefault(name, _Seen()).take(name, frame[name])
    lines = [_line(name, one, rows, show_names) for name, one in seen.items()]
    _, ja, en = TABLES[kind]
    more = f"、問題{told}件" if told else ""
    more_en = f", {told} problems" if told else ""
    titles = (f"{ja}: {path.name}、{rows:,}行{more}", f"{en}: {path.name}, {rows:,} rows{more_en}")
    return Description(kind, *titles, tuple(lines), tuple(problems))


def _names(path: Path, mapping: HeadingMap) -> list[str]:
    """Canonical names of the columns of a file, other headings as they stand."""
    return [mapping.column_of(name) or name for name in read_headings(path)]


def _batches(
    path: Path, kind: str, names: Sequence[str], mapping: HeadingMap | None
) -> Iterator[tuple[pl.DataFrame, list[Problem]]]:
    """The rows of the file with what was found on reading them."""
    distinct = {normal_heading(name): name for name in reversed(names) if name}
    columns = COLUMNS if kind == "slips" else tuple(map(_any_column, reversed(distinct.values())))
    for batch in read_columns(path, columns, mapping=mapping):
        frame = (
            batch.frame if kind == "slips" else batch.frame.drop("line").rename({_LINE: "line"}, strict=False)
        )
        yield frame, list(batch.log.problems(path.name))


def _any_column(name: str) -> Column:
    """A column of a list that elqr writes: its cells are shown, not judged."""
    known = BY_NAME.get(name, Column(_LINE if name == "line" else name, name, Kind.TEXT, 0))
    return replace(known, required=False, filled=False)


def _line(name: str, seen: _Seen, rows: int, show_names: bool) -> Line:
    column = BY_NAME.get(name)
    ja, en = _WORDS.get(name, (column.ja if column else name, name))
    said = [(f"{seen.filled:,}/{rows:,}行", f"{seen.filled:,} of {rows:,} rows")]
    if name in MONEY:
        total = to_human(pl.Series([seen.total]))[0]
        apart = (
            f"金額として読めない{seen.unread:,}件を除いて",
            f" without {seen.unread:,} that are no amount",
        )
        ja_apart, en_apart = apart if seen.unread else ("", "")
        said.append((f"{ja_apart}合計{total}円", f"{total} yen in all{en_apart}"))
    if seen.low:
        said.append((f"{seen.low}~{seen.high}", f"{seen.low} to {seen.high}"))
    if seen.counts:
        words = _most(seen.counts)
        said.append((words, words))
    ours = name not in PERSONAL and (name in BY_NAME or name in _WORDS)
    value = seen.first if show_names or ours else masked(name, seen.first)
    if name.startswith("message_") and not show_names:
        value = ""  # a message quotes what was found, which may be a name
    return Line(name, ja, en, value, "、".join(s[0] for s in said), ", ".join(s[1] for s in said))


def _most(counts: Mapping[str, int]) -> str:
    """The commonest values with their counts."""
    ordered: Sequence[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{value} {count:,}" for value, count in ordered[:8])
    return f"{shown}, … ({len(ordered)})" if len(ordered) > 8 else shown


def masked(name: str, value: str) -> str:
    """A name keeps its first character, an address three, a number its last two; its length is not told. A column of others may be of
    anything, and keeps nothing."""
    if not value:
        return ""
    if name not in PERSONAL:
        return "＊＊＊"
    if name == "payer_name":
        return f"{value[0]}＊＊＊"
    if name in {"address", "postal_code"}:
        return f"{value[:3]}＊＊＊"
    return f"＊＊＊{value[-2:]}"
