"""Each cell of a record in each odd notation, once: the fast reader takes it only where the strict one gives the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from receipt_rows import LAYOUTS, SITE, Event, barcode, event, file_of, record, store_event
from test_reconcile_intake_fuzz import agree

from elqr.checkdigits import mod10_31
from elqr.digits import row
from reconcile.descriptors import load_receipt_layout

BODY43 = barcode(store_event(3))[:43]


def checked(body: str) -> str:
    """43 digits with the check digit that they should have."""
    return body + str(int(mod10_31(row(body))[0]))


NUMBERS = (
    "0",
    "00",
    "9",
    "-1",
    "+1",
    "1.0",
    " 5",
    "5 ",
    "0005",
    "A1",
    "1" * 6,
    "1" * 11,
    "1" * 12,
    "1" * 20,
    "1" * 21,
)
BODIES = ("999997", "999998", "131016", "000000")
CLOCKS = ("0000", "000000", "0930", "2359", "2400", "0960", "093059", "093060", "93000", "09:30", "0930 ")
DATES = (
    "20260630",
    "20260631",
    "2026063",
    "2026-06-30",
    "2026-06-31",
    "2026/06/30",
    "2026-6-30",
    "0",
    "00000000",
    "2026-0630",
)
MOMENTS = (
    *(f"2026-06-30{between}09:30{more}" for between in " T_-" for more in ("", ":15")),
    *("2026-06-30 09-30", "2026-06-30 09:30-15", "2026-06-30 09-30:15", "2026-06-30 09:60", "2026-06-30 24:00:00"),
    *("2026-06-31 09:30", "2026-06-31 09:30:15", "202606300930", "20260630093015", "202606302400", "20260630093060"),
    *("2026063009301", "202606310930", "2026-06-30 0930", "2026-06-30 093015"),
)  # fmt: skip
CODES = (
    *("EAN" + text for text in (checked(BODY43), BODY43 + "x", checked("90" + BODY43[2:]), checked(BODY43) + "0")),
    *(f"EAN{BODY43}{(int(checked(BODY43)[43]) + 1) % 10}", "EAM" + checked(BODY43), "ean" + checked(BODY43), checked(BODY43)),
    "EAN" + checked(f"{BODY43[:36]}000000{BODY43[42:]}"),
    "EAN" + checked(f"{BODY43[:25]}7{BODY43[26:]}"),
)  # fmt: skip
WORDS = (
    "confirmed",
    "confirmedx",
    "confirme",
    "app",
    "appx",
    "postal",
    "01",
    "02",
    "03",
    "12",
    "22",
    "81",
    "99",
)
TEXTS = (
    "",
    " ",
    "  ",
    "x",
    "x" * 10,
    "x" * 20,
    "x" * 40,
    "x" * 41,
    "x" * 64,
    "x" * 65,
    "x" * 81,
    '"x"',
    'x"y',
)
ASCII = (*NUMBERS, *BODIES, *CLOCKS, *DATES, *MOMENTS, *CODES, *WORDS, *TEXTS)
OTHER = ("１２３", "　", "令和8年6月30日", "確報", "コンビニ", "表", "①", "é", "\ue000", "あ" * 10, "あ" * 30)


def bases(name: str) -> list[Event]:
    if name == "canonical":
        return [event(3), event(4, principal=900, delinquency=100, dunning_fee=4)]
    return [store_event(4), store_event(4, channel="postal", store=None, paid_time=None)]


def odd(name: str, sound: bytes, text: bytes) -> list[bytes]:
    """The record with this text in each of its cells, one at a time; of fixed records, also where no field is."""
    layout = load_receipt_layout(name)
    if layout.form == "csv":
        cells = sound.split(b",")
        return [b",".join([*cells[:n], text, *cells[n + 1 :]]) for n in range(len(cells) + 1)]
    places = sorted((one.start - 1, one.width) for one in layout.fields)
    gaps = [
        (at + size, 1)
        for at, size in places
        if at + size < layout.record_bytes and (at + size,) not in {p[:1] for p in places}
    ]
    return [
        sound[:at] + text[:size].ljust(size) + sound[at + size :] for at, size in [(0, 1), *places, *gaps]
    ]


def nearly(name: str, sound: bytes) -> list[bytes]:
    """The record, or each of its cells, a sign longer or shorter."""
    if load_receipt_layout(name).form == "fixed":
        return [sound[:-1], sound[:60], sound + b" ", sound + b"0"]
    cells = sound.split(b",")
    return [
        b",".join([*cells[:n], other, *cells[n + 1 :]])
        for n, own in enumerate(cells)
        for other in (own + b"0", b"0" + own, own + b"x", own[:-1], own[1:])
    ]


def told_alike(tmp_path: Path, name: str, rows: list[bytes], encoding: str = "cp932") -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(file_of(rows, load_receipt_layout(name)))
    agree(path, site=SITE, layout=name, encoding=encoding)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("texts", [ASCII, OTHER], ids=["ascii", "other"])
def test_every_cell_in_every_notation(tmp_path: Path, name: str, texts: tuple[str, ...]) -> None:
    layout = load_receipt_layout(name)
    marks = tuple(
        m.encode() for m in (layout.controls.header, layout.controls.trailer, layout.controls.end) if m
    )
    rows = []
    for base in bases(name):
        sound = record(base, layout)
        for text in texts:
            made = odd(name, sound, text.encode("cp932", "replace"))
            rows += [r for r in made if not r.startswith(marks)] if marks else made
        rows += nearly(name, sound)
        rows.append(sound)
    told_alike(tmp_path, name, rows)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_column_without_a_single_value(tmp_path: Path, name: str) -> None:
    layout = load_receipt_layout(name)
    for blank in zip(*(odd(name, record(one, layout), b"") for one in bases(name)), strict=True):
        told_alike(tmp_path, name, list(blank))


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("sign", ["\x7f", "\x1f", "\t", "\x00"])
def test_one_sign_that_nobody_sees_in_a_block_of_plain_text(tmp_path: Path, name: str, sign: str) -> None:
    layout = load_receipt_layout(name)
    sound = [record(one, layout) for one in bases(name)]
    told_alike(
        tmp_path,
        name,
        [*odd(name, sound[0], f"A{sign}".encode()), *sound, *odd(name, sound[0], sign.encode())],
    )


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("first", [*"0123456789 AHT", "HEADER", "TRAILER", "END"])
def test_a_record_that_begins_as_a_control_record_does(tmp_path: Path, name: str, first: str) -> None:
    layout = load_receipt_layout(name)
    sound = [record(one, layout) for one in bases(name)]
    other = (
        first.encode() + sound[0][len(first) :]
        if layout.form == "fixed"
        else first.encode() + sound[0][sound[0].index(b",") :]
    )
    told_alike(tmp_path, name, [sound[0], other, sound[1]])


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("other", [date(2026, 7, 2), date(2026, 8, 1), date(2025, 7, 1), date(1926, 7, 1)])
def test_days_that_are_alike_but_for_one_digit(tmp_path: Path, name: str, other: date) -> None:
    """A day that all rows of a block share is read once."""
    layout = load_receipt_layout(name)
    days = [date(2026, 7, 1), other, date(2026, 7, 1)]
    told_alike(
        tmp_path,
        name,
        [
            record({**bases(name)[0], "data_date": day, "remit_date": day, "paid_on": day}, layout)
            for day in days
        ],
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_body_codes_are_asked_one_by_one_where_they_differ(tmp_path: Path, name: str) -> None:
    layout = load_receipt_layout(name)
    told_alike(
        tmp_path,
        name,
        [record({**bases(name)[0], "body_code": code}, layout) for code in ("999997", "999998", "131016")],
    )
