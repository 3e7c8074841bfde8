"""What only a ledger on a server meets: its settings, rights, encodings, a session that is ended, rows changed by hand, passwords in URLs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from click.testing import CliRunner
from ledger_files import DUES, RECEIPT_HEAD, Town, night, receipt, town, write

from cli import main
from elqr.problems import ProblemError
from reconcile import store_postgres
from reconcile.backup import restore
from reconcile.ledger import open_ledger
from reconcile.ledger_info import checked
from reconcile.store_postgres import PostgresStore

Places = Callable[[], str]
# as a server may be set up for other programs
ODD = (
    "standard_conforming_strings=off",
    "datestyle=SQL,DMY",
    "timezone='Asia/Tokyo'",
    "bytea_output=escape",
    "default_transaction_isolation=serializable",
    "client_encoding='EUC_JP'",
    "statement_timeout='20ms'",
    "idle_in_transaction_session_timeout='10ms'",
    "plan_cache_mode=force_generic_plan",
)


@pytest.fixture
def made(tmp_path: Path) -> Town:
    return town(tmp_path / "t")


def whole(place: Any, made: Town) -> Any:
    return night(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts)


def codes(error: pytest.ExceptionInfo[ProblemError]) -> set[str]:
    return {p.code for p in error.value.problems}


def run(server: str, *statements: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def database(postgres_server: str) -> Any:
    """A maker of databases with an encoding, and the URLs of them."""
    made: list[str] = []

    def make(encoding: str) -> str:
        name = f"db_{encoding.lower()}"
        run(
            postgres_server,
            f"create database {name} encoding '{encoding}' lc_collate 'C' lc_ctype 'C' template template0",
        )
        made.append(name)
        return postgres_server.replace("/postgres?", f"/{name}?")

    yield make
    run(postgres_server, *(f"drop database {name} with (force)" for name in made))


# --- settings and encodings ----------------------------------------------------------------------------


def test_settings_of_a_server_change_nothing(database: Any, made: Town, tmp_path: Path) -> None:
    place = database("UTF8")
    run(place, *(f"alter database db_utf8 set {one}" for one in ODD))
    assert whole(place, made).standing.digest == whole(tmp_path / "l.db", made).standing.digest
    assert checked(place, policy="default") == []


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "EUC_JP"])
def test_a_database_that_cannot_hold_every_character_is_refused(
    database: Any, made: Town, encoding: str
) -> None:
    with pytest.raises(ProblemError) as error:
        whole(database(encoding), made)
    assert codes(error) == {"ledger.encoding"} and encoding in str(error.value)


@pytest.mark.parametrize("writer", [True, False])
def test_a_lookup_reads_the_rows_it_asks_for_and_not_the_table(postgres_places: Places, writer: bool) -> None:
    """A report has many blocks: where each reads a large table to its end, the cost is the square of the ledger."""
    place = postgres_places()
    keys = pl.Series("slip_key", [f"{n:020}" for n in range(20_000)])
    frame = keys.to_frame().with_columns(
        line_id=keys, component=pl.lit("principal"), amount=pl.lit(1, pl.Int64)
    )
    with open_ledger(place, writer=True, create=True) as ledger:
        ledger.store.begin()
        ledger.store.append("covers", frame)
        ledger.store.commit()
        ledger.store.settle(1)
    store = PostgresStore(place, writer=writer)
    if writer:
        store.begin()
    found = store.lookup("covers", keys[:8_000].to_frame(), ["line_id"])
    read = "select seq_tup_read from pg_stat_xact_user_tables where relid = 'covers'::regclass"
    assert (found.height, store._one(read)) == (8_000, 0)
    store.close()


def test_a_table_that_was_loaded_is_counted_for_the_planner(postgres_places: Places) -> None:
    """Also by a restore, whose ledger has had its first run long ago; nobody else's tables are looked at."""
    place = postgres_places()
    keys = pl.Series("slip_key", [f"{n:020}" for n in range(10_000)])
    run(place, "create table stranger as select 1 as one")
    with open_ledger(place, writer=True, create=True) as ledger:
        ledger.store.begin()
        ledger.store.append("named_lines", keys.to_frame().with_columns(line_id=keys))
        ledger.store.commit()
        ledger.store.settle(7)
    with psycopg.connect(place) as connection:
        rows = connection.execute(
            "select relname, reltuples::int from pg_class where relname in ('named_lines', 'stranger') "
            "and relnamespace = current_schema()::regnamespace"
        ).fetchall()
    assert dict(rows) == {"named_lines": 10_000, "stranger": -1}


def test_a_reader_sees_the_ledger_of_one_moment(postgres_places: Places, made: Town) -> None:
    place = postgres_places()
    night(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:2])
    with open_ledger(place) as ledger:
        before = ledger.store.count("receipts")
        night(place, receipts=made.receipts[2:])
        assert ledger.store.count("receipts") == before
        assert pl.concat(ledger.scan("receipts")).height == before
    with open_ledger(place) as ledger:
        assert ledger.store.count("receipts") > before


# --- sessions that end -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["begin", "append", "lookup", "commit"])
def test_a_night_whose_session_is_ended_leaves_nothing_and_can_be_run_again(
    postgres_places: Places, made: Town, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = postgres_places()
    real = getattr(PostgresStore, step)

    def ended(store: PostgresStore, *args: Any, **named: Any) -> Any:
        if not store._connection.closed:
            run(place, f"select pg_terminate_backend({store._connection.info.backend_pid}, 5000)")
        return real(store, *args, **named)

    with open_ledger(place, writer=True, create=True):
        pass
    with monkeypatch.context() as patch:
        patch.setattr(PostgresStore, step, ended)
        with pytest.raises(ProblemError) as error:
            whole(place, made)
    assert codes(error) == {"ledger.server"}
    with open_ledger(place) as ledger:
        assert ledger.standing.run_id == 0
    assert whole(place, made).standing.digest == whole(tmp_path / "l.db", made).standing.digest


def test_a_session_that_idles_too_long_is_told(postgres_places: Places) -> None:
    place = postgres_places()
    with open_ledger(place, writer=True, create=True) as ledger:
        ledger.store.begin()
        store = ledger.store
        assert isinstance(store, PostgresStore)
        store._run("set idle_in_transaction_session_timeout = 1")
        with pytest.raises(ProblemError) as error:
            for _ in range(100):
                store.highest("runs", "run_id")
                time.sleep(0.02)
        assert codes(error) == {"ledger.server"}


def test_a_check_whose_session_is_ended_is_not_made_and_finds_no_damage(
    postgres_places: Places, made: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = postgres_places()
    whole(place, made)
    real = PostgresStore.scan

    def ended(store: PostgresStore, table: str, *args: Any, **named: Any) -> Any:
        if table == "slips":
            run(place, f"select pg_terminate_backend({store._connection.info.backend_pid}, 5000)")
        return real(store, table, *args, **named)

    monkeypatch.setattr(PostgresStore, "scan", ended)
    with pytest.raises(ProblemError) as error:
        checked(place, policy=None)
    assert codes(error) == {"ledger.server"}


def test_what_is_asked_of_the_server_does_not_grow_with_the_receipts(
    postgres_places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network may take its time for each question."""
    asked = []
    monkeypatch.setattr(store_postgres, "ARRAY_MOST", 0)
    for name in ("_run", "_compose", "_one", "_copy"):
        real = getattr(PostgresStore, name)
        monkeypatch.setattr(
            PostgresStore, name, lambda *a, _real=real, **n: (asked.append(a[1]), _real(*a, **n))[1]
        )
    counts = []
    for payments in (5, 50):
        place, made = postgres_places(), town(tmp_path / str(payments), notices=payments)
        night(place, assessments=[made.assessments], slips=[made.slips])
        asked.clear()
        rows = [receipt(f"T{n}", n * 10 + 1, 10_000, DUES[0]) for n in range(payments)]
        done = night(place, receipts=[write(tmp_path / f"{payments}.csv", RECEIPT_HEAD, *rows)])
        assert done.run["events"][0] == payments
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_table_that_somebody_holds_is_waited_for_as_long_as_the_server_says(
    postgres_places: Places, made: Town
) -> None:
    place = postgres_places()
    night(place)
    with psycopg.connect(place) as other:
        other.execute("lock table receipts in exclusive mode")
        with pytest.raises(ProblemError) as error:
            whole(f"{place}%20-clock_timeout%3D50", made)
    assert codes(error) == {"ledger.server"} and "lock timeout" in str(error.value)


# --- rights --------------------------------------------------------------------------------------------


def test_rights_that_are_enough_and_those_that_are_not(
    postgres_places: Places, postgres_server: str, made: Town, tmp_path: Path
) -> None:
    place = postgres_places()
    schema = place.rpartition("%3D")[2]
    night(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:2])
    reader, writer, nobody = (
        place.replace("//elqr@", f"//{name}@") for name in ("t_reader", "t_writer", "t_nobody")
    )
    run(
        place,
        *(f"create role {name} login" for name in ("t_reader", "t_writer", "t_nobody")),
        f"grant usage on schema {schema} to t_reader, t_writer, t_nobody",
        f"grant select on all tables in schema {schema} to t_reader, t_writer",
        f"grant insert on all tables in schema {schema} to t_writer",
        f"grant delete on {schema}.covers, {schema}.named_lines, {schema}.standing_lines to t_writer",
    )
    try:
        done = CliRunner().invoke(main, ["report", "--ledger", reader, "--out", str(tmp_path / "out")])
        assert done.exit_code == 0, done.output
        with pytest.raises(ProblemError) as error:
            night(reader, receipts=made.receipts[2:])
        assert codes(error) == {"ledger.read_only"} and "permission denied" in str(error.value)
        with pytest.raises(ProblemError) as error, open_ledger(nobody):
            pass
        assert codes(error) == {"ledger.place"}, "nobody wanted to write"
        night(writer, receipts=made.receipts[2:])
        assert checked(writer, policy=None) == []
        run(place, f"revoke select on {schema}.postings from t_writer")
        with pytest.raises(ProblemError) as error:
            checked(writer, policy=None)
        assert codes(error) == {"ledger.read_only"}, "a right that is missing is no damage"
    finally:
        run(place, *(f"drop owned by {n}; drop role {n}" for n in ("t_reader", "t_writer", "t_nobody")))


def test_a_stranger_s_table_is_left_alone(postgres_places: Places) -> None:
    place = postgres_places()
    run(place, "create table files (mine int)")
    with pytest.raises(ProblemError) as error:
        night(place)
    assert codes(error) == {"ledger.not_a_ledger"}


# --- rows by hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "update receipts set amount = amount + 1 where seq = 2",
        "update slips set amount = amount + 1 where seq = 1",
        "delete from postings where seq = 3",
        "delete from outcomes where seq = (select max(seq) from outcomes)",
        "delete from runs where run_id = 1",
        "update runs set who = 'x'",
        "create temp table r as table slips; update r set seq = seq + 10000, slip_key = 'x' || seq; insert into slips table r",
        "insert into audit values ((select max(seq) + 1 from audit), 1, 'x')",
        "delete from covers where ctid = (select min(ctid) from covers)",
        "insert into covers values ('00000000000000000099', 'x', 'principal', 1)",
        "update standing_lines set paid = paid + 1",
        "drop table excess",
    ],
)
def test_a_row_changed_by_hand_is_found(postgres_places: Places, made: Town, change: str) -> None:
    place = postgres_places()
    whole(place, made)
    assert checked(place, policy=None) == []
    run(place, "set session_replication_role = replica", change)
    assert checked(place, policy=None)


def test_a_row_that_the_tables_do_not_take_is_told(postgres_places: Places, made: Town) -> None:
    place = postgres_places()
    night(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:2])
    one, other = (
        write(made.receipts[0].with_name(f"{n}.csv"), RECEIPT_HEAD, receipt(n, 11, 5, DUES[0])) for n in "NM"
    )
    night(place, receipts=[one])
    run(
        place,
        "create unique index on receipts (slip_key) where slip_key = '00000000000000000011' and amount = 5",
    )
    with pytest.raises(ProblemError) as error:
        night(place, receipts=[other])
    assert codes(error) == {"ledger.damaged"}


# --- passwords -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://elqr:geheim@127.0.0.1:1/db",
        "postgresql://:geheim@127.0.0.1:1/db",
        "postgresql://elqr:ge@geheim@127.0.0.1:1/db",
        "postgresql://elqr:1/geheim@127.0.0.1:1/db",
        "postgresql://elqr:geheim/1@127.0.0.1:1/db",
        "postgresql://elqr:100%geheim@127.0.0.1:1/db",
        "postgresql://elqr:geheim?x#y@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?user=elqr&password=geheim",
        "postgres://127.0.0.1:1/db?PASSWORD=geheim&sslmode=disable",
        "postgresql://127.0.0.1:1/db?sslpassword=geheim&connect_timeout=2",
    ],
)
def test_no_spelling_of_a_url_shows_its_password(url: str, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "o"), "--as-of", "2026-06-16"]
    for words in (
        ["ledger", "init", url],
        ["ledger", "migrate", url],
        ["ledger", "restore", str(tmp_path / "none.db"), url],
        ["reconcile", "--ledger", url, *out],
        ["explain", "1", "--ledger", url],
    ):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 2 and isinstance(done.exception, SystemExit), (words, done.exception)
        assert "geheim" not in done.output, words


def test_a_password_is_not_shown_where_all_goes_well(postgres_places: Places, tmp_path: Path) -> None:
    place = postgres_places().replace("//elqr@", "//elqr:geheim@") + "&password=geheim"
    file = str(tmp_path / "l.db")
    night(file)
    plan = tmp_path / "plan.toml"
    plan.write_text(
        "".join(f'[[municipality]]\nname = "{n}"\nledger = "{place}"\n' for n in "ab"), encoding="utf-8"
    )
    for words, code in (
        (["ledger", "restore", file, place], 0),
        (["ledger", "init", place], 2),
        (["ledger", "info", place], 0),
        (["reconcile-all", str(plan), "--as-of", "2026-06-16", "--out", str(tmp_path / "all")], 2),
    ):
        done = CliRunner().invoke(main, words)
        assert (done.exit_code, "geheim" in done.output) == (code, False), (words, done.output)
    with pytest.raises(ProblemError) as error:
        restore(Path(file), place)
    assert "geheim" not in str(error.value)
