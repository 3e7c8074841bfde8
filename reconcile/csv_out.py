"""The CSV files of a night, column by column, as the contract of files names them; and a site's own columns for its tax system.

In: a `View` and the night's bad rows. Out: frames whose cells are text, or parts of a file. Same ledger, same day: same bytes.
Refuses nothing; what has no value is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from reconcile.dunning import Dunning
from reconcile.outcomes import Outcome
from reconcile.overpayments import Proposals
from reconcile.owed import Owed
from reconcile.refund_states import Refund
from reconcile.refund_words import state_of
from reconcile.view import View

COLUMNS: Mapping[str, tuple[str, ...]] = {  # first the columns of the contract, then what we add
    "postings.csv": (
        *("posting_id", "line_id", "component", "amount", "receipt_id", "paid_at", "account_date"),
        *("fiscal_year", "rule", "reverses"),
        *("provisional",),
    ),
    "exceptions.csv": (
        *(
            "receipt_id",
            "file",
            "line",
            "outcome",
            "amount",
            "slip_key",
            "reason_ja",
            "reason_en",
            "candidates",
        ),
        *("facts", "line_ids", "paid_at", "posted", "excess", "suspense", "held", "is_new"),
    ),
    "overpayments.csv": (
        *("receipt_id", "payer_id", "amount", "class", "offset_to", "refund", "interest", "interest_from"),
        *("interest_to", "accounting"),
        *("offset", "offset_parts", "line_id", "component", "found_on", "lapses_from", "blocked"),
        *("state", "refund_id", "notice_no", "decided_on", "transfer_on"),
        *("passed_over",),
    ),
    "quarantine.csv": (
        *(
            "file",
            "line",
            "code",
            "field",
            "reason_ja",
            "reason_en",
            "slip_key",
            "amount",
            "raw_hex",
            "raw_text",
        ),
    ),
    "delinquency.csv": (
        *("line_id", "due_date", "paid_at", "base", "segments", "amount", "rounding"),
        *("provisional",),
    ),
    "dunning.csv": (
        *("line_id", "payer_id", "body_code", "tax_item", "levy_year", "tax_year", "period", "notice_no"),
        *("due_date", "open", "dunning_fee", "send_by", "days_left", "when"),
        *("blocked",),
    ),
}
FILES = (*COLUMNS, "problems.csv", "totals.json", "report.html")
"""Every file that a night may write, but for those in other words: a spreadsheet's, a site's own."""
NOT_SHORT = frozenset(
    {"dunning.csv", "report.html"}
)  # read the whole ledger: a night that must be short leaves them out
_SENTENCES: Mapping[str, tuple[str, str]] = {o.value: (o.ja, o.en) for o in Outcome}


def postings(view: View) -> pl.DataFrame:
    """What this run adds and what refunds posted since the night before, reversals included: the export to the tax system."""
    own = view.entries["postings"].sort("seq")
    rows = pl.concat([view.between.select(own.columns), own])
    return _cells("postings.csv", rows, posting_id="entry_id", paid_at="paid_on")


def exceptions(view: View) -> pl.DataFrame:
    """Cases of which something is to be told, each with its reason and, where its key leads nowhere, candidates."""
    said = pl.col("outcome")
    near = (
        view.candidates.sort("receipt_id", "rank", "candidate")
        .select(
            "receipt_id",
            one=pl.format("{} ({}: {})", "candidate", "change", pl.col("evidence").str.replace_all(";", "+")),
        )
        .group_by("receipt_id", maintain_order=True)
        .agg(candidates=pl.col("one").str.join("; "))
    )
    rows = view.cases.join(near, on="receipt_id", how="left", maintain_order="left").with_columns(
        reason_ja=said.replace_strict({k: ja for k, (ja, _) in _SENTENCES.items()}, return_dtype=pl.String),
        reason_en=said.replace_strict({k: en for k, (_, en) in _SENTENCES.items()}, return_dtype=pl.String),
    )
    return _cells("exceptions.csv", rows, line="file_line", paid_at="paid_on")


def overpayments(view: View) -> pl.DataFrame:
    """Everything that is too much in the whole ledger: where it should be applied first, and what goes back.

    What a refund holds stands as it was proposed or decided, with its state; the sum of `amount` is what stands, to the yen.
    """
    free = _with_offsets(view.proposals)
    none = dict.fromkeys(("refund_id", "notice_no", "decided_on", "transfer_on"), pl.lit(None, pl.String))
    names = COLUMNS["overpayments.csv"]
    cells = _cells("overpayments.csv", free.with_columns(state=pl.lit("open"), **none))
    held = [_held(r, view.owed) for r in view.owed.refunds if r.live]
    rows = [{n: None if row[n] in (None, "") else str(row[n]) for n in names} for row in held]
    return pl.concat([cells, pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()))])


def _held(refund: Refund, owed: Owed) -> dict[str, object]:
    """A row of overpayments.csv for what a refund holds."""
    parts = [f"{o['offset_to']}:{o['component']}:{o['amount']}" for o in refund.offsets]
    return {
        **{
            n: refund.basis[n]
            for n in ("receipt_id", "payer_id", "class", "line_id", "component", "found_on")
        },
        "passed_over": None,  # refunds proposed by an earlier version do not say
        **refund.figures,
        "amount": owed.taken.get(refund.refund_id, 0),
        "offset_to": ";".join(dict.fromkeys(str(o["offset_to"]) for o in refund.offsets)),
        "offset_parts": ";".join(parts),
        "blocked": owed.fault(refund),
        "state": state_of(refund),
        "refund_id": refund.refund_id,
        "notice_no": refund.notice_no,
        "decided_on": refund.decided_on,
        "transfer_on": refund.order.transfer_on if refund.order else None,
    }


def delinquency(view: View) -> pl.DataFrame:
    """One row for each line whose principal was fully paid late."""
    return _cells("delinquency.csv", view.charges.sort("line_id"), paid_at="paid_on")


def quarantine(bad: pl.DataFrame) -> pl.DataFrame:
    """The run's bad rows with their bytes: as hex, and readable where they are."""
    text = pl.Series([_readable(raw) for raw in bad["raw"].to_list()], dtype=pl.String)
    rows = bad.with_columns(raw_hex=pl.col("raw").bin.encode("hex"), raw_text=text)
    return _cells("quarantine.csv", rows.sort("file", "line"))


def dunning(found: Dunning) -> Iterator[bytes]:
    """Lines to remind, soonest first, as the parts of the file: there may be many."""
    for number, cells in enumerate(dunning_cells(found)):
        yield cells.write_csv(include_header=number == 0).encode()


def dunning_cells(found: Dunning) -> Iterator[pl.DataFrame]:
    """The same as frames."""
    for rows in found.chosen.blocks():
        yield _cells("dunning.csv", rows, due_date="rolled")


def csv_bytes(frame: pl.DataFrame, *, encoding: str = "utf-8") -> bytes:
    """The file: UTF-8, LF; or CP932 and CRLF, as older tax systems ask for it. Raises UnicodeEncodeError."""
    ends = "\n" if encoding == "utf-8" else "\r\n"
    return frame.write_csv(line_terminator=ends).encode(encoding)


def _with_offsets(proposals: Proposals) -> pl.DataFrame:
    """Refund rows with the lines that each is applied to; offsets stand in the order of their refund rows."""
    offsets = proposals.offsets.to_dicts()
    to, parts, at = [], [], 0
    for whole in proposals.refunds["offset"].to_list():
        first, left = at, whole
        while left > 0:
            left -= offsets[at]["amount"]
            at += 1
        mine = offsets[first:at]
        to.append(";".join(dict.fromkeys(o["offset_to"] for o in mine)))
        parts.append(";".join(f"{o['offset_to']}:{o['component']}:{o['amount']}" for o in mine))
    return proposals.refunds.with_columns(
        offset_to=pl.Series(to, dtype=pl.String), offset_parts=pl.Series(parts, dtype=pl.String)
    )


def _readable(raw: bytes) -> str:
    """The row as text, every byte that is none (and every control) written as `\\xNN`."""
    for encoding in ("utf-8", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(c.isprintable() for c in text):
            return text
    return "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in raw)


def _cells(file: str, rows: pl.DataFrame, **renamed: str) -> pl.DataFrame:
    cells = []
    for name in COLUMNS[file]:
        source = renamed.get(name, name)
        cell = pl.col(source)
        kind = rows.schema[source]
        if kind == pl.Date():
            cell = cell.dt.strftime("%Y-%m-%d")
        elif kind == pl.Boolean():
            cell = cell.cast(pl.Int8)
        text = cell.cast(pl.String)
        cells.append(pl.when(text != "").then(text).alias(name))
    return rows.select(cells)
