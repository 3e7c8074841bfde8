"""The findings of a verification grouped for people: by code, the gravest first, with a few rows and pictures of each.

In: an `Inspection`. Out: `Group`s that hold every count but only so many rows and pictures, whatever the size of the batch. What is left
out is counted. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from slips.proof.outcome import Inspection
from slips.proof.remarks import gravity
from slips.proof.verdicts import Finding, Verdict, Weight

ROWS_A_CODE = 20
ROWS_A_NOTE = 5
PICTURES_A_CODE = 4
PICTURES_MAX = 48
PICTURE_BYTES_MAX = 200_000
TREND = "verify.trend_"

_WEIGHTS = tuple(Weight)
_VERDICTS = tuple(Verdict)


@dataclass(frozen=True)
class Row:
    """One finding at its place; `slip_key` and `source` are empty where it concerns the run."""

    slip_key: str
    source: str
    page: int
    finding: Finding


@dataclass(frozen=True)
class Shown:
    """A picture with what it shows."""

    row: Row
    png: bytes


@dataclass
class Group:
    """All findings of one code. `count` is all of them, `rows` and `pictures` the first ones."""

    code: str
    weight: Weight
    worst: Verdict
    count: int = 0
    slips: int = 0
    """On so many of them; findings come slip by slip."""
    last: tuple[str, str, int] | None = None
    rows: list[Row] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)

    def add(self, row: Row, verdict: Verdict, picture: bytes) -> None:
        """Count it, and keep it while there is room."""
        self.count += 1
        place = (row.slip_key, row.source, row.page)
        self.slips += place != self.last
        self.last = place
        self.worst = min(self.worst, verdict, key=_VERDICTS.index)
        self.weight = min(self.weight, row.finding.weight, key=_WEIGHTS.index)
        if len(self.rows) < (ROWS_A_NOTE if self.weight is Weight.NOTE else ROWS_A_CODE):
            self.rows.append(row)
        if picture and len(self.pictures) < PICTURES_A_CODE and len(picture) <= PICTURE_BYTES_MAX:
            self.pictures.append(Shown(row, picture))


def groups_of(inspection: Inspection) -> list[Group]:
    """What was found, the gravest group first: by weight, other data before poor print, then by verdict, and only then by number.

    No picture of a page comes twice.
    """
    pictures = {
        id(finding): png
        for page in inspection.pages
        for finding, png in zip(page.findings, page.pictures, strict=False)
        if png
    }
    groups: dict[str, Group] = {}
    for row, verdict in _rows(inspection):
        code = row.finding.code
        group = groups.setdefault(code, Group(code, row.finding.weight, verdict))
        group.add(row, verdict, pictures.get(id(row.finding), b""))
    found = sorted(
        groups.values(),
        key=lambda g: (*gravity(g.code, g.weight), _VERDICTS.index(g.worst), -g.count, g.code),
    )
    left = PICTURES_MAX
    seen: set[tuple[str, int, bytes]] = set()
    for group in found:
        fresh = [
            shown for shown in group.pictures if (shown.row.source, shown.row.page, shown.png) not in seen
        ]
        group.pictures = fresh[: max(0, left)]
        left -= len(group.pictures)
        seen |= {(shown.row.source, shown.row.page, shown.png) for shown in group.pictures}
    return found


def _rows(inspection: Inspection) -> Iterator[tuple[Row, Verdict]]:
    for finding in inspection.findings:
        if not finding.code.startswith(TREND):  # told with its charts
            yield Row("", "", 0, finding), _verdict(finding)
    for source in inspection.sources:
        for finding in source.findings:
            yield Row("", source.name, 0, finding), _verdict(finding)
    places = inspection.places
    for slip in inspection.slips:
        for finding in slip.findings:
            where = places.get(id(finding), (slip.source, slip.page))
            yield Row(slip.slip_key, *where, finding), slip.verdict


def _verdict(finding: Finding) -> Verdict:
    return {Weight.FAIL: Verdict.FAIL, Weight.WARN: Verdict.WARN, Weight.NOTE: Verdict.PASS}[finding.weight]
