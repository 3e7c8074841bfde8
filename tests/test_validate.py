"""The validators on a page made without the product: each fault seeded into it is noticed by its check.

veraPDF's rules need Java and their jar; `make validate` seeds the same faults for them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sheet
from click.testing import CliRunner

from tools import faults, validate, vera

HERE = [name for name, fault in faults.FAULTS.items() if fault.check != "pdfua-1"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sheet.make(tmp_path_factory.mktemp("sheet") / "good.pdf")


@pytest.fixture(scope="module")
def broken(good: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return faults.seed(good, tmp_path_factory.mktemp("broken"))


def test_a_good_file_passes(good: Path) -> None:
    assert validate.validate([good], environment=None) == {good: {"syntax": [], "pdfx-4": [], "fonts": []}}


@pytest.mark.parametrize("name", HERE)
def test_a_seeded_fault_is_noticed_by_its_check(name: str, broken: dict[str, Path]) -> None:
    verdicts = validate.validate([broken[name]], environment=None)[broken[name]]
    assert verdicts[faults.FAULTS[name].check], f"{faults.FAULTS[name].says} went unnoticed"


@pytest.mark.parametrize("name", [n for n in HERE if faults.FAULTS[n].check != "syntax"])
def test_a_seeded_fault_is_the_only_one(name: str, broken: dict[str, Path]) -> None:
    verdicts = validate.validate([broken[name]], environment=None)[broken[name]]
    assert sum(map(len, verdicts.values())) <= 2, verdicts


def test_without_the_jar_nothing_passes(good: Path, tmp_path: Path) -> None:
    with pytest.raises(vera.NotJudgedError, match="expected 1"):
        vera.judge([good], environment=tmp_path)
    assert CliRunner().invoke(validate.main, [str(good), "--environment", str(tmp_path)]).exit_code == 2


def test_a_folder_without_files_is_no_success(tmp_path: Path) -> None:
    assert CliRunner().invoke(validate.main, [str(tmp_path)]).exit_code == 2
