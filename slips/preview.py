"""Sample slips on a form, through the page writer of the print job: what an office looks at before it orders paper.

In: a form, a language, a site or none; the values of `layouts/preview.toml`, or rows of value columns. Out: PDF bytes, each slip marked 見本,
and the findings of the text check. A slip whose values do not fit is left out and said so. Refuses (ProblemError) a form with faults.
"""

from __future__ import annotations

import datetime as dt
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from elqr.problems import Problem, ProblemError, Severity
from elqr.site import Site, load_site
from slips.artwork import load_mark
from slips.fonts import FontLibrary, load_fonts
from slips.form import Layout
from slips.geometry import load_good_layout
from slips.labels import load_labels, worded
from slips.metadata import load_intent
from slips.notice_rows import VALUES as NOTICE_VALUES
from slips.outfiles import replacing
from slips.pages import Setup, compile_plan, write_pdf
from slips.press import site_words
from slips.request import table_rows, values_of
from slips.said import value_words
from slips.textcheck import TextCheck
from slips.values import CELLS, known_values
from slips.wording import faces_of, faces_of_languages

KINDS = ("usual", "longest", "full_year", "plain")
SECOND = "second"
ISSUED = dt.date(2026, 7, 10)
"""The day that the samples say of themselves: after the due date, for a reminder speaks of it as past, and before the last day to pay."""


@dataclass(frozen=True)
class Drawing:
    """A finished PDF: its bytes, the rows that it shows (one a page, or one a slip with `page` and `position`), what the text check found."""

    pdf: bytes
    shown: pl.DataFrame
    problems: tuple[Problem, ...]


def write_preview(
    name_or_path: str, *, out: Path, lang: str = "ja", site: Path | None = None
) -> list[Problem]:
    """Write the samples to `out`; the notes and errors of their texts come back. Raises ProblemError."""
    layout = good_form(name_or_path)
    office = load_site(site) if site else Site.unknown()
    drawing = drawn(layout, preview_values(lang, layout=layout, office=office), office=office)
    with replacing(out) as stream:
        stream.write(drawing.pdf)
    return list(drawing.problems)


def good_form(name_or_path: str) -> Layout:
    """A form that may be printed. Raises ProblemError with all its faults."""
    return load_good_layout(name_or_path, values=values_of)


def drawn(layout: Layout, frame: pl.DataFrame, *, office: Site, fonts: FontLibrary | None = None) -> Drawing:
    """Print rows of value columns (`line`, `lang`, `mode` and what the form names), as the print job does.

    `fonts`: those of the form and of the languages of the rows, where they are open already.
    Raises ProblemError where no row can be printed, a constant text of the form does not fit, or a font, a mark or an output profile is
    missing.
    """
    langs = frame["lang"].unique(maintain_order=True).to_list()
    fonts = fonts or load_fonts((*faces_of(layout), *faces_of_languages(langs)))
    check = TextCheck({layout.id: layout}, fonts)
    log = check.check(frame, layout.id)
    setup = Setup(
        layouts={layout.id: layout},
        langs=langs,
        site_words=site_words(office),
        issued=ISSUED,
        intent=load_intent(office.output_profile),
        mark=load_mark(office.mark_file) if office.mark_file else None,
    )
    held = [p.where.line for p in log.problems() if p.severity is Severity.ERROR and p.where.line is not None]
    shown = _printable(frame, held)
    if shown.is_empty():
        found = ", ".join(map(str, frame["line"]))
        raise ProblemError([Problem("preview.no_page", params={"found": found}), *log.problems()])
    plan = compile_plan(setup, fonts, check.characters())
    stream = io.BytesIO()
    write_pdf(stream, shown, layout=layout.id, plan=plan, fonts=fonts, title=layout.title["ja"])
    return Drawing(stream.getvalue(), shown, tuple(log.problems()))


def _printable(frame: pl.DataFrame, held: list[int]) -> pl.DataFrame:
    """The rows that are not held; a page of several slips is shown whole or not at all."""
    fits = ~pl.col("line").is_in(held)
    if "page" not in frame.columns:
        return frame.filter(fits)
    return frame.filter(fits.all().over("page")).with_columns(
        page=pl.col("page").rank("dense").cast(pl.Int64)
    )


def preview_values(lang: str, *, layout: Layout, office: Site) -> pl.DataFrame:
    """The value columns of the samples (`line` from 1), a page each; where the form has several slips a page, `page` and `position` too.

    The last sample then stands alone on its page.
    """
    samples = sample_values(lang, rows=table_rows(layout), office=office)
    if layout.slips_per_page == 1:
        return samples.filter(pl.col("position") == 1).drop("page", "position").with_columns(place=pl.lit(""))
    return samples.with_columns(line=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def sample_values(lang: str, *, rows: int, office: Site) -> pl.DataFrame:
    """The samples with all that a form with `rows` instalments may name; `line` and `page` are the number of the sample."""
    data = tomllib.loads((files("layouts") / "preview.toml").read_text(encoding="utf-8"))
    spoken = worded(lang)
    places = [(page, 1) for page in range(1, len(KINDS) + 1)]
    places += [(page, 2) for page, kind in enumerate(KINDS, 1) if SECOND in data[kind]]
    places.sort()
    slips = [
        _slip(data, KINDS[page - 1], spoken, second=position == 2, rows=rows, office=office) for page, position in places
    ]  # fmt: skip
    words = value_words(spoken)["places"]
    names = sorted({*known_values(rows), *NOTICE_VALUES} - {"line"})
    columns = {name: [slip.get(name, "") for slip in slips] for name in names}
    pages, positions = zip(*places, strict=True)
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).with_columns(
        line=pl.Series(pages, dtype=pl.Int64),
        page=pl.Series(pages, dtype=pl.Int64),
        position=pl.Series(positions, dtype=pl.Int64),
        place=pl.Series([words[position - 1] for position in positions]),
        lang=pl.lit(lang),
        mode=pl.lit("test"),
    )


def _slip(
    data: Mapping[str, Any], kind: str, lang: str, *, second: bool, rows: int, office: Site
) -> dict[str, str]:
    base = load_labels(lang).base
    raw = {
        **data["common"],
        **data[base],
        **data[lang],
        **data[kind],
        **(data[kind][SECOND] if second else {}),
    }
    raw.pop(SECOND, None)
    slip = {
        name: value[lang if lang in value else base] if isinstance(value, dict) else value
        for name, value in raw.items()
    }
    listed = min(len(slip["inst_period"]), rows)
    for cell in CELLS:
        texts = slip.pop(cell)
        slip |= {f"{cell}_{k + 1}": texts[k] for k in range(listed)}
    known = {"city": office.city, "department": office.department, "telephone": office.telephone}
    if base != "ja":
        known |= {
            "city": office.city_en or office.city,
            "department": office.department_en or office.department,
        }
    return slip | {name: text for name, text in known.items() if text}
