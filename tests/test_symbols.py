"""The batch encoder against segno, qrcodegen, our own plain encoder and four readers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import qrcodegen
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pyzbar import pyzbar

from elqr import symbols
from elqr.symbols import masking, message, placing, reference, spec

# The synthetic vector of the format description (no real body; structure and CRC only).
VECTOR = (
    "00020101021227960005138000183000000000000000000012300213800099900000000000020260"
    "102000000112345609999900000000005411000000123006226202620260220260630202607318085"
    + "0" * 85
    + "630507735"
)

MASKS = Path(__file__).parent / "golden" / "segno_masks.txt"

Matrix = npt.NDArray[np.uint8]


def payloads(count: int, seed: int = 1) -> Matrix:
    return np.random.default_rng(seed).integers(ord("0"), ord("9") + 1, (count, 255)).astype(np.uint8)


def of_text(*digits: str) -> Matrix:
    return np.frombuffer("".join(digits).encode(), np.uint8).reshape(len(digits), -1)


def picture(modules: Matrix, scale: int = 4) -> Matrix:
    """Black on white with the quiet zone."""
    return np.kron(np.pad(1 - modules, 4, constant_values=1) * 255, np.ones((scale, scale))).astype(np.uint8)


def by_segno(digits: str, mask: int | None = None) -> tuple[Matrix, int]:
    """The symbol under this mask, under the one that segno chooses where none is given; and the mask."""
    code = segno.make_qr(digits, error="m", boost_error=False, version=6, mode="numeric", mask=mask)
    return np.array([list(row) for row in code.matrix], np.uint8), code.mask


class TestAgainstOthers:
    def test_2000_payloads_equal_segno(self) -> None:
        """Under the masks that segno chose, as `segno_masks.txt` keeps them: choosing is nine tenths of its work."""
        digits = payloads(2000)
        ours = symbols.unpack(symbols.encode(digits))
        chosen = [int(mask) for mask in "".join(MASKS.read_text(encoding="ascii").split())]
        different = [
            row
            for row, mask in zip(range(len(digits)), chosen, strict=True)
            if (by_segno(bytes(digits[row]).decode(), mask)[0] != ours[row]).any()
        ]
        assert different == [], f"differs from segno {segno.__version__} in rows {different[:5]}"

    def test_the_masks_that_are_kept_are_those_that_segno_chooses(self) -> None:
        kept = "".join(MASKS.read_text(encoding="ascii").split())
        some = range(0, len(kept), 10)
        found = [by_segno(bytes(row).decode())[1] for row in payloads(len(kept))[:: some.step]]
        assert found == [int(kept[row]) for row in some], segno.__version__

    @pytest.mark.parametrize("digits", ["0" * 255, "9" * 255, "0123456789" * 25 + "01234"])
    def test_extreme_payloads_equal_segno(self, digits: str) -> None:
        expected, _ = by_segno(digits)
        assert (symbols.unpack(symbols.encode(of_text(digits)))[0] == expected).all(), segno.__version__

    def test_100_payloads_equal_qrcodegen_under_the_same_mask(self) -> None:
        digits = payloads(100, seed=2)
        ours = symbols.unpack(symbols.encode(digits))
        for row, modules in zip(digits, ours, strict=True):
            text = bytes(row).decode()
            mask = next(
                k for k in range(8) if all(modules[r, c] == bit for r, c, bit in spec.format_modules(k))
            )
            other = qrcodegen.QrCode.encode_segments(
                [qrcodegen.QrSegment.make_numeric(text)], qrcodegen.QrCode.Ecc.MEDIUM, 6, 6, mask, False
            )
            places = range(spec.SIZE)
            assert [[other.get_module(x, y) for x in places] for y in places] == (modules == 1).tolist()

    def test_readers_read_it(self) -> None:
        digits = payloads(120, seed=3)
        pictures = [picture(modules) for modules in symbols.unpack(symbols.encode(digits))]
        texts = [bytes(row) for row in digits]
        model2 = zxingcpp.BarcodeFormat.QRCodeModel2
        for text, image in zip(texts, pictures, strict=True):
            found = zxingcpp.read_barcodes(image, formats=model2)
            assert [bytes(code.bytes) for code in found] == [text]
            assert (found[0].extra["Version"], found[0].ec_level) == ("6", "M")
        for text, image in list(zip(texts, pictures, strict=True))[:20]:
            assert [code.data for code in pyzbar.decode(image, [pyzbar.ZBarSymbol.QRCODE])] == [text]
        # OpenCV's detector misses some clean symbols; what it reads must be right, and it must read most.
        read = [cv2.QRCodeDetector().detectAndDecode(image)[0] for image in pictures[:20]]
        assert all(found in ("", text.decode()) for found, text in zip(read, texts, strict=False))
        assert sum(found != "" for found in read) >= 10


class TestAgainstThePlainEncoder:
    @settings(max_examples=40, deadline=None)
    @given(st.text("0123456789", min_size=255, max_size=255))
    def test_every_payload(self, digits: str) -> None:
        modules, _ = reference.encode_one(digits)
        assert (symbols.unpack(symbols.encode(of_text(digits)))[0] == modules).all()

    def test_penalties_of_every_mask(self) -> None:
        digits = payloads(6, seed=4)
        plain = placing.place(message.codewords(digits))
        work = masking.Workspace.of(len(digits))
        lanes = masking.lanes_of(plain, placing.transpose(plain), work)
        for mask in range(spec.MASKS):
            lines, blocks, balance = masking.penalties(lanes, mask, work)
            modules = symbols.unpack(((work.x[: spec.SIZE] >> np.uint64(4)).T).copy())
            for row in range(len(digits)):
                runs, squares, look_alikes, share = reference.penalties(modules[row].tolist())
                assert (lines[row], blocks[row], balance[row]) == (runs + look_alikes, squares, share)

    def test_codewords(self) -> None:
        digits = payloads(300, seed=5)
        ours = symbols.codewords(digits)
        for row in (0, 255, 256, 299):
            expected = reference.message(reference.data_codewords(bytes(digits[row]).decode()))
            assert ours[row].tolist() == expected

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, 2**41 - 1), min_size=41, max_size=41))
    def test_penalties_of_any_picture(self, words: list[int]) -> None:
        """Random and striped pictures reach chains of finder look-alikes that a real symbol hardly shows."""
        rows = np.array(words, np.uint64)[:, None]
        work = masking.Workspace.of(1)
        masking.lanes_of(rows, placing.transpose(rows), work)
        lines, blocks, balance = masking.penalties(work.lanes ^ masking.tables.masks()[0], 0, work)
        modules = symbols.unpack(rows.T.copy())[0].tolist()
        runs, squares, look_alikes, share = reference.penalties(modules)
        assert (lines[0], blocks[0], balance[0]) == (runs + look_alikes, squares, share)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(["10111", "01", "0000", "1", "0", "1011101"]), min_size=8, max_size=30))
    def test_chains_of_look_alikes(self, pieces: list[str]) -> None:
        line = [int(c) for c in "".join(pieces)][: spec.SIZE]
        line += [0] * (spec.SIZE - len(line))
        modules = [line] * spec.SIZE
        rows = masking.tables.pack(np.array(modules))[:, None]
        work = masking.Workspace.of(1)
        masking.lanes_of(rows, placing.transpose(rows), work)
        lines, _, _ = masking.penalties(work.lanes ^ masking.tables.masks()[0], 0, work)
        runs, _, look_alikes, _ = reference.penalties(modules)
        assert lines[0] == runs + look_alikes


class TestShapes:
    def test_the_vector_of_the_format_description(self) -> None:
        assert len(VECTOR) == 255
        modules = symbols.unpack(symbols.encode(of_text(VECTOR)))[0]
        assert [bytes(code.bytes).decode() for code in zxingcpp.read_barcodes(picture(modules))] == [VECTOR]

    @pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
    def test_a_batch_is_as_many_single_ones(self, count: int) -> None:
        digits = payloads(count, seed=6)
        rows = symbols.encode(digits)
        assert rows.shape == (count, 41) and rows.dtype == np.uint64
        assert symbols.codewords(digits).shape == (count, 172)
        for row in {0, count // 2, count - 1} & set(range(count)):
            assert (symbols.encode(digits[row : row + 1])[0] == rows[row]).all()

    def test_strided_and_read_only_payloads(self) -> None:
        digits = payloads(10, seed=7)
        digits.setflags(write=False)
        assert (symbols.encode(digits[::2]) == symbols.encode(digits)[::2]).all()

    def test_image_bytes_are_the_modules_with_the_left_column_in_the_highest_bit(self) -> None:
        rows = symbols.encode(payloads(5, seed=8))
        image = symbols.image_bytes(rows)
        assert image.shape == (5, 41 * 6)
        bits = np.unpackbits(image.reshape(5, 41, 6), axis=2)
        assert (bits[:, :, :41] == symbols.unpack(rows)).all() and not bits[:, :, 41:].any()

    def test_format_information_of_level_m(self) -> None:
        """ISO/IEC 18004:2015, Table C.1: the eight sequences of level M."""
        assert [spec.format_bits(mask) for mask in range(8)] == [
            0x5412, 0x5125, 0x5E7C, 0x5B4B, 0x45F9, 0x40CE, 0x4F97, 0x4AA0,
        ]  # fmt: skip

    def test_error_correction_has_no_syndrome(self) -> None:
        """Each block of 43 is a multiple of the generator: it vanishes at 2^0 … 2^15."""
        found = symbols.codewords(payloads(3, seed=9))
        for words in found.tolist():
            for block in range(4):
                values = words[block:108:4] + words[108 + block :: 4]
                for k in range(16):
                    total = 0
                    for value in values:
                        total = spec.multiply(total, spec.powers()[0][k]) ^ value
                    assert total == 0


class TestRefusals:
    def test_a_letter_is_named_with_its_place(self) -> None:
        digits = payloads(400, seed=10)
        digits[300, 17] = ord("A")
        with pytest.raises(ValueError, match=r"row 300, column 17: expected a digit 0-9, found 'A'"):
            symbols.encode(digits)
        with pytest.raises(ValueError, match="row 300"):
            symbols.codewords(digits)

    @pytest.mark.parametrize("width", [0, 254, 256])
    def test_other_lengths(self, width: int) -> None:
        with pytest.raises(ValueError, match=rf"expected shape \(n, 255\), found \(2, {width}\)"):
            symbols.encode(np.full((2, width), ord("0"), np.uint8))

    def test_other_types(self) -> None:
        with pytest.raises(ValueError, match="expected a uint8 matrix, found int64"):
            symbols.encode(np.full((2, 255), ord("0"), np.int64))  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="expected shape"):
            symbols.encode(np.full(255, ord("0"), np.uint8))
        with pytest.raises(ValueError, match="expected rows"):
            symbols.unpack(np.zeros((2, 40), np.uint64))

    @pytest.mark.parametrize("digits", ["", "1" * 254, "1" * 254 + "x", "１" * 255])
    def test_the_plain_encoder_refuses_too(self, digits: str) -> None:
        with pytest.raises(ValueError, match="expected 255 digits"):
            reference.encode_one(digits)
