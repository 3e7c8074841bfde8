"""A profile in words: what each rule sets, how sure it is, where it comes from; what it may be used for.

In: a profile, its bytes, or its name; out: `Description`. A faulty profile is described by its faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from elqr.description import Description, Line
from elqr.problems import ProblemError
from elqr.profile_file import read_profile
from elqr.profiles import load_profile, profile_names
from elqr.ruleset import Profile
from elqr.settings import file_bytes

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "tax": ("地方税", "local taxes"),
    "charge": ("公金(税以外の料金)", "non-tax charges"),
}


def describe_profile(profile: Profile) -> Description:
    """The head (id, span, use, hash), then every rule."""
    span = _span(profile)
    head = (
        Line("id", "名称", "id", profile.id, f"版: {profile.version}", f"version {profile.version}"),
        Line("kind", "種類", "kind", profile.kind, *_KINDS.get(profile.kind, ("", ""))),
        Line("effective", "適用期間", "in force", span, "発行日による", "by issue date"),
        Line("mode", "作成した番号", "composed codes", profile.mode, *_state(profile)),
        Line("sha256", "SHA-256", "SHA-256", profile.sha256),
    )
    rules = tuple(
        Line(
            r.name,
            r.ja,
            r.en,
            r.says,
            r.note_ja,
            r.note_en,
            status=r.status,
            source=_source(r.source, r.document),
        )
        for r in profile.rules
    )
    titles = (f"プロファイル: {profile.title_ja}", f"profile: {profile.title_en}")
    return Description("profile", *titles, (*head, *rules))


def list_profiles() -> Description:
    """The profiles that come with the product, one line each."""
    lines = []
    for name in profile_names():
        profile = load_profile(name)
        lines.append(
            Line(profile.id, profile.title_ja, profile.title_en, _span(profile), *_state(profile), profile.id)
        )
    return Description("profiles", "付属のプロファイル", "profiles that come with elqr", tuple(lines))


def judge_profile(name: str) -> Description:
    """The profile of that name or path with all that is wrong with it; ProblemError where there is none."""
    if name not in profile_names() and Path(name).is_file():
        return judge_bytes(file_bytes(Path(name)), Path(name).name)
    return describe_profile(load_profile(name))


def judge_bytes(data: bytes, file: str) -> Description:
    """The profile in `data`, or its faults."""
    try:
        return describe_profile(read_profile(data, file=file, shipped=False))
    except ProblemError as error:
        return Description("profile", f"プロファイル: {file}", f"profile: {file}", problems=error.problems)


def _span(profile: Profile) -> str:
    return f"{profile.effective_from} – {profile.effective_to or ''}".strip()


def _state(profile: Profile) -> tuple[str, str]:
    left = len(profile.unconfirmed())
    if left:
        return f"TEST(未確認の規則{left}件)", f"TEST ({left} rules unconfirmed)"
    return "すべての規則が確認済み", "every rule is confirmed"


def _source(source: str, document: str) -> str:
    return f"{source}; {document}" if document else source
