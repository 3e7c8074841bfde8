"""The regression matrix: defects × severities × resolutions on the real shape (255 digits, 6-M, 0.339 mm), read by every voice.

In: which defects, resolutions and seeds. Out: one `Trial` a crop: who gave the right digits, and who gave others (which must be nobody).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elqr import symbols
from slips.proof import decode, plane
from slips.proof.cascade import REDRAWN, ZBAR, ZXING, read_cascade, read_symbol
from slips.proof.intended_modules import modules_of
from slips.proof.plane import Map
from slips.proof.scan import Pixels
from slips.proof.simulate.defects import DEFECTS
from slips.proof.simulate.printscan import CLEAN, Shot, scan
from slips.proof.simulate.sheet import symbol_sheet
from slips.proof.wechat import WeChat

PITCH_MM = 8 * 25.4 / 600
SINGLE, CASCADE, SECOND, COMBINED = "zxing-cpp once", "cascade", "zbar", "combined"
READERS = (SINGLE, CASCADE, SECOND, COMBINED)
OFF_MODULES, OFF_DEG = 1.5, 0.5
SEVERITIES = (1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One crop of the matrix; severity 0 is a clean scan."""

    defect: str
    severity: int
    dpi: int
    seed: int

    @property
    def number(self) -> int:
        """The seed of payload and defect: the same in every run, whatever else is in the matrix."""
        return zlib.crc32(f"{self.defect}/{self.severity}/{self.dpi}/{self.seed}".encode())


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of a case: names of `READERS`, and other digits than those that were printed, by reader."""

    case: Case
    read: frozenset[str]
    misread: frozenset[str]


def cases(
    *,
    seeds: int,
    dpis: Sequence[int] = (300, 400),
    severities: Sequence[int] = SEVERITIES,
    defects: Sequence[str] = tuple(DEFECTS),
) -> Iterator[Case]:
    """The degraded matrix, in order of defect, severity, resolution and seed."""
    for defect in defects:
        for severity in severities:
            for dpi in dpis:
                for seed in range(seeds):
                    yield Case(defect=defect, severity=severity, dpi=dpi, seed=seed)


def payload_of(case: Case) -> bytes:
    """255 digits of chance."""
    return (
        np.random.default_rng(case.number)
        .integers(ord("0"), ord("9") + 1, symbols.DIGITS, np.uint8)
        .tobytes()
    )


def shot_of(case: Case) -> Shot:
    """The case as pixels."""
    sheet = symbol_sheet(modules_of(payload_of(case)), pitch_mm=PITCH_MM)
    defect = case.defect if case.severity else CLEAN
    strength = DEFECTS[defect].strengths[case.severity - 1] if case.severity else 0.0
    return scan(sheet, dpi=case.dpi, defect=defect, strength=strength, seed=case.number)


def tried(case: Case, *, wechat: WeChat | None) -> Trial:
    """Read the case by every voice, beside zxing-cpp on the picture as it is and no more."""
    payload, shot = payload_of(case), shot_of(case)
    said = heard(shot.grey, wechat=wechat, guess=place_told(shot, seed=case.number))
    return Trial(
        case=case,
        read=frozenset(name for name, contents in said.items() if payload in contents),
        misread=frozenset(name for name, contents in said.items() if any(c != payload for c in contents)),
    )


def place_told(shot: Shot, *, seed: int) -> Map:
    """Where a registered page would say that the symbol lies: half a millimetre and half a degree off, as the gates allow."""
    x, y, turn = np.random.default_rng(seed).uniform(-1, 1, 3) * (
        OFF_MODULES,
        OFF_MODULES,
        np.deg2rad(OFF_DEG),
    )
    middle = symbols.SIZE / 2
    turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    return np.asarray(
        shot.flat @ plane.shift(middle + x, middle + y) @ turned @ plane.shift(-middle, -middle)
    )


def heard(grey: Pixels, *, wechat: WeChat | None, guess: Map | None = None) -> dict[str, frozenset[bytes]]:
    """What each of `READERS` says of a crop. Only the combined reader is told the place; the cascade is heard without."""
    voices = read_symbol(grey, wechat=wechat, guess=guess)
    redrawn = any(voice.preparation == REDRAWN for voice in voices)
    alone = read_cascade(grey) if redrawn else tuple(voice for voice in voices if voice.decoder == ZXING)
    return {
        SINGLE: frozenset(sighting.content for sighting in decode.see(grey)),
        CASCADE: frozenset(voice.content for voice in alone),
        SECOND: frozenset(voice.content for voice in voices if voice.decoder == ZBAR),
        COMBINED: frozenset(voice.content for voice in voices),
    }


def reads_table(trials: Sequence[Trial]) -> str:
    """The reads by defect as CSV, the total last: crops, and how many each reader gave right. Misreads are not in it: there are none."""
    rows = [",".join(("defect", "crops", *READERS))]
    names = list(dict.fromkeys(trial.case.defect for trial in trials))
    for name, chosen in [
        *((n, [t for t in trials if t.case.defect == n]) for n in names),
        ("all", list(trials)),
    ]:
        rows.append(
            ",".join((name, str(len(chosen)), *(str(sum(r in t.read for t in chosen)) for r in READERS)))
        )
    return "\n".join(rows) + "\n"
