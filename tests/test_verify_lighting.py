"""Pictures that are no good scan of a sheet: seen in a mirror, too coarse, too small, dark; and what a handful of sheets says of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from slips.proof.outcome import Inspection
from slips.proof.results import sampling_json
from slips.proof.run import VerifyRequest, verify
from slips.proof.sequence import sampling
from slips.proof.verdicts import Verdict
from slips.proof.verify_rows import groups_of
from tools.paper import Scanner, sheets_of

Grey = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def sheet(printed_job: Path) -> Grey:
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [1], dpi=300)
    return np.asarray(Scanner(jpeg=0).scan(page, seed=5, page_dpi=300), np.uint8)


def looked_at(job: Path, folder: Path, pixels: Grey, *, dpi: int = 300) -> Inspection:
    Image.fromarray(pixels).save(folder / "a.png", dpi=(dpi, dpi))
    return verify(VerifyRequest(paths=[folder], manifest=job / "manifest.parquet", sample=True))


def coarse(pixels: Grey) -> Grey:
    height, width = pixels.shape
    return np.asarray(Image.fromarray(pixels).resize((width * 72 // 300, height * 72 // 300)), np.uint8)


def photographed(pixels: Grey) -> Grey:
    """From above and a little aslant, as a telephone sees it."""
    height, width = pixels.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = corners + np.array([(300, 250), (450, 300), (350, 200), (240, 180)], np.float32)
    onto = cv2.getPerspectiveTransform(corners, seen)
    return np.asarray(
        cv2.warpPerspective(pixels, onto, (width + 700, height + 550), borderValue=90), np.uint8
    )


@pytest.mark.parametrize(
    ("change", "dpi", "verdict", "code", "not_said"),
    [
        (np.fliplr, 300, Verdict.FAIL, "verify.mirrored", "verify.one_voice"),
        (np.flipud, 300, Verdict.FAIL, "verify.mirrored", "verify.one_voice"),
        (coarse, 72, Verdict.UNREADABLE, "verify.unreadable_coarse", "verify.unreadable_measured"),
        (np.zeros_like, 300, Verdict.UNREADABLE, "verify.dark", "verify.blank"),
        (photographed, 72, Verdict.WARN, "verify.not_flat", "verify.misplaced"),
    ],
)  # fmt: skip
def test_the_picture_is_blamed_and_not_the_press(
    printed_job: Path,
    tmp_path: Path,
    sheet: Grey,
    change: Callable[[Grey], Grey],
    dpi: int,
    verdict: Verdict,
    code: str,
    not_said: str,
) -> None:
    """A sheet in a mirror was a warning about a second reader; one at 72 dpi was to be printed again; black was called blank."""
    found = looked_at(printed_job, tmp_path, np.ascontiguousarray(change(sheet)), dpi=dpi)
    said = {finding.code for page in found.pages for finding in page.findings}
    assert code in said and not_said not in said, said
    assert [slip.verdict for slip in found.slips] == [verdict]


def test_a_finding_names_the_picture_that_it_is_about(printed_job: Path, tmp_path: Path, sheet: Grey) -> None:
    """A slip that was there twice had all its findings under the first file: the mirror was looked for on a good sheet."""
    Image.fromarray(np.ascontiguousarray(np.fliplr(sheet))).save(tmp_path / "b.png", dpi=(300, 300))
    found = looked_at(printed_job, tmp_path, sheet)
    (group,) = (g for g in groups_of(found) if g.code == "verify.mirrored")
    assert [(row.source, row.page) for row in group.rows] == [("b.png", 1)]


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_a_picture_lies_as_its_file_says(
    printed_job: Path, tmp_path: Path, sheet: Grey, orientation: int
) -> None:
    """Telephones write the way up beside the pixels; every viewer shows the sheet upright, and it was said to lie on its side."""
    lain: dict[int, Callable[[Grey], Grey]] = {
        2: np.fliplr,
        3: lambda g: np.rot90(g, 2),
        6: np.rot90,
        8: lambda g: np.rot90(g, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(lain[orientation](sheet)))
    picture.save(tmp_path / "a.jpg", dpi=(300, 300), exif=exif.tobytes(), quality=90)
    found = verify(VerifyRequest(paths=[tmp_path], manifest=printed_job / "manifest.parquet", sample=True))
    assert [slip.verdict for slip in found.slips] == [Verdict.PASS]


def test_a_picture_of_a_speck_is_told_without_what_a_library_says(printed_job: Path, tmp_path: Path) -> None:
    found = looked_at(printed_job, tmp_path, np.zeros((1, 1), np.uint8))
    assert [f.code for page in found.pages for f in page.findings] == ["verify.too_small"]
    assert "OpenCV" not in str(found.pages)


def test_a_handful_says_nothing_of_the_rest() -> None:
    """One sheet looked at: "fewer than 100 % of all are faulty"; one of one faulty: the same, which is not even true."""
    for looked, faults in ((1, 0), (3, 0), (1, 1), (5, 5)):
        said = sampling_json(sampling(looked, faults), of=1000)
        assert "100 %" not in said["ja"] + said["en"] and "何も言えません" in said["ja"]
    assert "75 % 未満" in sampling_json(sampling(4, 0), of=1000)["ja"]
