"""The real press of the print job: text check before, page writer and read-back for each file.

In: a `Setting`. Out: `PaperPrepress` (first pass) and from it `PaperPress`, plain data that goes to the worker processes; a worker opens
the fonts once. Refuses (ProblemError): fonts that are missing, a mark or an output profile that cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import polars as pl

from elqr.money import to_human
from elqr.problems import ProblemError, ProblemLog, Where
from elqr.site import Site
from slips.artwork import load_mark
from slips.fonts import FontLibrary, load_fonts
from slips.layout import Layout
from slips.metadata import load_intent
from slips.pages import PagePlan, Setup, compile_plan, write_pdf
from slips.proof.decode import require_readers
from slips.proof.intent import expected_of
from slips.proof.readback import read_back
from slips.request import Setting
from slips.textcheck import TextCheck
from slips.wording import faces_of as faces_of_layout
from slips.wording import faces_of_languages, unsaid, unspoken
from slips.workers import Proof

SECOND_EVERY = 100
"""Every how many pages the second decoder looks too, beside the first and the last page of a file."""

WIDEST_DAY: Mapping[str, str] = {"ja": "令和10年12月28日", "en": "28 September 2028"}
"""Stands for the day of issue where none is known yet: what fits with it fits with any."""


@cache
def _fonts(names: tuple[str, ...]) -> FontLibrary:
    """The open fonts of this process."""
    return load_fonts(names)


def faces_of(layouts: Mapping[str, Layout]) -> tuple[str, ...]:
    """The typefaces that the layouts use."""
    return tuple(sorted({face for layout in layouts.values() for face in faces_of_layout(layout)}))


def site_words(site: Site) -> dict[str, str]:
    """What labels may say of the site; `limit` in words, as people say it (30万円). The page writer puts the day of issue."""
    limit = site.barcode_limit
    yen = f"{limit // 10_000}万円" if limit % 10_000 == 0 else f"{to_human(pl.Series([limit])).item()}円"
    return {
        "city": site.city,
        "department": site.department,
        "telephone": site.telephone,
        "hours": site.hours,
        "limit": yen,
        "hours_en": site.hours_en,
        "head": site.head or (f"{site.city}長" if site.city else ""),
        "head_en": site.head_en or (f"the Mayor of {site.city_en}" if site.city_en else ""),
        "issued": WIDEST_DAY["ja"],
        "issued_en": WIDEST_DAY["en"],
        "city_en": site.city_en,
        "department_en": site.department_en,
        "limit_en": f"¥{to_human(pl.Series([limit])).item()}",
    }


@dataclass(frozen=True)
class PaperPress:
    """Writes pages with one compiled plan, and reads them back."""

    plan: PagePlan
    faces: tuple[str, ...]

    def write_pdf(self, path: Path, values: pl.DataFrame, *, layout: str, title: str) -> None:
        """See `slips.workers.Press`."""
        with path.open("wb") as out:
            write_pdf(out, values, layout=layout, plan=self.plan, fonts=_fonts(self.faces), title=title)

    def read_back(self, path: Path, values: pl.DataFrame, *, layout: str) -> Proof:
        """See `slips.workers.Press`."""
        found = read_back(
            path, expected_of(values, self.plan.setup.layouts[layout]), second_every=SECOND_EVERY
        )
        log = ProblemLog()
        lines, keys = values["line"], values["slip_key"]
        rows = {key: row for row, key in enumerate(keys)} if found.problems else {}
        for problem in found.problems:
            row = rows.get(problem.params.get("slip_key"))
            where = Where(path.name, None if row is None else lines[row])
            log.add_one(replace(problem, where=where), None if row is None else keys[row])
        return Proof(
            log.table(),
            {
                "pages": found.pages,
                "symbols_equal_in_every_pixel": found.symbols_exact,
                "symbols_decoded": found.symbols_decoded,
                "symbols_read_by_second_decoder": found.second_readings,
                "texts_equal": found.texts,
                "barcodes_decoded": found.barcodes,
                "inserter_marks_equal": found.inserter_marks,
                "decoder": f"zxing-cpp {version('zxing-cpp')}",
                "second_decoder": f"zbar, pyzbar {version('pyzbar')}",
                "second_decoder_sample": f"first, last and every {SECOND_EVERY}th page of a file",
            },
        )


@dataclass
class PaperPrepress:
    """Looks at every text of the job, then compiles the plan for exactly these texts."""

    setting: Setting
    _langs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.setting.request.read_back:
            require_readers()
        layouts = self.setting.layouts
        release, words = self.setting.request.release, site_words(self.setting.site)
        code = "site.words" if release else "site.words_trial"
        self._unsaid = [p for layout in layouts.values() for p in unsaid(layout, words, code=code)]
        if self._unsaid and release:
            raise ProblemError(self._unsaid)
        self._texts = TextCheck(layouts, _fonts(faces_of(layouts)))

    def notes(self) -> ProblemLog:
        """See `slips.intake.Prepress`."""
        log = ProblemLog()
        for problem in self._unsaid:
            log.add_one(problem)
        return log

    def check(self, values: pl.DataFrame, *, layout: str) -> ProblemLog:
        """See `slips.intake.Prepress`."""
        log = self._texts.check(values, layout)
        if "lang" in values.columns:  # numbers speak none
            self._langs.update(values["lang"].unique())
            log.extend(unspoken(values))
        return log

    def ready(self) -> Callable[[], object]:
        """See `slips.intake.Prepress`: open the fonts, and import all that printing needs."""
        return partial(_fonts, faces_of(self.setting.layouts))

    def press(self) -> PaperPress:
        """See `slips.intake.Prepress`."""
        setting = self.setting
        setup = Setup(
            layouts=setting.layouts,
            langs=sorted(self._langs, key=lambda lang: (lang != "ja", lang)),
            site_words=site_words(setting.site),
            issued=setting.request.issue_date,
            intent=load_intent(setting.site.output_profile),
            mark=load_mark(setting.site.mark_file) if setting.site.mark_file else None,
        )
        faces = (*faces_of(setting.layouts), *faces_of_languages(self._langs))
        return PaperPress(compile_plan(setup, _fonts(faces), self._texts.characters()), faces)
