"""Which slip lies where: bundles (one payer's slips of one layout to one recipient), their order, the output files and the numbers.

In: compact keys of all good rows, in spool order (`keys_of`), a few dozen bytes a slip. Out: for each row its output file
and bundle (`plan_order`), and the order inside a file (`in_print_order`). A payer's slips of one layout are never in two files, and never in
one bundle where they bear two names or two addresses: one envelope shows one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr.problems import ProblemLog
from elqr.same_name import plain_address, plain_name

NUMBER_WIDTH = 6  # digits of the printed running number; more where the job is larger
WHOLE_YEAR = "00"
KIND_ORDER = ("full_year", "initial", "reissue", "dunning", "delinquency")
NOTICE = ("payer", "notice_no", "tax_item", "tax_year")  # rows that share these are instalments of one notice
FIRST_KINDS = ("initial", "full_year")  # of the year's first notice
HELD = 0  # file number of a row that is not printed


@dataclass(frozen=True)
class PlannedFile:
    """One output file: its number from 1, layout, how many slips and bundles, running number of its first slip."""

    number: int
    layout: str
    slips: int
    bundles: int
    first_seq: int


@dataclass(frozen=True)
class PrintPlan:
    """Where every row of the spool goes: arrays over spool rows (`file` 0 = held), the files, and what to tell."""

    files: tuple[PlannedFile, ...]
    file_of_row: npt.NDArray[np.uint32]
    bundle_of_row: npt.NDArray[np.uint32]
    log: ProblemLog


def payer() -> pl.Expr:
    """The payer of a row; a row without payer number is a bundle of its own, never one with other nameless rows."""
    own = pl.concat_str(pl.lit("\0line "), pl.col("line").cast(pl.String))
    given = pl.col("payer_id")
    return pl.when(given.is_null() | (given == "")).then(own).otherwise(given)


def keys_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The ordering keys of cleaned rows, one a row, small enough to keep for a whole job."""
    postal = pl.col("postal_code").str.replace_all(r"[^0-9]", "").cast(pl.UInt32, strict=False)
    return frame.select(
        "line",
        large=pl.col("large_print").fill_null(False),
        sort_key=pl.col("sort_key"),
        postal=postal,
        payer=payer(),
        # compared for equality alone, and only among slips of one payer
        name=plain_name(pl.col("payer_name")).hash(),
        place=pl.struct(postal.alias("postal"), plain_address(pl.col("address")).alias("address")).hash(),
        notice_no=pl.col("notice_no"),
        tax_item=pl.col("tax_item").cast(pl.UInt16, strict=False),
        tax_year=pl.col("tax_year").cast(pl.UInt16, strict=False),
        levy_year=pl.col("levy_year").cast(pl.UInt16, strict=False),
        period=pl.col("period").fill_null(WHOLE_YEAR).cast(pl.UInt8, strict=False),
        full_year=pl.col("period").fill_null(WHOLE_YEAR) == WHOLE_YEAR,
        first=pl.col("kind").fill_null("initial").is_in(FIRST_KINDS),
        amount=pl.col("amount"),
        lang=pl.col("lang").fill_null("ja"),
    )


def overfull_notices(keys: pl.DataFrame, *, table_rows: Mapping[bool, int]) -> pl.DataFrame:
    """Rows of notices with more instalments than the layout's table holds: `line, instalments, rows`.

    `table_rows` gives, by large print or not, the rows of the layout's instalment table (0 = it has none). Every slip
    of such a notice would carry a table that lacks a line, so every one of them is returned.
    """
    limits = keys.select("line", "large", "full_year", *NOTICE).with_columns(
        rows=pl.col("large").replace_strict(dict(table_rows), return_dtype=pl.Int64)
    )
    counted = limits.filter(pl.col("rows") > 0).with_columns(
        instalments=pl.max_horizontal(
            (~pl.col("full_year")).sum().over("large", *NOTICE),
            # a notice of whole-year slips only shows these in its table
            pl.when((pl.col("full_year")).all().over("large", *NOTICE))
            .then(pl.len().over("large", *NOTICE))
            .otherwise(0),
        )
    )
    return counted.filter(pl.col("instalments") > pl.col("rows")).select("line", "instalments", "rows")


def plan_order(
    keys: pl.DataFrame, *, slips_per_file: int, layouts: Mapping[bool, str], held: pl.Series | None = None
) -> PrintPlan:
    """Give every row its file and bundle. `layouts` names the layout for ordinary (False) and large print (True).

    Payers stand by the smallest key of their rows: `sort_key` (text order; rows without one come after), postal code,
    payer. Files take all slips of a payer, up to `slips_per_file`; who has more gets a file of his own and a note. Large
    print follows in files of its own. A payer with several names or addresses has a bundle for each, one after the other.
    `held` are lines that do not print.
    """
    log = ProblemLog()
    # a payer as a number in the order of the texts: a million texts less to sort and to group
    rows = keys.select(
        "line", "large", "sort_key", "postal", "name", "place", payer=pl.col("payer").rank("dense")
    ).with_row_index("row")
    if held is not None and held.len():
        rows = rows.filter(~pl.col("line").is_in(held.implode()))
    file_of_row = np.zeros(keys.height, np.uint32)
    bundle_of_row = np.zeros(keys.height, np.uint32)
    if rows.is_empty():
        return PrintPlan((), file_of_row, bundle_of_row, log)
    rows = rows.sort("large", "sort_key", "postal", "payer", "line", nulls_last=True)
    _notes(rows, log)
    position = np.arange(rows.height)
    whose = rows["payer"].to_numpy().astype(np.int64) * 2 + rows["large"].to_numpy()
    place = np.empty(int(whose.max()) + 1, np.int64)
    place[whose[::-1]] = position[::-1]  # of places written twice the last stands, so the first of a bundle
    first = place[whose]
    opens = first == position
    group = (np.cumsum(opens) - 1)[first]
    sizes = np.bincount(group)
    bundle = _bundles(rows, group, log)
    large = rows["large"].to_numpy()[opens]
    first_line = rows["line"].to_numpy()[opens]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    ordinary = int(np.count_nonzero(~large))
    files: list[PlannedFile] = []
    file_of_group = np.zeros(len(sizes), np.uint32)
    for is_large, start, stop in ((False, 0, ordinary), (True, ordinary, len(sizes))):
        at = start
        while at < stop:
            fits = int(np.searchsorted(ends, ends[at] + slips_per_file, side="right")) - 1
            end = min(max(fits, at + 1), stop)
            slips = int(ends[end] - ends[at])
            number = len(files) + 1
            files.append(PlannedFile(number, layouts[is_large], slips, 0, int(ends[at]) + 1))
            file_of_group[at:end] = number
            if slips > slips_per_file:
                over = pl.DataFrame({"line": [int(first_line[at])]})
                log.add(
                    over, "bundle.over_file_limit", field="payer_id", found=slips, expected=slips_per_file
                )
            at = end
    row = rows["row"].to_numpy()
    bundle_of_row[row] = bundle
    file_of_row[row] = file_of_group[group]
    opened = file_of_group[group[np.unique(bundle, return_index=True)[1]]]
    bundles = np.bincount(opened, minlength=len(files) + 1)
    planned = tuple(replace(file, bundles=int(bundles[file.number])) for file in files)
    return PrintPlan(planned, file_of_row, bundle_of_row, log)


def _bundles(rows: pl.DataFrame, group: npt.NDArray[np.int64], log: ProblemLog) -> npt.NDArray[np.int64]:
    """The bundle of every row, in the order of the groups (a payer's slips of one layout); what is apart in one group is told."""
    whose = rows.select("line", "name", "place", group=pl.Series(group))
    several = whose.filter(pl.struct("name", "place").n_unique().over("group") > 1)
    if several.is_empty():
        return group
    first = several.group_by("group", maintain_order=True).agg(
        pl.col("line").min().alias("first"), pl.col("name").sort_by("line").first().alias("_name")
    )
    apart = several.group_by("group", "name", "place", maintain_order=True).agg(pl.col("line").min())
    others = apart.join(first, on="group", maintain_order="left").filter(pl.col("line") != pl.col("first"))
    same = (pl.col("name") == pl.col("_name")).fill_null(value=False)
    for code, field, told in (
        ("bundle.two_names", "payer_name", others.filter(~same)),
        ("bundle.two_addresses", "address", others.filter(same)),
    ):
        log.add(told.select("line", "first"), code, field=field, found=pl.col("first"))
    # a bundle's place in its group: by its first line, the number of the group before it
    places = apart.sort("group", "line").with_columns(nth=pl.int_range(pl.len()).over("group"))
    keys = ("group", "name", "place")
    nth = whose.join(
        places.select(*keys, "nth"), on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    order = np.stack([group, nth["nth"].fill_null(0).to_numpy()])
    return np.unique(order, axis=1, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _notes(rows: pl.DataFrame, log: ProblemLog) -> None:
    """What an office should know about the order: sort keys that will not sort as numbers, payers in two layouts."""
    digits = rows.filter(pl.col("sort_key").str.contains(r"^[0-9]+$"))
    widths = digits["sort_key"].str.len_bytes()
    if digits.height and digits.height == rows["sort_key"].drop_nulls().len() and widths.n_unique() > 1:
        shortest, longest = str(widths.min()), str(widths.max())
        log.add(
            digits.head(1),
            "sort_key.uneven_width",
            field="sort_key",
            found=f"{shortest}-{longest}",
            expected=longest,
        )
    if rows["large"].any():
        both = rows.filter(pl.col("large").n_unique().over("payer") > 1)
        log.add(
            both.filter("large").unique("payer", keep="first", maintain_order=True),
            "bundle.two_layouts",
            field="large_print",
        )


def in_print_order(rows: pl.DataFrame, *, first_seq: int) -> pl.DataFrame:
    """The rows of one output file (with `bundle`) in print order, numbered.

    Adds `seq` (running number over the job), `n` and `m` (place in the bundle and its size). Inside a bundle: tax item,
    tax year, notice, kind (whole year first), instalment, line.
    """
    kind = pl.col("kind").replace_strict({k: i for i, k in enumerate(KIND_ORDER)}, default=len(KIND_ORDER))
    return (
        rows.with_columns(_kind=kind)
        .sort("bundle", "tax_item", "tax_year", "notice_no", "_kind", "period", "line", nulls_last=True)
        .drop("_kind")
        .with_columns(
            seq=pl.int_range(first_seq, first_seq + pl.len(), dtype=pl.Int64),
            n=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("bundle"),
            m=pl.len().over("bundle").cast(pl.Int64),
        )
    )


def on_sheets(rows: pl.DataFrame, *, per_page: int) -> pl.DataFrame:
    """Rows in print order with their places on sheets that carry up to `per_page` slips.

    Adds `page` (in the file) and `position` (on the page), from 1; `sheet` and `sheets` (place among the bundle's sheets
    and their number). A bundle begins a sheet, and so does a change of language inside it: a sheet speaks one language.
    A slip for the whole year (全期) is alone on its sheet: beside an instalment it would ask to be paid too.
    """
    alone = pl.when(pl.col("period") == WHOLE_YEAR).then(pl.int_range(pl.len()))
    run = pl.struct("bundle", pl.col("lang").fill_null("ja"), alone=alone).rle_id()
    return (
        rows.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int64).over(run) % per_page + 1)
        .with_columns(page=(pl.col("position") == 1).cum_sum().cast(pl.Int64))
        .with_columns(sheet=pl.col("page") - pl.col("page").min().over("bundle") + 1)
        .with_columns(sheets=pl.col("sheet").max().over("bundle"))
    )
