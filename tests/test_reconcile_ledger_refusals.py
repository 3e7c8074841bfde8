"""What is refused on both stores, be it a row, a file or the night: contradictions, a second writer, totals that do not balance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ledger_files as files
import polars as pl
import pytest
from ledger_files import (
    DUES,
    RECEIPT_HEAD,
    SLIP_HEAD,
    all_at_once,
    night,
    receipt,
    refused,
    slip,
    town,
    write,
)

from elqr.problems import ProblemError
from reconcile.ledger import is_there, open_ledger
from reconcile.ledger_info import checked
from reconcile.run import reconcile
from reconcile.world import World


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
    assert refused(error) == {"ledger.conflict"}
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
    assert refused(error) == {"ledger.conflict"}


def test_a_slip_that_says_something_else(places: Any, tmp_path: Path) -> None:
    place = places()
    night(place, slips=[write(tmp_path / "1.csv", SLIP_HEAD, slip(11, 1, 1, 500))])
    with pytest.raises(ProblemError) as error:
        night(place, slips=[write(tmp_path / "2.csv", SLIP_HEAD, slip(11, 1, 1, 501))])
    assert refused(error) == {"ledger.slip_conflict"}


def test_a_second_run_is_refused(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    all_at_once(place, made)
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        with pytest.raises(ProblemError) as error:
            all_at_once(place, made)
        assert refused(error) == {"ledger.in_use"}
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
    assert refused(error) == {"ledger.drift"}
    with open_ledger(place) as ledger:
        assert ledger.standing.run_id == 0


def test_a_dry_run_says_it_all_and_keeps_nothing(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    asked = files.request(
        place, dry_run=True, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts
    )
    dry = reconcile(asked)
    assert not is_there(str(place)), "a ledger was begun"
    real = all_at_once(place, made)
    assert not dry.committed and real.committed
    assert (dry.result, dry.after) == (real.result, real.after)
    again = reconcile(asked)
    with open_ledger(place) as ledger:
        assert ledger.standing == real.standing
    assert not again.committed and again.result == real.result


def test_rows_cannot_be_changed_behind_the_ledgers_back(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    all_at_once(place, made)
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        with pytest.raises(Exception, match="added, never changed"):
            ledger.store.remove("postings", pl.DataFrame({"seq": [1]}))
        ledger.rollback()
