"""The facts of a scanned page held against the gates: what a printer should look at, with value and limit.

In: `Facts`, the slip, the gates. Out: a `PageResult` with findings. Decides nothing that is not measured: a position without a registered page is not
judged, a grade below 5 pixels a module is not given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from slips.form import Rect
from slips.proof import crops
from slips.proof.book import Entry
from slips.proof.gates import Gates
from slips.proof.grade import DECODE_ONLY, GRADED, Grades
from slips.proof.identity import excerpt, first_difference, identity_remarks, slot_remarks
from slips.proof.mark_remarks import mark_remarks
from slips.proof.measure import Measurement
from slips.proof.outcome import PageResult
from slips.proof.page_codes import code_remark
from slips.proof.page_fit import PageFit
from slips.proof.page_text import NUMBER, TextFact
from slips.proof.place_remarks import dpi_is_false, known_well, offset, place_remarks, sizes, true_dpi
from slips.proof.plane import Points
from slips.proof.press_marks import PressMark
from slips.proof.printed import AMOUNTS, DAYS
from slips.proof.remarks import remark
from slips.proof.scan import Scan
from slips.proof.scan_page import Facts, place_of
from slips.proof.scan_places import beyond_mm, is_dark
from slips.proof.symbol_map import CORRECTABLE
from slips.proof.text_reading import Legibility
from slips.proof.verdicts import Finding, Window

PASS_VOICES = 2
BEYOND_MM = 0.5
"""A registered page is known to a fifth of that; so much of the code is a module and a half."""
SIDES = ("top", "right", "bottom", "left")
SIDES_JA = ("上", "右", "下", "左")


def judged(
    scan: Scan,
    facts: Facts,
    entry: Entry | None,
    gates: Gates,
    *,
    said: Sequence[Finding],
    mark: PressMark | None,
) -> PageResult:
    """One page. `said` are the findings about the picture itself."""
    window = _window(place_of(facts), scan)
    found = [
        *said,
        *_resolution(scan, facts, gates),
        *_who(scan, facts, entry, gates, window),
        *_lie(facts, gates),
    ]
    if entry is not None:
        if facts.sheet is not None and facts.sheet.layout.slips_per_page > 1:
            found += slot_remarks(facts.sheet.slot, entry, window=window)
        found += place_remarks(facts, gates, window)
        found += _symbol(facts, gates, window)
        found += _print(facts, entry)
    content = _content(facts)
    right = entry.payload.encode() if entry else b""
    decoders = tuple(dict.fromkeys(v.decoder for v in facts.voices if v.content == right and entry))
    m, grades = facts.measurement, facts.grades
    return PageResult(
        source=scan.source,
        page=scan.page,
        kind="scan",
        slot=facts.sheet.slot if facts.sheet else 1,
        row=facts.identity.row,
        known_by=facts.identity.by,
        content=content.decode("ascii", "replace") if facts.identity.by != "content" else "",
        blank=facts.blank,
        unreadable=not content and not facts.blank,
        misread=facts.identity.misread or any(f.code == "verify.readers_differ" for f in found),
        foreign=facts.identity.foreign,
        decoders=decoders,
        grade_est=""
        if grades is None
        else grades.letter or f"refused: {grades.pixels_a_module:.1f} px a module",
        codewords_left_min=None if m is None or entry is None else m.left_best,
        registration=facts.fit.method if facts.fit else "",
        figures=_figures(scan, facts),
        findings=tuple(found),
        pictures=crops.cut(scan.grey, found),
        mark=mark,
    )


def _content(facts: Facts) -> bytes:
    return next((v.content for v in facts.voices if v.content), b"")


def _who(
    scan: Scan, facts: Facts, entry: Entry | None, gates: Gates, window: Window | None
) -> Iterator[Finding]:
    """Blank, unreadable, foreign, misread; and whether more than one witness speaks for it."""
    if facts.blank:
        yield remark("verify.dark" if is_dark(scan) else "verify.blank")
        return
    contents = list(dict.fromkeys(v.content for v in facts.voices if v.content))
    if not contents:
        over = 0.0 if facts.fit is None or facts.sheet is None else beyond_mm(scan, facts.fit, facts.sheet)
        if over > BEYOND_MM and facts.fit and facts.fit.method != "corners":
            yield remark("verify.cut_off", measured=f"{over:.1f} mm", limit="0 mm", window=window)
        else:
            yield from _unread(facts, gates, window)
        return
    for finding in identity_remarks(facts.identity, entry, paper=facts.paper):
        yield remark(
            finding.code, measured=finding.measured, limit=finding.limit, window=window, **finding.params
        )
    if entry is None:
        return
    if len(contents) > 1:
        first, second = (excerpt(content, first_difference(*contents[:2])) for content in contents[:2])
        yield remark("verify.readers_differ", measured=first, limit=second, window=window)
    witnesses = {v.decoder for v in facts.voices if v.content == _content(facts)}
    proven = facts.measurement is not None and facts.measurement.intended
    if facts.mirrored:
        yield remark("verify.mirrored", window=window)
    elif len(witnesses) + proven < PASS_VOICES:
        yield remark("verify.one_voice", measured=f"{len(witnesses)}", limit=f"{PASS_VOICES}", window=window)
    if facts.others.near:
        yield remark("verify.other_code", measured=f"{len(facts.others.near)}", limit="0", window=window)
    for other in facts.others.far:
        yield code_remark(other.content, other.corners, entry)


def _unread(facts: Facts, gates: Gates, window: Window | None) -> Iterator[Finding]:
    m = facts.measurement
    if m is None:
        yield remark("verify.unreadable", window=window)
    elif m.intended:
        yield remark(
            "verify.unreadable_known", measured=_errors(m.errors_best), limit=f"{CORRECTABLE}", window=window
        )
    elif facts.grades is not None and facts.grades.standing == DECODE_ONLY:
        px, limit = f"{facts.grades.pixels_a_module:.1f}", f"{gates.measure_px_a_module_min:g}"
        yield remark("verify.unreadable_coarse", measured=px, limit=limit, window=window)
    else:
        yield remark(
            "verify.unreadable_measured",
            measured=_errors(facts.nearest),
            limit=f"{CORRECTABLE}",
            window=window,
        )


def _errors(blocks: Sequence[int]) -> str:
    return ", ".join(map(str, blocks))


def _resolution(scan: Scan, facts: Facts, gates: Gates) -> Iterator[Finding]:
    dpi = true_dpi(scan, facts)
    if dpi is not None and not 0.95 * gates.dpi_min <= dpi <= 1.05 * gates.dpi_max:
        limit = f"{gates.dpi_min}–{gates.dpi_max} dpi"
        yield remark("verify.resolution", measured=f"{dpi:.0f} dpi", limit=limit)
    grades = facts.grades
    if grades is not None and grades.standing != GRADED:
        only = grades.standing == DECODE_ONLY
        code = "verify.decode_only" if only else "verify.not_graded"
        least = gates.measure_px_a_module_min if only else gates.grade_px_a_module_min
        yield remark(code, measured=f"{grades.pixels_a_module:.1f} px", limit=f"{least:g} px")
    if dpi_is_false(facts):
        said = f"{scan.dpi:.0f} dpi"
        yield remark("verify.dpi_unbelievable", measured=said, limit=f"{dpi:.0f} dpi" if dpi else "—")


def _lie(facts: Facts, gates: Gates) -> Iterator[Finding]:
    """How the page lies in its scan."""
    fit = facts.fit
    if fit is None:
        return
    if fit.quarter_turns == 2:
        yield remark("verify.upside_down", measured="180°")
    elif fit.quarter_turns:
        yield remark("verify.on_its_side", measured=f"{90 * fit.quarter_turns}°")
    if abs(fit.skew_deg) > gates.skew_degrees_max:
        yield remark("verify.skew", measured=f"{fit.skew_deg:+.1f}°", limit=f"±{gates.skew_degrees_max:g}°")


def _symbol(facts: Facts, gates: Gates, window: Window | None) -> Iterator[Finding]:
    """The measured symbol against the gates. What is not measured finely enough is not judged."""
    m, grades = facts.measurement, facts.grades
    if m is None or grades is None:
        return
    if not m.intended:
        yield from _barely_read(facts, m, grades, window)
        return
    if grades.standing == DECODE_ONLY:
        return
    if m.left_best < gates.left_min:
        measured = f"{m.left_best} ({_errors(m.errors_best)})"
        yield remark("verify.codewords_left", measured=measured, limit=f"{gates.left_min}", window=window)
    quiet = min(m.quiet)
    if quiet < gates.quiet_zone_modules_min:
        side = m.quiet.index(quiet)
        limit = f"{gates.quiet_zone_modules_min:g}"
        names = {"side_ja": SIDES_JA[side], "side_en": SIDES[side]}
        yield remark("verify.quiet_zone_scan", measured=f"{quiet}", limit=limit, window=window, **names)
    if m.reserve < gates.reserve_min:
        yield remark(
            "verify.reserve", measured=f"{m.reserve:.2f}", limit=f"{gates.reserve_min:g}", window=window
        )
    if m.rungs < gates.ladder_min:
        yield remark("verify.ladder", measured=f"{m.rungs}", limit=f"{gates.ladder_min}", window=window)
    yield from _growth(m, gates, window)
    if grades.standing == GRADED and grades.overall is not None and grades.overall < gates.grade_target:
        low = grades.overall < gates.grade_accept
        code = "verify.grade_low" if low else "verify.grade_below_target"
        least = gates.grade_accept if low else gates.grade_target
        yield remark(
            code,
            measured=f"{grades.overall} ({grades.letter})",
            limit=f"{least}",
            window=window,
            limiting=", ".join(grades.limiting),
        )


def _barely_read(facts: Facts, m: Measurement, grades: Grades, window: Window | None) -> Iterator[Finding]:
    """Readers gave the digits, the modules do not bear them out: a stamp, a tear, a fold. Of a symbol that nobody reads `_unread` has spoken."""
    readers = {v.decoder for v in facts.voices if v.content}
    if not readers or facts.mirrored or grades.standing == DECODE_ONLY:
        return
    yield remark(
        "verify.barely_read",
        measured=_errors(m.errors_best),
        limit=f"{CORRECTABLE}",
        window=window,
        read_by=len(readers),
    )


def _growth(m: Measurement, gates: Gates, window: Window | None) -> Iterator[Finding]:
    worst = max(m.growth_h, m.growth_v, key=abs)
    if abs(worst) > gates.growth_max_modules:
        code = "verify.ink_gain" if worst > 0 else "verify.ink_loss"
        measured = f"{m.growth_h:+.2f} / {m.growth_v:+.2f}"
        yield remark(code, measured=measured, limit=f"±{gates.growth_max_modules:g}", window=window)


def _print(facts: Facts, entry: Entry) -> Iterator[Finding]:
    """Amount, dates, number and barcode on the paper."""
    for fact in facts.texts:
        unsure = fact.reading.legibility is Legibility.UNCERTAIN
        # The running number is small print that only helps to tell sheets apart: it speaks where it is read for sure.
        if not fact.agrees and not (unsure and fact.value == NUMBER):
            yield _text(fact, facts)
    yield from _marks(facts, entry)
    if facts.bars is None:
        return
    if entry.barcode and not facts.bars:
        yield remark("verify.barcode_unread", limit=entry.barcode)
    elif facts.bars != entry.barcode:
        code = "verify.barcode_differs" if entry.barcode else "verify.barcode_unexpected"
        yield remark(code, measured=facts.bars, limit=entry.barcode or "—")


def _marks(facts: Facts, entry: Entry) -> Iterator[Finding]:
    """Inserter marks; by the code alone the page is not known well enough to call one wrong."""
    fit, sheet = facts.fit, facts.sheet
    if fit is None or sheet is None or not facts.marks:
        return
    yield from mark_remarks(
        sheet.layout.inserter_marks,
        facts.marks,
        said=entry.inserter,
        window_of=lambda mark: _seen_at(fit, mark.rect, around_mm=crops.MARK_MM),
        registered=fit.method != "corners",
    )


def _seen_at(fit: PageFit, rect: Rect, *, around_mm: float) -> Window:
    """A place of the page and a little around it, in pixels."""
    corners = fit.to_pixels(
        [
            (rect.x_mm - around_mm, rect.y_mm - around_mm),
            (rect.right_mm + around_mm, rect.bottom_mm + around_mm),
        ]
    )
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Window(left=int(left), top=int(top), right=int(right) + 1, bottom=int(bottom) + 1)


def _text(fact: TextFact, facts: Facts) -> Finding:
    assert facts.fit
    box = fact.box
    window = _seen_at(facts.fit, Rect(box.x_mm, box.y_mm, box.w_mm, box.h_mm), around_mm=crops.TEXT_MM)
    limit = fact.right[0]
    reading = fact.reading
    blank = reading.legibility is Legibility.BLANK
    if blank and known_well(facts):
        return remark("verify.text_missing", limit=limit, window=window, value=fact.value)
    if blank or reading.legibility is Legibility.UNCERTAIN:
        return remark(
            "verify.text_uncertain",
            measured=reading.text or "?",
            limit=limit,
            window=window,
            value=fact.value,
        )
    code = "verify.amount_differs" if fact.value in AMOUNTS else "verify.number_differs"
    code = "verify.date_differs" if fact.value in DAYS else code
    return remark(code, measured=reading.text, limit=limit, window=window, value=fact.value)


def _figures(scan: Scan, facts: Facts) -> dict[str, float]:
    """Everything measured, by name with its unit; rounded so that it can be read and compared."""
    found: dict[str, float] = {}
    m, fit = facts.measurement, facts.fit
    if fit is not None:
        found |= {
            "registration_residual_mm": fit.residual_mm,
            "registration_points": fit.points,
            "rotation_deg": fit.rotation_deg,
            "dpi_measured": true_dpi(scan, facts) or 0.0,
        }
        if fit.scale_errors is not None:
            found |= dict(zip(("scale_error_x", "scale_error_y"), fit.scale_errors, strict=True))
        if facts.grid is not None and facts.sheet is not None and fit.method != "corners":
            found |= dict(zip(("dx_mm", "dy_mm"), offset(facts), strict=True))
            found |= dict(zip(("size_x", "size_y"), sizes(facts), strict=True))
    if m is not None:
        found |= {
            "px_a_module": m.pixels_a_module,
            "left": m.left,
            "left_best": m.left_best,
            **{f"errors_block_{k + 1}": error for k, error in enumerate(m.errors_best)},
            "reserve": m.reserve,
            "ladder": m.rungs,
            "growth_h": m.growth_h,
            "growth_v": m.growth_v,
            "contrast": m.contrast,
            "darkest": m.darkest,
            "lightest": m.lightest,
            "unused": m.unused,
            "axial": m.axial,
            "deviation": m.deviation,
            "quiet_modules": min(m.quiet),
        }
    if facts.grades is not None:
        found |= {f"grade_{name}": grade for name, grade in facts.grades.grades.items()}
        if facts.grades.overall is not None:
            found["grade_overall"] = facts.grades.overall
    return {name: round(float(value), 4) for name, value in found.items() if np.isfinite(value)}


def _window(corners: Points | None, scan: Scan) -> Window | None:
    if corners is None:
        return None
    low, high = corners.min(axis=0), corners.max(axis=0)
    reach = crops.CODE_SHARE * float((high - low).max())
    height, width = scan.grey.shape
    return Window(
        left=max(0, int(low[0] - reach)),
        top=max(0, int(low[1] - reach)),
        right=min(width, int(high[0] + reach) + 1),
        bottom=min(height, int(high[1] + reach) + 1),
    )
