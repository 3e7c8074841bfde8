"""What header and trailer of a receipts file promise, against what the file holds: counts and sums, both figures and the signed difference.

In: the control records met on the way, and a tally of good, rejected and quarantined rows. Out: the trailer's figures and what stays open.
Refuses the file (ProblemError, all faults at once): another count, another sum, a trailer missing, unreadable or twice, records out of order.
Rows in quarantine count; where their amount is not legible the trailer says what it must be, so that no yen is out of sight.
"""

from __future__ import annotations

from dataclasses import dataclass

from elqr.problems import Problem, Where
from reconcile.receipt_layout import Cell, ReceiptLayout


@dataclass(frozen=True)
class Tally:
    """Rows and yen of one file so far. `unreadable`: quarantined rows whose amount is not legible (they add nothing to `quarantined_yen`)."""

    good: int = 0
    good_yen: int = 0
    rejected: int = 0
    rejected_yen: int = 0
    quarantined: int = 0
    quarantined_yen: int = 0
    unreadable: int = 0

    @property
    def rows(self) -> int:
        """All data records of the file."""
        return self.good + self.rejected + self.quarantined

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(getattr(self, n) + getattr(other, n) for n in self.__dataclass_fields__))


@dataclass(frozen=True)
class ControlRecord:
    """One header, trailer or end record: which, its line, its bytes, and how many data records came before it."""

    mark: str
    line: int
    raw: bytes
    after_rows: int


@dataclass(frozen=True)
class Balance:
    """The trailer's figures (None = no trailer), and what the accepted rows leave open: signed, None where nobody can tell."""

    trailer_rows: int | None
    trailer_yen: int | None
    open_rows: int
    open_yen: int | None


def balance(
    records: list[ControlRecord], tally: Tally, layout: ReceiptLayout, *, file: str
) -> tuple[Balance, list[Problem]]:
    """What the trailer says against the tally, and every way in which they disagree."""
    problems = _order(records, tally, file)
    trailers = [r for r in records if r.mark == "trailer"]
    if not trailers:
        if _owed(records, layout):
            expected = layout.controls.trailer
            problems.append(
                Problem("receipt_file.trailer_missing", params={"expected": expected}, where=Where(file))
            )
        known = tally.quarantined_yen if not tally.unreadable else None
        return Balance(None, None, tally.quarantined, known), problems
    where = Where(file, trailers[0].line)
    rows = _figure(trailers[0].raw, layout.controls.count, layout)
    yen = _figure(trailers[0].raw, layout.controls.sum, layout)
    for name, value in (("count", rows), ("sum", yen)):
        if value is None:
            found = trailers[0].raw[:60].decode("ascii", errors="replace")
            problems.append(Problem("receipt_file.trailer_unreadable", name, {"found": found}, where))
    if rows is not None and rows != tally.rows:
        params = {
            "expected": f"{rows:,}",
            "found": f"{tally.rows:,}",
            "difference": f"{tally.rows - rows:+,}",
        }
        problems.append(Problem("receipt_file.count", params=params, where=where))
    known = tally.good_yen + tally.rejected_yen + tally.quarantined_yen
    if yen is not None and (known > yen if tally.unreadable else known != yen):
        params = {"expected": f"{yen:,}", "found": f"{known:,}", "difference": f"{known - yen:+,}"}
        problems.append(Problem("receipt_file.sum", params=params, where=where))
    still = None if yen is None else yen - tally.good_yen - tally.rejected_yen
    return Balance(rows, yen, tally.quarantined, still), problems


def _owed(records: list[ControlRecord], layout: ReceiptLayout) -> bool:
    required = layout.controls.trailer_required
    return required == "always" or (required == "with_header" and bool(records))


def _order(records: list[ControlRecord], tally: Tally, file: str) -> list[Problem]:
    """Header first, then data, one trailer, one end."""
    problems = []
    ranks = {"header": 0, "trailer": 1, "end": 2}
    met: dict[str, ControlRecord] = {}
    for record in records:
        where = Where(file, record.line)
        if record.mark in met:
            params = {"found": record.line, "expected": met[record.mark].line}
            code = "receipt_file.trailer_twice" if record.mark == "trailer" else "receipt_file.record_twice"
            problems.append(Problem(code, record.mark, params, where))
            continue
        if any(ranks[m] > ranks[record.mark] for m in met) or (record.mark == "header" and record.after_rows):
            problems.append(Problem("receipt_file.order", record.mark, {"found": record.line}, where))
        met[record.mark] = record
    for mark in ("trailer", "end"):
        if mark in met and met[mark].after_rows < tally.rows:
            found = tally.rows - met[mark].after_rows
            params = {"found": found, "expected": met[mark].line}
            problems.append(Problem("receipt_file.after_trailer", mark, params, Where(file, met[mark].line)))
            break
    return problems


def _figure(raw: bytes, cell: Cell, layout: ReceiptLayout) -> int | None:
    """The number in one place of a trailer; None where there is none. A CSV trailer may be padded with empty columns."""
    if layout.form == "fixed":
        text = raw[cell.start - 1 : cell.start - 1 + cell.width]
    else:
        cells = raw.split(b",")
        if any(
            c.strip(b' "') for c in cells[max(layout.controls.count.position, layout.controls.sum.position) :]
        ):
            return None
        text = cells[cell.position - 1] if cell.position <= len(cells) else b""
    text = text.strip(b' "')
    return int(text) if text.isdigit() and len(text) <= 18 else None
