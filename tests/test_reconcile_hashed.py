"""Digests, sums and days of whole columns against the plain way, one row after the other."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import numpy as np
import polars as pl
import pytest
from decide_worlds import FEW, worlds
from hypothesis import given
from hypothesis import strategies as st

from reconcile import chain
from reconcile.chain import FIRST, BatchDigest, block_parts, moved, row_keys, run_digest, standing_digest
from reconcile.entries import change
from reconcile.hashed import MODULUS, digests, hexed, total
from reconcile.payments import net, net_yen
from reconcile.tables import TABLES, day_texts
from reconcile.world import SCHEMAS, World

DAYS = (
    st.none() | st.dates(date(2026, 5, 1), date(2026, 5, 20)) | st.dates(date(1989, 1, 8), date(2099, 12, 31))
)


@given(st.lists(st.text(max_size=9), max_size=9))
def test_a_column_is_hashed_text_by_text(texts: list[str]) -> None:
    found = digests(pl.Series(texts, dtype=pl.String))
    plain = [sha256(text.encode()).hexdigest() for text in texts]
    assert hexed(found).to_list() == plain
    assert hexed(found[:, :16]).to_list() == [text[:32] for text in plain]
    assert total(found) == sum(int(text, 16) for text in plain) % MODULUS


@given(st.lists(DAYS, max_size=40))
def test_days_are_written_as_strftime_writes_them(days: list[date | None]) -> None:
    many = days * 20  # more than are written one by one
    found = day_texts(pl.Series("day", many, dtype=pl.Date))
    assert found.to_list() == [day and day.isoformat() for day in many]
    assert (found.name, found.dtype) == ("day", pl.String)


@FEW
@given(worlds())
def test_the_yen_of_payments_are_those_of_their_net_rows(world: World) -> None:
    assert sorted(net_yen(world.receipts)) == sorted(net(world.receipts)["net"])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=6, unique=True))
def test_entries_come_in_canonical_order_whatever_the_order_of_the_decision(
    pairs: list[tuple[str, str]],
) -> None:
    schema = {"payment_no": pl.Int64(), **SCHEMAS["held"]}
    rows = [
        {"payment_no": 1, "payment_id": p, "receipt_id": "r", "line_id": line, "amount": 5}
        for p, line in pairs
    ]
    none = pl.DataFrame(schema=dict(TABLES["held"].columns))
    found = change("held", pl.DataFrame(rows, schema=schema), none)
    assert found.rows.select("payment_id", "line_id").rows() == sorted(pairs)
    hashed = [sha256(key.encode()) for key in row_keys("held", found.added)]
    assert found.added_keys.tobytes() == b"".join(sha.digest() for sha in hashed)
    ids = [sha.hexdigest()[:32] for sha in hashed]
    assert found.rows["entry_id"].to_list() == ids


def test_what_stands_again_has_another_id_each_time() -> None:
    row = {"payment_no": 1, "payment_id": "p", "receipt_id": "r", "amount": 5}
    desired = pl.DataFrame([row], schema={"payment_no": pl.Int64(), **SCHEMAS["held"]})
    stored = pl.DataFrame(schema=dict(TABLES["held"].columns))
    ids = []
    for _ in range(3):  # it comes to stand, and is taken back
        for wanted in (desired, desired.clear()):
            rows = change("held", wanted, stored).rows
            ids += rows["entry_id"].to_list()
            stored = pl.concat(
                [stored, rows.select(seq=pl.lit(0), run_id=pl.lit(0)).hstack(rows)], how="diagonal_relaxed"
            )
    first = sha256(row_keys("held", desired)[0].encode()).hexdigest()[:32]
    assert ids[::2] == [first, *(sha256(f"{n}\x1f{first}".encode()).hexdigest()[:32] for n in (2, 3))]
    assert len(set(ids)) == 6


CELLS = {"n": pl.Int64(), "text": pl.String(), "raw": pl.Binary()}


@given(
    st.lists(
        st.tuples(*(st.none() | s for s in (st.integers(-9, 9), st.text(max_size=3), st.binary(max_size=3))))
    )
)
def test_a_block_is_its_columns_with_nulls_and_lengths(
    rows: list[tuple[int | None, str | None, bytes | None]],
) -> None:
    frame = pl.DataFrame(rows, schema=CELLS, orient="row")
    said = f"{len(rows)}\x1f".encode()
    for name, cells in zip(CELLS, zip(*rows, strict=True) if rows else [()] * 3, strict=True):
        said += (
            f"{name}\x1f".encode()
            + np.packbits(np.array([cell is None for cell in cells], np.bool_)).tobytes()
        )
        if name == "n":
            said += np.array([cell or 0 for cell in cells], "<i8").tobytes()
        else:
            blobs = [cell.encode() if isinstance(cell, str) else cell or b"" for cell in cells]
            said += np.array([len(blob) for blob in blobs], "<i8").tobytes() + b"".join(blobs)
    assert b"".join(block_parts(frame)) == said


# --- what ledgers hold --------------------------------------------------------------------------------


def held(count: int) -> pl.DataFrame:
    """Rows as they stand in the table."""
    row = {"run_id": 1, "payment_no": 7, "reverses": "", "payment_id": "p", "receipt_id": "r", "amount": 5}
    row |= {"paid_on": date(2026, 6, 1), "provisional": False}
    rows = [{"seq": n, "entry_id": str(n), **row} for n in range(1, count + 1)]
    return pl.DataFrame(rows, schema=dict(TABLES["held"].columns))


@pytest.mark.parametrize("block", [1, 2, 3, 9])
def test_a_run_that_is_read_in_other_pieces_has_the_same_digest(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night adds its rows as they come; its check reads them as the store gives them."""
    monkeypatch.setattr(chain, "BLOCK_ROWS", block)
    found = set()
    for sizes in ((8,), (1,) * 8, (2, 6), (3, 0, 5), (7, 1)):
        rows, batch = held(8), BatchDigest("held")
        for size in sizes:
            batch.add(rows[:size])
            rows = rows[size:]
        found.add(batch.finish())
    assert len(found) == 1


def test_what_ledgers_hold_is_still_computed_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Computed in another way, every night of every ledger that stands would be called damaged, and be posted anew."""
    key, of_line = row_keys("held", held(2).with_columns(line_id=pl.Series([None, "L"])))
    assert key == "held\x1fp\x1fr\x1f\x00\x1f\x00\x1f5\x1f\x00\x1f2026-06-01\x1f0"
    assert of_line == "held\x1fp\x1fr\x1f\x00\x1fL\x1f5\x1f\x00\x1f2026-06-01\x1f0"
    new, old = (digests(pl.Series([text])) for text in (key, "one that stood"))
    stands = moved(moved(FIRST, added=old, taken=old[:0]), added=new, taken=old)
    assert stands == sha256(key.encode()).hexdigest()
    assert (
        standing_digest({"postings": FIRST, "held": stands})
        == "701d370d2afa48c376b7211741c899ba9b16026e246b1ddd52bfdc4d25733859"
    )
    assert chain.BLOCK_ROWS == 100_000
    monkeypatch.setattr(chain, "BLOCK_ROWS", 2)
    for rows, sha in (
        (4, "2fb6b851828e956d2a5b780490a5cc34c10302f41b7756f7ba61afef9e58c5d6"),
        (5, "8a49d04a35d276894c9fd14b94f2dfd53c16b95534b109982d8dcb52adfa4528"),
    ):
        batch = BatchDigest("held")
        batch.add(held(rows))
        assert batch.finish() == (rows, sha)
    run = dict.fromkeys(TABLES["runs"].columns) | {"run_id": 1, "kind": "reconcile", "prev_digest": FIRST}
    assert (
        run_digest(run, {"postings": (1, FIRST), "held": (5, sha), "charges": (0, FIRST)})
        == "187d69bc2377ba92536f7b318f71d39adb1bbe84a95e5c71a88debfe3300554b"
    )
