"""Digests, sums and days of whole columns against the plain way, one row after the other."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import polars as pl
from decide_worlds import FEW, worlds
from hypothesis import given
from hypothesis import strategies as st

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
    ids = [sha256(f"1\x1f{key}".encode()).hexdigest()[:32] for key in found.added["key"]]
    assert found.rows["entry_id"].to_list() == ids
