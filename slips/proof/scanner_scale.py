"""How true the scanner's own millimetres are: what tells a press that prints too large from a scanner that sees too large.

In: `card.json` of `elqr verify --calibrate`, with rulers that somebody measured by a steel rule. Out: a `ScannerScale`. Refuses (ProblemError) a
card whose rulers were not measured, or whose scan named no resolution: designed millimetres are the press's, not the scanner's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from elqr.problems import Problem, ProblemError, Where, reason_in_both
from slips.proof.scan import MM_PER_INCH

BELIEVABLE = 0.1
"""A scanner that is off by more is none."""


@dataclass(frozen=True, kw_only=True)
class ScannerScale:
    """Pixels a millimetre of paper by those that the file's resolution promises, across and down the scan; 1 is a true scanner."""

    name: str = ""
    """The card's file; empty: nobody has measured the scanner, its own scale is taken for true."""
    across: float = 1.0
    down: float = 1.0

    @property
    def measured(self) -> bool:
        return bool(self.name)


def load_scanner(path: Path | None) -> ScannerScale:
    """The scale of a card; without one the scanner's own. Raises ProblemError `verify.scanner_card`, `file.unreadable`."""
    if path is None:
        return ScannerScale()
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        nominal = float(card["dpi"]) / MM_PER_INCH
        across, down = (card["rulers"][name] for name in ("across", "down"))
        if not (across["measured"] is True and down["measured"] is True):
            raise _refusal(path, "measured: false")
        scale = ScannerScale(
            name=path.name,
            across=float(across["pixels_a_mm"]) / nominal,
            down=float(down["pixels_a_mm"]) / nominal,
        )
    except OSError as error:
        params = {"found": str(path), "reason": reason_in_both(error)}
        raise ProblemError(Problem("file.unreadable", "", {**params}, Where(path.name))) from None
    except KeyError as absent:
        name = absent.args[0]
        raise _refusal(path, f"「{name}」がありません / “{name}” lacks") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise _refusal(path, "JSONではありません / not JSON") from None
    except (ValueError, TypeError, ZeroDivisionError):
        raise _refusal(path, "値の形が違います / not of its shape") from None
    if not all(abs(one - 1) <= BELIEVABLE for one in (scale.across, scale.down)):  # nor what is no number
        raise _refusal(path, f"{scale.across:.3f} × {scale.down:.3f}")
    return scale


def _refusal(path: Path, found: str) -> ProblemError:
    params = {"file": path.name, "found": found[:200], "expected": "--calibrate … --rule-mm ACROSS,DOWN"}
    return ProblemError(Problem("verify.scanner_card", "", {**params}, Where(path.name)))
