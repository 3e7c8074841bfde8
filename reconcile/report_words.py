"""The words of the report, once: places of money, channels, classes, states, reasons; and how figures are written.

In: nothing, or whole numbers. Out: `Words`, texts. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from elqr.html_page import Column, Words

COUNT = Column(Words("件数", "count"), number=True)
YEN = Column(Words("金額(円)", "yen"), number=True)
NONE = Words("該当なし", "none")

PLACE_NAMES: Mapping[str, Words] = {
    "posted": Words("消込", "posted"),
    "excess": Words("過誤納", "overpaid"),
    "suspense": Words("仮受(不明)", "suspense"),
    "held": Words("保留", "held"),
}
COMPONENTS: Mapping[str, Words] = {
    "principal": Words("本税", "tax"),
    "delinquency": Words("延滞金", "late payment charge"),
    "dunning_fee": Words("督促手数料", "dunning fee"),
}
ROLES: Mapping[str, Words] = {
    "receipts": Words("収納", "receipts"),
    "assessments": Words("調定", "assessments"),
    "slips": Words("納付書", "slips"),
}
CLASSES: Mapping[str, Words] = {
    "kanou": Words("過納", "lawful when paid"),
    "gonou": Words("誤納", "never due"),
}
STATES: Mapping[str, Words] = {
    "not_remitted": Words("払込待ち", "not remitted yet"),
    "blocked": Words("担当者の判断待ち", "a person decides"),
    "offset": Words("全額を充当(起案前)", "to be offset in whole"),
    "both": Words("一部を充当、残額を還付(起案前)", "to be offset, rest refunded"),
    "refund": Words("還付(起案前)", "to be refunded"),
    "proposed": Words("起案済み", "proposed"),
    "approved": Words("決定済み、振込前", "decided, not transferred"),
    "exported": Words("振込データ作成済み", "transfer ordered"),
    "settled": Words("全額充当済み", "offset carried out"),
    "changed": Words("起案後に変わった — 差戻し", "changed since proposed: reject"),
    "overdrawn": Words("還付後に過誤納でなくなった — 返還請求", "given back, no longer owed"),
}
WHY_PASSED_OVER: Mapping[str, Words] = {  # a debt that an overpayment did not fill
    "suspended": Words("徴収の猶予・執行停止", "collection is suspended"),
    "preliminary": Words("速報あり", "a preliminary notice is there"),
}
BALANCE_STATES: Mapping[str, Words] = {
    "balanced": Words("一致", "agrees"),
    "explained": Words("理由あり", "explained"),
    "open": Words("未解明", "open"),
    "waits": Words("入金待ち", "waits for the bank"),
}
CHANNELS: Mapping[str, Words] = {
    "counter": Words("窓口", "counter"),
    "app": Words("スマートフォンアプリ", "app"),
    "card": Words("クレジットカード", "card"),
    "netbank": Words("ネットバンキング", "net banking"),
    "direct_debit": Words("口座振替", "direct debit"),
    "payeasy": Words("ペイジー", "Pay-easy"),
    "convenience": Words("コンビニ", "convenience store"),
    "transfer": Words("口座振込", "transfer"),
    "postal": Words("郵便局", "post office"),
}
LEFT_OUT: Mapping[str, Words] = {
    "provisional": Words("速報あり", "a preliminary notice is there"),
    "held": Words("保留中の収納あり", "a receipt is held"),
    "suspense": Words("仮受の候補", "a receipt in suspense may be meant for it"),
    "reminded": Words("督促済み", "a reminder is out"),
}


def left_out(rows: int) -> Words:
    """What is said of a file that came again, of rows that were quarantined or held when it came first."""
    return Words(
        f"{rows:,} 件は前に届いたとき隔離・保留: 同じファイルでは取り込みません。該当行を直した別のファイルで取り込んでください。",
        f"{rows:,} of them were quarantined or held when it came first: the same file does not bring them in, a new one with these rows does.",
    )


def yen(amount: int) -> str:
    """`12,300円`; a minus sign stands before a negative amount."""
    return f"{amount:,}円"


def percent(part: int, whole: int) -> str:
    """`93.4%`, cut after one place, so that 100.0% means all; `–` of nothing."""
    if whole <= 0:
        return "–"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%"
