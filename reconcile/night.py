"""What one night brings: its files read, its rows told apart into new, already taken, of another body, and bad. Nothing is written here.

In: paths, the site, the ledger (to know files again by their bytes). Out: `Night`. A receipts file that its own totals contradict is left out
whole, with its problems; the other files go on. Refuses nothing else: the run stops on conflicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from elqr.mapping import HeadingMap
from elqr.problems import Problem, ProblemError, ProblemLog
from elqr.site import Site
from reconcile.frames import ASSESSMENTS, QUARANTINE, RECEIPTS, SLIPS, empty
from reconcile.intake import open_receipts
from reconcile.ledger import Ledger
from reconcile.pile import Pile
from reconcile.records import survey
from reconcile.register import KEYS, Register, read_assessments, read_slips
from reconcile.tables import TABLES

FILE = TABLES["files"].columns
_REGISTERS: Mapping[str, tuple[Callable[..., Register], Mapping[str, pl.DataType]]] = {
    "assessments": (read_assessments, ASSESSMENTS),
    "slips": (read_slips, SLIPS),
}
_NUMBER: Mapping[str, pl.DataType] = {"file_no": pl.Int64()}


@dataclass(frozen=True)
class Found:
    """One file: a row of `files` without its counts, and what was found on reading it. `again`: its bytes were taken before."""

    row: dict[str, str | int]
    log: ProblemLog
    again: bool


@dataclass(frozen=True, kw_only=True)
class Night:
    """All rows of the night with `file_no` (the place in `files`, from 1), and what stopped a file (`refused`). To be closed at its end."""

    files: list[Found]
    receipts: pl.DataFrame
    rejected: pl.DataFrame
    quarantine: pl.DataFrame
    assessments: Pile
    slips: Pile
    refused: list[Problem]

    def close(self) -> None:
        """Give up the rows of the registers."""
        self.assessments.close()
        self.slips.close()


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The files of a night and how to read them."""

    receipts: Sequence[Path] = ()
    assessments: Sequence[Path] = ()
    slips: Sequence[Path] = ()
    site: Site | None = None
    receipt_layout: str | Path | None = None
    mapping: HeadingMap | None = None
    encoding: str | None = None


def read_night(ledger: Ledger, inputs: Inputs, *, first_file: int) -> Night:
    """Read all files; the first new one gets the number `first_file`. Registers that cannot be used stop the night (ProblemError)."""
    reading = _Reading(ledger, inputs, first_file)
    try:
        for path in inputs.assessments:
            reading.register(path, "assessments")
        for path in inputs.slips:
            reading.register(path, "slips")
        for path in inputs.receipts:
            reading.receipts(path)
        return reading.night()
    except BaseException:
        reading.close()
        raise


class _Reading:
    def __init__(self, ledger: Ledger, inputs: Inputs, first_file: int) -> None:
        self._ledger, self._inputs, self._next = ledger, inputs, first_file
        self._files: list[Found] = []
        self._met: set[tuple[str, str, str]] = set()
        self._refused: list[Problem] = []
        self._frames: dict[str, list[pl.DataFrame]] = {
            "receipts": [empty({**RECEIPTS, **_NUMBER})],
            "rejected": [empty({**RECEIPTS, **_NUMBER})],
            "quarantine": [empty({**QUARANTINE, **_NUMBER})],
        }
        self._piles = {role: Pile(schema, key=KEYS[role]) for role, (_, schema) in _REGISTERS.items()}

    def night(self) -> Night:
        frames = {name: pl.concat(parts) for name, parts in self._frames.items()}
        return Night(
            files=self._files,
            refused=self._refused,
            receipts=frames["receipts"],
            rejected=frames["rejected"],
            quarantine=frames["quarantine"],
            assessments=self._piles["assessments"],
            slips=self._piles["slips"],
        )

    def close(self) -> None:
        for pile in self._piles.values():
            pile.close()

    def _take(self, name: str, frame: pl.DataFrame) -> None:
        self._frames[name].append(frame.with_columns(file_no=pl.lit(self._next, pl.Int64)))

    def _stored(self, role: str, sha256: str, layout_sha256: str) -> dict[str, str | int] | None:
        """What is known of a file with these bytes, from the ledger or from earlier tonight."""
        key = pl.Series("file_sha256", [sha256])
        rows = self._ledger.lookup("files", key).filter(
            (pl.col("role") == role) & (pl.col("layout_sha256") == layout_sha256)
        )
        if rows.height:
            return rows.row(0, named=True)
        if (role, sha256, layout_sha256) in self._met:
            same = (role, sha256, layout_sha256)
            return next(
                dict(f.row)
                for f in self._files
                if (f.row["role"], f.row["file_sha256"], f.row["layout_sha256"]) == same
            )
        return None

    def _again(self, path: Path, stored: dict[str, str | int]) -> None:
        self._files.append(Found({**stored, "file": path.name}, ProblemLog(), again=True))

    def _add(self, row: dict[str, str | int], log: ProblemLog) -> None:
        self._met.add((str(row["role"]), str(row["file_sha256"]), str(row["layout_sha256"])))
        self._files.append(Found(row, log, again=False))
        self._next += 1

    def register(self, path: Path, role: str) -> None:
        sha256 = survey(path).sha256
        if stored := self._stored(role, sha256, ""):
            self._again(path, stored)
            return
        given = self._inputs
        read, _ = _REGISTERS[role]
        register = read(path, site=given.site, mapping=given.mapping, encoding=given.encoding, sha256=sha256)
        self._piles[role].add(self._next, register)
        bad = len(register.held)
        row: dict[str, str | int] = {
            "role": role,
            "file_sha256": sha256,
            "file": path.name,
            "layout": role,
            "layout_sha256": "",
            "rows": register.height + bad,
            "yen": register.yen,
            "rejected": 0,
            "rejected_yen": 0,
            "quarantined": bad,
            "quarantined_yen": 0,
        }
        self._add(row, register.log)

    def receipts(self, path: Path) -> None:
        given = self._inputs
        try:
            source = open_receipts(
                path, site=given.site, layout=given.receipt_layout, encoding=given.encoding
            )
        except ProblemError as error:
            self._refused += error.problems
            return
        layout, sha256 = source.opened.layout, source.opened.survey.sha256
        if stored := self._stored("receipts", sha256, layout.sha256):
            self._again(path, stored)
            return
        try:
            batches = list(source.batches())
            tally = source.summary.tally
        except ProblemError as error:
            self._refused += error.problems
            return
        log = ProblemLog()
        for batch in batches:
            log.extend(batch.log)
            self._take("receipts", batch.frame)
            self._take("rejected", batch.rejected)
            self._take("quarantine", batch.quarantine)
        row: dict[str, str | int] = {
            "role": "receipts",
            "file_sha256": sha256,
            "file": path.name,
            "layout": layout.id,
            "layout_sha256": layout.sha256,
            "rows": tally.rows,
            "yen": tally.good_yen + tally.rejected_yen + tally.quarantined_yen,
            "rejected": tally.rejected,
            "rejected_yen": tally.rejected_yen,
            "quarantined": tally.quarantined,
            "quarantined_yen": tally.quarantined_yen,
        }
        self._add(row, log)
