"""The package for the print vendor: the instruction as one PDF, a printed sample set with its manifest, the form, checksums.

In: a form, its previous version or none, a site or none. Out: a folder; made twice it is the same byte for byte. Refuses
(ProblemError) a form with faults, and a sample set that does not print whole and read back.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from elqr.problems import Problem, ProblemError
from elqr.site import Site, load_site
from slips.form import Layout
from slips.form_changes import Change, changes
from slips.geometry import load_good_layout
from slips.job import print_slips
from slips.layout import layout_names, load_layout
from slips.outfiles import telling_disk_errors, write_whole
from slips.pack_paper import Paper, page_of
from slips.pack_samples import sample_rows
from slips.pack_tables import boxes, codes, cuts, marks, overview
from slips.press import PaperPrepress
from slips.preview import ISSUED, KINDS, write_preview
from slips.request import PrintRequest, values_of

INSTRUCTION = "instruction.pdf"
SAMPLES = "samples"
SUMS = "SHA256SUMS"
STANDIN = "中立の代用プロファイル(elqr K-only stand-in、貴社の印刷機の特性ではありません)"


@dataclass(frozen=True)
class VendorPack:
    """What was made: the files with their hashes, the changes told, how many sample pages."""

    files: Mapping[str, str]
    changes: tuple[Change, ...]
    pages: int
    out: Path


def make_vendor_pack(
    name_or_path: str, *, out: Path, previous: Path | None = None, site: Path | None = None
) -> VendorPack:
    """Make the package in `out` (made where it is missing). Raises ProblemError; then `out` has no new SHA256SUMS."""
    layout = load_good_layout(name_or_path, values=values_of)
    changed = changes(load_layout(previous), layout) if previous else ()
    office = load_site(site) if site else Site.unknown()
    with telling_disk_errors(out), tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / SAMPLES).mkdir()
        pages = _samples(layout, name_or_path, office, site, work)
        _form(name_or_path, layout, work)
        listed = _hashes(work)
        (work / INSTRUCTION).write_bytes(
            _instruction(layout, office, changed, listed, pages=pages, compared=previous is not None)
        )
        sums = _hashes(work)
        out.mkdir(parents=True, exist_ok=True)
        (out / SUMS).unlink(missing_ok=True)
        for name in sums:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(out / name, (work / name).read_bytes())
        write_whole(out / SUMS, "".join(f"{sha}  {name}\n" for name, sha in sums.items()).encode())
    return VendorPack(sums, changed, pages, out)


def _samples(layout: Layout, name: str, office: Site, site: Path | None, work: Path) -> int:
    """The sample set under `samples`; the number of its pages."""
    if layout.document != "slip":
        problems = write_preview(name, out=work / SAMPLES / "samples.pdf", site=site)
        if any(p.severity.value == "error" for p in problems):
            raise ProblemError(problems)
        return len(KINDS)
    rows = sample_rows(office)
    if layout.kinds:
        fitting = pl.col("kind").is_in(layout.kinds)
        rows = rows.with_columns(kind=pl.when(fitting).then("kind").otherwise(pl.lit(layout.kinds[0])))
    source = work / SAMPLES / "samples.csv"
    rows.write_csv(source)
    printed = work / "printed"
    report = print_slips(
        PrintRequest(slips=source, out=printed, layout=name, issue_date=ISSUED, profile="tax", site=site),
        prepress=PaperPrepress,
    )
    if report.job["printed"]["slips"] != rows.height:
        held = [p for c in report.counted if c.severity == "error" for _, p in c.examples]
        raise ProblemError([Problem("pack.samples_held", "", {"found": report.job["held"]["slips"]}), *held])
    for file in sorted(printed.iterdir()):
        if file.name.startswith("slips-") or file.name.startswith("manifest."):
            shutil.move(str(file), work / SAMPLES / file.name)
    shutil.rmtree(printed)
    places = pl.read_csv(work / SAMPLES / "manifest.csv", columns=["file", "page"], glob=False)
    return places.unique().height


def _form(name: str, layout: Layout, work: Path) -> None:
    """The form's own file, and that of its base."""
    for one in (name, layout.base):
        if not one:
            continue
        if one in layout_names():
            data = (files("layouts") / "forms" / f"{one}.toml").read_bytes()
            (work / f"{one}.toml").write_bytes(data)
        else:
            path = Path(one) if one == name else Path(name).parent / one
            (work / path.name).write_bytes(path.read_bytes())


def _hashes(work: Path) -> dict[str, str]:
    found = sorted(path for path in work.rglob("*") if path.is_file())
    return {
        path.relative_to(work).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found
    }


def _instruction(
    layout: Layout,
    office: Site,
    changed: Sequence[Change],
    listed: Mapping[str, str],
    *,
    pages: int,
    compared: bool,
) -> bytes:
    words: dict[str, Any] = tomllib.loads((files("layouts") / "vendor_pack.toml").read_text(encoding="utf-8"))
    said = {
        "file": layout.file,
        "version": layout.version,
        "dpi": str(layout.dpi),
        "dot": f"{layout.dot_mm:.5f}",
        "profile": office.output_profile.name if office.output_profile else STANDIN,
        "samples": str(pages),
        "slots": str(layout.slips_per_page),
    }
    several = "" if layout.slips_per_page == 1 else "_several"
    said = {name: words["words"][f"{name}{several}"] for name in ("carries", "record")} | said

    def fill(text: str) -> str:
        for key, value in said.items():
            text = text.replace("{" + key + "}", value)
        return text

    heading, columns, short = words["heading"], words["columns"], words["words"]
    title = f"{office.city}{words['title']} {layout.title['ja']}"
    paper = Paper(title, f"{title} 版 {layout.version} / 様式 SHA-256 {layout.sha256[:16]}")
    paper.head(title)
    paper.paragraph(fill(words["note"]))
    paper.heading(heading["overview"])
    paper.table(columns["overview"], overview(layout), (45, 222))
    paper.page_break(page_of(layout))
    paper.heading(heading["drawing"])
    paper.drawing(layout)
    paper.page_break()
    paper.heading(heading["boxes"])
    paper.table(columns["boxes"], boxes(layout), (12, 20, 72, 27, 17, 17, 17, 17, 40, 28))
    paper.heading(heading["codes"])
    rows = codes(layout, position=short["position_tolerance"])
    if rows:
        paper.table(columns["codes"], rows, (42, 20, 20, 28, 56, 32, 40, 29))
    else:
        paper.paragraph(short["no_marks"])
    paper.heading(heading["marks"])
    if found := marks(layout):
        paper.table(columns["marks"], found, (52, 18, 18, 18, 18, 143))
    else:
        paper.paragraph(short["no_marks"])
    paper.page_break()
    paper.heading(heading["print"])
    paper.items([fill(text) for text in words["print"]["items"]])
    if layout.cuts:
        paper.table(columns["cuts"], cuts(layout, short), (40, 50, 50, 40))
    paper.heading(heading["order"])
    paper.items([fill(text) for text in words["order"]["items"]])
    paper.page_break()
    paper.heading(heading["acceptance"])
    paper.items([fill(text) for text in words["acceptance"]["items"]])
    paper.heading(heading["changes"])
    if compared and changed:
        paper.table(columns["changes"], [(c.what, c.was, c.now) for c in changed], (67, 100, 100))
    else:
        paper.paragraph(short["no_changes"])
    paper.heading(heading["samples"])
    paper.table(columns["samples"], [(n, _about(n, pages), sha) for n, sha in listed.items()], (58, 55, 154))
    return paper.finish()


def _about(name: str, pages: int) -> str:
    """What a file of the package is."""
    if name.endswith(".pdf"):
        return f"見本 {pages} ページ(見本・使用不可)"
    kinds = {
        "samples.csv": "見本の入力データ",
        "manifest.csv": "一覧(照合用)",
        "manifest.parquet": "一覧(照合用)",
    }
    return kinds.get(name.rpartition("/")[2], "様式ファイル")
