"""The whole check of one form: read, judged by every rule on paper and on its finished pages, pictured.

In: a name or path, a folder for pictures or none. Out: `Judged`. Refuses (ProblemError) what cannot be read as a form at all.
"""

from __future__ import annotations

from pathlib import Path

from elqr.site import Site
from slips.fonts import load_fonts
from slips.gate import all_faces, gate_faults
from slips.layout import form_bytes, load_layout
from slips.lint.judge import findings_of
from slips.lint.pictures import write_pictures
from slips.lint.report import Judged
from slips.lint.sheets import sheets_of
from slips.lint.toml_lines import lines_of


def check_form(name_or_path: str, *, out: Path | None = None) -> Judged:
    """Every finding of a form; with `out`, a picture of each in that folder. Raises ProblemError."""
    layout = load_layout(name_or_path)
    fonts = load_fonts(all_faces(layout))
    gate = gate_faults(layout, fonts=fonts)
    sheets = sheets_of(layout, gate, office=Site.unknown(), fonts=fonts)
    findings = findings_of(layout, gate=gate, fonts=fonts, sheets=sheets)
    return Judged(
        layout=layout,
        name=name_or_path,
        findings=findings,
        gate=gate,
        pictures=write_pictures(out, layout, sheets, findings) if out else (),
        lines=lines_of(form_bytes(name_or_path)[0].decode("utf-8", errors="replace")),
    )
