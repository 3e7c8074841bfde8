"""problems.csv is in order of line whatever was found when, and memory does not hold it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from elqr.problems import ProblemLog
from slips.findings import EXAMPLES_PER_CODE, Findings


def noted(*lines: int, code: str = "bundle.over_file_limit") -> ProblemLog:
    log = ProblemLog()
    rows = pl.DataFrame({"line": lines}, schema={"line": pl.Int64})
    log.add(rows, code, field="sort_key", found=pl.col("line"), expected=5000)
    return log


def test_batches_and_late_finds_come_out_in_order_of_line(tmp_path: Path) -> None:
    findings = Findings(tmp_path)
    findings.add_batch(noted(2, 4).table(), last_line=5)
    findings.add_batch(noted().table(), last_line=7)
    findings.add_batch(noted(9).table(), last_line=10)
    findings.late.extend(noted(10, 3, 5, 6, code="bundle.two_layouts"))
    findings.counted()
    findings.late.extend(noted(12, 2, code="bundle.over_file_limit"))
    findings.write(tmp_path / "problems.csv")
    table = pl.read_csv(tmp_path / "problems.csv")
    assert table.columns == ["line", "slip_key", "severity", "code", "field", "message_ja", "message_en"]
    assert table["line"].to_list() == [2, 2, 3, 4, 5, 6, 9, 10, 12]
    assert table["code"].to_list()[:2] == ["bundle.over_file_limit", "bundle.over_file_limit"]


def test_of_one_line_what_its_batch_found_comes_before_what_was_found_late(tmp_path: Path) -> None:
    """At the seam between two batches too: the next batch's first line does not go out with the batch before."""
    findings = Findings(tmp_path)
    findings.add_batch(noted(2, 4).table(), last_line=5)
    findings.add_batch(noted(6, 7).table(), last_line=7)
    findings.late.extend(noted(5, 6, 7, code="bundle.two_layouts"))
    findings.write(tmp_path / "problems.csv")
    table = pl.read_csv(tmp_path / "problems.csv")
    own, late = "bundle.over_file_limit", "bundle.two_layouts"
    assert table.select("line", "code").rows() == [
        *((2, own), (4, own), (5, late)),
        *((6, own), (6, late), (7, own), (7, late)),
    ]


def test_counts_by_code_with_a_few_examples(tmp_path: Path) -> None:
    findings = Findings(tmp_path)
    findings.add_batch(noted(*range(2, 50)).table(), last_line=60)
    findings.late.extend(noted(7, code="readback.file_rejected"))
    first, second = findings.counted()
    assert (first.code, first.severity, first.count) == ("readback.file_rejected", "error", 1)
    assert (second.severity, second.count, len(second.examples)) == ("note", 48, EXAMPLES_PER_CODE)
    assert [p.where.line for _, p in second.examples] == [2, 3, 4]
    assert findings.counted() == (first, second)


def test_no_problems_is_a_header(tmp_path: Path) -> None:
    findings = Findings(tmp_path)
    assert findings.counted() == ()
    findings.write(tmp_path / "problems.csv")
    assert (
        tmp_path / "problems.csv"
    ).read_text() == "line,slip_key,severity,code,field,message_ja,message_en\n"
