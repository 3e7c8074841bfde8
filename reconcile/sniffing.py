"""Tells the layout of a receipts file by its content: headings where a layout has them, else whether its records read as that layout says.

In: the first bytes of a file. Out: the name of the one layout that fits. Refuses (ProblemError): none fits, or two do, both named, with the
option that decides. A file of damaged rows is still known by its headings.
"""

from __future__ import annotations

from collections.abc import Sequence

from elqr.columns import normal_heading
from elqr.encoding import BOM
from elqr.problems import Problem, ProblemError, Where
from reconcile.descriptors import layout_names, load_receipt_layout
from reconcile.receipt_layout import ReceiptLayout
from reconcile.row_plan import Row, RowPlan
from reconcile.strict_row import read_row

HEAD_BYTES = 1 << 16
SAMPLE_ROWS = 40


def shipped_layouts() -> list[ReceiptLayout]:
    """The receipt layouts that come with the product."""
    return [load_receipt_layout(name) for name in layout_names()]


def sniff(head: bytes, *, among: Sequence[ReceiptLayout] | None = None, file: str = "") -> str:
    """The id of the layout that `head`, the first 64 KiB or more of a file, is written in. `among` defaults to what ships.

    Raises ProblemError: `receipt_file.no_layout`, `receipt_file.two_layouts`.
    """
    known = shipped_layouts() if among is None else list(among)
    fitting = [layout.id for layout in known if fits(head, layout)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        params = {"found": "、".join(fitting), "expected": "--receipt-layout"}
        raise ProblemError(Problem("receipt_file.two_layouts", params=params, where=Where(file)))
    expected = "、".join(layout.id for layout in known)
    raise ProblemError(Problem("receipt_file.no_layout", params={"expected": expected}, where=Where(file)))


def fits(head: bytes, layout: ReceiptLayout) -> bool:
    """Whether the first records read as this layout says: all required headings, or the right shape in half of them and no fault in one."""
    head = head.removeprefix(BOM)
    lines = _records(head, layout)
    if not lines:
        return False
    if any(f.headings for f in layout.fields):
        heading = lines[0].split(b",")
        return not missing_headings([_loose(h) for h in heading], layout)
    if layout.heading:
        lines = lines[1:]
    controls = layout.controls
    marks = {m.encode() for m in (controls.header, controls.trailer, controls.end) if m}
    if layout.form == "csv":
        details = [raw for raw in lines if raw.split(b",", 1)[0] not in marks]
    else:
        details = [raw for raw in lines if raw[:1] not in marks]
    if not details:
        return False
    sample = details[:SAMPLE_ROWS]
    shaped = [raw for raw in sample if _shaped(raw, layout)]
    return 2 * len(shaped) >= len(sample) and any(_one_reads(shaped, layout, e) for e in layout.encodings)


def _shaped(raw: bytes, layout: ReceiptLayout) -> bool:
    """Whether a record has the size and the mark of a data record."""
    if layout.controls.detail and not raw.startswith(layout.controls.detail.encode()):
        return False
    return (
        len(raw) == layout.record_bytes if layout.form == "fixed" else raw.count(b",") + 1 == layout.columns
    )


def _one_reads(sample: list[bytes], layout: ReceiptLayout, encoding: str) -> bool:
    plan = plan_by_place(layout, encoding)
    return any(isinstance(read_row(raw, plan), Row) for raw in sample)


def _records(head: bytes, layout: ReceiptLayout) -> list[bytes]:
    """The whole records of the head."""
    size = layout.record_bytes
    if layout.form == "fixed" and not _has_line_ends(head, size):
        return [head[i : i + size] for i in range(0, len(head) - size + 1, size)]
    lines = [raw.removesuffix(b"\r") for raw in head.removesuffix(b"\x1a").split(b"\n")]
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]  # cut off in the middle
    return [raw for raw in lines if raw]


def _has_line_ends(head: bytes, size: int) -> bool:
    return b"\n" in head[: 2 * size + 2]


def _loose(heading: bytes) -> str:
    """A heading as far as it can be read, in either encoding."""
    bare = heading.strip(b' "\r')
    for encoding in ("utf-8", "cp932"):
        try:
            return bare.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""


def missing_headings(headings: Sequence[str], layout: ReceiptLayout) -> list[str]:
    """The required fields of the layout that no heading names."""
    present = {normal_heading(h) for h in headings}
    return [
        f.name
        for f in layout.fields
        if f.required and f.headings and present.isdisjoint(normal_heading(h) for h in f.headings)
    ]


def plan_by_place(layout: ReceiptLayout, encoding: str) -> RowPlan:
    """The plan of a layout whose fields have fixed places (no headings needed)."""
    places: list[tuple[object, int | slice]] = [
        (f, f.position - 1 if layout.form == "csv" else slice(f.start - 1, f.start - 1 + f.width))
        for f in layout.fields
    ]
    return RowPlan(layout=layout, encoding=encoding, columns=layout.columns, places=tuple(places))  # type: ignore[arg-type]
