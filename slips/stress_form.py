"""The stress test of a designed form before it is printed: its own sample page, its own code, put through every defect.

In: a form. Out: `stress.html` and `stress.csv` in a folder, and lines for people. Refuses (ProblemError) a form with faults.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from elqr.site import Site
from slips.outfiles import telling_disk_errors, write_whole
from slips.preview import good_form, preview_values, write_preview
from slips.proof.intended_modules import modules_of
from slips.proof.intent import places_of
from slips.proof.simulate.matrix import READERS
from slips.proof.stress import Stress, stress_file
from slips.proof.stress_report import stress_csv, stress_html

HTML, CSV = "stress.html", "stress.csv"


def stress_form(name_or_path: str, *, out: Path) -> list[str]:
    """Test the form and write the two files into `out`. Raises ProblemError."""
    layout = good_form(name_or_path)
    values = preview_values("ja", layout=layout, office=Site.unknown())
    intended = modules_of(values["payload"][0].encode())
    with tempfile.TemporaryDirectory(prefix="elqr-stress-") as folder:
        page = Path(folder) / "form.pdf"
        write_preview(name_or_path, out=page)
        result = stress_file(
            page, place=places_of(layout, names=()).symbol, intended=intended, title=layout.title["ja"]
        )
    with telling_disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    write_whole(out / HTML, stress_html(result))
    write_whole(out / CSV, stress_csv(result))
    return [*_said(result), f"→ {out}: {HTML}, {CSV}"]


def _said(result: Stress) -> list[str]:
    """Up to where all readers together take each defect."""
    lines = []
    for row in result.rows:
        borne = row.bears(READERS[-1])
        amount = "—" if borne is None else f"{borne:g} {row.defect.unit}".rstrip()
        lines.append(f"  {row.defect.ja} / {row.defect.name}: {amount}")
    return lines
