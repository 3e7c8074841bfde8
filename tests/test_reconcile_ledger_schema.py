"""The ledger's tables on both stores: what each version becomes, which are refused, and what is said of a ledger."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ledger_files as files
import polars as pl
import pytest
from house import ROOT
from ledger_files import all_at_once, night, refused, town, whole

from elqr.problems import ProblemError
from reconcile.ledger import Ledger, open_ledger
from reconcile.ledger_info import checked, described, migrated
from reconcile.lines_now import STANDING
from reconcile.run import RunResult
from reconcile.tables import TABLES


def test_the_schema_is_the_table_of_tables(places: Any) -> None:
    with open_ledger(places(), writer=True, create=True) as ledger:
        for name, table in TABLES.items():
            assert pl.concat([pl.DataFrame(schema=dict(table.columns)), *ledger.scan(name)]).columns == list(
                table.columns
            )


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_every_older_version_migrates(
    places: Any, tmp_path: Path, version: int, stands: Callable[[int], RunResult]
) -> None:
    """A ledger of that version, with the rows a night of that time would have left."""
    from reconcile.ledger import migrate, open_store
    from reconcile.migrations import migrations

    place, made = places(), town(tmp_path / "t")
    store = open_store(place, writer=True)
    migrate(store, migrations(store.dialect)[: max(version, 1)]) if version else store.versions()
    store.close()
    if version:
        with pytest.raises(ProblemError) as error:
            night(place, receipts=made.receipts)
        assert refused(error) == {"ledger.older"}
        older_night(place, made)
        left = list(range(version + 1, len(migrations(store.dialect)) + 1))
        assert [m.version for m in migrated(place, dry_run=True)] == left
        assert [m.version for m in migrated(place, dry_run=False)] == left
        assert migrated(place, dry_run=False) == ()
        assert night(place, assessments=[made.assessments]).files["already"].sum() == 48
    done = all_at_once(place, made)
    assert done.result == stands(1).result
    assert whole(place) == []


def test_a_seal_that_a_migration_could_not_renew_calls_no_page_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run came between: by its number the seal was that of the migrated file, whose pages it did not know, then and ever after."""
    from reconcile import seal
    from reconcile.ledger import migrate, open_store
    from reconcile.migrations import migrations

    place = str(tmp_path / "l.db")
    store = open_store(place, writer=True)
    migrate(store, migrations(store.dialect)[:2])
    store.close()
    older_night(place, town(tmp_path / "t"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(seal, "rename", full)
        with pytest.raises(ProblemError) as error:
            migrated(place, dry_run=False)
        assert refused(error) == {"ledger.disk_full"}
    assert [p.code for p in checked(place, policy=None)] == ["ledger.check_no_seal"]
    night(place, receipts=town(tmp_path / "t").receipts)
    assert checked(place, policy=None) == []


def older_night(place: str, made: files.Town) -> None:
    """Version 1 knew no audit: its first run wrote the assessments and no more. Version 2 knew no accounts, 3 no order after a return."""
    from reconcile.covering import renew_covers
    from reconcile.ledger import open_store
    from reconcile.register import read_assessments

    store = open_store(place, writer=True)
    ledger = Ledger(store)
    ledger.begin()
    rows = read_assessments(made.assessments).frame.with_columns(file_no=pl.lit(1, pl.Int64))
    versions = ledger.add("assessments", rows)
    renew_covers(ledger, pl.DataFrame(schema=dict(TABLES["slips"].columns)), versions)
    totals = dict.fromkeys(
        ("received", "posted", "excess", "suspense", "held", "events", "quarantined", "rejected"), (0, 0)
    )
    ledger.commit(kind="reconcile", as_of="2026-05-01", inputs={}, totals=totals, payments=0)
    store.close()


def test_a_newer_or_changed_schema_is_refused(places: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    import reconcile.migrations as steps

    place = places()
    with open_ledger(place, writer=True, create=True) as ledger:
        known = steps.migrations(ledger.store.dialect)
    monkeypatch.setattr(steps, "migrations", lambda _: known[:1])
    with pytest.raises(ProblemError) as error, open_ledger(place):
        pass
    assert refused(error) == {"ledger.newer"}
    monkeypatch.setattr(
        steps, "migrations", lambda _: (dataclasses.replace(known[0], sha256="0"), *known[1:])
    )
    with pytest.raises(ProblemError) as error, open_ledger(place):
        pass
    assert refused(error) == {"ledger.schema_changed"}


def test_info_and_check(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    done = all_at_once(place, made)
    said = described(place)
    assert (said["runs"], said["version"], said["result"]) == (1, 4, done.result)
    assert checked(place, policy="default") == []


def test_the_page_names_every_refusal_and_no_other() -> None:
    """The catalogue is the measure: what is neither a finding of the check nor a remark is a refusal."""
    page = (ROOT / "docs/reconcile-ledger.md").read_text(encoding="utf-8")
    section = page.partition("## Refusals\n")[2].partition("\n## ")[0]
    catalogue = tomllib.loads((ROOT / "layouts/problems/ledger.toml").read_text(encoding="utf-8"))
    wanted = {
        code
        for code, words in catalogue.items()
        if words["severity"] == "error" and not code.startswith("ledger.check_")
    }
    assert set(re.findall("`(ledger[.][a-z_]+)`", section)) == wanted


def test_the_page_names_the_columns_of_standing_lines_that_are_read() -> None:
    page = (ROOT / "docs/reconcile-ledger.md").read_text(encoding="utf-8")
    said = page.partition("Of `standing_lines` the program reads")[2].partition(". They stay")[0]
    read, others = (set(re.findall("`([a-z_]+)`", part)) for part in said.split("The others"))
    columns = set(TABLES["standing_lines"].columns) - {"line_id"}
    assert read == set(STANDING) - {"line_id"}
    assert others - {"check"} == columns - read
