"""Prints notices that are no slips (過誤納金還付(充当)通知書): rows in, tagged PDF files out, each page read back.

In: `NoticeRequest` (a CSV or Parquet file of `notice_rows.COLUMNS`, a form for that document). Out: `notices-00001.pdf` …, `notices.csv`
(where each lies), `problems.csv`, `job.json`. The same request gives the same bytes. Refuses (ProblemError) a form of another kind,
a folder with another job or with the rows themselves, and a page that does not read as its row; a faulty row is held and listed.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from elqr import __version__
from elqr.out_place import NOTICES, REFUND_NOTICE, refuse_replacing
from elqr.problems import Problem, ProblemError, ProblemLog, Severity
from elqr.reader import read_columns
from elqr.site import Site, load_site
from slips.fonts import load_fonts
from slips.form import Layout
from slips.geometry import load_good_layout
from slips.jobfile import sha256_of, to_bytes
from slips.metadata import load_intent
from slips.notice_rows import COLUMNS, VALUES, cleaned, notice_values
from slips.outfiles import replacing, telling_disk_errors, write_whole
from slips.pages import PagePlan, Setup, compile_plan, write_pdf
from slips.press import site_words
from slips.proof.expected import Area
from slips.proof.render import open_document
from slips.proof.textboxes import TextBoxes, agree
from slips.textcheck import TextCheck
from slips.wording import faces_of, faces_of_languages, unsaid, unspoken

DOCUMENT = REFUND_NOTICE
READ_BACK = ("notice_no", "payer_name", "total")
JOB = "job.json"
_PDF = re.compile(r"notices-[0-9]{5,}\.pdf")
_LISTS = ("notices.csv", "problems.csv", JOB)
PLACES = ("seq", "notice_no", "payer_id", "file", "page", "total", "layout", "layout_sha256")


@dataclass(frozen=True, kw_only=True)
class NoticeRequest:
    """The options of `elqr print-notices`. The day comes from each row; `issue_date` is that of the files."""

    notices: Path
    out: Path
    layout: str
    issue_date: dt.date
    site: Path | None = None
    encoding: str | None = None
    notices_per_file: int = 5000


@dataclass(frozen=True)
class NoticeReport:
    """The content of job.json, the problems, the folder."""

    job: dict[str, Any]
    log: ProblemLog
    out: Path


def print_notices(request: NoticeRequest) -> NoticeReport:
    """Do the whole job. Raises ProblemError when nothing was delivered."""
    refuse_replacing(request.out, _LISTS, inputs=[request.notices], command=NOTICES)
    layout = load_good_layout(request.layout, values=lambda form: VALUES)
    if layout.document != DOCUMENT:
        params = {"file": layout.file, "found": layout.document, "expected": DOCUMENT}
        raise ProblemError(Problem("layout.other_document", "layout", params))
    site = load_site(request.site) if request.site else Site.unknown()
    if missing := unsaid(layout, site_words(site)):
        raise ProblemError(missing)
    log, frames, came_in = ProblemLog(), list[pl.DataFrame](), 0
    for batch in read_columns(request.notices, COLUMNS, encoding=request.encoding):
        log.extend(batch.log.table())
        frames.append(batch.frame)
        came_in += batch.frame.height + batch.refused.height
    rows = cleaned(pl.concat(frames), log, gaiji=site.gaiji).sort("notice_no", "line")
    fonts = load_fonts((*faces_of(layout), *faces_of_languages(rows["lang"].drop_nulls())))
    check = TextCheck({layout.id: layout}, fonts)
    said = check.check(notice_values(rows, site=site), layout.id)
    log.extend(said.table())
    rows = rows.filter(~pl.col("line").is_in(said.held_lines().implode()))
    values = notice_values(rows, site=site)
    log.extend(unspoken(values).table())
    setup = Setup(
        layouts={layout.id: layout},
        langs=sorted(values["lang"].unique(), key=lambda lang: (lang != "ja", lang)) or ["ja"],
        site_words=site_words(site),
        issued=request.issue_date,
        intent=load_intent(site.output_profile),
    )
    plan = compile_plan(setup, fonts, check.characters())
    with telling_disk_errors(request.out):
        request.out.mkdir(parents=True, exist_ok=True)
        _clear(request.out)
        try:
            places = _files(request, layout, plan, rows, values)
            write_whole(request.out / "notices.csv", places.write_csv().encode())
            write_whole(request.out / "problems.csv", log.report().write_csv().encode())
            job = _job(request, layout, came_in, rows, log)
            write_whole(request.out / JOB, to_bytes(job))
        except BaseException:  # what is whole of a job that is none would pass for its result
            _clear(request.out)
            raise
    return NoticeReport(job, log, request.out)


def _clear(folder: Path) -> None:
    """The results of an earlier job: with fewer notices than before, its last files would stay."""
    (folder / JOB).unlink(missing_ok=True)
    for entry in folder.iterdir():
        if _PDF.fullmatch(entry.name):
            entry.unlink()


def _files(
    request: NoticeRequest, layout: Layout, plan: PagePlan, rows: pl.DataFrame, values: pl.DataFrame
) -> pl.DataFrame:
    """Write and read back each file; where every notice lies."""
    fonts, parts = load_fonts(tuple(plan.faces)), []
    for number, begin in enumerate(range(0, values.height, request.notices_per_file), 1):
        some = values.slice(begin, request.notices_per_file)
        name = f"notices-{number:05d}.pdf"
        title = f"{layout.title['ja']} {request.issue_date.isoformat()} {some['seq'][0]}-{some['seq'][-1]}"
        with replacing(request.out / name) as out:
            write_pdf(out, some, layout=layout.id, plan=plan, fonts=fonts, title=title)
            out.flush()
            _read_back(Path(out.name), some, layout)
        parts.append(
            some.select("seq", "notice_no", "payer_id").with_columns(
                rows.slice(begin, request.notices_per_file)["total"],
                file=pl.lit(name),
                page=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
                layout=pl.lit(layout.id),
                layout_sha256=pl.lit(layout.sha256),
            )
        )
    return (
        pl.concat(parts).select(PLACES) if parts else pl.DataFrame(schema=dict.fromkeys(PLACES, pl.String()))
    )


def _read_back(path: Path, values: pl.DataFrame, layout: Layout) -> None:
    """Every page by another engine: whose notice it is and what it says is paid out. Raises ProblemError."""
    boxes = [b for b in layout.boxes if b.kind == "field" and b.value in READ_BACK and not b.when]
    areas = [Area(b.x_mm, b.y_mm, b.w_mm, b.h_mm) for b in boxes]
    with open_document(path) as document:
        reader = TextBoxes(document)
        for index, row in enumerate(values.iter_rows(named=True)):
            with document.pages(index, index + 1) as (page,):
                wanted = [row[box.value] for box in boxes]
                found = reader.read(index, page, areas, wanted)
            for box, one, other in zip(boxes, found, wanted, strict=True):
                if not agree([one], [other]):
                    params = {"page": index + 1, "name": box.value, "found": one, "expected": other}
                    raise ProblemError(Problem("notice.read_back", box.value, params))


def _job(
    request: NoticeRequest, layout: Layout, came_in: int, rows: pl.DataFrame, log: ProblemLog
) -> dict[str, Any]:
    """Counts and sums: what came in is what was printed and what is held."""
    severities = log.table()["severity"].to_list()
    return {
        "document": DOCUMENT,
        "input": {"file": request.notices.name, "sha256": sha256_of(request.notices)},
        "layout": {"id": layout.id, "version": layout.version, "sha256": layout.sha256},
        "site_sha256": sha256_of(request.site),
        "issue_date": request.issue_date.isoformat(),
        "in": {"notices": came_in},
        "printed": {"notices": rows.height, "yen": int(rows["total"].sum())},
        "held": {"notices": came_in - rows.height},
        "read_back": {"pages": rows.height, "values": list(READ_BACK)},
        "problems": {s.value: severities.count(s.value) for s in Severity},
        "elqr": __version__,
    }
