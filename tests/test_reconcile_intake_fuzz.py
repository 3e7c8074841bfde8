"""Damage of every kind to files of every layout: the fast reader and the slow reference must tell exactly the same story.

`make fuzz` runs the same property with many more, and new, examples.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receipt_rows import LAYOUTS, SITE, event, events_for, file_of, record
from receipts_read import agree

from elqr.site import Site
from reconcile import records as records_module
from reconcile.descriptors import load_receipt_layout
from reconcile.intake import read_receipts

ROWS = 24
MORE = settings.default is not None and settings.default.max_examples > 100  # `make fuzz`
EXAMPLES = 1000 if MORE else 25
PIECES = (  # what damage is made of: separators, digits, halves of characters, undefined bytes, repairs
    *(b"," * n for n in (1, 2)),
    *(b"0", b"9", b"-", b":", b" ", b"T", b"/", b"."),
    *(b'"', b'""', b"\r", b"\n", b"\r\n", b"\x00", b"\t", b"\x1a", b"\x7f"),
    *(b"\x80", b"\x81", b"\xa0", b"\xfd", b"\xfe", b"\xff", b"\x5c", b"\xf0\x40", b"\x95\x5c", b"\xe8"),
    *(
        s.encode("cp932")
        for s in ("１", "　", "令和8年6月30日", "R8.6.1", "確報", "ｺﾝﾋﾞﾆ", "，", "表", "能", "円", "①")
    ),
    *(s.encode() for s in ("確報", "é", "\ufffd", "\ufeff", "\u2003")),
    *(
        b"TRAILER,1,1",
        b"TRAILER",
        b"EAN91",
        b"999997",
        b"131016",
        b"2026-02-29",
        b"20260229",
        b"0000",
        b"99999999999",
    ),
)
_edits = st.lists(
    st.tuples(
        st.integers(0, 10**6),  # where
        st.sampled_from(
            ("insert", "delete", "replace", "cut_line", "double_line", "swap_cells", "blank_cell")
        ),
        st.sampled_from(PIECES),
        st.integers(1, 6),
    ),
    max_size=12,
)


def corpus(name: str, *, told: bool, end: bytes) -> bytes:
    """A sound file of a layout, with rows that share and lack transaction ids."""
    layout = load_receipt_layout(name)
    events = events_for(name, ROWS)
    if name == "canonical":
        events[5:8] = [
            event(1, txn_id=None),
            event(1, txn_id=None),
            event(3, kind="corrected", orig_txn_id="T00000001"),
        ]
        events[9] = event(9, principal=900, delinquency=109, levy_year="2026", store="店1", account_date=None)
    control = (
        (len(events), sum(int(str(e["amount"])) for e in events))
        if told and layout.controls.trailer
        else None
    )
    return file_of([record(e, layout) for e in events], layout, end=end, control=control)


def damaged(data: bytes, edits: list[tuple[int, str, bytes, int]]) -> bytes:
    """The file after these edits."""
    for where, what, piece, size in edits:
        at = where % (len(data) + 1)
        line_start = data.rfind(b"\n", 0, at) + 1
        line_end = data.find(b"\n", at) + 1 or len(data)
        if what == "insert":
            data = data[:at] + piece * (size % 2 + 1) + data[at:]
        elif what == "delete":
            data = data[:at] + data[at + size :]
        elif what == "replace":
            data = data[:at] + piece + data[at + len(piece) :]
        elif what == "cut_line":
            data = data[:at] + data[line_end:]
        elif what == "double_line":
            data = data[:line_end] + data[line_start:line_end] + data[line_end:]
        else:
            cells = data[line_start:line_end].split(b",")
            cell = where % len(cells)
            cells[cell] = b"" if what == "blank_cell" else cells[cell - 1]
            data = data[:line_start] + b",".join(cells) + data[line_end:]
    return data


@pytest.mark.parametrize("name", LAYOUTS)
@given(
    edits=_edits,
    told=st.booleans(),
    end=st.sampled_from([b"\r\n", b"\n", b""]),
    encoding=st.sampled_from([None, "cp932", "utf-8"]),
    site=st.sampled_from([SITE, Site.unknown(), Site(body_code="999997", gaiji={"\ue000": "髙"})]),
    block=st.sampled_from([600, 1 << 22]),
)
@settings(max_examples=EXAMPLES)
def test_fast_and_slow_tell_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    edits: list[tuple[int, str, bytes, int]],
    told: bool,
    end: bytes,
    encoding: str | None,
    site: Site,
    block: int,
) -> None:
    if name != "convenience_fixed":
        end = end or b"\n"
    path = tmp_path_factory.mktemp("f") / "r.dat"
    path.write_bytes(damaged(corpus(name, told=told, end=end), edits))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "BLOCK_BYTES", block)
        agree(path, site=site, layout=name, encoding=encoding)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("piece", PIECES)
def test_one_piece_of_damage_in_every_row(tmp_path: Path, name: str, piece: bytes) -> None:
    """The same piece at another place of each row: a fault, a repair or nothing, and the neighbours untouched."""
    layout = load_receipt_layout(name)
    lines = [record(e, layout) for e in events_for(name, 40)]
    at = [i * 7 % len(lines[0]) for i in range(40)]
    bad = [line[:a] + piece + line[a + len(piece) :] for line, a in zip(lines, at, strict=True)]
    mixed = [line for pair in zip(lines, bad, strict=True) for line in pair]
    path = tmp_path / "r.dat"
    path.write_bytes(file_of(mixed, layout))
    found = agree(path, site=SITE, layout=name, encoding="cp932")
    if isinstance(found[0], pl.DataFrame):
        assert found[0].height >= 40
    else:  # the piece made a control record of a row: the file as a whole is in doubt
        assert {str(problem[0]).split(".")[0] for problem in found if isinstance(problem, tuple)} == {
            "receipt_file"
        }


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_fast_reader_is_the_one_that_works(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sound rows never take the slow way."""
    from reconcile import rows as rows_module

    def never(raw: bytes, plan: object) -> None:
        raise AssertionError(f"read row by row: {raw!r}")

    path = tmp_path / "r.dat"
    path.write_bytes(corpus(name, told=True, end=b"\r\n").replace("店1".encode("cp932"), b"A1"))
    monkeypatch.setattr(rows_module, "read_row", never)
    assert read_receipts(path, site=SITE).frame.height == ROWS
