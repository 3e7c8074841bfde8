"""Words and tables that the sample is drawn from, and the payers with something special about them. All of it
is made up.

Post codes begin with 000, which no place has; the body code 999997 and the tax items 901 to 904 are synthetic
as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FAMILY = (
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "林",
    "斎藤",
    "清水",
)
GIVEN = (
    "太郎",
    "花子",
    "一郎",
    "美咲",
    "健一",
    "陽子",
    "誠",
    "由美",
    "大輔",
    "恵子",
    "翔太",
    "さくら",
    "隆",
    "久美子",
    "直樹",
    "真由美",
    "拓也",
    "京子",
    "学",
    "千尋",
)
FIRMS = ("見本商事", "港町建設", "みほん水産", "桜町運輸", "旭印刷", "緑町青果", "本町不動産", "東町電機")
TOWNS = ("本町", "港町", "緑町", "桜町", "中央", "東町", "西町", "南町", "北町", "旭町")
CHOME = tuple("一二三四五")
HOUSES = ("メゾン見本", "コーポみほん", "グリーンハイツ港", "サンライズ旭")
VEHICLE_YEN = (2_400, 3_900, 6_000, 7_200, 10_800, 12_900)

BODY_CODE, ISSUER = "999997", "999999"
LEVY_YEAR = 2026


@dataclass(frozen=True)
class Tax:
    """A tax of the sample: item code, name, annual amounts in yen, due dates of the instalments."""

    item: str
    name: str
    least_yen: int
    most_yen: int
    due: tuple[str, ...]


# No due date is a Saturday, a Sunday or a holiday: a city publishes them after that roll.
TAXES = (
    Tax(
        "901", "市県民税(普通徴収)", 24_000, 480_000, ("2026-06-30", "2026-08-31", "2026-11-02", "2027-02-01")
    ),
    Tax(
        "902",
        "固定資産税・都市計画税",
        18_000,
        760_000,
        ("2026-06-30", "2026-07-31", "2026-12-25", "2027-03-01"),
    ),
    Tax("903", "軽自動車税(種別割)", 2_400, 12_900, ("2026-06-30",)),
    Tax(
        "904",
        "国民健康保険税",
        38_000,
        620_000,
        (
            "2026-06-30",
            "2026-07-31",
            "2026-08-31",
            "2026-09-30",
            "2026-11-02",
            "2026-11-30",
            "2026-12-25",
            "2027-02-01",
            "2027-03-01",
            "2027-03-31",
        ),
    ),
)
PAYABLE_UNTIL: Mapping[str, str] = {
    "2026-06-30": "2026-07-31",
    "2026-07-31": "2026-08-31",
    "2026-08-31": "2026-09-30",
    "2026-09-30": "2026-10-30",
    "2026-11-02": "2026-11-30",
    "2026-11-30": "2026-12-28",
    "2026-12-25": "2027-01-29",
    "2027-02-01": "2027-02-26",
    "2027-03-01": "2027-03-31",
    "2027-03-31": "2027-04-30",
}

# One street: the taxes of five payers, 22 slips (a full-year slip where a tax has four instalments).
STREET = (0, 1, 2, 3, 2)  # payer of the street → index into TAXES
FULL_YEAR_TAXES = (0, 1)

# (street, payer of the street) → columns that differ from what is drawn
SPECIAL: Mapping[tuple[int, int], Mapping[str, str]] = {
    (0, 0): {"payer_name": "𠮷田 太郎"},  # not in BIZ UDGothic: the fallback font
    (0, 1): {"payer_name": "辻\U000e0100 花子"},  # a variation sequence that BIZ UDGothic has
    (0, 3): {"payer_name": "葛\U000e0102城 美咲"},  # one that only IPAmj Mincho has
    (1, 0): {"payer_name": "髙﨑 德藏"},
    (1, 2): {"payer_name": "\ue000田 誠"},  # 外字: the site file says what it is
    (1, 3): {"payer_name": "ﾐﾎﾝ ｼﾞﾛｳ"},
    (2, 0): {"large_print": "1"},
    (2, 3): {"large_print": "1"},
    (3, 0): {"payer_name": "SAMPLE MARIA ANGELICA", "lang": "en"},
    (3, 2): {"payer_name": "NGUYEN VAN MIHON", "lang": "en"},
    (4, 1): {
        "payer_name": "特定非営利活動法人みほん地域福祉支援協議会 代表理事 見本 太郎",
        "address": "みほん県みほん市大字南見本字上見本谷一丁目1234番地の5 "
        "みほんセンタービルディング東館10階1001号室",
    },
    (5, 0): {"payer_name": "マクシミリアン アレクサンドロヴィチ ミホンスキー"},
    (6, 1): {"payer_name": "見本商事株式会社 みほん支店"},
}
LARGE_OWNERS = frozenset({(4, 1), (6, 1)})  # their fixed asset tax is above what a convenience store takes
