"""The peer of the page writer: reportlab drawing the same page with the same fonts, tagged by glue code.

reportlab has no tagging of its own: marked-content operators go in as raw code and structure elements as document objects. The fixed
artwork is a form XObject drawn once and the QR an inline image mask, as a careful user of the library would do it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from slips.constants import Words, constant_texts, set_constant
from slips.fonts import FontLibrary
from slips.form import Layout, PlacedBox
from slips.holes import CODE_SHAPE, text_holes
from slips.place import MM_PT, area_of

N, D, A = pdfdoc.PDFName, pdfdoc.PDFDictionary, pdfdoc.PDFArray


class _Page(pdfdoc.PDFPage):  # type: ignore[misc]
    __NoDefault__: ClassVar = [*pdfdoc.PDFPage.__NoDefault__, "StructParents"]


class Peer:
    """Prepared once, as our plan is; `draw` is what is measured."""

    def __init__(self, layout: Layout, words: Words, fonts: FontLibrary) -> None:
        self.layout = layout
        self.boxes = [box for box in layout.boxes if box.when in {"", "barcode"}]
        self.labels: dict[str, list[tuple[str, float, float, float, str]]] = {}
        for text in constant_texts(layout, words, has_mark=False):
            for placed in set_constant(text, fonts, file=layout.file):
                shown = "".join(chr(base) for base, _ in placed.run.clusters)
                self.labels.setdefault(text.box, []).append(
                    (placed.run.face, text.size_pt, placed.x, placed.y, shown)
                )
        self.holes = {hole.box: hole for hole in text_holes(layout)}
        for name, face in fonts.faces.items():
            pdfmetrics.registerFont(TTFont(name, str(face.path)))

    def draw(self, rows: Sequence[Mapping[str, str]], images: Mapping[str, Sequence[bytes]]) -> bytes:
        out = io.BytesIO()
        size = (self.layout.page_w_mm * MM_PT, self.layout.page_h_mm * MM_PT)
        pen = canvas.Canvas(out, pagesize=size, pageCompression=1, lang="ja-JP", initialFontName="gothic")
        pen.setTitle("納付書")
        pen.beginForm("art", 0, 0, *size)
        for line in self.layout.lines:
            pen.setLineWidth(line.width_pt)
            pen.line(
                *(
                    v * MM_PT
                    for v in (
                        line.x1_mm,
                        size[1] / MM_PT - line.y1_mm,
                        line.x2_mm,
                        size[1] / MM_PT - line.y2_mm,
                    )
                )
            )
        pen.endForm()
        doc = pen._doc
        root = D({"Type": N("StructTreeRoot")})
        top = D({"S": N("Document"), "P": doc.Reference(root)})
        sections: list[Any] = []
        parents: list[Any] = []
        for k, row in enumerate(rows):
            pen._code.append("/Artifact BMC")
            pen.doForm("art")
            pen._code.append("EMC")
            for mcid, box in enumerate(self.boxes):
                pen._code.append(f"/{box.role} <</MCID {mcid}>> BDC")
                self._box(pen, box, row, {kind: all_[k] for kind, all_ in images.items()})
                pen._code.append("EMC")
            pen.showPage()
            sections.append(self._tags(doc, doc.Pages.pages[-1], doc.Reference(top), parents, k))
        top.dict["K"] = A(sections)
        root.dict.update(
            K=doc.Reference(top),
            ParentTree=doc.Reference(D({"Nums": A(parents)})),
            ParentTreeNextKey=len(rows),
        )
        doc.Catalog.StructTreeRoot = root
        doc.Catalog.MarkInfo = D({"Marked": "true"})
        pen.save()
        return out.getvalue()

    def _box(self, pen: Any, box: PlacedBox, row: Mapping[str, str], images: Mapping[str, bytes]) -> None:
        for face, size, x, y, text in self.labels.get(box.name, ()):
            pen.setFont(face, size)
            pen.drawString(x, y, text)
        if box.kind in CODE_SHAPE:
            columns, lines = CODE_SHAPE[box.kind]
            area = area_of(self.layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
            pen._code.append(
                f"q {area.w:.3f} 0 0 {area.h:.3f} {area.x:.3f} {area.top - area.h:.3f} cm BI /W {columns} /H {lines} /IM true /BPC 1 /D [1 0]"
                f" /F /AHx ID\n{images[box.kind].hex()}>\nEI Q"
            )
        elif box.name in self.holes:
            hole = self.holes[box.name]
            face, size = hole.setting.face, hole.setting.size_pt
            y = hole.area.baseline(size, 0, 1, hole.leading, hole.valign)
            pen.setFont(face, size)
            draw = {"left": pen.drawString, "center": pen.drawCentredString, "right": pen.drawRightString}[
                hole.align
            ]
            anchor = {"left": 0.0, "center": hole.area.w / 2, "right": hole.area.w}[hole.align]
            draw(hole.area.x + anchor, y, row[hole.value])

    def _tags(self, doc: Any, page: Any, top: Any, parents: list[Any], index: int) -> Any:
        section = D({"S": N("Sect"), "P": top})
        kids = []
        for mcid, box in enumerate(self.boxes):
            entries: dict[str, Any] = {
                "S": N(box.role),
                "P": doc.Reference(section),
                "Pg": doc.Reference(page),
                "K": mcid,
            }
            if box.role == "Figure":
                entries["Alt"] = pdfdoc.PDFString("eL-QR")
            kids.append(doc.Reference(D(entries)))
        section.dict["K"] = A(kids)
        parents += [index, A(kids)]
        page.__class__ = _Page
        page.StructParents = index
        return doc.Reference(section)
