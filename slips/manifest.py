"""The lists that go with the printed files: manifest (what is where) and upload (納付書情報: what the agency must know).

In: the rows of each output file in print order, kept as one part a file. Out: `manifest.parquet`, `manifest.csv`, `upload.csv`
with one row for exactly each printed slip. The agency's own upload layout is not public: this is the canonical set.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from glob import escape
from pathlib import Path

import polars as pl

from slips.form import InserterMark
from slips.inserter import sayings

ROW_GROUP = 50_000
MANIFEST = (
    *(
        "seq",
        "slip_key",
        "file",
        "page",
        "position",
        "payload",
        "amount",
        "due_date",
        "payable_until",
        "payer_id",
    ),
    *(
        "barcode",
        "layout",
        "layout_sha256",
        "profile",
        "profile_sha256",
        "mode",
        "line",
        "n_of_m",
        "group",
        "inserter",
    ),
)
UPLOAD = (
    *(
        "body_code",
        "slip_key",
        "confirm_no",
        "tax_item",
        "levy_year",
        "tax_year",
        "period",
        "amount",
        "due_date",
    ),
    *("payable_until", "kind", "supersedes"),
)


def part_of(
    rows: pl.DataFrame,
    *,
    file: str,
    layout: str,
    layout_sha256: str,
    profile: str,
    profile_sha256: str,
    marks: Sequence[InserterMark] = (),
) -> pl.DataFrame:
    """Manifest and upload columns for the rows of one file in print order; one slip a page unless they say their `page` and `position`.

    `group` is the bundle's number in the job, from 1; `inserter` what the inserter marks of the form say on that page.
    """
    return rows.with_columns(
        group=pl.col("bundle").cast(pl.Int64) + 1,
        inserter=sayings(marks, _numbers_of_sheets(rows)),
        file=pl.lit(file),
        page=pl.col("page") if "page" in rows.columns else pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        position=pl.col("position") if "position" in rows.columns else pl.lit(1, pl.Int64),
        layout=pl.lit(layout),
        layout_sha256=pl.lit(layout_sha256),
        profile=pl.lit(profile),
        profile_sha256=pl.lit(profile_sha256),
        n_of_m=pl.format("{}/{}", "n", "m"),
    ).select(list(dict.fromkeys([*MANIFEST, *UPLOAD])))


def _numbers_of_sheets(rows: pl.DataFrame) -> pl.DataFrame:
    """The numbers that an inserting machine reads: of sheets where these carry several slips, each known by its first one."""
    numbered = rows.with_columns(group=pl.col("bundle").cast(pl.Int64) + 1)
    if "sheet" not in rows.columns:
        return numbered
    return numbered.with_columns(n=pl.col("sheet"), m=pl.col("sheets"), seq=pl.col("seq").min().over("page"))


def write_part(part: pl.DataFrame, path: Path) -> None:
    """Keep the part of one file until all files are there."""
    data = io.BytesIO()
    part.write_ipc(data)
    path.write_bytes(data.getbuffer())


def write_lists(parts: Sequence[Path], folder: Path) -> None:
    """Combine the parts, in the order given, to the three lists in `folder`; a list of no slips has its header only.

    Memory holds one part. Row groups have a fixed size, so that the bytes do not depend on the machine.
    """
    if parts:
        rows = pl.scan_ipc([escape(str(part)) for part in parts]).select(
            MANIFEST
        )  # [ and * are signs of a name
        rows.sink_parquet(folder / "manifest.parquet", row_group_size=ROW_GROUP, maintain_order=True)
    else:
        _empty().select(MANIFEST).write_parquet(folder / "manifest.parquet")
    _write_csv(parts, folder / "manifest.csv", MANIFEST)
    _write_csv(parts, folder / "upload.csv", UPLOAD)


def _write_csv(parts: Sequence[Path], path: Path, columns: Sequence[str]) -> None:
    with path.open("wb") as file:
        file.write(_csv(_empty().select(columns), header=True))
        for part in parts:
            file.write(
                _csv(pl.read_ipc(escape(str(part)), columns=list(columns)).select(columns), header=False)
            )


def _csv(rows: pl.DataFrame, *, header: bool) -> bytes:
    text = io.BytesIO()
    rows.write_csv(text, include_header=header)
    return text.getvalue()


def _empty() -> pl.DataFrame:
    numbers = {"seq", "page", "position", "amount", "line", "group"}
    days = {"due_date", "payable_until"}
    return pl.DataFrame(
        schema={
            name: pl.Int64() if name in numbers else pl.Date() if name in days else pl.String()
            for name in dict.fromkeys([*MANIFEST, *UPLOAD])
        }
    )
