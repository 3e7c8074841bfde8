"""Functions that a profile names: derived fields, row check digits, the rule of 確認番号.

In: columns or digit matrices; out: columns, digits or flags. What is not public has a stand-in here with
status placeholder. A municipality's own functions come as Python entry points of the group `elqr.rules`,
each a `RuleFunction`. Refuses: an entry point that is no `RuleFunction` or takes the name of another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Final

import numpy as np
import polars as pl

from elqr.digits import ZERO, Flags, Matrix
from elqr.wire import Status

DERIVED: Final = "derived"
ROW_CHECK: Final = "row_check"
CONFIRMATION: Final = "confirmation"
KINDS_OF_FUNCTION: Final[Mapping[str, str]] = {
    "row1_check": ROW_CHECK,
    "row2_check": ROW_CHECK,
    "confirm_no": CONFIRMATION,
}
"""Fields whose function is of another kind than `derived`."""

GROUP: Final = "elqr.rules"


@dataclass(frozen=True)
class RuleFunction:
    """One function by name. What `compute` takes and gives follows from `kind`:

    derived: slips frame -> column of digits · row_check: `(n, 37)` or `(n, 42)`, the row without its check
    digits -> `(n, 2)` · confirmation: `(n, 255)` payloads -> `(n,)` true where 確認番号 holds (its value
    comes from the slips).
    """

    name: str
    kind: str
    status: Status
    ja: str
    en: str
    compute: Callable[[Any], Any]


def _body_without_check(frame: pl.DataFrame) -> pl.Series:
    """Inferred: 共通納税機関コード is the 団体コード without its check digit (elqr-format 1)."""
    return frame["body_code"].str.slice(0, 5)


def _zeros(rest: Matrix) -> Matrix:
    """`00`: stands where the real check digits would; such a slip can never be paid."""
    return np.full((rest.shape[0], 2), ZERO, np.uint8)


def _as_given(payloads: Matrix) -> Flags:
    """Every 確認番号 passes: the tax system made it, its rule is not public."""
    return np.ones(payloads.shape[0], np.bool_)


_SHIPPED: Final = (
    RuleFunction(
        "body_code_5",
        DERIVED,
        "inferred",
        "団体コードの先頭5桁(検査数字を除く)",
        "the first five digits of the body code, without its check digit",
        _body_without_check,
    ),
    RuleFunction(
        "zeros",
        ROW_CHECK,
        "placeholder",
        "00を入れる(本来の計算方法は公開されていない)",
        "writes 00; the real computation is not public",
        _zeros,
    ),
    RuleFunction(
        "as_given",
        CONFIRMATION,
        "placeholder",
        "税システムが付けた番号をそのまま使う(検算しない)",
        "takes the number of the tax system as it is and checks nothing",
        _as_given,
    ),
)


def functions(kind: str) -> Mapping[str, RuleFunction]:
    """The known functions of one kind by name: shipped, then plug-ins in order of their names.

    Raises ValueError for a plug-in that is no `RuleFunction` or that repeats a name.
    """
    known = {f.name: f for f in _SHIPPED if f.kind == kind}
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        loaded = point.load()
        if not isinstance(loaded, RuleFunction):
            raise ValueError(f"entry point {point.name} of {GROUP} is no RuleFunction")
        if loaded.kind == kind:
            if loaded.name in known:
                raise ValueError(f"entry point {point.name} of {GROUP} repeats the name {loaded.name}")
            known[loaded.name] = loaded
    return known


def function_names(kind: str) -> list[str]:
    """The names a profile may use for this kind of function."""
    return list(functions(kind))
