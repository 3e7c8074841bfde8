"""One finished file against the rows it was printed from: the read-back as the print job asks for it.

In: the file, its value columns, its layout. Out: the faults as the columns of a `ProblemLog`, each with the line of the slips
file that it belongs to, and counts for `job.json`. Refuses nothing: what is wrong is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from elqr.problems import ProblemLog, Where
from slips.form import Layout
from slips.proof.intent import expected_of
from slips.proof.readback import read_back

SECOND_EVERY = 50
"""One page of so many is read by the second reader too, beside the first and the last page of each file."""


def check_file(path: Path, values: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, Mapping[str, int]]:
    """(faults, counts) of a file of `values`, one row a page in page order, all printed on `layout`."""
    found = read_back(path, expected_of(values, layout), second_every=SECOND_EVERY)
    log = ProblemLog()
    lines = values["line"].to_list()
    for problem in found.problems:
        page, key = problem.params.get("page"), problem.params.get("slip_key")
        line = lines[page - 1] if isinstance(page, int) else None
        log.add_one(replace(problem, where=Where(path.name, line)), None if key is None else str(key))
    counts = {
        "pages": found.pages,
        "symbols_exact": found.symbols_exact,
        "symbols_decoded": found.symbols_decoded,
        "second_readings": found.second_readings,
        "texts": found.texts,
        "barcodes": found.barcodes,
    }
    return log.table(), counts
