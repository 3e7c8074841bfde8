"""The third reader may die, hang or not start: a page that went without it says so, and a busy machine is no reason for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from slips.layout import load_layout
from slips.proof import inspector as inspectors
from slips.proof.book import read_book
from slips.proof.curve import srgb
from slips.proof.gates import load_gates
from slips.proof.inspector import Inspector
from slips.proof.outcome import PageResult
from slips.proof.scan import Pixels, Scan
from slips.proof.sheets import Sheet
from slips.proof.simulate.matrix import Case, payload_of, shot_of
from slips.proof.thresholds import load_thresholds
from slips.proof.verdicts import Weight
from slips.proof.wechat import WeChat
from tools.paper import Scanner, sheets_of
from tools.paper import Sheet as Paper

READY = "import sys, time, os; o = sys.stdout.buffer; o.write(b'\\0\\0\\0\\5ready'); o.flush();"
DIES = READY + "sys.stdin.buffer.read(8); os._exit(3)"
WORKS_ON = """
import itertools
from slips.proof import wechat_worker
wechat_worker.LIMIT_SECONDS = 0.3
wechat_worker.read = lambda reader, pixels: sum(1 for _ in itertools.repeat(0))
wechat_worker.main()
"""
SLOW_BY_THE_CLOCK = """
import time
from slips.proof import wechat_worker
wechat_worker.LIMIT_SECONDS = 0.3
read = wechat_worker.read
wechat_worker.read = lambda reader, pixels: (time.sleep(1), read(reader, pixels))[1]
wechat_worker.main()
"""


CLEAN = Case(defect="clean", severity=0, dpi=300, seed=0)


def crop() -> Pixels:
    return shot_of(CLEAN).grey


def test_the_limit_is_of_work_and_not_of_the_clock() -> None:
    with WeChat(wait_seconds=60, command=(sys.executable, "-c", WORKS_ON)) as reader:
        assert (reader.read(crop()).trouble, reader.troubles) == ("hang", ("hang",))
    with WeChat(wait_seconds=60, command=(sys.executable, "-c", SLOW_BY_THE_CLOCK)) as reader:
        answer = reader.read(crop())
    assert answer.trouble == "" and [content for content, _ in answer.readings] == [payload_of(CLEAN)]


@pytest.fixture(scope="module")
def spoilt(printed_job: Path) -> Scan:
    (paper,) = sheets_of(printed_job / "slips-00001.pdf", [7])
    stamped = Paper(paper, load_layout("mihara")).stamped()
    return Scan(source="a.png", page=1, grey=Scanner(jpeg=0).scan(stamped.page, seed=7), dpi=300)


def seen(spoilt: Scan, printed_job: Path, folder: Path) -> PageResult:
    book, _ = read_book(printed_job / "manifest.parquet")
    book.save(folder)
    sheets = (Sheet("mihara", load_layout("mihara")),)
    one = Inspector(folder, sheets, load_gates(), srgb(), load_thresholds())
    (page,) = one._scan(spoilt, (), inspectors.Hint())
    one._third.close()
    return page


def test_a_page_that_went_without_it_says_so(
    spoilt: Scan, printed_job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "verify.reader_silent" not in {f.code for f in seen(spoilt, printed_job, tmp_path).findings}
    for command in ((sys.executable, "-c", DIES), ("/nowhere/python",)):
        with monkeypatch.context() as patched:
            patched.setattr(inspectors, "WeChat", lambda command=command: WeChat(command=command))
            page = seen(spoilt, printed_job, tmp_path)
        (told,) = [f for f in page.findings if f.code == "verify.reader_silent"]
        assert told.weight is Weight.WARN and int(told.measured) >= 1
