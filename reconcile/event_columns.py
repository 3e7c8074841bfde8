"""Cells that were read column by column, put together as events: typed columns, the text they are hashed from, and whose they are.

In: the cells of a block and which of its records are taken. Out: a frame of `EVENTS`. Strings are made from matrices of bytes, without an
object for each. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from reconcile import swar
from reconcile.event_text import CHANNEL_LETTERS, EXTRA, EXTRA_WIDTH, FIXED, FIXED_WIDTH, KIND_LETTERS
from reconcile.fast_cells import Cell, barcode_amount
from reconcile.frames import EVENTS
from reconcile.receipt_layout import ReceiptField
from reconcile.records import Block
from reconcile.row_plan import RowPlan
from reconcile.swar import FRONT, Bytes, Flags, Ints, Text

_LETTERS: Mapping[str, Mapping[str, str]] = {"kind": KIND_LETTERS, "channel": CHANNEL_LETTERS}
_MONEY = frozenset(n for n, _, w in (*FIXED, *EXTRA) if w == 11)


class EventColumns:
    """The taken rows of one block; `frame` builds them. `cells` are those of `records`, `fine` says which of these are taken."""

    def __init__(
        self,
        cells: list[tuple[ReceiptField, Cell]],
        fine: Flags,
        block: Block,
        records: Ints,
        plan: RowPlan,
        text: Text,
    ) -> None:
        self._keep: Flags | slice = slice(None) if fine.all() else fine
        self._count = int(np.count_nonzero(fine))
        self._block, self._plan, self._text = block, plan, text
        self._records: Ints = records[self._keep]
        self._by_name = {one.name: (one, cell) for one, cell in cells}
        self._stores = [cell for one, cell in cells if one.name == "store"]
        self._columns: dict[str, pl.Series] = {}
        self._fixed = np.full((self._count, FIXED_WIDTH), ord(" "), np.uint8)
        self._extra = np.full((self._count, EXTRA_WIDTH), ord(" "), np.uint8)
        self._has_extra = np.zeros(self._count, np.bool_)

    def frame(self) -> pl.DataFrame:
        """The events, in the order of their records."""
        self._words()
        self._digits()
        self._days()
        self._texts()
        own = self._own()
        rows = self._records
        extra = self._nulled(swar.strings(self._extra), ~self._has_extra) if self._has_extra.any() else None
        self._columns.update(
            line=pl.Series(self._block.line[rows]),
            raw=self._block.raws(rows),
            own=pl.Series(own),
            fixed=swar.strings(self._fixed),
            extra=_empty(self._count) if extra is None else extra.fill_null(""),
        )
        missing = pl.Series([None], dtype=pl.Null)
        return pl.DataFrame(
            [
                (
                    self._columns.get(n, missing).cast(t)
                    if n in self._columns
                    else missing.cast(t).new_from_index(0, self._count)
                ).alias(n)
                for n, t in EVENTS.items()
            ]
        )

    # ------------------------------------------------------------ parts

    def _of(self, name: str) -> Cell | None:
        return self._by_name[name][1] if name in self._by_name else None

    def _put(self, name: str, letters: Bytes, empty: Flags | None = None) -> None:
        """Write the bytes of a column to its place in the hashed text; blanks where it is empty."""
        for table, target in ((FIXED, self._fixed), (EXTRA, self._extra)):
            for known, at, width in table:
                if known == name:
                    cut = letters[:, letters.shape[1] - width :]
                    if empty is not None and empty.any():
                        cut = np.where(empty[:, None], np.uint8(ord(" ")), cut)
                    target[:, at : at + width] = cut
                    if target is self._extra:
                        self._has_extra |= True if empty is None else ~empty

    @staticmethod
    def _nulled(series: pl.Series, empty: Flags) -> pl.Series:
        if not empty.any():
            return series
        return pl.select(pl.when(pl.Series(~empty)).then(series).alias(series.name)).to_series()

    def _words(self) -> None:
        """Kind and channel."""
        for name, letters in _LETTERS.items():
            if name in self._plan.layout.constants:
                value = self._plan.layout.constants[name]
                self._columns[name] = pl.Series([value]).new_from_index(0, self._count)
                self._put(name, np.full((self._count, 1), ord(letters[value]), np.uint8))
                continue
            one, cell = self._by_name[name]
            if cell.code is None:
                raise ValueError(f"{name}: no choice")
            values = list(one.values.values())
            code: npt.NDArray[np.int16] = cell.code[self._keep]
            self._columns[name] = pl.Series(values).gather(pl.Series(code))
            table = np.array([ord(letters[v]) for v in values], np.uint8)
            self._put(name, table[code][:, None])

    def _digits(self) -> None:
        """Codes, keys and money, of their own fields, of the barcode, or constant."""
        for name, _, width in (*FIXED, *EXTRA):
            if name in ("kind", "channel", "paid_on", "paid_time", "remit_date", "account_date"):
                continue
            cell = self._of(name)
            if name in self._plan.layout.constants:
                value = self._plan.layout.constants[name]
                self._columns[name] = pl.Series([value]).new_from_index(0, self._count)
                self._put(name, np.tile(np.frombuffer(value.encode(), np.uint8), (self._count, 1)))
            elif cell is not None and cell.words is not None:
                letters = swar.matrix(cell.words[self._keep])
                empty = cell.empty[self._keep]
                if empty.any():  # what says "no value" need not be digits, nor ASCII
                    letters = np.where(empty[:, None], np.uint8(ord("0")), letters)
                self._put(name, letters, empty)
                if name in _MONEY and cell.number is not None:
                    self._columns[name] = self._nulled(pl.Series(cell.number[self._keep]), empty)
                else:
                    wide = 20 if name == "slip_key" else width
                    self._columns[name] = self._nulled(
                        swar.strings(letters[:, letters.shape[1] - wide :]), empty
                    )
        barcode = self._of("barcode")
        rule = self._plan.layout.barcode
        if barcode is None or barcode.words is None:
            return
        if "amount" not in self._columns:
            words = barcode_amount(barcode)[self._keep]
            self._columns["amount"] = pl.Series(swar.number(words))
            self._put("amount", swar.matrix(words))
        if "slip_key" not in self._columns and rule is not None:
            key = np.full((self._count, 20), ord("0"), np.uint8)
            key[:, 20 - rule.key_digits :] = swar.matrix(barcode.words[self._keep])[
                :, 8 : 8 + rule.key_digits
            ]
            self._columns["slip_key"] = swar.strings(key)
            self._put("slip_key", key)

    def _days(self) -> None:
        """Dates, and the time of day of the payment."""
        for name in ("paid_at", "paid_on", "data_date", "remit_date", "account_date"):
            cell = self._of(name)
            if cell is None or cell.days is None or cell.words is None:
                continue
            target = "paid_on" if name == "paid_at" else name
            empty = cell.empty[self._keep]
            self._columns[target] = self._nulled(pl.Series(cell.days[self._keep]), empty).cast(pl.Date)
            self._put(target, swar.matrix(cell.words[self._keep][:, None]), empty)
            if cell.clock is not None and cell.clockless is not None:
                self._clock(cell.clock[self._keep], cell.clockless[self._keep])
        cell = self._of("paid_time")
        if cell is not None and cell.words is not None:
            self._clock(cell.words[self._keep], cell.empty[self._keep])

    def _clock(self, words: swar.Words, empty: Flags) -> None:
        if empty.all():
            return
        letters = swar.matrix(words[:, None])[:, :6]
        letters = np.where(empty[:, None], np.uint8(ord("0")), letters)
        self._columns["paid_time"] = self._nulled(swar.strings(letters), empty)
        self._put("paid_time", letters, empty)

    def _texts(self) -> None:
        """Transaction ids and the store."""
        for name in ("txn_id", "orig_txn_id"):
            cell = self._of(name)
            if cell is not None:
                self._columns[name] = self._nulled(self._text_of(cell), cell.empty[self._keep])
        if self._stores:
            parts = [self._nulled(self._text_of(c), c.empty[self._keep]).fill_null("") for c in self._stores]
            joined = pl.DataFrame([p.alias(str(i)) for i, p in enumerate(parts)]).select(
                pl.concat_str(pl.all(), separator="-")
            )
            nothing = np.logical_and.reduce([c.empty[self._keep] for c in self._stores])
            self._columns["store"] = self._nulled(joined.to_series(), nothing)

    def _text_of(self, cell: Cell) -> pl.Series:
        """The strings of a text column, cut from a matrix; shorter ones end in bytes of zero, which no sound text holds."""
        if cell.start is None or cell.size is None:
            raise ValueError("the cell is no text")
        start, size, empty = cell.start[self._keep], cell.size[self._keep], cell.empty[self._keep]
        lengths = size[~empty]
        if not len(lengths):
            return _empty(self._count)
        width = int(lengths.max())
        words = swar.left_words(
            self._text, np.where(empty, FRONT, start), np.where(empty, width, size), -(-width // 8)
        )
        rows = np.where(empty[:, None], np.uint8(ord(" ")), swar.matrix(words)[:, :width])
        texts = swar.strings(rows)
        return texts if (lengths == width).all() else texts.str.strip_chars_end("\0")

    def _own(self) -> Flags:
        """Whose the rows are; the body code of a barcode is the site's where the issuer is the site's, or is not known."""
        own = np.ones(self._count, np.bool_)
        plan = self._plan
        barcode = self._of("barcode")
        if barcode is not None and barcode.words is not None:
            if plan.issuer is not None:
                issuer = np.uint64(int.from_bytes(plan.issuer.encode(), "little"))
                own = (barcode.words[self._keep][:, 0] >> np.uint64(16)) == issuer
            if plan.body is not None:
                self._fill_body(plan.body, own)
        if plan.body is not None and "body_code" in self._columns:
            own = own & (self._columns["body_code"] == plan.body).fill_null(value=True).to_numpy()
        return own

    def _fill_body(self, body: str, own: Flags) -> None:
        """Write the body's code into rows of its own that say none."""
        said = self._columns.get(
            "body_code", pl.Series([None], dtype=pl.String).new_from_index(0, self._count)
        )
        lacks = own & said.is_null().to_numpy()
        self._columns["body_code"] = pl.select(
            pl.when(pl.Series(lacks)).then(pl.lit(body)).otherwise(said)
        ).to_series()
        at = next(first for name, first, _ in FIXED if name == "body_code")
        self._fixed[lacks, at : at + len(body)] = np.frombuffer(body.encode(), np.uint8)


def _empty(count: int) -> pl.Series:
    return pl.Series([""]).new_from_index(0, count)
