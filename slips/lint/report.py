"""The findings of a form in words and as documents: text for a terminal, JSON, SARIF 2.1.0.

In: a `Judged` form. Out: text or plain objects. The same findings give the same bytes. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from elqr import __version__
from elqr.problems import Problem, Severity
from slips.form import Layout
from slips.lint.rules import Rule, load_rules
from slips.lint.subject import Finding

SEVERITY_WORDS: Final[Mapping[Severity, tuple[str, str]]] = {
    Severity.ERROR: ("誤り", "errors"),
    Severity.WARNING: ("注意", "warnings"),
    Severity.NOTE: ("参考", "notes"),
}
NAMED_MAX: Final = 6
"""Boxes named in a line of text; JSON and SARIF have all."""
SARIF_SCHEMA: Final = "sarif-schema-2.1.0.json"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A form and all that was found: findings, the faults of the print gate among them, pictures (names, empty for none), lines of its file."""

    layout: Layout
    name: str
    findings: Sequence[Finding]
    gate: Sequence[Problem]
    pictures: Sequence[str] = ()
    lines: Mapping[str, int]

    def count(self, severity: Severity) -> int:
        """Findings of one severity."""
        return sum(f.rule.severity is severity for f in self.findings)

    def picture(self, number: int) -> str:
        """The picture of a finding, by its place in the list."""
        return self.pictures[number] if number < len(self.pictures) else ""


def text(judged: Judged) -> str:
    """For people: the count, then rule by rule what is not kept, in both languages."""
    layout = judged.layout
    ja = "・".join(f"{SEVERITY_WORDS[s][0]} {judged.count(s)}" for s in SEVERITY_WORDS)
    en = ", ".join(f"{judged.count(s)} {SEVERITY_WORDS[s][1]}" for s in SEVERITY_WORDS)
    lines = [f"{judged.name}  {layout.title['ja']} / {layout.title['en']}", f"{ja} / {en}"]
    if not judged.count(Severity.ERROR):
        lines.append("誤りはありません。この様式で印刷できます。 / No errors: the form may be printed.")
    for _, group in groupby(judged.findings, key=lambda f: f.rule.id):
        lines += ["", *_rule_lines(list(group))]
    return "\n".join(lines)


def _rule_lines(group: Sequence[Finding]) -> Iterator[str]:
    rule = group[0].rule
    word = SEVERITY_WORDS[rule.severity][0]
    gate = f" [{', '.join(rule.covers)}]" if rule.covers else ""
    yield f"[{word} {rule.severity.value}] {rule.id}  {rule.title['ja']} / {rule.title['en']}{gate}"
    yield f"  {rule.reason['ja']} / {rule.reason['en']}"
    for (measured, ja, en, detail), same in groupby(group, key=_alike):
        boxes = [box for f in same for box in f.boxes]
        more = f" … ({len(boxes)})" if len(boxes) > NAMED_MAX else ""
        limited = f" ({ja})" if ja == en else f" ({ja} / {en})"
        beside = f" · {detail}" if detail else ""
        yield f"  → {', '.join(boxes[:NAMED_MAX])}{more}: {measured}{limited if ja else ''}{beside}"
    if group[0].why:
        yield f"  説明: {group[0].why['ja']} / {group[0].why['en']}"


def _alike(finding: Finding) -> tuple[str, str, str, str]:
    return finding.measured_text, finding.limit["ja"], finding.limit["en"], finding.detail


def document(judged: Judged) -> dict[str, Any]:
    """For programs: counts, findings, and the faults that stop printing as before (`problems`)."""
    return {
        "layout": judged.name,
        "version": judged.layout.version,
        "sha256": judged.layout.sha256,
        "counts": {severity.value: judged.count(severity) for severity in SEVERITY_WORDS},
        "problems": [
            {"code": p.code, "box": p.field, "message_ja": p.text("ja"), "message_en": p.text("en")}
            for p in judged.gate
        ],
        "findings": [_finding(judged, number, f) for number, f in enumerate(judged.findings)],
    }


def _finding(judged: Judged, number: int, finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "boxes": list(finding.boxes),
        "places_mm": [[round(v, 4) for v in (p.x_mm, p.y_mm, p.w_mm, p.h_mm)] for p in finding.places],
        "measured": finding.measured if isinstance(finding.measured, str) else round(finding.measured, 4),
        "limit": rule.limit,
        "limit_ja": finding.limit["ja"],
        "limit_en": finding.limit["en"],
        "unit": rule.unit,
        "detail": finding.detail,
        "message_ja": finding.text("ja"),
        "message_en": finding.text("en"),
        "reason_ja": rule.reason["ja"],
        "reason_en": rule.reason["en"],
        "source": rule.source,
        "status": rule.status,
        "explained_ja": finding.why.get("ja", ""),
        "explained_en": finding.why.get("en", ""),
        "picture": judged.picture(number),
        "line": _line(judged, finding),
    }


def _line(judged: Judged, finding: Finding) -> int:
    known = (judged.lines.get(box.removesuffix(" (label)")) for box in finding.boxes)
    return next((line for line in known if line), 1)


def sarif(judged: Judged) -> dict[str, Any]:
    """SARIF 2.1.0 (OASIS): one run, the rules, one result a finding at its line of the form's file; explained findings are suppressed."""
    rules = list(load_rules().values())
    return {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "elqr layouts check",
                        "version": __version__,
                        "language": "en",
                        "rules": [_sarif_rule(rule) for rule in rules],
                    }
                },
                "artifacts": [
                    {"location": {"uri": judged.layout.file}, "hashes": {"sha-256": judged.layout.sha256}}
                ],
                "columnKind": "utf16CodeUnits",
                "results": [
                    _sarif_result(judged, number, f, [r.id for r in rules].index(f.rule.id))
                    for number, f in enumerate(judged.findings)
                ],
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title["en"]},
        "fullDescription": {"text": f"{rule.reason['en']} {rule.reason['ja']}"},
        "help": {"text": f"{rule.title['ja']}: {rule.limits['ja'] or '—'} — {rule.source} ({rule.status})"},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"limit": rule.limits["en"], "source": rule.source, "status": rule.status},
    }


def _sarif_result(judged: Judged, number: int, finding: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.rule.severity.value,
        "message": {"text": f"{finding.text('en')} / {finding.text('ja')}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": judged.layout.file, "index": 0},
                    "region": {"startLine": _line(judged, finding)},
                },
                "logicalLocations": [{"name": box, "kind": "box"} for box in finding.boxes],
            }
        ],
        "properties": {
            "measured": finding.measured_text,
            "limit": finding.limit["en"],
            "picture": judged.picture(number),
        },
    }
    if finding.why:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": finding.why["en"]}
        ]
    return result
