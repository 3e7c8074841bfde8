"""The pre-press test of a form by name: its own sample page, drawn by the page writer, under every simulated defect.

In: a form. Out: `stress.html` and `stress.csv` in a folder, and the result. Refuses (ProblemError) a form with faults.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from elqr import symbols
from slips.layout import Layout, load_layout
from slips.outfiles import write_whole
from slips.preview import write_preview
from slips.proof.expected import SymbolPlace
from slips.proof.stress import SCAN_DPI, SEEDS, USUAL, Stress, stress_file
from slips.proof.stress_report import stress_csv, stress_html

HTML, CSV = "stress.html", "stress.csv"


def simulate_layout(
    name_or_path: str,
    *,
    out: Path,
    dpi: int = SCAN_DPI,
    defects: Sequence[str] = USUAL,
    seeds: int = SEEDS,
) -> Stress:
    """Test the form's code with all that stands around it, scanned at `dpi`, and write both files into `out`.

    Each of `defects` comes in six strengths, each of them `seeds` times.

    Raises ProblemError as the preview does, OSError.
    """
    layout = load_layout(name_or_path)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.pdf"
        write_preview(name_or_path, out=page)
        result = stress_file(
            page,
            place=_place(layout),
            intended=_sample_modules(),
            title=layout.title["ja"],
            dpi=dpi,
            defects=defects,
            seeds=seeds,
        )
    out.mkdir(parents=True, exist_ok=True)
    for name, data in ((HTML, stress_html(result)), (CSV, stress_csv(result))):
        write_whole(out / name, data)
    return result


def _sample_modules() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """The symbol of the samples' payload."""
    data = tomllib.loads((files("layouts") / "preview.toml").read_text(encoding="utf-8"))
    digits = np.frombuffer(data["common"]["payload"].encode(), np.uint8)
    return np.asarray(symbols.unpack(symbols.encode(digits[None]))[0])


def _place(layout: Layout) -> SymbolPlace:
    """The form's code where the press draws it: on its dots, which are counted from the page's lower left."""
    box = next(box for box in layout.boxes if box.kind == "qr")
    left, bottom = layout.origin_dots(box)
    y_mm = layout.page_h_mm - bottom * layout.dot_mm - layout.qr_side_mm
    return SymbolPlace(left * layout.dot_mm, y_mm, layout.qr_pitch_mm)
