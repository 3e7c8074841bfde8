"""Receipt layouts: those that ship are sound, a faulty one is refused with everything wrong in it, and a file's layout is told by content."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from receipt_rows import LAYOUTS, SITE, events_for, file_of, record, write

from elqr.problems import ProblemError
from reconcile.descriptors import layout_names, load_receipt_layout, read_receipt_layout
from reconcile.frames import CHANNELS, KINDS
from reconcile.intake import read_receipts
from reconcile.sniffing import HEAD_BYTES, shipped_layouts, sniff


def text_of(name: str) -> str:
    return (files("layouts") / "receipts" / f"{name}.toml").read_text(encoding="utf-8")


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ProblemError) as caught:
        read_receipt_layout(text.encode(), file="own.toml")
    for problem in caught.value.problems:
        assert problem.text("ja") and problem.text("en")
    return [(p.code, p.field) for p in caught.value.problems]


def test_what_ships() -> None:
    assert tuple(layout_names()) == LAYOUTS
    for layout in shipped_layouts():
        assert len(layout.sha256) == 64
        assert set(layout.named("kind")[0].values.values()) == set(KINDS)
        assert set(layout.named("channel")[0].values.values()) <= set(CHANNELS)
        if layout.barcode is not None:
            assert layout.barcode.status == "placeholder"  # not public: never presented as fact
            assert layout.barcode.note_ja and layout.barcode.note_en


def test_the_fixed_layout_is_the_public_one() -> None:
    layout = load_receipt_layout("convenience_fixed")
    places = {(f.name, f.start, f.width) for f in layout.fields}
    assert layout.record_bytes == 120
    assert places >= {
        ("paid_on", 4, 8),
        ("paid_time", 12, 4),
        ("barcode", 17, 44),
        ("store", 64, 7),
        ("store", 97, 6),
    }
    assert places >= {("data_date", 73, 8), ("remit_date", 81, 8), ("account_date", 89, 8), ("kind", 2, 2)}


def test_a_path_and_a_name(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text_of("convenience_csv"), encoding="utf-8")
    assert load_receipt_layout(own) == replace(load_receipt_layout("convenience_csv"), file="own.toml")
    with pytest.raises(ProblemError, match=r"receipt_layout\.not_found"):
        load_receipt_layout("own")


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "field"),
    [
        ("canonical", 'form = "csv"', 'form = "json"', "receipt_layout.value", "form"),
        ("canonical", 'id = "canonical"', "", "receipt_layout.value", "id"),
        ("canonical", '["utf-8", "cp932"]', '["utf-16"]', "receipt_layout.value", "encodings"),
        (
            "canonical",
            'version = "2026-11"',
            'version = "1"\ncolour = 1',
            "receipt_layout.unknown_key",
            "colour",
        ),
        ("canonical", 'type = "key"', 'type = "digits"', "receipt_layout.value", "field[slip_key].type"),
        ("canonical", "width = 20", "width = 21", "receipt_layout.value", "field[slip_key].width"),
        ("canonical", 'name = "store"', 'name = "txn_id"', "receipt_layout.twice", "txn_id"),
        (
            "canonical",
            'preliminary = "preliminary"',
            'preliminary = "early"',
            "receipt_layout.word",
            "field[kind].values",
        ),
        ("canonical", 'name = "paid_at"', 'name = "paid_when"', "receipt_layout.missing", "paid_at"),
        (
            "canonical",
            'headings = ["amount", "納付額", "納付金額", "金額"]',
            "",
            "receipt_layout.place",
            "field[amount].",
        ),
        ("canonical", "count = { position = 2 }", "", "receipt_layout.value", "controls.count.position"),
        (
            "canonical",
            "[controls]",
            '[constants]\nkind = "confirmed"\n[controls]',
            "receipt_layout.twice",
            "kind",
        ),
        (
            "canonical",
            "[controls]",
            '[constants]\namount = "1"\n[controls]',
            "receipt_layout.word",
            "constants.amount",
        ),
        ("canonical", "heading = true", "heading = false", "receipt_layout.value", "heading"),
        (
            "canonical",
            'trailer_required = "never"',
            'trailer_required = "with_header"',
            "receipt_layout.value",
            "controls.trailer_required",
        ),
        ("convenience_csv", "columns = 13", "columns = 12", "receipt_layout.value", "columns"),
        (
            "convenience_csv",
            "of_barcode = [14, 19]",
            "of_barcode = [14, 45]",
            "receipt_layout.value",
            "field[user_1].of_barcode",
        ),
        (
            "convenience_csv",
            "key_digits = 15",
            "key_digits = 22",
            "receipt_layout.value",
            "barcode.key_digits",
        ),
        (
            "convenience_csv",
            'status = "placeholder"',
            'status = "sure"',
            "receipt_layout.value",
            "barcode.status",
        ),
        ("convenience_csv", 'name = "barcode"', 'name = "bars"', "receipt_layout.missing", "slip_key"),
        (
            "convenience_csv",
            'none_when_channel = "postal"',
            'none_when_channel = "post"',
            "receipt_layout.word",
            "field[paid_time].none_when_channel",
        ),
        (
            "convenience_fixed",
            "start = 103\nwidth = 18",
            "start = 104\nwidth = 18",
            "receipt_layout.place",
            "field[spare].",
        ),
        (
            "convenience_fixed",
            "start = 17\nwidth = 44",
            "start = 17\nwidth = 43",
            "receipt_layout.value",
            "field[barcode].width",
        ),
        ("convenience_fixed", 'end = "9"', 'end = "8"', "receipt_layout.value", "controls"),
        ("convenience_fixed", "record_bytes = 120", "", "receipt_layout.value", "record_bytes"),
        (
            "convenience_fixed",
            "sum = { start = 8, width = 12 }",
            "sum = { start = 118, width = 12 }",
            "receipt_layout.place",
            "controls.sum.",
        ),
        (
            "convenience_fixed",
            'encodings = ["cp932"]',
            'encodings = ["utf-8"]',
            "receipt_layout.value",
            "encodings",
        ),
        (
            "convenience_fixed",
            'name = "paid_on"\nstart = 4\nwidth = 8\ntype = "date"\nrequired = true',
            'name = "paid_on"\nstart = 4\nwidth = 8\ntype = "date"',
            "receipt_layout.value",
            "field[paid_on].required",
        ),
    ],
)
def test_a_faulty_layout_is_refused(name: str, old: str, new: str, code: str, field: str) -> None:
    text = text_of(name)
    assert old in text
    assert (code, field) in faults(text.replace(old, new, 1))


def test_all_faults_are_told_at_once() -> None:
    text = (
        text_of("canonical")
        .replace('form = "csv"', 'form = "x"')
        .replace("width = 20", "width = 0")
        .replace('id = "canonical"', "id = 1")
    )
    assert len(faults(text)) >= 3
    assert faults("id = ") == [("file.not_toml", "")]


# --- by content ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    for control in (False, name != "convenience_csv"):
        data = write(tmp_path / "r", events_for(name, 3000), name, control=control).read_bytes()
        assert sniff(data[:HEAD_BYTES]) == name
    assert sniff(write(tmp_path / "r", events_for(name, 1), name).read_bytes()) == name


def test_damaged_rows_do_not_hide_the_layout(tmp_path: Path) -> None:
    data = write(tmp_path / "r", events_for("convenience_csv", 9), "convenience_csv").read_bytes()
    assert sniff(data.replace(b"202406", b"2024X6").replace(b"202612", b"2O2612")) == "convenience_csv"
    head = file_of([b"nothing"] * 4, load_receipt_layout("canonical"))
    assert sniff(head) == "canonical"


def test_two_that_fit_are_both_named(tmp_path: Path) -> None:
    layout = load_receipt_layout("convenience_csv")
    data = write(tmp_path / "r", events_for("convenience_csv", 3), "convenience_csv").read_bytes()
    with pytest.raises(ProblemError) as caught:
        sniff(data, among=[*shipped_layouts(), replace(layout, id="ours")], file="r")
    (problem,) = caught.value.problems
    assert problem.code == "receipt_file.two_layouts"
    for said in (problem.text("ja"), problem.text("en")):
        assert "convenience_csv、ours" in said and "--receipt-layout" in said
    assert read_receipts(tmp_path / "r", site=SITE, layout="convenience_csv").frame.height == 3


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"a,b,c\n1,2,3\n", b"1" * 240, b"2" + b" " * 119, "品名,数量\n".encode("cp932")]
)
def test_what_fits_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(ProblemError, match=r"receipt_file\.no_layout"):
        sniff(data)


# --- a site's own ----------------------------------------------------------------------------------------

OWN = """
id = "bank"
version = "1"
form = "fixed"
encodings = ["cp932"]
record_bytes = 60

[title]
ja = "銀行"
en = "bank"

[constants]
kind = "confirmed"
channel = "counter"
body_code = "999997"

[[field]]
name = "slip_key"
start = 2
width = 20
type = "key"
required = true

[[field]]
name = "amount"
start = 22
width = 11
type = "money"
required = true

[[field]]
name = "paid_on"
start = 33
width = 8
type = "date"
required = true

[[field]]
name = "branch"
start = 41
width = 10
type = "text"

[controls]
detail = "D"
trailer = "T"
count = { start = 2, width = 9 }
sum = { start = 11, width = 15 }
trailer_required = "always"
"""


def test_a_layout_of_a_site(tmp_path: Path) -> None:
    own = tmp_path / "bank.toml"
    own.write_text(OWN, encoding="utf-8")
    lines = [f"D{i:020d}{i + 500:011d}20260601".encode() + "表示".encode("cp932").ljust(20) for i in range(3)]
    path = tmp_path / "bank.dat"
    end = b"T" + b"000000003" + b"000000000001503"
    path.write_bytes(b"\r\n".join([*lines, end.ljust(60)]) + b"\r\n")
    receipts = read_receipts(path, site=SITE, layout=own)
    assert receipts.frame.select("kind", "channel", "body_code", "amount").rows() == [
        ("confirmed", "counter", "999997", 500 + i) for i in range(3)
    ]
    assert receipts.summary.layout_sha256 == load_receipt_layout(own).sha256
    path.write_bytes(b"\r\n".join(lines) + b"\r\n")
    with pytest.raises(ProblemError, match=r"receipt_file\.trailer_missing"):
        read_receipts(path, site=SITE, layout=own)
    half = (
        lines[0][:49] + b"\x95" + lines[0][50:]
    )  # the branch ends in half a character, which the next byte would complete
    path.write_bytes(
        b"\r\n".join(
            [half[:50] + b"\x5c" + half[51:], end.replace(b"3", b"1", 1).replace(b"1503", b"0500").ljust(60)]
        )
        + b"\r\n"
    )
    broken = read_receipts(path, site=SITE, layout=own)
    assert broken.quarantine["code"].to_list() == ["receipt.bytes"]


def test_a_csv_without_headings(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = (
        OWN.split("[[field]]", maxsplit=1)[0]
        .replace('form = "fixed"', 'form = "csv"\ncolumns = 3')
        .replace("record_bytes = 60\n", "")
    )
    for i, (name, kind) in enumerate((("slip_key", "key"), ("amount", "money"), ("paid_at", "datetime")), 1):
        width = {"key": "width = 20\n", "money": "width = 11\n"}.get(kind, "")
        text += f'[[field]]\nname = "{name}"\nposition = {i}\ntype = "{kind}"\n{width}required = true\n'
    own.write_text(text, encoding="utf-8")
    path = tmp_path / "r.csv"
    path.write_bytes(b"1,1000,20260601\n2,2000,2026-06-02 10:00\n")
    assert read_receipts(path, site=SITE, layout=own).frame["line"].to_list() == [1, 2]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_marks_are_words_of_the_file(tmp_path: Path, encoding: str) -> None:
    """They were looked for in UTF-8, whatever the file was written in: its trailer was a row that could not be read."""
    own = tmp_path / "own.toml"
    text = OWN.split("[[field]]", maxsplit=1)[0].replace('form = "fixed"', 'form = "csv"\ncolumns = 4')
    text = text.replace("record_bytes = 60\n", "").replace('["cp932"]', f'["{encoding}"]')
    for i, (name, kind) in enumerate((("slip_key", "key"), ("amount", "money"), ("paid_at", "datetime")), 2):
        width = {"key": "width = 20\n", "money": "width = 11\n"}.get(kind, "")
        text += f'[[field]]\nname = "{name}"\nposition = {i}\ntype = "{kind}"\n{width}required = true\n'
    text += '[controls]\ndetail = "収納明細"\ntrailer = "合計"\ncount = { position = 2 }\nsum = { position = 3 }\n'
    own.write_text(text, encoding="utf-8")
    path = tmp_path / "r.csv"
    rows = "収納明細,1,1000,20260601\n収納明再,2,2000,20260601\n"  # of the mark the first eight bytes do not differ in UTF-8
    path.write_text(f"{rows}合計,2,3000\n", encoding=encoding)
    found = read_receipts(path, site=SITE, layout=own)
    assert (found.frame["line"].to_list(), found.quarantine["line"].to_list()) == ([1], [2])
    assert found.summary.balance.trailer_yen == 3000
    own.write_text(text.replace("合計", "合計〜"), encoding="utf-8")
    if encoding == "cp932":
        with pytest.raises(ProblemError, match=r"controls\.trailer"):
            load_receipt_layout(own)


def test_the_record_helper_and_the_layout_agree() -> None:
    for name in LAYOUTS:
        layout = load_receipt_layout(name)
        raw = record(events_for(name, 1)[0], layout)
        assert (
            len(raw) == layout.record_bytes
            if layout.form == "fixed"
            else raw.count(b",") + 1 >= len(layout.fields) - 1
        )
