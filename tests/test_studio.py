"""The studio: a page for this machine alone, strict about what runs in it, that shows a form and follows it while it is written."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from elqr.problems import Problem, ProblemError
from slips.studio import HOST, Studio, serve, server
from slips.studio_page import SCRIPT, View, html, policy, style

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def own_form(folder: Path) -> Path:
    path = folder / "office.toml"
    path.write_text(
        (files("layouts") / "forms" / "mihara.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    return path


def save(path: Path, change: Callable[[str], str]) -> None:
    """As an editor does: the whole file anew."""
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_form(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def port(office: Path) -> Iterator[int]:
    """A running studio on a free port."""
    with server(Studio(str(office)), port=0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


def get(port: int, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(
        "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    return answer


def body(port: int, path: str = "/") -> str:
    answer = get(port, path)
    assert answer.status == 200
    text: bytes = answer.body  # type: ignore[attr-defined]
    return text.decode()


def in_browser(address: str, *, wait_ms: int = 0) -> str:
    """The page as a browser has it after its script ran."""
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    budget = [f"--virtual-time-budget={wait_ms}"] if wait_ms else []
    words = [program, "--headless", "--no-sandbox", "--disable-gpu", *budget, "--dump-dom", address]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout


class Page(HTMLParser):
    """Tags with their attributes; text by the id of the section it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def ids(self) -> set[str]:
        return {str(a["id"]) for _, a in self.tags if a.get("id")}


# --- for this machine alone ------------------------------------------------------------------------------------------------


def test_it_listens_on_the_loopback_address_only(office: Path) -> None:
    with server(Studio(str(office)), port=0) as running:
        assert running.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{}", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:{}", ""]
)
def test_other_names_are_refused(port: int, host: str) -> None:
    answer = get(port, Host=host.format(port))
    assert answer.status == 403
    assert b"office" not in answer.body  # type: ignore[attr-defined]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_get_nothing(port: int, site: str) -> None:
    assert get(port, "/page.png", Sec_Fetch_Site=site).status == 403


def test_its_own_names_are_answered(port: int) -> None:
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        assert get(port, "/version", Host=host, Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_there_is_nothing_to_write(port: int, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, "/", body=b"")
    assert connection.getresponse().status == 501


def test_unknown_places_and_samples(port: int) -> None:
    assert get(port, "/etc/passwd").status == 404
    assert get(port, "/../office.toml").status == 404
    assert get(port, "/?sample=%3Cscript%3E").status == 200
    assert "<script>%" not in body(port, "/?sample=%3Cscript%3E")


def test_the_policy_lets_only_its_own_style_script_and_pictures_in(port: int) -> None:
    answer = get(port)
    given = answer.headers["Content-Security-Policy"]
    assert given == policy()
    rules = dict(rule.strip().split(" ", 1) for rule in given.split(";"))
    assert rules["default-src"] == "'none'"
    assert all(rules[name] == "'none'" for name in ("base-uri", "form-action", "frame-ancestors"))
    assert all(rules[name] == "'self'" for name in ("img-src", "connect-src"))
    assert all(
        re.fullmatch("'sha256-[A-Za-z0-9+/]{43}='", rules[name]) for name in ("style-src", "script-src")
    )
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = Page(body(port))
    assert not [tag for tag, _ in page.tags if tag in {"link", "iframe", "object", "form", "base"}]
    outside = [
        v
        for _, a in page.tags
        for k, v in a.items()
        if k in {"src", "href"} and not str(v).startswith(("/", "#"))
    ]
    assert outside == []
    handlers = [k for _, a in page.tags for k in a if k.startswith("on") or k == "style"]
    assert handlers == []
    assert "http" not in SCRIPT and "url(" not in style() and "@import" not in style()


# --- what it shows ---------------------------------------------------------------------------------------------------------


def test_the_browser_shows_form_boxes_findings_and_reading_order(port: int) -> None:
    shown = in_browser(f"http://{HOST}:{port}/?sample=longest")
    page = Page(shown)
    assert {
        "box-receipt.amount",
        "box-notice.qr",
        "box-notice.over_limit",
        "findings",
        "reading",
    } <= page.ids()
    assert "box-notice.barcode" not in page.ids(), "what this sample does not print is not there"
    assert "[見出し1] 領収証書" in shown and "納付額 99,999,999,999円" in shown
    reading = [str(a["data-box"]) for t, a in page.tags if t == "a" and a.get("data-box")]
    order = [name for name in reading if name.startswith("box-receipt.") and " " not in name]
    assert (
        order.index("box-receipt.title")
        < order.index("box-receipt.due_date")
        < order.index("box-receipt.amount")
    )
    assert "figures.equal_labels" in shown and "63.4 mm(基準: 0.01 mm 以下)" in shown
    assert "誤り 0・注意 1" in shown


def test_the_numbers_of_the_reading_order_stand_beside_the_words(port: int) -> None:
    """They stood on the first letter of every box."""
    page = Page(body(port))
    boxes = {float(str(a["x"])) for t, a in page.tags if t == "rect"}
    marks = [(float(str(a["cx"])), float(str(a["r"]))) for t, a in page.tags if t == "circle"]
    assert len(marks) > 50
    assert all(any(abs(x + r - left) < 0.01 for left in boxes) for x, r in marks)


def test_the_picture_is_the_finished_page(port: int) -> None:
    answer = get(port, "/page.png?sample=usual")
    data: bytes = answer.body  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "image/png"
    width, height = (int.from_bytes(data[k : k + 4], "big") for k in (16, 20))
    assert (width, height) == (round(279.4 / 25.4 * 150), round(114.3 / 25.4 * 150))
    other: bytes = get(port, "/page.png?sample=plain").body  # type: ignore[attr-defined]
    assert other != data


def test_a_form_from_elsewhere_cannot_put_markup_into_the_page() -> None:
    fault = Problem(
        "layout.not_toml", params={"file": "x", "found": "<script>alert(1)</script>", "expected": ""}
    )
    text = html(
        View(
            name='"><img src=x>',
            version="v",
            sample="usual",
            samples=("usual", "longest", "full_year", "plain"),
            judged=None,
            problems=[fault],
        )
    )
    assert "<script>alert" not in text and "<img" not in text and "&lt;script&gt;" in text


# --- following the file ----------------------------------------------------------------------------------------------------


def test_a_saved_file_is_a_new_version_and_a_broken_one_shows_why(tmp_path: Path) -> None:
    path = own_form(tmp_path)
    studio = Studio(str(path))
    first, view = studio.version(), studio.view("usual")
    assert view.judged is not None and not view.problems
    assert studio.version() == first, "nothing is new until something is saved"
    save(path, lambda text: text.replace("[page]", "[page", 1))
    assert studio.version() != first
    broken = studio.view("usual")
    assert [p.code for p in broken.problems] == ["layout.not_toml"]
    assert broken.judged is view.judged, "the last good form stays in sight"
    shown = html(broken)
    assert 'id="trouble"' in shown and "layout.not_toml" in shown and 'class="paper old"' in shown
    save(path, lambda text: text.replace("[page", "[page]", 1).replace("size_pt = 20.0", "size_pt = 13.0", 1))
    mended = studio.view("usual")
    assert not mended.problems and mended.judged is not None
    assert "figures.amount" in {f.rule.id for f in mended.judged.findings}
    path.unlink()
    assert [p.code for p in studio.view("usual").problems] == ["layout.not_found"]


def test_a_file_that_is_broken_from_the_start_shows_why_and_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    path.write_text("id = 3\n", encoding="utf-8")
    studio = Studio(str(path))
    shown = html(studio.view("usual"))
    assert 'id="trouble"' in shown and "layout.missing_key" in shown and "<img" not in shown
    assert studio.picture("usual") is None


def test_a_form_with_faults_is_shown_with_what_can_be_printed(tmp_path: Path) -> None:
    path = own_form(tmp_path)
    save(path, lambda text: text.replace('label = "row.notice_no"', 'label = "row.nothing"', 1))
    view = Studio(str(path)).view("usual")
    assert view.judged is not None and not view.problems
    assert "language.complete" in {f.rule.id for f in view.judged.findings}
    assert "receipt.amount" in {spoken.box.name for spoken in view.spoken}
    assert "receipt.notice_no" not in {spoken.box.name for spoken in view.spoken}


class Watched(Studio):
    """A studio that notes when a browser has asked for the version."""

    asked: int = 0

    def version(self) -> str:
        self.asked += 1
        return super().version()


def test_an_open_page_loads_itself_again_when_the_file_is_saved(tmp_path: Path) -> None:
    path = own_form(tmp_path)
    studio = Watched(str(path))
    studio.view("usual")
    with server(studio, port=0) as running:
        threads = [threading.Thread(target=running.serve_forever)]

        def edit() -> None:
            deadline = time.monotonic() + 60
            while (
                studio.asked < 4 and time.monotonic() < deadline
            ):  # the page, its picture, then its script asks
                time.sleep(0.02)
            save(path, lambda text: text.replace("size_pt = 20.0", "size_pt = 13.0", 1))

        threads.append(threading.Thread(target=edit))
        for thread in threads:
            thread.start()
        shown = in_browser(f"http://{HOST}:{running.server_port}/", wait_ms=8000)
        running.shutdown()
        for thread in threads:
            thread.join()
    assert "figures.amount" in shown and "誤り 1" in shown


# --- the command -----------------------------------------------------------------------------------------------------------


def test_a_taken_port_and_an_unknown_form_are_told(port: int) -> None:
    with pytest.raises(ProblemError, match=r"studio\.port_in_use"):
        server(Studio("mihara"), port=port)
    with pytest.raises(ProblemError, match=r"layout\.not_found"):
        serve("mihra", port=0, tell=print)
    ended = CliRunner().invoke(main, ["layouts", "studio", "mihara", "--port", str(port)])
    assert ended.exit_code == 2 and "studio.port_in_use" in ended.output


def test_the_command_tells_its_address_and_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(self: object, poll_interval: float = 0.5) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("slips.studio.ThreadingHTTPServer.serve_forever", stopped)
    ended = CliRunner().invoke(main, ["layouts", "studio", "mihara", "--port", "0"])
    assert ended.exit_code == 0
    assert re.match(rf"http://{re.escape(HOST)}:\d+/", ended.output)
