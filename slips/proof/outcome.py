"""What a verification came to: pages as they were looked at, slips as they were judged, and the run as a whole. Only types.

Pages are facts about sheets of paper; slips are rows of the manifest, and codes that it does not hold. The report, the result files
and the shell read these and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from slips.proof.gates import Gates
from slips.proof.press_marks import PressMark
from slips.proof.scanner_scale import ScannerScale
from slips.proof.sequence import Order, Sampling
from slips.proof.verdicts import Finding, SlipResult, Verdict, Weight

Kind = Literal["vector", "scan", ""]
KnownBy = Literal["content", "key", "symbol", "number", "place", ""]


@dataclass(frozen=True, kw_only=True, eq=False)
class PageResult:
    """One page. Where it could not be opened at all, `kind` is empty and a finding says why."""

    source: str
    page: int
    """1-based within the file."""
    kind: Kind = ""
    slot: int = 1
    """Which slip of the page this is; a page of several has a result each."""
    row: int | None = None
    """The slip it was found to be, as a row of the manifest from 0; None: not known, or foreign."""
    known_by: KnownBy = ""
    """content: all 255 digits; key: the payment number in them, other digits differ; symbol: the identity proof, nobody reads it;
    number: the printed running number; place: where it lies in the file or the stack."""
    content: str = ""
    """The digits that were read where the manifest does not hold them."""
    blank: bool = False
    back: bool = False
    """A blank back of a sheet whose front is another page: no slip is looked for on it."""
    unreadable: bool = False
    misread: bool = False
    foreign: bool = False
    decoders: tuple[str, ...] = ()
    grade_est: str = ""
    codewords_left_min: int | None = None
    registration: str = ""
    """How page and paper were brought together: exact (a rendered page), marks, picture, corners (the code alone: no position)."""
    figures: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    pictures: tuple[bytes, ...] = ()
    """PNG of each finding's window, in the order of `findings`; empty where a finding has none."""
    mark: PressMark | None = None
    """What the trend over the batch needs of this page."""

    @property
    def place(self) -> str:
        """`proof.pdf, page 3`."""
        return f"{self.source}, page {self.page}"


@dataclass(frozen=True, kw_only=True)
class SourceResult:
    """One file that was looked at. A file that could not be opened has no pages and a finding."""

    name: str
    kind: str
    size: int
    pages: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LayoutUsed:
    """A form that the manifest names, and the one it was held against."""

    id: str
    manifest_sha256: str
    file: str
    sha256: str

    @property
    def same(self) -> bool:
        return self.manifest_sha256 == self.sha256


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """A whole run. `slips` are in the order of the manifest, foreign codes after them in the order of the pages."""

    manifest: str
    manifest_sha256: str
    slips_in_manifest: int
    layouts: tuple[LayoutUsed, ...]
    gates: Gates
    curve: str
    sample: bool
    sources: tuple[SourceResult, ...]
    pages: tuple[PageResult, ...]
    slips: tuple[SlipResult, ...]
    findings: tuple[Finding, ...]
    """What concerns the run: its order, its layouts, what it cannot say."""
    order: Order
    sampling: Sampling
    scanner: ScannerScale = field(default_factory=ScannerScale)

    @property
    def counts(self) -> dict[Verdict, int]:
        """Slips by verdict, every verdict named, the gravest first."""
        counted = Counter(slip.verdict for slip in self.slips)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def places(self) -> dict[int, tuple[str, int]]:
        """File and page of each finding about a page, by the finding's `id`: a slip that is there twice has several."""
        return {id(f): (page.source, page.page) for page in self.pages for f in page.findings}

    @property
    def sheet_numbers(self) -> list[int]:
        """Which sheet of the run, from 1, each of `pages` is: the slips of a page are on one, and a blank back is none of its own."""
        numbers: dict[tuple[str, int], int] = {}
        for page in self.pages:
            if not page.back:
                numbers.setdefault((page.source, page.page), len(numbers) + 1)
        return [numbers.get((page.source, page.page), 0) for page in self.pages]

    @property
    def usable(self) -> bool:
        """At least one page could be looked at."""
        return any(page.kind for page in self.pages)

    @property
    def clean(self) -> bool:
        """Every slip passes, and nothing is said that asks for a look."""
        said = [
            *self.findings,
            *(f for s in self.sources for f in s.findings),
            *(f for p in self.pages for f in p.findings),
        ]
        return all(s.verdict is Verdict.PASS for s in self.slips) and all(
            f.weight is Weight.NOTE for f in said
        )
