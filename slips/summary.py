"""The end of a print job in words: what was printed, what is held and why, what to do next; Japanese and English.

In: a `JobReport`. Out: lines for a terminal. What a person could be known by (name, address, numbers of the payer, and any cell that
we do not know) is masked unless asked for. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from elqr.describe_table import PERSONAL
from elqr.problems import Problem
from slips.job import JobReport

ABOUT_PEOPLE = frozenset({*PERSONAL, "payer_name_plain", "postal"})
"""Columns of the input, and values printed from them."""
CELLS = frozenset({"found", "after", "text"})
"""Parameters that hold what stood in a cell of the row."""
_OF_BUNDLES = "bundle."
"""They stand at a person's name or number and say a line or how many, never what a cell says."""
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_POINT = re.compile(r"U\+[0-9A-F]{4,6}")
_WEIGHTS: Mapping[str, str] = {
    "error": "誤り(保留) / error (held)",
    "warning": "要確認 / look at this",
    "note": "参考 / note",
}


def masked(problem: Problem) -> Problem:
    """The same problem without what the row says of a person; code points and counts stay."""
    if _FIELD.fullmatch(problem.field) and problem.field not in ABOUT_PEOPLE:
        return problem
    if problem.code.startswith(_OF_BUNDLES):
        return problem
    cells = CELLS | {"expected"} if problem.code.startswith("readback.") else CELLS
    params = {k: _mask(str(v)) if k in cells else v for k, v in problem.params.items()}
    return replace(problem, params=params)


def _mask(text: str) -> str:
    points = _POINT.findall(text)
    if points:
        return ", ".join(points)
    return text if re.fullmatch(r"[0-9]{0,4}", text) else f"***({len(text)})"


def summary(report: JobReport, *, show_names: bool) -> Iterator[str]:
    """The lines, in order."""
    job = report.job
    for ja, en, key in (("入力", "in", "in"), ("印刷", "printed", "printed"), ("保留", "held", "held")):
        part = job[key]
        unread = part["unreadable_amounts"]
        more = f"、金額を読めないもの {unread:,} 件 / amounts not readable: {unread:,}" if unread else ""
        yield f"{ja} / {en}: {part['slips']:,} 件 slips, {part['yen']:,} 円 yen{more}"
    files = job["files"]
    if files:
        span = files[0]["file"] + (f" … {files[-1]['file']}" if len(files) > 1 else "")
        yield f"ファイル / files: {len(files):,} ({span}) → {report.out}"
    yield from _proof(report)
    if job["test_slips"]:
        yield (
            f"見本・使用不可 {job['test_slips']:,} 件: 確定していない規則で作った符号です。"
            f" / TEST, not usable: {job['test_slips']:,} slips carry codes made by unconfirmed rules."
        )
    yield from _problems(report, show_names)
    yield from _next(report)


def _proof(report: JobReport) -> Iterator[str]:
    proof = report.job["read_back"]
    if not proof["done"]:
        yield f"!!! {proof['ja']} / {proof['en']} !!!"
    rejected = report.job["rejected_files"]
    if proof["done"] and not rejected and report.job["files"]:
        slips = report.job["printed"]["slips"]
        yield f"読み戻し / read back: {slips:,} 件、すべて一致 / all agree"
    for entry in rejected:
        yield (
            f"!!! 読み戻しで不一致 / read-back found a difference: {entry['file']}"
            f" ({entry['slips']:,} 件 slips) — 使わないこと / do not use !!!"
        )


def _problems(report: JobReport, show_names: bool) -> Iterator[str]:
    for counted in report.counted:
        yield f"[{_WEIGHTS[counted.severity]}] {counted.code}: {counted.count:,}"
        note = counted.severity == "note"
        for slip_key, problem in counted.examples[: 1 if note else None]:
            shown = problem if show_names else masked(problem)
            line = problem.where.line
            place = f"行 line {line}" if line is not None else ""
            key = f" ({slip_key})" if slip_key else ""
            begin = f"{place}{key}: " if place or key else ""
            yield f"    {begin}{shown.text('ja')} / {shown.text('en')}"
        if counted.count > len(counted.examples) and not note:
            yield "    …"


def _next(report: JobReport) -> Iterator[str]:
    out, job = report.out, report.job
    yield "次にすること / next:"
    if report.counted:
        yield f"  ・{out / 'problems.csv'} を確認 / look at problems.csv"
    if job["held"]["slips"]:
        yield (
            "  ・保留の行だけを直して新しいファイルにし、別のフォルダーへ印刷"
            " / put the held rows, corrected, into a file of their own and print it to another folder"
        )
    if job["printed"]["slips"] and not job["test_slips"]:
        yield f"  ・納付書情報 {out / 'upload.csv'} を登録(登録しないと納付できません) / upload.csv must reach the agency, or nobody can pay"
    if job["printed"]["slips"] and not job["released"]:
        yield "  ・本番の印刷には --release を付ける / add --release for the real run"
