"""Profiles as data: what ships is honest, what a municipality writes is judged."""

from __future__ import annotations

import hashlib
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from elqr.problems import ProblemError
from elqr.profile_file import SETTINGS, read_profile, ruled_fields
from elqr.profiles import load_profile, profile_in_force, profile_names
from elqr.wire import field_named

TAX = (files("layouts") / "profiles" / "tax.toml").read_text(encoding="utf-8")


def codes(text: str, *, shipped: bool = False) -> list[str]:
    """The problem codes of a profile's text."""
    with pytest.raises(ProblemError) as caught:
        read_profile(text.encode(), file="x.toml", shipped=shipped)
    assert all(p.text("ja") and p.text("en") for p in caught.value.problems)
    return [p.code for p in caught.value.problems]


def confirmed(text: str = TAX) -> str:
    """A municipality's copy in which every rule is confirmed."""
    lines = []
    for line in text.replace('id = "tax"', 'id = "mihara"').splitlines():
        if line.startswith("status = "):
            lines += ['status = "confirmed"', 'confirmed_by = "三原市"', 'document = "納付書仕様書 第1版"']
        else:
            lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["tax", "charge"])
def test_shipped_profiles_say_what_they_know(name: str) -> None:
    profile = load_profile(name)
    assert profile.id == name
    assert profile.mode == "test"
    assert profile.unconfirmed() == list(profile.rules)
    assert {r.name for r in profile.rules} == {f.name for f in ruled_fields()} | set(SETTINGS)
    assert all(r.ja and r.en and r.says and r.source for r in profile.rules)
    data = (files("layouts") / "profiles" / f"{name}.toml").read_bytes()
    assert profile.sha256 == hashlib.sha256(data).hexdigest()


def test_no_shipped_rule_is_surer_than_the_wire_table() -> None:
    order = ["placeholder", "inferred", "observed"]
    for name in profile_names():
        for rule in load_profile(name).rules:
            if rule.name not in SETTINGS:
                assert order.index(rule.status) <= order.index(field_named(rule.name).status)


def test_placeholders_of_the_format_stay_placeholders() -> None:
    for name in profile_names():
        profile = load_profile(name)
        for rule in ("row1_check", "row2_check", "confirm_no", "tax_office_code", "spare", "module_pitch"):
            assert profile.rule(rule).status == "placeholder"


def test_a_profile_of_another_time_is_refused(tmp_path: Path) -> None:
    assert profile_in_force("charge", date(2026, 9, 1)).id == "charge"
    with pytest.raises(ProblemError, match=r"2026-09-01.*2026-08-31.*profile.not_in_force"):
        profile_in_force("charge", date(2026, 8, 31))
    ended = tmp_path / "ended.toml"
    ended.write_text(TAX.replace("2023-04-01", "2023-04-01\neffective_to = 2026-03-31", 1), encoding="utf-8")
    assert profile_in_force(ended, date(2026, 3, 31)).effective_to == date(2026, 3, 31)
    with pytest.raises(ProblemError, match=r"profile.not_in_force"):
        profile_in_force(ended, date(2026, 4, 1))


def test_a_municipality_confirms(tmp_path: Path) -> None:
    path = tmp_path / "mihara.toml"
    path.write_text(confirmed(), encoding="utf-8")
    profile = load_profile(path)
    assert profile.mode == "compose"
    assert profile.unconfirmed() == []
    assert profile.rule("row1_check").confirmed_by == "三原市"
    assert profile.constants()["fee_bearer"] == ("2",)
    assert str(load_profile("tax").rule("row1_check")) == "row1_check (placeholder)"
    with pytest.raises(KeyError):
        profile.rule("nothing")


def test_nothing_that_ships_may_say_confirmed() -> None:
    assert set(codes(confirmed(), shipped=True)) == {"profile.shipped_confirmed"}


def test_not_found() -> None:
    with pytest.raises(ProblemError, match=r"profile.not_found"):
        load_profile("no_such_profile")


RULE = "[rule.fee_bearer]\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('id = "tax"', "id = tax", ["profile.not_toml"]),
        ('id = "tax"', "", ["profile.missing_key"]),
        ('id = "tax"', 'id = "tax"\nname = "x"', ["profile.unknown_key"]),
        ('kind = "tax"', 'kind = "toll"', ["profile.kind"]),
        ("effective_from = 2023-04-01", 'effective_from = "2023-04-01"', ["profile.missing_key"]),
        (
            "effective_from = 2023-04-01",
            "effective_from = 2023-04-01\neffective_to = 2023-03-31",
            ["profile.dates"],
        ),
        (RULE, f"{RULE}effective_from = 2024-01-01\n", ["profile.rule_dates"]),
        (RULE, f"{RULE}effective_to = 2030-01-01\n", ["profile.rule_dates"]),
        (RULE, "[rule.fee_payer]\n", ["profile.unknown_rule", "profile.one_way", "profile.missing_rule"]),
        (RULE, f'{RULE}colour = "red"\n', ["profile.unknown_key"]),
        (RULE, f'{RULE}column = "amount"\n', ["profile.one_way"]),
        ("[rule.crc]\n", '[rule.crc]\nvalues = ["1"]\n', ["profile.one_way"]),
        ('values = ["2"]', 'setting = "2"', ["profile.one_way"]),
        ('values = ["2"]', 'values = ["22"]', ["profile.value"]),
        ('values = ["2"]', "values = [2]", ["profile.value"]),
        ('values = ["2"]', "values = []", ["profile.value"]),
        ('column = "slip_key"', 'column = "address"', ["profile.column"]),
        ('column = "slip_key"', 'column = "amount"', ["profile.column_width"]),
        ('column = "slip_key"', 'column = "due_date"', ["profile.column_width"]),
        ('function = "body_code_5"', 'column = "body_code"', ["profile.column_width"]),
        ('function = "body_code_5"', 'function = "zeros"', ["profile.function"]),
        ('function = "as_given"', 'function = "guess"', ["profile.function"]),
        (
            'values = ["2"]\nstatus = "observed"',
            'values = ["2"]\nstatus = "sure"',
            ["profile.status"],
        ),
        (
            'values = ["2"]\nstatus = "observed"',
            'values = ["2"]\nstatus = "confirmed"\ndocument = "x"',
            ["profile.confirmed_without"],
        ),
        ('source = "elqr-format 2, MPN 24"', "", ["profile.missing_key"]),
    ],
)
def test_each_fault_has_its_problem(old: str, new: str, expected: list[str]) -> None:
    assert TAX.count(old) == 1
    assert codes(TAX.replace(old, new)) == expected


def test_all_faults_at_once() -> None:
    text = TAX.replace('kind = "tax"', 'kind = "toll"').replace('values = ["2"]', 'values = ["x"]')
    assert codes(text) == ["profile.kind", "profile.value"]
    assert set(codes("")) == {"profile.missing_key", "profile.missing_rule"}
    assert set(codes("title = 1\nrule = 2")) == {"profile.missing_key", "profile.missing_rule"}
