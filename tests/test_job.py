"""The whole job with a press of paper dolls: order, sums, files, refusals, interruptions."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from elqr.problems import ProblemError
from slips.job import JobReport, print_slips
from slips.progress import Progress
from slips.request import PrintRequest
from tests.print_fakes import FakePress, faking
from tests.slip_rows import clean, payloads, write_csv

ISSUED = dt.date(2026, 6, 1)


def asked(tmp_path: Path, frame: pl.DataFrame | None = None, **options: Any) -> PrintRequest:
    path = tmp_path / "slips.csv"
    if frame is not None:
        write_csv(frame, path)
    given: dict[str, Any] = {"layout": "mihara", "profile": "tax", "issue_date": ISSUED, "slips_per_file": 7}
    return PrintRequest(**(given | {"slips": path, "out": tmp_path / "out"} | options))


def done(request: PrintRequest, press: FakePress | None = None) -> JobReport:
    return print_slips(request, prepress=faking(press or FakePress("")))


def files(folder: Path) -> dict[str, bytes]:
    """Everything in the folder; job.json without its timing."""
    found = {entry.name: entry.read_bytes() for entry in sorted(folder.iterdir()) if entry.is_file()}
    if "job.json" in found:
        job = json.loads(found["job.json"])
        del job["timing"]
        found["job.json"] = json.dumps(job).encode()
    return found


def codes(caught: pytest.ExceptionInfo[ProblemError]) -> list[str]:
    return [p.code for p in caught.value.problems]


def refused(request: PrintRequest, press: FakePress | None = None) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        done(request, press)
    return codes(caught)


def problems(out: Path) -> pl.DataFrame:
    return pl.read_csv(out / "problems.csv", infer_schema=False)


def test_a_clean_file_is_printed_whole(tmp_path: Path) -> None:
    frame = clean(30)
    report = done(asked(tmp_path, frame))
    out = tmp_path / "out"
    names = [f"slips-{k:05d}.pdf" for k in range(1, 6)]
    assert [f["file"] for f in report.job["files"]] == names  # bundles of three: six slips a file
    assert sorted(files(out)) == sorted(
        [*names, "job.json", "manifest.csv", "manifest.parquet", "problems.csv", "upload.csv"]
    )
    manifest = pl.read_parquet(out / "manifest.parquet")
    assert manifest["seq"].to_list() == list(range(1, 31))
    assert sorted(manifest["slip_key"]) == sorted(frame["slip_key"])
    assert (manifest["mode"] == "pass-through").all()
    yen = int(frame["amount"].cast(pl.Int64).sum())
    for key in ("in", "printed"):
        assert report.job[key] == {"slips": 30, "yen": yen, "unreadable_amounts": 0}
    assert report.job["held"]["slips"] == 0
    assert report.job["read_back"] == {"done": True, "files": 5, "faults": 0, "pages": 30, "decoder": "fake"}
    upload = pl.read_csv(out / "upload.csv", infer_schema=False)
    assert upload["slip_key"].to_list() == manifest["slip_key"].to_list()
    assert report.clean
    assert json.loads((out / "job.json").read_text(encoding="utf-8")) == report.job


def test_bundles_and_numbers_on_the_pages(tmp_path: Path) -> None:
    done(asked(tmp_path, clean(9)))
    pages = (tmp_path / "out" / "slips-00001.pdf").read_text(encoding="utf-8").splitlines()[1:]
    assert [page.split("|")[:2] for page in pages] == [
        [f"{k:06d}", f"{(k - 1) % 3 + 1}/3"] for k in range(1, 7)
    ]


def test_faulty_rows_are_held_and_listed_and_all_others_print(tmp_path: Path) -> None:
    frame = clean(20)
    amounts, names, keys = (frame[name].to_list() for name in ("amount", "payer_name", "slip_key"))
    names[7] = "絵文字 😀"
    keys[12] = keys[11]  # each of the two is held
    frame = frame.with_columns(payer_name=pl.Series(names), slip_key=pl.Series(keys))
    frame = frame.with_columns(payload=payloads(frame), barcode=pl.lit(None, pl.String))
    amounts[4] = "abc"
    frame = frame.with_columns(amount=pl.Series(amounts))
    report = done(asked(tmp_path, frame))
    job = report.job
    assert (job["in"]["slips"], job["printed"]["slips"], job["held"]["slips"]) == (20, 16, 4)
    assert job["in"]["unreadable_amounts"] == job["held"]["unreadable_amounts"] == 1
    assert job["in"]["yen"] == job["printed"]["yen"] + job["held"]["yen"]
    assert {k: v["slips"] for k, v in job["held"]["by_step"].items() if v["slips"]} == {
        "check": 1,
        "text": 1,
        "file": 2,
    }
    table = problems(tmp_path / "out")
    errors = table.filter(pl.col("severity") == "error")
    assert set(errors["line"]) == {"6", "9", "13", "14"}
    assert table["line"].cast(pl.Int64).is_sorted()
    short = table.filter(pl.col("code") == "bundle.incomplete")
    assert short.height == 4  # four payers get fewer slips than they have
    assert not report.clean
    manifest = pl.read_csv(tmp_path / "out" / "manifest.csv", infer_schema=False)
    assert set(manifest["line"]) == {str(k) for k in range(2, 22)} - {"6", "9", "13", "14"}


def test_nothing_to_print_is_a_job_too(tmp_path: Path) -> None:
    report = done(asked(tmp_path, clean(3).with_columns(amount=pl.lit("0"))))
    assert (report.job["printed"]["slips"], report.job["held"]["slips"], report.job["files"]) == (0, 3, [])
    assert sorted(files(tmp_path / "out")) == [
        "job.json",
        "manifest.csv",
        "manifest.parquet",
        "problems.csv",
        "upload.csv",
    ]


def test_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    frame = clean(60)
    results = []
    for jobs in (1, 2, 3):
        done(asked(tmp_path, frame, jobs=jobs, out=tmp_path / f"out{jobs}", slips_per_file=10))
        results.append(files(tmp_path / f"out{jobs}"))
    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 12


def test_the_same_job_again_gives_the_same_files(tmp_path: Path) -> None:
    request = asked(tmp_path, clean(20))
    done(request)
    first = files(tmp_path / "out")
    done(request)
    assert files(tmp_path / "out") == first


def test_another_job_in_the_folder_is_refused(tmp_path: Path) -> None:
    request = asked(tmp_path, clean(6))
    done(request)
    before = files(tmp_path / "out")
    assert refused(replace(request, slips_per_file=3)) == ["job.other_in_folder"]
    assert refused(asked(tmp_path, clean(5))) == ["job.other_in_folder"]
    assert files(tmp_path / "out") == before
    done(replace(request, slips_per_file=3, overwrite=True))
    assert [f for f in files(tmp_path / "out") if f.endswith(".pdf")] == [
        "slips-00001.pdf",
        "slips-00002.pdf",
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_reads_back_wrong_is_kept_aside(tmp_path: Path, jobs: int) -> None:
    report = done(asked(tmp_path, clean(30), jobs=jobs), FakePress("", wrong_file="slips-00002.pdf"))
    out = tmp_path / "out"
    job = report.job
    assert not (out / "slips-00002.pdf").exists()
    assert (out / "REJECTED-slips-00002.pdf.rejected").read_bytes().startswith(b"%PDF")
    assert [f["file"] for f in job["rejected_files"]] == ["REJECTED-slips-00002.pdf.rejected"]
    assert (job["printed"]["slips"], job["held"]["slips"]) == (24, 6)
    assert job["held"]["by_step"]["read_back"]["slips"] == 6
    manifest = pl.read_parquet(out / "manifest.parquet")
    upload = pl.read_csv(out / "upload.csv", infer_schema=False)
    assert manifest["seq"].to_list() == [*range(1, 7), *range(13, 31)]
    assert upload["slip_key"].to_list() == manifest["slip_key"].to_list()
    table = problems(out)
    assert table.filter(pl.col("code") == "readback.file_rejected").height == 6
    assert table.filter(pl.col("field") == "payload", pl.col("code") == "out.failed").height == 1
    assert not report.clean
    assert job["read_back"]["faults"] == 1


def test_a_worker_that_dies_ends_the_job_and_leaves_nothing(tmp_path: Path) -> None:
    request = asked(tmp_path, clean(30), jobs=2)
    assert refused(request, FakePress("", deadly_file="slips-00003.pdf")) == ["job.worker_died"]
    assert files(tmp_path / "out") == {}
    done(request)
    assert "job.json" in files(tmp_path / "out")


def test_release_is_refused_where_slips_would_be_tests(tmp_path: Path) -> None:
    frame = clean(6).with_columns(payload=pl.lit(None, pl.String))
    request = asked(tmp_path, frame, release=True)
    with pytest.raises(ProblemError) as caught:
        done(request)
    (problem,) = caught.value.problems
    assert problem.code == "job.release_of_test"
    assert "placeholder" in problem.text("ja")
    assert files(tmp_path / "out") == {}
    report = done(replace(request, release=False))
    assert (report.job["test_slips"], report.job["released"]) == (6, False)


def test_tests_are_counted_among_what_was_printed(tmp_path: Path) -> None:
    """One slip held late was the only test: the terminal then kept quiet on registering all the others."""
    frame = clean(30)
    keys = frame["slip_key"].to_list()
    keys[1] = keys[0]  # both are held when the whole file is known
    payload = frame["payload"].to_list()
    payload[0] = payload[1] = payload[29] = None
    rows = frame.with_columns(
        slip_key=pl.Series(keys), payload=pl.Series(payload), barcode=pl.lit(None, pl.String)
    )
    report = done(asked(tmp_path, rows))
    assert (report.job["held"]["by_step"]["file"]["slips"], report.job["test_slips"]) == (2, 1)
    (last,) = (f["file"] for f in report.job["files"][-1:])
    request = asked(tmp_path, rows, out=tmp_path / "again")
    rejected = done(request, FakePress("", wrong_file=last))
    assert rejected.job["held"]["by_step"]["read_back"]["slips"] and rejected.job["test_slips"] == 0


def test_release_of_passed_through_codes(tmp_path: Path) -> None:
    report = done(asked(tmp_path, clean(6), release=True))
    assert report.job["released"] is True
    unknown = {rule["rule"]: rule["status"] for rule in report.job["not_checked"]}
    assert {"row1_check", "row2_check"} <= set(unknown)
    assert set(unknown.values()) == {"placeholder"}
    assert "version" not in unknown  # observed: it is checked


def test_release_needs_the_read_back(tmp_path: Path) -> None:
    assert refused(asked(tmp_path, clean(2), release=True, read_back=False)) == ["job.release_unread"]


def test_without_read_back_the_job_says_so(tmp_path: Path) -> None:
    report = done(asked(tmp_path, clean(2), read_back=False), FakePress("", wrong_file="slips-00001.pdf"))
    assert report.job["read_back"]["done"] is False
    assert "NOT read back" in report.job["read_back"]["en"]
    assert report.job["printed"]["slips"] == 2


def test_large_print_has_its_own_form_and_files(tmp_path: Path) -> None:
    frame = clean(9).with_columns(large_print=pl.Series(["0", "0", "0", "1", "1", "1", None, None, None]))
    report = done(asked(tmp_path, frame))
    assert [(f["layout"], f["slips"]) for f in report.job["files"]] == [("mihara", 6), ("a4_large", 3)]


def test_large_print_on_the_form_that_is_the_large_print_is_what_was_asked_for(tmp_path: Path) -> None:
    """A form of one's own on top of it, too: what counts is how large its values are."""
    own = tmp_path / "own_large.toml"
    own.write_text('base = "a4_large"\nid = "own_large"\nversion = "1"\n', encoding="utf-8")
    frame = clean(3).with_columns(large_print=pl.Series(["1", "0", "0"]))
    for layout, name in (("a4_large", "a4_large"), (str(own), "own_large")):
        report = done(asked(tmp_path, frame, layout=layout, out=tmp_path / name))
        assert "large_print.no_layout" not in report.job["problems"]["by_code"]
        assert [(f["layout"], f["slips"]) for f in report.job["files"]] == [
            (name, 3)
        ]  # the payer's bundle stays one


def test_the_form_for_large_print_lies_beside_its_own(tmp_path: Path) -> None:
    own, rows = tmp_path / "own.toml", clean(2).with_columns(large_print=pl.Series(["0", "1"]))
    own.write_text('base = "mihara"\nid = "own"\nversion = "1"\nlarge_print = "big.toml"\n', encoding="utf-8")
    (tmp_path / "big.toml").write_text('base = "a4_large"\nid = "big"\nversion = "1"\n', encoding="utf-8")
    report = done(asked(tmp_path, rows, layout=str(own)))
    assert [layout["id"] for layout in report.job["layouts"]] == ["big", "own"]


def test_two_forms_of_one_id_are_no_pair(tmp_path: Path) -> None:
    """A copy whose id was not changed: every slip was printed on the large form, and the list said so too."""
    own = tmp_path / "own.toml"
    own.write_text('base = "a4_notice"\nid = "a4_large"\nversion = "1"\n', encoding="utf-8")
    with pytest.raises(ProblemError) as caught:
        done(asked(tmp_path, clean(3), layout=str(own)))
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("layout.bad_value", "large_print")
    assert "own.toml" in problem.text("ja") and "a4_large" in problem.text("en")
    own.write_text('base = "a4_large"\nlarge_print = "a4_large"\n', encoding="utf-8")
    with pytest.raises(ProblemError):
        done(asked(tmp_path, layout=str(own)))


def test_large_print_without_a_form_is_a_warning(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('base = "mihara"\nid = "own"\nversion = "1"\nlarge_print = ""\n', encoding="utf-8")
    frame = clean(3).with_columns(large_print=pl.Series(["1", "0", "0"]))
    report = done(asked(tmp_path, frame, layout=str(own)))
    assert report.job["problems"]["by_code"]["large_print.no_layout"] == 1
    assert report.job["printed"]["slips"] == 3


def test_a_wrong_payer_number_puts_nobodys_slip_into_anothers_envelope(tmp_path: Path) -> None:
    """The numbers of the manifest are what inserting machines and people go by."""
    frame = clean(6).with_columns(payer_id=pl.lit("0000000001"))  # three slips each of two people
    report = done(asked(tmp_path, frame))
    manifest = pl.read_parquet(tmp_path / "out" / "manifest.parquet")
    assert manifest["n_of_m"].to_list() == ["1/3", "2/3", "3/3"] * 2
    by_key = dict(frame.select("slip_key", "payer_name").iter_rows())
    names = [{by_key[key] for key in keys} for keys in manifest.group_by("group").agg("slip_key")["slip_key"]]
    assert sorted(map(sorted, names)) == sorted([[n] for n in frame["payer_name"].unique()])
    told = problems(tmp_path / "out").filter(pl.col("code") == "bundle.two_names")
    assert told.select("line", "severity").rows() == [("5", "warning")] and not report.clean


def test_more_instalments_than_the_table_holds_the_notice(tmp_path: Path) -> None:
    frame = clean(15).with_columns(
        payer_id=pl.lit("0000000001"),
        notice_no=pl.lit("N1"),
        tax_item=pl.lit("901"),
        tax_name=pl.lit("市県民税(普通徴収)"),
    )
    frame = frame.with_columns(payload=payloads(frame), barcode=pl.lit(None, pl.String))
    report = done(asked(tmp_path, frame, layout="a4_notice"))
    assert report.job["held"]["by_step"]["file"]["slips"] == 15
    assert report.job["problems"]["by_code"]["instalments.too_many"] == 15


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (errno.ENOSPC, "spool.arrows"),
        (errno.EROFS, "problems.csv"),
        (errno.ENOSPC, "manifest.csv"),
        (errno.EROFS, "slips-00001.pdf"),
    ],
)
def test_a_disk_that_refuses_ends_the_job_in_words(
    tmp_path: Path, number: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.open

    def refuse(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if name in self.name and mode[0] in "wa":
            raise OSError(number, os.strerror(number), str(self))
        return original(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", refuse)
    code = "out.disk_full" if number == errno.ENOSPC else "out.not_writable"
    assert refused(asked(tmp_path, clean(3))) == [code]
    monkeypatch.undo()
    assert files(tmp_path / "out") == {}


def test_a_disk_that_refuses_the_last_sync_takes_the_delivery_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def refuse(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 4:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    request = asked(tmp_path, clean(3))
    monkeypatch.setattr("slips.outfiles.os.fsync", refuse)
    assert refused(request) == ["out.failed"]
    assert files(tmp_path / "out") == {}


def test_an_input_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    request = asked(tmp_path, clean(3))

    def meddle(progress: Progress) -> None:
        if progress.step == "check":
            write_csv(clean(4), request.slips)

    with pytest.raises(ProblemError) as caught:
        print_slips(request, prepress=faking(), listener=meddle)
    assert codes(caught) == ["job.input_changed"]
    assert files(tmp_path / "out") == {}


def test_input_among_the_results_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write_csv(clean(3), out / "upload.csv")
    assert refused(asked(tmp_path, slips=out / "upload.csv")) == ["job.input_in_out"]
    assert refused(asked(tmp_path, slips=out / "nowhere.csv")) == ["file.unreadable"]


def test_progress_counts_up_to_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    print_slips(asked(tmp_path, clean(30)), prepress=faking(), listener=told.append)
    assert [p.step for p in told] == sorted(
        [p.step for p in told], key=["check", "order", "print", "lists"].index
    )
    last = {p.step: p for p in told}
    assert (last["print"].done, last["print"].total) == (30, 30)
    assert "30 / 30" in last["print"].text()
