"""From printed pages with faults of the press to the words in the report, through the whole verification."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from slips.layout import load_layout
from slips.proof.deliver import deliver
from slips.proof.outcome import Inspection
from slips.proof.remarks import remark
from slips.proof.run import VerifyRequest, verify
from slips.proof.suspicions import SAID, WEAK, unsaid
from tools.paper import PRESS_DPI, Scanner, Sheet, sheets_of, write_scans

SHEETS = 5
SCREENED = 3
"""The sheet whose black is screened."""


def screen(page: np.ndarray, coverage: float) -> np.ndarray:
    y, x = np.indices(page.shape, np.float32)
    u, v = (x + y) / 2**0.5 * 85 / PRESS_DPI, (x - y) / 2**0.5 * 85 / PRESS_DPI
    hills = np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)
    return np.where(hills > np.quantile(hills[::9, ::9], 1 - coverage), page, np.maximum(page, 235)).astype(
        np.uint8
    )


@pytest.fixture(scope="module")
def inspection(printed_job: Path, tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """Every sheet lacks a quarter of its ink in a line of 0.08 mm through the code; one is screened as well."""
    folder = tmp_path_factory.mktemp("press")
    form = load_layout("mihara")
    pages = []
    for number, page in enumerate(sheets_of(printed_job / "slips-00001.pdf", range(1, SHEETS + 1)), 1):
        spoilt = page.copy()
        columns = Sheet(page, form).code[1]
        at = (columns.start + columns.stop) // 2 + 5
        spoilt[:, at : at + 2] = 255 - ((255 - spoilt[:, at : at + 2].astype(np.uint16)) * 3 // 4).astype(
            np.uint8
        )
        pages.append(screen(spoilt, 0.7) if number == SCREENED else spoilt)
    write_scans(pages, folder, scanner=Scanner(dpi=400))
    return verify(VerifyRequest(paths=[folder], manifest=printed_job / "manifest.parquet", sample=True))


def test_a_screened_black_is_named_where_the_gates_complain(inspection: Inspection) -> None:
    page = inspection.pages[SCREENED - 1]
    codes = [finding.code for finding in page.findings]
    assert set(codes) & WEAK
    assert "verify.cause_screen" in codes
    assert len(page.pictures) == len(page.findings)
    others = [f.code for k, p in enumerate(inspection.pages) if k != SCREENED - 1 for f in p.findings]
    assert not [code for code in others if code.startswith("verify.cause_")]


def test_the_streak_is_told_though_no_page_has_a_finding_of_it(
    inspection: Inspection, tmp_path: Path
) -> None:
    delivery = deliver(inspection, tmp_path / "out")
    streaks = [f for f in delivery.trend.findings if f.code == "verify.trend_streak"]
    assert len(streaks) == 1
    place = load_layout("mihara")
    code = next(box for box in place.boxes if box.kind == "qr")
    assert (
        abs(float(str(streaks[0].params["at"]).split()[0]) - (code.x_mm + place.qr_side_mm / 2 + 0.25)) < 0.3
    )
    assert not delivery.clean
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "筋状のインク抜けが続いています" in page
    assert "黒がベタでなく網点で印刷されています" in page
    assert "verify.trend_streak" in json.dumps(delivery.document)


def test_no_payer_is_named(inspection: Inspection, printed_job: Path, tmp_path: Path) -> None:
    deliver(inspection, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    slips = pl.read_csv(printed_job.parent / "slips.csv", infer_schema=False)
    for column in ("payer_name", "address", "payer_id"):
        values = [value for value in slips[column].unique() if value]
        assert values
        assert not [value for value in values if value in page], column


def test_a_gate_and_a_suspicion_do_not_say_the_same_twice() -> None:
    causes = sorted(set().union(*SAID.values()) | {"verify.cause_screen"})
    for gate, same in SAID.items():
        left = unsaid(map(remark, causes), [remark("verify.reserve"), remark(gate)])
        assert [cause.code for cause in left] == [code for code in causes if code not in same]
    assert [cause.code for cause in unsaid(map(remark, causes), [remark("verify.reserve")])] == causes
