"""The house rules, enforced: each rule over the whole tree, and over a seeded fault that it must find."""

from __future__ import annotations

import statistics
import tomllib
from importlib import import_module
from pathlib import Path

import click
import house
import house_habits
import house_words
import pytest
from house import ROOT, Source
from longest import LONGEST

HOUSE = house.house()
YARDS = house.yards()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def report(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def seeded(text: str, path: str = "elqr/seeded.py") -> list[Source]:
    return [Source(path, text)]


# --- directions and homes -------------------------------------------------------------------------


def test_rooms_import_in_their_direction_only() -> None:
    report(house.wrong_directions(HOUSE + YARDS))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("elqr/seeded.py", "from slips.layout import Layout"),
        ("slips/seeded.py", "def f():\n    import reconcile.ledger"),
        ("reconcile/seeded.py", "from slips import job"),
        ("elqr/seeded.py", "import cli"),
        ("slips/seeded.py", "import importlib\nimportlib.import_module('reconcile')"),
        ("slips/seeded.py", "from importlib import import_module\nimport_module('recon' + 'cile')"),
        ("slips/seeded.py", "from tools import validate"),
    ],
)
def test_a_wrong_direction_is_found(path: str, text: str) -> None:
    assert house.wrong_directions(seeded(text, path))


def test_no_modules_import_each_other_in_a_ring() -> None:
    report(house.cycles(HOUSE))


def test_a_ring_is_found() -> None:
    ring = [Source("elqr/a.py", "from elqr import b"), Source("elqr/b.py", "import elqr.a")]
    assert house.cycles(ring) == ["elqr.a → elqr.b → elqr.a: modules import each other in a ring"]


def test_modules_import_upwards_in_the_order_of_the_architecture_page() -> None:
    order = house.declared_order((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))
    assert order, "docs/architecture.md declares no order"
    report(house.wrong_order(HOUSE, order))


def test_an_import_against_the_order_is_found() -> None:
    order = house.declared_order("```order\nelqr: low < high\n```")
    files = [
        Source("elqr/low.py", "import elqr.high"),
        Source("elqr/high.py", ""),
        Source("elqr/lost.py", ""),
    ]
    assert len(house.wrong_order(files, order)) == 2


def test_each_third_party_library_has_one_home() -> None:
    report(house.homeless(HOUSE))


@pytest.mark.parametrize(
    "text", ["import segno", "import cv2", "from reportlab.pdfgen import canvas", "import requests"]
)
def test_a_library_away_from_home_is_found(text: str) -> None:
    assert len(house.homeless(seeded(text))) == 1


def test_sqlite3_has_one_home() -> None:
    users = {s.path for s in HOUSE for _, name in house.imports(s) if name.split(".")[0] == "sqlite3"}
    assert users == {"reconcile/store_sqlite.py"}


def test_dependencies_are_what_is_imported() -> None:
    report(house.dependency_faults(HOUSE, PROJECT))


def test_what_tests_and_tools_import_is_declared() -> None:
    own = {s.path.removeprefix("tests/").removesuffix(".py") for s in house.sources("tests")} | {"tests"}
    report(house.undeclared(YARDS + house.sources("tests"), PROJECT, own=own))


def test_an_undeclared_import_is_found() -> None:
    assert len(house.undeclared(seeded("import torch\nimport segno, sheet"), PROJECT, own=["sheet"])) == 1


def test_every_dependency_is_argued() -> None:
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    given = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = [d.partition(">")[0] for d in given]
    assert [n for n in names if n not in page] == [], "docs/dependencies.md does not say why"


# --- shape ----------------------------------------------------------------------------------------


def test_modules_are_small() -> None:
    report(house_habits.too_long(HOUSE + YARDS + house.sources("tests")))
    assert statistics.median(s.text.count("\n") for s in HOUSE) < house_habits.LINES_MEDIAN_BELOW


def test_a_long_module_is_found() -> None:
    assert house_habits.too_long(seeded("\n" * 401)) and not house_habits.too_long(seeded("\n" * 400))


def test_modules_have_their_shape() -> None:
    report(house_habits.shapeless(HOUSE + YARDS))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        '"""Doc."""\ndef public(): return 1',
        '"""Doc."""\nCACHE = {}',
        '"""Doc."""\ndef _f():\n    global N\n    N = 1',
        '"""Doc."""\n@dataclass\nclass _A: pass',
        '"""Doc."""\n@dataclass(slots=True)\nclass _A: pass',
    ],
)
def test_a_shapeless_module_is_found(text: str) -> None:
    assert len(house_habits.shapeless(seeded(text))) == 1


def test_nothing_is_left_over() -> None:
    report(house_habits.leftovers(HOUSE + YARDS + house.sources("tests")))


@pytest.mark.parametrize(
    "text",
    [
        "# TO" + "DO later",
        "x = 1  # no" + "qa",
        "def f(): pass",
        "def f():\n    raise NotImplemented" + "Error",
        "def f(): ...",
    ],
)
def test_a_leftover_is_found(text: str) -> None:
    assert house_habits.leftovers(seeded(text))


# --- money and time -------------------------------------------------------------------------------


def test_money_is_whole_yen() -> None:
    report(house_habits.money_faults(HOUSE))


@pytest.mark.parametrize(
    "text",
    [
        "half = amount / 2",
        "half = row['amount'] / 2",
        "x = float(total_yen)",
        "x = pl.col('dunning_fee').cast(pl.Float64)",
        "self.principal /= 3",
    ],
)
def test_a_float_near_money_is_found(text: str) -> None:
    assert len(house_habits.money_faults(seeded(text))) == 1


def test_geometry_may_divide() -> None:
    assert not house_habits.money_faults(seeded("w_mm = float(width) / 2", "slips/seeded.py"))


def test_the_library_asks_no_clock_and_leaves_nothing_to_chance() -> None:
    report(house_habits.clock_faults(HOUSE))


@pytest.mark.parametrize(
    "text",
    [
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import date\nx = date.today()",
        "from time import time",
        "import time\nx = time.perf_counter()",
        "import random",
        "import elqr.shell",
    ],
)
def test_a_clock_in_the_library_is_found(text: str) -> None:
    assert len(house_habits.clock_faults(seeded(text))) == 1


# --- problem codes --------------------------------------------------------------------------------


def test_every_problem_has_two_sentences_and_a_severity() -> None:
    report(house_words.catalogue_faults(house_words.sentences()))


def test_every_code_recorded_is_in_the_catalogue_and_the_other_way_round() -> None:
    report(house_words.use_faults(HOUSE, house_words.sentences()))


def test_every_code_has_a_test() -> None:
    tests = "\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests").glob("test_*.py")))
    report(house_words.untested(house_words.sentences(), tests))


def test_a_faulty_catalogue_is_found() -> None:
    good = {"severity": "error", "ja": "{found}", "en": "{found}"}
    assert not house_words.catalogue_faults({"amount.zero": ("x.toml", good)})
    for bad in ({"severity": "fatal"}, {"ja": ""}, {"en": "{found} {expected}"}):
        assert house_words.catalogue_faults({"amount.zero": ("x.toml", {**good, **bad})})
    assert house_words.catalogue_faults({"Amount": ("x.toml", good)})


def test_a_wrong_use_is_found() -> None:
    known = {"a.b": ("x.toml", {"severity": "error", "ja": "{found}", "en": "{found}"})}
    assert (
        "no sentence" in house_words.use_faults(seeded("log.add(r, 'a.c', field='a')\nx = 'a.b'"), known)[0]
    )
    assert "unfilled" in house_words.use_faults(seeded("log.add(r, 'a.b', field='a')"), known)[0]
    assert "never recorded" in house_words.use_faults(seeded("x = 1"), known)[0]
    assert not house_words.use_faults(seeded("log.add(r, 'a.b', field='a', found=1)"), known)
    assert not house_words.use_faults(seeded("Problem('a.b', params={'found': 1})"), known)
    assert not house_words.use_faults(seeded("code = f'{name}.mismatch'"), {"amount.mismatch": known["a.b"]})


# --- the public surface ---------------------------------------------------------------------------


@pytest.mark.parametrize("room", ["elqr", "slips", "reconcile"])
def test_all_lists_the_public_surface(room: str) -> None:
    package = import_module(room)
    names = getattr(package, "__all__", [])
    assert len(set(names)) == len(names)
    missing = [n for n in names if not hasattr(package, n)]
    assert not missing, f"{room}.__all__ names what {room} does not have: {missing}"
    unlisted = [
        n
        for n, v in vars(package).items()
        if not n.startswith("_") and getattr(v, "__module__", "").split(".")[0] == room and n not in names
    ]
    assert not unlisted, f"{room} shows {unlisted}, which its __all__ does not list"


def commands() -> dict[str, click.Command]:
    from cli import main

    def below(name: str, command: click.Command) -> dict[str, click.Command]:
        if isinstance(command, click.Group):
            return {k: v for n, c in command.commands.items() for k, v in below(f"{name} {n}", c).items()}
        return {name: command}

    return below("elqr", main)


def test_every_command_has_help_and_stands_in_the_docs() -> None:
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    sections = {s.splitlines()[0].strip("` "): s for s in page.split("\n## ")[1:]}
    found = []
    for name, command in commands().items():
        if not command.help:
            found.append(f"{name}: no help")
        section = next((s for head, s in sections.items() if head == name or head.startswith(f"{name} ")), "")
        if not section:
            found.append(f"docs/commands.md: no section '## `{name} …`'")
        for option in command.params:
            if isinstance(option, click.Option):
                if not option.help:
                    found.append(f"{name} {option.opts[0]}: no help")
                found += [
                    f"docs/commands.md: {name}: {o} is not described"
                    for o in option.opts
                    if o.startswith("--") and f"`{o}" not in section
                ]
    known = set(commands())
    found += [
        f"docs/commands.md: there is no command '{head}'"
        for head in sections
        if head.startswith("elqr ") and not any(head == k or head.startswith(f"{k} ") for k in known)
    ]
    report(found)


# --- the tree as text -----------------------------------------------------------------------------


def test_no_machine_and_no_host_is_named() -> None:
    report(house_words.machine_faults(house_words.texts()))


@pytest.mark.parametrize(
    "line", ["/wor" + "k/main/x", "see https:/" + "/registry.example/a", "pip --index-" + "url x"]
)
def test_a_machine_path_or_host_is_found(line: str) -> None:
    assert house_words.machine_faults([("a.md", line)])


def test_only_data_stands_in_layouts() -> None:
    code = [p.name for p in Path(ROOT / "layouts").rglob("*.py") if p.name != "__init__.py"]
    assert not code, f"layouts/ holds numbers and words, no code: {code}"


def test_the_files_that_begin_first_are_there() -> None:
    assert [name for name in LONGEST if not (ROOT / "tests" / f"test_{name}.py").exists()] == []
