"""What the lint hands on: words, JSON, SARIF 2.1.0, pictures; and the lines of the form's file that findings point at."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli import main
from slips.layout import load_layout
from slips.lint.check import check_form
from slips.lint.pictures import RED, bare, picture
from slips.lint.report import Judged, document, text
from slips.lint.rules import load_rules
from slips.lint.toml_lines import lines_of
from slips.png import png
from slips.rect import Rect


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office's own form with a small amount, a code near a fold and a word that is too long."""
    path = tmp_path_factory.mktemp("forms") / "office.toml"
    own = (files("layouts") / "forms" / "mihara.toml").read_text(encoding="utf-8")
    for old, new in (
        ("size_pt = 20.0", "size_pt = 13.0"),
        ('text = "note.no_receipt"', 'text = "pay.channels"'),
        ("[style.row]", "[[fold]]\nx1_mm = 257.0\ny1_mm = 0.0\nx2_mm = 257.0\ny2_mm = 114.3\n\n[style.row]"),
    ):
        assert old in own
        own = own.replace(old, new, 1)
    path.write_text(own, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def judged(office: Path, pictures: Path) -> Judged:
    return check_form(str(office), out=pictures)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["layouts", "check", *map(str, words)])


def found(judged: Judged, rule: str) -> dict[str, Any]:
    (one,) = (f for f in document(judged)["findings"] if f["rule"] == rule)
    return dict(one)


def test_words_name_rule_box_value_and_limit_in_both_languages(judged: Judged) -> None:
    said = text(judged)
    assert said.splitlines()[1].startswith("誤り ") and "errors" in said.splitlines()[1]
    assert (
        "[誤り error] figures.amount  納付額はその片で最も大きい数字 / The amount is the largest figure"
        in said
    )
    assert (
        "→ receipt.amount, slip.amount, notice.amount: -1 pt (1 pt 以上 / at least 1 pt) · receipt.due_date"
        in said
    )
    assert "[layout.near_cut]" in said and "[text.label_overflow]" in said


def test_the_document_has_every_figure(judged: Judged) -> None:
    amount = found(judged, "figures.amount")
    assert (amount["measured"], amount["limit"], amount["unit"]) == (-1.0, 1.0, "pt")
    assert amount["boxes"] == ["receipt.amount", "slip.amount", "notice.amount"]
    assert amount["places_mm"][0] == [22.3, 58.4, 43.2, 11.1]
    assert amount["severity"] == "error" and amount["source"] and amount["status"] == "inferred"
    near = found(judged, "code.cut_distance")
    assert near["measured"] == 2.08 and near["boxes"] == ["notice.qr"]
    counts = document(judged)["counts"]
    assert counts["error"] == sum(f["severity"] == "error" for f in document(judged)["findings"]) > 2
    assert {p["code"] for p in document(judged)["problems"]} >= {"layout.near_cut", "text.label_overflow"}


def test_findings_point_at_the_line_of_their_box(judged: Judged, office: Path) -> None:
    lines = office.read_text(encoding="utf-8").splitlines()
    assert lines[found(judged, "figures.amount")["line"] - 1] == "[[box]]"
    assert 'id = "amount"' in lines[found(judged, "figures.amount")["line"]]
    where = lines_of((files("layouts") / "forms" / "a4_notice.toml").read_text(encoding="utf-8"))
    assert {f"{b.part}.{b.id}" for b in load_layout("a4_notice").boxes} <= set(where)
    assert lines_of('[[box]]\nid = "a"\nparts = ["x", \'y\']\n\n[[part]]\nid = "x"\n') == {
        "x.a": 1,
        "y.a": 1,
        "x": 5,
    }
    assert lines_of("") == {}


# --- SARIF 2.1.0: the required properties and closed word lists of the OASIS schema, for the objects that are used -------------

REQUIRED = {
    "log": {"version", "runs"},
    "run": {"tool"},
    "tool": {"driver"},
    "driver": {"name"},
    "rule": {"id"},
    "result": {"message"},
    "artifact": set(),
    "suppression": {"kind"},
}
ALLOWED = {
    "log": {"$schema", "version", "runs", "inlineExternalProperties", "properties"},
    "run": {"tool", "artifacts", "results", "columnKind", "invocations", "language", "properties"},
    "driver": {"name", "version", "rules", "language", "fullName", "semanticVersion", "properties"},
    "rule": {
        "id",
        "name",
        "shortDescription",
        "fullDescription",
        "help",
        "defaultConfiguration",
        "properties",
    },
    "result": {"ruleId", "ruleIndex", "level", "message", "locations", "suppressions", "properties", "kind"},
    "artifact": {"location", "hashes", "mimeType", "length", "properties"},
    "suppression": {"kind", "status", "justification", "guid", "location", "properties"},
    "location": {"physicalLocation", "logicalLocations", "id", "message", "properties"},
}
LEVELS = {"none", "note", "warning", "error"}


def closed(kind: str, thing: Mapping[str, Any]) -> None:
    """An object has what the schema requires and nothing that it forbids (additionalProperties is false throughout)."""
    assert REQUIRED.get(kind, set()) <= set(thing), kind
    assert set(thing) <= ALLOWED.get(kind, set(thing)), kind


@pytest.fixture
def unprinted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the finished pages: what is asked here does not depend on them, and they take their time."""
    monkeypatch.setattr("slips.lint.check.sheets_of", lambda *_, **__: ())


@pytest.mark.usefixtures("unprinted")
@pytest.mark.parametrize("name", ["office", "a4_notice"])
def test_sarif_is_valid(name: str, office: Path) -> None:
    ended = run(office if name == "office" else name, "--format", "sarif")
    assert ended.exit_code == (1 if name == "office" else 0)
    log = json.loads(ended.output)
    closed("log", log)
    assert log["version"] == "2.1.0"
    (one,) = log["runs"]
    closed("run", one)
    driver = one["tool"]["driver"]
    closed("driver", driver)
    assert re.fullmatch(r"[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}", driver["language"])
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == list(load_rules())
    for rule in driver["rules"]:
        closed("rule", rule)
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in LEVELS
    for artifact in one["artifacts"]:
        closed("artifact", artifact)
        assert re.fullmatch("[0-9a-f]{64}", artifact["hashes"]["sha-256"])
    assert one["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    assert one["results"]
    for result in one["results"]:
        closed("result", result)
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"] and result["level"] in LEVELS
        for location in result["locations"]:
            closed("location", location)
            assert location["physicalLocation"]["region"]["startLine"] >= 1
            assert location["physicalLocation"]["artifactLocation"]["index"] < len(one["artifacts"])
        for suppression in result.get("suppressions", ()):
            closed("suppression", suppression)
            assert suppression["kind"] in {"inSource", "external"}
            assert suppression["status"] in {"accepted", "underReview", "rejected"}
    explained = [r for r in one["results"] if "suppressions" in r]
    assert {r["ruleId"] for r in explained} == (
        {"figures.equal_labels", "type.body"} if name == "a4_notice" else {"figures.equal_labels"}
    )


# --- exit codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unprinted")
def test_exit_codes(office: Path, tmp_path: Path) -> None:
    assert run("mihara").exit_code == 0
    assert run(office).exit_code == 1
    assert run("mihra").exit_code == 2
    assert run("mihara", "--strict").exit_code == 0, "an explained warning is no fault"
    warned = tmp_path / "warned.toml"
    own = (files("layouts") / "forms" / "a4_notice.toml").read_text(encoding="utf-8")
    warned.write_text(own.replace('id = "a4_notice"', 'id = "own"', 1), encoding="utf-8")
    assert run(warned).exit_code == 0
    assert run(warned, "--strict").exit_code == 1, "a warning that nobody explained"


# --- pictures --------------------------------------------------------------------------------------------------------------


def unpacked(data: bytes) -> np.ndarray:
    """The pixels of a PNG of ours: RGB, no filter."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (8, 2)
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    rows = np.frombuffer(zlib.decompress(data[at + 4 : at + 4 + length]), np.uint8).reshape(
        height, 1 + 3 * width
    )
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_every_finding_with_a_place_has_a_picture_with_its_box_outlined(
    judged: Judged, pictures: Path
) -> None:
    assert len(judged.pictures) == len(judged.findings)
    for finding, name in zip(judged.findings, judged.pictures, strict=True):
        assert bool(name) == bool(finding.places), finding.rule.id
    name = found(judged, "figures.amount")["picture"]
    pixels = unpacked((pictures / name).read_bytes())
    red = (pixels == RED).all(axis=2)
    assert red.sum() > 3000, "three boxes outlined"
    assert (pixels.sum(axis=2) < 100).any(), "and the figures in them are there to be seen"
    assert sorted(p.name for p in pictures.iterdir()) == sorted(filter(None, judged.pictures))


def test_a_picture_is_cut_to_its_place_and_shows_some_of_its_surroundings() -> None:
    layout = load_layout("mihara")
    sheet = bare(layout)
    cut = picture(layout, sheet, [Rect(100, 50, 10, 5)])
    height, width = cut.shape[:2]
    assert (width / sheet.dpi * 25.4, height / sheet.dpi * 25.4) == (
        pytest.approx(80, abs=0.5),
        pytest.approx(40, abs=0.5),
    )
    off = picture(layout, sheet, [Rect(-50, -50, 10, 5), Rect(275, 110, 40, 40)])
    assert off.shape[2] == 3 and off.size


def test_pictures_are_the_same_bytes_each_time(
    judged: Judged, office: Path, tmp_path: Path, pictures: Path
) -> None:
    again = check_form(str(office), out=tmp_path)
    assert again.pictures == judged.pictures
    for name in filter(None, again.pictures):
        assert (tmp_path / name).read_bytes() == (pictures / name).read_bytes()


def test_png_takes_bytes_of_grey_or_rgb_only() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert png(grey, dpi=100)[24:26] == b"\x08\x00"
    assert unpacked(png(np.repeat(grey[:, :, None], 3, axis=2), dpi=100))[2, 3].tolist() == [11, 11, 11]
    for wrong in (grey.astype(np.float64), np.zeros((2, 2, 4), np.uint8), np.zeros(3, np.uint8)):
        with pytest.raises(ValueError, match="expected"):
            png(wrong, dpi=100)
