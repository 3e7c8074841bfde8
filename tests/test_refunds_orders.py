"""What was ordered: a folder that is full after it, another ledger's order in it, the same words again; the account on the notice."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from ledger_files import write
from refund_towns import FRIDAY, account, accounts, act, copied, refunds, refused, to_be_ordered

from elqr.problems import Problem, ProblemError
from elqr.site import Site
from reconcile import refund_export
from reconcile.refund_accounts import confirm_account
from reconcile.refund_export import export, export_again
from reconcile.refund_notices import notices


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("orders")
    return to_be_ordered(top / "l.db", top)


@pytest.fixture
def place(decided: Path, tmp_path: Path) -> str:
    return copied(decided, tmp_path / "l.db")


def test_a_disk_that_is_full_after_the_order_says_how_to_write_it(place: str, tmp_path: Path) -> None:
    """The next words of another person, or of another day, order nothing: what is recorded and lies nowhere would never be paid."""

    def full(folder: Path, _: object) -> None:
        raise ProblemError(Problem("out.unwritable", params={"found": str(folder), "reason": "full"}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refund_export, "write_files", full)
        said = refused(lambda: export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank"))
        assert list(said) == ["out.unwritable", "refund.order_stands"]
        assert said["refund.order_stands"] == {"found": 1}
        assert list(refused(lambda: export_again(place, 1, out=tmp_path / "bank"))) == ["out.unwritable"]
    assert export_again(place, 1, out=tmp_path / "bank").count == 3


@pytest.mark.parametrize("step", ["_made", "write_files"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), RuntimeError("a bug")])
def test_who_is_stopped_behind_the_order_is_told_that_it_stands(
    step: str, fault: BaseException, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C tells that nothing was delivered, and the order of another day, or of another person, would leave these refunds out."""

    def stop(*_: object) -> None:
        raise type(fault)(*fault.args)

    monkeypatch.setattr(refund_export, step, stop)
    for stands in (True, False):  # the second time the order is there already, and the same words write it
        with pytest.raises(type(fault)) as error:
            export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
        said = getattr(error.value, "__notes__", [])
        assert [("elqr refunds export --batch 1" in note) for note in said] == [True] * stands


@pytest.mark.parametrize("killed", [True, False])
def test_an_order_without_its_file_is_told_where_the_same_words_find_more_to_order(
    killed: bool, place: str, tmp_path: Path
) -> None:
    """Killed before its file was written, and another refund decided since: the words ordered that one, and nobody was paid of the first."""
    words = {"transfer_on": FRIDAY, "out": tmp_path / "bank"}
    export(act(place, "eri"), only=["R000001"], **words)  # type: ignore[arg-type]
    if killed:
        shutil.rmtree(tmp_path / "bank")
    done = export(act(place, "eri"), **words)  # type: ignore[arg-type]
    assert (done.batch, done.count, done.again) == (2, 2, False)
    told = [("refund.order_unwritten", {"found": str(tmp_path / "bank" / "furikomi-00001.txt"), "batch": 1})]
    assert [(p.code, p.params) for p in done.problems] == told * killed
    assert not export(act(place, "eri"), **words).problems  # type: ignore[arg-type]


def test_an_order_of_another_ledger_is_not_written_over(place: str, decided: Path, tmp_path: Path) -> None:
    """Two ledgers share a folder, or one was put back from a copy that is older than its last order."""
    bank = tmp_path / "bank"
    other = copied(decided, tmp_path / "other.db")
    export(act(other, "eri"), transfer_on=FRIDAY, out=bank, only=["R000001"])
    before = {path.name: path.read_bytes() for path in bank.iterdir()}
    said = refused(lambda: export(act(place, "eri"), transfer_on=FRIDAY, out=bank))
    assert said == {"refund.batch_there": {"found": str(bank / "furikomi-00001.txt"), "batch": 1}}
    assert {r.state.value for r in refunds(place).values()} == {"approved"}
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "own")
    assert "refund.batch_there" in refused(lambda: export_again(place, 1, out=bank))
    assert {path.name: path.read_bytes() for path in bank.iterdir()} == before
    # its own is replaced, whatever became of it; a record that says nothing is nobody's
    (tmp_path / "own" / "furikomi-00001.txt").write_bytes(b"")
    assert export_again(place, 1, out=tmp_path / "own").again
    assert (tmp_path / "own" / "furikomi-00001.txt").stat().st_size == 120 * 6
    (bank / "furikomi-00001.json").write_bytes(b"{}")
    assert "refund.batch_there" in refused(lambda: export_again(place, 1, out=bank))
    (bank / "furikomi-00001.json").unlink()  # moved away with what the office keeps: the bank's file stays
    assert "refund.batch_there" in refused(lambda: export_again(place, 1, out=bank))
    # what would be the same order is: the very bytes may have gone to the bank, so they are not said to be new
    back = copied(decided, tmp_path / "back.db")
    done = export(act(back, "eri"), transfer_on=FRIDAY, out=tmp_path / "own")
    assert (done.batch, done.again, refunds(back)["R000001"].state.value) == (1, True, "exported")


def test_the_same_words_about_some_refunds_are_no_problem(place: str, tmp_path: Path) -> None:
    """Written again after it was killed, the batch came with a refusal of each refund in it."""
    words = {"transfer_on": FRIDAY, "out": tmp_path / "bank", "only": ["R000001", "R000002"]}
    first, again = (export(act(place, "eri"), **words) for _ in range(2))  # type: ignore[arg-type]
    assert (again.again, again.batch, again.problems) == (True, first.batch, ())
    more = {**words, "only": ["R000001", "R000002", "R9"]}
    assert [p.code for p in export(act(place, "eri"), **more).problems] == ["refund.unknown"]  # type: ignore[arg-type]


def test_a_notice_names_the_account_that_the_money_went_to(place: str, tmp_path: Path) -> None:
    """Written again after the account had changed, it named the new one for money that lay on the old one."""
    one = {"payer_name": "見本", "postal_code": "999-9999", "address": "みほん市1-1"}
    people = [{"payer_id": f"P{n:05}", **one} for n in (1, 2)]
    payers = write(tmp_path / "payers.csv", "payer_id,payer_name,postal_code,address", *people)
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=["R000001"])

    def told() -> list[str]:
        made = notices(place, payers=payers, site=Site.unknown(), only=["R000001", "R000002"])
        return pl.read_csv(made.data, infer_schema=False)["account_masked"].to_list()

    went = "三菱UFJ 本店 普通 ****001"
    assert told() == [went, went.replace("001", "002")]
    accounts(place, tmp_path, *(account(n, account_no=f"{n}00777") for n in (1, 2)))
    assert told() == [went, None]  # who waits for a second person's look is told of no account
    for n in (1, 2):
        confirm_account(act(place, "kei"), f"P{n:05}")
    assert told() == [went, went.replace("001", "777")]
