"""The ledger on both stores: nothing twice, nothing lost, any order the same, and one writer at a time."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import ledger_files as files
import polars as pl
import pytest
from ledger_files import (
    DUES,
    LINE_HEAD,
    RECEIPT_HEAD,
    SLIP_HEAD,
    all_at_once,
    line,
    night,
    receipt,
    slip,
    town,
    write,
)

from elqr.problems import ProblemError
from reconcile.ledger import Ledger, open_ledger
from reconcile.ledger_check import check_ledger
from reconcile.ledger_info import checked, described, migrated
from reconcile.run import RunResult, reconcile
from reconcile.tables import TABLES
from reconcile.world import World


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A maker of places for ledgers that are not there yet."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_places")
    counter = itertools.count()
    return lambda: str(tmp_path / f"ledger-{next(counter)}.db")


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], RunResult]:
    """What one night with all files of a town leaves, in the embedded store: what every other way must come to, in either store."""

    @cache
    def result(seed: int = 1) -> RunResult:
        folder = tmp_path_factory.mktemp(f"stands{seed}")
        return all_at_once(str(folder / "ledger.db"), town(folder / "t", seed=seed))

    return result


def codes(error: pytest.ExceptionInfo[ProblemError]) -> set[str]:
    return {problem.code for problem in error.value.problems}


def whole(place: str) -> list[str]:
    from reconcile.decide import decide

    with open_ledger(place, writer=True) as ledger:
        return [
            p.code for p in check_ledger(ledger, decide=lambda w: decide(w, files.POLICY, as_of=files.AS_OF))
        ]


def test_a_correction_without_the_number_of_its_payment_is_held_not_posted(
    places: Any, tmp_path: Path
) -> None:
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000))
    bare: dict[str, str | int] = {"txn_id": "", "orig_txn_id": ""}
    paid = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("", 11, 15_000, DUES[0], **bare))
    other = write(tmp_path / "c.csv", RECEIPT_HEAD, receipt("", 11, 20_000, DUES[0], "corrected", **bare))
    same = write(tmp_path / "e.csv", RECEIPT_HEAD, receipt("", 11, 15_000, DUES[0], "corrected", **bare))
    for place, order in ((places(), [paid, other]), (places(), [other, paid])):
        night(place, assessments=[a], slips=[s])
        for file in order:
            done = night(place, receipts=[file])
        assert (done.after["posted"], done.after["held"]) == ((1, 15_000), (1, 20_000))
        done = night(place, receipts=[same])  # the same amount again: the payment's own identity
        assert (done.after["posted"], done.after["held"]) == ((1, 15_000), (1, 20_000))
        assert whole(place) == []


# --- a night ----------------------------------------------------------------------------------------


def test_files_in_postings_out(places: Any, tmp_path: Path) -> None:
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000), line(1, 2, 21_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000), slip(12, 1, 2, 21_000))
    r = write(
        tmp_path / "r.csv",
        RECEIPT_HEAD,
        receipt("T1", 11, 20_000, DUES[0]),
        receipt("T2", 12, 22_000, DUES[0]),
    )
    done = night(place, assessments=[a], slips=[s], receipts=[r])
    assert done.committed and done.drift == 0
    assert done.after["received"] == (2, 42_000)
    assert (done.after["posted"], done.after["excess"]) == ((2, 41_000), (1, 1_000))
    assert done.decided.entries["postings"]["amount"].to_list() == [20_000, 21_000]
    assert whole(place) == []


def test_the_same_bytes_change_nothing(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    first = all_at_once(place, made)
    again = all_at_once(place, made)
    assert first.committed and not again.committed
    assert again.standing == first.standing
    assert again.run["already_taken"][0] == sum(len(p.read_text().splitlines()) - 1 for p in made.receipts)
    assert again.files["again"].all()


def test_one_days_file_under_another_name_posts_nothing(places: Any, tmp_path: Path) -> None:
    """2023: a city posted a day of data twice and sent false refund notices for 9,830,800 yen to 66 people."""
    place, made = places(), town(tmp_path / "t")
    first = all_at_once(place, made)
    copy = made.folder / "other name.csv"
    copy.write_text(made.receipts[0].read_text() + "\n")  # other bytes, the same rows
    again = night(place, receipts=[copy])
    assert again.run["already_taken"][0] > 0
    assert (again.run["events"], again.run["received"], again.result) == ((0, 0), (0, 0), first.result)
    assert all(rows.is_empty() for rows in again.decided.entries.values())


def test_true_duplicates_are_two_payments(places: Any, tmp_path: Path) -> None:
    """May 2023: 636 true duplicates of card payments in fourteen hours. Each later one is 誤納, none is lost."""
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, *(line(n, 1, 10_000) for n in range(1, 637)))
    s = write(tmp_path / "s.csv", SLIP_HEAD, *(slip(n, n, 1, 10_000) for n in range(1, 637)))
    twice = [receipt(f"T{n}{x}", n, 10_000, DUES[0], channel="card") for n in range(1, 637) for x in "ab"]
    done = night(
        place, assessments=[a], slips=[s], receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *twice)]
    )
    assert (done.after["posted"], done.after["excess"]) == ((636, 6_360_000), (636, 6_360_000))


def test_an_earlier_payment_that_arrives_later_takes_its_place(places: Any, tmp_path: Path) -> None:
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 300_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 300_000))
    late = write(tmp_path / "late.csv", RECEIPT_HEAD, receipt("T2", 11, 300_000, date(2026, 10, 30)))
    early = write(tmp_path / "early.csv", RECEIPT_HEAD, receipt("T1", 11, 300_000, date(2026, 6, 20)))
    night(place, assessments=[a], slips=[s])
    first = night(place, receipts=[late])
    assert first.decided.entries["charges"]["amount"].to_list() == [7_500]
    second = night(place, receipts=[early])
    rows = second.decided.entries["postings"].select("amount", "reverses")
    assert rows["amount"].to_list() == [-300_000, 300_000]
    assert rows["reverses"][0] == first.decided.entries["postings"]["entry_id"][0]
    assert second.decided.entries["charges"]["amount"].to_list() == [-7_500]
    assert second.after["excess"] == (1, 300_000)
    assert whole(place) == []


def test_a_slip_before_its_line_and_a_key_before_its_slip(places: Any, tmp_path: Path) -> None:
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000))
    r = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("T1", 11, 20_000, DUES[0]))
    assert night(place, receipts=[r]).after["suspense"] == (1, 20_000)
    waiting = night(place, slips=[s])
    assert waiting.after["held"] == (1, 20_000)
    assert "register.cover_none" in waiting.logs["s.csv"].table()["code"]
    done = night(place, assessments=[a])
    assert (done.after["posted"], done.after["held"], done.after["suspense"]) == ((1, 20_000), (0, 0), (0, 0))
    assert whole(place) == []


# --- order, split, repetition -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_split_stand_the_same(
    places: Any, tmp_path: Path, seed: int, stands: Callable[[int], RunResult]
) -> None:
    made = town(tmp_path / "t", seed=seed)
    expected = stands(seed)
    chance = random.Random(seed)
    steps = [
        ("assessments", made.assessments),
        ("slips", made.slips),
        *(("receipts", r) for r in made.receipts),
    ]
    steps.append(("receipts", files.joined(made.folder / "overlap.csv", made.receipts[0], made.receipts[-1])))
    steps += chance.sample(steps, 3)
    chance.shuffle(steps)
    place = places()
    for role, path in steps:
        last = night(place, **{role: [path]})
    assert last.result == expected.result
    assert last.after == {
        **expected.after,
        "already_taken": last.after.get("already_taken"),
    } or last.after == {k: v for k, v in expected.after.items() if k in last.after}
    assert whole(place) == []


def test_versions_in_two_files_give_what_one_file_gives(places: Any, tmp_path: Path) -> None:
    made = town(tmp_path / "t")
    more = [
        line(n, t, 9_000 + 500 * n, revised_at="2026-09-01", status="cancelled" if n % 5 == 0 else "open")
        for n in range(1, 8)
        for t in (1, 3)
    ]
    revised = write(tmp_path / "revised.csv", LINE_HEAD, *more)
    expected = night(
        places(), assessments=[made.assessments, revised], slips=[made.slips], receipts=made.receipts
    )
    for order in (("r", "s", "v", "a"), ("a", "r", "v", "s")):
        place = places()
        for step in order:
            role = {"a": "assessments", "v": "assessments", "s": "slips", "r": "receipts"}[step]
            paths = {"a": [made.assessments], "v": [revised], "s": [made.slips], "r": made.receipts}[step]
            last = night(place, **{role: paths})
        assert last.result == expected.result
        assert whole(place) == []


def test_an_unrelated_line_changes_nothing(
    places: Any, tmp_path: Path, stands: Callable[[int], RunResult]
) -> None:
    made, place = town(tmp_path / "t"), places()
    night(place, assessments=[write(tmp_path / "x.csv", LINE_HEAD, line(77_777, 1, 50_000))])
    assert all_at_once(place, made).result == stands(1).result


def test_both_stores_write_the_same_chain(tmp_path: Path, postgres_places: Any) -> None:
    made, server = town(tmp_path / "t"), postgres_places()
    digests = []
    for place in (str(tmp_path / "l.db"), server):
        night(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:3])
        digests.append(night(place, receipts=made.receipts[2:]).standing.digest)
    assert digests[0] == digests[1]


# --- refusals -----------------------------------------------------------------------------------------


def test_the_same_identity_with_other_content_stops_everything(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    before = all_at_once(place, made)
    good = write(tmp_path / "good.csv", RECEIPT_HEAD, receipt("NEW", 11, 500, DUES[0]))
    night(place, receipts=[good])
    with open_ledger(place) as ledger:
        before = ledger.standing
    more = write(tmp_path / "more.csv", RECEIPT_HEAD, receipt("NEW2", 12, 500, DUES[0]))
    bad = write(tmp_path / "bad.csv", RECEIPT_HEAD, receipt("NEW", 11, 501, DUES[0]))
    with pytest.raises(ProblemError) as error:
        night(place, receipts=[more, bad])
    assert codes(error) == {"ledger.conflict"}
    problem = error.value.problems[0]
    assert (problem.where.file, problem.where.line) == ("bad.csv", 2)
    assert problem.params["found"] != problem.params["expected"]
    with open_ledger(place) as ledger:
        assert ledger.standing == before


def test_two_contents_of_one_identity_in_one_night(places: Any, tmp_path: Path) -> None:
    one = write(tmp_path / "1.csv", RECEIPT_HEAD, receipt("T", 11, 500, DUES[0]))
    two = write(tmp_path / "2.csv", RECEIPT_HEAD, receipt("T", 11, 501, DUES[0]))
    with pytest.raises(ProblemError) as error:
        night(places(), receipts=[one, two])
    assert codes(error) == {"ledger.conflict"}


def test_a_slip_that_says_something_else(places: Any, tmp_path: Path) -> None:
    place = places()
    night(place, slips=[write(tmp_path / "1.csv", SLIP_HEAD, slip(11, 1, 1, 500))])
    with pytest.raises(ProblemError) as error:
        night(place, slips=[write(tmp_path / "2.csv", SLIP_HEAD, slip(11, 1, 1, 501))])
    assert codes(error) == {"ledger.slip_conflict"}


def test_a_second_run_is_refused(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    all_at_once(place, made)
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        with pytest.raises(ProblemError) as error:
            all_at_once(place, made)
        assert codes(error) == {"ledger.in_use"}
        with open_ledger(place) as reader:  # who only reads is not kept waiting
            assert reader.standing.run_id == 1
        ledger.rollback()
    assert not all_at_once(place, made).committed


def test_a_reader_sees_the_ledger_of_one_moment(places: Any, tmp_path: Path) -> None:
    """A report reads for minutes: parts of it from before a night, and parts from after it, would not agree."""
    place, made = places(), town(tmp_path / "t")
    all_at_once(place, made, made.receipts[:2])
    with open_ledger(place) as reader:
        stood = reader.store.count("receipts")
        assert all_at_once(place, made).committed
        assert reader.store.highest("runs", "run_id") == reader.standing.run_id == 1
        assert reader.store.count("receipts") == stood
    with open_ledger(place) as reader:
        assert reader.standing.run_id == 2 and reader.store.count("receipts") > stood
    assert checked(place, policy=None) == []


def test_a_file_that_its_trailer_contradicts_is_left_out_and_the_others_go_on(
    places: Any, tmp_path: Path
) -> None:
    place, made = places(), town(tmp_path / "t")
    bad = tmp_path / "bad.csv"
    bad.write_text(files.csv(RECEIPT_HEAD, [receipt("B", 11, 500, DUES[0])]) + "TRAILER,2,500\n")
    done = night(place, assessments=[made.assessments], slips=[made.slips], receipts=[bad, *made.receipts])
    assert [p.where.file for p in done.refused] == ["bad.csv"]
    assert done.result == all_at_once(places(), made).result


def test_bad_rows_and_other_bodies_rows_are_kept_with_their_bytes_once(places: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    from elqr.site import Site

    place, made = places(), town(tmp_path / "t")
    rows = [
        receipt("O", 11, 700, DUES[0], body_code="131016"),
        receipt("B", 11, "12x4", DUES[0]),
        receipt("G", 11, 5, DUES[0]),
    ]
    site = replace(Site.unknown(), body_code=files.BODY)
    mixed = write(tmp_path / "mixed.csv", RECEIPT_HEAD, *rows)
    again = write(tmp_path / "again.csv", RECEIPT_HEAD, *rows, receipt("H", 11, 6, DUES[0]))
    reconcile(
        files.request(place, site=site, assessments=[made.assessments], slips=[made.slips], receipts=[mixed])
    )
    done = reconcile(files.request(place, site=site, receipts=[again]))
    assert (done.after["rejected"], done.after["quarantined"]) == ((1, 700), (1, 0))
    assert (done.after["events"], done.run["already_taken"]) == ((2, 11), (1, 5))
    with open_ledger(place) as ledger:
        kept = pl.concat(ledger.scan("quarantine", ["code", "raw", "line"]))
    assert kept["code"].to_list() == ["receipt.amount", "ledger.other_body"]
    assert b"131016" in kept["raw"][1] and b"12x4" in kept["raw"][0]


def test_totals_that_do_not_balance_stop_the_run(places: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    from reconcile.decide import decide

    def careless(world: World) -> Any:
        found = decide(world, files.POLICY, as_of=files.AS_OF)
        return replace(found, postings=found.postings.with_columns(pl.col("amount") - 1))

    place, made = places(), town(tmp_path / "t")
    asked = files.request(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts)
    with pytest.raises(ProblemError) as error:
        reconcile(replace(asked, decide=careless))
    assert codes(error) == {"ledger.drift"}
    with open_ledger(place) as ledger:
        assert ledger.standing.run_id == 0


def test_a_dry_run_says_it_all_and_keeps_nothing(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    asked = files.request(
        place, dry_run=True, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts
    )
    dry = reconcile(asked)
    with open_ledger(place) as ledger:
        assert ledger.standing.run_id == 0 and ledger.store.highest("receipts") == 0
    real = all_at_once(place, made)
    assert not dry.committed and real.committed
    assert (dry.result, dry.after) == (real.result, real.after)


def test_rows_cannot_be_changed_behind_the_ledgers_back(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    all_at_once(place, made)
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        with pytest.raises(Exception, match="added, never changed"):
            ledger.store.remove("postings", pl.DataFrame({"seq": [1]}))
        ledger.rollback()


# --- schema -------------------------------------------------------------------------------------------


def test_the_schema_is_the_table_of_tables(places: Any) -> None:
    with open_ledger(places(), writer=True, create=True) as ledger:
        for name, table in TABLES.items():
            assert pl.concat([pl.DataFrame(schema=dict(table.columns)), *ledger.scan(name)]).columns == list(
                table.columns
            )


@pytest.mark.parametrize("version", [0, 1, 2])
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
        assert codes(error) == {"ledger.older"}
        older_night(place, made)
        left = list(range(version + 1, len(migrations(store.dialect)) + 1))
        assert [m.version for m in migrated(place, dry_run=True)] == left
        assert [m.version for m in migrated(place, dry_run=False)] == left
        assert migrated(place, dry_run=False) == ()
        assert night(place, assessments=[made.assessments]).files["already"].sum() == 48
    done = all_at_once(place, made)
    assert done.result == stands(1).result
    assert whole(place) == []


def older_night(place: str, made: files.Town) -> None:
    """Version 1 knew no audit: its first run wrote the assessments and no more. Version 2 knew no accounts."""
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
    assert codes(error) == {"ledger.newer"}
    monkeypatch.setattr(
        steps, "migrations", lambda _: (dataclasses.replace(known[0], sha256="0"), *known[1:])
    )
    with pytest.raises(ProblemError) as error, open_ledger(place):
        pass
    assert codes(error) == {"ledger.schema_changed"}


def test_info_and_check(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    done = all_at_once(place, made)
    said = described(place)
    assert (said["runs"], said["version"], said["result"]) == (1, 3, done.result)
    assert checked(place, policy="default") == []
