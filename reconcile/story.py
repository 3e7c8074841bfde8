"""A story in words, for the terminal: one line an event, Japanese first, English behind.

In: the document of a `Story`, masked or not. Out: lines. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from elqr.columns import KINDS as SLIP_KINDS
from elqr.html_page import Words
from reconcile.outcomes import Outcome
from reconcile.report_words import CHANNELS, COMPONENTS, WHY_PASSED_OVER

Row = Mapping[str, Any]
NO_CHANNEL = Words("納付方法不明", "channel not known")
_OUTCOMES: Mapping[str, Outcome] = {o.value: o for o in Outcome}
_KINDS: Mapping[str, str] = {
    "preliminary": "速報", "confirmed": "確報", "cancelled": "取消", "corrected": "訂正",
}  # fmt: skip
_CLASSES: Mapping[str, str] = {"kanou": "過納", "gonou": "誤納"}
_STATUS: Mapping[str, str] = {"open": "有効", "cancelled": "取消", "suspended": "停止"}
_TITLES: Mapping[str, str] = {"receipt": "収納 / receipt", "slip": "納付書 / slip", "line": "調定 / line"}
_EVIDENCE: Mapping[str, tuple[str, str]] = {
    "same_body": ("団体が同じ", "same body"),
    "same_confirm_no": ("確認番号が同じ", "same confirmation number"),
    "same_amount": ("金額が同じ", "same amount"),
    "open": ("未納", "still open"),
}
_STEPS: Mapping[str, tuple[str, str]] = {
    "proposed": ("起案", "proposed"),
    "interest": ("加算金起算日", "first day of interest set"),
    "approved": ("承認", "approved"),
    "decided": ("決定", "decided"),
    "rejected": ("差戻し", "rejected"),
    "exported": ("振込データ作成", "transfer ordered"),
    "returned": ("組戻し", "transfer sent back"),
}
_WHAT: Mapping[str, tuple[str, str]] = {
    "posted": ("消込", "posting"),
    "excess": ("過誤納", "excess"),
    "suspense": ("仮受", "suspense"),
    "held": ("保留", "hold"),
    "charged": ("延滞金", "charge"),
}


def told(document: Row) -> Iterator[str]:
    """The lines, in order."""
    yield f"{_TITLES[document['kind']]} {document['key']}"
    run = None
    for event in document["events"]:
        if event["run"] != run:
            run = event["run"]
            yield f"── 第{run}回処理 基準日 {event['as_of']} / run {run}, as of {event['as_of']}"
        ja, en = _SAYS[event["event"]](event)
        yield f"  {ja}"
        yield f"      {en}"
    if document["now"]:
        yield f"── 現在 {document['now'][0]['as_of']} / now"
    for row in document["now"]:
        yield f"  {row['line_id']} 宛名 {row['payer_id']}: {_standing_ja(row)}"
        yield f"      {_standing_en(row)}"

    if document["passed_over"]:
        yield "── 充当しなかった未納 / debts not filled"
    for row in document["passed_over"]:
        why = WHY_PASSED_OVER[row["reason"]]
        yield f"  {row['line_id']} {row['yen']:,}円({why.ja}) 過誤納の収納ID {row['receipt_id']}"
        yield f"      {row['yen']:,} yen open: {why.en}"
    if document["candidates"]:
        yield "── 候補 担当者が判断します / candidates: a person decides"
    for row in document["candidates"]:
        ja, en = _candidate(row)
        yield f"  {ja}"
        yield f"      {en}"


def _candidate(row: Row) -> tuple[str, str]:
    """A slip that may have been meant."""
    how, _, place = str(row["change"]).partition(":")
    at = int(place or 0)
    ja, en = {
        "digit": (f"{at}桁目が違う", f"digit {at} differs"),
        "swap": (f"{at}・{at + 1}桁目が入れ替わり", f"digits {at} and {at + 1} swapped"),
        "same": ("番号は同じ", "the same key"),
    }[how]
    words = [_EVIDENCE[w] for w in str(row["evidence"]).split(";") if w]
    why, why_en = "、".join(w[0] for w in words), ", ".join(w[1] for w in words)
    return (
        f"候補{row['rank']} {row['candidate']}({ja}) 根拠: {why or 'なし'}",
        f"candidate {row['rank']}: {en}; {why_en or 'nothing else'} speaks for it",
    )


def _standing_ja(row: Row) -> str:
    said = f"調定 {row['due']:,}円、収入済 {row['paid']:,}円、速報 {row['provisional']:,}円、未納 {row['open']:,}円(納期限 {row['due_date']})"
    said += f"、延滞金 {row['charge']:,}円" if row["charge"] else ""
    return (
        said
        + ("、納期限経過" if row["overdue"] else "")
        + {"cancelled": "、取消済み", "suspended": "、停止中(充当・督促の対象外)"}.get(row["status"], "")
    )


def _standing_en(row: Row) -> str:
    said = f"due {row['due']:,}, paid {row['paid']:,}, preliminary {row['provisional']:,}, open {row['open']:,} yen, due on {row['due_date']}"
    said += f", charge {row['charge']:,} yen" if row["charge"] else ""
    return (
        said
        + (", overdue" if row["overdue"] else "")
        + {"cancelled": ", cancelled", "suspended": ", suspended: neither filled nor reminded"}.get(
            row["status"], ""
        )
    )


def _place(event: Row) -> str:
    return f"{event['file']}:{event['line']}" if event.get("file") else ""


def _assessed(e: Row) -> tuple[str, str]:
    if e["before"] is None:
        ja, en = f"調定 {e['principal']:,}円", f"assessed {e['principal']:,} yen"
    else:
        ja = f"更正 {e['before']:,}円 → {e['principal']:,}円({e['revised_at'] or '日付なし'})"
        en = f"revised {e['before']:,} → {e['principal']:,} yen ({e['revised_at'] or 'no day'})"
    state = "" if e["status"] == "open" else f"、{_STATUS[e['status']]}"
    state_en = "" if e["status"] == "open" else f", {e['status']}"
    return f"{ja} {e['line_id']}{state} [{_place(e)}]", f"{en}{state_en}, due on {e['due_date']}"


def _slip(e: Row) -> tuple[str, str]:
    ja, en = (
        f"納付書 {e['slip_key']} {e['amount']:,}円({SLIP_KINDS[e['kind']]})",
        f"slip of {e['amount']:,} yen ({e['kind']})",
    )
    if e["supersedes"]:
        ja, en = f"{ja}、差替元 {e['supersedes']}", f"{en}, replaces {e['supersedes']}"
    return f"{ja} [{_place(e)}]", en


def _received(e: Row) -> tuple[str, str]:
    channel = CHANNELS.get(e["channel"], NO_CHANNEL)
    return (
        f"収納 {_KINDS[e['kind']]} {e['amount']:,}円 納付日 {e['paid_on']} {channel.ja} 収納ID {e['receipt_id']} [{_place(e)}]",
        f"received ({e['kind']}): {e['amount']:,} yen, {channel.en}, paid on {e['paid_on']}, key {e['slip_key']}",
    )


def _decided(e: Row) -> tuple[str, str]:
    o = _OUTCOMES[e["outcome"]]
    facts = "+".join(e["facts"])
    inputs = ", ".join(f"{k}={v}" for k, v in e["inputs"].items() if v is not None)
    return (
        f"判定 {o.value}: {o.ja}(収納ID {e['receipt_id']})",
        f"decided: {o.en}; rule {e['rule']}; facts {facts}; inputs {inputs}",
    )


def _posted(e: Row) -> tuple[str, str]:
    marks = ("(仮)", ", provisional") if e["provisional"] else ("", "")
    return (
        f"消込{marks[0]} {e['line_id']} {COMPONENTS[e['component']].ja} {e['amount']:,}円(収納ID {e['receipt_id']})",
        f"posted {e['amount']:,} yen to {e['component']}{marks[1]}; entry {e['entry_id']}",
    )


def _excess(e: Row) -> tuple[str, str]:
    line = e["line_id"] or "–"
    return (
        f"過誤納 {_CLASSES[e['class']]} {e['amount']:,}円 {line}(収納ID {e['receipt_id']}、{_OUTCOMES[e['found_on']].ja})",
        f"too much: {e['amount']:,} yen ({e['class']}, {e['found_on']})",
    )


def _waits(e: Row) -> tuple[str, str]:
    ja, en = _WHAT[e["event"]]
    return f"{ja} {e['amount']:,}円(収納ID {e['receipt_id']})", f"{en}: {e['amount']:,} yen ({e['found_on']})"


def _charged(e: Row) -> tuple[str, str]:
    amount = "計算できません" if e["amount"] is None else f"{e['amount']:,}円"
    amount_en = "cannot be computed" if e["amount"] is None else f"{e['amount']:,} yen"
    base = "" if e["base"] is None else f"基礎額 {e['base']:,}円、"
    return (
        f"延滞金 {e['line_id']} {amount}({base}納期限 {e['due_date']}、完納 {e['paid_on']})",
        f"delinquency charge {amount_en}: {e['segments'] or 'no days'}",
    )


def _reversed(e: Row) -> tuple[str, str]:
    ja, en = _WHAT[e["what"]]
    whose = f"(収納ID {e['receipt_id']})" if "receipt_id" in e else ""
    why = [_cause(c) for c in e["because"]]
    yen = "" if e["amount"] is None else f" {e['amount']:,}円"
    return (
        f"戻し {ja}{yen} {e['line_id'] or ''}{whose} 理由: {'、'.join(w[0] for w in why) or '判定のやり直し'}",
        f"taken back: {en} {e['reverses']}; because {', '.join(w[1] for w in why) or 'decided again'}",
    )


def _cause(c: Row) -> tuple[str, str]:
    if c["event"] == "refund":
        ja, en = _STEPS[c["step"]]
        return f"還付 {c['refund_id']} {ja}", f"refund {c['refund_id']} {en}"
    if c["event"] == "assessed":
        status = "" if c["status"] == "open" else f" {_STATUS[c['status']]}"
        return (
            f"更正 {c['line_id']} {c['principal']:,}円{status}",
            f"revision of {c['line_id']} ({c['status']})",
        )
    if c["event"] == "slip":
        after = f"(差替元 {c['supersedes']})" if c["supersedes"] else ""
        after_en = f", which replaces {c['supersedes']}" if c["supersedes"] else ""
        return f"納付書 {c['slip_key']} の登録{after}", f"slip {c['slip_key']} was registered{after_en}"
    kind = _KINDS[c["kind"]]
    return (
        f"{kind} {c['receipt_id']}(納付日 {c['paid_on']})",
        f"{c['kind']} {c['receipt_id']} paid on {c['paid_on']}",
    )


def _refund(e: Row) -> tuple[str, str]:
    ja, en = _STEPS[e["step"]]
    head, head_en = f"還付 {e['refund_id']} {ja}({e['by']})", f"refund {e['refund_id']} {en} by {e['by']}"
    if e["step"] == "rejected":
        return f"{head} 理由: {e['reason']}", f"{head_en}: the overpayment is open again"
    if e["step"] == "returned":
        return (
            f"{head} 振込 {e['transfer_on']} 第{e['batch']}号 理由: {e['reason']}",
            f"{head_en}: the money of {e['transfer_on']} came back, to be ordered again",
        )
    if e["step"] == "exported":
        return (
            f"{head} 振込 {e['transfer_on']} 第{e['batch']}号",
            f"{head_en}: transfer on {e['transfer_on']}",
        )
    if e["step"] == "interest":
        return (
            f"{head} {e['bears_from']} 加算金 {e['interest'] or 0:,}円 理由: {e['reason']}",
            f"{head_en}: from {e['bears_from']}, interest {e['interest'] or 0:,}",
        )
    if e["step"] == "approved":
        return head, head_en
    to = f"({'、'.join(e['offset_to'])})" if e["offset_to"] else ""
    number = f" 通知 {e['notice_no']}" if e["step"] == "decided" else ""
    yen = [f"{e[n] or 0:,}" for n in ("amount", "offset", "refund", "interest")]
    return (
        f"{head}{number} 過誤納 {yen[0]}円、充当 {yen[1]}円{to}、還付 {yen[2]}円、加算金 {yen[3]}円",
        f"{head_en}: {yen[0]} yen too much, {yen[1]} offset, {yen[2]} back, interest {yen[3]}",
    )


_SAYS: Mapping[str, Any] = {
    "assessed": _assessed,
    "slip": _slip,
    "received": _received,
    "decided": _decided,
    "posted": _posted,
    "excess": _excess,
    "suspense": _waits,
    "held": _waits,
    "charged": _charged,
    "reversed": _reversed,
    "refund": _refund,
}
