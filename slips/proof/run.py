"""A verification from paths to verdicts: every file surveyed, every page looked at in a process that may die, the stack settled.

In: a `VerifyRequest`. Out: an `Inspection`, the same whatever the number of processes. Refuses (ProblemError): no file, a manifest, form, curve or
gates file that cannot be used. A file that cannot be opened, or breaks what opens it, is a finding.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from elqr.crew import Broken, Crew
from slips.progress import Listener, Progress, silent
from slips.proof.backs import passed_over
from slips.proof.book import Book, read_book
from slips.proof.curve import load_curve
from slips.proof.decode import require_readers
from slips.proof.gates import Gates, load_gates
from slips.proof.identity import Hint
from slips.proof.inspector import Inspector, Survey, Task
from slips.proof.manifest_check import disagreements
from slips.proof.outcome import Inspection, LayoutUsed, PageResult, SourceResult
from slips.proof.remarks import remark
from slips.proof.scanner_scale import ScannerScale, load_scanner
from slips.proof.sequence import sampling
from slips.proof.sheets import load_sheets
from slips.proof.sources import Source, gather
from slips.proof.stack import hints, not_its_place, settled
from slips.proof.thresholds import load_thresholds
from slips.proof.verdicts import Finding, SlipResult, Verdict

Answer = Survey | list[PageResult]
CHUNKS = {"pdf": 64, "tiff": 8}.items()
"""Pages of one task; a file is opened once for all of them. What breaks is done again page by page."""


@dataclass(frozen=True, kw_only=True)
class VerifyRequest:
    """The options of `elqr verify`. `layouts` are forms that go before our own; `sample`: slips that are not there are not missing."""

    paths: Sequence[Path]
    manifest: Path
    layouts: tuple[str, ...] = ()
    gates: Path | None = None
    curve: str = "srgb"
    scanner: Path | None = None
    """The card of `--calibrate` that tells how true the scanner is; None: its own scale is taken for true."""
    jobs: int = 1
    sample: bool = False


def verify(request: VerifyRequest, *, listener: Listener = silent) -> Inspection:
    """Do all of it. Raises ProblemError where it cannot begin."""
    require_readers()
    gates, curve = load_gates(request.gates), load_curve(request.curve)
    scanner = load_scanner(request.scanner)
    book, sha256 = read_book(request.manifest)
    sources = gather(request.paths)
    named = sorted(set(book.rows.select("layout", "layout_sha256").iter_rows()))
    sheets, used = load_sheets(named, given=request.layouts)
    thresholds = replace(
        load_thresholds(),
        letter_pixels_a_module=gates.grade_px_a_module_min,
        grade_pixels_a_module=gates.measure_px_a_module_min,
    )
    with tempfile.TemporaryDirectory(prefix="elqr-verify-") as name:
        folder = Path(name)
        book.save(folder)
        inspector = Inspector(folder, sheets, gates, curve, thresholds, scanner)
        with Crew(inspector, jobs=request.jobs, limits=gates.processes) as crew:
            surveyed = _surveyed(crew, sources)
            pages = _looked_at(crew, surveyed, listener)
            surveyed, pages = passed_over(surveyed, pages)
            pages = _looked_again(crew, surveyed, pages, len(book))
    return _inspection(request, book, sha256, used, gates, curve.name, scanner, surveyed, pages)


def _surveyed(crew: Crew[Task, Answer], sources: Sequence[Source]) -> list[tuple[Source, SourceResult]]:
    found = []
    tasks = [Task(one.path, one.name, one.kind) for one in sources if not one.passed_over]
    answers = iter([answer for _, answer in crew.run(tasks)])
    for source in sources:
        if source.passed_over:
            survey = Survey(0, (remark(source.passed_over, measured=source.path.suffix or "—"),))
        else:
            answer = next(answers)
            survey = answer if isinstance(answer, Survey) else Survey(0, (broken_remark(answer),))
        result = SourceResult(
            name=source.name, kind=source.kind, size=source.size, pages=survey.pages, findings=survey.findings
        )
        found.append((source, result))
    return found


def _looked_at(
    crew: Crew[Task, Answer], surveyed: Sequence[tuple[Source, SourceResult]], listener: Listener
) -> list[PageResult]:
    total = sum(result.pages for _, result in surveyed)
    pages: list[PageResult] = []
    done = 0
    listener(Progress("verify", 0, total))
    for task, answer in crew.run(_tasks(surveyed), units=lambda task: task.units):
        pages += _answered(crew, task, answer)
        done += task.units
        listener(Progress("verify", done, total))
    return pages


def _tasks(surveyed: Iterable[tuple[Source, SourceResult]]) -> Iterator[Task]:
    for source, result in surveyed:
        size = dict(CHUNKS).get(source.kind, 1)
        for first in range(1, result.pages + 1, size):
            yield Task(source.path, source.name, source.kind, first, min(first + size - 1, result.pages))


def _answered(crew: Crew[Task, Answer], task: Task, answer: object) -> list[PageResult]:
    """The pages of a task; where it broke, page by page, so that one bad page costs itself alone."""
    if isinstance(answer, list):
        return answer
    if task.units == 1:
        finding = broken_remark(answer)
        return [PageResult(source=task.name, page=task.first, findings=(finding,), pictures=(b"",))]
    single = [replace(task, first=page, last=page) for page in range(task.first, task.last + 1)]
    return [page for one, again in crew.run(single) for page in _answered(crew, one, again)]


def _looked_again(
    crew: Crew[Task, Answer],
    surveyed: Sequence[tuple[Source, SourceResult]],
    pages: Sequence[PageResult],
    total: int,
) -> list[PageResult]:
    """A second look at pages that nobody knows yet, with what the stack says of them."""
    paths = {source.name: source for source, _ in surveyed}
    pages = not_its_place(pages)
    found = list(pages)
    standing = [k for k, page in enumerate(pages) if not page.back]  # a back is no gap, and fills none
    asked: deque[int] = deque()

    def tasks() -> Iterator[Task]:
        for at, hint in hints([pages[k] for k in standing], total):
            if (page := pages[standing[at]]).kind:
                asked.append(standing[at])
                yield _again(paths[page.source], page.page, hint)

    for task, answer in crew.run(tasks()):
        k = asked.popleft()
        again = _answered(crew, task, answer)
        found[k] = next((one for one in again if one.slot == pages[k].slot), again[0])
    return found


def _again(source: Source, page: int, hint: Hint) -> Task:
    return Task(source.path, source.name, source.kind, page, page, {page: hint})


def broken_remark(answer: object) -> Finding:
    """What is to be said of a task that did not come back with a result."""
    if not isinstance(answer, Broken):
        raise TypeError(f"expected pages, a survey or Broken, found {type(answer).__name__}")
    code = {
        "time": "verify.too_slow",
        "crash": "verify.crashed",
        "memory": "verify.out_of_memory",
        "error": "verify.not_looked_at",
    }[answer.reason]
    return remark(code, measured=answer.detail)


def _inspection(
    request: VerifyRequest,
    book: Book,
    sha256: str,
    used: tuple[LayoutUsed, ...],
    gates: Gates,
    curve: str,
    scanner: ScannerScale,
    surveyed: Sequence[tuple[Source, SourceResult]],
    pages: Sequence[PageResult],
) -> Inspection:
    settled_pages, slips, said, order = settled(pages, book, sample=request.sample)
    layouts = [_other_layout(one) for one in used if not one.same]
    looked_at = [slip for slip in slips if slip.source]
    return Inspection(
        manifest=request.manifest.name,
        manifest_sha256=sha256,
        slips_in_manifest=len(book),
        layouts=used,
        gates=gates,
        curve=curve,
        scanner=scanner,
        sample=request.sample,
        sources=tuple(result for _, result in surveyed),
        pages=settled_pages,
        slips=slips,
        findings=(*layouts, *disagreements(book), *said),
        order=order,
        sampling=sampling(len(looked_at), sum(_faulty(slip) for slip in looked_at)),
    )


def _other_layout(used: LayoutUsed) -> Finding:
    return remark(
        "verify.layout_differs", measured=used.sha256[:12], limit=used.manifest_sha256[:12], layout=used.id
    )


def _faulty(slip: SlipResult) -> bool:
    return slip.verdict not in (Verdict.PASS, Verdict.WARN)
