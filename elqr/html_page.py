"""One HTML file without script or network: sections, real tables, figures; Japanese first, English beside it.

In: texts (escaped here) and ready parts. Out: bytes. A strict content policy stands in the page, so that nothing in a cell can ever do anything.
Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
WITH_PICTURES = POLICY.replace("style-src", "img-src data:; style-src")
"""Pictures too, but only such as stand in the file itself."""


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    ja: str
    en: str


Cell = str | int | Words | None
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # never broken at its hyphens


@dataclass(frozen=True)
class Column:
    """A heading, and whether figures stand below it."""

    name: Words
    number: bool = False


def words(text: Words) -> str:
    """Japanese, then English in small print."""
    return f'{escape(text.ja)} <span class="en" lang="en">{escape(text.en)}</span>'


def table(
    caption: Words,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    foot: Sequence[Cell] = (),
    nothing: Words | None = None,
) -> str:
    """A table with caption, column and row headings; the first cell of a row is its heading. Without rows, `nothing` is said."""
    body = [_row(columns, row) for row in rows]
    if not body and nothing:
        return f'<p class="none">{words(caption)}: {words(nothing)}</p>'
    head = "".join(f'<th scope="col"{_class(c)}>{words(c.name)}</th>' for c in columns)
    end = f"<tfoot>{_row(columns, foot)}</tfoot>" if foot else ""
    return (
        f'<div class="wide"><table><caption>{words(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody>{end}</table></div>"
    )


def total(rows: Sequence[Sequence[Cell]], *, over: range) -> tuple[Cell, ...]:
    """The last line of a table: sums of the columns `over`, which are whole numbers, – where none has a figure; nothing without rows."""
    if not rows:
        return ()
    head: list[Cell] = [Words("計", "total"), *(None for _ in range(1, over.start))]
    columns = [[v for row in rows if isinstance(v := row[i], int)] for i in over]
    return (*head, *(sum(figures) if figures else None for figures in columns))


def _row(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    first = f'<th scope="row"{_class(columns[0])}>{_cell(row[0])}</th>'
    rest = "".join(f"<td{_class(c)}>{_cell(v)}</td>" for c, v in zip(columns[1:], row[1:], strict=True))
    return f"<tr>{first}{rest}</tr>"


def _class(column: Column) -> str:
    return ' class="n"' if column.number else ""


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    if isinstance(value, Words):
        return words(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f'<span class="d">{value}</span>' if _DAY.fullmatch(value) else escape(value)


def section(number: int, title: Words, *parts: str) -> str:
    """A numbered part of the page."""
    name = f"s{number}"
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}"><span class="no">{number}</span>{words(title)}</h2>'
        f"{''.join(parts)}</section>"
    )


def note(text: Words) -> str:
    """A remark below a table."""
    return f'<p class="note">{words(text)}</p>'


def tiles(pairs: Sequence[tuple[Words, str, str]]) -> str:
    """The few figures that are read first: name, figure, what stands below it."""
    items = "".join(
        f"<div><dt>{words(name)}</dt><dd><b>{escape(figure)}</b><span>{escape(below)}</span></dd></div>"
        for name, figure, below in pairs
    )
    return f'<dl class="tiles">{items}</dl>'


def page(
    *,
    title: Words,
    lead: str,
    parts: Sequence[str],
    policy: str = POLICY,
    styles: Sequence[str] = ("report.css",),
) -> bytes:
    """The whole file; `styles` are names in `layouts/`, in the order in which they hold."""
    style = "\n".join(files("layouts").joinpath(name).read_text(encoding="utf-8") for name in styles)
    return (
        '<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">\n'
        f"<title>{escape(title.ja)}</title>\n<style>\n{style}</style></head>\n"
        f"<body><header><h1>{words(title)}</h1>{lead}</header>\n<main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    ).encode()
