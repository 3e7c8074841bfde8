"""Judges a form by all rules: measures, compares, adds what the print gate refuses, and says why a finding may stay.

In: a form by name or path. Out: findings, errors first. Refuses (ProblemError) what cannot be read as a form at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from elqr.problems import Problem, Severity
from elqr.site import Site
from slips.constants import constant_texts, set_constant
from slips.fonts import FontLibrary
from slips.form import Layout
from slips.labels import GUIDED, LANGUAGES, load_labels, spoken
from slips.lint.measures import MEASURES
from slips.lint.rules import Rule, load_explained, load_rules
from slips.lint.subject import Finding, Measured, Sheet, Subject
from slips.press import site_words
from slips.rect import Rect

WEIGHT: Mapping[Severity, int] = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def findings_of(
    layout: Layout,
    *,
    gate: Sequence[Problem],
    fonts: FontLibrary,
    sheets: Sequence[Sheet] = (),
) -> list[Finding]:
    """Every rule that the form does not keep; errors first, then in the order of the rules and of the form.

    `gate`: what stops the form from being printed (`catalogue.gate_faults`). `fonts`: those of `catalogue.all_faces(layout)`.
    `sheets`: finished pages, for the rules that look at them.
    """
    subject = subject_of(layout, gate, fonts=fonts, sheets=sheets)
    rules = load_rules()
    found = [finding for rule in rules.values() for finding in broken(rule, subject)]
    found += _of_gate(gate, found, rules, layout)
    explained = load_explained().get(layout.id, {})
    merged = [
        replace(f, why=explained.get(f.rule.id, {})) if f.rule.severity is not Severity.ERROR else f
        for f in _merged(found)
    ]
    return sorted(merged, key=lambda f: WEIGHT[f.rule.severity])


def subject_of(
    layout: Layout, gate: Sequence[Problem], *, fonts: FontLibrary, sheets: Sequence[Sheet] = ()
) -> Subject:
    """The form with its words set in every language; words that cannot be set are left out (the gate has them)."""
    missing = tuple(
        (
            str(p.params["expected"]).removeprefix("labels/").removesuffix(".toml"),
            str(p.params["found"]),
            p.field,
        )
        for p in gate
        if p.code == "layout.unknown_label"
    )
    lost = {key for _, key, _ in missing}
    unset = {p.field for p in gate if p.code.startswith("text.")}
    whole = replace(
        layout,
        boxes=tuple(b for b in layout.boxes if lost.isdisjoint(b.label_keys) and b.name not in unset),
    )
    lines = _lines(whole, fonts)
    return Subject(layout, lines, missing, (*LANGUAGES, *GUIDED), tuple(sheets))


def _lines(layout: Layout, fonts: FontLibrary) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    labelled = {box.name for box in layout.boxes if box.label}
    for lang in (*LANGUAGES, *GUIDED):
        labels = load_labels(lang)
        words = partial(labels.text, site=spoken(site_words(Site.unknown()), labels.base))
        seen: set[str] = set()
        for text in constant_texts(layout, words, has_mark=False, face_of=labels.face):
            what = "label" if text.box in labelled and text.box not in seen else "text"
            seen.add(text.box)
            lines = len({run.y for run in set_constant(text, fonts, file=layout.file)})
            counted[text.box, what] = max(lines, counted.get((text.box, what), 0))
    return counted


def broken(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """The findings of one rule, one a box."""
    measure = MEASURES.get(rule.id)
    for value in measure(subject) if measure else ():
        if not rule.holds(value.value):
            yield _finding(rule, value)


def _finding(rule: Rule, value: Measured) -> Finding:
    return Finding(
        rule=rule,
        boxes=(value.box,),
        places=value.places,
        measured=value.value,
        limit=rule.limits,
        detail=value.detail,
    )


def _of_gate(
    gate: Iterable[Problem], found: Sequence[Finding], rules: Mapping[str, Rule], layout: Layout
) -> Iterator[Finding]:
    """What the print gate refuses and no measure has found at that box: nothing that stops printing is kept quiet."""
    owner = {code: rule for rule in reversed(list(rules.values())) for code in rule.covers}
    explained = {(code, box) for f in found for code in f.rule.covers for box in f.boxes}
    places = {box.name: box.rect for box in layout.boxes} | {part.id: part.rect for part in layout.parts}
    for problem in gate:
        box = problem.field.removesuffix(" (label)")
        if (problem.code, box) in explained or problem.code == "layout.unknown_label":
            continue
        rule = owner[problem.code]
        yield Finding(
            rule=rule,
            boxes=(problem.field,),
            places=(places[box],) if box in places else (),
            measured=str(problem.params.get("found", "")) or "—",
            limit=dict.fromkeys(("ja", "en"), str(problem.params.get("expected", ""))),
            detail=str(problem.params.get("text", "")),
        )


def _merged(found: Iterable[Finding]) -> list[Finding]:
    """The same finding at the same box of several parts, and in several languages, as one."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for f in found:
        name = f.boxes[0].rpartition(".")[2]
        key = (f.rule.id, name, f.rule.measured_text(f.measured), f.limit["en"], _plain(f.detail))
        groups.setdefault(key, []).append(f)
    return [
        replace(
            group[0],
            boxes=_unique(box for f in group for box in f.boxes),
            places=_rects(place for f in group for place in f.places),
        )
        for group in groups.values()
    ]


def _plain(detail: str) -> str:
    """A neighbour of the same name in another part is the same neighbour."""
    return detail.rpartition(".")[2] if " " not in detail else detail


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _rects(places: Iterable[Rect]) -> tuple[Rect, ...]:
    return tuple(dict.fromkeys(places))
