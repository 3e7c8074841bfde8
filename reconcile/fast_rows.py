"""The records of a block, read column by column: what is written in the plain notation becomes rows at once, all else is left over.

In: a block and the plan of its file. Out: the events of the records that are beyond doubt, and which ones these are; the others (repairs,
faults, control records, blank lines) are for `reconcile.strict_row`. It takes a row only where the strict reader would take it with the
same values and nothing to note. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from elqr.checkdigits import body_code_holds
from reconcile import swar
from reconcile.event_columns import EventColumns
from reconcile.fast_cells import Cell, barcode_amount, read_cell
from reconcile.frames import EVENTS
from reconcile.receipt_layout import ReceiptField
from reconcile.records import Block
from reconcile.row_plan import RowPlan
from reconcile.swar import FRONT, Flags, Ints, Text

_COMMA, _QUOTE = 44, 34
_REST = ReceiptField(name="", type="text")  # bytes that no field reads must be sound as well


@dataclass(frozen=True)
class _Spans:
    """The cells of the regular records: their bounds by column number (CSV) or by first byte (fixed), and which records they are."""

    records: Ints
    bounds: dict[int, tuple[Ints, Ints]]


def fast_rows(block: Block, plan: RowPlan) -> tuple[Flags, pl.DataFrame]:
    """(which records were read, their events in order; columns as `EVENTS`)."""
    taken = np.zeros(len(block), np.bool_)
    text = Text.of(block.data)
    plan = replace(plan, plain_block=_plain(block.data))
    spans = _fixed_spans(block, plan, text) if plan.layout.form == "fixed" else _csv_spans(block, plan, text)
    if not len(spans.records):
        return taken, pl.DataFrame(schema=dict(EVENTS))
    cells, fine = _cells(text, spans, plan)
    taken[spans.records[fine]] = True
    if not fine.any():
        return taken, pl.DataFrame(schema=dict(EVENTS))
    return taken, EventColumns(cells, fine, block, spans.records, plan, text).frame()


def _plain(data: bytes) -> bool:
    """Whether a block has no byte beyond ASCII and no control sign but line ends, so that no text in it can be unsound."""
    if not data.isascii():
        return False
    view = np.frombuffer(data, np.uint8)
    odd = (view < 32) | (view == 127)
    return int(np.count_nonzero(odd)) == data.count(b"\n") + data.count(b"\r\n")


# ---------------------------------------------------------------- where the cells lie


def _csv_spans(block: Block, plan: RowPlan, text: Text) -> _Spans:
    """Records with the right number of columns and no quote, which are no control records."""
    data = text.data[FRONT : FRONT + len(block.data)]
    commas = np.flatnonzero(data == _COMMA)
    first = np.searchsorted(commas, block.start)
    regular = np.diff(first, append=len(commas)) == plan.columns - 1
    if b'"' in block.data:
        regular[np.searchsorted(block.end, np.flatnonzero(data == _QUOTE))] = False
    regular &= ~_controls(block, plan, text)
    whole = bool(regular.all())
    records = np.arange(len(block)) if whole else np.flatnonzero(regular)
    first = first if whole else first[records]
    commas += FRONT
    bounds = {}
    start = (block.start if whole else block.start[records]) + FRONT
    for column in range(plan.columns - 1):
        end = commas[first + column]
        bounds[column] = (start, end - start)
        start = end + 1
    bounds[plan.columns - 1] = (start, (block.end if whole else block.end[records]) + FRONT - start)
    return _Spans(records, bounds)


def _controls(block: Block, plan: RowPlan, text: Text) -> Flags:
    """Records that may be header, trailer or end, told by their first bytes; detail marks are asked for where the layout has one."""
    found = np.zeros(len(block), np.bool_)
    controls = plan.layout.controls
    first = text.words[block.start + FRONT]
    for mark in (controls.header, controls.trailer, controls.end):
        if mark:
            found |= _begins(first, mark, plan.encoding)
    if controls.detail:
        detail = controls.detail + ("," if plan.layout.form == "csv" else "")
        # a mark beyond a word is for the strict reader to compare
        found |= len(detail.encode(plan.encoding)) > first.itemsize or ~_begins(first, detail, plan.encoding)
    return found


def _begins(words: swar.Words, mark: str, encoding: str) -> Flags:
    raw = mark.encode(encoding)[:8]
    mask = np.uint64((1 << (8 * len(raw))) - 1)
    return np.asarray((words & mask) == np.uint64(int.from_bytes(raw, "little")), np.bool_)


def _fixed_spans(block: Block, plan: RowPlan, text: Text) -> _Spans:
    size = block.end - block.start
    regular = (size == plan.layout.record_bytes) & ~_controls(block, plan, text)
    records = np.flatnonzero(regular)
    start = block.start[records] + FRONT
    places = [at for _, at in plan.places if isinstance(at, slice)] + list(plan.gaps)
    return _Spans(
        records, {at.start: (start + at.start, np.full(len(records), at.stop - at.start)) for at in places}
    )


# ---------------------------------------------------------------- what they hold


def _cells(text: Text, spans: _Spans, plan: RowPlan) -> tuple[list[tuple[ReceiptField, Cell]], Flags]:
    """Every field of the plan, and which records are beyond doubt in all of them."""
    cells: list[tuple[ReceiptField, Cell]] = []
    fine = np.ones(len(spans.records), np.bool_)
    channel: Cell | None = None
    read: set[int] = set()
    for one, at in plan.places:
        place = at.start if isinstance(at, slice) else at
        read.add(place)
        start, size = spans.bounds[place]
        if isinstance(at, slice):
            size = np.full(len(start), at.stop - at.start)
        cell = read_cell(one, text, start, size, plan, _none_counts(one, channel, plan))
        fine &= cell.fine
        cells.append((one, cell))
        if one.name == "channel":
            channel = cell
    for place, (start, size) in spans.bounds.items():
        if place not in read:
            fine &= read_cell(_REST, text, start, size, plan, None).fine
    return cells, fine & _related(cells, text, plan)


def _none_counts(one: ReceiptField, channel: Cell | None, plan: RowPlan) -> Flags | None:
    if not one.none_when_channel:
        return None
    if channel is None or channel.code is None:
        value = plan.layout.constants.get("channel")
        return None if value == one.none_when_channel else np.zeros(1, np.bool_)
    field = plan.layout.named("channel")[0]
    codes = [i for i, value in enumerate(field.values.values()) if value == one.none_when_channel]
    return np.isin(channel.code, np.array(codes, np.int16))


def _related(cells: list[tuple[ReceiptField, Cell]], text: Text, plan: RowPlan) -> Flags:
    """What cells must say of each other: parts of the amount, barcode and amount, copies, the free field, the body's check digit."""
    by_name = {one.name: cell for one, cell in cells if one.name}
    fine = np.ones(len(cells[0][1].fine), np.bool_)
    amount, barcode = by_name.get("amount"), by_name.get("barcode")
    coded = None if barcode is None or barcode.words is None else swar.number(barcode_amount(barcode))
    yen = _yen(amount, len(fine)) if amount is not None else coded
    if (principal := by_name.get("principal")) is not None and yen is not None:
        total = sum(
            _yen(by_name.get(name), len(fine)) for name in ("principal", "delinquency", "dunning_fee")
        )
        fine &= principal.empty | (total == yen)
    if (body := by_name.get("body_code")) is not None and body.words is not None:
        right = _check_digits(body)
        fine &= body.empty | right
    if barcode is None or barcode.words is None or barcode.start is None or coded is None:
        return fine
    fine &= (coded == yen) & (coded > 0)
    if plan.layout.barcode is not None and "slip_key" not in by_name:
        free = swar.matrix(barcode.words)[:, 8:29]
        fine &= (free[:, plan.layout.barcode.key_digits :] == ord("0")).all(axis=1)
    for one, cell in cells:
        if one.type == "copy" and cell.start is not None:
            first, last = one.of_barcode
            width = np.full(len(fine), last - first + 1)
            here = swar.left_words(
                text, np.where(cell.empty, FRONT, cell.start), width, -(-(last - first + 1) // 8)
            )
            there = swar.left_words(text, barcode.start + first - 1, width, here.shape[1])
            fine &= cell.empty | (here == there).all(axis=1)
    return fine


def _check_digits(body: Cell) -> Flags:
    """Whether body codes end in their check digit; most files have one code, which is then asked once."""
    if body.words is None:
        return ~body.empty
    words = body.words[:1] if bool((body.words == body.words[0]).all()) else body.words
    fine = body.fine[: len(words)]
    right = body_code_holds(np.where(fine[:, None], swar.matrix(words)[:, 2:], ord("0")))
    return right if len(right) == len(body.fine) else right.repeat(len(body.fine))


def _yen(cell: Cell | None, count: int) -> Ints:
    if cell is None or cell.number is None:
        return np.zeros(count, np.int64)
    return np.where(cell.empty, 0, cell.number)
