"""The words of the proof report, once: verdicts, weights, gates, ways of registration, and the label that goes with every grade.

In: nothing. Out: `Words`. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from elqr.html_page import Column, Words
from slips.proof.scanner_scale import ScannerScale
from slips.proof.verdicts import Finding, Verdict, Weight

ESTIMATE = Words("推定値・検証機による等級ではありません", "estimate, not a conformant verifier grade")
NONE = Words("該当なし", "none")
EXACT = Words("PDFのため等級なし(全画素が一致)", "a PDF: no grade, every pixel agrees")
COUNT = Column(Words("件数", "count"), number=True)
SHARE = Column(Words("割合", "share"), number=True)
MAP = Words(
    "コードの右に図があるときは、モジュールごとの読み取りの余力を表します。×と濃い赤は誤り、橙は弱い、灰色は十分です。",
    "A map to the right of a code shows how well each module holds: crossed and dark red is wrong, orange weak, grey sound.",
)
UNMEASURED = Words(
    "紙に印刷されたコードを測定していないため、印刷機の傾向は分かりません(PDFをそのまま調べた場合など)。",
    "No code on paper was measured, so nothing is known of the press (a PDF as such shows none).",
)
TOO_FEW = Words(
    "測定できたシートが3枚に満たないため、筋の有無は判断できません。",
    "Fewer than 3 sheets were measured: too few to tell a streak.",
)
AVERAGED = Words(
    "同じ位置に印刷された異なるコードを平均すると、コードの模様は消え、印刷機の癖だけが残ります。"
    "点は各シート、線は移動平均(EWMA)、破線は管理限界です。",
    "Averaging different codes at one place leaves only what the press does."
    " Dots: sheets; line: moving average (EWMA); dashed: control limits.",
)

VERDICTS: Mapping[Verdict, Words] = MappingProxyType(
    {
        Verdict.MISREAD: Words("別の内容(印刷一覧と違う数字)", "misread: digits differ from the manifest"),
        Verdict.FOREIGN: Words("一覧にない(印刷一覧にないコード)", "foreign: not in the manifest"),
        Verdict.DUPLICATE: Words("重複", "there more than once"),
        Verdict.UNREADABLE: Words("読取不能", "unreadable"),
        Verdict.MISSING: Words("欠落", "missing"),
        Verdict.OUT_OF_ORDER: Words("順番違い", "out of order"),
        Verdict.FAIL: Words("不合格", "fails"),
        Verdict.WARN: Words("要確認", "passes, look at it"),
        Verdict.PASS: Words("合格", "passes"),
    }
)
WEIGHTS: Mapping[Weight, Words] = MappingProxyType(
    {
        Weight.FAIL: Words("不合格", "fails"),
        Weight.WARN: Words("要確認", "look at it"),
        Weight.NOTE: Words("参考", "note"),
    }
)
GATES: Mapping[str, Words] = MappingProxyType(
    {
        "tolerance_mm": Words("コードの位置のずれ(mm)", "position of the code, mm"),
        "size_tolerance_percent": Words("コードの大きさのずれ(%)", "size of the code, %"),
        "left_min": Words("訂正の余裕(8語中)", "codewords left, of 8"),
        "reserve_min": Words("読み取りの余力", "read reserve"),
        "ladder_min": Words("ぼけ試験の段数(6段中)", "rungs of added blur, of 6"),
        "growth_max_modules": Words("太り・痩せ(モジュール)", "growth, modules"),
        "quiet_zone_modules_min": Words("余白(モジュール)", "quiet zone, modules"),
        "grade_accept": Words("推定等級の下限", "estimated grade accepted"),
        "grade_target": Words("推定等級の目標", "estimated grade aimed at"),
        "dpi_min": Words("解像度の下限(dpi)", "least resolution, dpi"),
        "dpi_max": Words("解像度の上限(dpi)", "greatest resolution, dpi"),
        "grade_px_a_module_min": Words("等級推定に必要な画素(1モジュール)", "pixels a module to grade"),
        "measure_px_a_module_min": Words("測定に必要な画素(1モジュール)", "pixels a module to measure"),
        "skew_degrees_max": Words("傾き(度)", "skew, degrees"),
        "text_margin_min": Words("印字読取の確かさ", "margin of printed digits"),
        "megapixels_max": Words("画像の大きさの上限(百万画素)", "greatest picture, megapixels"),
        "pages_max": Words("1ファイルの頁数の上限", "most pages of a file"),
        "file_megabytes_max": Words("ファイルの大きさの上限(MB)", "greatest file, MB"),
        "page_seconds": Words("1頁の時間の上限(秒)", "seconds for a page"),
        "memory_megabytes": Words("メモリの上限(MB)", "memory, MB"),
    }
)
REGISTRATIONS: Mapping[str, Words] = MappingProxyType(
    {
        "exact": Words("PDFの座標そのもの", "the PDF's own coordinates"),
        "marks": Words("見当標", "marks of the form"),
        "picture": Words("様式の画像との照合", "the form's own picture"),
        "corners": Words("コードの四隅のみ(位置は判定せず)", "the code's corners alone: no position"),
        "": Words("位置合わせなし", "none"),
    }
)
FIGURES: Mapping[str, Words] = MappingProxyType(
    {
        "dx_mm": Words("左右の位置のずれ(mm)", "off its place across, mm"),
        "dy_mm": Words("上下の位置のずれ(mm)", "off its place along, mm"),
        "growth_h": Words("左右の太り(モジュール)", "growth across, modules"),
        "growth_v": Words("上下の太り(モジュール)", "growth along, modules"),
        "contrast": Words("明暗の差", "contrast"),
        "reserve": Words("読み取りの余力", "read reserve"),
    }
)
CURVES: Mapping[str, Words] = MappingProxyType(
    {
        "srgb": Words("sRGB として線形化", "linearised as sRGB"),
        "linear": Words("線形の値としてそのまま", "taken as linear"),
    }
)


ABOUT: Mapping[str, Words] = MappingProxyType(
    {
        "where": Words("", ""),
        "number": Words("通し番号 ", "number "),
        "value": Words("項目 ", "field "),
        "mark": Words("マーク ", "mark "),
        "position": Words("先頭から(桁) ", "from digit "),
        "limiting": Words("要因 ", "limited by "),
    }
)
"""What a finding names beside its figures, and what goes before it: which sheet, which field."""


def about(finding: Finding) -> Words | None:
    """Which sheet, field or side a finding means, where its sentence says so; None where it names nothing."""
    given = finding.params
    said = [
        Words(f"{text.ja}{given[name]}", f"{text.en}{given[name]}")
        for name, text in ABOUT.items()
        if name in given
    ]
    if "file" in given and "page" in given:
        said.append(Words(f"{given['file']} {given['page']}ページ", f"{given['file']} p.{given['page']}"))
    if "side_ja" in given and "side_en" in given:
        said.append(Words(f"{given['side_ja']}側", f"{given['side_en']} side"))
    ja, en = "、".join(text.ja for text in said), ", ".join(text.en for text in said)
    return Words(ja, "" if en == ja else en) if said else None


def percent(part: int, whole: int) -> str:
    """`93.4%`, cut after one place, so that 100.0% means all; `–` of nothing."""
    if not whole:
        return "–"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%"


def scale_words(scale: ScannerScale) -> Words:
    """Whose millimetres the report speaks of."""
    if not scale.measured:
        return Words(
            "未校正(スキャナー自身の寸法による。紙面の伸縮にはスキャナーの誤差を含む)",
            "the scanner's own, not calibrated: a page's scale error is scanner and press together",
        )
    across, down = (f"{100 * (value - 1):+.2f} %" for value in (scale.across, scale.down))
    return Words(
        f"鋼尺で校正済み({scale.name}:横 {across}、縦 {down} を差し引き)",
        f"calibrated by a steel rule ({scale.name}: {across} across, {down} down, taken out)",
    )
