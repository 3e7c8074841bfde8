"""Who a receipt is: the same rows under another name, overlapping files, two equal payments, cancellations, and what counts as content."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from receipt_rows import SITE, Event, event, events_for, store_event, write

from reconcile import occurrence as occurrence_module
from reconcile import records as records_module
from reconcile.event_text import CHANNEL_LETTERS, EXTRA, EXTRA_WIDTH, FIXED, FIXED_WIDTH, KIND_LETTERS
from reconcile.frames import CHANNELS, KINDS
from reconcile.intake import read_receipts
from reconcile.occurrence import Occurrences

IDS = ["receipt_id", "payment_id", "content_sha"]


def ids(
    tmp_path: Path, events: list[Event], *, name: str = "a.csv", layout: str = "canonical"
) -> pl.DataFrame:
    return read_receipts(write(tmp_path / name, events, layout), site=SITE).frame.select(*IDS, "occurrence")


def untold(i: int, **changes: object) -> Event:
    """A receipt without a transaction id."""
    return event(i, txn_id=None, **changes)


def test_the_same_rows_under_another_name_are_the_same(tmp_path: Path) -> None:
    events = [*events_for("canonical", 20), *(untold(i) for i in range(20))]
    first = ids(tmp_path, events)
    assert ids(tmp_path, events, name="copy.csv").equals(first)
    assert first["receipt_id"].n_unique() == 40


def test_order_does_not_change_who_is_who(tmp_path: Path) -> None:
    events = [*events_for("canonical", 10), *(untold(i % 3) for i in range(10))]
    forward, backward = ids(tmp_path, events), ids(tmp_path, events[::-1])
    assert sorted(forward.rows()) == sorted(backward.rows())


def test_two_equal_payments_stay_two(tmp_path: Path) -> None:
    found = ids(tmp_path, [untold(1), untold(2), untold(1), untold(1)])
    assert found["occurrence"].to_list() == [1, 1, 2, 3]
    assert found["receipt_id"].n_unique() == 4
    assert found["content_sha"].n_unique() == 2


def test_an_overlapping_file_adds_only_what_is_new(tmp_path: Path) -> None:
    first = ids(tmp_path, [untold(1), untold(2)])
    second = ids(tmp_path, [untold(2), untold(1), untold(1)], name="b.csv")
    assert set(first["receipt_id"]) < set(second["receipt_id"])
    assert len(set(second["receipt_id"]) - set(first["receipt_id"])) == 1


def test_one_row_twice_with_its_transaction_is_one_receipt(tmp_path: Path) -> None:
    found = ids(tmp_path, [event(1), event(1)])
    assert found["receipt_id"].n_unique() == 1
    assert found["occurrence"].null_count() == 2


def test_kinds_of_one_payment_share_the_payment(tmp_path: Path) -> None:
    events = [event(1, kind="preliminary"), event(1, kind="confirmed")]
    events += [event(1, kind="cancelled", txn_id="X9", orig_txn_id="T00000001")]
    events += [event(1, kind="corrected", txn_id=t, orig_txn_id="T00000001") for t in ("X1", "X2")]
    found = ids(tmp_path, events)
    assert found["payment_id"].n_unique() == 1
    assert found["receipt_id"].n_unique() == 5
    assert [r[-1] for r in found["receipt_id"]] == ["1", "2", "3", "4", "4"]


def test_kinds_without_transaction_meet_by_what_they_say(tmp_path: Path) -> None:
    found = ids(
        tmp_path,
        [store_event(0, kind=k) for k in ("preliminary", "confirmed", "cancelled")],
        layout="convenience_csv",
    )
    assert found["payment_id"].n_unique() == 1
    assert found["occurrence"].to_list() == [1, 1, 1]
    assert found["receipt_id"].n_unique() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"body_code": "131016"},
        {"slip_key": "1".zfill(20)},
        {"confirm_no": "999999"},
        {"tax_item": "902"},
        {"channel": "card"},
        {"paid_on": store_event(1)["paid_on"]},
        {"paid_time": "000008"},
        {"amount": 999},
        {"store": "A1"},
    ],
)
def test_what_tells_two_payments_apart(tmp_path: Path, change: Event) -> None:
    path = write(tmp_path / "r.csv", [untold(0), untold(0, **change)])
    assert read_receipts(path).frame["payment_id"].n_unique() == 2


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"amount": 999}, False),
        ({"remit_date": None}, False),
        ({"account_date": store_event(1)["paid_on"]}, False),
        ({"principal": 1000}, False),
        ({"levy_year": "2026"}, False),
        ({"slip_key": "7".zfill(20)}, False),
        ({"store": "A1"}, False),
        ({"data_date": None}, True),
    ],
)
def test_what_counts_as_other_content(tmp_path: Path, change: Event, same: bool) -> None:
    found = ids(tmp_path, [event(0), event(0, **change)])
    assert found["receipt_id"].n_unique() == 1
    assert (found["content_sha"].n_unique() == 1) is same


def test_one_spelling_for_one_value(tmp_path: Path) -> None:
    head = "kind,channel,body_code,slip_key,amount,paid_at,txn_id\n"
    rows = [
        "confirmed,app,999997,1,1000,2026-06-30 09:05:00,T1",
        "確報,アプリ,999997,００1,1000円,R8.6.30 9:05,Ｔ1",
    ]
    path = tmp_path / "r.csv"
    path.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    found = read_receipts(path, site=SITE).frame
    assert found.select(pl.col(IDS).n_unique()).row(0) == (1, 1, 1)


def test_the_hashes_are_those_of_the_page(tmp_path: Path) -> None:
    """docs/reconcile-intake.md says how to compute them; so does this, by hand."""
    row = read_receipts(write(tmp_path / "r.csv", [untold(0)]), site=SITE).frame.row(0, named=True)
    composite = (
        "999997" + "00000202601010000000" + "000000" + "901" + "b" + "20260601" + "000007" + "00000001000"
    )
    digest = sha256(f"row\x1f{composite}\x1f\x1f1".encode()).hexdigest()
    assert row["payment_id"] == digest[:32]
    assert row["receipt_id"] == digest[32:63] + "2"
    content = "2" + composite + "20260703" + " " * 8 + "\x1f\x1f\x1f\x1f"
    assert row["content_sha"] == sha256(content.encode()).hexdigest()[:32]
    by_txn = read_receipts(write(tmp_path / "t.csv", [event(0)]), site=SITE).frame.row(0, named=True)
    assert by_txn["payment_id"] == sha256(b"txn\x1fT00000000").hexdigest()[:32]


def test_letters_and_places_of_the_hashed_text() -> None:
    assert set(KIND_LETTERS) == set(KINDS) and len(set(KIND_LETTERS.values())) == len(KINDS)
    assert set(CHANNEL_LETTERS) == set(CHANNELS) and len(set(CHANNEL_LETTERS.values())) == len(CHANNELS)
    for table, width in ((FIXED, FIXED_WIDTH), (EXTRA, EXTRA_WIDTH)):
        ends = [at + size for _, at, size in table]
        assert [at for _, at, _ in table] == [0, *ends[:-1]] and ends[-1] == width


# --- occurrences ---------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=30), max_size=12))
def test_occurrences_count_over_blocks(blocks: list[list[str]]) -> None:
    seen, counted = Occurrences(), dict[str, int]()
    for block in blocks:
        expected = []
        for text in block:
            counted[text] = counted.get(text, 0) + 1
            expected.append(counted[text])
        assert seen.number(pl.Series(block, dtype=pl.String)).to_list() == expected


def test_occurrences_of_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        occurrence_module, "BITS", 1 << 12
    )  # a bitmap that is soon full: every row is looked up
    seen = Occurrences()
    rng = np.random.default_rng(5)
    counted = np.zeros(5000, np.int64)
    for _ in range(20):
        keys = rng.integers(0, 5000, 1000)
        expected = []
        for key in keys.tolist():
            counted[key] += 1
            expected.append(int(counted[key]))
        assert seen.number(pl.Series(keys).cast(pl.String)).to_list() == expected


def test_equal_rows_in_different_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [untold(i % 40) for i in range(200)]
    whole = ids(tmp_path, events)
    monkeypatch.setattr(records_module, "BLOCK_BYTES", 900)
    assert ids(tmp_path, events).equals(whole)
    assert whole["occurrence"].to_list() == [i // 40 + 1 for i in range(200)]
