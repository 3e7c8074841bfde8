"""Pages made into slips: who lies where nobody reads, what is there twice, what lacks, what lies wrong, and one verdict a slip.

In: pages in the order of the stack, the manifest. Out: hints for a second look, then slips with verdicts and findings about the run. Where several
verdicts hold, the first of `Verdict` is said. Refuses nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from slips.proof.book import Book
from slips.proof.identity import FOREIGN, FOREIGN_CODE, Hint
from slips.proof.outcome import PageResult
from slips.proof.remarks import OTHER_DATA, remark
from slips.proof.sequence import Order, looks_like_a_sample, order_of
from slips.proof.verdicts import Finding, SlipResult, Verdict, Weight

CANDIDATES_MAX = 2000
"""Slips that a symbol without a reader is tried against, the nearest first; each costs 20 µs."""
TOO_MANY = 0.5
"""Share of sheets beyond which a fault of each of them is one fault of the stack."""
NAMED_MAX = 5
_OF_ALL = "verify.upside_down"
_SECOND = "verify.second_slip"


def not_its_place(pages: Sequence[PageResult]) -> list[PageResult]:
    """Pages without the slip that their number in the file gives them, where what they say of it is another's and a page says itself that
    it is that slip: a sheet before it (a job ticket) or a page that lacks moves every number behind it.
    """
    told = {page.row for page in pages if page.row is not None and page.known_by != "place"}

    def moved(page: PageResult) -> bool:
        return page.known_by == "place" and page.row in told and _of_another(page.findings)

    return [replace(page, row=None, known_by="") if moved(page) else page for page in pages]


def hints(pages: Sequence[PageResult], total: int) -> Iterator[tuple[int, Hint]]:
    """For pages (by position, rising) whose slip is not known and that do show something: who must lie there, who may.

    One at a time: each names thousands of slips, and a scan of both sides may have 50,000 printed backs that are nobody's.
    """
    known = [page.row for page in pages]
    seen = {row for row in known if row is not None}
    unseen = [row for row in range(total) if row not in seen]
    for begin, end in _unknown_runs(pages):
        before = next((known[k] for k in range(begin - 1, -1, -1) if known[k] is not None), None)
        after = next((known[k] for k in range(end, len(pages)) if known[k] is not None), None)
        gap = _between(before, after, seen, total)
        exact = len(gap) == end - begin
        near = before if before is not None else after if after is not None else 0
        rest = nearest(near, unseen, CANDIDATES_MAX)
        rows = tuple(dict.fromkeys([*gap[:CANDIDATES_MAX], *rest]))[:CANDIDATES_MAX]
        for k in range(begin, end):
            yield k, Hint(gap[k - begin] if exact else None, rows)


def _unknown_runs(pages: Sequence[PageResult]) -> Iterator[tuple[int, int]]:
    """From and up to where pages have no slip, foreign ones not counted: theirs is known not to be ours."""
    begin: int | None = None
    for k, page in enumerate([*pages, None]):
        unknown = page is not None and page.row is None and not page.foreign
        if unknown and begin is None:
            begin = k
        elif not unknown and begin is not None:
            yield begin, k
            begin = None


def _between(before: int | None, after: int | None, seen: set[int], total: int) -> list[int]:
    """Slips that lack between the neighbours; from the list's beginning, or to its end, where there is one neighbour only."""
    low = -1 if before is None else before
    high = total if after is None else after
    return [row for row in range(low + 1, min(high, low + 1 + CANDIDATES_MAX)) if row not in seen]


def nearest(near: int, rows: Sequence[int], most: int) -> list[int]:
    """Up to `most` of these rows (rising), the nearest first; of two as near the one behind."""
    above = bisect_left(rows, near)
    below = above - 1
    found: list[int] = []
    while len(found) < most and (below >= 0 or above < len(rows)):
        if below < 0 or (above < len(rows) and rows[above] - near <= near - rows[below]):
            found.append(rows[above])
            above += 1
        else:
            found.append(rows[below])
            below -= 1
    return found


def settled(
    pages: Sequence[PageResult], book: Book, *, sample: bool
) -> tuple[tuple[PageResult, ...], tuple[SlipResult, ...], tuple[Finding, ...], Order]:
    """Pages, slips in the order of the manifest with foreign codes behind, findings about the run, the order."""
    pages, said = _of_the_stack(pages)
    order = order_of([page.row for page in pages], len(book), sample=sample)
    said += _about_order(order, pages, book, sample=sample)
    disorder = bool(order.misplaced) and len(order.misplaced) > TOO_MANY * len(order.places)
    told = (
        frozenset() if disorder else frozenset(order.misplaced)
    )  # of a stack without order no sheet is told
    slips = [_present(row, pages, book, order, misplaced=row in told) for row in order.places]
    elsewhere = {f.measured: _where(page) for page in pages for f in page.findings if f.code == _SECOND}
    slips += [_missing(row, book, elsewhere) for row in order.missing]
    rows = [*order.places, *order.missing]
    ordered = [slip for _, slip in sorted(zip(rows, slips, strict=True), key=lambda pair: pair[0])]
    return tuple(pages), (*ordered, *_others(pages)), tuple(said), order


def _of_the_stack(pages: Sequence[PageResult]) -> tuple[list[PageResult], list[Finding]]:
    """What nearly every page has is a fault of how the stack was laid in: said once."""
    scans = [page for page in pages if page.kind == "scan" and not page.blank]
    hit = [page for page in scans if any(f.code == _OF_ALL for f in page.findings)]
    if len(scans) < NAMED_MAX or len(hit) <= TOO_MANY * len(scans):
        return list(pages), []
    said = remark("verify.stack_upside_down", measured=f"{len(hit):,}", limit=f"{len(scans):,}")
    return [_without(page, _OF_ALL) for page in pages], [said]


def _without(page: PageResult, code: str) -> PageResult:
    kept = [k for k, f in enumerate(page.findings) if f.code != code]
    return replace(
        page, findings=tuple(page.findings[k] for k in kept), pictures=tuple(page.pictures[k] for k in kept)
    )


def _about_order(order: Order, pages: Sequence[PageResult], book: Book, *, sample: bool) -> list[Finding]:
    said = []
    if order.reversed:
        said.append(remark("verify.stack_reversed", measured=f"{len(order.places):,}"))
    if order.misplaced and len(order.misplaced) > TOO_MANY * len(order.places):
        measured, limit = f"{len(order.misplaced):,}", f"{len(order.places):,}"
        said.append(remark("verify.no_order", measured=measured, limit=limit))
    if not sample and looks_like_a_sample(order):
        first, last = min(order.places), max(order.places)
        said.append(
            remark(
                "verify.looks_like_sample",
                measured=f"{len(order.places):,}",
                limit=f"{len(book):,}",
                first=book.entry(first).seq,
                last=book.entry(last).seq,
            )
        )
    return said


def _present(
    row: int, pages: Sequence[PageResult], book: Book, order: Order, *, misplaced: bool
) -> SlipResult:
    mine = [pages[k] for k in order.places[row]]
    first = mine[0]
    findings = [finding for page in mine for finding in page.findings]
    verdicts = set(_of_findings(findings))
    if any(page.misread for page in mine):
        verdicts.add(Verdict.MISREAD)
    if len(mine) > 1:
        verdicts.add(Verdict.DUPLICATE)
        where = ", ".join(_where(page) for page in mine[:NAMED_MAX])
        findings.append(remark("verify.duplicate", measured=f"{len(mine)}", limit="1", where=where))
    if any(page.unreadable or page.blank for page in mine):
        verdicts.add(Verdict.UNREADABLE)
    if misplaced:
        if not _of_another(findings):  # a sheet with another's code does not want to be put in order
            verdicts.add(Verdict.OUT_OF_ORDER)
        findings.append(_misplaced(row, pages, book, order))
    decided = next(verdict for verdict in Verdict if verdict in verdicts)
    return SlipResult(
        slip_key=book.entry(row).slip_key,
        source=first.source,
        page=first.page,
        verdict=decided,
        findings=tuple(findings),
        grade_est=first.grade_est,
        codewords_left_min=first.codewords_left_min,
        decoders=first.decoders,
        figures=first.figures,
    )


def _of_another(findings: Sequence[Finding]) -> bool:
    return any(finding.code in OTHER_DATA for finding in findings)


def _of_findings(findings: Sequence[Finding]) -> Iterator[Verdict]:
    weights = {finding.weight for finding in findings}
    yield Verdict.FAIL if Weight.FAIL in weights else Verdict.WARN if Weight.WARN in weights else Verdict.PASS


def _misplaced(row: int, pages: Sequence[PageResult], book: Book, order: Order) -> Finding:
    """Where it lies, and after which number it belongs; of a reversed stack from its other end, as its order is judged."""
    at = order.places[row][0]
    towards = range(at + 1, len(pages)) if order.reversed else range(at - 1, -1, -1)
    before = next((pages[k].row for k in towards if pages[k].row is not None), None)
    measured = "—" if before is None else book.entry(before).number
    own = book.entry(row)
    limit = book.entry(row - 1).number if row else "—"
    return remark("verify.out_of_order", measured=measured, limit=limit, number=own.number)


def _missing(row: int, book: Book, elsewhere: Mapping[str, str]) -> SlipResult:
    """`elsewhere`: by key, where a slip's code was seen on a picture of another slip. It is not looked at there, and not lost either."""
    entry = book.entry(row)
    where = elsewhere.get(entry.slip_key, "")
    finding = remark(
        "verify.missing_seen" if where else "verify.missing",
        measured="0",
        limit="1",
        number=entry.number,
        file=entry.file,
        page=entry.page,
    )
    if where:
        finding = replace(finding, params={**finding.params, "where": where})
    return SlipResult(slip_key=entry.slip_key, verdict=Verdict.MISSING, findings=(finding,))


def _others(pages: Sequence[PageResult]) -> Iterator[SlipResult]:
    """Foreign codes, and pages that cannot be said to be anybody's."""
    for page in pages:
        if page.row is None and not page.back:
            verdict = Verdict.UNREADABLE
            if page.foreign or page.misread:
                verdict = Verdict.FOREIGN if page.foreign else Verdict.MISREAD
            key = next((f.measured for f in page.findings if f.code in (FOREIGN, FOREIGN_CODE)), "")
            yield SlipResult(
                slip_key=key,
                source=page.source,
                page=page.page,
                verdict=verdict,
                findings=page.findings,
                grade_est=page.grade_est,
                decoders=page.decoders,
                figures=page.figures,
            )


def _where(page: PageResult) -> str:
    return f"{page.source} p.{page.page}"
