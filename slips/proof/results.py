"""The content of a verification's files for programs: `results.csv`, `results.json`, `results.parquet`.

In: an `Inspection`. Out: the bytes of each, the same for the same run: no clock, no path of the machine, no number of processes. The shape of
`results.json` has a version (`SCHEMA_VERSION`) and is described in docs/verify.md. Refuses nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import polars as pl

from slips.jobfile import versions
from slips.proof.outcome import Inspection, PageResult
from slips.proof.remarks import sentence
from slips.proof.scanner_scale import ScannerScale
from slips.proof.sequence import Sampling
from slips.proof.thresholds import Thresholds
from slips.proof.trend import Trend
from slips.proof.verdicts import Finding, SlipResult

SCHEMA = "elqr.verify.results"
SCHEMA_VERSION = 1
CSV, JSON, PARQUET = "results.csv", "results.json", "results.parquet"
COLUMNS = ("slip_key", "source", "page", "verdict", "findings", "grade_est", "codewords_left_min", "decoders")


def table_of(inspection: Inspection) -> pl.DataFrame:
    """One row a slip: the columns of `results.csv`, then every figure that was measured on any page."""
    slips = inspection.slips
    names = sorted({name for slip in slips for name in slip.figures})
    texts = {
        "slip_key": [slip.slip_key for slip in slips],
        "source": [slip.source for slip in slips],
        "page": [slip.page or None for slip in slips],
        "verdict": [slip.verdict.value for slip in slips],
        "findings": [";".join(_codes(slip.findings)) for slip in slips],
        "grade_est": [slip.grade_est for slip in slips],
        "codewords_left_min": [slip.codewords_left_min for slip in slips],
        "decoders": [";".join(slip.decoders) for slip in slips],
    }
    numbers = {"page", "codewords_left_min"}
    schema: dict[str, Any] = {name: pl.Int64() if name in numbers else pl.String() for name in COLUMNS}
    figures = {name: [slip.figures.get(name) for slip in slips] for name in names}
    return pl.DataFrame(texts | figures, schema=schema | dict.fromkeys(names, pl.Float64()))


def document_of(inspection: Inspection, *, trend: Trend, thresholds: Thresholds) -> dict[str, Any]:
    """The content of `results.json`."""
    gates = inspection.gates
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "conformant": False,
        "method": {
            "grades": thresholds.method,
            "edition": thresholds.edition,
            "label": dict(thresholds.label),
            "unchecked_thresholds": list(thresholds.unchecked()),
            "curve": inspection.curve,
            "scanner": _scanner(inspection.scanner),
        },
        "manifest": {
            "file": inspection.manifest,
            "sha256": inspection.manifest_sha256,
            "slips": inspection.slips_in_manifest,
        },
        "sample": inspection.sample,
        "layouts": [
            {
                "id": one.id,
                "file": one.file,
                "sha256": one.sha256,
                "manifest_sha256": one.manifest_sha256,
                "same": one.same,
            }
            for one in inspection.layouts
        ],
        "gates": {
            "file": gates.file,
            "sha256": gates.sha256,
            **{k: dict(v) for k, v in gates.values.items()},
        },
        "sources": [
            {
                "name": one.name,
                "kind": one.kind,
                "bytes": one.size,
                "pages": one.pages,
                "findings": _findings(one.findings),
            }
            for one in inspection.sources
        ],
        "counts": {verdict.value: count for verdict, count in inspection.counts.items()},
        "order": {
            "reversed": inspection.order.reversed,
            "absent": inspection.order.absent,
            "missing": len(inspection.order.missing),
            "twice": len(inspection.order.twice),
            "misplaced": len(inspection.order.misplaced),
        },
        "sampling": sampling_json(inspection.sampling, of=inspection.slips_in_manifest),
        "findings": _findings(inspection.findings),
        "trend": {"sheets": trend.sheets, "findings": _findings(trend.findings)},
        "slips": [_slip(slip) for slip in inspection.slips],
        "pages": [_page(page) for page in inspection.pages],
        "versions": versions(),
    }


def _scanner(scale: ScannerScale) -> dict[str, object] | None:
    """What was known of the scanner's own scale; None where nobody has measured it."""
    if not scale.measured:
        return None
    return {"card": scale.name, "across": round(scale.across, 6), "down": round(scale.down, 6)}


def sampling_json(sampling: Sampling, *, of: int) -> dict[str, Any]:
    """What n sheets say of all `of` slips, in numbers and words; where all were looked at, there is nothing to infer."""
    n, faults, below = sampling.looked_at, sampling.faults, sampling.share_below
    percent = sampling.per_cent_below
    seen = (f"{n:,} 件を検査し、不良は {faults:,} 件でした。", f"{faults:,} faults in {n:,} slips.")
    inferred = (
        f"無作為抽出であれば、全体の不良率は95 %の信頼度で {percent} 未満です。",
        f" If they were drawn at random, fewer than {percent} of all are faulty (95 % confidence).",
    )
    if not sampling.says_something:
        inferred = (
            "全体の不良率については、この枚数からは何も言えません。",
            " That says nothing of the share of all.",
        )
    ja, en = seen if n >= of else (seen[0] + inferred[0], seen[1] + inferred[1])
    return {
        "looked_at": n,
        "of": of,
        "faults": faults,
        "true_share_below": round(below, 6),
        "confidence": 0.95,
        "ja": ja,
        "en": en,
    }


def _codes(findings: Iterable[Finding]) -> list[str]:
    """Each code once, in the order found."""
    return list(dict.fromkeys(finding.code for finding in findings))


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "code": f.code,
            "weight": f.weight.value,
            "measured": f.measured,
            "limit": f.limit,
            "params": dict(f.params),
            "window": None
            if f.window is None
            else [f.window.left, f.window.top, f.window.right, f.window.bottom],
            "ja": sentence(f, "ja"),
            "en": sentence(f, "en"),
        }
        for f in findings
    ]


def _slip(slip: SlipResult) -> dict[str, Any]:
    return {
        "slip_key": slip.slip_key,
        "source": slip.source,
        "page": slip.page or None,
        "verdict": slip.verdict.value,
        "findings": _codes(slip.findings),
        "grade_est": slip.grade_est,
        "codewords_left_min": slip.codewords_left_min,
        "decoders": list(slip.decoders),
    }


def _page(page: PageResult) -> dict[str, Any]:
    return {
        "source": page.source,
        "page": page.page,
        "kind": page.kind,
        "slip_row": None if page.row is None else page.row + 1,
        "known_by": page.known_by,
        "content": page.content,
        "blank": page.blank,
        "back": page.back,
        "decoders": list(page.decoders),
        "grade_est": page.grade_est,
        "codewords_left_min": page.codewords_left_min,
        "registration": page.registration,
        "figures": dict(page.figures),
        "findings": _findings(page.findings),
    }


def csv_of(table: pl.DataFrame) -> bytes:
    """`results.csv`: the columns of the contract."""
    text = io.BytesIO()
    table.select(COLUMNS).write_csv(text)
    return text.getvalue()


def parquet_of(table: pl.DataFrame) -> bytes:
    """`results.parquet`: these and every figure."""
    data = io.BytesIO()
    table.write_parquet(data)
    return data.getvalue()
