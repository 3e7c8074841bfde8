"""What can become of a payment: one name a case, in the order in which they are asked. The first that holds is the outcome.

In: nothing. Out: `Outcome`, whose order is the precedence, with its Japanese and English sentence and where the money goes; `first`; and the
table of docs/reconcile-outcomes.md. Source: reconcile-rules §3. All cases that hold are kept beside the outcome as `facts`.
Refuses: an empty set of facts (ValueError), so nothing falls through to "fine".
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum


class Outcome(Enum):
    """The cases. The value is the name in files; `ja` and `en` say it to people; `money` says where the yen may go."""

    ja: str
    en: str
    money: str
    place: int

    def __new__(cls, value: str, ja: str, en: str, money: str) -> Outcome:
        """A member whose value is the first of the four words."""
        member = object.__new__(cls)
        member._value_ = value
        member.ja, member.en, member.money = ja, en, money
        member.place = len(cls.__members__)
        return member

    __hash__ = object.__hash__  # members are single; hashing their names costs a night a second

    # --- nothing was paid in the end, or nobody can say what was paid
    CONTRADICTORY = (
        "contradictory",
        "内容の異なる訂正が二つ以上あるため、どれが正しいか担当者の確認を要する",
        "two or more corrections say different things; a person must say which holds",
        "held",
    )
    CORRECTION_ALONE = (
        "correction_alone",
        "訂正だけがあり、訂正前の取引番号も、同じ内容の収納もない。どの収納の訂正か担当者の確認を要する",
        "a correction that names no payment and meets none; a person must say what it corrects, nothing is posted",
        "held",
    )
    PRELIMINARY_CANCELLED = (
        "preliminary_cancelled",
        "速報が取り消された。仮の消込を戻し、納期限後であれば再び未納とする",
        "the preliminary notice was cancelled; its provisional posting is taken back",
        "none",
    )
    PAYMENT_CANCELLED = (
        "payment_cancelled",
        "収納が取り消された。消込を戻す",
        "the payment was cancelled; its posting is taken back",
        "none",
    )
    # --- the key leads nowhere certain
    OTHER_BODY = (
        "other_body",
        "他団体の納付書による収納",
        "the slip is another municipality's",
        "suspense",
    )
    UNKNOWN_KEY = (
        "unknown_key",
        "案件特定キーが納付書台帳にない。候補を示すが、自動では消し込まない",
        "no slip has this key; candidates are proposed, nothing is posted",
        "suspense",
    )
    KEY_DISAGREES = (
        "key_disagrees",
        "確認番号または税目が納付書台帳と一致しない。候補を示すが、自動では消し込まない",
        "the confirmation number or the tax item is not the slip's; candidates are proposed, nothing is posted",
        "suspense",
    )
    NO_COVER = (
        "no_cover",
        "納付書が対象とする調定を特定できない",
        "nothing says which lines the slip pays",
        "held",
    )
    WRONG_PERIOD = (
        "wrong_period",
        "収納データの期別が納付書の期別と異なる。誤納とし、該当する期別への充当を提案する",
        "the receipt names another period than the slip; paid by mistake, an offset to that period is proposed",
        "gonou",
    )
    PRELIMINARY = (
        "preliminary",
        "速報のみ。仮に消し込み、督促を止める。充当も還付もしない",
        "preliminary only: posted provisionally, dunning is held; no offset, no refund",
        "provisional",
    )
    # --- money that cannot stay, or may not yet be placed
    NO_RATE = (
        "no_rate",
        "延滞金の割合が割合表にない年にかかるため、延滞金に充てる額を保留する",
        "the rate table does not hold the year; what is meant for the charge is held",
        "held",
    )
    REFUND_BLOCKED = (
        "refund_blocked",
        "過誤納があるが、相続人・共有者・第三者納付等のため、還付・充当は担当者が決める",
        "too much was paid, and heirs, co-owners or a third-party payer leave offset and refund to a person",
        "excess",
    )
    TIME_BARRED = (
        "time_barred",
        "時効完成後の収納。誤納として還付する",
        "paid after the line was time-barred; it must be returned",
        "gonou",
    )
    CANCELLED_BEFORE = (
        "cancelled_before",
        "調定の取消後に納付された(誤納)",
        "the assessment had been cancelled when it was paid",
        "gonou",
    )
    CANCELLED_AFTER = (
        "cancelled_after",
        "納付の後に調定が取り消された(過納)",
        "the assessment was cancelled after it was paid",
        "kanou",
    )
    REDUCED_BEFORE = (
        "reduced_before",
        "減額更正の後に、更正前の納付書で納付された(差額は誤納)",
        "paid with the old slip after a reduction; the difference was never due",
        "gonou",
    )
    REDUCED_AFTER = (
        "reduced_after",
        "納付の後に減額更正された(差額は過納)",
        "reduced after it was paid; the difference is too much now",
        "kanou",
    )
    FULL_YEAR_AFTER_INSTALMENT = (
        "full_year_after_instalment",
        "期別納付の後に全期分が納付された(納付済みの期別分は誤納)",
        "full-year slip paid after an instalment; the part already paid was not due",
        "gonou",
    )
    INSTALMENT_AFTER_FULL_YEAR = (
        "instalment_after_full_year",
        "全期前納の後に期別分が納付された(誤納)",
        "instalment paid after the full-year slip",
        "gonou",
    )
    DUPLICATE = (
        "duplicate",
        "同じ調定への二重納付。納付日の早いものを充て、後のものは誤納とする",
        "the line was paid already: the earliest payment date counts, this one was not due",
        "gonou",
    )
    OVERPAID = (
        "overpaid",
        "納付額が未納額を超える(超えた額は誤納)",
        "more than was open; the surplus was never due",
        "gonou",
    )
    # --- posted in whole, something stays or is to be told
    INCREASED = (
        "increased",
        "増額更正の前の納付書で納付された。差額は未納のまま",
        "paid with the slip from before an increase; the difference stays due",
        "posted",
    )
    PARTIAL = ("partial", "一部納付。残額は未納のまま", "less than was open; the rest stays due", "posted")
    SUPERSEDED_SLIP = (
        "superseded_slip",
        "差し替え前の納付書による納付。消し込み、表示する",
        "paid with a slip that had been replaced; accepted and flagged",
        "posted",
    )
    OFFSET_APPLIED = ("offset_applied", "決定された充当による収納", "an offset that was decided", "posted")
    WITH_DELINQUENCY = (
        "with_delinquency",
        "延滞金を含む納付。納付書の内訳により充てる",
        "paid with its delinquency charge, split by the slip's detail",
        "posted",
    )
    LATE = (
        "late",
        "納期限後の納付。本税の完納により延滞金を計算する",
        "paid after the due date; the charge is computed once the principal is fully paid",
        "posted",
    )
    CONFIRMED_DIFFERS = (
        "confirmed_differs",
        "確報が速報と異なる。確報により消し込む",
        "the confirmation differs from the preliminary notice; the confirmation counts",
        "posted",
    )
    CARRIED_OVER = (
        "carried_over",
        "滞納繰越分としての収納(6月1日以後)",
        "paid from 1 June on: carried over into the new year's books",
        "posted",
    )
    CLOSING_PERIOD = (
        "closing_period",
        "出納整理期間の収納。前年度の歳入とする",
        "paid by 31 May for the year before: that year's books",
        "posted",
    )
    EXACT = ("exact", "納期限内に過不足なく納付", "the exact amount, on time", "posted")


PRECEDENCE: tuple[Outcome, ...] = tuple(Outcome)


def first(facts: Collection[Outcome]) -> Outcome:
    """The outcome of a payment of which all these hold. Raises ValueError where none does."""
    if not facts:
        raise ValueError("a payment of which nothing holds")
    return min(facts, key=_place)


def in_order(facts: Collection[Outcome]) -> str:
    """All facts by name, in the order of precedence, joined by `;`."""
    return ";".join(o.value for o in sorted(facts, key=_place))


def _place(outcome: Outcome) -> int:
    return outcome.place


MONEY_WORDS = (
    ("posted", "posted to the line", "消込"),
    ("provisional", "posted provisionally", "仮消込"),
    ("kanou", "excess, lawful when paid", "過納"),
    ("gonou", "excess, never due", "誤納"),
    ("excess", "excess; a person decides on it", "過誤納"),
    ("suspense", "suspense until a person decides", "仮受(不明)"),
    ("held", "held until a person decides", "保留"),
    ("none", "no money", "–"),
)


def markdown() -> str:
    """The table of docs/reconcile-outcomes.md."""
    words = {name: f"{en} ({ja})" for name, en, ja in MONEY_WORDS}
    rows = [
        f"| {place} | `{o.value}` | {o.ja} | {o.en} | {words[o.money]} |"
        for place, o in enumerate(PRECEDENCE, 1)
    ]
    head = ["| # | Outcome | 内容 | Meaning | What this case does with the money |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"
