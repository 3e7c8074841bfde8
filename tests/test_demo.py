"""What `make demo` shows: the whole sample printed by each form, three rows held, every code read back, valid files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from house import ROOT

from cli import main
from tools import validate

SAMPLE = ROOT / "sample_data"
FAULTY = {225: "payload.crc", 226: "payload.amount_differs", 227: "due_date.after_payable_until"}


@pytest.fixture(scope="module", params=["mihara", "a4_notice"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp(request.param)
    words = ["print", str(SAMPLE / "slips.csv"), "--site", str(SAMPLE / "site.toml"), "--out", str(out)]
    done = CliRunner().invoke(main, [*words, "--layout", request.param, "--issue-date", "2026-06-01"])
    assert done.exit_code == 1, done.output
    return out


def test_three_rows_are_held_and_all_others_printed_and_read_back(printed: Path) -> None:
    job = json.loads((printed / "job.json").read_text(encoding="utf-8"))
    rows = (SAMPLE / "slips.csv").read_text(encoding="utf-8").count("\n") - 1
    assert (job["in"]["slips"], job["held"]["slips"], job["printed"]["slips"]) == (rows, 3, rows - 3)
    assert job["in"]["yen"] == job["held"]["yen"] + job["printed"]["yen"]
    assert job["rejected_files"] == [] and job["test_slips"] == 0
    problems = pl.read_csv(printed / "problems.csv")
    errors = problems.filter(pl.col("severity") == "error")
    assert set(errors["line"]) == set(FAULTY)
    for line, code in FAULTY.items():
        assert code in set(errors.filter(pl.col("line") == line)["code"])


def test_special_payers_are_noted(printed: Path) -> None:
    codes = set(pl.read_csv(printed / "problems.csv")["code"])
    assert {"text.fallback_font", "value.gaiji", "due_date.before_issue"} <= codes


def test_manifest_and_upload_are_the_printed_slips(printed: Path) -> None:
    manifest = pl.read_csv(printed / "manifest.csv", infer_schema=False)
    upload = pl.read_csv(printed / "upload.csv", infer_schema=False)
    assert manifest["slip_key"].sort().to_list() == upload["slip_key"].sort().to_list()
    assert set(manifest["layout"]) > {"a4_large"}
    assert set(manifest["mode"]) == {"pass-through"}


def test_the_files_are_valid(printed: Path) -> None:
    files = sorted(printed.glob("slips-*.pdf"))
    verdicts = validate.validate(files, environment=None)
    assert len(verdicts) == 2
    assert [line for checks in verdicts.values() for said in checks.values() for line in said] == []
