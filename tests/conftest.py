"""Property tests: the same examples on every run by default; `make fuzz` asks for new ones, round after round."""

import gc
import itertools
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from elqr.collector import look_seldom
from reconcile.run import RunResult
from reconcile.seal import seal_of
from slips.job import print_slips
from slips.press import PaperPrepress
from slips.request import PrintRequest
from tests.ledger_files import all_at_once, night, town
from tests.longest import LONGEST
from tests.slip_rows import clean, write_csv
from tools.postgres import server

_NUMBERS = itertools.count()

settings.register_profile(
    "default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", settings.get_profile("default"), derandomize=False, max_examples=500)
settings.load_profile("default")


def pytest_configure() -> None:
    """What a shell starts in the background is deaf to Ctrl-C, and so is all that it starts: the tests that press it would fail."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they come."""
    begin = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: begin.get(item.path.stem, len(begin)))


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector need not walk over them again and again, nor look as often as it comes."""
    gc.collect()
    gc.freeze()
    look_seldom()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A private server for the session; its absence is a failure, for the ledger stands on it too."""
    with server() as url:
        yield url


@pytest.fixture
def postgres_places(postgres_server: str) -> Callable[[], str]:
    """A maker of URLs, each with an empty schema of its own."""

    def place() -> str:
        name = f"ledger_{next(_NUMBERS)}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"create schema {name}".encode())
        return f"{postgres_server}&options=-csearch_path%3D{name}"

    return place


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A maker of places for ledgers that are not there yet."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_places")
    counter = itertools.count()
    return lambda: str(tmp_path / f"ledger-{next(counter)}.db")


@pytest.fixture(scope="session")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], RunResult]:
    """What one night with all files of a town leaves, in the embedded store: what every other way must come to, in either store."""

    @cache
    def result(seed: int = 1) -> RunResult:
        folder = tmp_path_factory.mktemp(f"stands{seed}")
        return all_at_once(str(folder / "ledger.db"), town(folder / "t", seed=seed))

    return result


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger after two nights, to be copied."""
    folder = tmp_path_factory.mktemp("ledger")
    made, path = town(folder / "t"), folder / "l.db"
    night(path, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:3])
    night(path, receipts=made.receipts[3:])
    return path


@pytest.fixture
def place(two_nights: Path, tmp_path: Path) -> Path:
    """A ledger of one's own, after two nights."""
    for path in (two_nights, seal_of(two_nights)):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / two_nights.name


@pytest.fixture(scope="session")
def printed_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished print job: 40 slips on the form mihara."""
    folder = tmp_path_factory.mktemp("job")
    request = PrintRequest(
        slips=write_csv(clean(40), folder / "slips.csv"),
        out=folder / "out",
        layout="mihara",
        issue_date=date(2026, 6, 1),
        profile="tax",
    )
    assert print_slips(request, prepress=PaperPrepress).clean
    return request.out
