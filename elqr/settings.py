"""Settings as people keep them: TOML in UTF-8, with or without the mark that Windows editors put in front.

In: bytes, or a name in a folder of `layouts/` or a site's own path. Out: tables; or file name and bytes.
Refuses: what is not UTF-8 or not TOML (ValueError, with line and column, in Japanese and English), a file that cannot be read (ProblemError
`file.unreadable`).
"""

from __future__ import annotations

import math
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from elqr.problems import Problem, ProblemError, reason_of

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_JAPANESE = (  # how the parser's sentence begins, and what an office reads; the first that fits counts
    ("Expected '=' after a key", "項目名のあとに「=」がありません"),
    ("Expected ']' at the end of a table", "表の見出しを「]」で閉じていません"),
    ("Expected ']]' at the end of an array", "表の見出しを「]]」で閉じていません"),
    ("Expected newline or end of document", "値のあとに余分な文字があります"),
    ("Unterminated string", "文字列を引用符で閉じていません"),
    ("Expected '", "文字列を引用符で閉じていません"),
    ("Unescaped '\\'", "文字列の中の「\\」は「\\\\」と書くか、文字列を '…' で囲みます"),
    ("Invalid hex value", "文字列の中の「\\」は「\\\\」と書くか、文字列を '…' で囲みます"),
    ("Escaped character", "「\\u」のあとの文字番号が正しくありません"),
    ("Invalid value", "値の書き方が正しくありません。文字列は \"…\" で囲みます"),
    ("Invalid date", "日付が正しくありません"),
    ("Invalid initial character for a key", "項目名に使えない文字があります。日本語などの項目名は \"…\" で囲みます"),
    ("Invalid statement", "項目名に使えない文字があります。日本語などの項目名は \"…\" で囲みます"),
    ("Unclosed array", "「[」で始めた並びを閉じていません"),
    ("Unclosed inline table", "「{」で始めた表を閉じていません"),
    ("Cannot overwrite", "同じ項目が二度あります"),
    ("Cannot declare", "同じ表の見出しが二度あります"),
    ("Duplicate inline table key", "同じ項目が二度あります"),
    ("Cannot", "同じ名前の項目や表がほかにあります"),
    ("Found invalid character", "使えない制御文字があります"),
    ("Illegal character", "使えない制御文字か、閉じていない引用符があります"),
)  # fmt: skip


def parse_settings(data: bytes) -> dict[str, Any]:
    """The tables of a TOML file. Raises ValueError, whose text names the place in both languages."""
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=_measure)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"{line}行目: UTF-8ではありません / line {line}: not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(_in_japanese_too(str(error))) from None
    except RecursionError:
        raise ValueError("「[」や「{」の入れ子が深すぎます / brackets are nested too deeply") from None
    except _EndlessError as endless:
        raise ValueError(
            f"{endless} は測れる数ではありません / {endless} is no number to measure by"
        ) from None
    except ValueError:  # the only other one that the parser lets through
        raise ValueError("数の桁が多すぎます / a number has too many digits") from None


class _EndlessError(ValueError):
    """A number that TOML knows and no form, limit or rate can have: `nan`, `inf`, 1e999."""


def _measure(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _EndlessError(text)
    return value


def _in_japanese_too(said: str) -> str:
    """The parser's sentence, its place in front, after the same in Japanese."""
    place = _PLACE.search(said)
    sentence = said[: place.start()] if place else said
    line, column = place.groups() if place else (None, None)
    ja, en = (
        (f"{line}行目{column}文字目", f"line {line}, column {column}") if line else ("末尾", "at the end")
    )
    known = next(
        (words for start, words in _JAPANESE if sentence.startswith(start)), "書き方が正しくありません"
    )
    return f"{ja}: {known} / {en}: {sentence}"


def name_or_path(text: str) -> str | Path:
    """What a person gave for settings: a file where it looks like one, else a name of ours."""
    return Path(text) if text.endswith(".toml") else text


def settings_bytes(given: str | Path, *, folder: str) -> tuple[str, bytes]:
    """Name and bytes of `layouts/FOLDER/GIVEN.toml`, or of a path. Raises ProblemError `file.unreadable`."""
    if isinstance(given, Path):
        return str(given), file_bytes(given)
    name = f"{given}.toml"
    try:
        return name, files("layouts").joinpath(folder, name).read_bytes()
    except OSError as error:
        raise _unreadable(name, error) from None


def file_bytes(path: Path) -> bytes:
    """What stands in a file that somebody named. Raises ProblemError `file.unreadable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(str(path), error) from None


def _unreadable(name: str, error: OSError) -> ProblemError:
    return ProblemError(Problem("file.unreadable", params={"found": name, "reason": reason_of(error)}))
