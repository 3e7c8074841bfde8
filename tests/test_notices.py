"""The notice of refund: its rows in words, what holds one, and what is printed, read back and read aloud."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from night_runs import SITE
from pdfread import texts

from cli import main
from elqr.problems import ProblemError, ProblemLog
from elqr.site import Site, load_site
from slips.gate import faults_of
from slips.geometry import check_layout
from slips.labels import SITE_WORDS
from slips.layout import load_layout
from slips.notice_rows import VALUES, cleaned, notice_values
from slips.notices import NoticeRequest, print_notices
from slips.wording import unsaid

GOOD = {
    "notice_no": "還第1号", "decided_on": "2026-07-10", "payer_id": "1", "payer_name": "見本 太郎", "postal_code": "999-9999",
    "address": "みほん県みほん市本町1-2-3", "lang": "ja", "tax_name": "固定資産税", "levy_year": "2026", "period": "02",
    "paid_amount": "24600", "due_amount": "12,300", "overpaid": "12300", "class": "kanou", "offset_to": "2026901-1;2026901-2",
    "offset_amount": "2300", "refund": "10000", "interest": "100", "interest_from": "2026-06-02", "interest_to": "2026-07-10",
    "total": "10100", "account_masked": "", "claim_until": "2031-07-09",
}  # fmt: skip


def row(**changes: str) -> dict[str, str | None]:
    return {name: value or None for name, value in {**GOOD, **changes}.items()}


def frame(*rows: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(GOOD, pl.String)).with_columns(
        line=pl.int_range(2, 2 + len(rows), dtype=pl.Int64)
    )


def held(*rows: dict[str, str | None]) -> list[tuple[str, str]]:
    log = ProblemLog()
    cleaned(frame(*rows), log)
    return [(p.code, p.field) for p in log.problems()]


def test_a_good_row_is_said_in_words() -> None:
    log = ProblemLog()
    rows = cleaned(frame(row()), log)
    assert log.table().is_empty()
    said = notice_values(rows, site=load_site(SITE)).row(0, named=True)
    assert set(said) == set(VALUES)
    expected = {
        "overpaid": "12,300円", "total": "10,100円", "class": "過納", "offset_to": "2026901-1、2026901-2",
        "interest_span": "令和8年6月2日～令和8年7月10日", "year_period": "令和8年度 第2期", "payer_name": "見本 太郎 様",
        "no_account": "1", "no_payment": "", "account": "", "postal": "〒999-9999", "claim_until": "令和13年7月9日",
    }  # fmt: skip
    assert {name: said[name] for name in expected} == expected


@pytest.mark.parametrize(("lang", "word"), [("ja", "なし"), ("en", "none")])
def test_where_nothing_is_set_off_the_notice_says_so(lang: str, word: str) -> None:
    rows = cleaned(
        frame(row(lang=lang, offset_to="", offset_amount="", refund="12300", total="12400")), ProblemLog()
    )
    assert notice_values(rows, site=load_site(SITE))["offset_to"].to_list() == [word]


@pytest.mark.parametrize("account", ["", "みほん銀行 ***1234"])
@pytest.mark.parametrize("total", [0, 12300])
def test_a_notice_says_one_thing_of_the_payment(account: str, total: int) -> None:
    """The three boxes share a place (`exclusive` in the form): with two of them the page could not be read."""
    paid = {"offset_amount": str(12300 - total), "refund": str(total), "interest": "", "total": str(total)}
    log = ProblemLog()
    rows = cleaned(frame(row(account_masked=account, **paid)), log)
    said = notice_values(rows, site=load_site(SITE)).row(0, named=True)
    assert log.table().is_empty()
    assert [n for n in ("account", "no_account", "no_payment") if said[n]] == [
        "no_payment" if not total else "account" if account else "no_account"
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"payer_name": ""}, [("notice.missing", "payer_name")]),
        ({"decided_on": "2026-02-30"}, [("notice.bad_value", "decided_on")]),
        ({"refund": "-10000"}, [("notice.bad_value", "refund")]),
        ({"class": "不明"}, [("notice.bad_value", "class")]),
        ({"postal_code": "99"}, [("notice.bad_value", "postal_code")]),
        ({"overpaid": "12301"}, [("notice.sum_differs", "overpaid")]),
        ({"total": "10000"}, [("notice.sum_differs", "total")]),
    ],
)
def test_a_faulty_row_is_held(changes: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert held(row(**changes)) == found


def test_a_number_that_stands_twice_holds_both() -> None:
    assert held(row(), row(payer_name="見本 花子")) == [("notice.twice", "notice_no")] * 2


def test_a_number_that_stands_on_a_faulty_row_too_holds_the_other() -> None:
    """Which of the two is meant nobody knows."""
    for fault, change in (("sum_differs", {"total": "1"}), ("missing", {"decided_on": ""})):
        found = held(row(), row(**change))
        assert sorted(found) == [(f"notice.{fault}", *change), ("notice.twice", "notice_no")]


def test_a_name_says_what_it_says_on_a_slip() -> None:
    """Private-use characters became what the site's table says on slips only; the notice of the same payer was held."""
    log = ProblemLog()
    written = row(payer_name="　\ue000橋 太郎 ", address="み\ue001ん市\n本町")
    rows = cleaned(frame(written), log, gaiji={"\ue000": "髙", "\ue001": "は\u3099"})
    assert rows.row(0, named=True)["payer_name"] == "髙橋 太郎"
    assert rows.row(0, named=True)["address"] == "みは\u3099ん市　本町"
    assert [(p.code, p.field) for p in log.problems()] == [
        ("value.trimmed", "payer_name"),
        ("value.gaiji", "payer_name"),
        ("value.line_break", "address"),
        ("value.gaiji", "address"),
    ]


def test_an_account_or_nothing_to_pay_changes_the_foot(tmp_path: Path) -> None:
    source = tmp_path / "notices.csv"
    rows = [
        row(),
        row(notice_no="還第2号", account_masked="みほん銀行 ***1234"),
        row(notice_no="還第3号", offset_amount="12300", refund="0", interest="", total="0", lang="en"),
        row(notice_no="還第4号", total="1"),
    ]
    frame(*rows).drop("line").write_csv(source)
    done = CliRunner().invoke(
        main,
        [
            "print-notices",
            str(source),
            "--out",
            str(tmp_path / "out"),
            "--site",
            str(SITE),
            "--issue-date",
            "2026-07-10",
        ],
    )
    assert done.exit_code == 1, done.output
    pages = texts(tmp_path / "out" / "notices-00001.pdf")
    assert ["口座振込依頼書" in p for p in pages] == [True, False, False]  # nothing is paid out to the third
    assert "みほん銀行***1234" in pages[1] and "Nothingispaidout" in pages[2]
    assert [t in pages[0] for t in ("10,100円", "みほん市長", "審査請求", "第17条の2")] == [True] * 4
    job = json.loads((tmp_path / "out" / "job.json").read_text(encoding="utf-8"))
    assert (job["in"], job["printed"], job["held"]) == (
        {"notices": 4}, {"notices": 3, "yen": 20200}, {"notices": 1},
    )  # fmt: skip
    listed = pl.read_csv(tmp_path / "out" / "notices.csv", infer_schema=False)
    assert listed["page"].to_list() == ["1", "2", "3"]
    assert "notice.sum_differs" in (tmp_path / "out" / "problems.csv").read_text(encoding="utf-8")


def test_the_same_notices_give_the_same_bytes(tmp_path: Path) -> None:
    import datetime as dt

    source = tmp_path / "notices.csv"
    frame(row(), row(notice_no="還第2号")).drop("line").write_csv(source)
    for name in ("a", "b"):
        print_notices(
            NoticeRequest(
                notices=source,
                out=tmp_path / name,
                layout="refund_notice",
                site=SITE,
                issue_date=dt.date(2026, 7, 10),
            )
        )
    for file in ("notices-00001.pdf", "notices.csv", "job.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def printed_notices(source: Path, out: Path, *more: str) -> tuple[int, str]:
    """Exit code and words."""
    args = ["--out", str(out), "--site", str(SITE), "--issue-date", "2026-07-10", *more]
    done = CliRunner().invoke(main, ["print-notices", str(source), *args])
    return done.exit_code, done.output


def test_a_notice_that_cannot_be_read_is_held_and_counted(tmp_path: Path) -> None:
    """It was neither printed nor held, and nothing said where to look."""
    source = tmp_path / "notices.csv"
    frame(row()).drop("line").write_csv(source)
    with source.open("ab") as file:
        file.write(b"a,b,c\n")
    code, said = printed_notices(source, tmp_path / "out")
    job = json.loads((tmp_path / "out" / "job.json").read_text(encoding="utf-8"))
    assert (code, job["in"], job["held"]) == (1, {"notices": 2}, {"notices": 1})
    assert "1 件を保留" in said and "problems.csv" in said


def test_an_earlier_run_leaves_no_files_beside_those_of_this_one(tmp_path: Path) -> None:
    source, out = tmp_path / "notices.csv", tmp_path / "out"
    frame(row(), row(notice_no="還第2号")).drop("line").write_csv(source)
    out.mkdir()
    (out / "notices-list.pdf").write_bytes(b"the office's own")
    printed_notices(source, out, "--notices-per-file", "1")
    printed_notices(source, out)
    assert sorted(p.name for p in out.glob("*.pdf")) == ["notices-00001.pdf", "notices-list.pdf"]


@pytest.mark.parametrize(
    ("change", "said"), [({"levy_year": "R8"}, "4 digits"), ({"period": "第1期"}, "2 digits")]
)
def test_a_year_that_is_none_holds_the_notice(change: dict[str, str], said: str) -> None:
    """It was left out of the notice without a word."""
    log = ProblemLog()
    assert cleaned(frame(row(**change)), log).is_empty()
    assert [(p.code, p.params["expected"]) for p in log.problems()] == [("notice.bad_value", said)]


def test_an_instalment_without_its_zero_is_the_same(tmp_path: Path) -> None:
    rows = cleaned(frame(row(period="1"), row(notice_no="還第2号", period="０１")), ProblemLog())
    said = notice_values(rows, site=Site.unknown())["year_period"]
    assert said.to_list() == ["令和8年度 第1期"] * 2


def test_a_page_that_reads_otherwise_is_not_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime as dt

    from slips import notices

    source = tmp_path / "notices.csv"
    frame(row(), row(notice_no="還第2号")).drop("line").write_csv(source)
    honest = notices.write_pdf

    def forging(out: object, values: pl.DataFrame, **rest: object) -> None:
        forged = pl.when(pl.col("notice_no") == "還第2号").then(pl.lit("10,000円")).otherwise("total")
        honest(out, values.with_columns(total=forged), **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(notices, "write_pdf", forging)
    with pytest.raises(ProblemError) as refused:
        print_notices(
            NoticeRequest(
                notices=source,
                out=tmp_path / "out",
                layout="refund_notice",
                site=SITE,
                issue_date=dt.date(2026, 7, 10),
                notices_per_file=1,
            )
        )
    assert [p.code for p in refused.value.problems] == ["notice.read_back"]
    assert not list((tmp_path / "out").glob("*.pdf")), "nor the first, which was right: the job is none"


def test_a_job_whose_lists_are_not_written_leaves_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full after the last page: its PDF stood without the list of what lies where."""
    import datetime as dt

    from slips import notices

    frame(row()).drop("line").write_csv(tmp_path / "notices.csv")

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(notices, "write_whole", full)
    request = NoticeRequest(
        notices=tmp_path / "notices.csv",
        out=tmp_path / "out",
        layout="refund_notice",
        site=SITE,
        issue_date=dt.date(2026, 7, 10),
    )
    with pytest.raises(ProblemError) as refused:
        print_notices(request)
    assert [p.code for p in refused.value.problems] == ["out.disk_full"]
    assert not list((tmp_path / "out").glob("*.pdf"))


def test_no_notice_is_printed_that_names_nobody(tmp_path: Path) -> None:
    """Without the site file the instruction on remedies had blanks for the mayor and the city."""
    source = tmp_path / "notices.csv"
    frame(row()).drop("line").write_csv(source)
    args = ["--out", str(tmp_path / "o"), "--issue-date", "2026-06-01"]
    done = CliRunner().invoke(main, ["print-notices", str(source), *args])
    assert done.exit_code == 2 and "site.words" in done.output and "head" in done.output
    slips = ["print", "sample_data/slips.csv", "--layout", "postcard_reminder", *args]
    done = CliRunner().invoke(main, [*slips, "--release"])
    assert done.exit_code == 2 and "[site.words]" in done.output
    words = dict.fromkeys(SITE_WORDS, "x")
    assert unsaid(load_layout("postcard_reminder"), words) == []
    trial = unsaid(load_layout("postcard_reminder"), {**words, "city": ""}, code="site.words_trial")
    assert [(p.code, p.field) for p in trial] == [("site.words_trial", "city")]


def test_forms_are_not_used_for_another_document(tmp_path: Path) -> None:
    args = ["--out", str(tmp_path / "o"), "--site", str(SITE), "--issue-date", "2026-06-01"]
    done = CliRunner().invoke(main, ["print", "sample_data/slips.csv", "--layout", "refund_notice", *args])
    assert done.exit_code == 2 and "layout.other_document" in done.output
    source = tmp_path / "notices.csv"
    frame(row()).drop("line").write_csv(source)
    done = CliRunner().invoke(main, ["print-notices", str(source), "--layout", "mihara", *args])
    assert done.exit_code == 2


def test_notices_are_not_written_over_their_own_rows(tmp_path: Path) -> None:
    """`elqr refunds notices` writes a notices.csv too, and the same folder is at hand."""
    source = tmp_path / "notices.csv"
    frame(row()).drop("line").write_csv(source)
    before = source.read_bytes()
    code, said = printed_notices(source, tmp_path)
    assert code == 2 and "job.input_in_out" in said
    assert source.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["notices.csv"]


@pytest.mark.parametrize("job", ['{"identity": {}}', "[]", "{"])
def test_notices_take_no_folder_of_another_job(tmp_path: Path, job: str) -> None:
    source, out = tmp_path / "rows.csv", tmp_path / "out"
    frame(row()).drop("line").write_csv(source)
    out.mkdir()
    (out / "job.json").write_text(job, encoding="utf-8")
    code, said = printed_notices(source, out)
    assert code == 2 and "out.other_command" in said
    assert (out / "job.json").read_text(encoding="utf-8") == job


def test_a_notice_without_its_law_is_refused() -> None:
    layout = load_layout("refund_notice")
    bare = replace(layout, boxes=tuple(b for b in layout.boxes if b.id not in ("objection", "total")))
    assert [p.params["expected"] for p in check_layout(bare)] == ["value = total", "text = refund.objection"]
    assert faults_of("refund_notice") == []
    assert Site.unknown().head == ""


def test_the_notice_of_refund_is_read_aloud_as_its_golden_says(tmp_path: Path) -> None:
    from slips.aloud import said_of, spoken_pages

    out = CliRunner().invoke(
        main,
        [
            "print-notices",
            "sample_data/notices.csv",
            "--out",
            str(tmp_path),
            "--site",
            str(SITE),
            "--issue-date",
            "2026-07-10",
        ],
    )
    assert out.exit_code == 0, out.output
    first = spoken_pages((tmp_path / "notices-00001.pdf").read_bytes())[0]
    text = "\n".join(said_of(first, lang="ja")) + "\n"
    assert text == Path("tests/golden/notice_read_aloud.txt").read_text(encoding="utf-8")
