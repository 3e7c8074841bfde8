"""Which lines a slip pays, and how much of what: from its `covers`, else derived from what slip and assessment say of each other.

In: slips, and all known versions of the assessments they may mean. Out: the cover frame, and a problem for every slip that nothing
settles: then nobody guesses, and its payments wait for a person. Instalment slips pay the one line of their notice and period; 全期 slips
(period 00) all lines of their notice. Refuses: unknown lines, two possible lines, sums that differ, extras that several lines would share.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl

from elqr.problems import ProblemLog
from reconcile.frames import COVERS
from reconcile.match import repeated

WHOLE_YEAR = "00"
_NOTICE = ("body_code", "payer_id", "tax_item", "levy_year", "tax_year", "notice_no")


@dataclass(frozen=True)
class Covers:
    """`frame`: `slip_key, line_id, component, amount`, one or more rows a slip; `log`: slips without cover, by `line` and `slip_key`."""

    frame: pl.DataFrame
    log: ProblemLog


def ordered_versions(assessments: pl.DataFrame) -> pl.DataFrame:
    """All versions with `version` (1-based within a line): as first assessed, then by `revised_at`, then in the order given."""
    placed = assessments.with_row_index("_place").sort("line_id", "revised_at", "_place", nulls_last=False)
    return placed.with_columns(version=pl.int_range(1, pl.len() + 1).over("line_id")).drop("_place")


def derive_covers(slips: pl.DataFrame, assessments: pl.DataFrame) -> Covers:
    """The cover of every slip. `assessments`: all versions of all lines that could be meant, in the order in which they came."""
    log = ProblemLog()
    lines = _lines(assessments)
    slips = slips.with_columns(
        _extra=pl.col("delinquency").fill_null(0) + pl.col("dunning_fee").fill_null(0),
    ).with_columns(_base=pl.col("amount") - pl.col("_extra"))
    given = slips.filter(pl.col("covers").is_not_null())
    whole = slips.filter(pl.col("covers").is_null() & (pl.col("period") == WHOLE_YEAR))
    term = slips.filter(pl.col("covers").is_null() & (pl.col("period") != WHOLE_YEAR).fill_null(value=True))
    ways = (
        (_given, given),
        (partial(_term, assessments=assessments), term),
        (partial(_whole, assessments=assessments), whole),
    )
    parts = [way(some, lines, log) for way, some in ways if some.height]
    return Covers(_split(pl.concat([_PART.to_frame(), *parts]), slips, log), log)


def _lines(assessments: pl.DataFrame) -> pl.DataFrame:
    """One row a line: its last identifying columns, first, last and highest principal, and whether it stands."""
    names, yen = ("line_id", *_NOTICE, "period"), pl.col("principal")
    many = repeated(assessments["line_id"])
    alone = assessments.filter(~many).select(
        *names, _first=yen, _last=yen, _most=yen, _stands=pl.col("status") != "cancelled"
    )
    if not many.any():
        return alone
    several = (
        ordered_versions(assessments.filter(many))
        .group_by("line_id", maintain_order=True)
        .agg(
            *(pl.col(c).last() for c in names[1:]),
            _first=yen.first(),
            _last=yen.last(),
            _most=yen.max(),
            _stands=pl.col("status").last() != "cancelled",
        )
    )
    return pl.concat([alone, several])


_PART = pl.Schema({"slip_key": pl.String(), "line_id": pl.String(), "amount": pl.Int64()})


def _given(slips: pl.DataFrame, lines: pl.DataFrame, log: ProblemLog) -> pl.DataFrame:
    """Covers as the slip names them: known lines, and a sum that is the slip's amount or its principal."""
    pairs = (
        slips.with_columns(_pair=pl.col("covers").str.split(";"))
        .explode("_pair")
        .with_columns(_pair=pl.col("_pair").str.split(":"))
        .with_columns(
            line_id=pl.col("_pair").list.first().str.strip_chars(),
            _yen=pl.col("_pair").list.last().cast(pl.Int64, strict=False),
        )
        .group_by("slip_key", "line_id", maintain_order=True)
        .agg(pl.col("line", "amount", "_base", "_extra").first(), pl.col("_yen").sum())
    )
    unknown = pairs.join(lines, on="line_id", how="anti", maintain_order="left")
    log.add(unknown, "register.cover_line", field="covers", found=pl.col("line_id"))
    pairs = pairs.filter(~pl.col("slip_key").is_in(unknown["slip_key"].implode()))
    pairs = pairs.with_columns(_sum=pl.col("_yen").sum().over("slip_key"), _n=pl.len().over("slip_key"))
    # with one line the slip's own parts say the rest, so the pair may name the whole or the principal
    fits = (pl.col("_sum") == pl.col("_base")) | ((pl.col("_sum") == pl.col("amount")) & (pl.col("_n") == 1))
    wrong = pairs.filter(~fits).unique("slip_key", keep="first", maintain_order=True)
    log.add(wrong, "register.cover_sum", field="covers", found=pl.col("_sum"), expected=pl.col("_base"))
    good = pairs.filter(fits)
    single = pl.col("_n") == 1
    return good.select(
        "slip_key", "line_id", amount=pl.when(single).then(pl.col("_base")).otherwise(pl.col("_yen"))
    ).cast(_PART)


def _once(slips: pl.DataFrame, lines: pl.DataFrame, assessments: pl.DataFrame) -> pl.DataFrame:
    """The lines of these slips' notices under every payer that one of their versions names: 承継 gives a line another 宛名番号, and what was printed
    before means it still."""
    payers = assessments.select("line_id", "payer_id").unique(maintain_order=True)
    rows = lines.drop("payer_id").join(payers, on="line_id", maintain_order="left").select(lines.columns)
    return rows.join(slips, on=list(_NOTICE), how="semi", maintain_order="left")


def _term(
    slips: pl.DataFrame, lines: pl.DataFrame, log: ProblemLog, *, assessments: pl.DataFrame
) -> pl.DataFrame:
    """The one line of the slip's notice and period; where there is none, the one that was its payer's."""
    keys = [*_NOTICE, "period"]
    met = slips.join(lines, on=keys, how="inner", maintain_order="left")
    rest = slips.join(met, on="slip_key", how="anti", maintain_order="left")
    if rest.height:
        once = rest.join(_once(rest, lines, assessments), on=keys, how="inner", maintain_order="left")
        met = pl.concat([met, once])
    met = met.with_columns(_n=pl.len().over("slip_key"))
    none = slips.join(met, on="slip_key", how="anti", maintain_order="left")
    log.add(none, "register.cover_none", field="covers", found=_named(keys))
    many = met.filter(pl.col("_n") > 1).unique("slip_key", keep="first", maintain_order=True)
    log.add(many, "register.cover_many", field="covers", found=pl.col("_n"))
    good = met.filter(pl.col("_n") == 1)
    above = good.filter((pl.col("_base") > pl.col("_most")) & pl.col("principal").is_null())
    log.add(above, "register.cover_above", field="amount", found=pl.col("_base"), expected=pl.col("_most"))
    return good.select("slip_key", "line_id", amount=pl.col("_base")).cast(_PART)


def _whole(
    slips: pl.DataFrame, lines: pl.DataFrame, log: ProblemLog, *, assessments: pl.DataFrame
) -> pl.DataFrame:
    """All lines of the notice: the principals as they now stand, else as first assessed, else as on a day between, must be the slip's; or
    those of its lines with what was the payer's once."""
    keys = list(_NOTICE)
    found, wrong = _summed(slips, lines, assessments)
    rest = slips.join(found, on="slip_key", how="anti", maintain_order="left")
    if rest.height:
        again, wrong = _summed(rest, _once(rest, lines, assessments), assessments)
        found = pl.concat([found, again])
    none = rest.join(
        pl.concat([found, wrong], how="diagonal"), on="slip_key", how="anti", maintain_order="left"
    )
    log.add(none, "register.cover_none", field="covers", found=_named([*keys, "period"]))
    log.add(wrong, "register.cover_sum", field="covers", found=pl.col("_now_sum"), expected=pl.col("_base"))
    return found.filter(pl.col("amount") > 0)


def _summed(
    slips: pl.DataFrame, lines: pl.DataFrame, assessments: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The parts of slips that their notice's lines come to, and of those that they do not the first row each."""
    met = slips.join(lines, on=list(_NOTICE), how="inner", suffix="_of_line", maintain_order="left")
    stands = pl.when("_stands").then("_last").otherwise(0)
    met = met.with_columns(_now=stands).with_columns(
        _now_sum=pl.col("_now").sum().over("slip_key"), _first_sum=pl.col("_first").sum().over("slip_key")
    )
    now = pl.col("_now_sum") == pl.col("_base")
    first = pl.col("_first_sum") == pl.col("_base")
    rest = met.filter(~(now | first))
    between = _between(rest, assessments)
    rest = rest.join(between, on="slip_key", how="anti", maintain_order="left")
    joined = _between(rest, assessments, joining=True)
    wrong = rest.join(joined, on="slip_key", how="anti", maintain_order="left")
    chosen = met.filter(now | first).select(
        "slip_key", "line_id", amount=pl.when(now).then(pl.col("_now")).otherwise(pl.col("_first"))
    )
    parts = pl.concat([chosen.cast(_PART), between, joined])
    return parts, wrong.unique("slip_key", keep="first", maintain_order=True)


def _between(slips: pl.DataFrame, assessments: pl.DataFrame, *, joining: bool = False) -> pl.DataFrame:
    """The parts of slips (`slip_key, line_id, _base`) that come to the sum of their lines as these stood on a day of revision, the last such day.

    What was revised without a day was so before the first day. `joining`: the first version of a line has its day too, before which there was none.
    """
    if not slips.height:
        return _PART.to_frame()
    versions = ordered_versions(assessments.filter(pl.col("line_id").is_in(slips["line_id"].implode())))
    yen = pl.when(pl.col("status") == "cancelled").then(0).otherwise("principal")
    history = slips.select("slip_key", "line_id", "_base").join(
        versions.select("line_id", "version", "revised_at", amount=yen),
        on="line_id",
        maintain_order="left_right",
    )
    first = pl.lit(value=not joining) & (pl.col("version") == 1)  # as it was before any day
    days = history.filter(~first).select("slip_key", _day="revised_at").unique()
    by_then = first | pl.col("revised_at").is_null() | (pl.col("revised_at") <= pl.col("_day"))
    stood = (
        history.join(days, on="slip_key")
        .filter(by_then)
        .sort("slip_key", "_day", "line_id", "version")
        .group_by("slip_key", "_day", "line_id", maintain_order=True)
        .agg(pl.col("_base", "amount").last())
        .filter(pl.col("amount").sum().over("slip_key", "_day") == pl.col("_base"))
    )
    return stood.filter(pl.col("_day").eq_missing(pl.col("_day").max().over("slip_key"))).select(
        _PART.names()
    )


def _split(covers: pl.DataFrame, slips: pl.DataFrame, log: ProblemLog) -> pl.DataFrame:
    """Principal rows, and delinquency and dunning fee of slips that cover one line; several lines cannot share them."""
    counted = covers.join(
        slips.select("slip_key", "line", "delinquency", "dunning_fee", "_extra"),
        on="slip_key",
        how="inner",
        maintain_order="left",
    ).with_columns(_n=pl.len().over("slip_key"))
    shared = counted.filter((pl.col("_n") > 1) & (pl.col("_extra") > 0))
    one = shared.unique("slip_key", keep="first", maintain_order=True)
    log.add(one, "register.cover_split", field="covers", found=pl.col("_extra"), expected=pl.col("_n"))
    good = counted.filter((pl.col("_n") == 1) | (pl.col("_extra") == 0))
    parts = [
        good.select("slip_key", "line_id", component=pl.lit(component), amount=pl.col(column))
        for component, column in (
            ("principal", "amount"),
            ("delinquency", "delinquency"),
            ("dunning_fee", "dunning_fee"),
        )
    ]
    return (
        pl.concat(parts)
        .filter(pl.col("amount") > 0)
        .sort("slip_key", "line_id", maintain_order=True)
        .cast(pl.Schema(COVERS))
    )


def _named(keys: list[str]) -> pl.Expr:
    """The identifying columns of a slip for a message."""
    return pl.concat_str([pl.format(f"{k}={{}}", pl.col(k).fill_null("-")) for k in keys], separator=" ")
