"""The voices: who reads what, where, on crops and on pages; and a worker that dies, hangs or is not there, which must never end the run."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from slips.proof import decode, plane
from slips.proof.cascade import AS_IS, REDRAWN, WECHAT, ZBAR, ZXING, find_symbols, read_cascade, read_symbol
from slips.proof.intended_modules import modules_of
from slips.proof.redraw import redrawn
from slips.proof.simulate.matrix import Case, payload_of, place_told, shot_of
from slips.proof.wechat import SIDE_MAX, WeChat, packed, unpacked

Pixels = npt.NDArray[np.uint8]
SQUARE = np.array([(0.0, 0.0), (41.0, 0.0), (41.0, 41.0), (0.0, 41.0)])
CLEAN = Case(defect="clean", severity=0, dpi=300, seed=0)

READY = "import sys, time, os, signal; o = sys.stdout.buffer; o.write(b'\\0\\0\\0\\5ready'); o.flush();"
CRASHES = READY + "sys.stdin.buffer.read(8); os.kill(os.getpid(), signal.SIGSEGV)"
HANGS = READY + "sys.stdin.buffer.read(8); time.sleep(60)"
NEVER_LISTENS = READY + "time.sleep(60)"
DIES_AT_ONCE = "raise SystemExit(3)"
ABSENT = "import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\6absent')"


@pytest.fixture(scope="module")
def wechat() -> Iterator[WeChat]:
    with WeChat() as reader:
        yield reader


def worker(program: str) -> WeChat:
    return WeChat(wait_seconds=0.5, command=(sys.executable, "-c", program))


# --- voices -----------------------------------------------------------------------------------------


def test_two_voices_read_a_clean_crop_and_wechat_is_spared(wechat: WeChat) -> None:
    shot = shot_of(CLEAN)
    voices = read_symbol(shot.grey, wechat=wechat)
    assert [(v.decoder, v.preparation) for v in voices] == [(ZXING, AS_IS), (ZBAR, AS_IS)]
    assert {v.content for v in voices} == {payload_of(CLEAN)}


def test_corners_are_told_in_the_pixels_of_the_crop_whatever_the_preparation() -> None:
    seen = set()
    for defect, severity in (("clean", 0), ("noise", 4), ("screen", 2), ("loss", 6), ("gain", 5)):
        case = Case(defect=defect, severity=severity, dpi=300, seed=1)
        shot = shot_of(case)
        assert shot.map is not None
        (voice,) = read_cascade(shot.grey)
        seen.add(voice.preparation)
        assert voice.content == payload_of(case) and voice.corners is not None
        off = plane.distances(voice.corners, plane.moved(SQUARE, shot.map))
        assert off.max() < 4, (voice.preparation, off)
    assert len(seen) >= 3 and any("doubled" in name for name in seen)


def test_a_symbol_without_recognisable_finders_is_drawn_anew_where_the_page_says() -> None:
    case = Case(defect="quiet", severity=6, dpi=400, seed=0)
    shot = shot_of(case)
    for seed in range(3):
        (voice,) = read_cascade(shot.grey, guess=place_told(shot, seed=seed))
        assert (voice.preparation, voice.content) == (REDRAWN, payload_of(case))
    assert shot.map is not None
    (voice,) = read_cascade(shot.grey, guess=plane.moved(SQUARE, shot.map))
    assert voice.content == payload_of(case)


def test_nothing_is_drawn_from_paper_text_or_another_code() -> None:
    import segno

    chance = np.random.default_rng(5)
    other = np.array([list(row) for row in segno.make_qr("9" * 300, version=8, error="m").matrix], np.uint8)
    pictures = [
        np.full((300, 300), 225, np.uint8),
        np.where(chance.random((300, 300)) < 0.3, 20, 225).astype(np.uint8),
        np.kron(np.pad(1 - other, 6, constant_values=1), np.full((5, 5), 255, np.uint8)).astype(np.uint8),
    ]
    for picture in pictures:
        contents = {decode.read_modules(drawn) for drawn in redrawn(picture, SQUARE * 5 + 40)}
        assert contents <= {b""}


def test_wechat_reads_what_the_others_cannot(wechat: WeChat) -> None:
    case = Case(defect="quiet", severity=6, dpi=400, seed=0)
    shot = shot_of(case)
    assert read_cascade(shot.grey) == ()
    (voice,) = [v for v in read_symbol(shot.grey, wechat=wechat) if v.decoder == WECHAT]
    assert voice.content == payload_of(case) and voice.corners is not None and shot.map is not None
    assert plane.distances(voice.corners, plane.moved(SQUARE, shot.map)).max() < 8
    assert wechat.troubles == ()


def test_nothing_is_read_from_paper_and_from_noise(wechat: WeChat) -> None:
    chance = np.random.default_rng(0)
    for picture in (np.full((200, 200), 230, np.uint8), chance.integers(0, 256, (240, 260)).astype(np.uint8)):
        assert read_symbol(picture, wechat=wechat) == ()


def test_only_model_2_is_read() -> None:
    """A Micro QR Code beside nothing: zxing-cpp knows it, and it must not be heard."""
    import segno

    micro = np.array([list(row) for row in segno.make_micro("538901").matrix], np.uint8)
    picture = np.kron(np.pad(1 - micro, 4, constant_values=1), np.full((8, 8), 255, np.uint8)).astype(
        np.uint8
    )
    assert read_cascade(picture) == ()


# --- pages ------------------------------------------------------------------------------------------


def page_with(*places: tuple[int, int, Case], shape: tuple[int, int] = (2400, 1700)) -> Pixels:
    page = np.full(shape, 225, np.uint8)
    for x, y, case in places:
        crop = shot_of(case).grey
        page[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    return page


def test_a_page_is_read_at_half_size_first() -> None:
    page = page_with((900, 700, CLEAN))
    (found,) = find_symbols(page)
    assert found.content == payload_of(CLEAN) and found.half_size
    assert shot_of(CLEAN).map is not None
    awaited = plane.moved(SQUARE, shot_of(CLEAN).map) + np.array([900, 700])
    assert plane.distances(found.corners, awaited).max() < 5


def test_a_page_is_read_in_full_where_half_is_not_enough() -> None:
    fine = Case(defect="clean", severity=0, dpi=150, seed=0)
    page = page_with((300, 300, fine), (900, 900, CLEAN))
    assert {f.content for f in find_symbols(page, expected=2)} == {payload_of(fine), payload_of(CLEAN)}
    assert payload_of(CLEAN) in {f.content for f in find_symbols(page, expected=1)}


def test_an_upside_down_page_gives_corners_as_the_symbol_sees_itself() -> None:
    page = np.ascontiguousarray(page_with((900, 700, CLEAN))[::-1, ::-1])
    (found,) = find_symbols(page)
    assert found.corners[0, 0] > found.corners[1, 0] and found.corners[0, 1] > found.corners[3, 1]


def test_an_undecoded_symbol_is_said_to_be_there() -> None:
    case = Case(defect="scrape", severity=6, dpi=400, seed=2)
    found = find_symbols(page_with((500, 500, case)))
    assert all(f.content in (b"", payload_of(case)) for f in found)
    empty = find_symbols(np.full((2400, 1700), 225, np.uint8))
    assert empty == ()


# --- the worker -------------------------------------------------------------------------------------


def test_a_crash_is_said_and_the_next_crop_gets_a_new_worker() -> None:
    crop = shot_of(CLEAN).grey
    with worker(CRASHES) as reader:
        assert [reader.read(crop).trouble for _ in range(2)] == ["crash", "crash"]
        assert reader.troubles == ("crash", "crash")
        assert {v.decoder for v in read_symbol(crop, wechat=reader)} == {ZXING, ZBAR}


@pytest.mark.parametrize("program", [HANGS, NEVER_LISTENS])
def test_a_hang_ends_at_the_limit(program: str) -> None:
    with worker(program) as reader:
        answer = reader.read(shot_of(CLEAN).grey)
    assert answer.trouble == "hang" and answer.readings == () and reader.troubles == ("hang",)


def test_a_worker_that_does_not_start_is_asked_once() -> None:
    with worker(ABSENT) as reader:
        assert [reader.read(shot_of(CLEAN).grey).trouble for _ in range(2)] == ["absent", "absent"]
        assert reader.troubles == ()  # the same on every run of this installation
    with WeChat(command=("/nowhere/python",)) as reader:
        assert [reader.read(shot_of(CLEAN).grey).trouble for _ in range(2)] == ["not started", "not started"]
        assert reader.troubles == ("not started", "not started")
    with worker(DIES_AT_ONCE) as reader:
        assert reader.read(shot_of(CLEAN).grey).trouble == "crash"


def test_large_pictures_are_refused_without_a_worker() -> None:
    with WeChat(command=("/nowhere/python",)) as reader:
        assert reader.read(np.zeros((SIDE_MAX + 1, 10), np.uint8)).trouble == "too large"
        assert reader.troubles == ()


def test_a_content_that_is_no_text_is_no_reading(wechat: WeChat) -> None:
    """Bytes that are no UTF-8 raise inside the library; the worker must live on."""
    import segno

    code = np.array(
        [list(row) for row in segno.make_qr(b"\x83\x81\xff\xfe\x90", mode="byte").matrix], np.uint8
    )
    picture = np.kron(np.pad(1 - code, 4, constant_values=1), np.full((6, 6), 255, np.uint8)).astype(np.uint8)
    before = wechat.read(picture)
    assert before.trouble == ""
    assert wechat.read(shot_of(CLEAN).grey).readings[0][0] == payload_of(CLEAN)


def test_packing_is_undone() -> None:
    corners = np.arange(8.0).reshape(4, 2)
    readings = [(b"", corners), (b"12\x00", corners + 0.25)]
    back = unpacked(packed(readings))
    assert [content for content, _ in back] == [b"", b"12\x00"]
    assert all((a == b).all() for (_, a), (_, b) in zip(back, readings, strict=True))


def test_zxing_and_cv2_agree_on_what_a_pixel_is() -> None:
    """A symbol drawn from pixel 40 to 204: its corner lies at 39.5 when centres are whole."""
    modules = modules_of(payload_of(CLEAN))
    picture = np.full((260, 260), 255, np.uint8)
    picture[40:204, 40:204] = cv2.resize(255 * (1 - modules), (164, 164), interpolation=cv2.INTER_NEAREST)
    (sighting,) = decode.see(picture)
    assert sighting.corners is not None
    assert plane.distances(sighting.corners, SQUARE * 4 + 39.5).max() < 0.8
