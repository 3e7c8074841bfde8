"""The reflectance curve: each word of the command line, profiles made here byte by byte, and every refusal."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.problems import ProblemError
from slips.proof.curve import linear, load_curve, srgb, through_points
from slips.proof.icc import IccError, tone_curve


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile with a header as far as it is read, and these tags."""
    head = bytearray(128)
    head[16:20], head[36:40] = space, b"acsp"
    place, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, place + len(body), len(data))
        body += data
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))


def test_srgb_is_the_curve_of_its_standard() -> None:
    # IEC 61966-2-1: value 188 of 255 is half the light, 10 lies on the straight part
    assert srgb().table[188] == pytest.approx(0.503, abs=1e-3)
    assert srgb().table[10] == pytest.approx(10 / 255 / 12.92)
    assert (np.diff(srgb().table) > 0).all() and srgb().table[[0, 255]].tolist() == [0.0, 1.0]


def test_the_words_of_the_command_line() -> None:
    assert load_curve("linear").name == "linear" and load_curve("srgb").name == "srgb"
    grey = np.array([[0, 51], [102, 255]], np.uint8)
    assert np.allclose(linear().reflect(grey), [[0, 0.2], [0.4, 1]])


@pytest.mark.parametrize("word", ["", "sRGB", "gamma2.2", "icc:", "card"])
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(ProblemError) as refused:
        load_curve(word)
    assert refused.value.problems[0].code == "measure.curve_word"


def test_a_grey_profile_gives_its_gamma(tmp_path: Path) -> None:
    path = tmp_path / "scanner.icc"
    path.write_bytes(profile(b"GRAY", {b"kTRC": gamma(2.0)}))
    curve = load_curve(f"icc:{path}")
    assert np.allclose(curve.table, (np.arange(256) / 255) ** 2, atol=1e-6)
    assert curve.name.startswith("icc:scanner.icc (sha256 ")


def test_an_rgb_profile_gives_the_mean_of_its_three() -> None:
    data = profile(b"RGB ", {b"rTRC": gamma(1.0), b"gTRC": gamma(2.0), b"bTRC": b"curv" + bytes(8)})
    at = np.arange(256) / 255
    assert np.allclose(tone_curve(data), (2 * at + at**2) / 3)


def test_a_table_and_the_srgb_parameters() -> None:
    table = b"curv" + bytes(4) + struct.pack(">I3H", 3, 0, 16384, 65535)
    assert tone_curve(profile(b"GRAY", {b"kTRC": table}))[[0, 255]].tolist() == [0.0, 1.0]
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # type 3, as sRGB profiles have it
    para = b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *(round(n * 65536) for n in numbers))
    assert np.allclose(tone_curve(profile(b"GRAY", {b"kTRC": para})), srgb().table, atol=1e-3)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no ICC profile"),
        (profile(b"CMYK", {}), "colour space CMYK"),
        (profile(b"GRAY", {b"A2B0": gamma(1)}), "no kTRC"),
        (profile(b"GRAY", {b"kTRC": b"mft2" + bytes(8)}), "type 'mft2'"),
        (profile(b"GRAY", {b"kTRC": b"para" + bytes(4) + struct.pack(">HH", 9, 0)}), "type 9"),
        (profile(b"GRAY", {b"kTRC": gamma(2.0)[:9]}), "damaged"),
        (profile(b"GRAY", {b"kTRC": b"curv" + bytes(4) + struct.pack(">I2H", 2, 65535, 0)}), "does not rise"),
        (profile(b"GRAY", {})[:128] + b"\xff\xff\xff\xff", "damaged"),
    ],
)
def test_a_profile_that_cannot_be_used_says_why(data: bytes, why: str) -> None:
    with pytest.raises(IccError, match=why):
        tone_curve(data)


def test_a_file_that_cannot_be_used_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    (tmp_path / "p.icc").write_bytes(b"no profile")
    for word in (
        "icc:nowhere.icc",
        f"icc:{tmp_path / 'p.icc'}",
        f"card:{tmp_path / 'card.json'}",
        "card:nowhere",
    ):
        with pytest.raises(ProblemError) as refused:
            load_curve(word)
        assert refused.value.problems[0].code == "measure.curve_file"


def test_a_card_gives_its_curve(tmp_path: Path) -> None:
    steps = [{"grey": g, "reflectance": r} for g, r in ((20, 0.05), (120, 0.3), (240, 0.9))]
    path = tmp_path / "card.json"
    path.write_text(json.dumps({"card": "Q-13 no. 5", "steps": steps}), encoding="utf-8")
    curve = load_curve(f"card:{path}")
    assert curve.name == "card:Q-13 no. 5" and curve.table[120] == pytest.approx(0.3)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 1000)), min_size=3, max_size=12))
def test_a_curve_goes_through_its_points_and_rises(pairs: list[tuple[int, int]]) -> None:
    greys = sorted({g for g, _ in pairs})
    lights = sorted({r for _, r in pairs})
    count = min(len(greys), len(lights))
    if count < 3:
        with pytest.raises(ValueError, match="three or more"):
            through_points("x", greys[:count], lights[:count])
        return
    table = through_points("x", greys[:count], np.array(lights[:count]) / 1000).table
    assert np.allclose(table[greys[:count]], np.array(lights[:count]) / 1000, atol=1e-6)
    assert (np.diff(table) >= -1e-7).all()
