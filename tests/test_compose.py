"""Composing by a profile: the published structure comes out, and it is a TEST until all is confirmed."""

from __future__ import annotations

from datetime import date
from importlib.metadata import EntryPoint

import numpy as np
import polars as pl
import pytest
from test_payload import VECTOR
from test_profiles import TAX, confirmed

from elqr import rules
from elqr.compose import compose, follows
from elqr.digits import ZERO, Flags, Matrix, row, to_series
from elqr.payload import decode, problems_of
from elqr.problems import ProblemLog
from elqr.profile_file import read_profile
from elqr.profiles import load_profile
from elqr.ruleset import Profile
from elqr.wire import field_named

SLIP = {
    "slip_key": "00000202601020000001",
    "confirm_no": "123456",
    "tax_item": "999",
    "body_code": "999999",
    "levy_year": "2026",
    "tax_year": "2026",
    "period": "02",
    "amount": 12300,
    "due_date": date(2026, 6, 30),
    "payable_until": date(2026, 7, 31),
}
FRAME = pl.DataFrame([SLIP])


def sum_of_row(rest: Matrix) -> Matrix:
    """A stand-in for a municipality's own rule."""
    total = (rest.astype(np.int64) - ZERO).sum(axis=1)
    return np.stack([total // 10 % 10 + ZERO, total % 10 + ZERO], axis=1).astype(np.uint8)


def even(payloads: Matrix) -> Flags:
    """A stand-in for a rule of 確認番号: its last digit is even."""
    return (payloads[:, 29 + 66] - ZERO) % 2 == 0


PLUGINS = {
    "sum": rules.RuleFunction("sum", rules.ROW_CHECK, "confirmed", "行の和", "sum of the row", sum_of_row),
    "even": rules.RuleFunction("even", rules.CONFIRMATION, "confirmed", "偶数", "even", even),
}


def profile(text: str) -> Profile:
    return read_profile(text.encode(), file="x.toml", shipped=False)


def with_plugins(monkeypatch: pytest.MonkeyPatch, found: dict[str, object]) -> None:
    class Point(EntryPoint):
        def load(self) -> object:
            return found[self.name]

    points = [Point(name, "x:y", rules.GROUP) for name in found]
    monkeypatch.setattr(rules, "entry_points", lambda **_: points)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Profile:
    """A confirmed profile with functions of the municipality's own."""
    with_plugins(monkeypatch, dict(PLUGINS))
    text = confirmed().replace('function = "zeros"', 'function = "sum"')
    return profile(text.replace('function = "as_given"', 'function = "even"'))


@pytest.mark.parametrize("name", ["tax", "charge"])
def test_the_synthetic_vector_comes_out(name: str) -> None:
    assert to_series(compose(FRAME, load_profile(name))).to_list() == [VECTOR]


def test_a_column_of_slips() -> None:
    many = pl.concat([FRAME.with_columns(amount=pl.lit(n, dtype=pl.Int64)) for n in (1, 99_999_999_999, 500)])
    matrix = compose(many, load_profile("tax"))
    assert decode(matrix)["row1_amount"].to_list() == ["00000000001", "99999999999", "00000000500"]
    assert not problems_of(matrix, ProblemLog(), pl.DataFrame({"line": [1, 2, 3]})).any()
    assert compose(FRAME.clear(), load_profile("tax")).shape == (0, 255)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="confirm_no"):
        compose(FRAME.with_columns(confirm_no=pl.lit("12345")), load_profile("tax"))
    with pytest.raises(ValueError, match="yen"):
        compose(FRAME.with_columns(amount=pl.lit(10**11)), load_profile("tax"))


def test_own_functions_write_the_check_digits(own: Profile) -> None:
    matrix = compose(FRAME, own)
    cut = decode(matrix).row(0, named=True)
    assert cut["row1_check"] == f"{sum(int(c) for c in VECTOR[31:68]) % 100:02d}"
    assert cut["row2_check"] == f"{sum(int(c) for c in VECTOR[70:112]) % 100:02d}"
    log, rows = ProblemLog(), pl.DataFrame({"line": [1]})
    assert not follows(matrix, own, log, rows).any()
    assert not problems_of(matrix, log, rows).any()
    assert log.table().is_empty()


def test_supplied_payloads_are_held_to_confirmed_functions(own: Profile) -> None:
    odd = compose(FRAME.with_columns(confirm_no=pl.lit("123457")), own)
    wrong = row(VECTOR)
    log, rows = ProblemLog(), pl.DataFrame({"line": [4, 5]})
    assert follows(np.vstack([odd, wrong]), own, log, rows).tolist() == [True, True]
    report = log.report()
    assert report["code"].to_list() == ["payload.confirm_no", "payload.row_check", "payload.row_check"]
    assert report["line"].to_list() == [4, 5, 5]
    assert "123457" in report["message_ja"][0]


def test_a_stand_in_judges_nobody() -> None:
    other = row("".join([VECTOR[:29], "77", VECTOR[31:]]))
    log = ProblemLog()
    assert not follows(other, load_profile("tax"), log, pl.DataFrame({"line": [1]})).any()
    assert log.table().is_empty()


def test_a_constant_that_is_a_stand_in_judges_nobody() -> None:
    """The shipped profile has only a stand-in for 税務事務所コード: a real payload's own code is no fault."""
    rule, office = load_profile("tax").rule("tax_office_code"), field_named("tax_office_code")
    assert rule.values and rule.status == "placeholder"
    real = row(VECTOR).copy()
    real[0, office.offset : office.offset + office.width] = row("7" * office.width)
    log = ProblemLog()
    assert not follows(real, load_profile("tax"), log, pl.DataFrame({"line": [1]})).any()
    assert log.table().is_empty()


def test_supplied_payloads_are_held_to_confirmed_constants() -> None:
    own = profile(confirmed().replace('function = "body_code_5"', 'values = ["34204"]'))
    log, rows = ProblemLog(), pl.DataFrame({"line": [2, 3]})
    right = compose(FRAME, own)
    assert follows(np.vstack([right, row(VECTOR)]), own, log, rows).tolist() == [False, True]
    report = log.report()
    assert report.select("line", "code", "field").row(0) == (3, "payload.value", "tax_body_code")
    assert "99999。正しくは34204" in report["message_ja"][0]


def test_constants_may_stand_where_functions_did() -> None:
    text = TAX.replace('function = "body_code_5"', 'values = ["34204"]')
    text = text.replace('function = "zeros"', 'values = ["12"]', 1)
    cut = decode(compose(FRAME, profile(text))).row(0, named=True)
    assert (cut["tax_body_code"], cut["row1_check"], cut["row2_check"]) == ("34204", "12", "00")


def test_plugins_that_lie_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_plugins(monkeypatch, {"a": print})
    with pytest.raises(ValueError, match="no RuleFunction"):
        rules.functions(rules.ROW_CHECK)
    double = rules.RuleFunction("zeros", rules.ROW_CHECK, "confirmed", "", "", sum_of_row)
    with_plugins(monkeypatch, {"b": double})
    with pytest.raises(ValueError, match="repeats"):
        rules.functions(rules.ROW_CHECK)
