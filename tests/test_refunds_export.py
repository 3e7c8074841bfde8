"""The transfer file: its bytes field by field, the same again, once only; killed between ledger and file; notices."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from house import ROOT
from ledger_files import receipt, write
from refund_towns import (
    FRIDAY,
    account,
    accounts,
    act,
    copied,
    found,
    later,
    overpaid,
    refunds,
    refused,
    rules,
    to_be_ordered,
)

from elqr.site import Site
from reconcile import refund_export
from reconcile.ledger import open_ledger
from reconcile.refund_export import export, export_again
from reconcile.refund_notices import COLUMNS, _listed, notices
from reconcile.refunds import approve, propose, reject
from reconcile.zengin import DATA, HEADER, TRAILER, Field
from reconcile.zengin_reader import decode

GOLDEN = ROOT / "tests" / "golden" / "refunds_transfer.txt"
PAYERS = "payer_id,payer_name,postal_code,address,lang"


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("export")
    return to_be_ordered(top / "l.db", top)


@pytest.fixture
def place(decided: Path, tmp_path: Path) -> str:
    """Three refunds of ¥20,000 decided, with accounts for all."""
    return copied(decided, tmp_path / "l.db")


def told(data: bytes) -> str:
    """The file with every field named, a field a line."""
    text = data.decode("cp932")
    records = [text[i : i + 120] for i in range(0, len(text), 120)]
    layouts = {"1": HEADER, "2": DATA, "8": TRAILER, "9": ()}
    lines = []
    for record in records:
        fields: tuple[Field, ...] = tuple(layouts[record[0]])
        lines.append(f"record {record[0]}")
        lines += [f"  {f.start:3} {f.name} |{record[f.start - 1 : f.start - 1 + f.width]}|" for f in fields]
    return "\n".join(lines) + "\n"


def test_the_file_is_the_one_accepted_field_by_field(place: str, tmp_path: Path) -> None:
    done = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    data = (tmp_path / "bank" / "furikomi-00001.txt").read_bytes()
    assert told(data) == GOLDEN.read_text(encoding="utf-8")
    assert (done.count, done.yen, done.problems, len(data)) == (3, 60_000, (), 120 * 6)
    read = decode(data)
    assert read.transfers["amount"].to_list() == [20_000] * 3
    assert read.transfers["reference"].to_list() == ["0000000001", "0000000002", "0000000003"]
    rows = list(
        csv.DictReader(io.StringIO((tmp_path / "bank" / "furikomi-00001.csv").read_text(encoding="utf-8")))
    )
    assert [r["notice_no"] for r in rows] == ["2026-000001", "2026-000002", "2026-000003"]
    assert all("****" in r["account"] for r in rows)
    sums = json.loads((tmp_path / "bank" / "furikomi-00001.json").read_text(encoding="utf-8"))
    assert (sums["count"], sums["yen"], sums["sha256"]) == (3, 60_000, done.sha256)
    assert found(place) == []


def test_the_same_words_again_write_the_same_bytes_and_pay_nobody(place: str, tmp_path: Path) -> None:
    first = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "one")
    again = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "two")
    asked = export_again(place, 1, out=tmp_path / "three")
    assert (first.again, again.again, asked.again) == (False, True, True)
    assert first.sha256 == again.sha256 == asked.sha256
    for name in first.files:
        same = {(tmp_path / folder / name).read_bytes() for folder in ("one", "two", "three")}
        assert len(same) == 1
    named = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "one", only=list(refunds(place)))
    assert (named.again, named.batch, named.problems) == (True, 1, ())
    others: tuple[tuple[str, date, list[str]], ...] = (
        ("eri", date(2026, 11, 30), []),
        ("fuji", FRIDAY, []),
        ("eri", FRIDAY, ["R000001"]),  # the order was for more
    )
    for who, day, only in others:
        other = export(act(place, who), transfer_on=day, out=tmp_path / "four", only=only)
        assert other.batch is None and not list((tmp_path / "four").iterdir())
    with open_ledger(place) as ledger:
        assert ledger.store.highest("refund_exports") == 1
    assert "refund.no_batch" in refused(lambda: export_again(place, 2, out=tmp_path / "five"))


def test_what_is_decided_later_goes_into_the_next_file(place: str, tmp_path: Path) -> None:
    first = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=["R000002"])
    second = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert (first.batch, first.count, second.batch, second.count) == (1, 1, 2, 2)
    assert "refund.state" in [
        p.code
        for p in export(
            act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "x", only=["R000002", "R9"]
        ).problems
    ]
    assert "refund.state" in refused(lambda: reject(act(place, "mai"), ["R000002"], reason="遅い"))
    assert found(place) == []


def test_an_account_known_to_the_bank_says_so(place: str, tmp_path: Path) -> None:
    """新規コード: 1 the first time, 0 the same account again, 2 another account."""
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=["R000001"])
    later(place, tmp_path, *(receipt(f"X{x}", 11, 20_000, date(2026, 6, 3)) for x in "cd"))
    ids = [r.refund_id for r in propose(act(place, "mai")).refunds]
    approve(act(place, "chie"), ids)
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=ids[:1])
    accounts(place, tmp_path, account(1, account_no="55"), who="ida")
    from reconcile.refund_accounts import confirm_account

    confirm_account(act(place, "kei"), "P00001")
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=ids[1:])
    codes = [refunds(place)[i].orders[-1].transfer for i in ("R000001", *ids)]
    assert [c["new_code"] for c in codes if c] == ["1", "0", "2"]
    assert found(place) == []


def test_the_account_known_to_the_bank_is_that_of_the_last_file(place: str, tmp_path: Path) -> None:
    """A refund that was proposed later may go out earlier: its account is no longer the one that the bank saw last."""
    later(place, tmp_path, *(receipt(f"X{x}", 11, 20_000, date(2026, 6, 3)) for x in "cd"))
    ids = [r.refund_id for r in propose(act(place, "mai")).refunds]
    approve(act(place, "chie"), ids)
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=ids[1:])
    accounts(place, tmp_path, account(1, account_no="55"), who="ida")
    from reconcile.refund_accounts import confirm_account

    confirm_account(act(place, "kei"), "P00001")
    for one in ("R000001", ids[0]):
        export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=[one])
    codes = [refunds(place)[i].orders[-1].transfer for i in (ids[1], "R000001", ids[0])]
    assert [c["new_code"] for c in codes if c] == ["1", "2", "0"]


@pytest.mark.parametrize(
    "day", [date(2026, 11, 23), date(2026, 11, 28), date(2026, 12, 31), date(2027, 1, 2)]
)
def test_banks_are_closed_on_that_day(place: str, tmp_path: Path, day: date) -> None:
    assert "transfer.day" in refused(
        lambda: export(act(place, "eri"), transfer_on=day, out=tmp_path / "bank")
    )
    assert {r.state.value for r in refunds(place).values()} == {"approved"}


def test_no_money_goes_on_a_day_that_is_over(place: str, tmp_path: Path) -> None:
    """What is out cannot be taken back, so a slip of the pen in the day must not order it."""
    late = act(place, "eri", on=date(2026, 11, 28))
    said = refused(lambda: export(late, transfer_on=FRIDAY, out=tmp_path / "bank"))
    assert said["refund.transfer_past"] == {"found": "2026-11-27", "expected": "2026-11-28"}
    for day in (date(2027, 2, 19), date(2027, 11, 26)):  # the file would say 1126, and the bank pay this year
        said = refused(lambda day=day: export(act(place, "eri"), transfer_on=day, out=tmp_path / "bank"))  # type: ignore[misc]
        assert said == {"refund.transfer_far": {"found": day.isoformat(), "expected": "2027-02-18"}}
    assert {r.state.value for r in refunds(place).values()} == {"approved"} and found(place) == []
    last = export(act(place, "eri"), transfer_on=date(2027, 2, 18), out=tmp_path / "bank", only=["R000002"])
    first = export(act(place, "eri", on=FRIDAY), transfer_on=FRIDAY, out=tmp_path / "bank")
    # the same words write it again on any day
    again = export(late, transfer_on=FRIDAY, out=tmp_path / "again")
    assert (last.count, first.count, again.again, again.sha256) == (1, 2, True, first.sha256)


def test_what_cannot_go_is_left_out_with_its_reason(place: str, tmp_path: Path) -> None:
    late = date(2026, 11, 19)
    early = export(act(place, "eri", on=late), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert early.batch is None and {p.code for p in early.problems} == {"refund.day"}
    later(place, tmp_path, receipt("T1b", 11, 20_000, date(2026, 6, 1), "cancelled"))
    done = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert done.count == 2 and [p.code for p in done.problems] == ["refund.changed"]
    assert done.problems[0].params["found"] == "0"
    lapsed = act(place, "eri", on=date(2031, 7, 1))
    reject(act(place, "mai"), ["R000001"], reason="取消")
    assert export(lapsed, transfer_on=date(2031, 7, 2), out=tmp_path / "bank").batch is None


def test_a_claim_that_lapsed_after_the_decision_does_not_go_out(place: str, tmp_path: Path) -> None:
    done = export(act(place, "eri", on=date(2031, 6, 2)), transfer_on=date(2031, 6, 3), out=tmp_path / "bank")
    assert done.count == 2 and [p.code for p in done.problems] == ["refund.blocked"]
    assert done.problems[0].params["found"] == "time_barred"


def test_without_account_or_consignor_nothing_goes_out(tmp_path: Path) -> None:
    place = str(tmp_path / "l.db")
    overpaid(place, tmp_path / "t", people=1)
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001"])
    done = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert done.batch is None and [p.code for p in done.problems] == ["refund.no_account"]
    assert "P00001" not in str(done.problems[0])
    nobody = act(place, "eri", rules=rules(consignor=None))
    assert "refund.no_consignor" in refused(lambda: export(nobody, transfer_on=FRIDAY, out=tmp_path / "bank"))


def test_an_account_the_file_cannot_hold_holds_its_refund_alone(place: str, tmp_path: Path) -> None:
    """A branch that closed between the day the account was taken and the export."""
    from reconcile import transfers

    real = transfers.with_names

    def closed(rows: pl.DataFrame) -> pl.DataFrame:
        gone = (
            pl.col("account_no").str.ends_with("1002")
            if "account_no" in rows.columns
            else pl.lit(value=False)
        )
        return real(rows).with_columns(branch_kana=pl.when(gone).then(None).otherwise("branch_kana"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfers, "with_names", closed)
        done = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert done.count == 2
    assert [(p.code, p.params["refund"]) for p in done.problems] == [("refund.cannot_be_written", "R000002")]


# --- crashes ----------------------------------------------------------------------------------------


def test_a_crash_before_the_commit_leaves_nothing(place: str, tmp_path: Path) -> None:
    from reconcile.store_sqlite import SqliteStore

    def crash(self: SqliteStore) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteStore, "commit", crash)
        with pytest.raises(KeyboardInterrupt):
            export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert not list((tmp_path / "bank").iterdir())
    assert {r.state.value for r in refunds(place).values()} == {"approved"}
    assert export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank").count == 3


def test_a_crash_between_ledger_and_file_is_mended_by_the_same_words(place: str, tmp_path: Path) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refund_export, "write_files", crash)
        with pytest.raises(KeyboardInterrupt):
            export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert not list((tmp_path / "bank").iterdir())
    again = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert (again.again, again.batch, again.count) == (True, 1, 3)
    assert told((tmp_path / "bank" / "furikomi-00001.txt").read_bytes()) == GOLDEN.read_text(encoding="utf-8")
    assert found(place) == []


KILLED = """
import os, signal, sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from refund_towns import FRIDAY, act
from reconcile import refund_export
from reconcile.store_sqlite import SqliteStore

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[3] == "commit":
    SqliteStore.commit = die
elif sys.argv[3] == "settle":
    real = SqliteStore.settle
    SqliteStore.settle = lambda self, run_id, anew=True: real(self, run_id, anew=anew) if not anew else die()
else:
    refund_export.write_files = die
refund_export.export(act(sys.argv[1], "eri"), transfer_on=FRIDAY, out=Path(sys.argv[2]))
"""


@pytest.mark.parametrize(("moment", "out"), [("commit", False), ("settle", True), ("files", True)])
def test_killed_at_any_step_it_pays_once(place: str, tmp_path: Path, moment: str, out: bool) -> None:
    bank = tmp_path / "bank"
    code = KILLED.format(tests=str(ROOT / "tests"), root=str(ROOT))
    done = subprocess.run([sys.executable, "-c", code, place, str(bank), moment], check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL and not list(bank.iterdir())
    assert {r.state.value for r in refunds(place).values()} == ({"exported"} if out else {"approved"})
    again = export(act(place, "eri"), transfer_on=FRIDAY, out=bank)
    assert (again.again, again.batch, again.yen) == (out, 1, 60_000)
    assert told((bank / "furikomi-00001.txt").read_bytes()) == GOLDEN.read_text(encoding="utf-8")
    assert found(place) == []


# --- notices ----------------------------------------------------------------------------------------


def test_notices_say_what_was_decided(place: str, tmp_path: Path) -> None:
    rows = [
        {
            "payer_id": f"P{n:05}",
            "payer_name": f"見本 {n}",
            "postal_code": "999-9999",
            "address": "みほん市1-1",
        }
        for n in (1, 2)
    ]
    bad = {"payer_id": "P00003", "payer_name": "見本 3", "postal_code": "12-34", "address": ""}
    payers = write(tmp_path / "payers.csv", PAYERS, *rows, bad)
    made = notices(place, payers=payers, site=Site.unknown())
    assert made.log.table()["code"].to_list() == ["register.missing", "register.digits"]
    (gone,) = made.problems
    assert (gone.code, gone.params) == ("refund.no_address", {"refund": "R000003"})
    assert "P00003" not in gone.text("ja") + gone.text("en")  # it goes to terminals and logs
    table = list(csv.DictReader(io.StringIO(made.data.decode())))
    assert tuple(table[0]) == COLUMNS and (made.count, made.yen) == (2, 40_000)
    first = table[0]
    assert {
        n: first[n]
        for n in ("notice_no", "decided_on", "paid_amount", "due_amount", "overpaid", "class", "total")
    } == {
        "notice_no": "2026-000001",
        "decided_on": "2026-11-20",
        "paid_amount": "40000",
        "due_amount": "20000",
        "overpaid": "20000",
        "class": "誤納",
        "total": "20000",
    }
    assert (first["account_masked"], first["claim_until"]) == ("三菱UFJ 本店 普通 ****001", "2031-06-01")
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert notices(place, payers=payers, site=Site.unknown()).data == made.data
    assert notices(place, payers=payers, site=Site.unknown(), decided_on=date(2026, 11, 21)).count == 0
    assert notices(place, payers=payers, site=Site.unknown(), only=["R000002", "R9"]).count == 1


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("見本 一郎", "見本 花子", True),
        ("見本 花子", "手本 花子", True),  # married, or the number of somebody else: a person looks
        ("見本 花子", "見本　花子", False),
        ("見本 花子", "見本花子", False),
        ("ﾐﾎﾝ ﾊﾅｺ", "ミホン ハナコ", False),
        ("Mihon Hanako", "MIHON HANAKO", False),
        ("高崎 恵", "髙﨑 惠", False),
        ("渡辺 真", "渡邊 眞", False),
        ("渡辺 真", "渡部 真", True),
    ],
)
def test_one_payer_number_with_two_names_is_told(
    place: str, tmp_path: Path, first: str, second: str, told: bool
) -> None:
    """The last row won without a word, and a notice of somebody's money went to it."""
    base = {"payer_id": "P00001", "postal_code": "999-9999", "address": "みほん市1-1"}
    rows = [
        {**base, "payer_name": first},
        {**base, "payer_id": "P00002", "payer_name": "他 人"},
        {**base, "payer_name": second},
    ]
    made = notices(place, payers=write(tmp_path / "payers.csv", PAYERS, *rows), site=Site.unknown())
    found = made.log.problems("payers.csv")
    assert [(p.code, p.where.line, p.params["expected"]) for p in found] == [
        ("register.other_name", 4, "2")
    ] * told
    assert made.count == 2
    assert all(first not in p.text("ja") and second not in p.text("ja") for p in found)


def test_what_was_filled_is_listed_tax_by_tax() -> None:
    lines = [
        ("令和7年度 市県民税", "第4期"),
        ("令和8年度 固定資産税", "全期"),
        ("令和7年度 市県民税", "第3期"),
        ("令和7年度 市県民税", "第4期"),
    ]
    assert _listed(lines) == "令和7年度 市県民税 第4期・第3期;令和8年度 固定資産税 全期"
    assert _listed([]) is None
