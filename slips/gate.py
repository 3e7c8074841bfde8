"""Every fault of one form that stops it from being printed: what `elqr layouts` tells of it.

In: the name or path of a form, or the form. Out: problems. Refuses (ProblemError) what cannot be read as a form at all.
"""

from __future__ import annotations

from elqr.problems import Problem
from elqr.site import Site
from slips.fonts import FontLibrary, load_fonts
from slips.form import Layout
from slips.geometry import check_layout
from slips.labels import GUIDED
from slips.layout import load_layout
from slips.press import site_words
from slips.request import values_of
from slips.wording import check_words, faces_of, faces_of_languages


def faults_of(name_or_path: str) -> list[Problem]:
    """Distances, completeness, names of values, and the words of all languages in their boxes.

    Raises ProblemError where the file is no form, or the fonts to measure the words are missing.
    """
    return gate_faults(load_layout(name_or_path))


def gate_faults(layout: Layout, *, fonts: FontLibrary | None = None) -> list[Problem]:
    """All that stops a form from being printed. `fonts`: those of `all_faces(layout)`, where they are open already."""
    faults = check_layout(layout, values=values_of(layout))
    if any(fault.code == "layout.unknown_label" for fault in faults):
        return faults  # words that do not exist cannot be measured
    return faults + check_words(
        layout, fonts=fonts or load_fonts(all_faces(layout)), site=site_words(Site.unknown())
    )


def all_faces(layout: Layout) -> tuple[str, ...]:
    """The faces of a form in every language."""
    return (*faces_of(layout), *faces_of_languages(GUIDED))
