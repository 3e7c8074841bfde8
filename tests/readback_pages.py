"""Small PDF pages written by hand, so that tests of the read-back can spoil them in any way they like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elqr import gs1_128, symbols
from slips.proof.expected import Area, BarsPlace, Expected, Places, SymbolPlace

Modules = npt.NDArray[np.uint8]

MM = 72 / 25.4
PAGE_W_MM, PAGE_H_MM = 210.0, 297.0
PITCH_MM = 8 * 25.4 / 600
QR = SymbolPlace(500 * PITCH_MM, 600 * PITCH_MM, PITCH_MM)
AMOUNT = Area(40.0, 60.0, 40.0, 8.0)
BARS = BarsPlace(30.0, 150.0, 4 * 25.4 / 600, 12.0)
BARCODE = (
    "91999999202601020000001000000026073100123007"  # elqr-format.md §4, belongs to the synthetic payload
)
PLACES = Places(PAGE_W_MM, PAGE_H_MM, QR, {"amount": (AMOUNT,)}, BARS)


def payloads(count: int, seed: int = 1) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(ord("0"), ord("9") + 1, (count, 255)).astype(np.uint8)


def modules_of(payload: npt.NDArray[np.uint8]) -> Modules:
    return symbols.unpack(symbols.encode(payload[None]))[0]


def expected(count: int, *, barcode: str | None = BARCODE) -> Expected:
    return Expected(
        payloads=payloads(count),
        slip_keys=[f"{k:020d}" for k in range(count)],
        texts={"amount": [amount(k) for k in range(count)]},
        barcodes=[barcode] * count,
        templates=(PLACES,),
        template_of=[0] * count,
    )


def amount(k: int) -> str:
    return f"{12_300 + k:,}円"


def mask(image: Modules, x_mm: float, y_mm: float, w_mm: float, h_mm: float) -> bytes:
    """An inline image mask, 1 = dark, at its top-left corner; in the colour that is set."""
    height, width = image.shape
    place = b"%.6f 0 0 %.6f %.6f %.6f" % (w_mm * MM, h_mm * MM, x_mm * MM, (PAGE_H_MM - y_mm - h_mm) * MM)
    head = b"q %b cm BI/W %d/H %d/IM true/BPC 1/D[1 0]ID " % (place, width, height)
    return head + np.packbits(image, axis=1).tobytes() + b"\nEI Q "


def symbol(image: Modules, *, dx_mm: float = 0.0, dy_mm: float = 0.0, scale: float = 1.0) -> bytes:
    """The eL-QR at its place, or moved or scaled."""
    side = len(image) * PITCH_MM * scale
    return mask(image, QR.x_mm + dx_mm, QR.y_mm + dy_mm, side, side)


def bars(digits: str, *, dx_mm: float = 0.0) -> bytes:
    image = gs1_128.bars(np.frombuffer(digits.encode(), np.uint8)[None]).astype(np.uint8)
    return mask(image, BARS.x_mm + dx_mm, BARS.y_mm, BARS.pitch_mm * image.shape[1], BARS.h_mm)


def text(words: str, x_mm: float, y_mm: float, size_pt: float = 12.0) -> bytes:
    """Words with their baseline at the place."""
    code = words.encode("utf-16-be").hex().encode()
    return b"BT/F1 %.2f Tf %.4f %.4f Td<%b>Tj ET " % (size_pt, x_mm * MM, (PAGE_H_MM - y_mm) * MM, code)


def rectangle(
    x_modules: float, y_modules: float, w_modules: float, h_modules: float, colour: bytes = b"0 g"
) -> bytes:
    """Filled, in modules from the symbol's corner."""
    x, y = QR.x_mm + x_modules * PITCH_MM, QR.y_mm + (y_modules + h_modules) * PITCH_MM
    box = (x * MM, (PAGE_H_MM - y) * MM, w_modules * PITCH_MM * MM, h_modules * PITCH_MM * MM)
    return b"q %b %.4f %.4f %.4f %.4f re f Q " % (colour, *box)


def page(
    k: int, *, code: bytes | None = None, words: bytes | None = None, barcode: bytes | None = None
) -> bytes:
    """The content of page `k` as it should be, with one piece replaced."""
    code = symbol(modules_of(payloads(k + 1)[k])) if code is None else code
    words = text(amount(k), 45.0, 66.0) if words is None else words
    barcode = bars(BARCODE) if barcode is None else barcode
    return text("納付金額", 20.0, 66.0, 9.0) + words + code + barcode


def write(
    path: Path, contents: Sequence[bytes], *, size_mm: tuple[float, float] = (PAGE_W_MM, PAGE_H_MM)
) -> Path:
    """A PDF with one page a content stream. The font is not embedded: only its text matters here."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%b]/MediaBox[0 0 %.4f %.4f]/Resources<</Font<</F1 3 0 R>>>>>>"
        % (
            len(contents),
            b" ".join(b"%d 0 R" % (5 + 2 * k) for k in range(len(contents))),
            size_mm[0] * MM,
            size_mm[1] * MM,
        ),
        b"<</Type/Font/Subtype/Type0/BaseFont/HeiseiKakuGo-W5/Encoding/UniJIS-UTF16-H/DescendantFonts[4 0 R]>>",
        (
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/HeiseiKakuGo-W5"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>/DW 1000"
            b"/FontDescriptor<</Type/FontDescriptor/FontName/HeiseiKakuGo-W5/Flags 4/FontBBox[0 -120 1000 880]"
            b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 80>>>>"
        ),
    ]
    for k, content in enumerate(contents):
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R>>" % (6 + 2 * k))
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(content), content))
    out, places = b"%PDF-1.6\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(out),
    )
    path.write_bytes(out)
    return path
