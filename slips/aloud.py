"""What a screen reader says of a finished slip, in its order: the structure tree of the PDF, not the form that it was made from.

In: the bytes of a tagged PDF. Out: utterances page by page: role, text (ActualText before Alt before E before the text itself), language.
Artifacts are skipped, as a reader does. Refuses (ProblemError) a file without structure.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pikepdf

from elqr.problems import Problem, ProblemError
from slips.marked import texts

Texts = Mapping[Any, Mapping[int, str]]
"""Page (object number) -> marked-content number -> text."""


@dataclass(frozen=True)
class Utterance:
    """One thing that is said: its role (`P`, `H1`, `Figure`, `Table`, `TR`), its text, its language; a row of a table has its cells."""

    role: str
    text: str
    lang: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpokenPage:
    """One page as it is heard: utterances in order, and `tabs`, the page's own word on the order of the tab key."""

    utterances: tuple[Utterance, ...]
    tabs: str


def spoken_pages(pdf: bytes, *, name: str = "PDF") -> list[SpokenPage]:
    """The pages of a PDF as a screen reader says them. Raises ProblemError `read.untagged`."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        root = document.Root
        if "/StructTreeRoot" not in root:
            raise ProblemError(Problem("read.untagged", params={"found": name}))
        lang = str(root.get("/Lang", ""))
        tree = root.StructTreeRoot
        pages: Texts = {page.obj.objgen: texts(page) for page in document.pages}
        heard: dict[Any, list[Utterance]] = {key: [] for key in pages}
        for element in _kids(tree):
            _walk(element, lang, pages, heard)
        return [
            SpokenPage(tuple(heard[page.obj.objgen]), str(page.obj.get("/Tabs", "")).removeprefix("/"))
            for page in document.pages
        ]


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K")
    if kids is None:
        return []
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _walk(element: Any, lang: str, pages: Texts, heard: dict[Any, list[Utterance]]) -> None:
    """Say an element; what only groups others says nothing itself."""
    lang = str(element.get("/Lang", lang))
    role = str(element.S).removeprefix("/")
    if role == "Table":
        page, rows = _table(element, pages)
        heard[page].append(Utterance("Table", f"{len(rows)}×{max(map(len, rows), default=0)}", lang))
        heads = rows[0] if rows else ()
        for row in rows[1:]:
            named = tuple(f"{h} {c}".strip() for h, c in zip(heads, row, strict=False))
            heard[page].append(Utterance("TR", "", lang, named))
        return
    marked = [kid for kid in _kids(element) if isinstance(kid, int)]
    if marked:
        page = element.Pg.objgen
        heard[page].append(Utterance(role, _said(element, pages[page], marked), lang))
    for kid in _kids(element):
        if isinstance(kid, pikepdf.Dictionary):
            _walk(kid, lang, pages, heard)


def _said(element: Any, known: Mapping[int, str], marked: list[int]) -> str:
    for key in ("/ActualText", "/Alt", "/E"):
        if key in element:
            return str(element[key])
    return " ".join(known[mcid] for mcid in marked if mcid in known)


def _table(element: Any, pages: Texts) -> tuple[Any, list[tuple[str, ...]]]:
    """The page of a table and the texts of its cells, row by row."""
    page: Any = None
    rows = []
    for row in _kids(element):
        cells = []
        for cell in _kids(row):
            page = cell.Pg.objgen
            cells.append(_said(cell, pages[page], [k for k in _kids(cell) if isinstance(k, int)]))
        rows.append(tuple(cells))
    return page, rows


@cache
def _words(lang: str) -> Mapping[str, str]:
    """How roles are announced to a listener in `ja`; any other language is announced in English."""
    table = tomllib.loads((files("layouts") / "reading.toml").read_text(encoding="utf-8"))
    words: Mapping[str, str] = table["ja" if lang == "ja" else "en"]
    return words


def said(pages: Sequence[SpokenPage], *, lang: str) -> Iterator[str]:
    """The lines of a reading for a listener whose own language is `lang`; a change of language is announced."""
    words = _words(lang)
    for number, page in enumerate(pages, 1):
        if len(pages) > 1:
            yield words["page"].format(number)
        spoken, row = lang, 0
        for utterance in page.utterances:
            now = utterance.lang.partition("-")[0]
            if now and now != spoken:
                spoken = now
                yield words["language"].format(spoken)
            row = row + 1 if utterance.role == "TR" else 0
            yield _line(utterance, words, row)


def said_of(page: SpokenPage, *, lang: str) -> list[str]:
    """One text for each element of a page; a table is said with its rows."""
    words, out = _words(lang), list[str]()
    row = 0
    for utterance in page.utterances:
        row = row + 1 if utterance.role == "TR" else 0
        line = _line(utterance, words, row)
        if row:
            out[-1] += " " + line
        else:
            out.append(line)
    return out


def _line(utterance: Utterance, words: Mapping[str, str], row: int) -> str:
    text, role = utterance.text or words["empty"], utterance.role
    if role == "Table":
        return words["table"].format(*text.split("×"))
    if role == "TR":
        return words["row"].format(row, words["between"].join(utterance.cells))
    if role in ("H1", "H2", "H3"):
        return words["heading"].format(role[1], text)
    return words["figure"].format(text) if role == "Figure" else text
