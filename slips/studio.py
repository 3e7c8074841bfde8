"""A page on this machine alone that shows a form while it is written: `elqr layouts studio`.

In: a form by name or path, a port. Out: HTTP on the loopback address; nothing is written, nothing is fetched. A form that is broken while it is
edited shows its faults over the last good picture. Refuses: other hosts' names, pages of other sites, anything but reading; a port in use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from elqr.problems import Problem, ProblemError, reason_of
from elqr.site import Site
from slips.aloud import said_of, spoken_pages
from slips.fonts import FontLibrary, load_fonts
from slips.form import Layout
from slips.gate import all_faces, gate_faults
from slips.layout import form_bytes, load_layout
from slips.lint.judge import findings_of
from slips.lint.pictures import bare
from slips.lint.report import Judged
from slips.lint.sheets import printable, rendered
from slips.lint.subject import Sheet
from slips.lint.toml_lines import lines_of
from slips.png import png
from slips.preview import KINDS, drawn, preview_values
from slips.studio_page import Spoken, View, html, policy

HOST: Final = "127.0.0.1"
NAMES: Final = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Shown:
    """One version of a form as the studio shows it."""

    version: str
    judged: Judged
    sheets: tuple[Sheet, ...]
    spoken: tuple[tuple[Spoken, ...], ...]


@dataclass
class Studio:
    """The form that is shown: worked out anew when its file has changed, one request at a time."""

    name: str
    _good: Shown | None = None
    _version: str = ""
    _problems: tuple[Problem, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def version(self) -> str:
        """What tells one state of the file from another."""
        try:
            return form_bytes(self.name)[1]
        except ProblemError:
            return "missing"

    def view(self, sample: str) -> View:
        """The page's contents for one of the samples."""
        with self._lock:
            self._look()
            good, place = self._good, KINDS.index(sample)
            return View(
                name=self.name,
                version=self._version,
                sample=sample,
                samples=KINDS,
                judged=good.judged if good else None,
                spoken=good.spoken[place] if good and place < len(good.spoken) else (),
                whens=self._sheet(place).whens if good else (),
                problems=self._problems,
            )

    def picture(self, sample: str) -> bytes | None:
        """The sample as a PNG; the bare boxes where it cannot be printed; None before any good version."""
        with self._lock:
            self._look()
            if self._good is None:
                return None
            sheet = self._sheet(KINDS.index(sample))
            return png(sheet.pixels, dpi=sheet.dpi)

    def _sheet(self, place: int) -> Sheet:
        """The sheet of a sample of the last good version."""
        assert self._good is not None
        sheets = self._good.sheets
        return sheets[place] if place < len(sheets) else bare(self._good.judged.layout)

    def _look(self) -> None:
        version = self.version()
        if version == self._version:
            return
        self._version = version
        try:
            self._good, self._problems = shown(self.name, version), ()
        except ProblemError as fault:
            self._problems = fault.problems


def shown(name: str, version: str) -> Shown:
    """A form read, judged, printed and read aloud. Raises ProblemError where it is no form."""
    layout = load_layout(name)
    fonts = load_fonts(all_faces(layout))
    gate = gate_faults(layout, fonts=fonts)
    sheets, spoken = _printed(printable(layout, gate), fonts)
    judged = Judged(
        layout=layout,
        name=name,
        findings=findings_of(layout, gate=gate, fonts=fonts, sheets=sheets),
        gate=gate,
        lines=lines_of(form_bytes(name)[0].decode("utf-8", errors="replace")),
    )
    return Shown(version, judged, sheets, spoken)


def _printed(layout: Layout, fonts: FontLibrary) -> tuple[tuple[Sheet, ...], tuple[tuple[Spoken, ...], ...]]:
    """The samples as pictures and as they are read aloud, each beside its boxes; nothing where the form cannot be printed."""
    office = Site.unknown()
    try:
        drawing = drawn(
            layout, preview_values("ja", layout=layout, office=office), office=office, fonts=fonts
        )
    except ProblemError:
        return (), ()
    sheets = rendered(layout, drawing)
    heard = [said_of(page, lang="ja") for page in spoken_pages(drawing.pdf)]
    spoken = tuple(
        tuple(
            Spoken(box, text)
            for box, text in zip(
                (b for b in layout.boxes if b.role != "Artifact" and b.stands(sheet.whens)),
                texts,
                strict=False,
            )
        )
        for sheet, texts in zip(sheets, heard, strict=True)
    )
    return sheets, spoken


def server(studio: Studio, *, port: int) -> ThreadingHTTPServer:
    """A server for the studio on the loopback address; port 0 takes a free one. Raises ProblemError `studio.port_in_use`."""

    class Handler(_Handler):
        shown = studio

    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except (OSError, OverflowError) as fault:
        params: dict[str, str | int] = {"found": port, "reason": reason_of(fault)}
        raise ProblemError(Problem("studio.port_in_use", params=params)) from None


def serve(name: str, *, port: int, tell: Callable[[str], None]) -> None:
    """Show a form until the user stops it; `tell` is given the address. Raises ProblemError where the form does not exist at all."""
    form_bytes(name)
    with server(Studio(name), port=port) as running:
        tell(f"http://{HOST}:{running.server_port}/")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            return


class _Handler(BaseHTTPRequestHandler):
    """Answers reading requests of this machine's own browser."""

    shown: Studio
    server: ThreadingHTTPServer
    server_version = "elqr"
    sys_version = ""

    def do_GET(self) -> None:
        """The page, its picture, the version."""
        if not self._ours():
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"this page is for this machine only\n")
            return
        address = urlsplit(self.path)
        asked = parse_qs(address.query).get("sample", [KINDS[0]])[0]
        sample = asked if asked in KINDS else KINDS[0]
        match address.path:
            case "/":
                self._answer(HTTPStatus.OK, "text/html", html(self.shown.view(sample)).encode())
            case "/version":
                self._answer(HTTPStatus.OK, "text/plain", self.shown.version().encode())
            case "/page.png":
                picture = self.shown.picture(sample)
                if picture is None:
                    self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"no picture\n")
                else:
                    self._answer(HTTPStatus.OK, "image/png", picture)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"nothing here\n")

    def _ours(self) -> bool:
        """Whether the browser asked for this machine by its own name, and not on behalf of another site (DNS rebinding, foreign pages)."""
        port = self.server.server_port
        named = self.headers.get("Host", "") in {f"{name}:{port}" for name in NAMES}
        return named and self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        text = "; charset=utf-8" if kind.startswith("text/") else ""
        for name, value in (
            ("Content-Type", kind + text),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", policy()),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal shows the address alone."""
