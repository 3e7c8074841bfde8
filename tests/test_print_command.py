"""`elqr print` as a person runs it: real pages, real read-back, words, exit codes, masks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pypdfium2
import pytest
from click.testing import CliRunner, Result
from house import ROOT

from cli import main
from slips import press
from slips.outfolder import opened
from slips.press import PaperPress
from tests.slip_rows import clean, write_csv
from tests.test_job import files

COMMON = ("--layout", "mihara", "--issue-date", "2026-06-01")


def run(slips: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["print", str(slips), "--out", str(out), *COMMON, *options])


@pytest.fixture
def slips(tmp_path: Path) -> Path:
    return write_csv(clean(4), tmp_path / "slips.csv")


def faulty(folder: Path) -> Path:
    frame = clean(4).with_columns(
        address=pl.Series(["みほん県", "みほん県", "みほん県", ""]),
        postal_code=pl.Series(["723-0001", "723-0001", "723-0001", "秘123"]),
        payer_name=pl.Series(["秘密 太郎", "秘密 \U000f0000", "秘密\x07花子", "秘密 次郎"]),
    )
    return write_csv(frame, folder / "faulty.csv")


def test_fine_ends_with_0_and_says_what_to_do_next(slips: Path, tmp_path: Path) -> None:
    result = run(slips, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "印刷 / printed: 4 件" in result.stdout
    assert "すべて一致" in result.stdout
    assert "upload.csv" in result.stdout
    assert "読み込み・検査 / reading and checking" in result.stderr
    job = json.loads((tmp_path / "out" / "job.json").read_text(encoding="utf-8"))
    assert job["read_back"]["symbols_equal_in_every_pixel"] == job["read_back"]["symbols_decoded"] == 4
    assert job["read_back"]["symbols_read_by_second_decoder"] == 2
    assert job["read_back"]["faults"] == 0
    assert (tmp_path / "out" / "slips-00001.pdf").read_bytes().startswith(b"%PDF-")


def test_headings_of_a_mapping_stand_beside_those_of_the_site_file(tmp_path: Path) -> None:
    site, mapping = tmp_path / "site.toml", tmp_path / "own.toml"
    shutil.copy(ROOT / "sample_data" / "site.toml", site)  # 整理番号 is notice_no there
    mapping.write_text('[headings]\n"宛名CD" = "payer_id"\n', encoding="utf-8")
    rows = clean(2).rename({"notice_no": "整理番号", "payer_id": "宛名CD"})
    path = write_csv(rows, tmp_path / "slips.csv")
    result = run(path, tmp_path / "out", "--site", str(site), "--mapping", str(mapping))
    assert result.exit_code == 0, result.output


def test_slips_are_not_made_by_rules_of_another_time(slips: Path, tmp_path: Path) -> None:
    result = run(slips, tmp_path / "out", "--profile", "charge", "--issue-date", "2026-08-31")
    assert result.exit_code == 2 and "[profile.not_in_force]" in result.stderr
    assert not (tmp_path / "out").exists()


PATTERN = "[2] (令和8)*"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_signs_of_a_pattern_in_a_name_are_only_signs(slips: Path, tmp_path: Path, suffix: str) -> None:
    """A browser saves a second download as slips[2].csv, and an office names its folders as it likes."""
    named, folder = tmp_path / f"納付書{PATTERN}{suffix}", tmp_path / PATTERN
    if suffix == ".csv":
        named.write_bytes(slips.read_bytes())
    else:
        pl.read_csv(slips, infer_schema=False).write_parquet(named)
    assert run(named, folder).exit_code == 0
    assert run(slips, tmp_path / "plain").exit_code == 0
    same = ("manifest.csv", "manifest.parquet", "upload.csv", "slips-00001.pdf")
    assert [(folder / n).read_bytes() for n in same] == [(tmp_path / "plain" / n).read_bytes() for n in same]


def test_real_pages_are_the_same_whatever_the_number_of_processes(tmp_path: Path) -> None:
    path = write_csv(clean(6), tmp_path / "slips.csv")
    for jobs in ("1", "2"):
        assert run(path, tmp_path / jobs, "--jobs", jobs, "--slips-per-file", "3").exit_code == 0
    assert files(tmp_path / "1") == files(tmp_path / "2")
    assert "slips-00002.pdf" in files(tmp_path / "2")


def test_problems_end_with_1_and_names_are_masked(tmp_path: Path) -> None:
    path = faulty(tmp_path)
    result = run(path, tmp_path / "out", "--skip-read-back")
    assert result.exit_code == 1
    assert "秘" not in result.output
    assert "U+F0000" in result.stdout
    assert "NOT read back" in result.stdout
    table = pl.read_csv(tmp_path / "out" / "problems.csv", infer_schema=False)
    assert {"3", "4", "5"} == set(table.filter(pl.col("severity") == "error")["line"])
    shown = run(path, tmp_path / "out", "--skip-read-back", "--show-names")
    assert shown.exit_code == 1
    assert "秘123" in shown.stdout


def test_a_row_gets_the_words_of_its_language_however_its_tag_is_written(tmp_path: Path) -> None:
    tags = ["zh-Hans", "zh-CN", "pt-BR", "ja-x-easy", "ja-JP", "fr"]
    frame = clean(len(tags)).with_columns(lang=pl.Series(tags))
    result = run(write_csv(frame, tmp_path / "slips.csv"), tmp_path / "out", "--skip-read-back")
    assert result.exit_code == 1
    table = pl.read_csv(tmp_path / "out" / "problems.csv", infer_schema=False)
    told = table.filter(pl.col("severity") != "note").select("line", "code", "field").rows()
    assert told == [("7", "lang.no_words", "lang")]
    assert "fr" in table.filter(pl.col("code") == "lang.no_words")["message_en"][0]
    made = pl.read_csv(tmp_path / "out" / "manifest.csv", infer_schema=False)
    pdf = pypdfium2.PdfDocument(tmp_path / "out" / "slips-00001.pdf")
    pages = {
        line: "".join(pdf[int(page) - 1].get_textpage().get_text_range().split())
        for line, page in made.select("line", "page").rows()
    }
    notices = ["普通相机", "普通相机", "Câmeracomum", "ふつうのカメラ", "普通のカメラでは", "Acameraapp"]
    for line, notice in enumerate(notices, 2):
        assert notice in pages[str(line)], tags[line - 2]


def test_json_is_the_job_file(slips: Path, tmp_path: Path) -> None:
    result = run(slips, tmp_path / "out", "--json", "--skip-read-back")
    assert result.exit_code == 0
    assert result.stdout == (tmp_path / "out" / "job.json").read_text(encoding="utf-8")


def test_input_that_cannot_be_used_ends_with_2(tmp_path: Path) -> None:
    path = write_csv(clean(2).drop("amount"), tmp_path / "short.csv")
    result = run(path, tmp_path / "out")
    assert (result.exit_code, "heading.missing" in result.stderr) == (2, True)
    assert run(tmp_path / "none.csv", tmp_path / "out").exit_code == 2
    assert run(path, tmp_path / "out", "--layout", "nowhere").exit_code == 2
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == []


def test_another_job_in_the_folder_ends_with_2(slips: Path, tmp_path: Path) -> None:
    run(slips, tmp_path / "out", "--skip-read-back")
    result = run(slips, tmp_path / "out", "--skip-read-back", "--slips-per-file", "2")
    assert result.exit_code == 2
    assert "slips_per_file" in result.stderr
    again = run(slips, tmp_path / "out", "--skip-read-back", "--slips-per-file", "2", "--overwrite")
    assert again.exit_code == 0


def test_a_folder_in_use_ends_with_3(slips: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "out"):
        result = run(slips, tmp_path / "out")
    assert (result.exit_code, "job.folder_in_use" in result.stderr) == (3, True)


@pytest.mark.parametrize(("fault", "code"), [(KeyboardInterrupt(), 3), (RuntimeError("a bug"), 2)])
def test_what_nobody_foresaw_never_ends_like_a_finished_job(
    slips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, code: int
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(press.PaperPress, "write_pdf", stop)
    result = run(slips, tmp_path / "out")
    assert result.exit_code == code
    assert "nothing was delivered" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_release_of_test_slips_ends_with_2_and_lists_the_rules(tmp_path: Path) -> None:
    path = write_csv(clean(2, codes=False), tmp_path / "slips.csv")
    result = run(path, tmp_path / "out", "--release")
    assert result.exit_code == 2
    assert "row1_check" in result.stderr
    test = run(path, tmp_path / "out", "--skip-read-back")
    assert "見本・使用不可 2 件" in test.stdout


def test_a_misprinted_slip_rejects_its_file(
    slips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = PaperPress.write_pdf

    def swapped(self: PaperPress, path: Path, values: pl.DataFrame, *, layout: str, title: str) -> None:
        wrong = values.with_columns(payload=values["payload"].reverse())
        original(self, path, wrong, layout=layout, title=title)

    monkeypatch.setattr(press.PaperPress, "write_pdf", swapped)
    result = run(slips, tmp_path / "out")
    assert result.exit_code == 1
    assert "REJECTED-slips-00001.pdf.rejected" in result.stdout
    out = tmp_path / "out"
    assert not (out / "slips-00001.pdf").exists()
    assert pl.read_parquet(out / "manifest.parquet").height == 0
    table = pl.read_csv(out / "problems.csv", infer_schema=False)
    assert (table["code"] == "readback.file_rejected").sum() == 4
    assert set(table.filter(pl.col("code") == "readback.pixels")["line"]) == {"2", "3", "4", "5"}
