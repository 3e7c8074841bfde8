"""Rows of `notices.csv` (過誤納金還付(充当)通知書) as typed columns, and what a form may print of them.

In: strings as the reader hands them out. Out: cleaned rows with a log, and value columns by name. Refuses rows, never the file: a
missing cell, a date or amount that is none, sums that do not hold, a notice number that stands twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from elqr import dates, money
from elqr.checks.clean import plain_text
from elqr.columns import ADDRESS_MAX, BY_NAME, IDENTIFIER_MAX, NAME_MAX, Column, Kind
from elqr.problems import ProblemLog
from elqr.site import Site
from slips.labels import load_labels, worded
from slips.order import NUMBER_WIDTH
from slips.said import said_days, said_years, value_words

CLASSES: Final[Mapping[str, str]] = {"過納": "過納", "誤納": "誤納", "kanou": "過納", "gonou": "誤納"}
SENSIBLE_BYTES: Final = 200
_DIGITS: Final[Mapping[Kind, str]] = {Kind.YEAR: r"^[0-9]{4}$", Kind.DIGITS: r"^[0-9]{1,2}$"}
"""Fiscal year and instalment, which a spreadsheet may have robbed of its zero."""
_EXPECTED: Final[Mapping[Kind, str]] = {
    Kind.DATE: "YYYY-MM-DD",
    Kind.MONEY: "yen",
    Kind.POSTAL: "7 digits",
    Kind.YEAR: "4 digits",
    Kind.DIGITS: "2 digits",
}


def _maybe(name: str, ja: str, kind: Kind, width: int) -> Column:
    return Column(name, ja, kind, width, filled=False)


COLUMNS: Final[tuple[Column, ...]] = (
    BY_NAME["notice_no"],
    Column("decided_on", "決定日", Kind.DATE, 10),
    _maybe("payer_id", "宛名番号", Kind.TEXT, IDENTIFIER_MAX),
    Column("payer_name", "氏名", Kind.TEXT, NAME_MAX, aliases=("納税者氏名",)),
    _maybe("postal_code", "郵便番号", Kind.POSTAL, 7),
    Column("address", "住所", Kind.TEXT, ADDRESS_MAX),
    _maybe("lang", "言語", Kind.LANG, 35),
    Column("tax_name", "税目名", Kind.TEXT, IDENTIFIER_MAX, aliases=("税目",)),
    _maybe("levy_year", "賦課年度", Kind.YEAR, 4),
    _maybe("period", "期別", Kind.DIGITS, 2),
    Column("paid_amount", "納付済額", Kind.MONEY, 11),
    Column("due_amount", "納付すべき額", Kind.MONEY, 11),
    Column("overpaid", "過誤納金額", Kind.MONEY, 11),
    Column("class", "区分", Kind.TEXT, 8),
    _maybe("offset_to", "充当先", Kind.TEXT, SENSIBLE_BYTES),
    _maybe("offset_amount", "充当額", Kind.MONEY, 11),
    Column("refund", "還付金額", Kind.MONEY, 11),
    _maybe("interest", "還付加算金", Kind.MONEY, 11),
    _maybe("interest_from", "加算金起算日", Kind.DATE, 10),
    _maybe("interest_to", "加算金終了日", Kind.DATE, 10),
    Column("total", "支払金額", Kind.MONEY, 11),
    _maybe("account_masked", "振込先", Kind.TEXT, SENSIBLE_BYTES),
    _maybe("claim_until", "請求期限", Kind.DATE, 10),
)

SUMS: Final = (
    ("overpaid", "過誤納金額", ("offset_amount", "refund")),
    ("total", "支払金額", ("refund", "interest")),
)
"""What a row must satisfy: the first is the sum of the others."""

VALUES: Final = (
    *("notice_no", "decided_on", "payer_id", "payer_name", "postal", "address", "tax_name", "year_period"),
    *("paid_amount", "due_amount", "overpaid", "class", "offset_to", "offset_amount", "refund", "interest"),
    *("interest_span", "total", "account", "no_account", "no_payment", "claim_until", "offset"),
    *("seq", "n_of_m", "test", "city", "department", "telephone"),
    *("line", "slip_key", "lang", "mode", "payload", "postal_code"),
)
"""Every value column that a form for this document may name."""


def cleaned(
    frame: pl.DataFrame, log: ProblemLog, *, gaiji: Mapping[str, str] = MappingProxyType({})
) -> pl.DataFrame:
    """Typed rows (money Int64, days Date) without those that are held; what holds them goes into `log`. `gaiji`: the site's 外字 table."""
    held = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    keyed = frame.with_columns(slip_key=pl.col("notice_no"))
    for column in COLUMNS:
        if column.kind is Kind.TEXT:  # a name says on a notice what it says on a slip
            keyed = plain_text(keyed, column, gaiji, log)
    out = keyed
    for column in COLUMNS:
        cells = keyed[column.name].str.strip_chars()
        if column.filled:
            held |= _say(keyed, cells.fill_null("") == "", "notice.missing", log, column)
        typed = _typed(cells, column)
        wrong = typed.is_null() & (cells.fill_null("") != "")
        said = {"found": cells.filter(wrong), "expected": _EXPECTED.get(column.kind, "過納 / 誤納")}
        held |= _say(keyed, wrong, "notice.bad_value", log, column, **said)
        out = out.with_columns(typed.alias(column.name))
    good = out.filter(~held)
    for name, ja, parts in SUMS:
        total = good.select(pl.sum_horizontal(pl.col(p).fill_null(0) for p in parts)).to_series()
        differs = good[name] != total
        rows = good.filter(differs)
        log.add(
            rows, "notice.sum_differs", field=name, name=ja, found=rows[name], expected=total.filter(differs)
        )
        good = good.filter(~differs)
    # beside one that is held for something else too: which of the two is meant nobody knows
    counts = out.group_by("notice_no").agg(_count=pl.len())
    good = good.join(counts, on="notice_no", how="left", maintain_order="left")
    twice = good.filter(pl.col("_count") > 1)
    log.add(twice, "notice.twice", field="notice_no", found=twice["notice_no"], count=twice["_count"])
    return good.filter(pl.col("_count") == 1).drop("_count")


def _say(
    frame: pl.DataFrame, where: pl.Series, code: str, log: ProblemLog, column: Column, **said: object
) -> pl.Series:
    log.add(frame.filter(where), code, field=column.name, name=column.ja, **said)  # type: ignore[arg-type]
    return where


def _typed(cells: pl.Series, column: Column) -> pl.Series:
    """The cells in the column's type; null where they are not of it."""
    plain = cells.str.normalize("NFKC")
    match column.kind:
        case Kind.DATE:
            return dates.parse(cells)
        case Kind.MONEY:
            bare = plain.str.replace_all(",", "").str.strip_suffix("円")
            yen = bare.to_frame().select(
                pl.when(pl.col(bare.name).str.contains(r"^[0-9]{1,11}$")).then(bare.name)
            )
            return yen.to_series().cast(pl.Int64)
        case Kind.POSTAL:
            digits = plain.str.replace_all("[-−ー]", "")
            return (
                digits.to_frame()
                .select(pl.when(pl.col(digits.name).str.contains("^[0-9]{7}$")).then(digits.name))
                .to_series()
            )
    if column.kind in _DIGITS:
        fits = pl.col(plain.name).str.contains(_DIGITS[column.kind])
        number = plain.to_frame().select(pl.when(fits).then(pl.col(plain.name).str.zfill(column.width)))
        return number.to_series()
    if column.name == "class":
        return plain.replace_strict(dict(CLASSES), default=None, return_dtype=pl.String)
    return cells.to_frame().select(pl.when(pl.col(cells.name) != "").then(cells.name)).to_series()


def notice_values(rows: pl.DataFrame, *, site: Site, test: bool = False) -> pl.DataFrame:
    """The value columns of cleaned rows in print order; empty text where a row has nothing to say."""
    spoken = rows.with_columns(
        _row=pl.int_range(pl.len()), lang=pl.col("lang").str.to_lowercase().fill_null("ja")
    )
    parts = [
        _said(part, lang=worded(str(lang)), site=site, test=test)
        for (lang,), part in spoken.partition_by("lang", as_dict=True, maintain_order=True).items()
    ]
    return (
        pl.concat(parts).sort("_row").drop("_row")
        if parts
        else pl.DataFrame(schema=dict.fromkeys(VALUES, pl.String()))
    )


def _said(rows: pl.DataFrame, *, lang: str, site: Site, test: bool) -> pl.DataFrame:
    words, japanese = value_words(lang), load_labels(lang).base == "ja"
    yen = {
        n: _yen(rows[n], words["yen"]) for n in ("paid_amount", "due_amount", "overpaid", "refund", "total")
    }
    span = _pattern(
        "{}～{}" if japanese else "{} – {}",
        said_days(rows["interest_from"], lang),
        said_days(rows["interest_to"], lang),
    )
    whole = rows["period"].fill_null("") == "00"
    number = _pattern(words["instalment"], rows["period"].str.strip_chars_start("0"))
    period = number.zip_with(~whole, pl.Series([words["whole_year"]], dtype=pl.String)).fill_null("")
    year = said_years(rows["levy_year"], lang)
    offset = rows["offset_amount"].fill_null(0)
    said = {
        **yen,
        "offset_amount": _yen(offset, words["yen"]),
        "interest": _yen(rows["interest"].fill_null(0), words["yen"]),
        "interest_span": span,
        "decided_on": said_days(rows["decided_on"], lang),
        "claim_until": said_days(rows["claim_until"], lang),
        "year_period": _pattern("{} {}", year.fill_null(""), period).str.strip_chars(),
        "postal": _pattern(
            words["postal"], rows["postal_code"].str.slice(0, 3), rows["postal_code"].str.slice(3)
        ),
        "payer_name": _pattern(words["name"], rows["payer_name"]),
        # one of the three, as the form's group `exclusive` promises: they share a place
        "account": rows.select(pl.when(pl.col("total") > 0).then("account_masked")).to_series(),
        "no_payment": _flag(rows["total"] == 0),
        "no_account": _flag(rows["account_masked"].is_null() & (rows["total"] > 0)),
        "offset": _flag(offset > 0),
        # A line that is left empty might have been forgotten: where nothing is set off, the notice says so.
        "offset_to": rows["offset_to"].str.replace_all(";", "、").replace("", None).fill_null(words["none"]),
        "test": _flag(pl.repeat(test, rows.height, dtype=pl.Boolean, eager=True)),
        "seq": (rows["_row"] + 1).cast(pl.String).str.zfill(NUMBER_WIDTH),
        "n_of_m": pl.repeat("1/1", rows.height, dtype=pl.String, eager=True),
        "city": _same(site.city if japanese else site.city_en or site.city, rows),
        "department": _same(site.department if japanese else site.department_en or site.department, rows),
        "telephone": _same(site.telephone, rows),
        "payload": _same("", rows),
        "mode": _same("test" if test else "notice", rows),
        **{
            n: rows[n]
            for n in (
                "notice_no",
                "payer_id",
                "address",
                "tax_name",
                "class",
                "postal_code",
                "lang",
                "slip_key",
            )
        },
    }
    texts = pl.DataFrame([series.alias(name) for name, series in said.items()]).with_columns(
        pl.all().fill_null("")
    )
    return texts.with_columns(rows["line"], rows["_row"])


def _same(text: str, rows: pl.DataFrame) -> pl.Series:
    return pl.repeat(text, rows.height, dtype=pl.String, eager=True)


def _flag(holds: pl.Series) -> pl.Series:
    return holds.replace_strict({True: "1", False: ""}, return_dtype=pl.String)


def _pattern(pattern: str, *series: pl.Series) -> pl.Series:
    named = [s.alias(f"{k}") for k, s in enumerate(series)]
    return pl.DataFrame(named).select(pl.format(pattern, *(s.name for s in named))).to_series()


def _yen(amounts: pl.Series, pattern: str) -> pl.Series:
    return _pattern(pattern, money.to_human(amounts))
