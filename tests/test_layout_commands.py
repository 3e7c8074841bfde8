"""`elqr layouts preview` and `read` on samples and on one row of a file: what they write, and what they refuse."""

from __future__ import annotations

import struct
from importlib.resources import files
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner, Result
from house import ROOT

from cli import main

SITE = ("--site", "sample_data/site.toml", "--issue-date", "2026-06-01")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["layouts", *map(str, words)])


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder that the samples are named from."""
    monkeypatch.chdir(ROOT)


def size(png: Path) -> tuple[int, int]:
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_a_picture_of_a_row_is_one_page_at_the_resolution_asked(tmp_path: Path) -> None:
    out = tmp_path / "row.png"
    ended = run("preview", "mihara", "--row", "sample_data/slips.csv:2", *SITE, "--out", out, "--dpi", "100")
    assert ended.exit_code == 0, ended.output
    assert size(out) == (1100, 450)
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside it"


def test_sight_changes_a_picture_and_nothing_else_does(tmp_path: Path) -> None:
    plain, low, protan = (tmp_path / f"{n}.png" for n in ("plain", "low", "protan"))
    for out, words in (
        (plain, []),
        (low, ["--low-vision"]),
        (protan, ["--colour-vision", "protan"]),
    ):
        assert run("preview", "mihara", "--dpi", "60", "--out", out, *words).exit_code == 0
    assert low.read_bytes() != plain.read_bytes()
    assert protan.read_bytes() == plain.read_bytes(), "a slip in black and grey looks alike to everybody"


def test_a_row_as_pdf_is_one_page_of_the_real_writer_marked_as_a_sample(tmp_path: Path) -> None:
    out = tmp_path / "row.pdf"
    assert run("preview", "a4_notice", "--row", "sample_data/slips.csv:3", *SITE, "--out", out).exit_code == 0
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 1
        assert "/StructTreeRoot" in pdf.Root
    heard = run("read", "a4_notice", "--row", "sample_data/slips.csv:3", *SITE).output.splitlines()
    assert heard[0] == "見本・使用不可 TEST", "a preview of a real row is never a slip"
    assert "納付額 9,000円" in heard
    rows = [line for line in heard if "行目]" in line]
    assert len(rows) == 4, "the other instalments of the notice stand in its table"


def test_a_row_in_another_language_than_its_own() -> None:
    heard = run("read", "mihara", "--row", "sample_data/slips.csv:2", *SITE, "--lang", "en").output
    assert "¥12,000" in heard and "30 June 2026" in heard


def test_a_sample_is_read_without_a_row() -> None:
    assert "納付額 12,300円" in run("read", "mihara").output


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("sample_data/slips.csv", "row.no_place"),
        ("sample_data/slips.csv:two", "row.no_place"),
        (":2", "row.no_place"),
        ("sample_data/slips.csv:1", "row.not_found"),
        ("sample_data/slips.csv:99999", "row.not_found"),
        ("nowhere.csv:2", "file.unreadable"),
    ],
)
def test_a_place_that_is_none_is_told(row: str, code: str) -> None:
    ended = run("read", "mihara", "--row", row, *SITE)
    assert ended.exit_code == 2 and code in ended.output


def test_a_row_of_slips_on_a_form_of_notices_is_refused() -> None:
    ended = run("read", "refund_notice", "--row", "sample_data/slips.csv:2", *SITE)
    assert ended.exit_code == 2 and "layout.other_document" in ended.output


def test_a_row_that_would_be_held_says_why(tmp_path: Path) -> None:
    lines = Path("sample_data/slips.csv").read_text(encoding="utf-8-sig").splitlines()
    faulty = tmp_path / "slips.csv"
    faulty.write_text(
        "\n".join([*lines[:2], lines[2].replace("2026-09-30", "2026-02-30", 1), *lines[3:5]]),
        encoding="utf-8",
    )
    ended = run("read", "mihara", "--row", f"{faulty}:3", *SITE)
    assert ended.exit_code == 2
    assert "slips.csv:3" in ended.output and "payable_until" in ended.output
    assert run("read", "mihara", "--row", f"{faulty}:2", *SITE).exit_code == 0


def test_a_line_that_cannot_be_read_at_all_says_why(tmp_path: Path) -> None:
    lines = Path("sample_data/slips.csv").read_text(encoding="utf-8-sig").splitlines()
    faulty = tmp_path / "slips.csv"
    faulty.write_text("\n".join([lines[0], lines[1] + ",one,too,many", lines[2]]), encoding="utf-8")
    ended = run("read", "mihara", "--row", f"{faulty}:2", *SITE)
    assert ended.exit_code == 2 and "slips.csv:2" in ended.output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--out", "x.jpeg"], "preview.format"),
        (["--out", "x.pdf", "--low-vision"], "preview.format"),
        (["--out", "x.pdf", "--colour-vision", "tritan"], "preview.format"),
        (["--out", "no/such/folder/x.png", "--dpi", "50"], "out.no_folder"),
    ],
)
def test_what_cannot_be_written_is_told(words: list[str], code: str) -> None:
    ended = run("preview", "mihara", *words)
    assert ended.exit_code == 2 and code in ended.output


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        ("preview mihara --out x.pdf --dpi 300", "option.not_with", "--dpi"),
        ("preview mihara --out x.pdf --sample plain", "option.not_with", "--sample"),
        ("preview mihara --out x.png --sample plain --row s.csv:2", "option.not_with", "--row"),
        ("preview mihara --out x.png --issue-date 2026-06-01", "option.only_with", "--issue-date"),
        ("read mihara --profile charge", "option.only_with", "--profile"),
        ("check mihara --json --format sarif", "option.not_with", "--format"),
    ],
)
def test_an_option_that_nothing_would_look_at_is_refused(words: str, code: str, named: str) -> None:
    ended = run(*words.split())
    assert ended.exit_code == 2 and code in ended.stderr and named in ended.stderr


def test_a_sample_whose_text_does_not_fit_is_no_picture(tmp_path: Path) -> None:
    """A name in a box of 4 mm: the page is held, as the print job would hold it."""
    own = (files("layouts") / "forms" / "mihara.toml").read_text(encoding="utf-8")
    path = tmp_path / "tight.toml"
    old = 'id = "kind"\nparts = ["receipt", "slip", "notice"]\nkind = "field"\nvalue = "kind"\nwhen = "kind"\nx_mm = 49.8'
    assert old in own
    path.write_text(
        own.replace(old, old.replace("x_mm = 49.8", "x_mm = 64.8"), 1).replace(
            "w_mm = 17.2", "w_mm = 2.2", 1
        ),
        encoding="utf-8",
    )
    out = tmp_path / "tight.png"
    ended = run("preview", path, "--sample", "longest", "--out", out)
    assert ended.exit_code == 2 and "preview.no_page" in ended.output and not out.exists()
    assert run("preview", path, "--sample", "usual", "--dpi", "50", "--out", out).exit_code == 0
