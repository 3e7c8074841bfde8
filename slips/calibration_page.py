"""The calibration page as PDF: marks, two rulers, grey steps, and the place for a bought card; black only, on A4.

In: a path. Out: the file. What it says on itself is what it can do: nothing on it is true until somebody has measured it.
Refuses (ProblemError `font.missing`) where BIZ UDPGothic is not installed.
"""

from __future__ import annotations

import os
from pathlib import Path

from elqr.problems import Problem, ProblemError
from slips.artwork import Word, draw_sheet
from slips.fonts import FACES, face_number, find, search_folders
from slips.form import Frame, Tint
from slips.outfiles import write_whole
from slips.proof import calibration_sheet as sheet

FACE = "pgothic"
LINES = (
    (15.0, 28.0, 14.0, "スキャナー調整用シート / Scanner calibration page"),
    (
        15.0,
        35.0,
        9.0,
        "1. 100% の大きさで印刷し(「用紙に合わせる」は使わない)、縦横の目盛りの全長を鋼尺で測って下に書く。",
    ),
    (
        15.0,
        39.5,
        9.0,
        "    Print at 100 %, never “fit to page”; measure both rulers with a steel rule and write the lengths below.",
    ),
    (
        15.0,
        45.0,
        9.0,
        "2. 濃度の値が分かっている市販の見本を枠に置く。ない場合は、印刷された段を濃度計で測る。",
    ),
    (
        15.0,
        49.5,
        9.0,
        "    Lay a bought card with known reflectances into the frame; else measure the printed steps.",
    ),
    (
        15.0,
        55.0,
        9.0,
        "3. 補正をすべて切って読み取る。 / Scan with every correction switched off.",
    ),
)
NOTES = (
    (
        40.0,
        182.0,
        "実測 / measured:    横 across  ____________ mm      縦 down  ____________ mm      日付 date  ____________",
    ),
    (40.0, 112.0, "印刷した段は反射率の標準ではありません。測った値だけが使えます。"),
    (40.0, 116.5, "Printed steps are no reflectance standard: only measured values count."),
    (40.0, 131.0, "市販の濃度見本をこの枠いっぱいに置く / the bought card, filling this frame"),
)


def calibration_page() -> bytes:
    """The page as PDF; same bytes every time. Raises ProblemError `font.missing`, `font.unreadable`."""
    path = find(FACE)
    if path is None:
        looked = os.pathsep.join(str(folder) for folder in search_folders())
        raise ProblemError(
            Problem("font.missing", "font", {"found": looked, "expected": " / ".join(FACES[FACE][1])})
        )
    x, y, w, h = sheet.CARD_MM
    words = [Word(at_x, at_y, text, size) for at_x, at_y, size, text in LINES]
    words += [Word(at_x, at_y, text, 9.0) for at_x, at_y, text in NOTES]
    return draw_sheet(
        (sheet.PAGE_W_MM, sheet.PAGE_H_MM),
        tints=[*_marks(), *_ticks(), *_steps()],
        frames=[Frame(x_mm=x, y_mm=y, w_mm=w, h_mm=h, grey=0.0, dash=(2.0, 2.0))],
        words=[*words, *_numbers()],
        font=(path, face_number(path, FACES[FACE][0])),
        title="スキャナー調整用シート / Scanner calibration page",
    )


def write_calibration_page(out: Path) -> None:
    """Write the page. Raises ProblemError, OSError."""
    write_whole(out, calibration_page())


def _marks() -> list[Tint]:
    return [Tint(x_mm=x, y_mm=y, w_mm=side, h_mm=side, grey=0.0) for x, y, side in sheet.MARKS]


def _steps() -> list[Tint]:
    left, top, side = *sheet.STEPS_AT_MM, sheet.STEP_MM
    return [
        Tint(x_mm=left + k * side, y_mm=top, w_mm=side, h_mm=side, grey=1.0 - ink)
        for k, ink in enumerate(sheet.STEP_INKS)
    ]


def _ticks() -> list[Tint]:
    """Each tick a bar with its middle on the millimetre."""
    half, found = sheet.TICK_WIDTH_MM / 2, []
    x, y, length = sheet.ACROSS_MM
    for k in range(length + 1):
        long = sheet.tick_length_mm(k)
        found.append(Tint(x_mm=x + k - half, y_mm=y, w_mm=2 * half, h_mm=long, grey=0.0))
    x, y, length = sheet.DOWN_MM
    for k in range(length + 1):
        long = sheet.tick_length_mm(k)
        found.append(Tint(x_mm=x, y_mm=y + k - half, w_mm=long, h_mm=2 * half, grey=0.0))
    return found


def _numbers() -> list[Word]:
    """The tens beside the long ticks."""
    x, y, length = sheet.ACROSS_MM
    across = [Word(x + k - (0.8 if k < 100 else 2.2), y + 9.0, str(k), 7.0) for k in range(0, length + 1, 20)]
    x, y, length = sheet.DOWN_MM
    return across + [Word(x + 6.0, y + k + 0.9, str(k), 7.0) for k in range(0, length + 1, 20)]
