"""The 23 defects with six strengths each: names, units, and at which stage they happen.

Out: `DEFECTS`, in the order of the tables in the docs. The strengths go from what a reader hardly notices to what none survives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INK, PAPER, SCANNER = "ink", "paper", "scanner"


@dataclass(frozen=True)
class Defect:
    """One thing that goes wrong; `strengths` by severity 1 to 6."""

    name: str
    ja: str
    en: str
    stage: str
    strengths: tuple[float, float, float, float, float, float]
    unit: str


_ALL = (
    Defect("blur", "ぼけ", "blur (Gaussian sigma)", SCANNER, (0.25, 0.35, 0.45, 0.55, 0.65, 0.8), "module"),
    Defect(
        "defocus", "焦点ずれ", "out of focus (radius)", SCANNER, (0.4, 0.55, 0.7, 0.85, 1.0, 1.2), "module"
    ),
    Defect("motion", "ぶれ", "moved while scanned", SCANNER, (0.6, 0.9, 1.2, 1.5, 1.8, 2.2), "module"),
    Defect("noise", "ノイズ", "noise (sigma)", SCANNER, (0.04, 0.08, 0.12, 0.18, 0.25, 0.35), "reflectance"),
    Defect("contrast", "濃度不足", "contrast left", PAPER, (0.5, 0.35, 0.25, 0.15, 0.10, 0.06), "share"),
    Defect("gain", "太り", "ink gain at every edge", INK, (0.10, 0.15, 0.20, 0.25, 0.30, 0.36), "module"),
    Defect("loss", "細り", "ink loss at every edge", INK, (0.10, 0.15, 0.20, 0.25, 0.30, 0.36), "module"),
    Defect(
        "screen",
        "網点",
        "black as an 85 lpi screen of this cover",
        INK,
        (0.85, 0.75, 0.65, 0.55, 0.45, 0.35),
        "share",
    ),
    Defect("streak", "白すじ", "white streaks of half a module", INK, (1, 2, 3, 4, 6, 8), "number"),
    Defect(
        "band", "濃度むら", "bands across the feed (depth)", INK, (0.15, 0.3, 0.45, 0.6, 0.75, 0.9), "share"
    ),
    Defect("jpeg", "JPEG圧縮", "JPEG quality", SCANNER, (60, 40, 25, 15, 10, 6), "quality"),
    Defect("rotate", "回転", "turned", SCANNER, (2, 5, 10, 20, 33, 45), "degree"),
    Defect("shear", "せん断", "sheared", SCANNER, (2, 4, 7, 10, 14, 18), "degree"),
    Defect(
        "perspective", "遠近", "one side narrower", SCANNER, (0.05, 0.10, 0.15, 0.20, 0.28, 0.36), "share"
    ),
    Defect("curl", "反り", "bowed (height)", SCANNER, (0.3, 0.6, 1.0, 1.5, 2.2, 3.0), "module"),
    Defect(
        "fold", "折れ", "fold without ink (width), displaced", INK, (0.5, 0.75, 1.0, 1.5, 2.0, 2.5), "module"
    ),
    Defect(
        "stain", "汚れ", "stain over a third (darkness)", PAPER, (0.25, 0.4, 0.55, 0.7, 0.82, 0.9), "share"
    ),
    Defect(
        "stamp",
        "領収印",
        "receipt stamp across (density)",
        PAPER,
        (0.3, 0.45, 0.6, 0.75, 0.85, 0.95),
        "share",
    ),
    Defect("scrape", "削れ", "scraped white (area)", PAPER, (0.02, 0.04, 0.06, 0.09, 0.13, 0.18), "share"),
    Defect(
        "speckle",
        "斑点",
        "spots and voids (share of modules)",
        INK,
        (0.01, 0.02, 0.04, 0.07, 0.11, 0.16),
        "share",
    ),
    Defect("quiet", "余白不足", "quiet zone left inside a dark frame", INK, (3, 2, 1.5, 1, 0.5, 0), "module"),
    Defect("copy", "複写", "copied again and again", PAPER, (1, 2, 3, 4, 5, 6), "number"),
    Defect(
        "through",
        "裏写り",
        "print of the back shines through",
        PAPER,
        (0.15, 0.25, 0.35, 0.45, 0.55, 0.65),
        "share",
    ),
)

DEFECTS: Mapping[str, Defect] = {defect.name: defect for defect in _ALL}
