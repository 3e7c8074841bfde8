"""Settings files: every kind of them may begin with the mark that Windows editors write, and is refused by name in another encoding."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from elqr.problems import ProblemError
from elqr.profile_file import read_profile
from elqr.profiles import load_profile
from elqr.settings import parse_settings
from reconcile.descriptors import load_receipt_layout, read_receipt_layout
from reconcile.plan import read_plan
from reconcile.policy import load_policy
from reconcile.rates import load_rates
from reconcile.refund_policy import load_refund_policy
from slips.guidance import load_channels
from slips.layout import load_layout
from slips.proof.gates import load_gates

PLAN = '[[municipality]]\nname = "三原市"\nledger = "a.db"\nreceipts = ["r.csv"]\n'
Reader = Callable[[Path], object]
KINDS: dict[str, tuple[str, Reader]] = {
    "form": ("forms/mihara.toml", load_layout),
    "profile": ("profiles/tax.toml", lambda p: read_profile(p.read_bytes(), file=p.name, shipped=False)),
    "channels": ("channels.toml", load_channels),
    "gates": ("gates/default.toml", load_gates),
    "policy": ("policies/default.toml", load_policy),
    "refunds": ("refunds/default.toml", load_refund_policy),
    "rates": ("rates/delinquency.toml", load_rates),
    "receipts": ("receipts/canonical.toml", lambda p: read_receipt_layout(p.read_bytes(), file=p.name)),
    "plan": ("", lambda p: read_plan(p, out=p.parent, as_of=date(2026, 11, 20))),
}


def shipped(kind: str) -> bytes:
    return (files("layouts") / KINDS[kind][0]).read_bytes() if KINDS[kind][0] else PLAN.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_in_front_changes_nothing(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xef\xbb\xbf" + shipped(kind))
    assert parse_settings(path.read_bytes()) == parse_settings(shipped(kind))
    assert KINDS[kind][1](path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_permission_is_a_sentence_with_its_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the system's refusal is played."""
    path = tmp_path / "own.toml"
    path.write_bytes(shipped(kind))
    read = {"profile": load_profile, "receipts": load_receipt_layout}.get(kind, KINDS[kind][1])
    assert read(path)
    known = Path.read_bytes

    def refused(place: Path) -> bytes:
        if place == path:
            raise PermissionError(13, "Permission denied", str(place))
        return known(place)

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(ProblemError) as told:
        read(path)
    assert "own.toml" in str(told.value.problems[0]) and "Permission denied" in str(told.value.problems[0])


@pytest.mark.parametrize("kind", KINDS)
def test_another_encoding_is_a_sentence_with_the_name_of_the_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(shipped(kind) + "# 県の設定\n".encode("cp932"))
    with pytest.raises(ProblemError) as refused:
        KINDS[kind][1](path)
    assert "own.toml" in refused.value.problems[0].text("ja") + str(refused.value.problems[0].where)


@pytest.mark.parametrize(
    ("text", "ja", "en"),
    [
        ("a = 1\nb 2\n", "2行目3文字目: 項目名のあとに「=」がありません", "line 2, column 3: Expected '='"),
        ("a = はい\n", "1行目5文字目: 値の書き方が正しくありません", "line 1, column 5: Invalid value"),
        ("市 = 1\n", "1行目1文字目: 項目名に使えない文字があります", "line 1, column 1: Invalid statement"),
        ('a = "x\n', "1行目7文字目: 使えない制御文字か、閉じていない引用符があります", "line 1, column 7: Illegal"),
        ('a = "x', "末尾: 文字列を引用符で閉じていません", "at the end: Unterminated string"),
        ('a = "C:\\給与"\n', "「\\\\」と書くか", "Unescaped '\\'"),
        ("a = 1\na = 2\n", "同じ項目が二度あります", "Cannot overwrite a value"),
        ("[a]\n[a]\n", "同じ表の見出しが二度あります", "Cannot declare ('a',) twice"),
        ("a = [1, 2\n", "「[」で始めた並びを閉じていません", "Unclosed array"),
        ("[a\n", "「]」で閉じていません", "Expected ']'"),
        ("a = 1 2\n", "値のあとに余分な文字があります", "Expected newline"),
        ("a = " + "[" * 5000 + "]" * 5000, "入れ子が深すぎます", "nested too deeply"),
        ("a = " + "9" * 5000, "数の桁が多すぎます", "too many digits"),
        ("a = [1, -inf]", "-inf は測れる数ではありません", "-inf is no number"),
        ("a = { b = nan }", "nan は測れる数ではありません", "nan is no number"),
        ("a = 1e999", "1e999 は測れる数ではありません", "1e999 is no number"),
    ],
)  # fmt: skip
def test_what_is_not_toml_is_told_in_both_languages_with_its_place(text: str, ja: str, en: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_settings(text.encode())
    first, _, second = str(refused.value).partition(" / ")
    assert ja in first and en in second


def test_another_encoding_is_told_with_its_line() -> None:
    with pytest.raises(ValueError, match="2行目: UTF-8ではありません / line 2: not UTF-8"):
        parse_settings("a = 1\nb = '県'\n".encode("cp932"))
