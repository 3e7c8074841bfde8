"""The results of a verification as files in a folder: for programs, for spreadsheets, and the report for people.

In: an `Inspection`. Out: `results.csv`, `results.json`, `results.parquet`, `report.html`, each whole or not at all; the same bytes for the same run.
Refuses (ProblemError) what the disk refuses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slips.outfiles import telling_disk_errors, write_whole
from slips.proof.outcome import Inspection
from slips.proof.results import CSV, JSON, PARQUET, csv_of, document_of, parquet_of, table_of
from slips.proof.thresholds import load_thresholds
from slips.proof.trend import Trend, trend_of
from slips.proof.verify_report import report_html

REPORT = "report.html"
FILES = (CSV, PARQUET, JSON, REPORT)


@dataclass(frozen=True, eq=False)
class Delivery:
    """What was written: the content of `results.json`, and whether anything asks for a look."""

    document: dict[str, Any]
    trend: Trend
    clean: bool


def deliver(inspection: Inspection, folder: Path) -> Delivery:
    """Write the four files into `folder`, which is made where needed. Raises ProblemError."""
    with telling_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    thresholds = load_thresholds()
    trend = trend_of([page.mark for page in inspection.pages], inspection.sheet_numbers)
    table = table_of(inspection)
    document = document_of(inspection, trend=trend, thresholds=thresholds)
    write_whole(folder / CSV, csv_of(table))
    write_whole(folder / PARQUET, parquet_of(table))
    write_whole(folder / JSON, (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode())
    write_whole(folder / REPORT, report_html(inspection, trend=trend, thresholds=thresholds))
    return Delivery(document, trend, inspection.clean and trend.calm)
