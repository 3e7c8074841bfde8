"""What inserter marks say, held against the manifest: a wrong mark puts another person's sheet into the envelope.

In: the form's marks, what was read of each, what the manifest says of the page. Out: findings. Judges nothing that could not be looked at: a page
that is not registered, or a manifest that says nothing of marks, is said to be unjudged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from slips.form import InserterMark
from slips.inserter import VERSION, WIDTHS
from slips.proof.inserter import MarkReading
from slips.proof.remarks import remark
from slips.proof.verdicts import Finding, Window


def mark_remarks(
    marks: Sequence[InserterMark],
    readings: Sequence[MarkReading],
    *,
    said: str,
    window_of: Callable[[InserterMark], Window | None],
    registered: bool = True,
) -> Iterator[Finding]:
    """`said` is the manifest's column `inserter`: `id=content` of each mark, joined by `;`. `readings` as many as `marks`."""
    right = dict(part.split("=", 1) for part in said.split(";") if "=" in part)
    for mark, reading in zip(marks, readings, strict=True):
        wanted = right.get(mark.id, "")
        if wanted and reading.text == wanted:
            continue
        window = window_of(mark)
        limit = spoken(mark, wanted)
        if not wanted or not registered:
            measured = spoken(mark, reading.text)
            yield remark("verify.mark_unjudged", measured=measured, limit=limit, window=window, mark=mark.id)
        elif reading.fault == "missing":
            yield remark("verify.mark_missing", measured="—", limit=limit, window=window, mark=mark.id)
        elif reading.fault:
            yield remark(
                "verify.mark_unreadable", measured=reading.fault, limit=limit, window=window, mark=mark.id
            )
        else:
            measured = spoken(mark, reading.text)
            yield remark("verify.mark_differs", measured=measured, limit=limit, window=window, mark=mark.id)


def spoken(mark: InserterMark, text: str) -> str:
    """`45 | 1/4 | 123` (group, n of m, running number) of a 2-D mark, the lines of OMR as 0 and 1, — where there is nothing."""
    if not text:
        return "—"
    if mark.kind != "datamatrix" or len(text) != len(VERSION) + sum(WIDTHS.values()):
        return text
    numbers, at = {}, len(VERSION)
    for name, width in WIDTHS.items():
        numbers[name] = int(text[at : at + width])
        at += width
    return f"{numbers['group']} | {numbers['n']}/{numbers['m']} | {numbers['seq']}"
