"""`elqr verify` as a person runs it: words, files, exit codes, calibration and stress test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cli import main
from elqr.problems import ProblemError
from slips import stress_form
from slips.layout import load_layout
from slips.proof import calibration_sheet
from slips.proof import run as verifying
from slips.proof.outcome import Inspection
from slips.proof.run import VerifyRequest, verify
from slips.proof.scanner_scale import ScannerScale, load_scanner
from slips.proof.stress import Stress, stress
from slips.proof.verdicts import Verdict
from slips.proof.verify_words import scale_words
from tools.paper import Scanner, Sheet, sheets_of


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_good_file_ends_with_0_and_names_its_files(printed_job: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("verify", printed_job, "--manifest", printed_job / "manifest.csv", "--out", out)
    assert result.exit_code == 0, result.output
    assert "合格 40 / 40 pass" in result.stdout
    assert "report.html, results.csv, results.json, results.parquet" in result.stdout
    assert {p.name for p in out.iterdir()} == {
        "report.html",
        "results.csv",
        "results.json",
        "results.parquet",
    }
    assert pl.read_csv(out / "results.csv")["verdict"].to_list() == ["pass"] * 40


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_signs_of_a_pattern_in_a_name_are_only_signs(
    printed_job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Of the manifest, of the results, and of the folder where the system keeps what is in work."""
    folder = tmp_path / "[1]*"
    folder.mkdir()
    manifest = folder / f"manifest[1]{suffix}"
    manifest.write_bytes((printed_job / f"manifest{suffix}").read_bytes())
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert run("verify", printed_job, "--manifest", manifest, "--out", folder / "out").exit_code == 0
    assert (folder / "out" / "results.csv").is_file()


def test_findings_end_with_1_and_are_told(
    printed_job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures of paper inside a PDF are judged as scans; here only three sheets of forty are sent."""
    pages = [
        Image.fromarray(Scanner(jpeg=0).scan(page, seed=3))
        for page in sheets_of(printed_job / "slips-00001.pdf", [1, 2, 3])
    ]
    pages[0].save(tmp_path / "scans.pdf", save_all=True, append_images=pages[1:], resolution=300)
    common = (
        "verify",
        tmp_path / "scans.pdf",
        "--manifest",
        printed_job / "manifest.parquet",
        "--out",
        tmp_path / "out",
    )
    looked_at: list[Inspection] = []
    monkeypatch.setattr(
        verifying, "verify", lambda *a, **k: looked_at.append(verify(*a, **k)) or looked_at[0]
    )
    result = run(*common, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["counts"]["missing"] == 37 and document["counts"]["pass"] == 3
    assert [page["kind"] for page in document["pages"]] == ["scan"] * 3
    assert document == json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    monkeypatch.setattr(verifying, "verify", lambda *_, **__: looked_at[0])  # in words: the same inspection
    words = run(*common)
    assert (
        "欠落 37 / 37 missing" in words.stdout
        and "[verify.missing]" in words.stdout
        and "… 25 missing" in words.stdout
    )


def test_a_second_look_is_at_the_same_sheet(printed_job: Path, tmp_path: Path) -> None:
    """A scanner begins each box with 1.png: the sheet that nobody can read is not taken for its namesake in the other folder."""
    form = load_layout("mihara")
    sheets = [Sheet(page, form) for page in sheets_of(printed_job / "slips-00001.pdf", range(1, 5))]
    page = sheets[1].page.copy()
    page[sheets[1].code] = 255
    for box in form.boxes:
        if box.value == "seq":
            page[sheets[1].cut(box)] = 255
    boxes = {"a": [sheets[0].page, page], "b": [sheet.page for sheet in sheets[2:]]}
    for name, pages in boxes.items():
        (tmp_path / name).mkdir()
        for number, one in enumerate(pages, 1):
            Image.fromarray(one).resize((2200, 900)).save(tmp_path / name / f"{number}.png", dpi=(200, 200))
    request = VerifyRequest(
        paths=[tmp_path / "a", tmp_path / "b"], manifest=printed_job / "manifest.csv", sample=True
    )
    inspection = verify(request)
    assert {(s.source, s.verdict) for s in inspection.slips if s.verdict is Verdict.UNREADABLE} == {
        ("a/2.png", Verdict.UNREADABLE)
    }
    assert len(inspection.slips) == 4
    assert len({(page.source, page.page) for page in inspection.pages}) == 4


def test_nothing_usable_ends_with_2(printed_job: Path, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n")
    manifest, out = printed_job / "manifest.csv", tmp_path / "out"
    result = run("verify", tmp_path / "a.pdf", "--manifest", manifest, "--out", out)
    assert result.exit_code == 2 and "verify.damaged" in result.stdout
    assert run("verify", tmp_path / "b.pdf", "--manifest", manifest, "--out", out).exit_code == 2
    assert run("verify", tmp_path, "--out", out).exit_code == 2
    assert run("verify", tmp_path, "--manifest", manifest).exit_code == 2
    assert run("verify", tmp_path, "--manifest", manifest, "--out", out, "--curve", "wrong").exit_code == 2


IDLE = {
    "--rule-mm 180.2,200.3": ("scan.png --manifest m.csv", "option.only_with", "--calibrate"),
    "--card-steps 0.9,0.4": ("scan.png --manifest m.csv", "option.only_with", "--calibrate"),
    "--manifest m.csv": ("--calibrate scan.png", "option.not_with", "--calibrate"),
    "--curve linear": ("--calibrate scan.png", "option.not_with", "--calibrate"),
    "--simulate mihara": ("--calibrate scan.png", "option.not_with", "--calibrate"),
    "--scanner card.json": ("--simulate mihara", "option.not_with", "--simulate"),
    "--rule-mm 180,200": ("--simulate mihara", "option.not_with", "--simulate"),
    "--json": ("--simulate mihara", "option.not_with", "--simulate"),
}


@pytest.mark.parametrize("option", IDLE)
def test_an_option_that_nothing_would_look_at_is_refused(option: str, tmp_path: Path) -> None:
    """`--rule-mm` without `--calibrate` was taken without a word, and the scale stayed as it was."""
    rest, code, other = IDLE[option]
    out = tmp_path / "out"
    result = run("verify", *rest.split(), *option.split(), "--out", out)
    assert result.exit_code == 2 and not out.exists()
    assert code in result.stderr and option.split(maxsplit=1)[0] in result.stderr and other in result.stderr


def test_a_page_without_its_manifest_beside_calibrate_is_refused(tmp_path: Path) -> None:
    result = run("verify", "page.pdf", "--calibrate", "scan.png", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "PATHS" in result.stderr


def scanner_is_right(folder: Path) -> None:
    """The page was printed half a per cent too large, as the steel rule says: so the scanner sees half a per cent too little."""
    with pytest.raises(ProblemError) as unmeasured:
        load_scanner(folder / "card.json")
    assert unmeasured.value.problems[0].code == "verify.scanner_card"
    arguments = ("verify", "--calibrate", folder / "scan.png", "--out", folder, "--rule-mm")
    result = run(*arguments, "180.9,201.0")
    assert result.exit_code == 0 and "--scanner" in result.stdout, result.output
    scale = load_scanner(folder / "card.json")
    designed = json.loads((folder / "card.json").read_text(encoding="utf-8"))["rulers"]["across"]
    assert designed["measured"] and designed["millimetres"] == 180.9
    assert (
        scale.across == pytest.approx(designed["pixels_a_mm"] * 25.4 / 300, rel=1e-4) and scale.down < 0.999
    )
    assert "card.json" in scale_words(scale).en and "not calibrated" in scale_words(ScannerScale()).en
    for wrong in ("180.9", "180.9,2010", "long,longer", "nan,nan"):
        refused = run(*arguments, wrong)
        assert refused.exit_code == 2 and "verify.rule_mm" in refused.output


def test_calibration_from_page_to_curve(tmp_path: Path) -> None:
    page = tmp_path / "page.pdf"
    assert run("layouts", "calibration-page", "--out", page).exit_code == 0
    (paper,) = sheets_of(page, [1], dpi=300)
    grey = Scanner(jpeg=0, turn_deg=0.2).scan(paper, seed=1, page_dpi=300)
    Image.fromarray(grey).save(tmp_path / "scan.png", dpi=(300, 300), compress_level=1)
    result = run("verify", "--calibrate", tmp_path / "scan.png", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "card.json" in result.stdout and "dpi" in result.stdout
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert card["rulers"]["across"]["pixels_a_mm"] == pytest.approx(300 / 25.4, rel=0.005)
    assert "--rule-mm" in result.stdout and card["rulers"]["down"]["measured"] is False
    scanner_is_right(tmp_path)
    refused = run(
        "verify", "--calibrate", tmp_path / "scan.png", "--out", tmp_path, "--card-steps", "0.9,bright"
    )
    assert refused.exit_code == 2 and "verify.card_steps" in refused.output
    blank = Image.fromarray(np.full((300, 200), 250, np.uint8))
    blank.save(tmp_path / "blank.png", dpi=(300, 300))
    assert run("verify", "--calibrate", tmp_path / "blank.png", "--out", tmp_path).exit_code == 2
    assert run("verify", "--calibrate", tmp_path / "none.png", "--out", tmp_path).exit_code == 2


def test_a_card_in_the_frame_gives_a_curve(tmp_path: Path) -> None:
    page = tmp_path / "page.pdf"
    run("layouts", "calibration-page", "--out", page)
    (paper,) = sheets_of(page, [1], dpi=300)
    x, y, w, h = (round(v * 300 / 25.4) for v in calibration_sheet.CARD_MM)
    for k, grey in enumerate((230, 150, 80)):
        paper[y : y + h, x + k * w // 3 : x + (k + 1) * w // 3] = grey
    Image.fromarray(Scanner(jpeg=0, turn_deg=0.1).scan(paper, seed=1, page_dpi=300)).save(
        tmp_path / "s.png", dpi=(300, 300)
    )
    result = run(
        "verify", "--calibrate", tmp_path / "s.png", "--out", tmp_path, "--card-steps", "0.12,0.4,0.85"
    )
    if result.exit_code == 2:  # steps must rise from left to right as the reflectances do
        assert "measure.card_steps" in result.output
    falling = run(
        "verify", "--calibrate", tmp_path / "s.png", "--out", tmp_path, "--card-steps", "0.85,0.4,0.12"
    )
    assert falling.exit_code == 0 and "--curve card:" in falling.stdout, falling.output


def test_the_stress_test_of_a_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One defect with one seed instead of all: the rest is the simulator's own test."""

    def short(path: Path, **options: object) -> Stress:
        from slips.proof.render import open_document
        from slips.proof.stress import surroundings

        with open_document(path) as document, document.pages(0, 1) as (page,):
            sheet = surroundings(page, options["place"])  # type: ignore[arg-type]
        return stress(
            sheet, intended=options["intended"], title=str(options["title"]), defects=["blur"], seeds=1
        )  # type: ignore[arg-type]

    monkeypatch.setattr(stress_form, "stress_file", short)
    result = run("verify", "--simulate", "mihara", "--out", tmp_path / "stress")
    assert result.exit_code == 0, result.output
    assert "blur" in result.stdout
    assert (tmp_path / "stress" / "stress.html").stat().st_size > 5_000
    assert (tmp_path / "stress" / "stress.csv").read_text(encoding="utf-8-sig").startswith("defect,")
    assert run("verify", "--simulate", "no_such_form", "--out", tmp_path).exit_code == 2
