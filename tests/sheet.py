"""One small page that passes every validator, made without the product, for the validators' own tests."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name

from slips import fonts

FONT = Name("/AAAAAA+BIZUDGothic")
WORDS = "納付書 12,300円"
XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/"
 xmlns:pdfvtid="http://www.npes.org/pdfvt/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">見本</rdf:li></rdf:Alt></dc:title>
<pdf:Trapped>False</pdf:Trapped><pdfuaid:part>1</pdfuaid:part>
<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion><pdfvtid:GTS_PDFVTVersion>PDF/VT-1</pdfvtid:GTS_PDFVTVersion>
<xmp:CreateDate>2026-06-01T00:00:00Z</xmp:CreateDate><xmp:ModifyDate>2026-06-01T00:00:00Z</xmp:ModifyDate>
<xmp:MetadataDate>2026-06-01T00:00:00Z</xmp:MetadataDate><xmpMM:DocumentID>uuid:1</xmpMM:DocumentID>
<xmpMM:VersionID>1</xmpMM:VersionID><xmpMM:RenditionClass>default</xmpMM:RenditionClass>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def make(path: Path, *, pages: int = 2) -> Path:
    """Write a tagged, black, embedded, K-only file of a few pages and return its path."""
    pdf = pikepdf.new()
    font, codes = _font(pdf)
    leaves, kids, parents = [], Array([]), Array([])
    node = pdf.make_indirect(Dictionary(Type=Name.DPart))
    root = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    document = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=root, K=kids))
    for number in range(pages):
        content = (
            b"/P <</MCID 0>> BDC BT /F0 12 Tf 0 g 40 700 Td <" + codes + b"> Tj ET EMC\n"
            b"/Figure <</MCID 1>> BDC q 36 0 0 36 40 600 cm\n"
            b"BI /W 2 /H 2 /BPC 1 /IM true ID \x80\x40 EI Q EMC\n"
            b"/Artifact BMC 40 590 200 1 re f EMC"
        )
        page = pdf.make_indirect(
            Dictionary(
                Type=Name.Page, MediaBox=[0, 0, 595, 842], TrimBox=[0, 0, 595, 842], StructParents=number,
                Tabs=Name.S, Resources=Dictionary(Font=Dictionary(F0=font)),
                Contents=pdf.make_stream(content),
            )
        )  # fmt: skip
        pdf.pages.append(pikepdf.Page(page))
        page = pdf.pages[number].obj
        leaf = pdf.make_indirect(Dictionary(Type=Name.DPart, Parent=node, Start=page))
        page.DPart = leaf
        leaves.append(leaf)
        words = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, P=document, Pg=page, K=0))
        figure = pdf.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name.Figure, P=document, Pg=page, K=1, Alt="見本の図",
                       A=Dictionary(O=Name.Layout, BBox=[40, 600, 76, 636], Placement=Name.Block))
        )  # fmt: skip
        kids.extend([words, figure])
        parents.extend([number, pdf.make_indirect(Array([words, figure]))])
    node.DParts = Array([Array(leaves)])
    root.K = Array([document])
    root.ParentTree = pdf.make_indirect(Dictionary(Nums=parents))
    node.Parent = pdf.Root.DPartRoot = pdf.make_indirect(
        Dictionary(Type=Name.DPartRoot, DPartRootNode=node, RecordLevel=0, NodeNameList=[Name.Slip])
    )
    pdf.Root.StructTreeRoot = root
    pdf.Root.Lang = "ja-JP"
    pdf.Root.MarkInfo = Dictionary(Marked=True)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.Root.Metadata = pdf.make_stream(XMP.encode(), Type=Name.Metadata, Subtype=Name.XML)
    profile = pdf.make_stream(_grey_profile(), N=1)
    pdf.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFX,
                OutputConditionIdentifier="test",
                DestOutputProfile=profile,
            )
        ]
    )
    pdf.save(path, min_version="1.6", force_version="1.6", deterministic_id=True)
    return path


def _font(pdf: pikepdf.Pdf) -> tuple[pikepdf.Object, bytes]:
    program = TTFont(fonts.find("gothic") or "")
    cutter = subset.Subsetter(subset.Options(notdef_outline=True, layout_features=[]))
    cutter.populate(text=WORDS)
    cutter.subset(program)
    out = io.BytesIO()
    program.save(out)
    glyphs = {c: program.getGlyphID(program.getBestCmap()[ord(c)]) for c in WORDS}
    scale = 1000 / program["head"].unitsPerEm
    widths = [round(program["hmtx"][g][0] * scale) for g in program.getGlyphOrder()]
    rows = "\n".join(f"<{g:04x}> <{ord(c):04x}>" for c, g in glyphs.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "/CMapName /X def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(glyphs)} beginbfchar\n{rows}\nendbfchar endcmap end end"
    )
    descriptor = pdf.make_indirect(
        Dictionary(Type=Name.FontDescriptor, FontName=FONT, Flags=4, FontBBox=[0, -200, 1000, 900],
                   ItalicAngle=0, Ascent=880, Descent=-120, CapHeight=700, StemV=80,
                   FontFile2=pdf.make_stream(out.getvalue(), Length1=len(out.getvalue())))
    )  # fmt: skip
    below = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=FONT, DW=1000,
                   CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
                   CIDToGIDMap=Name.Identity, W=Array([0, Array(widths)]), FontDescriptor=descriptor)
    )  # fmt: skip
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=FONT, Encoding=Name("/Identity-H"),
                   DescendantFonts=Array([below]), ToUnicode=pdf.make_stream(cmap.encode()))
    )  # fmt: skip
    return font, "".join(f"{glyphs[c]:04x}" for c in WORDS).encode()


def _grey_profile() -> bytes:
    """The header of a grey output profile and an empty tag table: enough for what is read here."""
    body = bytearray(132)
    body[:4] = len(body).to_bytes(4, "big")
    body[8:12], body[12:24], body[36:40] = b"\x02\x40\0\0", b"prtrGRAYXYZ ", b"acsp"
    return bytes(body)
