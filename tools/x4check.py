"""Structural checks of PDF/X-4 and PDF/VT: the parts of the standards that can be read off a file's objects.

In: an open file. Out: one finding a fault, `place: what is wrong`. It is stricter than PDF/X-4 where the
product is: black only (DeviceGray), no transparency at all. It is no full PDF/X validator; a print vendor's
preflight has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pikepdf
from pikepdf import Name

XMP_KEYS = (  # prefix and name for people, then namespace
    ("pdfxid:GTS_PDFXVersion", "http://www.npes.org/pdfx/ns/id/"),
    ("xmpMM:DocumentID", "http://ns.adobe.com/xap/1.0/mm/"),
    ("xmpMM:VersionID", "http://ns.adobe.com/xap/1.0/mm/"),
    ("xmpMM:RenditionClass", "http://ns.adobe.com/xap/1.0/mm/"),
    ("xmp:CreateDate", "http://ns.adobe.com/xap/1.0/"),
    ("xmp:ModifyDate", "http://ns.adobe.com/xap/1.0/"),
    ("xmp:MetadataDate", "http://ns.adobe.com/xap/1.0/"),
    ("dc:title", "http://purl.org/dc/elements/1.1/"),
    ("pdf:Trapped", "http://ns.adobe.com/pdf/1.3/"),
)
VT_KEY = "{http://www.npes.org/pdfvt/ns/id/}GTS_PDFVTVersion"
COLOUR_OPERATORS = frozenset({"rg", "RG", "k", "K", "cs", "CS", "sc", "SC", "scn", "SCN", "sh"})
VERSION_MAX = "1.6"  # ISO 15930-7 builds on PDF 1.6


def check(pdf: pikepdf.Pdf) -> list[str]:
    """Every fault found; an empty list means that no check here objects."""
    keys = xmp(pdf)
    found = [*_document(pdf), *_metadata(pdf, keys), *_intent(pdf)]
    seen: set[tuple[int, int]] = set()
    for number, page in enumerate(pdf.pages, 1):
        place = f"page {number}"
        found += _boxes(place, page.obj)
        found += [f"{place}: carries {k}" for k in ("/Annots", "/AA") if k in page.obj]
        if page.obj.get("/Group", pikepdf.Dictionary()).get("/S") == Name.Transparency:
            found.append(f"{place}: has a transparency group")
        found += _content(place, page, page.obj.get("/Resources", pikepdf.Dictionary()), seen)
    return found + (list(_parts(pdf)) if VT_KEY in keys or "/DPartRoot" in pdf.Root else [])


def xmp(pdf: pikepdf.Pdf) -> dict[str, str]:
    """The simple properties of the document's XMP packet as `{namespace}name` → text."""
    if "/Metadata" not in pdf.Root:
        return {}
    keys = {}
    for described in ElementTree.fromstring(pdf.Root.Metadata.read_bytes()).iter():
        keys.update(described.attrib)
        keys[described.tag] = "".join(described.itertext()).strip()
    return keys


def _document(pdf: pikepdf.Pdf) -> Iterator[str]:
    if pdf.pdf_version > VERSION_MAX:
        yield f"file: PDF {pdf.pdf_version}; PDF/X-4 ends at {VERSION_MAX}"
    if "/Encrypt" in pdf.trailer:
        yield "file: is encrypted"
    if len(pdf.trailer.get("/ID", [])) != 2:
        yield "file: has no /ID of two parts"
    yield from (f"catalog: carries {k}" for k in ("/AcroForm", "/OpenAction", "/AA") if k in pdf.Root)
    names = pdf.Root.get("/Names", pikepdf.Dictionary())
    yield from (f"catalog: /Names holds {k}" for k in ("/JavaScript", "/EmbeddedFiles") if k in names)


def _metadata(pdf: pikepdf.Pdf, keys: dict[str, str]) -> Iterator[str]:
    for shown, namespace in XMP_KEYS:
        if not keys.get(f"{{{namespace}}}{shown.partition(':')[2]}"):
            yield f"XMP: {shown} is missing or empty"
    version = keys.get(f"{{{XMP_KEYS[0][1]}}}GTS_PDFXVersion", "PDF/X-4")
    if version != "PDF/X-4":
        yield f"XMP: pdfxid:GTS_PDFXVersion is {version!r}; expected 'PDF/X-4'"
    trapped = keys.get(f"{{{XMP_KEYS[-1][1]}}}Trapped", "False")
    if trapped not in {"True", "False"}:
        yield f"XMP: pdf:Trapped is {trapped!r}; expected True or False"
    in_info = pdf.trailer.get("/Info", pikepdf.Dictionary()).get("/Trapped")
    if in_info is not None and str(in_info) != f"/{trapped}":
        yield f"Info: /Trapped is {in_info}, XMP says {trapped}"


def _intent(pdf: pikepdf.Pdf) -> Iterator[str]:
    intents = [i for i in pdf.Root.get("/OutputIntents", []) if i.get("/S") == Name.GTS_PDFX]
    if len(intents) != 1:
        yield f"output intent: {len(intents)} of type GTS_PDFX; expected 1"
        return
    if not str(intents[0].get("/OutputConditionIdentifier", "")):
        yield "output intent: no OutputConditionIdentifier"
    if "/DestOutputProfile" not in intents[0]:
        yield "output intent: no embedded profile"
        return
    profile = intents[0].DestOutputProfile
    icc = profile.read_bytes()
    if len(icc) < 128 or int.from_bytes(icc[:4], "big") != len(icc) or icc[36:40] != b"acsp":
        yield "output intent: the profile is not a whole ICC profile"
    elif icc[12:16] != b"prtr":
        yield f"output intent: profile class {icc[12:16].decode('latin-1')!r}; PDF/X wants 'prtr'"
    elif {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(icc[16:20]) != int(profile.get("/N", 0)):
        space = icc[16:20].decode("latin-1")
        yield f"output intent: /N is {profile.get('/N')}, the profile's colour space {space}"


def _boxes(place: str, page: pikepdf.Object) -> Iterator[str]:
    boxes = {
        k: [float(v) for v in page[k]] for k in ("/MediaBox", "/BleedBox", "/TrimBox", "/ArtBox") if k in page
    }
    if "/MediaBox" not in boxes:
        yield f"{place}: no MediaBox of its own"
    if ("/TrimBox" in boxes) == ("/ArtBox" in boxes):
        yield f"{place}: needs a TrimBox or an ArtBox, and not both"
    for inner, outer in (("/TrimBox", "/BleedBox"), ("/TrimBox", "/MediaBox"), ("/BleedBox", "/MediaBox")):
        if inner in boxes and outer in boxes:
            i, o = boxes[inner], boxes[outer]
            if not (o[0] <= i[0] < i[2] <= o[2] and o[1] <= i[1] < i[3] <= o[3]):
                yield f"{place}: {inner[1:]} {i} is not inside {outer[1:]} {o}"


def _content(
    place: str,
    stream: pikepdf.Page | pikepdf.Object,
    resources: pikepdf.Object,
    seen: set[tuple[int, int]],
) -> Iterator[str]:
    """The operators of a content stream, then what its resources name; a shared object is looked at once."""
    for instruction in pikepdf.parse_content_stream(stream):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            yield from _image(f"{place}: inline image", instruction.iimage.obj)
        elif str(instruction.operator) in COLOUR_OPERATORS:
            yield f"{place}: colour operator {instruction.operator}; black is set with g and G alone"
    for kind, one in _named(resources):
        if one.is_indirect:
            if one.objgen in seen:
                continue
            seen.add(one.objgen)
        if kind == "/Font":
            yield from _font(one)
        elif kind == "/ExtGState":
            yield from _state(place, one)
        elif kind == "/XObject" and one.get("/Subtype") == Name.Form:
            if one.get("/Group", pikepdf.Dictionary()).get("/S") == Name.Transparency:
                yield f"{place}: a form has a transparency group"
            yield from _content(f"{place}: form", one, one.get("/Resources", pikepdf.Dictionary()), seen)
        elif kind == "/XObject":
            yield from _image(f"{place}: image", one)
        elif kind in {"/ColorSpace", "/Pattern", "/Shading"}:
            yield f"{place}: resources name a {kind[1:]}; black is set with g and G alone"


def _named(resources: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Object]]:
    for kind in ("/Font", "/ExtGState", "/XObject", "/ColorSpace", "/Pattern", "/Shading"):
        yield from ((kind, one) for _, one in sorted(resources.get(kind, pikepdf.Dictionary()).items()))


def _image(place: str, image: pikepdf.Object) -> Iterator[str]:
    mask = bool(image.get("/ImageMask", image.get("/IM", False)))
    space = image.get("/ColorSpace", image.get("/CS"))
    if not mask and space not in {Name.DeviceGray, Name.G}:
        yield f"{place}: is neither a mask nor DeviceGray"
    if bool(image.get("/Interpolate", image.get("/I", False))):
        yield f"{place}: asks to be smoothed (/Interpolate)"
    if "/SMask" in image or "/SMaskInData" in image:
        yield f"{place}: has a soft mask"


def _state(place: str, state: pikepdf.Object) -> Iterator[str]:
    if float(state.get("/ca", 1)) != 1 or float(state.get("/CA", 1)) != 1:
        yield f"{place}: a graphics state is not opaque"
    if state.get("/SMask", Name("/None")) != Name("/None") or state.get("/BM", Name.Normal) != Name.Normal:
        yield f"{place}: a graphics state blends or masks"
    if any(k in state for k in ("/TR", "/TR2", "/HTP", "/HT")):
        yield f"{place}: a graphics state sets transfer curves or screens"


def _font(font: pikepdf.Object) -> Iterator[str]:
    place = f"font {font.get('/BaseFont', '?')}"
    real = font.DescendantFonts[0] if "/DescendantFonts" in font else font
    described = real.get("/FontDescriptor", pikepdf.Dictionary())
    if not any(k in described for k in ("/FontFile", "/FontFile2", "/FontFile3")):
        yield f"{place}: is not embedded"
    if "/ToUnicode" not in font:
        yield f"{place}: has no ToUnicode map"


def _parts(pdf: pikepdf.Pdf) -> Iterator[str]:
    """The DPart tree: its leaves, in order, cover each page once; the page points back."""
    root = pdf.Root.get("/DPartRoot")
    if root is None:
        yield "DPart: the file claims PDF/VT and has no DPartRoot"
        return
    if int(root.get("/RecordLevel", 0)) >= len(root.get("/NodeNameList", [])):
        yield "DPart: RecordLevel lies beyond NodeNameList"
    pages = [page.obj.objgen for page in pdf.pages]
    place, covered = {objgen: i for i, objgen in enumerate(pages)}, 0
    for leaf in _leaves(root.DPartRootNode):
        first = place.get(leaf.Start.objgen, -1)
        last = place.get(leaf.get("/End", leaf.Start).objgen, -1)
        if first != covered or last < first:
            yield f"DPart: a leaf covers pages {first + 1} to {last + 1}; expected page {covered + 1} next"
            return
        for i in range(first, last + 1):
            back = pdf.pages[i].obj.get("/DPart")
            if back is None or back.objgen != leaf.objgen:
                yield f"page {i + 1}: /DPart does not point to the leaf that holds it"
        covered = last + 1
    if covered != len(pages):
        yield f"DPart: the leaves cover {covered} of {len(pages)} pages"


def _leaves(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    if "/Start" in node:
        yield node
    for group in node.get("/DParts", []):
        for below in group:
            yield from _leaves(below)
