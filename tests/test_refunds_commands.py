"""The whole way through the shell, on a file and on a PostgreSQL server: nights, credits, refunds, notices, report, explain, ledger."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import psycopg
import pytest
from click.testing import Result
from night_runs import FIRST, NIGHTS, SECOND, SITE, elqr, rows, yen

AGAIN = ("--receipts", NIGHTS / "receipts_0616.csv", "--as-of", "2026-06-17")
CREDITS = (NIGHTS / "credits_0715.csv", "--as-of", "2026-07-16")
RULES = NIGHTS / "refunds.toml"


@dataclass(frozen=True)
class Run:
    """A ledger after two nights and the refunds of the sample, with what each command said."""

    place: str
    top: Path
    said: dict[str, Result]


def refunds(place: str, *words: object, who: str, on: str) -> Result:
    return elqr("refunds", *words, "--ledger", place, "--rules", RULES, "--as", who, "--as-of", on)


def walk(place: str, top: Path) -> Run:
    ledger = ("--ledger", place)
    said = {
        "first": elqr("reconcile", *ledger, "--site", SITE, "--out", top / "0616", *FIRST),
        "again": elqr("reconcile", *ledger, "--site", SITE, "--out", top / "0617", *AGAIN),
        "second": elqr("reconcile", *ledger, "--site", SITE, "--out", top / "0715", *SECOND),
        "credits": elqr("credits", *CREDITS, *ledger, "--out", top / "credits"),
        "credits_again": elqr("credits", *CREDITS, *ledger, "--out", top / "credits", "--json"),
        "proposed": refunds(place, "propose", "--json", "--show-names", who="sato", on="2026-07-16"),
        "by_maker": refunds(place, "approve", "R000001", who="sato", on="2026-07-17"),
        "approved": refunds(place, "approve", "R000001", "R000002", "R000003", who="suzuki", on="2026-07-17"),
        "decided": refunds(place, "approve", "R000003", who="takahashi", on="2026-07-21"),
        "rejected": refunds(place, "reject", "R000004", "--reason", "確認中", who="suzuki", on="2026-07-21"),
        "accounts": refunds(place, "accounts", NIGHTS / "accounts.csv", who="ito", on="2026-07-21"),
        "exported": refunds(place, "export", "--transfer-on", "2026-07-31", "--out", top / "bank", "--json", who="tanaka", on="2026-07-22"),
        "exported_again": refunds(place, "export", "--transfer-on", "2026-07-31", "--out", top / "bank2", who="tanaka", on="2026-07-23"),
        "batch": refunds(place, "export", "--batch", 1, "--out", top / "bank3", who="tanaka", on="2026-07-23"),
        "batch_of_one": refunds(place, "export", "R000001", "--batch", 1, "--out", top / "bank4", who="tanaka", on="2026-07-23"),
        "notices": elqr("refunds", "notices", *ledger, "--payers", NIGHTS / "payers.csv", "--site", SITE, "--out", top / "notices"),
        "list": elqr("refunds", "list", *ledger),
        "show": elqr("refunds", "show", "R000002", *ledger),
        "report": elqr("report", *ledger, "--site", SITE, "--as-of", "2026-07-22", "--out", top / "0722"),
        "explain": elqr("explain", "2025901-000006-04", *ledger),
        "check": elqr("ledger", "check", place, "--deep"),
        "info": elqr("ledger", "info", place, "--json"),
    }  # fmt: skip
    return Run(place, top, said)


@pytest.fixture(scope="module")
def servers(postgres_server: str) -> Callable[[], str]:
    """A place on the server for the whole module."""

    def place() -> str:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(b"create schema if not exists refunds_shell")
        return f"{postgres_server}&options=-csearch_path%3Drefunds_shell"

    return place


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    top = tmp_path_factory.mktemp(request.param)
    place = request.getfixturevalue("servers")() if request.param == "postgres" else str(top / "ledger")
    yield walk(place, top)


CODES = {
    **{
        "first": 1,
        "again": 0,
        "second": 1,
        "credits": 0,
        "credits_again": 0,
        "proposed": 0,
        "by_maker": 2,
        "approved": 0,
    },
    **{
        "decided": 0,
        "rejected": 0,
        "accounts": 0,
        "exported": 0,
        "exported_again": 0,
        "batch": 0,
        "batch_of_one": 2,
        "notices": 0,
        "list": 0,
    },
    **{"show": 0, "report": 0, "explain": 0, "check": 0, "info": 0},
}


def test_every_command_ends_as_the_page_of_commands_says(run: Run) -> None:
    found = {
        name: (done.exit_code, done.output[-300:])
        for name, done in run.said.items()
        if done.exit_code != CODES[name]
    }
    assert found == {} and set(run.said) == set(CODES)


def test_what_was_proposed_is_what_stood(run: Run) -> None:
    made = json.loads(run.said["proposed"].stdout)["refunds"]
    assert [(r["refund_id"], r["amount"], r["offset"], r["payable"]) for r in made] == [
        ("R000001", 12_000, 0, 12_000),
        ("R000002", 2_000, 2_000, 0),
        ("R000003", 25_100, 0, 25_100),
        ("R000004", 8_900, 0, 8_900),
    ]
    assert "refund.same_person" in run.said["by_maker"].output
    assert "0000000041" not in run.said["list"].output + run.said["show"].output + run.said["approved"].output


def test_the_transfer_file_is_written_once_and_again_the_same(run: Run) -> None:
    done = json.loads(run.said["exported"].stdout)
    assert (done["batch"], done["again"], done["count"], done["yen"]) == (1, False, 2, 37_100)
    data = (run.top / "bank" / "furikomi-00001.txt").read_bytes()
    assert len(data) == 5 * 120 and b"\n" not in data
    for folder in ("bank2", "bank3"):
        assert (run.top / folder / "furikomi-00001.txt").read_bytes() == data
    assert "do not send it twice" in run.said["exported_again"].output
    assert "0000041" not in run.said["accounts"].output


def test_notices_are_those_of_the_decisions(run: Run) -> None:
    table = list(
        csv.DictReader(io.StringIO((run.top / "notices" / "notices.csv").read_text(encoding="utf-8")))
    )
    assert [r["notice_no"] for r in table] == ["2026-000001", "2026-000002", "2026-000003"]
    assert [r["tax_name"] for r in table] == ["市県民税(普通徴収)"] * 3
    assert table[1]["offset_to"] == "令和7年度 市県民税(普通徴収) 第4期" and table[1]["total"] == "0"


def test_notices_are_printed_as_they_were_decided(run: Run) -> None:
    """The form of slips takes the file of reconcile as it is; each page says the number and the sum of its decision."""
    out = run.top / "printed"
    asked = ("--site", SITE, "--issue-date", "2026-07-22", "--out", out)
    done = elqr("print-notices", run.top / "notices" / "notices.csv", *asked)
    assert done.exit_code == 0, done.output
    with pikepdf.open(out / "notices-00001.pdf") as pdf:
        assert len(pdf.pages) == 3 and "/StructTreeRoot" in pdf.Root
    words = ["pdftotext", "-layout", str(out / "notices-00001.pdf"), "-"]
    text = "".join(subprocess.run(words, capture_output=True, check=True, text=True).stdout.split())
    for said in ("2026-000001", "2026-000003", "25,100円", "令和8年7月21日", "三菱UFJ本店普通****041"):
        assert said in text, said
    assert "お支払いする額はありません" in text and "****006" not in text  # all of R000002 was set off


def test_the_nightly_files_tell_the_states_and_every_yen_stays(run: Run) -> None:
    before, after = rows(run.top / "0715" / "overpayments.csv"), rows(run.top / "0722" / "overpayments.csv")
    assert {r["state"] for r in before} == {"open"}
    states = {r["refund_id"] or "free": (r["state"], r["amount"]) for r in after}
    assert states == {
        "free": ("open", "8900"),
        "R000001": ("exported", "12000"),
        "R000002": ("offset", "2000"),
        "R000003": ("exported", "25100"),
    }
    assert yen(before) == yen(after) == 48_000
    totals = json.loads((run.top / "0722" / "totals.json").read_text(encoding="utf-8"))
    assert totals["drift"] == 0


def test_the_report_says_what_is_given_back_and_what_the_bank_has(run: Run) -> None:
    page = (run.top / "0722" / "report.html").read_text(encoding="utf-8")
    for words in ("振込データ作成済み", "全額充当済み", "入金との照合", "窓口の手数料を差し引いて入金"):
        assert words in page
    assert "0000000041" not in page


def test_explain_tells_the_refund_and_the_offset(run: Run) -> None:
    told = run.said["explain"].output
    assert "還付 R000002 起案(sato)" in told and "還付 R000002 決定(suzuki) 通知 2026-000002" in told
    assert "本税 2,000円" in told


def test_money_against_receipts(run: Run) -> None:
    table = rows(run.top / "credits" / "balance.csv")
    odd = [r for r in table if r["state"] != "balanced"]
    assert [(r["remit_date"], r["channel"], r["drift"], r["state"]) for r in odd] == [
        ("2026-07-14", "counter", "-300", "explained")
    ]
    (taken_back,) = [r for r in table if r["remit_date"] == "2026-06-23"]
    assert (taken_back["received"], taken_back["credited"]) == (
        "9600",
        "9600",
    )  # a 確報 and a 取消 of one day
    again = json.loads(run.said["credits_again"].stdout)
    assert (again["new"], again["already"]) == (0, len(table))


def test_a_backup_of_either_store_goes_on(run: Run) -> None:
    copy = run.top / "copy.db"
    assert elqr("ledger", "backup", run.place, copy).exit_code == 0
    listed = elqr("refunds", "list", "--ledger", copy)
    assert listed.output == run.said["list"].output
    assert refunds(str(copy), "propose", who="sato", on="2026-07-24").exit_code == 0
    info = json.loads(elqr("ledger", "info", copy, "--json").output)
    assert info["totals"]["refund_proposed"] == [1, 8_900]


def test_faults_of_the_words_are_2(run: Run) -> None:
    out = ("--out", run.top / "x")
    assert refunds(run.place, "export", *out, who="tanaka", on="2026-07-23").exit_code == 2
    assert (
        refunds(
            run.place, "export", "--transfer-on", "2026-08-01", *out, who="tanaka", on="2026-07-23"
        ).exit_code
        == 2
    )
    assert refunds(run.place, "approve", "R999999", who="suzuki", on="2026-07-23").exit_code == 2
    assert (
        refunds(run.place, "block", "nobody", "--reason", "heirs", who="suzuki", on="2026-07-23").exit_code
        == 2
    )
    assert elqr("refunds", "show", "R999999", "--ledger", run.place).exit_code == 2


def test_a_block_and_an_account_that_changes(run: Run, tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    text = (NIGHTS / "accounts.csv").read_text(encoding="utf-8").replace(",0000031,", ",0000099,")
    changed.write_text(text, encoding="utf-8")
    copy = tmp_path / "copy.db"
    elqr("ledger", "backup", run.place, copy)
    done = refunds(str(copy), "accounts", changed, "--json", who="ito", on="2026-07-24")
    assert done.exit_code == 1 and json.loads(done.stdout)["changed"] == 1
    assert refunds(str(copy), "confirm-account", "0000000031", who="ito", on="2026-07-24").exit_code == 2
    assert (
        "****099" in refunds(str(copy), "confirm-account", "0000000031", who="suzuki", on="2026-07-24").output
    )
    assert (
        refunds(
            str(copy), "block", "0000000031", "--reason", "heirs", who="suzuki", on="2026-07-24"
        ).exit_code
        == 0
    )
    said = refunds(str(copy), "propose", who="sato", on="2026-07-24")
    assert said.exit_code == 1 and "refund.blocked" in said.output
    lifted = refunds(
        str(copy), "block", "0000000031", "--reason", "heirs", "--lift", who="suzuki", on="2026-07-24"
    )
    assert lifted.exit_code == 0
    assert "R000005" in refunds(str(copy), "propose", who="sato", on="2026-07-24").output


def test_a_faulty_row_of_payers_is_told_without_the_person(tmp_path: Path) -> None:
    payers = tmp_path / "payers.csv"
    head = "payer_id,payer_name,postal_code,address,lang"
    payers.write_text(
        f"{head}\n0000000001,みほん 太郎,12,みほん市一丁目,ja\n2,〃,,#N/A,ja\n", encoding="utf-8"
    )
    elqr("ledger", "init", tmp_path / "ledger")
    options = ("--ledger", tmp_path / "ledger", "--payers", payers, "--out", tmp_path)
    for more in ((), ("--json",)):
        done = elqr("refunds", "notices", *options, *more)
        assert done.exit_code == 1
        assert "郵便番号「***」" in done.output and "register.stand_in" in done.output
        assert not [cell for cell in ("太郎", "一丁目", "「12」", "〃」") if cell in done.output]


def test_a_missing_role_is_told_with_the_place_to_write_it(tmp_path: Path) -> None:
    elqr("ledger", "init", tmp_path / "ledger")
    rules = ("--ledger", tmp_path / "ledger", "--rules", NIGHTS / "refunds.toml", "--as-of", "2026-07-17")
    done = elqr("refunds", "propose", *rules, "--as", "nobody")
    assert done.exit_code == 2
    assert "[[user]]" in done.output and "[[user]]" in (NIGHTS / "refunds.toml").read_text(encoding="utf-8")
