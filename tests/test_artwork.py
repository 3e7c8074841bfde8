"""What is drawn once, and what is refused before anything is drawn: marks, profiles, fonts, labels that do not fit."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from elqr.problems import ProblemError
from slips import fonts as fonts_module
from slips.artwork import lean, load_mark
from slips.constants import constant_texts, set_constant
from slips.metadata import load_intent
from tests.writer_rows import fonts, form
from tools.make_icc import profile


def code_of(caught: pytest.ExceptionInfo[ProblemError]) -> str:
    (problem,) = caught.value.problems
    assert problem.text("ja") and problem.text("en")
    return problem.code


def test_mark_becomes_grey_on_white(tmp_path: Path) -> None:
    """Transparent paper stays white, red ink becomes grey: the slip is printed in black only."""
    picture = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    picture.putpixel((1, 0), (255, 0, 0, 255))
    picture.save(tmp_path / "mark.png")
    mark = load_mark(tmp_path / "mark.png")
    assert (mark.width, mark.height) == (2, 1)
    assert mark.samples[0] == 255 and 0 < mark.samples[1] < 128


def test_a_mark_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mark.png").write_bytes(b"no picture")
    with pytest.raises(ProblemError) as caught:
        load_mark(tmp_path / "mark.png")
    assert code_of(caught) == "mark.unreadable"


def test_artwork_says_each_setting_once() -> None:
    with pikepdf.new() as pdf:
        drawn = pdf.make_stream(
            b"1 0 0 1 0 0 cm BT /F1 12 Tf 14.4 TL ET 1 0 0 -1 0 324 cm .5 G .25 w [] 0 d n 14.17323 286.2992 97.79528 22.67717 re S"
            b" .5 G .25 w [2 2] 0 d n 1 2 m 3 4.006 l S .94 g n 1 2 3 4 re f*"
        )
        assert lean(drawn).decode().split("\n") == [
            "1 0 0 -1 0 324 cm",
            *("0.5 G", "0.25 w", "[] 0 d", "14.17 286.3 97.8 22.68 re", "S"),
            *("[2 2] 0 d", "1 2 m", "3 4.01 l", "S"),
            *("0.94 g", "1 2 3 4 re", "f*"),
        ]


def test_artwork_with_a_strange_operator_is_not_passed_on() -> None:
    with pikepdf.new() as pdf, pytest.raises(ValueError, match="operator W"):
        lean(pdf.make_stream(b"1 2 3 4 re W n"))


def test_the_shipped_output_profile_is_what_its_maker_writes() -> None:
    intent = load_intent(None)
    assert intent.profile == profile()
    assert intent.components == 1
    assert struct.unpack(">I", intent.profile[:4])[0] == len(intent.profile)


def test_a_monitor_profile_is_refused(tmp_path: Path) -> None:
    monitor = bytearray(profile())
    monitor[12:16] = b"mntr"
    (tmp_path / "screen.icc").write_bytes(monitor)
    with pytest.raises(ProblemError) as caught:
        load_intent(tmp_path / "screen.icc")
    assert code_of(caught) == "icc.not_output"


def test_a_font_that_may_not_be_embedded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = fonts_module._open

    def restricted(path: Path, name: str) -> object:
        font = opened(path, name)
        font["OS/2"].fsType = 2
        return font

    monkeypatch.setattr(fonts_module, "_open", restricted)
    monkeypatch.setattr(fonts_module, "_opened", fonts_module._opened.__wrapped__)  # opened anew
    with pytest.raises(ProblemError) as caught:
        fonts_module.load_fonts(["gothic"])
    assert {p.code for p in caught.value.problems} == {"font.not_embeddable"}


def test_a_label_that_does_not_fit_is_refused_with_both_heights() -> None:
    text = next(constant_texts(form(), lambda key: "長い見出し" * 20, has_mark=False))
    with pytest.raises(ProblemError) as caught:
        set_constant(text, fonts(), file="test.toml")
    assert code_of(caught) == "text.label_overflow"
    assert caught.value.problems[0].params["expected"] == "8.0"


def test_a_label_without_glyphs_is_refused() -> None:
    text = next(constant_texts(form(), lambda key: "\ue000", has_mark=False))
    with pytest.raises(ProblemError) as caught:
        set_constant(text, fonts(), file="test.toml")
    assert code_of(caught) == "text.label_no_glyph"


def test_labels_stand_inside_their_boxes() -> None:
    for text in constant_texts(form(), lambda key: "見出しの言葉", has_mark=False):
        for placed in set_constant(dataclasses.replace(text, align="right"), fonts(), file="test.toml"):
            assert text.area.x - 0.01 <= placed.x <= text.area.x + text.area.w
            assert text.area.top - text.area.h - text.size_pt <= placed.y <= text.area.top
