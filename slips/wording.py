"""Judges the words of a form: every constant text, in every language, set into its box with the fonts that print it.

In: a `Layout`, fonts, the site's words. Out: all texts that do not fit or have no glyph, where the page writer would stop
at the first. Refuses nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from elqr.problems import Problem, ProblemError
from slips.constants import constant_texts, set_constant
from slips.fonts import FontLibrary
from slips.form import Layout
from slips.labels import LANGUAGES, load_labels, spoken


def check_words(
    layout: Layout, *, fonts: FontLibrary, site: Mapping[str, str], langs: Sequence[str] = LANGUAGES
) -> list[Problem]:
    """`text.label_overflow` and `text.label_no_glyph` of all languages; `fonts` has the faces of `faces_of(layout)`."""
    found: list[Problem] = []
    for lang in langs:
        words = partial(load_labels(lang).text, site=spoken(site, lang))
        for text in constant_texts(layout, words, has_mark=False):
            try:
                set_constant(text, fonts, file=layout.file)
            except ProblemError as fault:
                found.extend(fault.problems)
    return found


def faces_of(layout: Layout) -> tuple[str, ...]:
    """The font faces that a form names, for boxes and labels."""
    boxes = layout.boxes
    return tuple(
        sorted({box.font for box in boxes} | {box.label_font for box in boxes if box.label or box.columns})
    )
