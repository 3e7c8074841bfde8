"""A scan of the calibration page read into the card that `--curve card:FILE` takes.

In: one scan, and the reflectances of the bought card in its frame where there is one. Out: `card.json`, and lines for people. Refuses (ProblemError):
a scan that cannot be opened, reflectances that are no numbers from 0 to 1, a page that is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from elqr.problems import Problem, ProblemError, Where, reason_in_both
from slips.outfiles import telling_disk_errors, write_whole
from slips.proof import calibration_sheet as sheet
from slips.proof.calibration import Calibration, calibrate
from slips.proof.gates import load_gates
from slips.proof.pictures import Unfit, load
from slips.proof.remarks import problem_of

CARD = "card.json"
RULE_WITHIN = 0.02


def calibrate_file(scan: Path, *, out: Path, card_steps: str | None, rule_mm: str | None = None) -> list[str]:
    """Read `scan`, write `out`/card.json, and say what was found. `rule_mm`: what a steel rule says of the rulers, `180.2,200.3`.

    Raises ProblemError.
    """
    try:
        picture, _ = load(scan, name=scan.name, page=1, limits=load_gates().pictures)
    except OSError as error:
        params = {"found": str(scan), "reason": reason_in_both(error)}
        raise ProblemError(Problem("file.unreadable", "", {**params}, Where(str(scan)))) from None
    except Unfit as unfit:
        raise ProblemError(problem_of(unfit.finding, source=scan.name)) from None
    steps = None if card_steps is None else _reflectances(card_steps)
    rulers = (None, None) if rule_mm is None else _lengths(rule_mm)
    found = calibrate(picture, reflectances=steps, in_frame=steps is not None, rulers_mm=rulers)
    with telling_disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    write_whole(out / CARD, found.to_json().encode())
    return list(_said(found, out / CARD))


def _reflectances(text: str) -> list[float]:
    try:
        steps = [float(part) for part in text.split(",")]
    except ValueError:
        steps = []
    if not steps or not all(0 <= step <= 1 for step in steps):
        raise ProblemError(Problem("verify.card_steps", "", {"found": text, "expected": "0.89,0.45,0.12"}))
    return steps


def _lengths(text: str) -> tuple[float, float]:
    """Both rulers in millimetres, each within two per cent of its designed length."""
    designed = (sheet.ACROSS_MM[2], sheet.DOWN_MM[2])
    try:
        across, down = (float(part) for part in text.split(","))
    except ValueError:
        across = down = 0.0
    pairs = zip((across, down), designed, strict=True)
    if not all(abs(given / due - 1) <= RULE_WITHIN for given, due in pairs):
        raise ProblemError(Problem("verify.rule_mm", "", {"found": text, "expected": "180.2,200.3"}))
    return across, down


def _said(found: Calibration, card: Path) -> Iterator[str]:
    across, down = found.across.pixels_a_mm * 25.4, found.down.pixels_a_mm * 25.4
    yield f"解像度(横・縦) / resolution across, down: {across:.2f}, {down:.2f} dpi"
    yield f"縦横の差 / across against down: {100 * found.anisotropy:+.3f} %"
    if found.across.measured and found.dpi is not None:
        true = [100 * (dpi / found.dpi - 1) for dpi in (across, down)]
        yield f"スキャナーの寸法誤差(横・縦) / scale error of the scanner across, down: {true[0]:+.3f}, {true[1]:+.3f} %"
        yield f"使い方 / use it: elqr verify … --scanner {card}"
    else:
        yield "目盛りの実測値は未入力のため、寸法はプリンターとスキャナーの合計です(--rule-mm)。"
        yield "No steel rule's lengths were given (--rule-mm): the scale is press and scanner together."
    for trap in found.traps.names():
        yield f"注意 / beware: {trap}"
    if found.curve is None:
        yield "反射率は未入力のため、曲線は作りません(--card-steps)。 / No reflectances were given (--card-steps), so there is no curve."
    else:
        yield f"使い方 / use it: elqr verify … --curve card:{card}"
    yield f"→ {card}"
