"""The end of a night in words: what came in, where it went, what is to be looked at; Japanese and English.

In: a `NightReport`. Out: lines for a terminal. What stood in a cell of a row, and numbers of people, are masked unless asked for.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from elqr.problems import Severity, in_general
from reconcile.nightly import NightReport
from reconcile.outcomes import Outcome
from reconcile.report_words import left_out
from reconcile.totals import accounted, drift

SHOWN = 5
NAMES = (
    ("received", "収納", "received"),
    ("posted", "消込", "posted"),
    ("excess", "過誤納", "overpaid"),
    ("suspense", "仮受", "suspense"),
    ("held", "保留", "held"),
    ("quarantined", "隔離・他団体", "quarantined or of other bodies"),  # one sum, as in quarantine.csv
    ("already_taken", "取込済み", "already taken"),
)
_WORDS: Mapping[str, tuple[str, str]] = {o.value: (o.ja, o.en) for o in Outcome}


def summary(report: NightReport, *, out: Path, show_names: bool) -> Iterator[str]:
    """The lines, in order."""
    facts = report.facts
    if facts.dry_run:
        yield "試行です。台帳には記録していません。 / dry run: nothing was recorded"
    elif not facts.committed:
        yield "新しいデータはありません。 / nothing new"
        if facts.files[
            "again"
        ].any():  # a run that was killed behind its commit wrote no files: nothing else tells of it
            ja = "取り込んだ回の結果のファイルがないときは elqr report --run で書き出せます。"
            yield f"  {ja} / elqr report --run writes the files of the run that took them"
    for row in facts.files.iter_rows(named=True):
        yield _file(row)
    for name, ja, en in NAMES:
        count, amount = accounted(facts.run)[name]
        yield f"{ja} / {en}: {count:,} 件, {amount:,} 円 yen"
    yield f"差額 / drift: {drift(facts.after):,} 円 yen"
    yield from _cases(report)
    yield from _problems(report, show_names)
    yield f"→ {out}: {', '.join(report.files)}"


def _file(row: dict[str, Any]) -> str:
    """One file: what was new in it and what had been taken before."""
    said = f"{row['file']}: 新規 / new {row['taken']:,}"
    if row["again"]:
        said = f"{row['file']}: 取込済みのファイル / already taken ({row['already']:,} 件, {row['already_yen']:,} 円 yen)"
        if row["left_out"]:
            more = left_out(row["left_out"])
            said += f"、うち {more.ja} / {more.en}"
        return said
    for name, words in (
        ("already", "取込済み / already taken"),
        ("rejected", "他団体 / other bodies"),
        ("quarantined", "隔離 / quarantined"),
    ):
        if row[name]:
            said += f", {words} {row[name]:,}"
    return said


def _cases(report: NightReport) -> Iterator[str]:
    cases = report.view.cases.filter("is_new")
    counts = cases.group_by("outcome").agg(n=pl.len(), yen=pl.col("amount").sum())
    for outcome, n, yen in sorted(counts.iter_rows()):
        ja, en = _WORDS[outcome]
        yield f"[{outcome}] {n:,} 件, {yen:,} 円 yen: {ja} / {en}"
    older = report.view.cases.height - cases.height
    if older:
        yield f"以前から担当者の判断を待つもの / still waiting for a person: {older:,} 件"


def _problems(report: NightReport, show_names: bool) -> Iterator[str]:
    for problem in report.facts.refused:
        yield f"!!! {problem}"
    told = [problem.code for problem in report.facts.refused]
    weighty = report.problems.filter(
        (pl.col("severity") != Severity.NOTE.value) & ~pl.col("code").is_in(told)
    )
    for code, n in sorted(weighty.group_by("code").len().iter_rows()):
        rows = weighty.filter(pl.col("code") == code)
        # a sentence without a line is of a file: no cell stands in it
        whole = show_names or rows["line"].null_count() == n
        yield f"[{code}] {n:,}" + ("" if whole else f": {' / '.join(in_general(code))}")
        for row in rows.head(SHOWN).iter_rows(named=True):
            place = f"{row['file']}:{row['line']}" if row["line"] is not None else row["file"]
            yield f"    {place}" + (f": {row['message_ja']} / {row['message_en']}" if whole else "")
