"""The press over a batch: streaks at one place of the sheet, and figures that creep, before any single grade moves.

In: a `PressMark` for each slip whose symbol was measured, in the order of the sheets. Out: `Trend`: findings with their sheets, charts with their
control limits. Refuses nothing; too few sheets tell nothing, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from slips.proof.drift import Chart, chart_of
from slips.proof.press_marks import PressMark
from slips.proof.remarks import remark
from slips.proof.streaks import LIMIT_SIGMAS, Level, Streak, level_of, stacked, streaks_of
from slips.proof.verdicts import Finding, Weight


@dataclass(frozen=True)
class Tracked:
    """A figure that is followed over the batch: unit, decimals, and the change that is worth a word."""

    unit: str
    decimals: int
    least: float
    code: str


TRACKED: Mapping[str, Tracked] = MappingProxyType(
    {
        "dx_mm": Tracked("mm", 2, 0.10, "verify.trend_across"),
        "dy_mm": Tracked("mm", 2, 0.10, "verify.trend_along"),
        "growth_h": Tracked("modules", 3, 0.04, "verify.trend_growth"),
        "growth_v": Tracked("modules", 3, 0.04, "verify.trend_growth"),
        "contrast": Tracked("", 3, 0.05, "verify.trend_contrast"),
        "reserve": Tracked("", 3, 0.08, "verify.trend_reserve"),
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class PlaceTrend:
    """One place of the sheet. `sheets` are the numbers (from 1) of the sheets whose profiles make up `columns` and `rows`."""

    place: str
    sheets: tuple[int, ...]
    x_mm: float
    y_mm: float
    pitch_mm: float
    columns: Level | None
    rows: Level | None
    charts: Mapping[str, Chart]
    """By figure, in the order of `TRACKED`."""
    charted: Mapping[str, tuple[int, ...]]
    """The numbers of the sheets behind each chart."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Trend:
    """What a batch says of its press."""

    places: tuple[PlaceTrend, ...] = ()
    findings: tuple[Finding, ...] = ()
    sheets: int = 0
    """All of the batch, measured or not."""

    @property
    def calm(self) -> bool:
        """Nothing is said of the press that asks for a look."""
        return all(finding.weight is Weight.NOTE for finding in self.findings)


def trend_of(marks: Sequence[PressMark | None], numbers: Sequence[int] | None = None) -> Trend:
    """The trend of a batch; one entry a slip in the order of the sheets; None where nothing was measured.

    `numbers` say on which sheet, from 1, each slip is; without them each is a sheet of its own.
    """
    numbers = range(1, len(marks) + 1) if numbers is None else numbers
    by_place: dict[str, list[tuple[int, PressMark]]] = {}
    for number, mark in zip(numbers, marks, strict=True):
        if mark is not None:
            by_place.setdefault(mark.place, []).append((number, mark))
    places, findings = [], list[Finding]()
    for name, numbered in sorted(by_place.items()):
        place, found = _place(name, numbered)
        places.append(place)
        findings += found
    return Trend(places=tuple(places), findings=tuple(findings), sheets=max(numbers, default=0))


def _place(name: str, numbered: Sequence[tuple[int, PressMark]]) -> tuple[PlaceTrend, list[Finding]]:
    first = numbered[0][1]
    profiled = [(number, mark.profile) for number, mark in numbered if mark.profile is not None]
    sheets = [number for number, _ in profiled]
    columns = stacked([profile.columns for _, profile in profiled])
    rows = stacked([profile.rows for _, profile in profiled])
    found = [
        _line("verify.trend_streak", name, sheets, streak, first.x_mm + streak.at * first.pitch_mm)
        for streak in streaks_of(columns)
    ] + [
        _line("verify.trend_line", name, sheets, streak, first.y_mm + streak.at * first.pitch_mm)
        for streak in streaks_of(rows)
    ]
    charts, charted = {}, {}
    for figure, tracked in TRACKED.items():
        seen = [
            (number, mark.figures[figure])
            for number, mark in numbered
            if np.isfinite(mark.figures.get(figure, np.nan))
        ]
        if len(seen) > 1:
            charted[figure] = tuple(number for number, _ in seen)
            charts[figure] = chart = chart_of(np.array([value for _, value in seen]), least=tracked.least)
            if chart.alarm is not None:
                found.append(_drift(name, figure, chart, seen[chart.alarm][0]))
    return (
        PlaceTrend(
            place=name,
            sheets=tuple(sheets),
            x_mm=first.x_mm,
            y_mm=first.y_mm,
            pitch_mm=first.pitch_mm,
            columns=level_of(columns) if len(columns) else None,
            rows=level_of(rows) if len(rows) else None,
            charts=charts,
            charted=charted,
        ),
        found,
    )


def _line(code: str, place: str, sheets: Sequence[int], streak: Streak, at_mm: float) -> Finding:
    return remark(
        code,
        measured=f"{100 * streak.missing:.1f} %",
        limit=f"{100 * streak.missing / streak.sigmas * LIMIT_SIGMAS:.1f} %",
        place=place,
        at=f"{at_mm:.1f} mm",
        module=f"{streak.at:.1f}",
        first=sheets[streak.first],
        last=sheets[streak.last],
    )


def _drift(place: str, figure: str, chart: Chart, sheet: int) -> Finding:
    tracked = TRACKED[figure]
    unit = f" {tracked.unit}" if tracked.unit else ""
    return remark(
        tracked.code,
        measured=f"{chart.shift:+.{tracked.decimals}f}{unit}",
        limit=f"±{chart.limit:.{tracked.decimals}f}{unit}",
        place=place,
        figure=figure,
        sheet=sheet,
    )
