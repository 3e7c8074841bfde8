"""Faults to seed into a good file, each with the check that must notice it.

In: a file that passes every check. Out: broken copies, one fault each: a validator that cannot fail proves
nothing. Refuses a file in which a fault finds nothing to break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name


@dataclass(frozen=True)
class Fault:
    """What breaks, in words; the check that must notice; how to break a file, open or as bytes."""

    check: str
    says: str
    breaks: Callable[[pikepdf.Pdf], None] | None = None
    spoils: Callable[[bytes], bytes] | None = None


def seed(file: Path, folder: Path) -> dict[str, Path]:
    """Write one broken copy of `file` a fault into `folder`; fault name → copy."""
    copies = {name: folder / f"{name}.pdf" for name in FAULTS}
    for name, fault in FAULTS.items():
        if fault.spoils:
            copies[name].write_bytes(fault.spoils(file.read_bytes()))
        elif fault.breaks:
            with pikepdf.open(file) as pdf:
                fault.breaks(pdf)
                pdf.save(copies[name], object_stream_mode=pikepdf.ObjectStreamMode.preserve)
    return copies


def _first(pdf: pikepdf.Pdf, key: str, value: Name) -> pikepdf.Object:
    """The first dictionary in the file whose `key` is `value`."""
    for one in pdf.objects:
        if isinstance(one, Dictionary | pikepdf.Stream) and one.get(key) == value:
            return one
    raise ValueError(f"nothing with {key} {value} to break")


def _font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """A CID font that the first page uses."""
    return _fonts(pdf.pages[0].obj.Resources).DescendantFonts[0]


def _fonts(resources: pikepdf.Object) -> pikepdf.Object:
    return next(f for f in _all_fonts(resources) if "/DescendantFonts" in f)


def _all_fonts(resources: pikepdf.Object) -> Iterator[pikepdf.Object]:
    yield from resources.get("/Font", Dictionary()).values()
    for form in resources.get("/XObject", Dictionary()).values():
        yield from _all_fonts(form.get("/Resources", Dictionary()))


def _append(words: bytes) -> Callable[[pikepdf.Pdf], None]:
    return lambda pdf: pdf.pages[0].contents_add(pdf.make_stream(words))


def _drop(key: str) -> Callable[[pikepdf.Pdf], None]:
    return lambda pdf: pdf.Root.__delitem__(key)


def _edit_xmp(old: bytes, new: bytes) -> Callable[[pikepdf.Pdf], None]:
    def edit(pdf: pikepdf.Pdf) -> None:
        packet = pdf.Root.Metadata.read_bytes()
        if old not in packet:
            raise ValueError(f"the XMP packet holds no {old.decode()} to break")
        pdf.Root.Metadata.write(packet.replace(old, new))

    return edit


def _no_words(pdf: pikepdf.Pdf) -> None:
    del _first(pdf, "/S", Name.Figure)["/Alt"]


def _no_program(pdf: pikepdf.Pdf) -> None:
    del _font(pdf).FontDescriptor["/FontFile2"]


def _no_unicode(pdf: pikepdf.Pdf) -> None:
    del _fonts(pdf.pages[0].obj.Resources)["/ToUnicode"]


def _wrong_default(pdf: pikepdf.Pdf) -> None:
    font = _font(pdf)
    font.DW = int(font.get("/DW", 1000)) // 2 + 7
    if "/W" in font:
        del font["/W"]


def _screen_profile(pdf: pikepdf.Pdf) -> None:
    profile = pdf.Root.OutputIntents[0].DestOutputProfile
    icc = profile.read_bytes()
    profile.write(icc[:12] + b"mntr" + icc[16:])


def _annotation(pdf: pikepdf.Pdf) -> None:
    note = pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 9, 9])))
    pdf.pages[0].obj.Annots = Array([note])


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def _see_through(pdf: pikepdf.Pdf) -> None:
    resources = pdf.pages[0].obj.Resources
    resources.ExtGState = Dictionary({"/Half": Dictionary(ca=0.5)})


def _smoothed(pdf: pikepdf.Pdf) -> None:
    _append(b"/Artifact BMC q 9 0 0 9 0 0 cm BI /W 1 /H 1 /BPC 1 /IM true /I true ID \x00 EI Q EMC")(pdf)


def _lost_leaf(pdf: pikepdf.Pdf) -> None:
    node = pdf.Root.DPartRoot.DPartRootNode
    while "/DParts" in node.DParts[0][0]:
        node = node.DParts[0][0]
    del node.DParts[-1][-1]


def _widen(page: pikepdf.Object) -> None:
    page.TrimBox = Array([0, 0, float(page.MediaBox[2]) + 9, page.MediaBox[3]])


def _spoil_stream(data: bytes) -> bytes:
    """Flip bytes in the middle of the last compressed stream before the end."""
    at = data.rindex(b"endstream") - 12
    return data[:at] + bytes(b ^ 0x5A for b in data[at : at + 8]) + data[at + 8 :]


FAULTS: Mapping[str, Fault] = {
    "no_language": Fault("pdfua-1", "a catalog without /Lang", _drop("/Lang")),
    "not_marked": Fault("pdfua-1", "a file that does not say it is tagged", _drop("/MarkInfo")),
    "no_title_bar": Fault("pdfua-1", "a window that shows the file's name", _drop("/ViewerPreferences")),
    "no_words": Fault("pdfua-1", "a figure without alternative text", _no_words),
    "untagged": Fault("pdfua-1", "content that is neither tagged nor artifact", _append(b"0 g 9 9 9 9 re f")),
    "not_claimed": Fault(
        "pdfua-1", "metadata without the PDF/UA mark", _edit_xmp(b"pdfuaid:part", b"pdfuaid:peel")
    ),
    "no_program": Fault("pdfx-4", "a font that is not embedded", _no_program),
    "no_unicode": Fault("pdfx-4", "a font without a map to characters", _no_unicode),
    "wrong_width": Fault("fonts", "widths that are not the font's", _wrong_default),
    "screen_profile": Fault("pdfx-4", "the profile of a screen as output intent", _screen_profile),
    "no_intent": Fault("pdfx-4", "no output intent", _drop("/OutputIntents")),
    "no_trim": Fault(
        "pdfx-4", "a page without TrimBox", lambda pdf: pdf.pages[0].obj.__delitem__("/TrimBox")
    ),
    "trim_outside": Fault("pdfx-4", "a TrimBox beyond the page", lambda pdf: _widen(pdf.pages[0].obj)),
    "coloured": Fault("pdfx-4", "a colour", _append(b"/Artifact BMC 1 0 0 rg EMC")),
    "annotation": Fault("pdfx-4", "an annotation", _annotation),
    "script": Fault("pdfx-4", "a script", _script),
    "see_through": Fault("pdfx-4", "transparency", _see_through),
    "smoothed": Fault("pdfx-4", "a mask that asks to be smoothed", _smoothed),
    "no_trapped": Fault("pdfx-4", "metadata without Trapped", _edit_xmp(b"Trapped", b"Tripped")),
    "other_standard": Fault("pdfx-4", "another standard's name", _edit_xmp(b"PDF/X-4", b"PDF/X-9")),
    "lost_leaf": Fault("pdfx-4", "a page in no document part", _lost_leaf),
    "cut_short": Fault("syntax", "a file cut short", spoils=lambda data: data[: len(data) * 2 // 3]),
    "bad_stream": Fault("syntax", "a damaged stream", spoils=_spoil_stream),
}
