"""Policy files: what they may say, and that every fault is named."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from elqr.problems import ProblemError
from reconcile.policy import load_policy

DEFAULT = files("layouts").joinpath("policies", "default.toml").read_text(encoding="utf-8")


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = DEFAULT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_default() -> None:
    policy = load_policy()
    assert (policy.rounding, policy.order) == ("segment", ("principal", "delinquency", "dunning_fee"))
    assert policy.offset_order == ("same_tax", "oldest_due")
    assert (policy.tax_years, policy.premium_years) == (5, 2)
    assert (policy.rates.id, policy.interest_rates.id) == ("delinquency", "refund_interest")
    assert len(policy.sha256) == 64


def test_a_site_has_its_own(tmp_path: Path) -> None:
    found = load_policy(written(tmp_path, ('rounding = "segment"', 'rounding = "end"')))
    assert found.rounding == "end" and found.sha256 != load_policy().sha256


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('rounding = "segment"', 'rounding = "up"', "charge.rounding"),
        ("tolerance = 0", "tolerance = 1", "posting.tolerance"),
        (
            '["principal", "delinquency", "dunning_fee"]',
            '["delinquency", "principal", "dunning_fee"]',
            "posting.order",
        ),
        ('["principal", "delinquency", "dunning_fee"]', '["principal"]', "posting.order"),
        ('["principal", "delinquency", "dunning_fee"]', '[1, "principal", "delinquency"]', "posting.order"),
        ('["same_tax", "oldest_due"]', '["same_tax", ["oldest_due"]]', "offset.order"),
        ('rates = "delinquency"', 'rates = "../delinquency"', "charge.rates"),
        ("tax_years = 5", "tax_years = 500000", "time_bar.tax_years"),
        ('["same_tax", "oldest_due"]', '["by_name"]', "offset.order"),
        ('["same_tax", "oldest_due"]', '["largest", "largest"]', "offset.order"),
        ("tax_years = 5", "tax_years = 0", "time_bar.tax_years"),
        ("tax_years = 5", "tax_years = true", "time_bar.tax_years"),
        ("tax_years = 5", "years = 5", "time_bar.years"),
        ("[refund]", "[repay]", "repay"),
        ('id = "default"', "id = 1", "id"),
        ('["principal", "delinquency", "dunning_fee"]', '[1, "principal", "delinquency"]', "posting.order"),
        ('["same_tax", "oldest_due"]', '[["same_tax"]]', "offset.order"),
        ('rates = "delinquency"', 'rates = "refund_interest"', "charge.rates"),
        ('interest = "refund_interest"', 'interest = "delinquency"', "refund.interest"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(ProblemError) as caught:
        load_policy(written(tmp_path, (old, new)))
    assert field in {p.field for p in caught.value.problems}
    assert {p.code for p in caught.value.problems} == {"policy.file"}


def test_a_table_that_is_named_by_its_file_is_told_how_to_name_it(tmp_path: Path) -> None:
    """Nothing else tells a clerk in January how his own table is taken."""
    with pytest.raises(ProblemError) as caught:
        load_policy(written(tmp_path, ('rates = "delinquency"', 'rates = "delinquency.toml"')))
    assert caught.value.problems[0].params["expected"] == "delinquency(delinquency.toml)"


def test_all_faults_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        load_policy(written(tmp_path, ("tolerance = 0", "tolerance = 5"), ("tax_years = 5", "tax_years = 0")))
    assert len(caught.value.problems) == 2


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        load_policy(tmp_path / "none.toml")
    assert caught.value.problems[0].code == "file.unreadable"
    (tmp_path / "bad.toml").write_text("= =", encoding="utf-8")
    with pytest.raises(ProblemError):
        load_policy(tmp_path / "bad.toml")
