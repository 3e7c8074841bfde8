"""Tags of many pages by column are, byte for byte, the tags written page by page."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from slips.stamping import Numbers, plain, stamp
from slips.structure import OF_PAGE, PageObjects, Shared
from slips.template import Element, Template

ELEMENTS = (
    Element("H1", 0),
    Element("P", 1),
    Element("Figure", 2, alt="code", extra=b"/A<</O/Layout/BBox[1 2 3 4]>>"),
    Element("Table", children=(Element("TR", children=(Element("TH", 3), Element("TH", 4))),)),
    Element("Sect", children=(Element("H2", 5), Element("Figure", 6, alt="code"))),
)
MAKER = PageObjects(
    Template(b"", (b"",), (), ELEMENTS, 7, "en"),
    Shared(document=5, parts_root=7, resources=9, alts={"code": 11}, trim=b"[0 0 792.000 324.000]"),
    fixed=12,
)
number = st.one_of(st.integers(1, 2000), st.integers(99_900, 100_100), st.integers(1, 9_999_999))
page = st.tuples(number, number, number, number, st.integers(0, 12_000), st.integers(1, 12_000_000))


@settings(max_examples=200, deadline=None)
@given(st.lists(page, min_size=1, max_size=30))
def test_stamped_pages_are_the_plain_ones(pages: list[tuple[int, int, int, int, int, int]]) -> None:
    columns = np.array(pages, np.int64)
    # a page of two slips has the numbers of both
    sequences = [f"{v:06d}" if v % 3 else f"{v:06d}-{v + 1:06d}" for v in columns[:, 5].tolist()]
    numbers = Numbers(*columns[:, :5].T, sequences)
    assert stamp(MAKER, numbers) == plain(MAKER, numbers)


def test_lengths_are_those_of_the_bodies() -> None:
    numbers = Numbers(*(np.array([v]) for v in (7, 98, 3, 4, 10)), ["000011"])
    (block,) = stamp(MAKER, numbers)
    assert tuple(map(len, block.bodies.split(b"\n"))) == block.lengths
    assert len(block.lengths) == OF_PAGE + MAKER.tags
    assert block.page.startswith(b"<</Type/Page/") and b"/Type/DPart" in block.page
    assert block.tags.startswith(b"<</S/Sect/") and block.page + b"\n" + block.tags == block.bodies
    assert block.owners == b"[99 0 R 100 0 R 101 0 R 104 0 R 105 0 R 107 0 R 108 0 R]"
