"""The page of the studio: form, boxes, findings and reading order side by side, as one HTML text with a strict policy.

In: a `View`. Out: HTML and the policy that goes with it (hashes of its own style and script, nothing else may run or load). Everything from the
form is escaped. Works without script, but for coming again by itself when the form is saved.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby

from elqr.problems import Problem, Severity
from slips.form import Layout, PlacedBox
from slips.lint.report import SEVERITY_WORDS, Judged
from slips.lint.subject import Finding

SCRIPT = """
const version = document.documentElement.dataset.version;
async function look() {
  try {
    const answer = await fetch("/version", { cache: "no-store" });
    if (await answer.text() !== version) { location.reload(); return; }
    document.body.classList.remove("gone");
  } catch (gone) {
    document.body.classList.add("gone");
  }
  setTimeout(look, 600);
}
const panes = [".view", "#findings", "#reading"].map((name) => document.querySelector(name)).filter((pane) => pane);
const notes = document.querySelector("details");
const before = JSON.parse(sessionStorage.getItem("panes") || "null");
if (before) {
  if (notes) notes.open = before.open;
  panes.forEach((pane, place) => { pane.scrollTop = before.tops[place] || 0; });
}
addEventListener("pagehide", () => {
  const tops = panes.map((pane) => pane.scrollTop);
  sessionStorage.setItem("panes", JSON.stringify({ open: Boolean(notes && notes.open), tops }));
});
const beside = matchMedia("(min-width: 1001px) and (min-height: 640px)");
for (const link of document.querySelectorAll("a[data-box]")) {
  const boxes = link.dataset.box.split(" ").map((name) => document.getElementById(name)).filter((box) => box);
  const show = (on) => boxes.forEach((box) => box.classList.toggle("shown", on));
  for (const begin of ["mouseenter", "focus"]) link.addEventListener(begin, () => show(true));
  link.addEventListener("focus", () => {
    if (beside.matches && boxes.length) boxes[0].scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  for (const end of ["mouseleave", "blur"]) link.addEventListener(end, () => show(false));
}
setTimeout(look, 600);
"""


WIDER = 1.3
"""From this width to height on a form stands over the lists, not beside them."""
MARK_R_MM, WIDE_MARK_R_MM = 2.0, 1.5
"""Of the circle with a place in the reading order: a wide form is shown larger."""

SAMPLE_WORDS: Mapping[str, str] = {
    "usual": "ふつうの納付書",
    "longest": "最も長い値",
    "full_year": "全期一括",
    "plain": "バーコードなし",
}


@dataclass(frozen=True)
class Spoken:
    """One thing that is read aloud, and the box that it comes from."""

    box: PlacedBox
    text: str


@dataclass(frozen=True, kw_only=True)
class View:
    """What the page shows. `whens`: which conditional boxes print.

    `problems`: why the file as it is cannot be shown; then the rest is of the last good version, or missing.
    """

    name: str
    version: str
    sample: str
    samples: Sequence[str]
    judged: Judged | None
    spoken: Sequence[Spoken] = ()
    whens: Collection[str] = ()
    problems: Sequence[Problem] = ()


@cache
def style() -> str:
    """The style of the page."""
    return (files("layouts") / "studio.css").read_text(encoding="utf-8")


def policy() -> str:
    """Content-Security-Policy: this style, this script, pictures and versions from here; nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style())}'; script-src '{_hash(SCRIPT)}'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def html(view: View) -> str:
    """The whole page."""
    return "".join(
        (
            f'<!doctype html><html lang="ja" data-version="{escape(view.version)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(view.name)} — elqr studio</title><style>{style()}</style></head><body>",
            *_header(view),
            *_trouble(view.problems),
            *(_main(view, view.judged) if view.judged else ()),
            f"<script>{SCRIPT}</script></body></html>",
        )
    )


def _header(view: View) -> Iterator[str]:
    judged = view.judged
    title = judged.layout.title["ja"] if judged else ""
    yield f"<header><h1>{escape(view.name)} {escape(title)}</h1>"
    if judged:
        counts = "・".join(f"{SEVERITY_WORDS[s][0]} {judged.count(s)}" for s in SEVERITY_WORDS)
        yield f'<p id="counts">{counts} — 版 {escape(judged.layout.version)}</p>'
    links = (
        f'<a href="/?sample={sample}"{" aria-current=page" if sample == view.sample else ""}>{SAMPLE_WORDS[sample]}</a>'
        for sample in view.samples
    )
    yield f"<p>見本: {''.join(links)}</p></header>"


def _trouble(problems: Sequence[Problem]) -> Iterator[str]:
    if problems:
        lines = "\n".join(escape(str(p)) for p in problems)
        yield '<section class="trouble" id="trouble" role="alert"><h2>この様式は読めません / cannot be shown</h2>'
        yield f"<pre>{lines}</pre></section>"


def _main(view: View, judged: Judged) -> Iterator[str]:
    layout = judged.layout
    wide = ' class="wide"' if _wide(layout) else ""
    yield f"<main{wide}>"
    yield from _sheet(view, judged)
    yield '<section id="findings"><h2>指摘</h2><ul>'
    serious = [f for f in judged.findings if f.rule.severity is not Severity.NOTE]
    yield from _findings(serious)
    if not serious:
        yield "<li>誤りと注意はありません。</li>"
    yield "</ul>"
    notes = [f for f in judged.findings if f.rule.severity is Severity.NOTE]
    if notes:
        yield f"<details><summary>参考 {len(notes)} 件</summary><ul>"
        yield from _findings(notes)
        yield "</ul></details>"
    yield '</section><section id="reading"><h2>読み上げの順</h2><ol>'
    for spoken in view.spoken:
        yield f'<li><a href="#{_id(spoken.box)}" data-box="{_id(spoken.box)}">{escape(spoken.text)}</a></li>'
    yield "</ol></section></main>"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Rule by rule: what it asks and why, then each box with its measured value."""
    for rule, group in groupby(findings, key=lambda f: f.rule):
        same = list(group)
        yield f'<li class="finding {rule.severity.value}"><b>{SEVERITY_WORDS[rule.severity][0]}</b> {escape(rule.title["ja"])}'
        yield f"<small>{escape(rule.reason['ja'])} <code>{escape(rule.id)}</code></small><ul>"
        yield from map(_finding, same)
        why = same[0].why
        yield "</ul>" + (f"<small>説明: {escape(why['ja'])}</small>" if why else "") + "</li>"


def _finding(finding: Finding) -> str:
    boxes = " ".join("box-" + name.removesuffix(" (label)") for name in finding.boxes)
    first = boxes.split(" ", maxsplit=1)[0]
    limit = f"(基準: {finding.limit['ja']})" if finding.limit["ja"] else ""
    beside = f" · {finding.detail}" if finding.detail else ""
    return (
        f'<li><a href="#{escape(first)}" data-box="{escape(boxes)}">{escape(", ".join(finding.boxes))}</a>: '
        f"{escape(finding.measured_text + limit + beside)}</li>"
    )


def _id(box: PlacedBox) -> str:
    return escape(f"box-{box.name}")


def _sheet(view: View, judged: Judged) -> Iterator[str]:
    layout = judged.layout
    old = " old" if view.problems else ""
    yield f'<section class="sheet"><h2>できあがり</h2><div class="view" tabindex="0" role="region" aria-label="できあがり"><div class="paper{old}">'
    yield f'<img src="/page.png?sample={view.sample}&amp;v={view.version[:16]}" alt="印刷したときの見た目">'
    yield f'<svg viewBox="0 0 {layout.page_w_mm:g} {layout.page_h_mm:g}" role="img" aria-label="欄の位置">'
    for window in layout.windows:
        yield (
            f'<rect class="page-window" x="{window.x_mm:g}" y="{window.y_mm:g}" width="{window.w_mm:g}" '
            f'height="{window.h_mm:g}"><title>封筒の窓</title></rect>'
        )
    marked = _severities(judged.findings)
    for box in (b for b in layout.boxes if b.stands(view.whens)):
        yield (
            f'<rect id="{_id(box)}" class="{marked.get(box.name, "")}" x="{box.x_mm:g}" y="{box.y_mm:g}" '
            f'width="{box.w_mm:g}" height="{box.h_mm:g}"><title>{escape(_title(layout, box))}</title></rect>'
        )
    radius = WIDE_MARK_R_MM if _wide(layout) else MARK_R_MM
    for number, spoken in enumerate(view.spoken, 1):
        x, y = spoken.box.x_mm - radius, spoken.box.y_mm  # beside the box: its first letter stays in sight
        yield f'<circle cx="{x:g}" cy="{y:g}" r="{radius}"/><text x="{x:g}" y="{y:g}">{number}</text>'
    yield "</svg></div></div></section>"


def _wide(layout: Layout) -> bool:
    return layout.page_w_mm > WIDER * layout.page_h_mm


def _title(layout: Layout, box: PlacedBox) -> str:
    part = layout.part(box.part)
    place = f"x {box.x_mm - part.x_mm:g}, y {box.y_mm - part.y_mm:g}, {box.w_mm:g} × {box.h_mm:g} mm"
    return f"{box.name} ({box.kind}) {place}"


def _severities(findings: Sequence[Finding]) -> dict[str, str]:
    """Box -> its weightiest severity."""
    return {
        name.removesuffix(" (label)"): f.rule.severity.value
        for f in reversed(findings)
        if f.rule.severity is not Severity.NOTE
        for name in f.boxes
    }
