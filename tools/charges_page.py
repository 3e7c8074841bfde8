"""The tables and worked examples of `docs/reconcile-charges.md`, computed by the code that they explain.

In: nothing. Out: name → table; `python -m tools.charges_page` puts each below its mark on the page. A test holds the page against them.
Refuses: a page that lacks a mark (KeyError).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from elqr.calendar import is_bank_day, period_end, roll_due
from elqr.money import to_human
from reconcile import zengin
from reconcile.charges import ROUNDINGS, charges
from reconcile.fiscal import is_carried_over, refund_accounting, revenue_year
from reconcile.interest import interest
from reconcile.kana import to_bank_kana, unwritable
from reconcile.prescription import barred_from
from reconcile.rates import load_rates
from reconcile.transfers import Consignor, check, write

PAGE = Path("docs/reconcile-charges.md")
MARK = re.compile(r"(<!-- table: (\w+) -->\n\n)(?:\|.*\n)*")

LATE = (  # principal, due, paid, source: reconcile-rules §4
    (65_000, "2021-05-31", "2022-01-31", "a city's page"),
    (117_300, "2024-01-31", "2024-08-31", "a city's page"),
    (250_000, "2017-05-01", "2017-07-10", "a city's page"),
    (1_999, "2024-05-31", "2026-03-31", "below 2,000"),
    (2_000, "2024-05-31", "2026-03-31", "total below 1,000"),
    (30_000, "2025-06-30", "2025-07-31", "within the first month"),
    (100_000, "2025-12-25", "2026-03-31", "over the new year"),
    (48_900, "2025-05-31", "2025-09-30", "due on a Saturday"),
    (10_000_000, "2025-03-31", "2025-04-15", "large"),
)
REFUNDS = (  # class, amount, paid, decided, notice, claim: reconcile-rules §5
    ("kanou", 120_000, "2024-03-31", "2026-03-31", None, None),
    ("kanou", 150_000, "2025-05-31", "2026-05-29", None, None),
    ("kanou", 1_999, "2024-03-31", "2026-03-31", None, None),
    ("kanou", 100_000, "2024-01-10", "2025-01-09", None, None),
    ("gonou", 1_000_000, "2025-05-31", "2025-12-26", None, None),
    ("kanou", 1_000_000, "2025-03-31", "2025-10-31", "2025-06-01", "2025-09-30"),
)
DAYS = ("2025-05-31", "2025-12-29", "2025-12-31", "2026-01-03", "2026-05-03", "2026-09-19", "2026-09-24")
DUES = ("2024-01-31", "2026-02-02", "2025-08-31", "2025-01-30", "2025-12-25")
NAMES = ("ヤマダ　タロー", "カ）シャカイ", "ヴァイオリン", "yamada", "ヤマダ・タロウ", "ｻｲﾄｦ", "山田")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, cells)) + " |\n" for cells in lines)


def tables() -> Mapping[str, str]:
    """Every table of the page by the name of its mark."""
    return {
        "days": _days(),
        "months": _months(),
        "rates": _rates(),
        "charges": _charges(),
        "roundings": _roundings(),
        "partial": _partial(),
        "interest": _interest(),
        "books": _books(),
        "prescription": _prescription(),
        "names": _names(),
        "record_1": _record(zengin.HEADER),
        "record_2": _record(zengin.DATA),
        "record_8": _record(zengin.TRAILER),
        "record_9": _record(zengin.END),
        "transfer": _transfer(),
    }


def filled(page: str) -> str:
    """The page with every table replaced by the computed one. Raises KeyError for a mark without a table."""
    found = tables()
    return MARK.sub(lambda mark: mark[1] + found[mark[2]], page)


def _dates(iso: Iterable[str | None]) -> pl.Series:
    return pl.Series([d and date.fromisoformat(d) for d in iso], dtype=pl.Date)


def _yen(series: pl.Series) -> list[str]:
    return to_human(series).to_list()


def _cells(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    texts = frame.with_columns(pl.col(pl.String).str.replace_all("; ", "<br>", literal=True))
    return texts.fill_null("").rows()


def _days() -> str:
    days = _dates(DAYS)
    weekday = days.dt.weekday().replace_strict(dict(enumerate("月火水木金土日", 1)), return_dtype=pl.String)
    bank = is_bank_day(days).replace_strict({True: "yes", False: "no"}, return_dtype=pl.String)
    rows = zip(DAYS, weekday, roll_due(days), bank, strict=True)
    return table(("Day", "", "納期限 becomes", "Banks move money"), rows)


def _months() -> str:
    dues = _dates(DUES)
    starts = dues.dt.offset_by("1d")
    return table(
        ("納期限", "First day", "Last day at the low rate"),
        zip(dues, starts, period_end(starts, months=1), strict=True),
    )


def _rates() -> str:
    late, back = load_rates("delinquency"), load_rates("refund_interest")
    both = late.table().join(back.table(), on="year", how="left").sort("year")
    values = [c for c in both.columns if c != "year"]
    spans = both.with_columns(run=pl.struct(values).rle_id()).group_by("run", maintain_order=True)
    rows = spans.agg(
        pl.col("year").first(), last=pl.col("year").last(), **{c: pl.col(c).first() for c in values}
    )
    return table(
        ("Years", "延滞金, first month", "延滞金, after", "還付加算金"),
        [
            (
                r["year"] if r["year"] == r["last"] else f"{r['year']}–{r['last']}",
                *(_percent(r[c]) for c in values),
            )
            for r in rows.iter_rows(named=True)
        ],
    )


def _percent(tenths: int | None) -> str:
    return "–" if tenths is None else f"{tenths // 10}.{tenths % 10} %"


def _lines(rows: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "line_id": [str(n) for n in range(len(rows))],
            "due_date": roll_due(_dates(r[1] for r in rows)),
            "principal": [r[0] for r in rows],
            "until": _dates(r[2] for r in rows),
        }
    )


def _charges() -> str:
    lines = _lines([r[:3] for r in LATE])
    found = charges(lines, rates=load_rates("delinquency"))
    shown = pl.DataFrame(
        {
            "本税": _yen(lines["principal"]),
            "納期限": found["due_date"],
            "納付日": found["paid_on"],
            "Base": _yen(found["base"]),
            "Segments": found["segments"],
            "延滞金": _yen(found["amount"]),
            "": [r[3] for r in LATE],
        }
    )
    return table(shown.columns, _cells(shown))


def _roundings() -> str:
    lines = _lines([(21_000, "2025-12-25", "2026-09-02")])
    found = [
        charges(lines, rates=load_rates("delinquency"), rounding=r).row(0, named=True) for r in ROUNDINGS
    ]
    rows = [(f"`{f['rounding']}`", f["segments"].replace("; ", "<br>"), f"{f['amount']:,}") for f in found]
    return table(("Policy", "Segments", "延滞金"), rows)


def _partial() -> str:
    lines = _lines([(100_000, "2025-06-30", "2025-10-31")] * 3).with_columns(
        line_id=pl.Series(["A", "B", "C"])
    )
    paid = pl.DataFrame(
        {"line_id": ["B", "B"], "paid_on": _dates(["2025-08-15", "2025-10-31"]), "amount": [39_100, 60_900]}
    )
    exempt = pl.DataFrame(
        {"line_id": ["C"], "exempt_from": _dates(["2025-08-11"]), "exempt_to": _dates(["2025-09-10"])}
    )
    found = charges(lines, payments=paid, exempt=exempt, rates=load_rates("delinquency"))
    cases = (
        "paid in full on 2025-10-31",
        "39,100 paid on 2025-08-15, the rest on 2025-10-31",
        "執行停止 from 2025-08-11 to 2025-09-10",
    )
    shown = pl.DataFrame({"": cases, "Segments": found["segments"], "延滞金": _yen(found["amount"])})
    return table(("100,000 due 2025-06-30", "Segments", "延滞金"), _cells(shown))


def _interest() -> str:
    refunds = pl.DataFrame(
        {
            "class": [r[0] for r in REFUNDS],
            "amount": [r[1] for r in REFUNDS],
            "paid_on": _dates(r[2] for r in REFUNDS),
            "until": _dates(r[3] for r in REFUNDS),
            "notified_on": _dates(r[4] for r in REFUNDS),
            "claimed_on": _dates(r[5] for r in REFUNDS),
        }
    )
    found = interest(refunds, rates=load_rates("refund_interest"))
    shown = pl.DataFrame(
        {
            "Class": refunds["class"].replace_strict({"kanou": "過納", "gonou": "誤納"}),
            "Refund": _yen(refunds["amount"]),
            "Paid": refunds["paid_on"].cast(pl.String),
            "Decided": refunds["until"].cast(pl.String),
            "Notice, claim": [", ".join(filter(None, r[4:])) for r in REFUNDS],
            "Segments": found["segments"],
            "還付加算金": _yen(found["interest"]),
        }
    )
    return table(shown.columns, _cells(shown))


def _books() -> str:
    cases = (
        (2025, "2026-03-31"),
        (2025, "2026-05-31"),
        (2025, "2026-06-01"),
        (2025, "2027-05-31"),
        (2026, "2026-04-30"),
    )
    assessed, on = pl.Series([c[0] for c in cases]), _dates(c[1] for c in cases)
    carried = is_carried_over(assessed, on=on).replace_strict(
        {True: "滞納繰越", False: "現年"}, return_dtype=pl.String
    )
    words = {"modoshi": "`modoshi` 歳入戻出", "saishutsu": "`saishutsu` 歳出"}
    accounting = refund_accounting(assessed, found_on=on).replace_strict(words, return_dtype=pl.String)
    rows = zip(assessed, on, revenue_year(assessed, on=on), carried, accounting, strict=True)
    return table(
        ("Line of", "Day", "A payment belongs to", "as", "A refund of money posted to the line's year"), rows
    )


def _prescription() -> str:
    dues, premium = _dates(("2021-05-31", "2024-05-31", "2024-02-28")), pl.Series([False, True, False])
    kinds = premium.replace_strict({True: "料, 2 years", False: "tax, 5 years"}, return_dtype=pl.String)
    return table(
        ("納期限", "", "Barred from"), zip(dues, kinds, barred_from(dues, premium=premium), strict=True)
    )


def _names() -> str:
    names = pl.Series(NAMES)
    written = to_bank_kana(names)
    rows = zip(names, written, unwritable(written), strict=True)
    return table(
        ("Name", "In the file", "Characters that hold it"),
        [(n, "–" if wrong else f"`{w}`", wrong or "–") for n, w, wrong in rows],
    )


def _record(fields: Sequence[zengin.Field]) -> str:
    def value(field: zengin.Field) -> str:
        if field.fixed is None:
            return {"N": "digits", "C": "characters"}[field.kind]
        return f"`{field.fixed}`" if field.fixed else "spaces"

    return table(
        ("Columns", "Width", "Field", "Kind", "Value"),
        [
            (
                f"{f.start}–{f.start + f.width - 1}",
                f.width,
                f"`{f.name}`" if f.name.isascii() else f.name,
                f.kind,
                value(f),
            )
            for f in fields
        ],
    )


def _transfer() -> str:
    refund = {
        "line": 2,
        "reference": "15",
        "bank_code": "0005",
        "branch_code": "001",
        "account_type": "1",
        "account_no": "12345",
        "payee": "ヤマダ　タロー",
        "amount": 123_400,
    }
    city = Consignor("1234567890", "ミハラシ　カイケイカンリシャ", "0169", "001", "1", "7654321")
    raw = write(check(pl.DataFrame([refund])).frame, consignor=city, transfer_on=date(2026, 11, 20)).decode(
        "cp932"
    )
    records = [raw[at : at + zengin.RECORD_BYTES] for at in range(0, len(raw), zengin.RECORD_BYTES)]
    return table(("Record", "Without the spaces at its end"), [(r[0], f"`{r.rstrip(' ')}`") for r in records])


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
