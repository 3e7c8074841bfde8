"""Rows of the registers for the tests: assessments and slips as their files write them, written and read."""

from __future__ import annotations

from pathlib import Path

from elqr.site import Site
from reconcile.register import Register, read_assessments, read_slips

SITE = Site(body_code="999997")
Row = dict[str, str]


def line(line_id: str = "L1", **changes: str) -> Row:
    """One assessment, as its file writes it."""
    return {
        "line_id": line_id,
        "payer_id": "P1",
        "body_code": "999997",
        "tax_item": "901",
        "levy_year": "2026",
        "tax_year": "2026",
        "fiscal_year": "2026",
        "period": "01",
        "notice_no": "N1",
        "due_date": "2026-06-30",
        "principal": "10000",
        "status": "open",
        "revised_at": "",
        "carried_over": "0",
        **changes,
    }


def slip(key: str = "1", **changes: str) -> Row:
    """One slip, as its file writes it."""
    return {
        "slip_key": key,
        "tax_item": "901",
        "body_code": "999997",
        "payer_id": "P1",
        "amount": "10000",
        "notice_no": "N1",
        "levy_year": "2026",
        "tax_year": "2026",
        "period": "01",
        "covers": "",
        "supersedes": "",
        "kind": "",
        "principal": "",
        "delinquency": "",
        "dunning_fee": "",
        **changes,
    }


def written(path: Path, rows: list[Row], encoding: str = "utf-8", end: str = "\n") -> Path:
    lines = [",".join(rows[0]), *(",".join(r.values()) for r in rows)]
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def assessed(tmp_path: Path, *rows: Row, **options: object) -> Register:
    return read_assessments(written(tmp_path / "a.csv", list(rows)), site=SITE, **options)  # type: ignore[arg-type]


def slipped(tmp_path: Path, *rows: Row) -> Register:
    return read_slips(written(tmp_path / "s.csv", list(rows)), site=SITE)
