"""Before anything is numbered or printed: can every text be shown, and does it fit its box?

In: value columns, batch by batch. Out: notes (second font, fit step used) and errors (no glyph, does not fit) for each row, and the
characters that the run's fonts must hold. What passes here is set without surprises by `slips.content`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr.problems import ProblemLog
from slips.fit import SPACE, Fitted, Missing, fit
from slips.fonts import FALLBACK, Cluster, FontLibrary
from slips.form import Layout
from slips.glyphs import clusters_of, measure, points_of, show
from slips.holes import TextHole, text_holes
from slips.place import MM_PT
from slips.values import place_words

ALPHABET: Final = "0123456789,/-.:()ABCDEFGHIJKLMNOPQRSTUVWXYZ 円年月日度第期全令和平成昭元納随"
"""What values written after this check (sequence numbers, instalment tables) are made of."""


ORDERED: Final = ("inst_", "place")
"""Beginnings of value columns that are empty until the order of the job is known: a condition on them tells nothing before."""


@dataclass
class TextCheck:
    """Checks the texts of a run and remembers the characters it has seen."""

    layouts: Mapping[str, Layout]
    fonts: FontLibrary
    _seen: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    _special: dict[str, set[Cluster]] = field(default_factory=dict)
    _verdicts: dict[tuple[TextHole, str], _Verdict] = field(default_factory=dict)

    def check(self, values: pl.DataFrame, layout: str) -> ProblemLog:
        """The problems of the rows of one batch printed with `layout`; `values` has `line`, `slip_key` and the value columns.

        A value that stands in several boxes is reported once for each different finding. Value columns that are not there yet
        (they are made from `ALPHABET` later) are passed over.
        """
        findings: dict[tuple[str, str], dict[tuple[int, str], Mapping[str, str]]] = {}
        places: dict[tuple[str, str], list[TextHole]] = {}
        for hole in text_holes(self.layouts[layout]):
            if hole.value in values.columns:
                places.setdefault((hole.value, hole.setting.face), []).append(hole)
        for (name, face), holes in places.items():
            self._check_column(values, name, face, holes, findings)
        log = ProblemLog()
        for (name, code), rows in findings.items():
            params = pl.DataFrame(list(rows.values()))
            log.add(values[[row for row, _ in rows]], code, field=name, **params.to_dict(as_series=True))
        return log

    def _check_column(
        self, values: pl.DataFrame, name: str, face: str, holes: Sequence[TextHole],
        findings: dict[tuple[str, str], dict[tuple[int, str], Mapping[str, str]]],
    ) -> None:  # fmt: skip
        """Adds to `findings`: (value, code) -> (row, what) -> params; the same finding in another box is the same entry."""
        texts = values[name].to_list()
        seen = self._seen.setdefault(face, np.zeros(0x110000, np.int64))
        found = np.bincount(points_of(texts))
        seen[: len(found)] += found * len(holes)
        widths, special = measure(texts, self.fonts.faces[face].advances)
        for hole in holes:
            over = widths * hole.setting.size_pt > hole.area.w * 1000 + 0.001 * hole.setting.size_pt
            looked_at = special | over
            if hole.when in values.columns and not hole.when.startswith(ORDERED):
                looked_at &= (values[hole.when] != "").to_numpy()
            for k in np.flatnonzero(looked_at).tolist():
                for code, params in self._verdict(hole, texts[k]).findings:
                    what = params.get("step") or params.get("width") or params["found"]
                    findings.setdefault((hole.value, code), {}).setdefault((k, what), params)

    def _verdict(self, hole: TextHole, text: str) -> _Verdict:
        key = (hole, text)
        if key not in self._verdicts:
            if len(self._verdicts) > 50_000:  # distinct long texts of a batch; the bound keeps memory flat
                self._verdicts.clear()
            self._verdicts[key] = self._judge(hole, text)
        return self._verdicts[key]

    def _judge(self, hole: TextHole, text: str) -> _Verdict:
        fitted = fit(
            text, hole.setting, hole.steps,
            width_pt=hole.area.w, height_pt=hole.area.h, leading=hole.leading, fonts=self.fonts,
        )  # fmt: skip
        name = self.fonts.faces[hole.setting.face].postscript
        if isinstance(fitted, Missing):
            expected = name + (f" / {self.fonts.fallback.postscript}" if self.fonts.fallback else "")
            found = ", ".join(show(c) for c in fitted.clusters)
            return _Verdict((("text.no_glyph", {"found": found, "expected": expected}),))
        if not isinstance(fitted, Fitted):
            params = {
                "box": hole.box,
                "length": str(len(text)),
                "width": f"{fitted.width_pt / MM_PT:.1f}",
                "expected": f"{hole.area.w / MM_PT:.1f}",
            }
            return _Verdict((("text.overflow", params),))
        findings: list[tuple[str, dict[str, str]]] = []
        own = hole.setting.face
        for line in fitted.lines:
            for run in line.runs:
                self._special.setdefault(run.face, set()).update(run.clusters)
            if line.blank:
                self._special[line.runs[-1].face].add(SPACE)
        borrowed = [c for line in fitted.lines for run in line.runs if run.face != own for c in run.clusters]
        if borrowed:
            found = ", ".join(show(c) for c in dict.fromkeys(borrowed))
            findings.append(
                ("text.fallback_font", {"found": found, "expected": self.fonts.faces[FALLBACK].postscript})
            )
        if fitted.step is not None:
            findings.append(
                ("text.fit_step", {"step": str(fitted.step), "length": str(len(text)), "box": hole.box})
            )
        return _Verdict(tuple(findings))

    def characters(self) -> Mapping[str, Mapping[Cluster, int]]:
        """What each face must be able to show and how often it stands in the batches so far; by face name."""
        out: dict[str, dict[Cluster, int]] = {}
        several = any(layout.slips_per_page > 1 for layout in self.layouts.values())
        alphabet = ALPHABET + ("".join(place_words()) if several else "")
        for face, seen in self._seen.items():
            out[face] = dict.fromkeys(clusters_of(alphabet), 0)
            out[face] |= {(point, 0): int(seen[point]) for point in np.flatnonzero(seen).tolist()}
        for face, clusters in self._special.items():
            out[face] = dict.fromkeys(clusters, 1) | out.get(face, {})
        return out


@dataclass(frozen=True)
class _Verdict:
    findings: tuple[tuple[str, Mapping[str, str]], ...]
