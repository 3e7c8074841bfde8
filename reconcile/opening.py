"""Opens a receipts file: which encoding, which layout, which column stands where, and where the records begin.

In: a path, the site, and what the user said of layout and encoding. Out: `Opened`, all that the readers need. Reads the head only.
Refuses (ProblemError, at once): what cannot be opened, is empty or no text, no layout or two, headings missing or twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elqr.columns import normal_heading
from elqr.encoding import BOM, BadByte, refuse_binary, to_utf8
from elqr.encoding import sniff as sniff_encoding
from elqr.mapping import nearest
from elqr.parquet_rows import MAGIC, parquet_schema, refuse_types
from elqr.problems import Problem, ProblemError, ProblemLog, Where
from elqr.site import Site
from reconcile.descriptors import load_receipt_layout
from reconcile.receipt_layout import ReceiptField, ReceiptLayout
from reconcile.records import LINE_BYTES_MAX, Survey, survey
from reconcile.row_plan import RowPlan
from reconcile.sniffing import HEAD_BYTES, missing_headings, sniff
from reconcile.strict_text import split_quoted


@dataclass(frozen=True)
class Opened:
    """A receipts file before its rows are read. `way`: `lines`, `records` (fixed, no line ends) or `parquet`.

    `offset`: the byte where records begin; `line`: their first line; `columns`: the headings of a Parquet file.
    """

    path: Path
    layout: ReceiptLayout
    plan: RowPlan
    way: str
    offset: int
    line: int
    columns: tuple[str, ...]
    survey: Survey
    log: ProblemLog


def open_file(
    path: Path, *, site: Site, layout: str | Path | None = None, encoding: str | None = None
) -> Opened:
    """Look at the head of `path`. `layout`: a name or a TOML path, else told by content; `encoding`: `utf-8` or `cp932`, else told by content.

    Raises ProblemError where the file as a whole cannot be used.
    """
    known = survey(path)
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
        if not head:
            raise ProblemError(Problem("file.empty", where=Where(path.name)))
        if head.startswith(MAGIC):
            return _parquet(path, known, site, layout)
        refuse_binary(head, file=path.name)
        handle.seek(0)
        found = encoding or sniff_encoding(handle, file=path.name)
    if (
        b"\r" in head and b"\n" not in head
    ):  # every row would be a part of the headings, and none would be missed
        raise ProblemError(Problem("file.line_end", where=Where(path.name)))
    chosen = load_receipt_layout(sniff(head, file=path.name) if layout is None else layout)
    if chosen.barcode is not None and not chosen.named("slip_key") and site.cvs_key is False:
        params: dict[str, str | int] = {"found": chosen.id, "expected": "convenience.holds_slip_key"}
        raise ProblemError(Problem("receipt_file.no_key", params=params, where=Where(path.name)))
    told = encoding is not None or (not known.ascii and found in chosen.encodings)
    written = found if told else chosen.encodings[0]
    skip = len(BOM) if head.startswith(BOM) else 0
    log = ProblemLog()
    if chosen.form == "fixed":
        size = chosen.record_bytes
        way = "lines" if b"\n" in head[skip : skip + 2 * size + 2] else "records"
        places: list[tuple[ReceiptField, int | slice]] = [
            (f, slice(f.start - 1, f.start - 1 + f.width)) for f in chosen.fields
        ]
        return Opened(path, chosen, _plan(chosen, written, 0, places, site), way, skip, 1, (), known, log)
    offset, line = skip, 1
    headings: list[str] = []
    if chosen.heading:
        headings, offset, line = _heading(path, skip, written)
    columns = chosen.columns or len(headings)
    if chosen.columns and headings and len(headings) != columns:
        params = {"found": len(headings), "expected": columns}
        raise ProblemError(Problem("receipt_file.columns", params=params, where=Where(path.name, 1)))
    places = _places(chosen, headings, path.name, log)
    return Opened(
        path, chosen, _plan(chosen, written, columns, places, site), "lines", offset, line, (), known, log
    )


def _plan(
    layout: ReceiptLayout,
    encoding: str,
    columns: int,
    places: list[tuple[ReceiptField, int | slice]],
    site: Site,
) -> RowPlan:
    # the channel says whether some other values count, so it is read first
    ordered = sorted(places, key=lambda place: place[0].name != "channel")
    covered = {byte for _, at in places if isinstance(at, slice) for byte in range(at.start, at.stop)}
    free = [byte for byte in range(layout.record_bytes) if byte not in covered]
    return RowPlan(
        layout=layout,
        encoding=encoding,
        columns=columns,
        places=tuple(ordered),
        gaps=tuple(slice(byte, byte + 1) for byte in free),
        gaiji=site.gaiji,
        body=site.body_code,
        issuer=site.cvs_issuer,
    )


def _heading(path: Path, skip: int, encoding: str) -> tuple[list[str], int, int]:
    """The headings, the byte where the records begin, and their first line."""
    with path.open("rb") as handle:
        handle.seek(skip)
        raw = handle.readline(LINE_BYTES_MAX)
    decoded = to_utf8(raw.rstrip(b"\r\n"), encoding)
    if isinstance(decoded, BadByte):
        params = {"found": f"{decoded.value:02X}", "expected": encoding}
        raise ProblemError(Problem("heading.undecodable", params=params, where=Where(path.name, 1)))
    text = decoded.decode("utf-8")
    return [c.strip() for c in split_quoted(text) or text.split(",")], skip + len(raw), 2


def _places(
    layout: ReceiptLayout, headings: list[str], file: str, log: ProblemLog
) -> list[tuple[ReceiptField, int | slice]]:
    """Where each field of a CSV layout stands. Raises ProblemError with every missing or doubled heading."""
    normal = [normal_heading(h) for h in headings]
    where = Where(file, 1)
    shown = "、".join(headings)
    problems = [
        Problem(
            "receipt_file.heading_missing",
            name,
            {"found": shown, "expected": layout.named(name)[0].headings[-1]},
            where,
        )
        for name in missing_headings(headings, layout)
    ]
    places: list[tuple[ReceiptField, int | slice]] = []
    used: set[int] = set()
    for field in layout.fields:
        if field.position:
            places.append((field, field.position - 1))
            continue
        wanted = {normal_heading(h) for h in field.headings}
        at = [i for i, h in enumerate(normal) if h in wanted]
        if len(at) > 1:
            found = "、".join(headings[i] for i in at)
            problems.append(Problem("receipt_file.heading_twice", field.name, {"found": found}, where))
        used.update(at)
        if at:
            places.append((field, at[0]))
    if problems:
        raise ProblemError(problems)
    if not layout.columns:
        known = [h for f in layout.fields for h in f.headings]
        for i, heading in enumerate(headings):
            if i not in used:
                params = {"found": heading, "expected": nearest(heading, known) if heading else ""}
                log.add_one(Problem("receipt_file.heading_unused", params=params, where=where))
    return places


def _parquet(path: Path, known: Survey, site: Site, layout: str | Path | None) -> Opened:
    schema = parquet_schema(path)
    columns = list(schema)
    chosen = load_receipt_layout(layout or "canonical")
    log = ProblemLog()
    if not all(
        f.headings for f in chosen.fields
    ):  # by position there is nothing to tell one column from another
        params = {"found": chosen.id, "expected": "headings"}
        raise ProblemError(Problem("receipt_file.by_heading", params=params, where=Where(path.name)))
    places = _places(chosen, columns, path.name, log)
    asked = {columns[at]: field.name for field, at in places if isinstance(at, int)}
    refuse_types(path, asked, schema)
    plan = _plan(chosen, "utf-8", len(columns), places, site)
    return Opened(path, chosen, plan, "parquet", 0, 2, tuple(columns), known, log)
