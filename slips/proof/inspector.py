"""One piece of work in a process of its own: survey a file, or look at some of its pages.

In: `Task`s, plain data. Out: a `Survey` or `PageResult`s. What cannot be looked at becomes a page with a finding; what breaks the process is told by
the crew that started it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np

from elqr.problems import ProblemError, reason_in_both
from elqr.renaming import rename
from slips.labels import LANGUAGES
from slips.proof import pictures
from slips.proof.book import Book, open_book
from slips.proof.curve import Curve
from slips.proof.gates import Gates
from slips.proof.identity import Hint
from slips.proof.ink import InkError, Inks
from slips.proof.marking import mark_of
from slips.proof.outcome import PageResult
from slips.proof.page_text import PageText
from slips.proof.reference import reference_page
from slips.proof.remarks import remark
from slips.proof.render import Document, LockedError, Page, UnreadableError, open_document
from slips.proof.scan import Pixels, Scan
from slips.proof.scan_page import ScanReader
from slips.proof.scan_remarks import judged
from slips.proof.scanner_scale import ScannerScale
from slips.proof.sheets import Sheet
from slips.proof.suspicions import explained
from slips.proof.thresholds import Thresholds
from slips.proof.vector import GROUP, VectorPages
from slips.proof.verdicts import Finding
from slips.proof.wechat import WeChat

STRUCTURE = "PDFの構造が壊れています / the structure of the PDF is broken"


@dataclass(frozen=True)
class Task:
    """Pages `first` to `last` (1-based) of a file; 0 to 0 surveys it. `hints`: by page, what the stack says of it."""

    path: Path
    name: str
    kind: str
    first: int = 0
    last: int = 0
    hints: Mapping[int, Hint] = field(default_factory=dict)

    @property
    def units(self) -> int:
        return max(1, self.last - self.first + 1)


@dataclass(frozen=True)
class Survey:
    """A file before its pages: how many, or why not."""

    pages: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Inspector:
    """The work. Everything heavy is made in the process that needs it, once."""

    folder: Path
    """Where the run laid the book, and where the forms' pictures are kept while it runs."""
    sheets: tuple[Sheet, ...]
    gates: Gates
    curve: Curve
    thresholds: Thresholds
    scanner: ScannerScale = field(default_factory=ScannerScale)

    def __call__(self, task: Task) -> Survey | list[PageResult]:
        if task.last == 0:
            return self._survey(task)
        try:
            return list(self._pdf(task) if task.kind == "pdf" else self._images(task))
        except (UnreadableError, InkError) as error:
            if task.units > 1:
                raise  # it is done again page by page
            said = str(error) if isinstance(error, UnreadableError) else STRUCTURE
            finding = remark("verify.damaged", measured=said)
            return [PageResult(source=task.name, page=task.first, findings=(finding,), pictures=(b"",))]

    def _survey(self, task: Task) -> Survey:
        try:
            task.path.open("rb").close()
            if not task.kind:
                return Survey(0, (remark("verify.not_an_image"),))
            if task.kind != "pdf":
                return Survey(pictures.page_count(task.path, limits=self.gates.pictures))
            return self._survey_pdf(task)
        except pictures.Unfit as unfit:
            return Survey(0, (unfit.finding,))
        except OSError as error:
            return Survey(0, (remark("verify.unopened", measured=reason_in_both(error)),))

    def _survey_pdf(self, task: Task) -> Survey:
        limits = self.gates.pictures
        size = task.path.stat().st_size
        if size > limits.bytes_max:
            measured, limit = f"{size / 1e6:,.0f} MB", f"{limits.bytes_max / 1e6:,.0f} MB"
            return Survey(0, (remark("verify.too_large", measured=measured, limit=limit),))
        try:
            with open_document(task.path) as document:
                pages = document.page_count
        except LockedError:
            return Survey(0, (remark("verify.locked"),))
        except UnreadableError as error:
            return Survey(0, (remark("verify.damaged", measured=str(error)),))
        if pages > limits.pages_max:
            limit = f"{limits.pages_max:,}"
            return Survey(0, (remark("verify.too_many_pages", measured=f"{pages:,}", limit=limit),))
        if not pages:
            return Survey(0, (remark("verify.damaged", measured="0 pages"),))
        return Survey(pages)

    # --- pages ------------------------------------------------------------------------------------

    def _images(self, task: Task) -> Iterator[PageResult]:
        for page in range(task.first, task.last + 1):
            try:
                scan, said = pictures.load(task.path, name=task.name, page=page, limits=self.gates.pictures)
            except pictures.Unfit as unfit:
                yield PageResult(source=task.name, page=page, findings=(unfit.finding,), pictures=(b"",))
                continue
            yield from self._scan(scan, said, task.hints.get(page, Hint()))

    def _scan(self, scan: Scan, said: Sequence[Finding], hint: Hint) -> Iterator[PageResult]:
        """A result for each slip of the page, one at least."""
        before = len(self._third.troubles)
        seen = self._reader.look_at_slips(scan, hint=hint)
        if silent := len(self._third.troubles) - before:
            said = (*said, remark("verify.reader_silent", measured=f"{silent}", limit="0"))
        for facts in seen:
            row = facts.identity.row
            entry = None if row is None else self._book.entry(row)
            mark = mark_of(scan.grey, facts, entry, curve=self.curve)
            page = judged(scan, facts, entry, self.gates, said=said, mark=mark)
            yield explained(page, scan.grey, facts, entry, curve=self.curve)

    def _pdf(self, task: Task) -> Iterator[PageResult]:
        document, inks = self._opened(task.path)
        drawn = VectorPages(document, name=task.name, inks=inks, book=self._book, sheets=self.sheets)
        for begin in range(task.first - 1, task.last, GROUP):
            end = min(begin + GROUP, task.last)
            with document.pages(begin, end) as group:
                yield from self._group(task, document, drawn, range(begin, end), group)

    def _opened(self, path: Path) -> tuple[Document, Inks]:
        """The file, kept open for its next pages: opening one of 5,000 pages takes longer than looking at 64 of them."""
        if path not in self._open:
            for document, inks in self._open.values():
                document.close()
                inks.close()
            self._open.clear()
            inks = Inks(
                path
            )  # it refuses more than the other, which would then stay open, for each page anew
            self._open[path] = (Document(path), inks)
        return self._open[path]

    def _group(
        self, task: Task, document: Document, drawn: VectorPages, indices: range, pages: Sequence[Page]
    ) -> Iterator[PageResult]:
        """Pages that are pictures of paper one by one, the others together; in their order."""
        dpis = {index: page.scan_dpi() for index, page in zip(indices, pages, strict=True)}
        plain = [(index, page) for index, page in zip(indices, pages, strict=True) if dpis[index] is None]
        hints = {index: task.hints[index + 1] for index, _ in plain if index + 1 in task.hints}
        results = drawn.look([i for i, _ in plain], [p for _, p in plain], hints=hints) if plain else []
        by_page = {number: list(some) for number, some in groupby(results, key=lambda result: result.page)}
        for index, page in zip(indices, pages, strict=True):
            dpi = dpis[index]
            if dpi is None:
                yield from by_page[index + 1]
            else:
                yield from self._scanned_page(task, index, page, dpi)

    def _scanned_page(self, task: Task, index: int, page: Page, dpi: float) -> Iterator[PageResult]:
        """A PDF made of scans: as fine as its images are, within the limits."""
        least, most = self.gates.dpi_min, self.gates.dpi_max
        used = min(max(dpi, float(least)), float(most))
        pixels = page.w_mm * page.h_mm * (used / 25.4) ** 2
        if pixels > self.gates.pictures.pixels_max:
            measured, limit = f"{pixels / 1e6:,.0f} Mpx", f"{self.gates.megapixels_max:,} Mpx"
            finding = remark("verify.too_large", measured=measured, limit=limit)
            yield PageResult(source=task.name, page=index + 1, findings=(finding,), pictures=(b"",))
            return
        scan = Scan(source=task.name, page=index + 1, grey=page.whole(used), dpi=used)
        said = (remark("verify.one_bit"),) if page.in_one_bit() else ()
        yield from self._scan(scan, said, task.hints.get(index + 1, Hint()))

    # --- what a process makes once ------------------------------------------------------------------

    @cached_property
    def _book(self) -> Book:
        return open_book(self.folder)

    @cached_property
    def _open(self) -> dict[Path, tuple[Document, Inks]]:
        return {}

    @cached_property
    def _reader(self) -> ScanReader:
        return ScanReader(
            book=self._book,
            sheets=self.sheets,
            curve=self.curve,
            thresholds=self.thresholds,
            picture_of=self._picture,
            text=PageText(self.sheets, self._book.number_widths, self.gates.text_margin_min),
            wechat=self._third,
            scanner=self.scanner,
        )

    @cached_property
    def _third(self) -> WeChat:
        return WeChat()

    def _picture(self, sheet: Sheet, lang: str) -> Pixels:
        """The intended page of a form in a language: made by the process that needs it first, and laid down for the others."""
        if (sheet.name, lang) not in self._pictures:
            number = [one.name for one in self.sheets].index(sheet.name)
            path = self.folder / f"form-{number}-{lang}.npy"
            if not path.exists():
                made = path.with_name(f"{path.stem}-{os.getpid()}.npy")
                np.save(made, self._drawn(sheet, lang))
                rename(made, path)
            self._pictures[sheet.name, lang] = np.load(path)
        return self._pictures[sheet.name, lang]

    def _drawn(self, sheet: Sheet, lang: str) -> Pixels:
        """Where the typeface of a guidance text is not installed, the form in Japanese, which is tried anyway."""
        try:
            return reference_page(sheet.layout, lang)
        except ProblemError:
            if lang in LANGUAGES:
                raise
            return self._picture(sheet, LANGUAGES[0])

    @cached_property
    def _pictures(self) -> dict[tuple[str, str], Pixels]:
        return {}
