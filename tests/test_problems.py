"""Problems as values: parameters of any shape, sentences in two languages, nothing lost and nothing let through to a terminal."""

from __future__ import annotations

import json

import polars as pl
import pytest

from elqr.problems import Problem, ProblemError, ProblemLog, Severity, Where, catalogue

CODE = "payload.length"  # {found} and {expected}
ROWS = pl.DataFrame({"line": [7, 3, 5], "slip_key": ["c", "a", "b"], "n": [1, None, 3]})


def params(log: ProblemLog) -> list[dict[str, str]]:
    return [json.loads(text) for text in log.table()["params"]]


def test_parameters_that_are_the_same_for_all_rows() -> None:
    log = ProblemLog()
    log.add(ROWS, CODE, field="payload", found="x", expected=255)
    assert params(log) == [{"found": "x", "expected": "255"}] * 3


def test_parameters_from_columns_and_series_keep_to_their_row() -> None:
    log = ProblemLog()
    log.add(ROWS, CODE, field="payload", found=pl.col("n"), expected=pl.Series(["p", "q", "r"]))
    assert params(log) == [
        {"found": "", "expected": "q"},
        {"found": "3", "expected": "r"},
        {"found": "1", "expected": "p"},
    ]
    assert log.table()["line"].to_list() == [3, 5, 7]
    assert log.table()["slip_key"].to_list() == ["a", "b", "c"]


def test_a_parameter_may_bear_the_name_of_a_column() -> None:
    log = ProblemLog()
    log.add(ROWS, CODE, field="payload", n=pl.col("n") + 1, found=pl.col("n"), expected="")
    assert [p["n"] for p in params(log)] == ["", "4", "2"]
    assert [p["found"] for p in params(log)] == ["", "3", "1"]


def test_without_parameters_without_keys_without_rows() -> None:
    log = ProblemLog()
    log.add(ROWS.drop("slip_key"), CODE, field="payload")
    assert log.table()["slip_key"].null_count() == 3
    log.add(ROWS.clear(), CODE, field="payload", found="", expected="")
    assert log.table().height == 3


def test_a_code_outside_the_catalogue_is_refused_even_for_no_rows() -> None:
    with pytest.raises(KeyError):
        ProblemLog().add(ROWS.clear(), "no.such_code", field="payload")


def test_a_code_is_found_in_whatever_file_it_stands() -> None:
    assert {
        code: (Problem(code).severity, Problem(code).text("fr"))
        for code in catalogue()
        if "{" not in catalogue()[code].en
    } == {code: (said.severity, said.en) for code, said in catalogue().items() if "{" not in said.en}


def test_the_report_tells_it_in_both_languages() -> None:
    log = ProblemLog()
    log.add(ROWS[:1], CODE, field="payload", found=12, expected=255)
    told = log.report().row(0, named=True)
    assert (told["line"], told["slip_key"], told["severity"], told["code"]) == (7, "c", "error", CODE)
    for lang in ("message_ja", "message_en"):
        assert "12" in told[lang] and "255" in told[lang]
    assert told["message_ja"] != told["message_en"]


def test_held_lines_are_those_with_an_error_once_each() -> None:
    error = next(c for c, s in catalogue().items() if s.severity is Severity.ERROR)
    note = next(c for c, s in catalogue().items() if s.severity is Severity.NOTE)
    log, other = ProblemLog(), ProblemLog()
    log.add(ROWS, error, field="x")
    other.add(ROWS.head(2), error, field="y")
    other.add_one(Problem(note, where=Where("f", 99)))
    log.extend(other)
    assert log.held_lines().to_list() == [3, 5, 7]
    assert log.table().height == 6


def test_control_characters_do_not_reach_the_terminal() -> None:
    told = str(Problem(CODE, "payload", {"found": "a\x1b[2J\r", "expected": 1}, Where("f.csv", 2)))
    assert "<U+001B>" in told and "\x1b" not in told and "\r" not in told
    assert told.startswith("f.csv:2: ") and told.endswith(f"[{CODE}]")


def test_an_error_carries_and_shows_all_its_problems() -> None:
    two = [Problem(CODE, "payload", {"found": n, "expected": 255}) for n in (1, 2)]
    assert ProblemError(two).problems == tuple(two)
    assert str(ProblemError(two)).count(CODE) == 2
    assert ProblemError(two[0]).problems == (two[0],)
