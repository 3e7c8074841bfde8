"""An inspection as a verification would hand it to the report: small, with one of everything, and as large as is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import print_scan as scan

from slips.proof.diagnosis import diagnose
from slips.proof.gates import load_gates
from slips.proof.outcome import Inspection, LayoutUsed, PageResult, SourceResult
from slips.proof.overlay import margin_picture
from slips.proof.press_marks import PressMark, Profile, profile_of
from slips.proof.sequence import order_of, sampling
from slips.proof.trend import Trend, trend_of
from slips.proof.verdicts import Finding, SlipResult, Verdict

FAULTS: Mapping[int, tuple[Verdict, dict[str, float]]] = {
    3: (Verdict.FAIL, {"grain": 0.23, "growth_h": -0.15, "growth_v": -0.14}),
    7: (Verdict.WARN, {"growth_h": 0.12, "growth_v": 0.11}),
    8: (Verdict.WARN, {"growth_h": 0.13, "growth_v": 0.12}),
    12: (Verdict.FAIL, {"dx_mm": 1.02, "dy_mm": -0.03, "quiet_min": 2.0}),
    15: (Verdict.UNREADABLE, {"contrast": 0.22, "softness": 0.41, "pixels_a_module": 5.3}),
    18: (Verdict.DUPLICATE, {}),
    19: (Verdict.OUT_OF_ORDER, {}),
    23: (Verdict.MISSING, {}),
}


@cache
def profile(seed: int, *, loss: float = 0.0) -> Profile:
    press = scan.Press(streak=(20.3, 0.18, loss)) if loss else scan.Press()
    modules = scan.modules_of(seed)
    light, grid = scan.scanned(modules, seed=seed, press=press)
    return profile_of(light, grid, modules)


def marks(sheets: int, *, loss: float = 0.0, creep_mm: float = 0.0, pool: int = 12) -> list[PressMark]:
    """`pool` different symbols in turn; from the first sheet on they creep to the right by `creep_mm` in all."""
    rng = np.random.default_rng(5)
    return [
        PressMark(
            place="mihara",
            x_mm=62.653,
            y_mm=41.402,
            pitch_mm=scan.PITCH_MM,
            profile=profile(k % pool, loss=loss),
            figures={
                "dx_mm": float(rng.normal(0.02, 0.02)) + creep_mm * k / sheets,
                "dy_mm": float(rng.normal(-0.01, 0.02)),
                "growth_h": float(rng.normal(0.03, 0.008)),
                "growth_v": float(rng.normal(0.025, 0.008)),
                "contrast": float(rng.normal(0.79, 0.008)),
                "reserve": float(rng.normal(0.72, 0.02)),
            },
        )
        for k in range(sheets)
    ]


def picture() -> bytes:
    """A symbol with a scraped corner, beside its map."""
    modules = scan.modules_of(3)
    light, grid = scan.scanned(modules, seed=3)
    light = light.copy()
    light[100:130, 60:95] = 0.82
    margins = np.where(modules == 1, 0.9, 0.85).astype(np.float64)
    margins[10:16, 2:9] = np.where(modules[10:16, 2:9] == 1, -0.6, 0.3)
    return margin_picture((light * 255).astype(np.uint8), grid, margins)


def inspection(slips: int = 24, *, repeats: int = 1, png: bytes = b"") -> Inspection:
    """`slips` slips with the faults of `FAULTS`, which come again `repeats` times further down the list."""
    pages, results = [], []
    for k in range(slips):
        verdict, figures = FAULTS.get(k % 24, (Verdict.PASS, {})) if k < 24 * repeats else (Verdict.PASS, {})
        findings: tuple[Finding, ...] = diagnose(figures, x_mm=62.7, y_mm=41.4, pitch_mm=scan.PITCH_MM)
        key = f"{202601020000000 + k:020d}"
        source = "" if verdict is Verdict.MISSING else "proof.pdf"
        read = ("zxing-cpp", "zbar") if verdict is not Verdict.UNREADABLE else ()
        if source:
            pages.append(
                PageResult(
                    source=source, page=k + 1, kind="scan", row=k, known_by="content", registration="picture",
                    findings=findings, pictures=tuple(png for _ in findings),
                )
            )  # fmt: skip
        results.append(
            SlipResult(
                slip_key=key, source=source, page=k + 1 if source else 0, verdict=verdict, findings=findings,
                grade_est={Verdict.FAIL: "D", Verdict.WARN: "B", Verdict.UNREADABLE: "F"}.get(verdict, "A") if source else "",
                codewords_left_min={Verdict.UNREADABLE: -3, Verdict.FAIL: 5}.get(verdict, 8) if source else None,
                decoders=read if source else (),
            )
        )  # fmt: skip
    faults = sum(result.verdict in (Verdict.FAIL, Verdict.UNREADABLE) for result in results)
    return Inspection(
        manifest="manifest.parquet",
        manifest_sha256="0123456789abcdef" * 4,
        slips_in_manifest=slips,
        layouts=(LayoutUsed(id="mihara", manifest_sha256="ab" * 32, file="mihara.toml", sha256="ab" * 32),),
        gates=load_gates(),
        curve="srgb",
        sample=False,
        sources=(SourceResult(name="proof.pdf", kind="pdf", size=1_234_567, pages=len(pages)),),
        pages=tuple(pages),
        slips=tuple(results),
        findings=(),
        order=order_of([page.row for page in pages], slips, sample=False),
        sampling=sampling(len(pages), faults),
    )


def trend(sheets: int = 24) -> Trend:
    """A streak that lacks a quarter of its ink, and a code that wanders to the right."""
    return trend_of(marks(sheets, loss=0.25, creep_mm=0.6))
