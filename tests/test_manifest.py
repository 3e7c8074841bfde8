"""Manifest and upload name exactly the printed slips, with leading zeros kept."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from slips.manifest import MANIFEST, UPLOAD, part_of, write_lists, write_part
from slips.order import in_print_order
from tests.print_fakes import cleaned


def parts(folder: Path) -> list[Path]:
    paths = []
    for k, size in enumerate((3, 2)):
        rows = in_print_order(cleaned(size).with_columns(bundle=pl.lit(0)), first_seq=1 + 3 * k)
        part = part_of(
            rows,
            file=f"slips-{k + 1:05d}.pdf",
            layout="mihara",
            layout_sha256="aa",
            profile="tax",
            profile_sha256="bb",
        )
        paths.append(folder / f"{k}.arrow")
        write_part(part, paths[-1])
    return paths


def test_the_three_lists(tmp_path: Path) -> None:
    paths = parts(tmp_path)
    write_lists(paths, tmp_path)
    manifest = pl.read_parquet(tmp_path / "manifest.parquet")
    assert manifest.columns == list(MANIFEST)
    assert manifest["seq"].to_list() == [1, 2, 3, 4, 5]
    assert manifest["page"].to_list() == [1, 2, 3, 1, 2]
    assert manifest["n_of_m"].to_list() == ["1/3", "2/3", "3/3", "1/2", "2/2"]
    assert manifest.schema["due_date"] == pl.Date
    text = pl.read_csv(tmp_path / "manifest.csv", infer_schema=False)
    assert text.equals(manifest.cast(pl.String))
    upload = pl.read_csv(tmp_path / "upload.csv", infer_schema=False)
    assert upload.columns == list(UPLOAD)
    assert upload["slip_key"].to_list() == manifest["slip_key"].to_list()
    assert upload.row(0, named=True) == {
        "body_code": "342041",
        "slip_key": "00000202601020000000",
        "confirm_no": "123456",
        "tax_item": "001",
        "levy_year": "2026",
        "tax_year": "2026",
        "period": "01",
        "amount": "12300",
        "due_date": "2026-06-30",
        "payable_until": "2026-07-31",
        "kind": "initial",
        "supersedes": None,
    }


def test_a_job_that_prints_nothing_has_lists_with_headings(tmp_path: Path) -> None:
    write_lists([], tmp_path)
    assert pl.read_parquet(tmp_path / "manifest.parquet").columns == list(MANIFEST)
    assert (tmp_path / "manifest.csv").read_text() == ",".join(MANIFEST) + "\n"
    assert (tmp_path / "upload.csv").read_text() == ",".join(UPLOAD) + "\n"
