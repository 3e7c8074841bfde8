"""Bars as inline SVG: grey on white, readable on paper, each with its figures written beside it.

In: names and whole numbers. Out: a `figure` with title and description for screen readers; the table beside it holds the same figures.
Lengths are whole tenths of a pixel, so that equal figures give equal bytes. Refuses nothing; without any value there is no chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from elqr.html_page import Words, words

WIDTH, ROW, NAME_WIDTH, FIGURE_WIDTH = 960, 26, 250, 150
HEIGHT, BASE, TOP = 190, 160, 22


def bars(title: Words, rows: Sequence[tuple[str, int, str]], *, most: int | None = None) -> str:
    """Lying bars: name, value, the figure as it is written. `most`: the value of a whole bar, where it is not the greatest one."""
    full = most is not None
    most = most or max((value for _, value, _ in rows), default=0)
    if most <= 0 or not rows:
        return ""
    room = WIDTH - NAME_WIDTH - FIGURE_WIDTH
    drawn = []
    for at, (name, value, said) in enumerate(rows):
        y = at * ROW
        long = max(value, 0) * room // most
        track = (
            f'<rect class="t" x="{NAME_WIDTH}" y="{y + 5}" width="{room}" height="{ROW - 10}"/>'
            if full
            else ""
        )
        at_x = NAME_WIDTH + (room if full else long) + 8
        drawn.append(
            track + f'<text x="{NAME_WIDTH - 10}" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="a" x="{NAME_WIDTH}" y="{y + 5}" width="{long}" height="{ROW - 10}"/>'
            f'<text x="{at_x}" y="{y + 17}" class="s">{escape(said)}</text>'
        )
    high = len(rows) * ROW
    line = f'<path class="ax" d="M{NAME_WIDTH} 0V{high}"/>'
    said = "、".join(f"{name} {figure}" for name, _, figure in rows)
    return figure(title, said, high, "".join(drawn) + line)


def pairs(
    title: Words, first: Words, second: Words, rows: Sequence[tuple[str, int | None, int | None]]
) -> str:
    """Standing bars in pairs: name, value now (dark), value before (pale); None where nothing is known."""
    most = max((max(now or 0, before or 0) for _, now, before in rows), default=0)
    if most <= 0:
        return ""
    step = (WIDTH - 20) // max(1, len(rows))
    wide = step * 3 // 10
    drawn = []
    for at, (name, now, before) in enumerate(rows):
        x = 10 + at * step + (step - 2 * wide) // 2
        for value, left, kind in ((before, x, "b"), (now, x + wide, "a")):
            high = max(value or 0, 0) * (BASE - TOP) // most
            drawn.append(
                f'<rect class="{kind}" x="{left}" y="{BASE - high}" width="{wide - 2}" height="{high}"/>'
            )
        drawn.append(f'<text x="{x + wide}" y="{BASE + 18}" text-anchor="middle">{escape(name)}</text>')
    drawn.append(f'<path class="ax" d="M0 {BASE}H{WIDTH}"/>')
    key = (
        f'<rect class="a" x="0" y="2" width="12" height="12"/><text x="18" y="12">{escape(first.ja)} {escape(first.en)}</text>'
        f'<rect class="b" x="240" y="2" width="12" height="12"/><text x="258" y="12">{escape(second.ja)} {escape(second.en)}</text>'
    )
    said = "、".join(f"{name} {_said(now)} ({_said(before)})" for name, now, before in rows)
    return figure(title, said, HEIGHT, key + "".join(drawn))


def _said(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def figure(title: Words, said: str, high: int, drawn: str) -> str:
    """Drawn shapes `WIDTH` wide and `high` high, with caption, title and description (`said`: the figures in words)."""
    return (
        f"<figure><figcaption>{words(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {high}" role="img"><title>{escape(title.ja)}</title>'
        f"<desc>{escape(said)}</desc>{drawn}</svg></figure>"
    )
