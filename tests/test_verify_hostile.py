"""Hostile input ends in a clear finding, within bounded memory and time; a crash or a hang costs one page, not the run."""

from __future__ import annotations

import os
import re
import struct
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import resource_tracker, spawn
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from elqr.crew import Broken, Crew, Limits
from elqr.problems import ProblemError
from slips.proof.curve import srgb
from slips.proof.gates import load_gates
from slips.proof.inspector import Inspector, Survey, Task
from slips.proof.outcome import Inspection
from slips.proof.remarks import sentence
from slips.proof.run import VerifyRequest, broken_remark, verify
from slips.proof.thresholds import load_thresholds

SMALL = """
[limits]
pages_max = 3
page_seconds = 20
memory_megabytes = 3000
"""


def truncated_tiff(path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (1200, 900)).astype(np.uint8)
    Image.fromarray(picture).save(path, compression="tiff_lzw")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def vast_png(path: Path) -> None:
    """A header of 30,000 by 30,000 pixels and next to no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 30_001)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def vast_tiff(path: Path) -> None:
    """30,000 by 30,000 in an honest header: one strip of nothing."""
    entries = [
        (256, 4, 30_000),
        (257, 4, 30_000),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
    ]
    entries += [(278, 4, 30_000), (279, 4, 900_000_000)]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + ifd + struct.pack("<I", 0))


def pdf_bomb(path: Path) -> None:
    """A few kilobytes that unpack to gigabytes of page content, behind two filters."""
    squeeze = zlib.compressobj(1)
    block = b" " * 2**20
    inner = (
        b"".join(squeeze.compress(block) for _ in range(600))
        + squeeze.compress(b"0 0 9 9 re f")
        + squeeze.flush()
    )
    outer = zlib.compress(inner, 9)
    body = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%b\nendstream" % (len(outer), outer)
    path.write_bytes(_pdf([b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 790 323]>>", body]))


def vast_page(path: Path) -> None:
    """A picture of paper, as the file says, of 20 by 20 metres."""
    image = b"q 56000 0 0 56000 0 0 cm BI/W 8/H 8/CS/G/BPC 8 ID " + bytes(64) + b" EI Q"
    stream = b"<</Length %d>>stream\n%b\nendstream" % (len(image), image)
    path.write_bytes(_pdf([b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 56000 56000]>>", stream]))


def _pdf(objects: list[bytes]) -> bytes:
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", *objects]
    out, places = b"%PDF-1.6\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, len(out),
    )  # fmt: skip


def many_pages(path: Path) -> None:
    page = Image.new("L", (40, 40), 255)
    page.save(path, save_all=True, append_images=[page] * 4)


def one_bit(path: Path) -> None:
    Image.new("1", (800, 600), 1).save(path)


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, 0, 11811, 11811, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def vast_bmp(path: Path) -> None:
    path.write_bytes(_bmp(30_000, 30_000) + bytes(100))


def short_bmp(path: Path) -> None:
    path.write_bytes(_bmp(900, 1200) + bytes(5000))


def locked_pdf(path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path, encryption=pikepdf.Encryption(owner="office", user="secret"))


HOSTILE: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "truncated.tif": (truncated_tiff, {"verify.damaged"}),
    "vast.png": (vast_png, {"verify.too_large"}),
    "vast.tif": (vast_tiff, {"verify.too_large"}),
    "bomb.pdf": (
        pdf_bomb,
        {"verify.unreadable", "verify.out_of_memory", "verify.crashed", "verify.too_slow", "verify.damaged"},
    ),
    "vast.pdf": (vast_page, {"verify.too_large"}),
    "many.tif": (many_pages, {"verify.too_many_pages"}),
    "letter.png": (lambda p: p.write_bytes(b"Dear office,\n"), {"verify.not_an_image"}),
    "nothing.jpg": (lambda p: p.write_bytes(b""), {"verify.not_an_image"}),
    "header.pdf": (lambda p: p.write_bytes(b"%PDF-1.7\n"), {"verify.damaged"}),
    "locked.pdf": (locked_pdf, {"verify.locked"}),
    "head.jpg": (lambda p: p.write_bytes(b"\xff\xd8\xff\xe0" + bytes(40)), {"verify.damaged"}),
    "onebit.png": (one_bit, {"verify.one_bit"}),
    "vast.bmp": (vast_bmp, {"verify.too_large"}),
    "short.bmp": (short_bmp, {"verify.damaged"}),
}


@pytest.fixture(scope="module")
def inspected(printed_job: Path, tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """All of them in one run, with a good file among them."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (make, _) in HOSTILE.items():
        make(folder / name)
    (folder / "gates.toml").write_text(SMALL)
    paths = [*(folder / name for name in HOSTILE)]
    request = VerifyRequest(
        paths=paths, manifest=printed_job / "manifest.parquet", gates=folder / "gates.toml", sample=True
    )
    return verify(request)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_a_finding(inspected: Inspection, name: str) -> None:
    said = {f.code for source in inspected.sources if source.name == name for f in source.findings}
    said |= {f.code for page in inspected.pages if page.source == name for f in page.findings}
    assert said & HOSTILE[name][1], said


def test_no_finding_speaks_in_the_words_of_a_library(inspected: Inspection) -> None:
    """`OSError: broken data stream when reading image file` helps nobody who scans, and was said in Japanese too."""
    parts = [*inspected.sources, *inspected.pages]
    told = " ".join(sentence(f, lang) for part in parts for f in part.findings for lang in ("ja", "en"))
    assert not re.findall(r"\w*Error\b|\w*Exception|pdfium|pikepdf|qpdf|zxing|image file|array|Errno", told)


def test_a_file_that_cannot_be_opened_is_not_said_to_be_no_picture(tmp_path: Path) -> None:
    """It was gone, or not to be read, when its turn came; no path of this machine is told."""
    look = Inspector(tmp_path, (), load_gates(), srgb(), load_thresholds())
    for kind in ("png", "pdf", ""):
        survey = look(Task(tmp_path / "gone", "gone", kind))
        assert isinstance(survey, Survey) and survey.pages == 0
        (told,) = survey.findings
        assert told.code == "verify.unopened" and str(tmp_path) not in told.measured


def test_a_folder_tells_what_it_passed_over(printed_job: Path, tmp_path: Path) -> None:
    """Nothing is lost in silence: what may hold pages asks for a look, other files are only named; a bitmap is read."""
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "IMG_1.HEIC").write_bytes(b"....ftypheic")
    (folder / "job.dat").write_bytes(b"?")
    Image.new("L", (1654, 1170), 255).save(folder / "p1.bmp", dpi=(300, 300))
    request = VerifyRequest(paths=[folder], manifest=printed_job / "manifest.parquet", sample=True)
    found = verify(request)
    said = {(s.name, f.code, f.weight.value) for s in found.sources for f in s.findings}
    assert said == {
        ("IMG_1.HEIC", "verify.unread_format", "warn"),
        ("job.dat", "verify.passed_over", "note"),
    }
    (page,) = found.pages
    assert page.source == "p1.bmp" and page.blank


def test_nothing_passes_and_the_run_goes_on(inspected: Inspection) -> None:
    assert not inspected.clean and inspected.usable
    assert [source.name for source in inspected.sources] == list(HOSTILE)
    blank = next(page for page in inspected.pages if page.source == "onebit.png")
    assert blank.blank and blank.row is None


def test_a_file_that_is_not_there_is_refused(printed_job: Path, tmp_path: Path) -> None:
    for paths in ([tmp_path / "no.pdf"], [tmp_path]):
        with pytest.raises(ProblemError) as refused:
            verify(VerifyRequest(paths=paths, manifest=printed_job / "manifest.csv"))
        assert refused.value.problems[0].code == "verify.no_source"


@dataclass(frozen=True)
class Tricky:
    """Work that does what it is told, the worst included."""

    def __call__(self, task: str) -> str:
        if task == "crash":
            os.abort()
        if task == "leave":
            os._exit(3)
        if task == "hang":
            time.sleep(60)
        if task == "eat":
            return str(len(bytearray(20_000_000_000)))
        if task == "raise":
            raise ValueError("no such thing")
        return task.upper()


def test_a_crew_survives_what_its_tasks_do() -> None:
    tasks = ["a", "crash", "b", "hang", "c", "eat", "d", "raise", "leave", "e"]
    with Crew(Tricky(), jobs=2, limits=Limits(seconds=4.0, memory_bytes=2_000_000_000)) as crew:
        found = [answer for _, answer in crew.run(tasks)]
    assert [found[k] for k in (0, 2, 4, 6, 9)] == ["A", "B", "C", "D", "E"]
    broken = {task: answer for task, answer in zip(tasks, found, strict=True) if isinstance(answer, Broken)}
    assert {task: answer.reason for task, answer in broken.items()} == {
        "crash": "crash",
        "hang": "time",
        "eat": "memory",
        "raise": "error",
        "leave": "crash",
    }
    assert broken["crash"].detail == "SIGABRT"
    assert broken["leave"].detail == "exit 3"
    assert {broken_remark(answer).code for answer in broken.values()} == {
        "verify.crashed",
        "verify.too_slow",
        "verify.out_of_memory",
        "verify.not_looked_at",
    }


def python_that_fails(folder: Path, times: int) -> str:
    """An interpreter that the system refuses to run so many times: what a loaded machine does once in a while."""
    count = folder / "starts"
    script = folder / "python"
    script.write_text(
        f'#!/bin/sh\necho >> "{count}"\n[ "$(wc -l < "{count}")" -le {times} ] && exit 255\nexec "{sys.executable}" "$@"\n'
    )
    script.chmod(0o755)
    return str(script)


def test_a_process_that_does_not_start_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task has not been seen: an end before it is no crash of the task's."""
    resource_tracker.ensure_running()
    monkeypatch.setattr(spawn, "_python_exe", python_that_fails(tmp_path, 2).encode())
    with Crew(Tricky(), jobs=1, limits=Limits(seconds=4.0, memory_bytes=2_000_000_000)) as crew:
        ((_, found),) = crew.run(["crash"])
    assert isinstance(found, Broken) and (found.reason, found.detail) == ("crash", "SIGABRT")
    assert (tmp_path / "starts").read_text().count("\n") == 3


def test_where_no_process_starts_the_task_is_said_to_be_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    resource_tracker.ensure_running()
    monkeypatch.setattr(spawn, "_python_exe", b"/nowhere/python")
    with Crew(Tricky(), jobs=1, limits=Limits(seconds=4.0, memory_bytes=2_000_000_000)) as crew:
        ((_, found),) = crew.run(["a"])
    assert isinstance(found, Broken) and found.reason == "error"
    assert found.detail.startswith("4 processes did not start: exit 255")
    assert broken_remark(found).code == "verify.not_looked_at"


def test_limits_come_from_the_gates() -> None:
    gates = load_gates()
    assert gates.pictures.pixels_max == 200_000_000 and gates.processes.seconds == 60
