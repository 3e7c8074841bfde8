"""Which inks of a page are K alone, however a program says it: by number, by plate, or by a grey space of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from slips.proof.expected import Area
from slips.proof.ink import Inks, InkUse

Space = Callable[[pikepdf.Pdf], Any]
FUNCTION = {"/FunctionType": 2, "/Domain": [0, 1], "/C0": [0, 0, 0, 0], "/C1": [0, 0, 0, 1], "/N": 1}


def icc(channels: int) -> Space:
    return lambda file: pikepdf.Array(
        [pikepdf.Name.ICCBased, file.make_indirect(file.make_stream(b"", {"/N": channels}))]
    )


def plate(name: str) -> Space:
    return lambda _: pikepdf.Array(
        [
            pikepdf.Name.Separation,
            pikepdf.Name(name),
            pikepdf.Name.DeviceCMYK,
            pikepdf.Dictionary(FUNCTION),
        ]
    )


def plates(*names: str) -> Space:
    return lambda _: pikepdf.Array(
        [
            pikepdf.Name.DeviceN,
            pikepdf.Array([pikepdf.Name(name) for name in names]),
            pikepdf.Name.DeviceCMYK,
            pikepdf.Dictionary(FUNCTION),
        ]
    )


def indexed(base: str) -> Space:
    return lambda _: pikepdf.Array([pikepdf.Name.Indexed, pikepdf.Name(base), 1, pikepdf.String("\x00\xff")])


def used(folder: Path, content: bytes, space: Space | None = None, *, image: bool = False) -> InkUse:
    """The inks of a page with this content; `space` is its `/S`, or that of its picture `/P`."""
    file = pikepdf.new()
    file.add_blank_page(page_size=(300, 300))
    page = file.pages[0]
    page.obj.Contents = file.make_stream(content)
    said = space(file) if space else pikepdf.Name.DeviceGray
    page.obj.Resources = pikepdf.Dictionary(ColorSpace=pikepdf.Dictionary(S=said))
    if image:
        picture = file.make_stream(
            b"\x00",
            {
                "/Subtype": pikepdf.Name.Image,
                "/Width": 1,
                "/Height": 1,
                "/BitsPerComponent": 8,
                "/ColorSpace": said,
            },
        )
        page.obj.Resources.XObject = pikepdf.Dictionary(P=picture)
    file.save(folder / "a.pdf")
    inks = Inks(folder / "a.pdf")
    try:
        return inks.of_page(0, [Area(0, 0, 50, 50)])
    finally:
        inks.close()


@pytest.mark.parametrize(
    ("chosen", "space"),
    [
        (b"/S cs 1 scn", plate("/Black")),
        (b"/S cs 1 scn", plates("/Black")),
        (b"/S cs 0 sc", icc(1)),
        (b"/S cs 0 sc", lambda _: pikepdf.Array([pikepdf.Name.CalGray, pikepdf.Dictionary()])),
        (b"/DeviceCMYK cs 0 0 0 1 sc", None),
        (b"/DeviceCMYK cs", None),
        (b"0 0 0 1 k 0 0 0 .5 scn", None),
        (b"1 0 0 rg 0 g", None),
    ],
)
def test_k_alone_is_k_however_it_is_said(tmp_path: Path, chosen: bytes, space: Space | None) -> None:
    """A plate that is named Black, and a grey of a profile, were other ink than K: each code of such a file failed."""
    assert used(tmp_path, chosen + b" 10 250 9 9 re f", space) == InkUse()


@pytest.mark.parametrize(
    ("chosen", "space"),
    [
        (b"/S cs 1 scn", plate("/Cyan")),
        (b"/S cs 1 scn", plate("/All")),
        (b"/S cs 1 1 scn", plates("/Black", "/Cyan")),
        (b"/S cs 0 0 0 sc", icc(3)),
        (b"/S cs 0 0 0 1 sc", icc(4)),
        (b"/DeviceCMYK cs 1 0 0 1 sc", None),
        (b"/DeviceRGB cs 0 0 0 sc", None),
        (b"0 0 0 1 k 0 1 0 1 sc", None),
        (b"/Absent cs 1 scn", None),
    ],
)
def test_what_needs_another_plate_is_told(tmp_path: Path, chosen: bytes, space: Space | None) -> None:
    found = used(tmp_path, chosen + b" 10 250 9 9 re f", space)
    assert len(found.near) == 1 and not found.elsewhere


@pytest.mark.parametrize(
    ("space", "plain"),
    [
        (plate("/Black"), True),
        (indexed("/DeviceGray"), True),
        (icc(1), True),
        (indexed("/DeviceRGB"), False),
        (plate("/Orange"), False),
    ],
)
def test_a_picture_is_of_the_ink_of_its_space(tmp_path: Path, space: Space, plain: bool) -> None:
    found = used(tmp_path, b"q 20 0 0 20 10 250 cm /P Do Q", space, image=True)
    assert found.pictures == 1 and (found.near == ()) is plain


@pytest.mark.parametrize(
    ("flags", "rect", "found"),
    [
        (4, (20, 240, 40, 260), InkUse(near=("1 0 0 rg",))),
        (4, (240, 20, 260, 40), InkUse(elsewhere=("1 0 0 rg",))),
        (0, (20, 240, 40, 260), InkUse()),  # on the screen alone
        (6, (20, 240, 40, 260), InkUse()),  # hidden
    ],
)
@pytest.mark.parametrize("states", [False, True])
def test_a_stamp_that_is_printed_with_the_page_is_part_of_it(
    tmp_path: Path, flags: int, rect: tuple[int, ...], found: InkUse, states: bool
) -> None:
    """Colour was looked for in the page's own content: a red stamp that somebody had put on the proof was not seen."""
    file = pikepdf.new()
    file.add_blank_page(page_size=(300, 300))
    look = file.make_stream(
        b"1 0 0 rg 0 0 1 1 re f",
        {"/Subtype": pikepdf.Name.Form, "/BBox": [0, 0, 1, 1], "/Matrix": [100, 0, 0, 100, 7, 7]},
    )
    stamp = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=list(rect), F=flags,
        AP=pikepdf.Dictionary(N=pikepdf.Dictionary(On=look) if states else look),
    )  # fmt: skip
    if states:
        stamp.AS = pikepdf.Name.On
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], F=4)
    file.pages[0].obj.Annots = pikepdf.Array([link, file.make_indirect(stamp)])
    file.save(tmp_path / "a.pdf")
    inks = Inks(tmp_path / "a.pdf")
    assert inks.of_page(0, [Area(0, 0, 50, 50)]) == found
    inks.close()
