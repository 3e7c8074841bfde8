"""Which slip is it: what readers say against the manifest, and nothing else.

In: digits as read, the manifest, the slip that should lie here. Out: `Identity`. Reed-Solomon lets one wrong text in 40,000 hopeless blocks
through, so digits that the manifest does not hold are never taken for a slip's: they are foreign where they are whole, misread where not.
"""

from __future__ import annotations

from dataclasses import dataclass

from elqr import payload
from elqr.checkdigits import crc16
from elqr.digits import row as digit_row
from elqr.symbols import DIGITS
from slips.proof.book import Book, Entry
from slips.proof.outcome import KnownBy
from slips.proof.remarks import remark
from slips.proof.verdicts import Finding, Window

EXCERPT = 20
FOREIGN, FOREIGN_CODE = "verify.foreign", "verify.foreign_code"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """`row` of the manifest, and how it is known. `content` is what was read."""

    row: int | None
    by: KnownBy
    content: bytes = b""
    foreign: bool = False
    misread: bool = False
    place: int | None = None
    """The row that should lie here, where that is known."""


@dataclass(frozen=True)
class Hint:
    """What the rest of the stack says of a page that does not say it itself: the slip that must lie here, and those that may."""

    place: int | None = None
    rows: tuple[int, ...] = ()


def identify(content: bytes, book: Book, *, place: int | None) -> Identity:
    """What `content` (empty: nothing was read) makes of a page; `place` is the row that should lie here."""
    if not content:
        return Identity(row=place, by="place" if place is not None else "", place=place)
    row = book.of_content(content)
    if row is not None:
        return Identity(row=row, by="content", content=content, place=place)
    if whole(content):
        near = book.nearest(content)
        if near is None:
            return Identity(row=None, by="", content=content, foreign=True, place=place)
        return Identity(row=near, by="key", content=content, misread=True, place=place)
    near = book.nearest(content)
    found = near if near is not None else place
    by: KnownBy = "key" if near is not None else "place" if place is not None else ""
    return Identity(row=found, by=by, content=content, misread=True, place=place)


def shaped(content: bytes) -> bool:
    """255 digits, as every eL-QR has them: not a web address, nor what other codes on a page say."""
    return len(content) == DIGITS and content.isdigit()


def whole(content: bytes) -> bool:
    """255 digits whose CRC is right: what somebody meant to print, not an accident of reading."""
    if not shaped(content):
        return False
    digits = digit_row(content.decode())
    crc = int(crc16(digits[:, : payload.CRC_OFFSET])[0])
    return int(content[payload.CRC_OFFSET :]) == crc


def identity_remarks(identity: Identity, entry: Entry | None, *, paper: Entry | None = None) -> list[Finding]:
    """What is to be said of who this page is; `paper` is the slip whose sheet a foreign code is known to stand on."""
    if identity.foreign and paper is not None:
        key = key_of(identity.content)
        return [remark(FOREIGN_CODE, measured=key, limit=paper.slip_key, number=paper.number)]
    if identity.foreign:
        return [remark(FOREIGN, measured=key_of(identity.content))]
    if identity.misread:
        if entry is None:
            return [remark("verify.not_a_payload", measured=excerpt(identity.content))]
        return [payload_differs(identity.content, entry)]
    return []


def slot_remarks(slot: int, entry: Entry, *, window: Window | None) -> list[Finding]:
    """A slip that stands in another place of its page than it was printed in; `slot` is where it was found."""
    if slot == entry.position:
        return []
    return [remark("verify.wrong_slot", measured=f"{slot}", limit=f"{entry.position}", window=window)]


def payload_differs(content: bytes, entry: Entry) -> Finding:
    """The first digit that differs, with what stands there and what should."""
    right = entry.payload.encode()
    at = first_difference(content, right)
    return remark(
        "verify.payload_differs",
        measured=excerpt(content, at),
        limit=excerpt(right, at),
        position=at + 1,
        slip_key=entry.slip_key,
    )


def first_difference(one: bytes, other: bytes) -> int:
    """From which place on they are not the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((k for k, (a, b) in pairs if a != b), min(len(one), len(other)))


def excerpt(content: bytes, at: int = 0) -> str:
    """A few digits, as a person reads them."""
    return content[at : at + EXCERPT].decode("ascii", "replace")


def key_of(content: bytes) -> str:
    """The payment number in digits that have the shape of a payload."""
    return str(payload.decode(digit_row(content.decode()))["slip_key"][0])
