"""Tagged pages beside reportlab drawing and tagging the same ones: CPU time a page, in one process, in turn.

Ours are the files of a print job, timed where they are written. The peer draws what pdfium sees on our pages, each text at its place: what
is the same on all pages as forms made once, what differs as text, codes as inline masks, a paragraph tag for every text and a figure
tag for every code. reportlab has no tagging; the glue adds the structure through its document objects.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pypdfium2
import reportlab
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from bench.figures import Figure
from bench.printing import ISSUE_DATE, LAYOUT, SITE
from sample_data.generate import write_large
from slips import fonts
from slips.job import print_slips
from slips.press import PaperPrepress, PaperPress
from slips.request import PrintRequest

COUNT, PEER_COUNT, ROUNDS = 5_000, 200, 3
Text = tuple[str, float, float, float]  # words, x, y, size
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class TimedPress(PaperPress):
    """Our press with a stopwatch; keeps the file it wrote."""

    keep: Path = Path()
    seconds: list[float] = field(default_factory=list)

    def write_pdf(self, path: Path, *words: Any, **named: Any) -> object:
        """Write the file and note the CPU seconds."""
        start = time.process_time()
        written = super().write_pdf(path, *words, **named)
        self.seconds.append(time.process_time() - start)
        shutil.copy(path, self.keep)
        return written


def ours(folder: Path) -> tuple[float, Path]:
    """CPU seconds a page over a whole file, and the file."""
    write_large(folder / "slips.csv", COUNT)
    timed: list[TimedPress] = []

    class Prepress(PaperPrepress):
        def press(self) -> PaperPress:
            real = super().press()
            timed.append(TimedPress(**vars(real), keep=folder / "ours.pdf"))
            return timed[0]

    request = PrintRequest(
        slips=folder / "slips.csv",
        out=folder / "out",
        layout=LAYOUT,
        issue_date=dt.date.fromisoformat(ISSUE_DATE),
        profile="tax",
        site=SITE,
        read_back=False,
        overwrite=True,
    )
    print_slips(request, prepress=Prepress)
    return sum(timed[0].seconds) / COUNT, folder / "ours.pdf"


def seen(file: Path) -> list[tuple[list[Text], list[Box]]]:
    """The texts and the image boxes of the first pages, as pdfium sees them."""
    pdf = pypdfium2.PdfDocument(file)
    pages = []
    for number in range(PEER_COUNT):
        page = pdf[number]
        words = page.get_textpage()
        objects = list(page.get_objects(max_depth=4, textpage=words))
        texts = [
            (o.extract(), o.get_matrix().e, o.get_matrix().f, abs(o.get_matrix().d) * o.get_font_size())
            for o in objects
            if isinstance(o, pypdfium2.PdfTextObj)
        ]
        pages.append((texts, [o.get_bounds() for o in objects if isinstance(o, pypdfium2.PdfImage)]))
    return pages


class TaggedPage(pdfdoc.PDFPage):  # type: ignore[misc]
    """A page that may carry its place in the structure: reportlab's page class has a closed list of keys."""

    __NoDefault__: ClassVar[list[str]] = [*pdfdoc.PDFPage.__NoDefault__, "StructParents"]


def peer(pages: list[tuple[list[Text], list[Box]]]) -> tuple[float, int]:
    """CPU seconds a page of reportlab drawing and tagging `pages`, and the bytes a page."""
    same = set.intersection(*(set(texts) for texts, _ in pages))
    mask = "FF" * 6 * 41
    pdfmetrics.registerFont(TTFont("peer", fonts.find("gothic")))
    out = io.BytesIO()
    start = time.process_time()
    sheet = canvas.Canvas(
        out, pagesize=(595.44, 841.68), pageCompression=1, lang="ja-JP", initialFontName="peer"
    )
    sheet.setTitle("納付書")
    for number, (words, x, y, size) in enumerate(sorted(same)):
        sheet.beginForm(f"label{number}", 0, 0, 595.44, 841.68)
        sheet.setFont("peer", size)
        sheet.drawString(x, y, words)
        sheet.endForm()
    counts = []
    for texts, boxes in pages:
        mark = 0
        for number in range(len(same)):
            sheet._code.append(f"/P <</MCID {mark}>> BDC")
            sheet.doForm(f"label{number}")
            sheet._code.append("EMC")
            mark += 1
        run, last = sheet.beginText(), 0.0
        for words, x, y, size in texts:
            if (words, x, y, size) in same:
                continue
            run._code.append(f"/P <</MCID {mark}>> BDC")
            if size != last:
                run.setFont("peer", size)
                last = size
            run.setTextOrigin(x, y)
            run.textOut(words)
            run._code.append("EMC")
            mark += 1
        sheet.drawText(run)
        for left, bottom, right, top in boxes:
            place = f"{right - left:.3f} 0 0 {top - bottom:.3f} {left:.3f} {bottom:.3f}"
            sheet._code.append(f"/Figure <</MCID {mark}>> BDC q {place} cm")
            sheet._code.append(f"BI /W 41 /H 41 /IM true /BPC 1 /F /AHx ID {mask}> EI Q EMC")
            mark += 1
        counts.append((mark - len(boxes), len(boxes)))
        sheet.showPage()
    _tag(sheet._doc, counts)
    sheet.save()
    return (time.process_time() - start) / len(pages), len(out.getvalue()) // len(pages)


def _tag(doc: Any, counts: list[tuple[int, int]]) -> None:
    """The structure tree: a section a page, a paragraph a text, a figure a code."""
    name, table, array = pdfdoc.PDFName, pdfdoc.PDFDictionary, pdfdoc.PDFArray
    root, document = table({"Type": name("StructTreeRoot")}), table({"S": name("Document")})
    root_at, document_at = doc.Reference(root), doc.Reference(document)
    sections, parents = [], []
    for number, (page, (texts, figures)) in enumerate(zip(doc.Pages.pages, counts, strict=True)):
        page.__class__, page.StructParents = TaggedPage, number
        section = table({"S": name("Sect"), "P": document_at})
        section_at = doc.Reference(section)
        kids = []
        for mark in range(texts + figures):
            words: dict[str, Any] = {
                "S": name("P" if mark < texts else "Figure"),
                "P": section_at,
                "Pg": page,
                "K": mark,
            }
            if mark >= texts:
                words["Alt"] = pdfdoc.PDFString("地方税統一QRコード")
            kids.append(doc.Reference(table(words)))
        section.dict["K"] = array(kids)
        sections.append(section_at)
        parents += [number, array(kids)]
    document.dict |= {"P": root_at, "K": array(sections)}
    root.dict |= {"K": document_at, "ParentTree": doc.Reference(table({"Nums": array(parents)}))}
    doc.Catalog.StructTreeRoot, doc.Catalog.MarkInfo = root_at, table({"Marked": "true"})


def figure() -> Figure:
    """Both, in turn; the ratio of the medians."""
    mine, theirs, size = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            seconds, file = ours(Path(folder))
            mine.append(seconds)
            seconds, size = peer(seen(file))
            theirs.append(seconds)
        page_bytes = file.stat().st_size / COUNT
    us, other = statistics.median(mine) * 1e6, statistics.median(theirs) * 1e6
    return Figure(
        "tagged page",
        f"{us:,.0f} µs, {page_bytes:,.0f} bytes",
        f"reportlab {reportlab.Version}, tagged: {other:,.0f} µs, {size:,} bytes",
        f"× {other / us:.0f}",
        "≥ × 15",
        other / us >= 15,
    )
