"""The columns of assessments and of the slip register, in the same form as the columns of a slips file.

In: nothing. Out: the two tables that the reader, the checks and the docs read. A register needs no names and addresses, so a slips file
that prints is a slip register too, and one without personal data is enough. Source: the files contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from elqr.columns import BY_NAME, IDENTIFIER_MAX, Column, Kind

STATUS_WORDS: Mapping[str, str] = {"open": "有効", "cancelled": "取消", "suspended": "停止"}

ASSESSMENT_COLUMNS: tuple[Column, ...] = (
    Column("line_id", "調定番号", Kind.TEXT, IDENTIFIER_MAX, aliases=("調定ID",)),
    replace(BY_NAME["payer_id"]),
    replace(BY_NAME["body_code"]),
    replace(BY_NAME["tax_item"]),
    replace(BY_NAME["levy_year"]),
    replace(BY_NAME["tax_year"]),
    Column("fiscal_year", "会計年度", Kind.YEAR, 4),
    replace(BY_NAME["period"]),
    replace(BY_NAME["notice_no"]),
    replace(BY_NAME["due_date"]),
    Column("principal", "本税", Kind.MONEY, 11, aliases=("調定額", "税額"), about="0 is allowed"),
    Column(
        "status",
        "状態",
        Kind.CHOICE,
        9,
        required=False,
        filled=False,
        choices=STATUS_WORDS,
        about="empty = `open`",
    ),
    Column(
        "revised_at",
        "更正日",
        Kind.DATE,
        10,
        required=False,
        filled=False,
        aliases=("調定日", "異動日"),
        about="empty = as first assessed",
    ),
    Column("carried_over", "滞納繰越", Kind.FLAG, 1, required=False, filled=False, about="empty = 0"),
    Column("time_barred_on", "時効完成日", Kind.DATE, 10, required=False, filled=False),
    Column("exempt_from", "延滞金免除開始日", Kind.DATE, 10, required=False, filled=False),
    Column(
        "exempt_to",
        "延滞金免除終了日",
        Kind.DATE,
        10,
        required=False,
        filled=False,
        about="empty = still runs",
    ),
    Column("dunning_fee", "督促手数料", Kind.MONEY, 11, required=False, filled=False),
    Column("is_premium", "料", Kind.FLAG, 1, required=False, filled=False, about="empty = 0 (a tax)"),
)

_SLIP_NEEDED = ("slip_key", "tax_item", "body_code", "payer_id", "amount")
_SLIP_MORE = (
    "confirm_no",
    "notice_no",
    "levy_year",
    "tax_year",
    "period",
    "due_date",
    "payable_until",
    "kind",
    "covers",
    "supersedes",
    "principal",
    "delinquency",
    "dunning_fee",
)
SLIP_COLUMNS: tuple[Column, ...] = (
    *(replace(BY_NAME[name]) for name in _SLIP_NEEDED),
    *(replace(BY_NAME[name], required=False, filled=False) for name in _SLIP_MORE),
)

REGISTER_COLUMNS: tuple[Column, ...] = (
    *ASSESSMENT_COLUMNS,
    *(c for c in SLIP_COLUMNS if c.name not in {a.name for a in ASSESSMENT_COLUMNS}),
)
"""Both registers: what one mapping file may speak of."""


def accepted_choices(column: Column) -> dict[str, str]:
    """Every accepted word of a choice -> its value."""
    words = dict(column.choices or {})
    return {**{v: v for v in words}, **{ja: v for v, ja in words.items()}}


def markdown(columns: Sequence[Column]) -> str:
    """One table of columns as it stands in docs/reconcile-intake.md."""
    lines = ["| Column | Heading | Required | Value |", "|---|---|---|---|"]
    for c in columns:
        need = "yes" if c.filled else ""
        words = " · ".join(f"`{v}` ({ja})" for v, ja in (c.choices or {}).items())
        value = words or _VALUES[c.kind].format(w=c.width)
        about = f"; {c.about}" if c.about else ""
        lines.append(f"| `{c.name}` | {'、'.join((c.ja, *c.aliases))} | {need} | {value}{about} |")
    return "\n".join(lines) + "\n"


_VALUES: Mapping[Kind, str] = {
    Kind.DIGITS: "{w} digits",
    Kind.KEY: "up to {w} digits",
    Kind.YEAR: "year, 4 digits",
    Kind.MONEY: "whole yen, up to {w} digits",
    Kind.DATE: "date",
    Kind.TEXT: "text, up to {w} characters",
    Kind.FLAG: "`0` or `1`",
    Kind.COVERS: "list",
}
