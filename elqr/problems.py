"""Problems are values: what is wrong, where, and what would be right, in Japanese and English.

Checks work on columns, so a file's problems are gathered as columns too (`ProblemLog`); `Problem` is one of them as an object.
The sentences live in `layouts/problems/*.toml`, one table a code, with the severity, so that an office can read them in one place.
Refuses: a code that is not in the catalogue, a severity that is not one of three.
"""

from __future__ import annotations

import errno
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from enum import Enum
from functools import cache
from importlib.resources import files

import polars as pl

Param = str | int


def reason_of(error: BaseException) -> str:
    """What the system says of a failure, without the name of the file, else the first line of the error's own words."""
    said = getattr(error, "strerror", None) or str(error)
    return str(said).partition("\n")[0]


_OF_FILES: Mapping[int, str] = {
    errno.ENOENT: "ファイルがありません",
    errno.EISDIR: "フォルダーです",
    errno.ENOTDIR: "途中がフォルダーではありません",
    errno.EACCES: "読む権限がありません",
    errno.EPERM: "読む権限がありません",
}


def reason_in_both(error: OSError) -> str:
    """What the system says of a file that cannot be read, Japanese first where we have it; what is rare stays as the system says it."""
    said, known = reason_of(error), _OF_FILES.get(error.errno or 0)
    return f"{known} / {said}" if known else said


class Severity(Enum):
    """How much a problem weighs: NOTE tells, WARNING asks for a look, ERROR holds the slip (or stops the file)."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Where:
    """A place in the input: file name and 1-based line of the source text (the header is line 1)."""

    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Sentence:
    """One row of the catalogue: severity and the two sentences with `{param}` holes."""

    severity: Severity
    ja: str
    en: str


@cache
def catalogue() -> Mapping[str, Sentence]:
    """Every problem code with its severity and sentences, from `layouts/problems/*.toml`.

    Raises ValueError where two files define one code, or a table lacks severity, ja or en.
    """
    found: dict[str, Sentence] = {}
    for entry in sorted((files("layouts") / "problems").iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".toml"):
            continue
        for code, sentence in _table(entry.name).items():
            if code in found:
                raise ValueError(f"{entry.name}: problem code {code!r} is defined twice")
            found[code] = sentence
    return found


@cache
def _table(name: str) -> Mapping[str, Sentence]:
    """The codes of one file; none where there is no such file."""
    place = files("layouts") / "problems" / name
    if not place.is_file():
        return {}
    found: dict[str, Sentence] = {}
    for code, table in tomllib.loads(place.read_text(encoding="utf-8")).items():
        try:
            found[code] = Sentence(Severity(table["severity"]), table["ja"], table["en"])
        except KeyError as missing:
            raise ValueError(f"{name}: problem code {code!r} lacks {missing}") from None
    return found


def _sentence(code: str) -> Sentence:
    """One row of the catalogue. Most codes begin with the name of their file, and a short job reads that file alone."""
    found = _table(code.partition(".")[0] + ".toml").get(code)
    return found if found is not None else catalogue()[code]


@dataclass(frozen=True)
class Problem:
    """One finding. `params` fill the sentence: by custom `found` and `expected`, and what else the sentence names."""

    code: str
    field: str = ""
    params: Mapping[str, Param] = default(default_factory=dict)
    where: Where = Where()

    @property
    def severity(self) -> Severity:
        return _sentence(self.code).severity

    def text(self, lang: str) -> str:
        """The sentence in `ja` or `en`; any other language gets English."""
        sentence = _sentence(self.code)
        return (sentence.ja if lang == "ja" else sentence.en).format_map(
            {"field": self.field, **{k: _printable(v) for k, v in self.params.items()}}
        )

    def __str__(self) -> str:
        said, place = f"{self.text('ja')} / {self.text('en')} [{self.code}]", _printable(self.where.file)
        if place and self.where.line:
            return f"{place}:{self.where.line}: {said}"
        return said if place in said else f"{place}: {said}"


def _printable(value: Param) -> str:
    """Control characters shown by code point, so that a message can go to a terminal or a CSV cell unharmed."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in str(value))


def in_general(code: str) -> tuple[str, str]:
    """What a code means, in Japanese and English, with … where a row's own values would stand: nothing of a person is in it."""
    sentence = _sentence(code)
    holes = _Holes()
    return sentence.ja.format_map(holes), sentence.en.format_map(holes)


class _Holes(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


class ProblemError(Exception):
    """Nothing can go on; carries the problems that say why."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


SCHEMA: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "slip_key": pl.String(),
    "severity": pl.String(),
    "code": pl.String(),
    "field": pl.String(),
    "params": pl.String(),
}


class ProblemLog:
    """The problems of one file as columns: `line, slip_key, severity, code, field, params` (JSON).

    `add` takes the faulty rows of a frame and expressions for what was found and expected, so a check costs per column,
    and only faulty rows cost per row.
    """

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(
        self, rows: pl.DataFrame, code: str, *, field: str, **params: pl.Expr | pl.Series | str | int
    ) -> None:
        """Record `code` for every row of `rows` (needs `line`; `slip_key` where known). Empty `rows` records nothing.

        A polars expression among `params` is evaluated on `rows`; anything else is the same for all of them.
        """
        severity = _sentence(code).severity
        if rows.is_empty():
            return
        columns = {
            k: (v if isinstance(v, pl.Expr | pl.Series) else pl.lit(str(v))).cast(pl.String).fill_null("")
            for k, v in params.items()
        }
        # with_columns, for select alone would make one row of parameters that are all the same for every row
        texts = (
            rows.with_columns(**columns).select(columns.keys()).rows(named=True)
            if columns
            else [{}] * rows.height
        )
        self._parts.append(
            pl.DataFrame(
                {
                    "line": rows["line"].cast(pl.Int64),
                    "slip_key": rows["slip_key"].cast(pl.String)
                    if "slip_key" in rows.columns
                    else pl.Series([None] * rows.height, dtype=pl.String),
                    "severity": [severity.value] * rows.height,
                    "code": [code] * rows.height,
                    "field": [field] * rows.height,
                    "params": [json.dumps(t, ensure_ascii=False) for t in texts],
                },
                schema=dict(SCHEMA),
            )
        )

    def add_one(self, problem: Problem, slip_key: str | None = None) -> None:
        """Record one problem object (for checks that cannot be said in columns)."""
        self._parts.append(
            pl.DataFrame(
                {
                    "line": [problem.where.line],
                    "slip_key": [slip_key],
                    "severity": [problem.severity.value],
                    "code": [problem.code],
                    "field": [problem.field],
                    "params": [json.dumps(dict(problem.params), ensure_ascii=False)],
                },
                schema=dict(SCHEMA),
            )
        )

    def extend(self, other: ProblemLog | pl.DataFrame) -> None:
        """Take over all of another log (or of a frame of its schema)."""
        self._parts.extend(other._parts if isinstance(other, ProblemLog) else [other])

    def table(self) -> pl.DataFrame:
        """All problems in order of line, then of discovery; columns as in `SCHEMA`."""
        if not self._parts:
            return pl.DataFrame(schema=dict(SCHEMA))
        joined = pl.concat(self._parts)
        self._parts = [joined]
        return joined.sort("line", maintain_order=True, nulls_last=False)

    def held_lines(self) -> pl.Series:
        """The distinct lines that carry an ERROR: these slips are held."""
        return (
            self.table()
            .filter(pl.col("severity") == Severity.ERROR.value)["line"]
            .drop_nulls()
            .unique()
            .sort()
        )

    def problems(self, file: str = "") -> Iterator[Problem]:
        """The same as objects."""
        return _objects(self.table().iter_rows(named=True), file)

    def report(self) -> pl.DataFrame:
        """The columns of `problems.csv`: line, slip_key, severity, code, field, message_ja, message_en."""
        table = self.table()
        found = list(_objects(table.iter_rows(named=True), ""))
        return table.select("line", "slip_key", "severity", "code", "field").with_columns(
            pl.Series("message_ja", [p.text("ja") for p in found], dtype=pl.String),
            pl.Series("message_en", [p.text("en") for p in found], dtype=pl.String),
        )


def _objects(rows: Iterable[Mapping[str, object]], file: str) -> Iterator[Problem]:
    for row in rows:
        line = row["line"]
        yield Problem(
            str(row["code"]),
            str(row["field"] or ""),
            json.loads(str(row["params"])),
            Where(file, line if isinstance(line, int) else None),
        )
