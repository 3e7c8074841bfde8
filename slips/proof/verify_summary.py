"""What the terminal says after a verification: how many of what, what to look at first, which files to open.

In: an `Inspection`, the folder. Out: lines of text, Japanese beside English. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from slips.proof.outcome import Inspection
from slips.proof.remarks import gravity, problem_of
from slips.proof.results import CSV, JSON, PARQUET, sampling_json
from slips.proof.trend import Trend
from slips.proof.verdicts import Finding, SlipResult, Verdict

SAID = 12
"""Slips, and files, that are named in the terminal; the result files have all."""
WORDS: Mapping[Verdict, tuple[str, str]] = MappingProxyType(
    {
        Verdict.MISREAD: ("別の内容", "misread"),
        Verdict.FOREIGN: ("一覧にない", "foreign"),
        Verdict.DUPLICATE: ("重複", "duplicate"),
        Verdict.UNREADABLE: ("読取不能", "unreadable"),
        Verdict.MISSING: ("欠落", "missing"),
        Verdict.OUT_OF_ORDER: ("順番違い", "out of order"),
        Verdict.FAIL: ("不合格", "fail"),
        Verdict.WARN: ("要確認", "warn"),
        Verdict.PASS: ("合格", "pass"),
    }
)


def summary(inspection: Inspection, *, trend: Trend, out: Path) -> Iterator[str]:
    """The lines, the verdict of the whole first."""
    counted = inspection.counts
    shown = [f"{WORDS[v][0]} {n:,} / {n:,} {WORDS[v][1]}" for v, n in counted.items() if n]
    pages = len({(page.source, page.page) for page in inspection.pages})
    yield f"検査 {pages:,} ページ、納付書 {sum(counted.values()):,} 件 / {pages:,} pages, {sum(counted.values()):,} slips"
    yield "  " + " · ".join(reversed(shown))
    files = [problem_of(f, source=source.name) for source in inspection.sources for f in source.findings]
    yield from (f"  ・{problem}" for problem in files[:SAID])
    if rest := len(files[SAID:]):
        yield f"  … ほか {rest:,} 件のファイル(report.html)/ {rest:,} more of files in report.html"
    yield from (f"  ・{problem_of(f)}" for f in (*inspection.findings, *trend.findings))
    yield from _slips(inspection)
    said = sampling_json(inspection.sampling, of=inspection.slips_in_manifest)
    if inspection.sampling.looked_at:
        yield f"{said['ja']} / {said['en']}"
    names = [name for name in ("report.html", CSV, JSON, PARQUET) if (out / name).exists()]
    yield f"→ {out}: {', '.join(names)}"


def _slips(inspection: Inspection) -> Iterator[str]:
    """The gravest first, each with its gravest finding."""
    poor = sorted((s for s in inspection.slips if s.verdict is not Verdict.PASS), key=_gravest_first)
    places = inspection.places
    for slip in poor[:SAID]:
        heavy = sorted(slip.findings, key=_gravity)
        source, page = slip.source, slip.page
        if heavy:
            source, page = places.get(id(heavy[0]), (source, page))
        where = f"{source} p.{page}" if source else "—"
        words = "/".join(WORDS[slip.verdict])
        told = str(problem_of(heavy[0])) if heavy else ""
        yield f"  ・[{words}] {slip.slip_key or '?'} ({where}) {told}"
    rest = Counter(WORDS[s.verdict][1] for s in poor[SAID:])
    if rest:
        yield "  … " + ", ".join(f"{count:,} {word}" for word, count in rest.items())


def _gravity(finding: Finding) -> tuple[int, int]:
    return gravity(finding.code, finding.weight)


def _gravest_first(slip: SlipResult) -> tuple[int, tuple[int, int]]:
    """By verdict; of many that fail, one with a wrong amount before those that are printed too small."""
    return list(Verdict).index(slip.verdict), min(map(_gravity, slip.findings), default=(0, 0))
