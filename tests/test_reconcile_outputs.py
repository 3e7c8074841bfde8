"""`elqr reconcile` as a user runs it: files and their columns, exit codes, conservation over the CSVs, the same bytes twice."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from night_runs import FIRST, NIGHTS, SECOND, SITE, elqr, night, rows, yen

from reconcile import write_out
from reconcile.csv_out import COLUMNS
from sample_data import nights

CONTRACT = {
    "postings.csv": "posting_id line_id component amount receipt_id paid_at account_date fiscal_year rule reverses",
    "exceptions.csv": "receipt_id file line outcome amount slip_key reason_ja reason_en candidates",
    "overpayments.csv": (
        "receipt_id payer_id amount class offset_to refund interest interest_from interest_to accounting"
    ),
    "delinquency.csv": "line_id due_date paid_at base segments amount rounding",
}
PLACES = ("posted", "excess", "suspense", "held")


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights: the first, the same file under another name, the second, the second once more."""
    top = tmp_path_factory.mktemp("nights")
    shutil.copy(NIGHTS / "receipts_0616.csv", top / "renamed.csv")
    codes = [
        night(top, "one", *FIRST).exit_code,
        night(top, "again", "--receipts", top / "renamed.csv", "--as-of", "2026-06-16").exit_code,
        night(top, "two", *SECOND).exit_code,
        night(top, "three", *SECOND).exit_code,
    ]
    assert codes == [1, 0, 1, 0]
    return top


def totals(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "totals.json").read_text(encoding="utf-8"))
    return found


def test_the_committed_nights_are_what_the_generator_writes() -> None:
    written = list(nights.committed())
    assert len(written) == 9
    for path, data in written:
        assert path.read_bytes() == data, f"{path.name}: run python -m sample_data.nights"


@pytest.mark.parametrize("name", CONTRACT)
def test_columns_begin_with_those_of_the_contract(name: str, top: Path) -> None:
    header = (top / "one" / name).read_text(encoding="utf-8").splitlines()[0].split(",")
    wanted = CONTRACT[name].split()
    assert header[: len(wanted)] == wanted
    assert header == list(COLUMNS[name])


def test_every_file_is_there_and_nothing_else(top: Path) -> None:
    wanted = {*COLUMNS, "problems.csv", "totals.json", "report.html"}
    for name in ("one", "again", "two", "three"):
        assert {p.name for p in (top / name).iterdir()} == wanted


def test_totals_name_count_and_yen_of_run_and_ledger(top: Path) -> None:
    said = totals(top / "two")
    assert said["drift"] == 0
    for side in ("run", "standing"):
        names = ("received", *PLACES, "quarantined", "already_taken")
        assert all(set(said[side][name]) == {"count", "yen"} for name in names)
        assert said[side]["received"]["yen"] == sum(said[side][p]["yen"] for p in PLACES)


def test_every_yen_of_the_file_is_somewhere_in_the_csv_files(top: Path) -> None:
    """Σ receipts = posted + excess + suspense + held + quarantined, read from the files alone."""
    paid = [row for row in rows(NIGHTS / "receipts_0616.csv") if row["kind"] != "TRAILER"]
    one = top / "one"
    waiting = rows(one / "exceptions.csv")
    found = (
        yen(rows(one / "postings.csv"))
        + yen(rows(one / "overpayments.csv"))
        + yen(waiting, "suspense")
        + yen(waiting, "held")
        + yen(rows(one / "quarantine.csv"))
    )
    assert found == yen(paid) == sum(totals(one)["run"][n]["yen"] for n in (*PLACES, "quarantined"))


def test_postings_of_all_nights_add_up_to_what_stands(top: Path) -> None:
    every = [row for name in ("one", "again", "two", "three") for row in rows(top / name / "postings.csv")]
    assert yen(every) == totals(top / "three")["standing"]["posted"]["yen"]
    ids = {row["posting_id"] for row in every}
    assert len(ids) == len(every)
    assert {row["reverses"] for row in every} - {""} <= ids
    assert yen(rows(top / "three" / "overpayments.csv")) == totals(top / "three")["standing"]["excess"]["yen"]


def test_the_same_file_under_another_name_changes_nothing(top: Path) -> None:
    said, first = totals(top / "again"), totals(top / "one")
    assert said["run"]["already_taken"] == {"count": 26, "yen": first["files"][2]["yen"]}
    assert all(said["run"][name] == {"count": 0, "yen": 0} for name in ("received", *PLACES, "quarantined"))
    assert said["standing"] == first["standing"] and said["result"] == first["result"]
    assert rows(top / "again" / "postings.csv") == []
    for name in ("overpayments.csv", "delinquency.csv", "dunning.csv"):
        assert (top / "again" / name).read_bytes() == (top / "one" / name).read_bytes()


def test_each_case_of_the_nights_comes_to_its_outcome(top: Path) -> None:
    outcomes = {row["outcome"] for name in ("one", "two") for row in rows(top / name / "exceptions.csv")}
    assert outcomes == {
        *("partial", "unknown_key", "superseded_slip", "full_year_after_instalment"),
        *("reduced_after", "duplicate", "payment_cancelled"),
    }


def test_bad_rows_and_rows_of_other_bodies_keep_their_bytes(top: Path) -> None:
    lines = (NIGHTS / "receipts_0616.csv").read_text(encoding="utf-8").splitlines()
    found = rows(top / "one" / "quarantine.csv")
    assert [row["code"] for row in found] == ["ledger.other_body", "receipt.date"]
    for row in found:
        assert bytes.fromhex(row["raw_hex"]).decode() == row["raw_text"] == lines[int(row["line"]) - 1]


def test_unknown_keys_come_with_candidates_and_stay_until_a_person_decides(top: Path) -> None:
    first = next(r for r in rows(top / "one" / "exceptions.csv") if r["outcome"] == "unknown_key")
    assert (
        first["candidates"] == "00000202601010000154 (digit:19: same_body+same_confirm_no+same_amount+open)"
    )
    later = [r for r in rows(top / "two" / "exceptions.csv") if r["outcome"] == "unknown_key"]
    assert [r["is_new"] for r in later] == ["1", "0"]
    assert "(swap:" in later[0]["candidates"].split(";")[0]


def test_overpayments_are_applied_before_they_go_back(top: Path) -> None:
    found = rows(top / "two" / "overpayments.csv")
    reduced = next(r for r in found if r["found_on"] == "reduced_after")
    assert (reduced["class"], reduced["offset_to"], reduced["refund"]) == ("kanou", "2025901-000006-04", "0")
    assert {r["class"] for r in found} == {"kanou", "gonou"}
    assert {r["accounting"] for r in found} == {"modoshi"}
    assert all(int(r["amount"]) == int(r["offset"]) + int(r["refund"]) for r in found)


def test_same_inputs_same_bytes(tmp_path: Path, top: Path) -> None:
    night(tmp_path, "one", *FIRST)
    for path in (top / "one").iterdir():
        assert (tmp_path / "one" / path.name).read_bytes() == path.read_bytes()


def test_the_files_come_once_more_from_the_ledger(tmp_path: Path, top: Path) -> None:
    words = ("report", "--ledger", top / "ledger", "--site", SITE, "--out")
    assert elqr(*words, tmp_path / "one", "--run", 1).exit_code == 0
    assert elqr(*words, tmp_path / "two").exit_code == 0
    for name in ("postings.csv", "totals.json", "quarantine.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (top / "one" / name).read_bytes()
    for path in (tmp_path / "two").iterdir():
        assert path.read_bytes() == (top / "two" / path.name).read_bytes()


def test_a_run_that_is_not_there_cannot_be_written_again(tmp_path: Path, top: Path) -> None:
    done = elqr("report", "--ledger", top / "ledger", "--out", tmp_path, "--run", 9)
    assert done.exit_code == 2 and "report.no_run" in done.output


def test_json_is_the_totals(top: Path) -> None:
    done = night(top, "json", *SECOND, "--json")
    assert json.loads(done.output) == totals(top / "json")


def test_same_identity_with_other_content_commits_nothing(tmp_path: Path) -> None:
    night(tmp_path, "one", *FIRST)
    before = elqr("ledger", "info", tmp_path / "ledger", "--json").output
    text = (NIGHTS / "receipts_0616.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    other = tmp_path / "other.csv"
    other.write_text(text[0] + text[2].replace(",18300,", ",18400,"), encoding="utf-8")
    done = night(tmp_path, "two", "--receipts", other, "--as-of", "2026-06-17")
    assert done.exit_code == 3 and "ledger.conflict" in done.output
    assert elqr("ledger", "info", tmp_path / "ledger", "--json").output == before
    assert not (tmp_path / "two" / "totals.json").exists()


def test_a_broken_trailer_stops_its_file_alone(tmp_path: Path) -> None:
    lie = tmp_path / "lie.csv"
    text = (NIGHTS / "receipts_0715.csv").read_text(encoding="utf-8")
    lie.write_text(text.replace("TRAILER,11,", "TRAILER,12,"), encoding="utf-8")
    assert night(tmp_path, "both", *FIRST, "--receipts", lie).exit_code == 1
    refused = [r for r in rows(tmp_path / "both" / "problems.csv") if r["file"] == "lie.csv"]
    assert len(refused) == 1 and {"11", "12"} <= set(refused[0]["message_en"].replace(";", " ").split())
    assert totals(tmp_path / "both")["run"]["received"]["count"] == 24
    assert night(tmp_path, "alone", "--receipts", lie, "--as-of", "2026-06-17").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--receipts", "no-such-file.csv", "--as-of", "2026-06-16"),
        ("--receipts", SITE, "--as-of", "2026-06-16"),
        ("--receipts", NIGHTS / "receipts_0616.csv"),
        ("--receipts", NIGHTS / "receipts_0616.csv", "--as-of", "yesterday"),
        ("--assessments", "no-such-file.csv", "--as-of", "2026-06-16"),
        ("--receipts", NIGHTS / "receipts_0616.csv", "--as-of", "2026-06-16", "--policy", "no-such-policy"),
    ],
)
def test_what_cannot_be_read_is_2(words: tuple[object, ...], tmp_path: Path) -> None:
    assert night(tmp_path, "out", *words).exit_code == 2


def test_a_folder_that_cannot_be_written_stops_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = night(tmp_path, "file/below", *FIRST)
    assert done.exit_code == 2 and "out.unwritable" in done.output
    assert not (tmp_path / "ledger").exists()


def test_a_disk_that_fills_up_leaves_no_half_file_and_says_that_the_night_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, left = write_out.os.fsync, [4]

    def filling(handle: int) -> None:
        """The probe and three files have room."""
        if tmp_path / "full" in Path(f"/proc/self/fd/{handle}").readlink().parents:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(write_out.os, "fsync", filling)
        done = night(tmp_path, "full", *FIRST)
    assert done.exit_code == 2
    assert "out.unwritable" in done.stderr and "out.night_stands" in done.stderr
    assert "elqr report" in done.stderr
    assert list((tmp_path / "full").iterdir()) == []
    assert elqr("report", "--ledger", tmp_path / "ledger", "--out", tmp_path / "full").exit_code == 0
    assert rows(tmp_path / "full" / "postings.csv")


def test_neither_terminal_nor_report_shows_numbers_of_people(top: Path) -> None:
    done = night(top, "terminal", *SECOND)
    payers = set(pl.read_csv(NIGHTS / "assessments.csv", infer_schema=False)["payer_id"])
    report = (top / "two" / "report.html").read_text(encoding="utf-8")
    assert not any(p in done.output or p in report for p in payers)


def test_the_terminal_says_that_rows_of_other_bodies_are_in_the_sum(tmp_path: Path) -> None:
    done = night(tmp_path, "one", *FIRST)
    assert "他団体 / other bodies 1, 隔離 / quarantined 1" in done.output
    assert "隔離・他団体 / quarantined or of other bodies: 2 件" in done.output


EXPORT = """
file = "消込連携.csv"
encoding = "cp932"
column = [
  { heading = "調定番号", from = "line_id" },
  { heading = "区分", from = "component", words = { principal = "本税", dunning_fee = "督促手数料" } },
  { heading = "金額", from = "amount", width = 11 },
  { heading = "収納日", from = "paid_at", date = "YYYYMMDD" },
  { heading = "処理", value = "自動" },
]
"""


def test_a_site_gets_its_own_columns(tmp_path: Path) -> None:
    mapping = tmp_path / "export.toml"
    mapping.write_text(EXPORT, encoding="utf-8")
    done = night(tmp_path, "one", *FIRST, "--postings-mapping", mapping)
    assert done.exit_code == 1, done.output
    lines = (tmp_path / "one" / "消込連携.csv").read_bytes().decode("cp932").split("\r\n")
    assert lines[0] == "調定番号,区分,金額,収納日,処理"
    assert lines[1] == "2025901-000011-04,督促手数料,00000000100,20260612,自動"
    assert len(lines) - 2 == len(rows(tmp_path / "one" / "postings.csv"))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [("width = 11", "width = 3", "export.too_wide"), ("自動", "𠮷", "export.character")],
)
def test_an_export_that_does_not_fit_is_told_and_the_run_stands(
    before: str, after: str, code: str, tmp_path: Path
) -> None:
    mapping = tmp_path / "export.toml"
    mapping.write_text(EXPORT.replace(before, after), encoding="utf-8")
    assert night(tmp_path, "one", *FIRST, "--postings-mapping", mapping).exit_code == 1
    assert code in {row["code"] for row in rows(tmp_path / "one" / "problems.csv")}
    assert not (tmp_path / "one" / "消込連携.csv").exists()
    assert rows(tmp_path / "one" / "postings.csv") and totals(tmp_path / "one")["committed"]


def test_every_fault_of_an_export_mapping_is_told(tmp_path: Path) -> None:
    mapping = tmp_path / "export.toml"
    mapping.write_text(
        'file = "../x.csv"\nencoding = "ebcdic"\nheader = 3\nextra = 1\n'
        'column = [{ heading = "a", from = "b", value = "c" },'
        ' { heading = "a", from = "line_id", width = -1, date = "DD", words = 3, more = 1 }, 5, { value = 3 }]\n',
        encoding="utf-8",
    )
    done = night(tmp_path, "out", *FIRST, "--postings-mapping", mapping)
    assert done.exit_code == 2
    assert done.output.count("export.mapping") == 14, done.output
    column = 'column = [{ heading = "a", from = "paid_at", date = ["YYYYMMDD"] }]'
    mapping.write_text(column, encoding="utf-8")
    done = night(tmp_path, "out", *FIRST, "--postings-mapping", mapping)
    assert (done.exit_code, done.output.count("export.mapping")) == (2, 1), done.output
    # ours would be lost, or it is no name of a file
    for name in ("totals.json", "Report.html", "problems.csv", "dunning.excel.csv", "..", "a\\u0000b"):
        mapping.write_text(f'file = "{name}"\ncolumn = [{{ heading = "a", from = "line_id" }}]\n', "utf-8")
        done = night(tmp_path, "out", *FIRST, "--postings-mapping", mapping)
        assert (done.exit_code, done.output.count("export.mapping")) == (2, 1), done.output
    assert not (tmp_path / "ledger").exists()


@pytest.mark.parametrize(
    ("name", "code"), [("canonicl", "receipt_layout.not_found"), ("own.toml", "receipt_layout.")]
)
def test_a_layout_that_is_none_is_told_before_anything_is_recorded(
    name: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text('id = "own"\nform = "excel"\n', encoding="utf-8")
    done = night(tmp_path, "out", *FIRST, "--receipt-layout", name)
    assert done.exit_code == 2
    assert code in done.stderr
    assert not (tmp_path / "ledger").exists() and not (tmp_path / "out").exists()


def test_receipts_of_the_future_are_told(tmp_path: Path) -> None:
    """A year too early on the command line, or too late in the file: posted as they are, and a person is asked to look."""
    done = night(tmp_path, "a", *FIRST[:-1], "2025-06-16")
    assert done.exit_code == 1
    told = [row for row in rows(tmp_path / "a" / "problems.csv") if row["code"] == "receipt.after_as_of"]
    assert [row["file"] for row in told] == ["receipts_0616.csv"]
    assert "2025-06-16" in told[0]["message_ja"] and told[0]["message_ja"] in done.output
    night(tmp_path / "b", "b", *FIRST)
    assert not [r for r in rows(tmp_path / "b" / "b" / "problems.csv") if r["code"] == "receipt.after_as_of"]


def test_every_remark_names_its_file(tmp_path: Path) -> None:
    """Also where two folders hold files of one name, and where it is of a slip that no assessment answers for."""
    for folder in ("east", "west"):
        (tmp_path / folder).mkdir()
        head, *lines = (NIGHTS / "assessments.csv").read_text(encoding="utf-8").splitlines()
        broken = lines[0 if folder == "east" else 1].replace("2026-02-02", "2026-02-31")
        (tmp_path / folder / "new.csv").write_text(f"{head}\n{broken}\n", encoding="utf-8")
    both = [word for folder in ("east", "west") for word in ("--assessments", tmp_path / folder / "new.csv")]
    done = night(tmp_path, "a", *both, "--slips", NIGHTS / "slips.csv", "--as-of", "2026-06-16")
    found = rows(tmp_path / "a" / "problems.csv")
    assert [r["file"] for r in found if r["code"] == "register.date"] == ["new.csv", "new.csv"]
    assert {r["file"] for r in found if r["code"].startswith("register.cover")} == {"slips.csv"}
    assert "対応する調定がありません" in done.output or "調定にありません" in done.output, (
        "in words, and without a cell"
    )


def test_a_refused_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"PK\x03\x04 a workbook")
    done = night(tmp_path, "o", "--assessments", tmp_path / "a.csv", *FIRST[2:])
    assert done.exit_code == 2
    assert "a.csv: " in done.output


def test_a_ledger_takes_nothing_under_the_site_file_of_another_body(tmp_path: Path) -> None:
    """All rows would be another body's, and the right run after it would find its file taken already: none of it would ever be posted."""
    night(tmp_path, "a", *FIRST)
    other = tmp_path / "other.toml"
    other.write_text(SITE.read_text(encoding="utf-8").replace("999997", "342041"), encoding="utf-8")
    wrong = elqr(
        "reconcile", "--ledger", tmp_path / "ledger", "--site", other, "--out", tmp_path / "b", *SECOND
    )
    assert wrong.exit_code == 2 and "[ledger.body]" in wrong.output
    assert "999997" in wrong.output and "342041" in wrong.output
    assert night(tmp_path, "c", *SECOND).exit_code == 1
    assert rows(tmp_path / "c" / "postings.csv")


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    done = elqr("reconcile", "--ledger", ".", "--out", tmp_path / "o", "--as-of", "2026-06-16")
    assert done.exit_code == 2 and "Traceback" not in done.output
