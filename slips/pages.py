"""The page writer: value columns in, one tagged PDF file out, in one pass.

In: a plan (layouts, words, coded fonts: compiled once a run, cheap to send to a worker) and the rows of one file in print order. Out: a file
that is PDF/UA-1 (tags written as the page is), PDF/X-4 in structure and has one DPart a page. Refuses nothing: rows were checked before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import numpy as np
import polars as pl

from elqr import customer_barcode, digits, gs1_128, symbols
from slips.artwork import GreyImage, draw
from slips.constants import Words, constant_texts, set_constant
from slips.content import Filler
from slips.fontobjects import add_font
from slips.fonts import Cluster, FontLibrary
from slips.form import Layout
from slips.glyphs import CodedFace, code_face, phrases_of
from slips.holes import CODE_SHAPE
from slips.inserter import images, numbers_of
from slips.labels import load_labels, spoken
from slips.metadata import OutputIntent, information, xmp
from slips.paged import Paged, artwork_of, paged
from slips.pdf import PdfFile, deflate_page, ref, text_string
from slips.place import MM_PT
from slips.said import said_day
from slips.stamping import Block, Numbers, stamp
from slips.structure import OF_PAGE, PageObjects, Shared
from slips.template import Shown, Template, code_key, compile_template, every

GROUP: Final = 16
"""Pages whose tags share an object stream. Eight would take 2 % fewer bytes, for a packer looks back 32 KiB, and a tenth more time."""
BRANCH: Final = 64
"""Children of a page-tree node."""


@dataclass(frozen=True)
class Setup:
    """What is the same for all pages of a run, as plain data."""

    layouts: Mapping[str, Layout]
    langs: Sequence[str]
    site_words: Mapping[str, str]
    issued: dt.date
    intent: OutputIntent
    mark: GreyImage | None = None

    def words(self, lang: str) -> Words:
        labels = load_labels(lang)
        own = spoken(self.site_words, labels.base) | {"issued": said_day(self.issued, labels.base)}
        return lambda key: labels.text(key, site=own)


@dataclass(frozen=True)
class PagePlan:
    """A run's setup with its fonts subset and coded; keeps the templates that it has compiled, for the next file."""

    setup: Setup
    faces: Mapping[str, CodedFace]
    _templates: dict[tuple[str, str, Shown], Template] = field(
        default_factory=dict, repr=False, compare=False
    )

    def template(self, layout: str, lang: str, shown: Shown, *, fonts: FontLibrary) -> Template:
        """The form's template for pages in `lang` that show `shown`."""
        key = layout, lang, shown
        if key not in self._templates:
            setup, labels = self.setup, load_labels(lang)
            self._templates[key] = compile_template(
                setup.layouts[layout], words=setup.words(lang), lang=labels.base, fonts=fonts, faces=self.faces,
                shown=shown, has_mark=setup.mark is not None, labels=labels,
            )  # fmt: skip
        return self._templates[key]


def compile_plan(
    setup: Setup, fonts: FontLibrary, characters: Mapping[str, Mapping[Cluster, int]]
) -> PagePlan:
    """Subset the fonts to the constant words of all languages and the characters that `TextCheck` saw."""
    wanted = {face: dict(clusters) for face, clusters in characters.items()}
    phrases: dict[str, dict[str, int]] = {}
    often = max((n for clusters in wanted.values() for n in clusters.values()), default=0) + 1
    for layout in setup.layouts.values():
        for lang in setup.langs:
            labels, has_mark = load_labels(lang), setup.mark is not None
            for text in constant_texts(
                layout, setup.words(lang), has_mark=has_mark, face_of=labels.face, mixed=labels.mixed
            ):
                for placed in set_constant(text, fonts, file=layout.file):
                    clusters = wanted.setdefault(placed.run.face, {})
                    for cluster in placed.run.clusters:
                        clusters.setdefault(cluster, 0)
                    named = phrases.setdefault(placed.run.face, {})
                    for phrase in phrases_of(placed.run):
                        # Words of the first language stand on nearly every page.
                        named.setdefault(phrase, often if lang == setup.langs[0] else 1)
    faces = {
        name: code_face(fonts, name, f"F{k}", wanted[name], phrases.get(name))
        for k, name in enumerate(sorted(wanted))
        if name in fonts.faces
    }
    return PagePlan(setup, faces)


def write_pdf(
    out: BinaryIO, values: pl.DataFrame, *, layout: str, plan: PagePlan, fonts: FontLibrary, title: str
) -> None:
    """Write one page a row of `values`, in its order; where the form has several slips a page, as `page` and `position` say.

    `values` has the value columns that the layout names (strings, empty where there is nothing), and `payload`, `barcode` (null or empty
    where there is none), `postal_code`, `address`, `lang`, `seq`.
    """
    _FileWriter(PdfFile(out), plan, layout, plan.setup.layouts[layout], fonts, title).write(values)


@dataclass
class _FileWriter:
    pdf: PdfFile
    plan: PagePlan
    form: str
    layout: Layout
    fonts: FontLibrary
    title: str

    def write(self, values: pl.DataFrame) -> None:
        setup, pdf = self.plan.setup, self.pdf
        pages_of = paged(values, self.layout)
        variants = _variants(self.layout, pages_of.frame)
        templates = [
            self.plan.template(self.form, lang, shown, fonts=self.fonts) for (lang, shown), _ in variants
        ]
        contents = self._contents(
            values, pages_of, [(t, rows) for t, (_, rows) in zip(templates, variants, strict=True)]
        )
        resources = self._resources()
        alts = {e.alt for t in templates for e in every(t.elements) if e.alt}
        root, pages, tags, document, parts, parts_node, parents = (pdf.reserve() for _ in range(7))
        said = {alt: pdf.add(text_string(alt)) for alt in sorted(alts)}
        shared = Shared(document, parts_node, resources, said, self._page_box())
        # Once a file, opened for every page: it is not packed.
        makers = [PageObjects(t, shared, fixed=pdf.add_stream(t.fixed, plain=True)) for t in templates]
        which = np.empty(len(contents), np.int64)
        for k, (_, rows) in enumerate(variants):
            which[rows] = k
        nodes = [pdf.reserve() for _ in range(0, len(contents), BRANCH)]
        streams = [pdf.put_stream(pdf.reserve(), b"", packed=deflate_page(content)) for content in contents]
        sheets, sections, leaves = self._tags(makers, which.tolist(), streams, nodes, pages_of.sequences)
        self._trees(pages, nodes, sheets, sections, tags, document, parts, parts_node, parents, leaves)
        pdf.put(
            tags,
            b"<</Type/StructTreeRoot/K %b/ParentTree %b/ParentTreeNextKey %d>>"
            % (ref(document), ref(parents), len(sheets)),
        )
        named = "".join(values["payload"]) or "".join(values["slip_key"])
        identity = hashlib.sha256(named.encode()).hexdigest()
        meta = pdf.add_stream(
            xmp(self.title, issued=setup.issued, identity=self.title + identity),
            b"/Type/Metadata/Subtype/XML",
            plain=True,
        )
        profile = pdf.add_stream(setup.intent.profile, b"/N %d" % setup.intent.components)
        condition = text_string(setup.intent.condition)
        pdf.put(
            root,
            b"<</Type/Catalog/Pages %b/Lang(ja-JP)/ViewerPreferences<</DisplayDocTitle true>>/MarkInfo<</Marked true>>/Metadata %b"
            b"/StructTreeRoot %b/DPartRoot %b/OutputIntents[<</Type/OutputIntent/S/GTS_PDFX/OutputConditionIdentifier%b/Info%b"
            b"/DestOutputProfile %b>>]>>"
            % (ref(pages), ref(meta), ref(tags), ref(parts), condition, condition, ref(profile)),
        )
        pdf.finish(root, pdf.add(information(self.title, issued=setup.issued)))

    def _page_box(self) -> bytes:
        return b"[0 0 %.3f %.3f]" % (self.layout.page_w_mm * MM_PT, self.layout.page_h_mm * MM_PT)

    def _contents(
        self, values: pl.DataFrame, pages: Paged, parts: Sequence[tuple[Template, np.ndarray]]
    ) -> list[bytes]:
        codes = pages.spread(_codes(self.layout, values))
        filler = Filler(self.fonts, self.plan.faces)
        out = [b""] * pages.frame.height
        for template, rows in parts:
            frame = pages.frame[rows]
            columns = {h.value: frame[h.value].to_list() for h in template.holes if hasattr(h, "value")}
            mine = {kind: [images[r] for r in rows.tolist()] for kind, images in codes.items()}
            filled = filler.fill(template, columns, mine, rows=len(rows))
            for row, content in zip(rows.tolist(), filled, strict=True):
                out[row] = content
        return out

    def _resources(self) -> int:
        pdf, setup = self.pdf, self.plan.setup
        fonts = b"".join(
            b"/%b %b" % (face.resource.encode(), ref(add_font(pdf, face)))
            for face in self.plan.faces.values()
        )
        box = b"/Type/XObject/Subtype/Form/BBox" + self._page_box()
        font_dict = pdf.add(b"<<%b>>" % fonts)
        has_mark = setup.mark is not None
        objects = b"".join(
            b"/%b %b"
            % (
                name.encode(),
                ref(pdf.add_stream(draw(art, has_mark=has_mark), box + b"/Resources<<>>", plain=True)),
            )
            for name, art in artwork_of(self.layout)
        )
        if setup.mark is not None:
            image = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
            mark = pdf.add_stream(setup.mark.samples, image % (setup.mark.width, setup.mark.height))
            objects += b"/Mark %b" % ref(mark)
        return pdf.add(b"<</Font %b/XObject<<%b>>>>" % (ref(font_dict), objects))

    def _tags(
        self,
        makers: Sequence[PageObjects],
        which: Sequence[int],
        streams: Sequence[int],
        nodes: Sequence[int],
        seqs: Sequence[str],
    ) -> tuple[list[int], list[int], list[int]]:
        """Pages and their tags, groups of each an object stream; (numbers of the pages, of their sections, of leaves of the parent tree)."""
        counts = np.array([makers[k].tags for k in which], np.int64)
        page = np.arange(len(counts))
        sheets = self.pdf.reserve(OF_PAGE * len(counts)) + OF_PAGE * page
        # As object streams are numbered where they are written: those of pages first, then each group of tags is followed by its leaf
        # of the parent tree and the number of its stream.
        streams_of_pages = -(-len(counts) // BRANCH)
        before = np.concatenate([[0], np.cumsum(counts)[:-1]]) + 2 * (page // GROUP)
        firsts = self.pdf.next_number + streams_of_pages + before
        blocks: list[Block] = [Block(b"", (), b"")] * len(counts)
        for k, maker in enumerate(makers):
            rows = np.flatnonzero(np.array(which) == k)
            numbers = Numbers(
                sheets[rows],
                firsts[rows],
                np.array(streams, np.int64)[rows],
                np.array(nodes, np.int64)[rows // BRANCH],
                rows,
                [seqs[row] for row in rows.tolist()],
            )
            for row, block in zip(rows.tolist(), stamp(maker, numbers), strict=True):
                blocks[row] = block
        for begin in range(0, len(blocks), BRANCH):
            span = blocks[begin : begin + BRANCH]
            lengths = [length for block in span for length in block.lengths[:OF_PAGE]]
            self.pdf.put_joined(int(sheets[begin]), b"\n".join(block.page for block in span), lengths)
        leaves = [
            self._group(blocks, begin, min(begin + GROUP, len(blocks)))
            for begin in range(0, len(blocks), GROUP)
        ]
        return sheets.tolist(), firsts.tolist(), leaves

    def _group(self, blocks: Sequence[Block], begin: int, end: int) -> int:
        """One object stream of the tags of pages `begin` to `end` and their leaf of the parent tree, whose number is returned."""
        span = blocks[begin:end]
        owners = b"".join(b"%d%b" % (begin + k, block.owners) for k, block in enumerate(span))
        leaf = b"<</Limits[%d %d]/Nums[%b]>>" % (begin, end - 1, owners)
        lengths = [length for block in span for length in block.lengths[OF_PAGE:]]
        first = self.pdf.reserve(len(lengths) + 1)
        self.pdf.put_joined(first, b"\n".join([*(block.tags for block in span), leaf]), [*lengths, len(leaf)])
        return first + len(lengths)

    def _trees(
        self, pages: int, nodes: Sequence[int], sheets: Sequence[int], sections: Sequence[int], tags: int, document: int, parts: int,
        parts_node: int, parents: int, leaves: Sequence[int],
    ) -> None:  # fmt: skip
        """Page tree, document element, document parts, parent tree."""
        pdf = self.pdf
        for k, node in enumerate(nodes):
            kids = sheets[k * BRANCH : (k + 1) * BRANCH]
            pdf.put(
                node, b"<</Type/Pages/Parent %b/Count %d/Kids[%b]>>" % (ref(pages), len(kids), _refs(kids))
            )
        pdf.put(
            pages,
            b"<</Type/Pages/Count %d/MediaBox%b/Kids[%b]>>" % (len(sheets), self._page_box(), _refs(nodes)),
        )
        pdf.put(document, b"<</S/Document/P %b/K[%b]>>" % (ref(tags), _refs(sections)))
        pdf.put(
            parts,
            b"<</Type/DPartRoot/DPartRootNode %b/RecordLevel 1/NodeNameList[/Run/%b]>>"
            % (ref(parts_node), b"Slip" if self.layout.slips_per_page == 1 else b"Sheet"),
        )
        pdf.put(
            parts_node,
            b"<</Type/DPart/Parent %b/DParts[[%b]]>>" % (ref(parts), _refs([sheet + 1 for sheet in sheets])),
        )
        pdf.put(parents, b"<</Kids[%b]>>" % _refs(leaves))


def _refs(numbers: Sequence[int]) -> bytes:
    return b" ".join([b"%d 0 R" % n for n in numbers])


def _variants(layout: Layout, values: pl.DataFrame) -> list[tuple[tuple[str, Shown], np.ndarray]]:
    """The distinct (language, boxes shown) of the pages, in a fixed order, with their numbers (from 0)."""
    whens = sorted({box.condition for box in layout.boxes if box.when})
    tables = [box for box in layout.boxes if box.kind == "table"]
    filled = [
        pl.sum_horizontal(*(pl.col(box.cell(box.columns[0], row)) != "" for row in range(1, box.rows + 1)))
        for box in tables
    ]
    keys = values.select(
        pl.col("lang"),
        *(pl.col(when).fill_null("").ne("").alias(f"when_{k}") for k, when in enumerate(whens)),
        (pl.max_horizontal(*filled) if filled else pl.lit(0)).cast(pl.Int64).alias("rows"),
    ).with_row_index("row")
    names = [c for c in keys.columns if c != "row"]
    out = []
    for key, rows in sorted(keys.group_by(names, maintain_order=True), key=lambda item: item[0]):
        lang, *flags, count = key
        shown = Shown(frozenset(when for when, flag in zip(whens, flags, strict=True) if flag), int(count))
        out.append(((str(lang), shown), rows["row"].to_numpy()))
    return out


def _codes(layout: Layout, values: pl.DataFrame) -> Mapping[str, list[bytes]]:
    """Image bytes of the codes of each row; empty bytes where a row has no barcode (its template has no hole for it)."""
    kinds = {box.kind for box in layout.boxes}
    out: dict[str, list[bytes]] = {}
    if "qr" in kinds:
        out["qr"] = _rows(symbols.image_bytes(symbols.encode(digits.to_matrix(values["payload"], 255))))
    if "gs1_128" in kinds:
        has = values["barcode"].fill_null("").ne("").to_numpy()
        out["gs1_128"] = [b""] * values.height
        bars = gs1_128.bars(digits.to_matrix(values["barcode"].filter(pl.Series(has)), 44))
        for k, image in zip(np.flatnonzero(has).tolist(), _rows(np.packbits(bars, axis=1)), strict=True):
            out["gs1_128"][k] = image
    if "customer_barcode" in kinds:
        # A representative postal code has no barcode: its mask stays empty and prints nothing.
        given = customer_barcode.printable(values["postal_code"])
        bars = np.zeros((values.height, *CODE_SHAPE["customer_barcode"][::-1]), np.uint8)
        addressed = values.filter(given)
        bars[given.to_numpy()] = customer_barcode.bars(
            customer_barcode.encode(addressed["postal_code"], addressed["address"])
        )
        out["customer_barcode"] = _rows(np.packbits(bars, axis=2).reshape(values.height, -1))
    if layout.inserter_marks:
        numbers = numbers_of(values)
        out |= {code_key(mark): images(mark, numbers) for mark in layout.inserter_marks}
    return out


def _rows(matrix: np.ndarray) -> list[bytes]:
    data, width = np.ascontiguousarray(matrix).tobytes(), matrix.shape[1]
    return [data[k : k + width] for k in range(0, len(data), width)]
