"""The text of a receipt record, cut into its cells: decoded strictly, with the right shape, and nothing in it that shows nothing.

In: the bytes of a record and the plan of its file. Out: one text a field. Refuses (FaultError): bytes that are no character, control signs,
private use that the site does not explain, stray quotes, another number of columns or bytes, another mark than that of a data record.
"""

from __future__ import annotations

import re

from elqr.encoding import BadByte, to_utf8
from elqr.site import private_use
from reconcile.row_plan import FaultError, RowPlan

_CELL = re.compile(r'"((?:[^"]|"")*)"|[^",]*')
# control signs, what stands for damage, marks that show nothing, and private use
_SUSPECT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff\ufff0-\uffff\U000e0000-\U0010ffff]"
)


def cells_of(raw: bytes, plan: RowPlan) -> list[str]:
    """The text of every field, in the order of `plan.places`."""
    if plan.layout.form == "fixed":
        if len(raw) != plan.layout.record_bytes:
            raise FaultError("receipt.length", "", found=len(raw), expected=plan.layout.record_bytes)
        sound(raw, plan)
        _marked(raw[: len(plan.layout.controls.detail)].decode("ascii", "replace"), plan)
        return [sound(raw[at], plan) for _, at in plan.places if isinstance(at, slice)]
    text = sound(raw, plan)
    if '"' in text:
        split = split_quoted(text)
        if split is None:
            raise FaultError("receipt.quote", "", found='"')
        found = split
    else:
        found = text.split(",")
    if len(found) != plan.columns:
        raise FaultError("receipt.fields", "", found=len(found), expected=plan.columns)
    _marked(found[0], plan)
    return [found[at] for _, at in plan.places if isinstance(at, int)]


def _marked(first: str, plan: RowPlan) -> None:
    """Data records begin with their mark, where the layout has one."""
    detail = plan.layout.controls.detail
    if detail and first != detail:
        raise FaultError("receipt.record", "", found=first, expected=detail)


def sound(raw: bytes, plan: RowPlan) -> str:
    """Decoded strictly: no undefined byte, no control sign, no private-use character that the site's table does not explain."""
    decoded = to_utf8(raw, plan.encoding)
    if isinstance(decoded, BadByte):
        expected = "UTF-8" if plan.encoding == "utf-8" else "CP932"
        raise FaultError(
            "receipt.bytes", "", found=f"{decoded.value:02X}", offset=decoded.offset + 1, expected=expected
        )
    text = decoded.decode("utf-8")
    if decoded.isascii() and text.isprintable():
        return text
    for character in _SUSPECT.findall(text):
        if private_use(character) and character not in plan.gaiji:
            raise FaultError("receipt.private_use", "", found=f"U+{ord(character):04X}")
        if not private_use(character):
            raise FaultError("receipt.character", "", found=f"U+{ord(character):04X}")
    return text


def split_quoted(line: str) -> list[str] | None:
    """The cells of a line in which quotes enclose whole cells and are doubled inside them; None where a quote stands anywhere else."""
    cells: list[str] = []
    at = 0
    while match := _CELL.match(line, at):
        quoted = match[1]
        cells.append(match[0] if quoted is None else quoted.replace('""', '"'))
        at = match.end() + 1
        if match.end() == len(line):
            return cells
        if line[match.end()] != ",":
            break
    return None
