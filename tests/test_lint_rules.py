"""The rules of the lint are data: complete, with source and limit, each with a measure, each fault of the print gate with a rule."""

from __future__ import annotations

import tomllib

import pytest
from house import ROOT
from house_words import sentences

from elqr.problems import Severity
from slips.labels import LANGUAGES
from slips.layout import layout_names, load_layout
from slips.lint.check import check_form
from slips.lint.measures import MEASURES
from slips.lint.rules import Rule, load_explained, load_rules
from slips.lint.table import rule_table

FILE_FAULTS = frozenset(  # of a file that is no form at all: told before anything can be measured
    {"not_found", "not_toml", "unknown_key", "missing_key", "wrong_type", "bad_value", "unknown_part"}
    | {"duplicate_id"}
)


def test_every_rule_says_what_why_and_from_where() -> None:
    rules = load_rules()
    assert len(rules) > 40
    for rule in rules.values():
        assert (
            rule.source and rule.title["ja"] and rule.title["en"] and rule.reason["ja"] and rule.reason["en"]
        )
        assert (rule.compare == "absent") == (rule.id not in MEASURES), rule.id


def test_a_rule_whose_figure_is_our_own_is_called_placeholder() -> None:
    ours = [rule for rule in load_rules().values() if "elqr's own" in rule.source]
    assert ours and {rule.status for rule in ours} <= {"placeholder", "inferred"}


def test_every_measure_has_its_rule() -> None:
    assert set(MEASURES) <= set(load_rules())


def test_every_fault_of_the_print_gate_has_a_rule_that_explains_it() -> None:
    covered = {code for rule in load_rules().values() for code in rule.covers}
    gate = {code for code, (file, _) in sentences().items() if file == "layout.toml"}
    gate = {code for code in gate if code.removeprefix("layout.") not in FILE_FAULTS}
    assert gate - covered == set()
    assert covered - gate == {"text.label_overflow", "text.label_no_glyph"}


@pytest.mark.parametrize(
    ("compare", "limit", "kept", "broken"),
    [
        ("at_least", 12.0, (12.0, 11.996, 30.0), (11.99, 0.0)),
        ("at_most", 60.0, (60.0, 60.004), (60.01,)),
        ("between", (8.0, 11.5), (8.0, 11.5, 9.0), (7.9, 11.6)),
        ("one_of", ("S", "T"), ("S",), ("R", "")),
        ("equals", "S", ("S",), ("R", "")),
        ("absent", None, (), (0.0, "anything")),
    ],
)
def test_a_limit_is_kept_at_its_edge_and_broken_beyond(
    compare: str, limit: object, kept: tuple[object, ...], broken: tuple[object, ...]
) -> None:
    rule = Rule(
        id="x.y", severity=Severity.ERROR, compare=compare, limit=limit, unit="pt",  # type: ignore[arg-type]
        title={}, reason={}, source="", status="inferred",
    )  # fmt: skip
    assert [rule.holds(value) for value in kept] == [True] * len(kept)  # type: ignore[arg-type]
    assert [rule.holds(value) for value in broken] == [False] * len(broken)  # type: ignore[arg-type]


def test_limits_read_as_words_in_both_languages() -> None:
    rules = load_rules()
    assert rules["type.body"].limits == {"ja": "12 pt 以上", "en": "at least 12 pt"}
    assert rules["code.bar_width"].limits == {"ja": "60 mm 以下", "en": "at most 60 mm"}
    assert rules["code.customer_size"].limits == {"ja": "8〜11.5 pt", "en": "8 to 11.5 pt"}
    assert rules["place.overlap"].limits == {"ja": "", "en": ""}
    assert not any(sign in text for rule in rules.values() for text in rule.limits.values() for sign in "≤≥")


@pytest.mark.parametrize("name", layout_names())
def test_a_shipped_form_has_no_error_and_every_warning_is_explained(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name not in (
        "mihara",
        "a4_notice",
    ):  # two are printed for the rules that look at pages; every form is printed in test_read_aloud
        monkeypatch.setattr("slips.lint.check.sheets_of", lambda *_, **__: ())
    judged = check_form(name)
    assert [f.text("en") for f in judged.findings if f.rule.severity is Severity.ERROR] == []
    warned = {f.rule.id for f in judged.findings if f.rule.severity is Severity.WARNING}
    explained = load_explained().get(name, {})
    assert warned == set(explained), "layouts/lint/explained.toml says why each warning stays, and no more"
    assert all(f.why == explained[f.rule.id] for f in judged.findings if f.rule.id in explained)
    assert all(why[lang] for why in explained.values() for lang in ("ja", "en"))


def test_explanations_are_of_shipped_forms() -> None:
    assert set(load_explained()) <= set(layout_names())
    assert LANGUAGES[0] == "ja"


def test_the_rules_in_the_docs_are_those_of_the_data() -> None:
    page = (ROOT / "docs/layouts.md").read_text(encoding="utf-8")
    begin, end = "<!-- rules: made by `python -m slips.lint.table` -->\n", "<!-- end of rules -->"
    assert page.partition(begin)[2].partition(end)[0] == rule_table(), "run python -m slips.lint.table"


def test_the_forms_that_window_an_address_say_where() -> None:
    for name in ("a4_notice", "a4_large"):
        (window,) = load_layout(name).windows
        assert (window.h_mm, window.w_mm >= 90) == (45.0, True)


def test_the_data_files_have_no_rule_twice() -> None:
    files = [p for p in sorted((ROOT / "layouts/lint").glob("*.toml")) if p.name != "explained.toml"]
    ids = [rule for p in files for rule in tomllib.loads(p.read_text(encoding="utf-8"))]
    assert len(ids) == len(set(ids)) == len(load_rules())
