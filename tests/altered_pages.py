"""Printed pages whose eL-QR, text or ink was altered afterwards, as software between the office and the press does it.

In: a finished PDF. Out: one PDF with one alteration a page, the rest of each page as it was printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import segno

from elqr import symbols
from elqr.symbols import reference
from slips.layout import load_layout
from slips.proof.intent import places_of

Modules = npt.NDArray[np.uint8]
MM = 72 / 25.4
LAYOUT = load_layout("mihara")
PLACE = places_of(LAYOUT, names=()).symbol
HEIGHT = LAYOUT.page_h_mm


def modules_of(payload: str) -> Modules:
    return symbols.unpack(symbols.encode(np.frombuffer(payload.encode(), np.uint8)[None]))[0]


def mask(image: Modules, *, dx_mm: float = 0.0, dy_mm: float = 0.0, scale: float = 1.0) -> bytes:
    """The symbol as an inline image mask in the colour that is set."""
    side = len(image) * PLACE.pitch_mm * scale
    x, y = PLACE.x_mm + dx_mm, PLACE.y_mm + dy_mm
    box = (side * MM, side * MM, x * MM, (HEIGHT - y - side) * MM)
    head = b"q %.6f 0 0 %.6f %.6f %.6f cm BI/W %d/H %d/IM true/BPC 1/D[1 0]ID " % (*box, *image.shape)
    return head + np.packbits(image, axis=1).tobytes() + b"\nEI Q "


def rectangle(x: float, y: float, w: float, h: float, colour: bytes = b"0 g") -> bytes:
    """Filled, in modules from the symbol's corner."""
    p = PLACE.pitch_mm
    left, top = PLACE.x_mm + x * p, PLACE.y_mm + y * p
    box = (left * MM, (HEIGHT - top - h * p) * MM, w * p * MM, h * p * MM)
    return b"q %b %.4f %.4f %.4f %.4f re f Q " % (colour, *box)


def words(text: bytes, x: float, y: float, size: float = 6.0) -> bytes:
    """In modules from the symbol's corner; a standard font that the page does not know by name is given to it."""
    p = PLACE.pitch_mm
    at = ((PLACE.x_mm + x * p) * MM, (HEIGHT - PLACE.y_mm - y * p) * MM)
    return b"q 0 g BT /Plain %.2f Tf %.4f %.4f Td (%b) Tj ET Q " % (size, *at, text)


def picture(image: Modules, *, pixels: int = 8) -> bytes:
    """A grey image that the viewer may smooth."""
    big = (255 - 255 * image).astype(np.uint8).repeat(pixels, 0).repeat(pixels, 1)
    side = len(image) * PLACE.pitch_mm * MM
    box = (side, side, PLACE.x_mm * MM, (HEIGHT - PLACE.y_mm) * MM - side)
    head = b"q %.6f 0 0 %.6f %.6f %.6f cm BI/W %d/H %d/CS/G/BPC 8/I true/F/AHx ID " % (*box, *big.shape)
    return head + big.tobytes().hex().encode() + b">\nEI Q "


def flipped(image: Modules, count: int) -> Modules:
    out = image.copy()
    places = np.random.default_rng(2).choice(20 * 20, count, replace=False)
    out[12 + places // 20, 10 + places % 20] ^= 1
    return out


def level_l(payload: str) -> Modules:
    code = segno.make_qr(payload, error="l", boost_error=False, version=6, mode="numeric")
    return np.array([list(row) for row in code.matrix], np.uint8)


def address(_: Modules) -> bytes:
    """A web address on the page, and nothing where the eL-QR should be."""
    image = np.array([list(row) for row in segno.make_qr("a web address", error="m").matrix], np.uint8)
    return rectangle(-154, -4, 33, 33, b"1 g") + mask(image, dx_mm=-150 * PLACE.pitch_mm)


def other_mask(payload: str) -> Modules:
    _, best = reference.encode_one(payload)
    return reference.encode_one(payload, mask=(best + 1) % 8)[0]


def _made(change: Callable[[Modules], bytes]) -> Callable[[str, str], bytes]:
    return lambda payload, other: change(modules_of(payload))


ALTERATIONS: Mapping[str, Callable[[str, str], bytes]] = {
    "neighbour's payload": lambda payload, other: mask(modules_of(other)),
    "no symbol": lambda payload, other: b"",
    "no symbol but a web address": _made(address),
    "grey picture": _made(picture),
    "resampled picture": _made(lambda m: picture(m, pixels=3)),
    "mirrored": _made(lambda m: mask(np.ascontiguousarray(m[:, ::-1]))),
    "turned": _made(lambda m: mask(np.ascontiguousarray(np.rot90(m)))),
    "another mask": lambda payload, other: mask(other_mask(payload)),
    "level L": lambda payload, other: mask(level_l(payload)),
    "1 module flipped": _made(lambda m: mask(flipped(m, 1))),
    "10 modules flipped": _made(lambda m: mask(flipped(m, 10))),
    "25 modules flipped": _made(lambda m: mask(flipped(m, 25))),
    "moved by 0.05 mm": _made(lambda m: mask(m, dx_mm=0.05)),
    "moved by 0.1 mm": _made(lambda m: mask(m, dy_mm=0.1)),
    "moved by 1 mm": _made(lambda m: mask(m, dx_mm=1.0)),
    "scaled to 99 %": _made(lambda m: mask(m, scale=0.99)),
    "scaled to 95 %": _made(lambda m: mask(m, scale=0.95)),
    "hairline through it": _made(lambda m: mask(m) + rectangle(-2, 20.4, 45, 0.3)),
    "text over a corner": _made(lambda m: mask(m) + words(b"No.123", 30, 38, 8.0)),
    "frame three modules off": _made(lambda m: mask(m) + rectangle(-3.3, -4, 0.3, 49)),
    "text in the quiet zone": _made(lambda m: mask(m) + words(b"00000001", 2, 46.5)),
    "60 % grey": _made(lambda m: b"0.4 g " + mask(m) + b"0 g "),
    "90 % black": _made(lambda m: b"0.1 g " + mask(m) + b"0 g "),
    "dark blue": _made(lambda m: b"0 0 0.5 rg " + mask(m) + b"0 g "),
    "black of three colours": _made(lambda m: b"0 0 0 rg " + mask(m) + b"0 g "),
    "rich black": _made(lambda m: b"0.6 0.4 0.4 1 k " + mask(m) + b"0 g "),
    "tint behind it": _made(lambda m: rectangle(-6, -6, 53, 53, b"0.75 g") + mask(m)),
    "white box over 6 %": _made(lambda m: mask(m) + rectangle(20, 20, 10, 10, b"1 g")),
}


"""What is drawn instead of the code, from its own payload and the next one's."""


def alter(pdf: Path, out: Path, payloads: list[str]) -> Path:
    """`pdf` with one alteration a page, from its first page on; the pages behind stay as they are."""
    white = rectangle(-4.5, -4.5, 50, 50, b"1 g")
    with pikepdf.open(pdf) as file:
        for number, draw in enumerate(ALTERATIONS.values()):
            page = file.pages[number]
            drawn = draw(payloads[number], payloads[number + 1])
            page.contents_add(file.make_stream(white + drawn))
            own = pikepdf.Dictionary(page.obj.Resources)
            fonts = pikepdf.Dictionary(own.get("/Font", pikepdf.Dictionary()))
            plain = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            fonts["/Plain"] = file.make_indirect(plain)
            own["/Font"] = fonts
            page.obj.Resources = own
        file.save(out)
    return out
