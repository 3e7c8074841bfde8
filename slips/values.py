"""What a slip says: the printable value columns that a layout may name, from cleaned rows.

In: rows of the cleaned slips frame, numbered (`seq, n, m`), and the site. Out: one String column a value, one row a slip.
Names and addresses are handed through character by character; words come from `layouts/values.toml`. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from elqr import elnumber, gs1_128, money
from elqr.digits import to_matrix
from elqr.site import Site
from elqr.wire import LENGTH
from slips.guidance import LINES, Guide, guide_lines
from slips.instalments import instalment_columns
from slips.labels import WORDINGS, load_labels, worded
from slips.order import NUMBER_WIDTH, WHOLE_YEAR
from slips.said import said_days, said_years, value_words

CARRIED = ("line", "slip_key", "lang", "mode", "payload", "postal_code", "amount")
"""Columns that the page writer and the proof need as they are, beside the values."""

PLACED = ("page", "position")
"""Carried too, where a page has several slips: the page in the file and the place on it, from 1."""

NAMES = (
    *("tax_name", "levy_year", "tax_year", "period", "year_period", "amount_yen", "amount_digits"),
    *(
        "due_date",
        "payable_until",
        "payer_name",
        "payer_name_plain",
        "postal",
        "address",
        "notice_no",
        "payer_id",
    ),
    *(
        "el_body",
        "el_key",
        "el_confirm",
        "el_item",
        "barcode",
        "over_limit",
        "no_barcode",
        "barcode_1",
        "barcode_2",
    ),
    *(
        "seq",
        "n_of_m",
        "sheet_of",
        "place",
        "group",
        "kind",
        "principal",
        "delinquency",
        "dunning_fee",
        "body_code",
        "city",
        "department",
    ),
    *("full_year", "instalment"),
    *(f"guide_{line + 1}" for line in range(LINES)),
    *("telephone", "test", "breakdown", "inst_full_amount", "inst_full_due"),
)
"""Every value column except the numbered cells of the instalment table (`inst_period_1`, `inst_amount_1`, `inst_due_1` …)."""


CELLS = ("inst_period", "inst_amount", "inst_due")


def known_values(table_rows: int) -> frozenset[str]:
    """Every name that a layout with so many rows in its instalment table may use."""
    cells = (f"{cell}_{row}" for cell in CELLS for row in range(1, table_rows + 1))
    return frozenset({*NAMES, *CARRIED, *cells})


def place_words() -> tuple[str, ...]:
    """Every word that `place` may be."""
    return tuple(word for lang in WORDINGS for word in value_words(lang)["places"])


USUAL_BUNDLE = 99
"""Slips of a bundle whose n/m the check before printing takes for granted."""


def values(
    frame: pl.DataFrame, *, site: Site, table_rows: int = 0, guide: Guide | None = None
) -> pl.DataFrame:
    """The value columns for cleaned rows with `seq`, `n`, `m` (Int64): see `NAMES`, and the table cells with _1 … `table_rows`.

    Empty text where a row has nothing to say. A row's `lang` chooses the words (`labels.worded`).
    """
    rows = frame.with_columns(
        **instalment_columns(frame, rows=table_rows).to_dict(as_series=True), _row=pl.int_range(pl.len())
    )
    tags = rows["lang"].fill_null("ja")
    said_in = tags.replace_strict({tag: worded(tag) for tag in tags.unique()}, return_dtype=pl.String)
    parts = [
        _spoken(part, lang=lang, site=site, table_rows=table_rows, guide=guide)
        for lang in WORDINGS
        if (part := rows.filter(said_in == lang)).height or (lang == "ja" and not rows.height)
    ]
    return pl.concat(parts).sort("_row").drop("_row")


def provisional(
    frame: pl.DataFrame, *, site: Site, table_rows: int, guide: Guide | None = None
) -> pl.DataFrame:
    """Values for the check whether text can be shown and fits, before the order is known.

    Numbers are of the widest usual form (longer ones are looked at when the order is known: `slips.numbering`), and each row
    stands in the first line of its own table, so that every text that can come into a cell of that column is tried once.
    """
    numbered = frame.with_columns(
        seq=pl.lit(10**NUMBER_WIDTH - 1, pl.Int64),
        n=pl.lit(USUAL_BUNDLE, pl.Int64),
        m=pl.lit(USUAL_BUNDLE, pl.Int64),
    )
    alone = numbered.with_columns(
        payer_id=pl.lit(None, pl.String)
    )  # no payer: each row is a notice of its own
    return values(alone, site=site, table_rows=table_rows, guide=guide).with_columns(
        frame["payer_id"].fill_null("").alias("payer_id")
    )


def _spoken(
    rows: pl.DataFrame, *, lang: str, site: Site, table_rows: int, guide: Guide | None
) -> pl.DataFrame:
    """The values of rows of one of `WORDINGS`, with `_row`."""
    words, base = value_words(lang), load_labels(lang).base
    yen = {name: money.to_human(rows[name]) for name in ("amount", "principal", "delinquency", "dunning_fee")}
    levied, taxed = (said_years(rows[name], lang) for name in ("levy_year", "tax_year"))
    period = _period(rows["period"], words)
    bare = rows["barcode"].is_null()
    said: dict[str, pl.Series] = {
        "tax_name": _item_names(rows, site, base),
        "levy_year": levied,
        "tax_year": taxed,
        "period": period,
        "year_period": _year_period(levied, taxed, period, words),
        "amount_yen": _in_words(words["yen"], yen["amount"]),
        "amount_digits": yen["amount"],
        "due_date": said_days(rows["due_date"], lang),
        "payable_until": said_days(rows["payable_until"], lang),
        "payer_name": _in_words(words["name"], rows["payer_name"]),
        "payer_name_plain": rows["payer_name"],
        "postal": _postal(rows["postal_code"], words),
        "kind": rows["kind"].replace_strict(words["kind"], default="", return_dtype=pl.String),
        "seq": rows["seq"].cast(pl.String).str.zfill(NUMBER_WIDTH),
        "n_of_m": _in_words("{}/{}", rows["n"], rows["m"]),
        "group": _group(rows).cast(pl.String).str.zfill(NUMBER_WIDTH),
        "principal": yen["principal"],
        "delinquency": yen["delinquency"],
        "dunning_fee": yen["dunning_fee"],
        "test": _flag(rows["mode"].fill_null("") == "test"),
        "full_year": _flag(rows["period"].fill_null(WHOLE_YEAR) == WHOLE_YEAR),
        "instalment": _flag(rows["period"].fill_null(WHOLE_YEAR) != WHOLE_YEAR),
        "breakdown": _flag((rows["delinquency"].fill_null(0) + rows["dunning_fee"].fill_null(0)) > 0),
        "over_limit": _flag(bare & (rows["amount"] > site.barcode_limit)),
        "no_barcode": _flag(bare & ~(rows["amount"] > site.barcode_limit)),
        "inst_full_amount": money.to_human(rows["inst_full_amount"]),
        "inst_full_due": said_days(rows["inst_full_due"], lang),
        **{name: rows[name] for name in ("address", "notice_no", "payer_id", "barcode", "body_code")},
        **_printed_codes(rows),
        **guide_lines(rows, guide, lang=base),
        **{
            name: pl.repeat(text, rows.height, dtype=pl.String, eager=True)
            for name, text in _office(site, base).items()
        },
    }
    # One slip a page: the sheet is the slip.
    on_sheets = "sheet" in rows.columns
    said["sheet_of"] = _in_words("{}/{}", rows["sheet"], rows["sheets"]) if on_sheets else said["n_of_m"]
    said["place"] = _place(rows, words)
    for k in range(1, table_rows + 1):
        said[f"inst_period_{k}"] = _period(rows[f"inst_period_{k}"], words)
        said[f"inst_amount_{k}"] = money.to_human(rows[f"inst_amount_{k}"])
        said[f"inst_due_{k}"] = said_days(rows[f"inst_due_{k}"], lang)
    texts = pl.DataFrame([series.alias(name) for name, series in said.items()]).with_columns(
        pl.all().fill_null("")
    )
    placed = [name for name in PLACED if name in rows.columns]
    return texts.with_columns(rows.select([*CARRIED, *placed, "_row"]).get_columns())


def _group(rows: pl.DataFrame) -> pl.Series:
    """Number of the bundle in the job, from 1; rows that were not ordered yet are of the first."""
    if "bundle" in rows.columns:
        return rows["bundle"].cast(pl.Int64) + 1
    return pl.repeat(1, rows.height, dtype=pl.Int64, eager=True)


def _place(rows: pl.DataFrame, words: Mapping[str, Any]) -> pl.Series:
    """Which slip of its page this is, in a word (上段, 下段); nothing where it is the only one."""
    if "position" not in rows.columns:
        return pl.repeat("", rows.height, dtype=pl.String, eager=True)
    named = dict(enumerate(words["places"], 1))
    return rows["position"].replace_strict(
        named, default=rows["position"].cast(pl.String), return_dtype=pl.String
    )


def _in_words(pattern: str, *series: pl.Series) -> pl.Series:
    """`pattern` with the series in its holes, row by row; null where one of them is null."""
    named = [s.alias(f"{i}") for i, s in enumerate(series)]
    return pl.DataFrame(named).select(pl.format(pattern, *(s.name for s in named))).to_series()


def _item_names(rows: pl.DataFrame, site: Site, lang: str) -> pl.Series:
    """The tax as the row names it; in another language as the site file names its item there, else as the row does."""
    if lang == "ja" or not site.tax_items_en:
        return rows["tax_name"]
    named = rows["tax_item"].replace_strict(dict(site.tax_items_en), default=None, return_dtype=pl.String)
    return named.fill_null(rows["tax_name"])


def _year_period(
    levied: pl.Series, taxed: pl.Series, period: pl.Series, words: Mapping[str, Any]
) -> pl.Series:
    """`令和8年度 第1期`; where a tax of one year is levied in another, both are said."""
    both = _in_words(words["year_of"], levied, taxed)
    year = both.zip_with(levied.ne_missing(taxed), taxed)
    return _in_words("{} {}", year, period)


def _period(period: pl.Series, words: Mapping[str, Any]) -> pl.Series:
    number = _in_words(words["instalment"], period.str.strip_chars_start("0"))
    return number.zip_with(
        period.fill_null("") != WHOLE_YEAR, pl.Series([words["whole_year"]], dtype=pl.String)
    )


def _flag(holds: pl.Series) -> pl.Series:
    """`1` where it holds, empty elsewhere: what a layout asks with `when`."""
    return holds.replace_strict({True: "1", False: ""}, return_dtype=pl.String)


def _postal(codes: pl.Series, words: Mapping[str, Any]) -> pl.Series:
    """Seven digits as people write them."""
    digit = codes.str.replace_all("[^0-9]", "")
    return _in_words(words["postal"], digit.str.slice(0, 3), digit.str.slice(3))


def _printed_codes(rows: pl.DataFrame) -> dict[str, pl.Series]:
    """eL番号 in its four parts, and the two lines under a convenience-store barcode."""
    parts = elnumber.el_numbers(to_matrix(rows["payload"], LENGTH))
    el = {name: elnumber.grouped(parts[name]) if name == "el_key" else parts[name] for name in parts.columns}
    barred = rows["barcode"].is_not_null()
    upper, lower = gs1_128.lines(to_matrix(rows["barcode"].drop_nulls(), gs1_128.LENGTH))
    place = barred.cum_sum().cast(pl.Int64) - 1
    place = place.set(~barred, None)
    return {**el, "barcode_1": upper.gather(place), "barcode_2": lower.gather(place)}


def _office(site: Site, lang: str) -> Mapping[str, str]:
    """Who sends the slip, in the row's language where the site file has it."""
    if lang == "ja":
        return {"city": site.city, "department": site.department, "telephone": site.telephone}
    return {
        "city": site.city_en or site.city,
        "department": site.department_en or site.department,
        "telephone": site.telephone,
    }
