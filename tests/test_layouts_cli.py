"""`elqr layouts`: list, check, preview, and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main

SITE = Path(__file__).parent.parent / "sample_data" / "site.toml"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["layouts", *map(str, words)])


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office's own form, as yet a copy."""
    path = tmp_path / "office.toml"
    path.write_text(
        (files("layouts") / "forms" / "mihara.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    return path


def change(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_list_names_the_forms_with_their_size() -> None:
    listed = run()
    assert listed.exit_code == 0
    assert listed.output == run("list").output
    assert "mihara" in listed.output and "279.4 × 114.3 mm" in listed.output and "大きな文字" in listed.output
    assert run("--json").output == run("list", "--json").output
    assert run("--json", "check", "mihara").exit_code == 2
    rows = json.loads(run("list", "--json").output)["layouts"]
    assert {"a4_large", "a4_notice", "mihara"} <= {row["id"] for row in rows}
    assert {len(row["sha256"]) for row in rows} == {64}


def test_the_list_waits_for_no_fonts_and_for_nothing_that_draws() -> None:
    script = (
        "import sys; from slips.catalogue import forms; forms()\n"
        "print(sorted({'cv2', 'reportlab', 'fontTools', 'pikepdf', 'pypdfium2'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=SITE.parent.parent, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_a_good_form_ends_with_0(office: Path) -> None:
    for form in ("mihara", office):
        result = run("check", form)
        assert (result.exit_code, "No errors" in result.output) == (0, True)
    document = json.loads(run("check", "mihara", "--json").output)
    assert (document["layout"], document["problems"], document["counts"]["error"]) == ("mihara", [], 0)
    assert json.loads(run("check", "mihara", "--format", "json").output) == document


def test_faults_are_listed_and_end_with_1(office: Path) -> None:
    change(office, "pitch_dots = 8", "pitch_dots = 3")
    change(office, 'label = "row.notice_no"', 'label = "pay.channels"')
    result = run("check", office)
    assert result.exit_code == 1
    assert "layout.qr_pitch" in result.output and "text.label_overflow" in result.output
    found = json.loads(run("check", office, "--json").output)["problems"]
    assert {row["code"] for row in found} >= {"layout.qr_pitch", "text.label_overflow"}
    assert all(row["message_ja"] and row["message_en"] for row in found)


def test_a_page_on_which_no_box_stands_is_a_fault_not_a_crash(office: Path) -> None:
    change(office, "width_mm = 279.4", "width_mm = 2.8")
    result = run("check", office)
    assert result.exit_code == 1 and "layout." in result.output


def test_a_label_that_does_not_exist_is_a_fault_not_a_crash(office: Path) -> None:
    change(office, 'label = "row.notice_no"', 'label = "row.nothing"')
    result = run("check", office)
    assert (
        result.exit_code == 1 and "language.complete" in result.output and "en row.nothing" in result.output
    )


def test_what_is_no_form_ends_with_2(office: Path, tmp_path: Path) -> None:
    assert run("check", "mihra").exit_code == 2
    change(office, "[page]", "[page")
    result = run("check", office)
    assert result.exit_code == 2 and "layout.not_toml" in result.output
    assert run("preview", office, "--out", tmp_path / "x.pdf").exit_code == 2
    assert not (tmp_path / "x.pdf").exists()


def test_preview_is_refused_for_a_form_with_faults(office: Path, tmp_path: Path) -> None:
    change(office, "pitch_dots = 8", "pitch_dots = 3")
    result = run("preview", office, "--out", tmp_path / "x.pdf")
    assert result.exit_code == 2 and "layout.qr_pitch" in result.output
    assert not (tmp_path / "x.pdf").exists()


def test_preview_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    one, two = tmp_path / "1.pdf", tmp_path / "2.pdf"
    for out in (one, two):
        result = run("preview", "mihara", "--out", out, "--site", SITE)
        assert result.exit_code == 0, result.output
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes().startswith(b"%PDF-1.6")
