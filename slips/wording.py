"""Judges the words of a form: every constant text, in every language, set into its box with the fonts that print it.

In: a `Layout`, fonts, the site's words. Out: all texts that do not fit or have no glyph, where the page writer would stop
at the first. Refuses nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import polars as pl

from elqr.problems import Problem, ProblemError, ProblemLog
from slips.constants import constant_texts, set_constant
from slips.fonts import FontLibrary
from slips.form import Layout
from slips.labels import FACE_OF, GUIDED, LANGUAGES, language_of, load_labels, spoken


def check_words(
    layout: Layout,
    *,
    fonts: FontLibrary,
    site: Mapping[str, str],
    langs: Sequence[str] = (*LANGUAGES, *GUIDED),
) -> list[Problem]:
    """`text.label_overflow` and `text.label_no_glyph` of all languages; `fonts` has the faces of `faces_of(layout)`."""
    found: list[Problem] = []
    for lang in langs:
        labels = load_labels(lang)
        words = partial(labels.text, site=spoken(site, labels.base))
        for text in constant_texts(layout, words, has_mark=False, face_of=labels.face):
            try:
                set_constant(text, fonts, file=layout.file)
            except ProblemError as fault:
                found.extend(fault.problems)
    return found


def unsaid(layout: Layout, site: Mapping[str, str], *, code: str = "site.words") -> list[Problem]:
    """One problem where sentences of the form ask for words that the site does not have: `site.words`, or `site.words_trial` for a trial.

    An instruction on remedies that names nobody would be void. Boxes for such words alone are another matter: they stay empty.
    """
    labels = load_labels("ja")
    keys = {key for box in layout.boxes for key in (box.label, box.text) if key}
    missing = sorted({hole for key in keys for hole in labels.holes(key) if not site.get(hole)})
    params = {"file": layout.file, "found": ", ".join(missing)}
    return [Problem(code, missing[0], params)] if missing else []


def unspoken(values: pl.DataFrame) -> ProblemLog:
    """`lang.no_words` at each row whose language has no words here, so that English stands on it: `jp` is no Japanese."""
    log = ProblemLog()
    odd = [lang for lang in values["lang"].unique().drop_nulls() if not language_of(lang)]
    rows = values.filter(pl.col("lang").is_in(odd))
    log.add(
        rows, "lang.no_words", field="lang", found=rows["lang"], expected=", ".join((*LANGUAGES, *GUIDED))
    )
    return log


def faces_of_languages(langs: Iterable[str]) -> tuple[str, ...]:
    """The faces that the guidance texts of these languages need beside those of the form."""
    names = {language_of(lang) for lang in langs}
    return tuple(sorted({FACE_OF[name] for name in names if name in FACE_OF}))


def faces_of(layout: Layout) -> tuple[str, ...]:
    """The font faces that a form names, for boxes and labels."""
    boxes = layout.boxes
    return tuple(
        sorted({box.font for box in boxes} | {box.label_font for box in boxes if box.label or box.columns})
    )
