"""The charts of a trend as inline SVG: an averaged profile with its limit, a figure over the sheets with its control limits.

In: levels and charts. Out: figures as `elqr.html_charts` makes them, with the numbers in words for screen readers. Coordinates are whole
tenths of a pixel, so that equal figures give equal bytes; a long batch is drawn in at most `POINTS_MAX` steps. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elqr import symbols
from elqr.html_charts import WIDTH, figure
from elqr.html_page import Words
from slips.proof.drift import Chart
from slips.proof.press_marks import STEPS
from slips.proof.streaks import Level

HIGH, TOP, BASE, LEFT = 170, 14, 140, 64
POINTS_MAX = 400

Floats = npt.NDArray[np.floating]


def level_plot(title: Words, level: Level, *, start_mm: float, pitch_mm: float) -> str:
    """Missing ink over the millimetres of the page, and the limit."""
    low = min(-level.limit, float(level.deviation.min()))
    high = max(1.3 * level.limit, 1.1 * float(level.deviation.max()))
    at = (np.arange(len(level.deviation)) + 0.5) / STEPS
    x = LEFT + at / symbols.SIZE * (WIDTH - LEFT - 10)
    peak = int(level.deviation.argmax())
    said = (
        f"{level.sheets}枚の平均、最大 {_percent(level.deviation[peak])} ({start_mm + at[peak] * pitch_mm:.1f} mm)、"
        f"管理限界 {_percent(level.limit)} / mean of {level.sheets} sheets, greatest {_percent(level.deviation[peak])}, "
        f"limit {_percent(level.limit)}"
    )
    ticks = "".join(
        f'<text x="{_n(LEFT + k / symbols.SIZE * (WIDTH - LEFT - 10))}" y="{BASE + 18}" text-anchor="{anchor}">'
        f"{start_mm + k * pitch_mm:.1f} mm</text>"
        for k, anchor in ((0, "start"), (10, "middle"), (20, "middle"), (30, "middle"), (41, "end"))
    )
    y_limit, y_zero = _y(level.limit, low, high), _y(0.0, low, high)
    return figure(
        title,
        said,
        HIGH,
        f'<path class="ax" d="M{LEFT} {_n(y_zero)}H{WIDTH - 10}"/>{ticks}'
        f'<path class="lim" d="M{LEFT} {_n(y_limit)}H{WIDTH - 10}"/>'
        f'<text x="{LEFT - 6}" y="{_n(y_limit + 4)}" text-anchor="end">{_percent(level.limit)}</text>'
        f'<text x="{LEFT - 6}" y="{_n(y_zero + 4)}" text-anchor="end">0 %</text>'
        + _path("ln", x, [_y(float(v), low, high) for v in level.deviation]),
    )


def chart_plot(title: Words, chart: Chart, sheets: Sequence[int], *, decimals: int) -> str:
    """Values (dots), their moving average (line), the centre and the limits over the numbers of the sheets."""
    values, average, numbers = _thinned(chart, np.asarray(sheets, np.float64))
    ends = (chart.centre - 1.3 * chart.limit, chart.centre + 1.3 * chart.limit)
    low, high = min(ends[0], float(values.min())), max(ends[1], float(values.max()))
    span = max(1.0, float(numbers[-1] - numbers[0]))
    x = LEFT + 8 + (numbers - numbers[0]) / span * (WIDTH - LEFT - 26)
    lines = []
    for value, kind in (
        (chart.centre, "ctr"),
        (chart.centre - chart.limit, "lim"),
        (chart.centre + chart.limit, "lim"),
    ):
        y = _y(value, low, high)
        lines.append(
            f'<path class="{kind}" d="M{LEFT} {_n(y)}H{WIDTH - 10}"/>'
            f'<text x="{LEFT - 6}" y="{_n(y + 4)}" text-anchor="end">{value:.{decimals}f}</text>'
        )
    dots = "".join(
        f'<circle class="dot" cx="{_n(a)}" cy="{_n(_y(float(v), low, high))}" r="2"/>'
        for a, v in zip(x, values, strict=True)
    )
    ticks = "".join(
        f'<text x="{_n(float(x[k]))}" y="{BASE + 24}" text-anchor="{anchor}">{numbers[k]:,.0f}</text>'
        for k, anchor in ((0, "start"), (-1, "end"))
    )
    alarm = ""
    said = f"中心 {chart.centre:.{decimals}f}、管理限界 ±{chart.limit:.{decimals}f} / centre, control limit"
    if chart.alarm is not None:
        at = LEFT + 8 + (sheets[chart.alarm] - numbers[0]) / span * (WIDTH - LEFT - 26)
        alarm = f'<path class="alarm" d="M{_n(at)} {TOP}V{BASE}"/><text x="{_n(at + 4)}" y="{TOP + 10}">▲ {sheets[chart.alarm]:,}</text>'
        said += f"、シート {sheets[chart.alarm]:,} で逸脱 / out from sheet {sheets[chart.alarm]:,}"
    drawn = _path("ln", x, [_y(float(v), low, high) for v in average])
    return figure(title, said, HIGH, "".join(lines) + dots + drawn + alarm + ticks)


def _thinned(
    chart: Chart, numbers: npt.NDArray[np.float64]
) -> tuple[Floats, Floats, npt.NDArray[np.float64]]:
    """Of a long batch every k-th sheet, the last one always."""
    step = -(-len(numbers) // POINTS_MAX)
    keep = np.unique(np.append(np.arange(0, len(numbers), step), len(numbers) - 1))
    return chart.values[keep], chart.average[keep], numbers[keep]


def _y(value: float, low: float, high: float) -> float:
    return BASE - (value - low) / max(high - low, 1e-12) * (BASE - TOP)


def _path(kind: str, x: Floats, y: Sequence[float]) -> str:
    points = " ".join(f"{_n(a)} {_n(b)}" for a, b in zip(x.tolist(), y, strict=True))
    return f'<polyline class="{kind}" points="{points}"/>'


def _n(value: float) -> str:
    return f"{round(value * 10) / 10:g}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
