"""Bundles, files and numbers: nothing split, nothing lost, nothing twice."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slips.order import HELD, in_print_order, keys_of, overfull_notices, plan_order

LAYOUTS = {False: "plain", True: "large"}


def rows_of(*, payers: list[str | None], **columns: list[object]) -> pl.DataFrame:
    n = len(payers)
    base = {
        "line": list(range(2, n + 2)),
        "payer_id": payers,
        "sort_key": [None] * n,
        "payer_name": ["見本 太郎"] * n,
        "postal_code": ["7230001"] * n,
        "address": ["みほん市本町1-2-3"] * n,
        "large_print": [False] * n,
        "notice_no": ["N"] * n,
        "tax_item": ["001"] * n,
        "levy_year": ["2026"] * n,
        "tax_year": ["2026"] * n,
        "period": ["01"] * n,
        "kind": ["initial"] * n,
        "amount": [1000] * n,
        "lang": ["ja"] * n,
    }
    text = ("payer_id", "payer_name", "sort_key", "postal_code", "address")
    text += ("notice_no", "tax_item", "levy_year", "tax_year", "period", "kind")
    return pl.DataFrame({**base, **columns}, schema_overrides=dict.fromkeys(text, pl.String))


def printed(
    frame: pl.DataFrame, *, slips_per_file: int = 5000, held: list[int] | None = None
) -> pl.DataFrame:
    """All rows in print order, with the number of their file."""
    plan = plan_order(
        keys_of(frame),
        slips_per_file=slips_per_file,
        layouts=LAYOUTS,
        held=pl.Series(held or [], dtype=pl.Int64),
    )
    placed = frame.with_columns(file=pl.Series(plan.file_of_row), bundle=pl.Series(plan.bundle_of_row))
    parts = [
        in_print_order(placed.filter(pl.col("file") == f.number), first_seq=f.first_seq) for f in plan.files
    ]
    for part, file in zip(parts, plan.files, strict=True):
        assert part.height == file.slips
        assert part["bundle"].n_unique() == file.bundles
    return pl.concat(parts)


def test_order_by_postal_code_then_payer_bundle_together() -> None:
    frame = rows_of(payers=["B", "A", "B", "C"], postal_code=["7230001", "7230002", "723-0001", "723-0002"])
    out = printed(frame)
    assert out["payer_id"].to_list() == ["B", "B", "A", "C"]
    assert out["seq"].to_list() == [1, 2, 3, 4]
    assert (out["n"].to_list(), out["m"].to_list()) == ([1, 2, 1, 1], [2, 2, 1, 1])


def test_a_payer_stands_by_the_smallest_key() -> None:
    frame = rows_of(payers=["B", "A", "B", "C"], sort_key=["3", "2", "1", "2"])
    out = printed(frame)
    assert out["payer_id"].to_list() == ["B", "B", "A", "C"]
    assert (out["n"].to_list(), out["m"].to_list()) == ([1, 2, 1, 1], [2, 2, 1, 1])


# --- one envelope, one recipient --------------------------------------------------------------------


def test_two_names_under_one_number_never_share_an_envelope() -> None:
    """The number of one of them is wrong: in one bundle, one would find the other's slip in his envelope."""
    frame = rows_of(
        payers=["A"] * 4 + ["B"], payer_name=["見本 太郎", "手本 花子", "見本太郎", "手本 花子", "他"]
    )
    out = printed(frame)
    assert out["line"].to_list() == [2, 4, 3, 5, 6]
    assert (out["n"].to_list(), out["m"].to_list()) == ([1, 2, 1, 2, 1], [2, 2, 2, 2, 1])
    log = plan_order(keys_of(frame), slips_per_file=10, layouts=LAYOUTS).log
    assert log.table().select("line", "code", "field").rows() == [(3, "bundle.two_names", "payer_name")]
    (problem,) = log.problems()
    assert problem.params["found"] == "2" and "封筒" in problem.text("ja")


def test_two_addresses_of_one_payer_are_two_envelopes() -> None:
    """Where a tax has an address of its own, as that of a 納税管理人."""
    frame = rows_of(payers=["A"] * 3, address=["みほん市本町1-2-3", "別の市2-1", "みほん市本町１－２－３"])
    out = printed(frame)
    assert out["line"].to_list() == [2, 4, 3] and out["m"].to_list() == [2, 2, 1]
    log = plan_order(keys_of(frame), slips_per_file=10, layouts=LAYOUTS).log
    assert log.table().select("line", "code").rows() == [(3, "bundle.two_addresses")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("見本　太郎", "見本 太郎", True),
        ("ﾐﾎﾝ ﾀﾛｳ", "ミホン　タロウ", True),
        ("髙﨑 邉", "高崎 辺", True),
        ("Mihon Taro", "MIHON TARO", True),
        ("見本 太郎", "見本 太朗", False),
        ("見本 太郎", None, False),
        ("見本 太郎", "見本 太郎 外1名", False),
    ],
)
def test_what_is_only_written_otherwise_is_one_recipient(one: str, other: str | None, same: bool) -> None:
    out = printed(rows_of(payers=["A", "A"], payer_name=[one, other]))
    assert out["m"].to_list() == ([2, 2] if same else [1, 1])


def test_sort_key_wins_and_rows_without_it_come_last() -> None:
    frame = rows_of(payers=["A", "B", "C"], sort_key=[None, "02", "01"], postal_code=["0000001", "9", "9"])
    assert printed(frame)["payer_id"].to_list() == ["C", "B", "A"]


def test_inside_a_bundle_item_year_notice_kind_period_line() -> None:
    frame = rows_of(
        payers=["A"] * 6,
        tax_item=["002", "001", "001", "001", "001", "001"],
        tax_year=["2025", "2026", "2025", "2025", "2025", "2025"],
        period=["01", "01", "02", "01", "00", "01"],
        kind=["initial", "initial", "initial", "reissue", "full_year", "initial"],
    )
    assert printed(frame)["line"].to_list() == [6, 7, 4, 5, 3, 2]


def test_large_print_has_files_of_its_own_and_a_note_where_a_payer_has_both() -> None:
    frame = rows_of(payers=["A", "A", "B", "C"], large_print=[True, False, False, True])
    plan = plan_order(keys_of(frame), slips_per_file=10, layouts=LAYOUTS)
    assert [(f.layout, f.slips, f.first_seq) for f in plan.files] == [("plain", 2, 1), ("large", 2, 3)]
    assert plan.log.table().select("line", "code").rows() == [(2, "bundle.two_layouts")]


def test_bundle_larger_than_a_file_is_kept_whole_with_a_note() -> None:
    frame = rows_of(payers=["A", "B", "B", "B", "C"])
    plan = plan_order(keys_of(frame), slips_per_file=2, layouts=LAYOUTS)
    assert [f.slips for f in plan.files] == [1, 3, 1]
    assert plan.log.table()["code"].to_list() == ["bundle.over_file_limit"]
    assert next(plan.log.problems()).params["found"] == "3"


def test_a_file_takes_as_many_slips_as_it_may() -> None:
    one_each, two_each = rows_of(payers=list("ABCDE")), rows_of(payers=list("AABBCC"))
    for frame, limit, slips in ((one_each, 2, [2, 2, 1]), (two_each, 4, [4, 2]), (two_each, 3, [2, 2, 2])):
        plan = plan_order(keys_of(frame), slips_per_file=limit, layouts=LAYOUTS)
        assert [f.slips for f in plan.files] == slips
        assert plan.log.table().is_empty()


def test_uneven_sort_keys_are_noted_once() -> None:
    frame = rows_of(payers=["A", "B", "C"], sort_key=["2", "10", "30"])
    plan = plan_order(keys_of(frame), slips_per_file=5, layouts=LAYOUTS)
    assert plan.log.table()["code"].to_list() == ["sort_key.uneven_width"]
    assert printed(frame)["sort_key"].to_list() == ["10", "2", "30"]


def test_rows_without_payer_number_are_bundles_of_their_own() -> None:
    out = printed(rows_of(payers=[None, "", None]))
    assert out["m"].to_list() == [1, 1, 1]


@pytest.mark.parametrize(
    ("periods", "rows", "held"),
    [
        (["01", "02", "03"], 3, 0),
        (["01", "02", "03"], 2, 3),
        (["00", "01", "02"], 2, 0),  # the whole-year slip stands apart
        (["00", "00", "00"], 2, 3),  # only whole-year slips: they are the table
        (["01", "02", "03"], 0, 0),  # a form without a table has no limit
    ],
)
def test_notices_with_more_instalments_than_table_rows(periods: list[object], rows: int, held: int) -> None:
    frame = rows_of(payers=["A"] * 3, period=periods)
    found = overfull_notices(keys_of(frame), table_rows={False: rows, True: 0})
    assert found.height == held


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", "D", "ながい宛名番号の納税者です", "", None]),
            st.sampled_from([None, "1", "22", "x"]),
            st.sampled_from(["7230001", "7230002", "", None, "999-9999"]),
            st.booleans(),
            st.sampled_from(["00", "01", "02"]),
            st.sampled_from(["甲", "乙", None]),
        ),
        min_size=1,
        max_size=40,
    ),
    limit=st.integers(1, 12),
    holds=st.sets(st.integers(2, 42)),
)
def test_every_row_once_and_no_bundle_split(
    rows: list[tuple[str | None, str | None, str | None, bool, str, str | None]], limit: int, holds: set[int]
) -> None:
    payers, sort_keys, postal, large, periods, names = (list(c) for c in zip(*rows, strict=True))
    frame = rows_of(
        payers=payers,
        sort_key=sort_keys,
        payer_name=names,
        postal_code=postal,
        large_print=large,
        period=periods,  # type: ignore[arg-type]
    )
    held = sorted(holds & set(frame["line"]))
    if len(held) == frame.height:
        plan = plan_order(keys_of(frame), slips_per_file=limit, layouts=LAYOUTS, held=frame["line"])
        assert plan.files == ()
        assert (plan.file_of_row == HELD).all()
        return
    out = printed(frame, slips_per_file=limit, held=held)
    assert sorted(out["line"]) == sorted(set(frame["line"]) - set(held))
    assert out["seq"].to_list() == list(range(1, out.height + 1))
    named = out.filter(pl.col("payer_id").fill_null("") != "")
    span = pl.col("seq").max() - pl.col("seq").min() + 1
    one_payer = named.group_by("payer_id", "large_print").agg(
        pl.col("file").n_unique(), size=pl.len(), span=span
    )
    assert (one_payer["file"] == 1).all() and (one_payer["span"] == one_payer["size"]).all()  # in one place
    postal_digits = pl.col("postal_code").str.replace("-", "").replace("", None)
    recipients = named.group_by("payer_id", "large_print", "payer_name", postal_digits.alias("to")).agg(
        pl.col("bundle").n_unique(), pl.col("n"), m=pl.col("m").unique(), size=pl.len(), span=span
    )
    for row in recipients.iter_rows(named=True):
        assert row["bundle"] == 1 and row["span"] == row["size"]
        assert row["m"] == [row["size"]]
        assert row["n"] == list(range(1, row["size"] + 1))
    assert named["bundle"].n_unique() == recipients.height  # nobody shares
    whose = pl.coalesce(pl.col("payer_id").replace("", None), "line")
    per_file = out.group_by("file").agg(slips=pl.len(), payers=whose.n_unique())
    assert per_file.filter((pl.col("slips") > limit) & (pl.col("payers") > 1)).is_empty()
    assert (out.group_by("file").agg(pl.col("large_print").n_unique())["large_print"] == 1).all()


def test_order_does_not_depend_on_the_order_of_the_file() -> None:
    frame = rows_of(
        payers=["A", "B", "A", "C"], postal_code=["3", "2", "1", "2"], period=["02", "01", "01", "01"]
    )
    keys = ["payer_id", "period", "seq", "n", "m", "file"]
    assert printed(frame).select(keys).equals(printed(frame.reverse()).select(keys))
