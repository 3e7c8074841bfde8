"""The regression table of the readers on simulated scans: minimum reads by defect and reader, maximum misreads 0.

A rise is locked in by writing the table anew: `python -m bench.scans --seeds 1 --severities 2 4 --csv > tests/golden/scan_reads.csv`.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from slips.proof.simulate.defects import DEFECTS, INK, PAPER, SCANNER
from slips.proof.simulate.matrix import (
    CASCADE,
    COMBINED,
    READERS,
    SECOND,
    SINGLE,
    Case,
    Trial,
    cases,
    payload_of,
    reads_table,
    shot_of,
    tried,
)
from slips.proof.simulate.printscan import scan
from slips.proof.simulate.sheet import symbol_sheet
from slips.proof.wechat import WeChat

GOLDEN = Path(__file__).parent / "golden" / "scan_reads.csv"


@pytest.fixture(scope="module")
def trials() -> tuple[Trial, ...]:
    with WeChat() as wechat:
        done = tuple(tried(case, wechat=wechat) for case in cases(seeds=1, severities=(2, 4)))
        assert wechat.troubles == ()
    return done


def test_nobody_misreads(trials: tuple[Trial, ...]) -> None:
    assert [(trial.case, trial.misread) for trial in trials if trial.misread] == []


def test_each_reader_reads_at_least_what_the_table_has(trials: tuple[Trial, ...]) -> None:
    with GOLDEN.open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    found = {row["defect"]: row for row in csv.DictReader(reads_table(trials).splitlines())}
    assert [row["defect"] for row in table] == [*DEFECTS, "all"] == list(found)
    fewer = [
        f"{row['defect']}: {reader} read {found[row['defect']][reader]} of {row['crops']}, expected {row[reader]}"
        for row in table
        for reader in READERS
        if int(found[row["defect"]][reader]) < int(row[reader])
    ]
    assert fewer == []


def test_the_readers_stand_in_their_order(trials: tuple[Trial, ...]) -> None:
    """What one preparation reads the cascade reads, and what any voice reads the combined reader reads."""
    for trial in trials:
        assert (SINGLE in trial.read) <= (CASCADE in trial.read) <= (COMBINED in trial.read)
        assert (SECOND in trial.read) <= (COMBINED in trial.read)


# --- the simulator itself ----------------------------------------------------------------------------


@pytest.mark.parametrize("defect", DEFECTS)
def test_same_seed_same_pixels_and_every_defect_shows(defect: str) -> None:
    case = Case(defect=defect, severity=2, dpi=200, seed=4)
    first, again = shot_of(case).grey, shot_of(case).grey
    assert (first == again).all()
    sheet = symbol_sheet(np.eye(41, dtype=np.uint8), pitch_mm=0.3387)
    clean = scan(sheet, dpi=200, seed=1).grey
    other = scan(sheet, dpi=200, defect=defect, strength=DEFECTS[defect].strengths[5], seed=1).grey
    assert clean.shape != other.shape or np.abs(clean.astype(int) - other).mean() > 0.5


def test_there_are_23_defects_in_three_stages() -> None:
    assert len(DEFECTS) == 23 and {d.stage for d in DEFECTS.values()} == {INK, PAPER, SCANNER}
    assert len({payload_of(case) for case in cases(seeds=1)}) == 23 * 6 * 2


def test_an_unknown_defect_is_refused() -> None:
    sheet = symbol_sheet(np.eye(41, dtype=np.uint8), pitch_mm=0.3387)
    with pytest.raises(KeyError, match="coffee"):
        scan(sheet, dpi=200, defect="coffee", strength=1.0)
    with pytest.raises(ValueError, match="expected a square"):
        symbol_sheet(np.zeros((41, 40), np.uint8), pitch_mm=0.3387)
