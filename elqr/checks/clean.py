"""Brings cells to one notation before they are judged; each change that a person could see is a note with before and after.

In: canonical columns as strings; out: the same columns. Codes, amounts and dates: full-width to half-width, blanks, yen signs. Text: outer
blanks, line breaks, kana with a separate voicing mark, the site's 外字. Refuses to touch anything else of a name or an address: no
Unicode normalisation, which would replace 塚 (U+FA10) by another character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

import polars as pl

from elqr.checks.rules import code_point, report
from elqr.columns import COLUMNS, Column, Kind
from elqr.dates import parse
from elqr.money import FIGURES
from elqr.problems import ProblemLog
from elqr.site import Site

_NOT_PLAIN = r"[^!-~]"  # anything but visible ASCII
_HYPHENS = r"[\u2010-\u2015\u2212\u30FC\uFF70]"  # what people type for a hyphen in numbers
_OUTER_BLANK = r"^[\s\u3000]|[\s\u3000]$"
_LINE_BREAK = r"[\r\n]+"
_VOICING = r"[\u3041-\u30FF][\u3099\u309A]"


def cleaned(frame: pl.DataFrame, site: Site, log: ProblemLog) -> pl.DataFrame:
    """The frame with every cell in its normal notation, empty = null; notes of each change go to `log`."""
    for column in COLUMNS:
        if frame[column.name].null_count() == frame.height:
            continue
        if column.kind is Kind.TEXT:
            frame = plain_text(frame, column, site.gaiji, log)
        else:
            change = _plain_day(frame[column.name]) if column.kind is Kind.DATE else _half_width
            frame = _changed(frame, column.name, _NOT_PLAIN, change, "value.normalised", log)
            if column.kind is Kind.MONEY:
                frame = _changed(frame, column.name, "[^0-9]", _bare_yen, "value.normalised", log)
            elif column.kind is Kind.POSTAL:
                frame = _changed(
                    frame, column.name, "[^0-9-]", lambda t: t.removeprefix("〒"), "value.normalised", log
                )
                frame = frame.with_columns(
                    pl.col(column.name).str.replace("^([0-9]{3})-([0-9]{4})$", "${1}${2}")
                )
            elif column.choices:
                frame = frame.with_columns(
                    pl.col(column.name).replace({w: v for v, w in column.choices.items()})
                )
    return frame


def plain_text(
    frame: pl.DataFrame, column: Column, gaiji: Mapping[str, str], log: ProblemLog
) -> pl.DataFrame:
    """The frame (with `line` and `slip_key`) with a name, an address or an identifier in its normal notation: only what the module promises."""
    frame = _changed(frame, column.name, _OUTER_BLANK, lambda t: t.strip(), "value.trimmed", log)
    if frame[column.name].str.contains(r"[^ -~]").any() is not True:
        return frame
    frame = _changed(
        frame, column.name, _LINE_BREAK, lambda t: re.sub(_LINE_BREAK, "　", t), "value.line_break", log
    )
    frame = _changed(frame, column.name, _VOICING, _composed, "value.composed", log)
    if gaiji:
        pattern = f"[{''.join(gaiji)}]"
        marked = frame.filter(pl.col(column.name).str.contains(pattern))
        if marked.height:
            point = marked.select(code_point(column.name, pattern)).to_series()
            table = str.maketrans(dict(gaiji))
            frame = _changed(
                frame, column.name, pattern, lambda t: t.translate(table), "value.gaiji", log, point=point
            )
    return frame


def _changed(
    frame: pl.DataFrame,
    name: str,
    pattern: str,
    change: Callable[[str], str],
    code: str,
    log: ProblemLog,
    **params: pl.Series,
) -> pl.DataFrame:
    """Apply `change` to the cells of `name` that match `pattern`; note those that it alters."""
    hit = frame[name].str.contains(pattern).fill_null(value=False)
    if not hit.any():
        return frame
    rows = frame.filter(hit)
    before = rows[name]
    after = pl.Series(name, [change(t) for t in before.to_list()], dtype=pl.String)
    differs = before != after
    report(
        rows.filter(differs),
        code,
        name,
        log,
        {
            "found": before.filter(differs),
            "after": after.filter(differs),
            **{k: v.filter(differs) for k, v in params.items()},
        },
    )
    empty_is_null = after.to_frame().select(pl.when(pl.col(name) != "").then(pl.col(name))).to_series()
    return frame.with_columns(frame[name].scatter(hit.arg_true(), empty_is_null))


def _half_width(text: str) -> str:
    half = unicodedata.normalize("NFKC", text)
    return re.sub(r"\s", "", re.sub(_HYPHENS, "-", half))


def _plain_day(cells: pl.Series) -> Callable[[str], str]:
    """For dates alone: what is no date stays as it stands in the file, so that the message shows what a person finds there."""
    distinct = cells.unique()
    days = set(distinct.filter(parse(distinct).is_not_null()))
    return lambda text: _half_width(text) if text in days else text


def plain_yen(text: str) -> str:
    """An amount in any notation that a slips file may have, as digits; what is none stays something else."""
    return _bare_yen(_half_width(text))


def _bare_yen(text: str) -> str:
    """`¥12,300`, `12,300円`, `▲500` as digits with a sign; what is no such notation stays for the check to refuse."""
    signed = re.sub("^[▲△]", "-", text)
    match = re.fullmatch(rf"(-?)[\\¥]?(-?)({FIGURES})円?", signed)
    return f"{match[1] or match[2]}{match[3].replace(',', '')}" if match else text


def _composed(text: str) -> str:
    return re.sub(_VOICING, lambda pair: unicodedata.normalize("NFC", pair[0]), text)
