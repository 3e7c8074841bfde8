"""Refunds in words and as plain values, for the terminal and for programs: one line a refund, Japanese first.

In: refunds. Out: lines, documents. Numbers of people are masked unless asked for. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elqr.problems import Problem
from reconcile.refund_states import Refund, State
from reconcile.report_words import COMPONENTS, WHY_PASSED_OVER

STATE_WORDS: Mapping[str, tuple[str, str]] = {
    "proposed": ("起案", "proposed"),
    "approved": ("決定", "decided"),
    "exported": ("振込データ作成済み", "exported"),
    "rejected": ("差戻し", "rejected"),
    "offset": ("全額充当済み", "offset in whole"),
}
_PASSED_OVER = re.compile(
    rf"(.+?):({'|'.join(WHY_PASSED_OVER)}):([0-9]+)(?:;|$)"
)  # an id may hold the signs of the list
CLASS_WORDS: Mapping[str, str] = {"kanou": "過納", "gonou": "誤納"}


def state_fault(refund: Refund, expected: State) -> Problem:
    """`refund.state`: what it is, and what it would have to be."""
    found, needed = (f"{STATE_WORDS[s.value][0]}({s.value})" for s in (refund.state, expected))
    return Problem("refund.state", params={"refund": refund.refund_id, "found": found, "expected": needed})


def passed_over(refund: Refund) -> Iterator[Problem]:
    """A warning for each debt of the payer that the refund leaves as it is: a person sees whether the money may go back all the same."""
    for line_id, reason, yen in split_passed_over(refund.figures.get("passed_over")):
        words = WHY_PASSED_OVER[reason]
        params: dict[str, str | int] = {"refund": refund.refund_id, "line": line_id, "yen": f"{yen:,}"}
        yield Problem("refund.passed_over", params={**params, "reason_ja": words.ja, "reason_en": words.en})


def split_passed_over(said: str | None) -> list[tuple[str, str, int]]:
    """`passed_over` of a proposal taken apart: line, reason, yen."""
    return [(line_id, reason, int(yen)) for line_id, reason, yen in _PASSED_OVER.findall(said or "")]


def state_of(refund: Refund) -> str:
    """The state as people see it: a decided refund with nothing to transfer is done."""
    if refund.state is State.APPROVED and refund.payable == 0:
        return "offset"
    return refund.state.value


def document(refund: Refund, *, show_names: bool) -> dict[str, Any]:
    """A refund as plain values."""
    return {
        "refund_id": refund.refund_id,
        "state": state_of(refund),
        "notice_no": refund.notice_no,
        "payer_id": refund.payer_id if show_names else "***",
        "receipt_id": refund.basis["receipt_id"],
        "line_id": refund.basis["line_id"],
        "component": refund.basis["component"],
        "class": refund.basis["class"],
        **dict(refund.figures),
        "payable": refund.payable,
        "offsets": [
            {k: o[k] for k in ("offset_to", "component", "amount", "effective_on")} for o in refund.offsets
        ],
        "maker": refund.maker,
        "proposed_on": refund.proposed_on,
        "starts": [{n: getattr(s, n) for n in ("who", "on", "reason", "day")} for s in refund.starts],
        "approvals": [{"who": a.who, "role": a.role, "on": a.on} for a in refund.approvals],
        "decided_on": refund.decided_on,
        "rejected_by": refund.rejected_by,
        "reason": refund.reason,
        **{name: getattr(refund.order, name, None) for name in ("batch", "exporter", "transfer_on")},
        "returned": [
            {"batch": order.batch, "transfer_on": order.transfer_on}
            | {name: getattr(said, name) for name in ("who", "on", "reason", "same_account")}
            for order, said in refund.came_back
        ],
    }


def line(refund: Refund, *, show_names: bool) -> str:
    """One refund on one line."""
    ja, en = STATE_WORDS[state_of(refund)]
    figures = refund.figures
    given = f"(承認 {len(refund.approvals)})" if refund.state is State.PROPOSED and refund.approvals else ""
    payer = refund.payer_id if show_names else "***"
    parts = [
        f"{refund.refund_id} {ja}{given} {CLASS_WORDS[refund.basis['class']]} {refund.amount:,}円",
        f"充当 {figures['offset']:,}",
        f"還付 {figures['refund']:,}",
        f"加算金 {figures['interest'] or 0:,}" + (f"(起算 {refund.bears_from})" if refund.bears_from else ""),
        f"宛名 {payer}",
    ]
    if refund.notice_no:
        parts.append(f"通知 {refund.notice_no}")
    if refund.order:
        parts.append(f"振込 {refund.order.batch:05} {refund.order.transfer_on}")
    elif refund.came_back:
        parts.append(f"組戻し {refund.came_back[-1][1].on}")
    return "、".join(parts) + f" / {en}"


def summed(refunds: Sequence[Refund]) -> Iterator[str]:
    """Count and yen by state, in the order of the states."""
    for word, (ja, en) in STATE_WORDS.items():
        mine = [r for r in refunds if state_of(r) == word]
        if mine:
            over, paid = sum(r.amount for r in mine), sum(r.payable for r in mine)
            yield f"{ja} {len(mine)}件 過誤納 {over:,}円 振込額 {paid:,}円 / {en}: {len(mine)}, {over:,} yen, to transfer {paid:,}"


def story(refund: Refund, *, show_names: bool) -> Iterator[str]:
    """One refund from its proposal on, a line a step."""
    basis, figures = refund.basis, refund.figures
    yield line(refund, show_names=show_names)
    yield f"  収納ID {basis['receipt_id']}、調定 {basis['line_id'] or '–'}、納付日 {basis['paid_on']} / receipt, line, paid on"
    yield f"  起案 {refund.proposed_on} {refund.maker} / proposed"
    for offset in refund.offsets:
        yield f"  充当先 {offset['offset_to']} {COMPONENTS[offset['component']].ja} {offset['amount']:,}円({offset['effective_on']})/ offset to"
    for line_id, reason, yen in split_passed_over(figures.get("passed_over")):
        words = WHY_PASSED_OVER[reason]
        yield f"  充当しなかった未納 {line_id} {yen:,}円({words.ja})/ not filled: {words.en}"
    for start in refund.starts:
        yield f"  加算金の起算日 {start.day}({start.on} {start.who}): {start.reason} / interest from"
    for given in refund.approvals:
        yield f"  承認 {given.on} {given.who}({given.role})/ approved"
    if refund.decided_on:
        since, until = figures["interest_from"], figures["interest_to"]
        span = f"加算金の期間 {since} – {until}" if since else "加算金なし"
        yield f"  決定 {refund.decided_on} 通知 {refund.notice_no}、{span} / decided"
    if refund.rejected_by:
        yield f"  差戻し {refund.rejected_by}: {refund.reason} / rejected"
    for order in refund.orders:
        yield f"  振込データ {order.batch:05} {order.transfer_on} {order.exporter} / exported"
        if order.returned:
            yield f"  組戻し {order.returned.on} {order.returned.who}: {order.returned.reason} / sent back by the bank"
