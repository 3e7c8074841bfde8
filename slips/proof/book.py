"""The manifest as a look-up: which slip is it whose code was read, and which should stand in a place.

In: `manifest.csv` or `manifest.parquet` of a print job. Out: `Book`, which worker processes open from a folder by memory map, so a million
slips cost each of them nothing. Refuses (ProblemError): another file, columns that lack, payloads that a spreadsheet has spoilt, keys twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr import symbols
from elqr.problems import Problem, ProblemError, Where, reason_in_both, reason_of
from elqr.wire import field_named
from slips.jobfile import sha256_of
from slips.order import NUMBER_WIDTH

TEXTS = ("slip_key", "file", "payload", "barcode", "layout", "layout_sha256", "n_of_m", "inserter")
NUMBERS = ("seq", "page", "amount", "position")
DAYS = ("due_date", "payable_until")
OPTIONAL = frozenset({"n_of_m", "barcode", "inserter", "position"})
KEY_DIGITS = 20
_KEY = field_named("slip_key")
_ROWS, _KEYS, _ORDER = "rows.arrow", "keys.npy", "order.npy"
_SAID = 5  # examples in a problem


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One slip of the manifest. `index` counts from 0 in print order; days are ISO dates or empty."""

    index: int
    seq: int
    slip_key: str
    file: str
    page: int
    payload: str
    amount: int
    due_date: str
    payable_until: str
    barcode: str
    layout: str
    n_of_m: str
    position: int = 1
    """The place on its page, from 1, where a page carries several slips."""
    inserter: str = ""
    """What the page's inserter marks say; empty where the form has none, or the manifest does not tell."""

    @property
    def number(self) -> str:
        """The running number as it is printed."""
        return f"{self.seq:0{NUMBER_WIDTH}d}"


@dataclass(frozen=True, eq=False)
class Book:
    """The slips in print order (`rows`), and their keys sorted (`keys`, at which `order` gives the row)."""

    rows: pl.DataFrame
    keys: npt.NDArray[np.bytes_]
    order: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return self.rows.height

    def entry(self, index: int) -> Entry:
        row = self.rows.row(index, named=True)
        texts = {name: str(row[name] or "") for name in (*TEXTS, *DAYS)}
        return Entry(
            index=index,
            seq=row["seq"],
            slip_key=texts["slip_key"],
            file=texts["file"],
            page=row["page"],
            payload=texts["payload"],
            amount=row["amount"],
            due_date=texts["due_date"],
            payable_until=texts["payable_until"],
            barcode=texts["barcode"],
            layout=texts["layout"],
            n_of_m=texts["n_of_m"],
            inserter=texts["inserter"],
            position=row["position"],
        )

    def of_key(self, slip_key: str) -> int | None:
        """The row of this 案件特定キー, else None."""
        wanted = np.bytes_(slip_key.encode("ascii", "replace"))
        at = int(np.searchsorted(self.keys, wanted))
        return int(self.order[at]) if at < len(self.keys) and self.keys[at] == wanted else None

    def of_content(self, content: bytes) -> int | None:
        """The row that has exactly these digits as its payload, else None."""
        index = self.nearest(content)
        return index if index is not None and self.rows.item(index, "payload").encode() == content else None

    def nearest(self, content: bytes) -> int | None:
        """The row of the key that stands in these digits, whatever the other digits are; else None."""
        if len(content) != symbols.DIGITS or not content.isdigit():
            return None
        return self.of_key(content[_KEY.offset : _KEY.offset + _KEY.width].decode())

    def of_number(self, seq: int) -> int | None:
        """The row with this running number, else None."""
        at = self.rows["seq"].search_sorted(seq)
        return int(at) if at < len(self) and self.rows.item(int(at), "seq") == seq else None

    @property
    def number_widths(self) -> range:
        """How many digits the printed running numbers have."""
        last = self.rows.item(-1, "seq") if len(self) else 0
        return range(NUMBER_WIDTH, max(NUMBER_WIDTH, len(str(last))) + 1)

    def payload(self, index: int) -> str:
        """The 255 digits of a row."""
        return str(self.rows.item(index, "payload"))

    def page_mates(self, index: int) -> frozenset[int]:
        """The other rows that were printed on the same page as this one: none where a page carries one slip."""
        file, page = self.rows.item(index, "file"), self.rows.item(index, "page")
        found = set()
        for step in (-1, 1):
            at = index + step
            while 0 <= at < len(self) and (self.rows.item(at, "file"), self.rows.item(at, "page")) == (
                file,
                page,
            ):
                found.add(at)
                at += step
        return frozenset(found)

    def of_page(self, file: str, page: int, *, position: int = 1) -> int | None:
        """The row that was printed in this place of this page of this file (by name), else None."""
        found = self._files.get(file)
        if found is None or not 1 <= page <= found[1]:
            return None
        first, count = found
        index = first + page - 1  # where each page is one slip
        if self._stands(index, page, position):
            return index
        index = first + int(self.rows["page"].slice(first, count).search_sorted(page)) + position - 1
        return index if index < first + count and self._stands(index, page, position) else None

    def beside(self, index: int, *, position: int) -> int | None:
        """The row in another place of the page of this one, else None."""
        found = {self.rows.item(mate, "position"): mate for mate in (index, *self.page_mates(index))}
        return found.get(position)

    def _stands(self, index: int, page: int, position: int) -> bool:
        row = self.rows.item(index, "page"), self.rows.item(index, "position")
        return row == (page, position)

    @cached_property
    def _files(self) -> dict[str, tuple[int, int]]:
        """file → its first row and its pages; rows of a file lie together."""
        names = (
            self.rows.with_row_index("at")
            .group_by("file", maintain_order=True)
            .agg(pl.col("at").first(), pl.len())
        )
        return {name: (at, count) for name, at, count in names.iter_rows()}

    def save(self, folder: Path) -> None:
        """Lay the book into `folder` for `open_book`."""
        self.rows.write_ipc(folder / _ROWS, compression="uncompressed")
        np.save(folder / _KEYS, self.keys)
        np.save(folder / _ORDER, self.order)


def open_book(folder: Path) -> Book:
    """The book that `save` laid into `folder`, by memory map."""
    return Book(
        pl.read_ipc(escape(str(folder / _ROWS))),  # it would take [ and * for a pattern
        np.load(folder / _KEYS, mmap_mode="r"),
        np.load(folder / _ORDER, mmap_mode="r"),
    )


def read_book(path: Path) -> tuple[Book, str]:
    """The manifest at `path` and its SHA-256. Raises ProblemError: `verify.manifest_…`."""
    rows = _read(path)
    absent = [name for name in (*NUMBERS, *TEXTS, *DAYS) if name not in rows.columns and name not in OPTIONAL]
    if absent:
        raise _refusal(path, "verify.manifest_columns", found=", ".join(absent))
    rows = rows.with_columns(
        pl.lit(None, pl.String).alias(name) for name in OPTIONAL if name not in rows.columns
    )
    rows = rows.select(*NUMBERS, *TEXTS, *DAYS).with_columns(
        *(pl.col(name).cast(pl.Int64, strict=False) for name in NUMBERS),
        *(pl.col(name).cast(pl.String) for name in TEXTS),
        *(pl.col(name).cast(pl.String).str.to_date("%Y-%m-%d", strict=False) for name in DAYS),
    )
    rows = rows.with_columns(pl.col("position").fill_null(1))
    _judge(rows, path)
    rows = rows.sort("seq")
    keys = rows["slip_key"].to_numpy().astype(f"S{KEY_DIGITS}")
    order = np.argsort(keys, kind="stable").astype(np.int64)
    return Book(rows, keys[order], order), str(sha256_of(path))


def _read(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path, glob=False)
        return pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", glob=False)
    except FileNotFoundError:
        raise _refusal(path, "verify.manifest_unreadable", found="—") from None
    except OSError as error:
        raise _refusal(path, "verify.manifest_unreadable", found=reason_in_both(error)[:200]) from None
    except pl.exceptions.PolarsError as error:
        said = f"表の形になっていません / {reason_of(error)[:200]}"
        raise _refusal(path, "verify.manifest_unreadable", found=said) from None


def _judge(rows: pl.DataFrame, path: Path) -> None:
    if rows.is_empty():
        raise _refusal(path, "verify.manifest_empty")
    whole = pl.col("payload").str.contains(f"^[0-9]{{{symbols.DIGITS}}}$").fill_null(value=False)
    keyed = pl.col("slip_key").str.contains(f"^[0-9]{{{KEY_DIGITS}}}$").fill_null(value=False)
    numbered = pl.all_horizontal(pl.col(name).is_not_null() for name in NUMBERS)
    spoilt = rows.with_row_index("line", offset=2).filter(~(whole & keyed & numbered))
    if not spoilt.is_empty():
        lines = _listed(spoilt["line"])
        raise _refusal(path, "verify.manifest_spoilt", found=spoilt.height, lines=lines)
    for name in ("slip_key", "seq"):
        twice = rows.filter(pl.col(name).is_duplicated())[name].unique(maintain_order=True)
        if len(twice):
            raise _refusal(path, "verify.manifest_twice", column=name, found=_listed(twice))


def _listed(values: Iterable[object]) -> str:
    shown = [str(value) for value in values]
    return ", ".join(shown[:_SAID]) + (" …" if len(shown) > _SAID else "")


def _refusal(path: Path, code: str, **params: str | int) -> ProblemError:
    return ProblemError(Problem(code, "", {"file": path.name, **params}, Where(path.name)))
