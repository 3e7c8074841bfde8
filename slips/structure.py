"""A page and its tags as PDF objects: page and document part, section and structure elements, ready for object streams.

In: a template's elements and the page's object numbers. Out: object bodies in the order of their numbers, and the page's row of the
parent tree. Everything that does not depend on the page is prepared once a template; a page costs a few joins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from slips.pdf import ref
from slips.template import Element, Template

OF_PAGE: Final = 2
"""Objects that are no tags: page, document part. They have numbers and object streams apart, so that a page opens without its tags."""


@dataclass(frozen=True)
class _Row:
    """One structure element: where its parent is (0-based element index, -1 the section) and its constant bytes."""

    head: bytes
    parent: int
    tail: bytes
    children: tuple[int, ...]


@dataclass(frozen=True)
class Shared:
    """Object numbers that all pages of a file share."""

    document: int
    parts_root: int
    resources: int
    alts: Mapping[str, int]
    trim: bytes
    """The trim box, the whole page: not inheritable, so each page says it."""


class PageObjects:
    """The objects of every page of one template."""

    def __init__(self, template: Template, shared: Shared, *, fixed: int) -> None:
        """`fixed`: the object number of the template's fixed stream."""
        self._shared, self._fixed = shared, fixed
        self._rows: list[_Row] = []
        self._owner: dict[int, int] = {}
        self._top = tuple(self._flatten(e, -1) for e in template.elements)
        self.tags = 1 + len(self._rows)
        self._owners = [self._owner[m] for m in range(template.marked)]
        self._lang = b"/Lang(%b)" % template.lang.encode() if template.lang != "ja" else b""

    def _flatten(self, element: Element, parent: int) -> int:
        index = len(self._rows)
        self._rows.append(_Row(b"", parent, b"", ()))  # keeps the place; children come after their parent
        children = tuple(self._flatten(child, index) for child in element.children)
        tail = element.extra
        if element.alt:
            tail += b"/Alt %b" % ref(self._shared.alts[element.alt])
        if element.mcid is not None:
            tail = b"/K %d" % element.mcid + tail
            self._owner[element.mcid] = index
        self._rows[index] = _Row(b"<</S/%b/P " % element.role.encode(), parent, tail + b">>", children)
        return index

    def bodies(
        self, *, page: int, tags: int, content: int, node: int, index: int, sequence: str
    ) -> tuple[list[bytes], bytes]:
        """(object bodies: `OF_PAGE` from number `page` on, the others from number `tags` on; the parent tree's array for this page).

        `node` is that of the page tree, `index` the page's number in the file (0-based), `sequence` the slip's printed number.
        """
        sheet, part, section = b"%d 0 R" % page, b"%d 0 R" % (page + 1), b"%d 0 R" % tags
        base = tags + 1
        refs = [b"%d 0 R" % (base + k) for k in range(len(self._rows))]
        shared = self._shared
        out = [
            b"<</Type/Page/Parent %d 0 R/Resources %d 0 R/Contents[%d 0 R %d 0 R]/TrimBox%b/StructParents %d/Tabs/S/DPart %b>>"
            % (node, shared.resources, self._fixed, content, shared.trim, index, part),
            b"<</Type/DPart/Parent %d 0 R/Start %b/DPM<</CIP4_Root<</CIP4_Production<</CIP4_Recipient<</CIP4_UniqueID(%b)>>>>>>>>>>"
            % (shared.parts_root, sheet, sequence.encode("ascii")),
            b"<</S/Sect/P %d 0 R%b/K[%b]>>"
            % (shared.document, self._lang, b" ".join([refs[k] for k in self._top])),
        ]
        on_page = b"/Pg " + sheet
        in_section = section + on_page
        for row in self._rows:
            if row.parent < 0 and not row.children:
                out.append(row.head + in_section + row.tail)
                continue
            parent = refs[row.parent] if row.parent >= 0 else section
            kids = b"/K[%b]" % b" ".join([refs[k] for k in row.children]) if row.children else on_page
            out.append(row.head + parent + kids + row.tail)
        return out, b"[%b]" % b" ".join([refs[k] for k in self._owners])
