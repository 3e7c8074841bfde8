"""Everything that one scanned symbol tells when its content is known: errors a block, margins, growth, stress, contrast, quiet zone.

In: grey pixels, the grid, the intended modules, the reflectance curve. Out: a `Measurement`, also for symbols that no reader reads.
Judges nothing: `grade` and the gates do. Below 3 pixels a module the figures of light are of little worth, and `grade` says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elqr.symbols import QUIET_ZONE_MODULES, spec
from slips.proof import symbol_map
from slips.proof.curve import Curve
from slips.proof.grid import Grid
from slips.proof.growth import growth_of
from slips.proof.ladder import rungs_climbed
from slips.proof.sampling import (
    CORE,
    ISO_APERTURE,
    SMALL_APERTURE,
    Modules,
    Picture32,
    Samples,
    Sampling,
    crop_around,
    local_threshold,
    one_threshold,
    sampled,
)
from slips.proof.scan import Pixels
from slips.proof.symbol_map import CORRECTABLE, Flags

AROUND_MODULES = 6
QUIET_DROP = 0.3
"""A module of the quiet zone is disturbed where it lies this share of the contrast below the paper."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurement:
    """What was measured. Reflectances are relative to the curve's white; modules are the unit of length where none is named."""

    curve: str
    """Name of the reflectance curve: every figure of light depends on it."""
    reflectances: Samples
    """(49, 49), quiet zone included, under an aperture of 0.8 modules."""
    margins: Samples
    """(49, 49): distance from the one threshold towards the intended side, in half contrasts; below 0 wrong."""
    margin_map: Samples
    """(41, 41): the lesser of the local margins under the large and the small aperture: what a reader has to go by."""
    bits: Modules
    """(41, 41): dark (1) by the one threshold."""
    wrong: Flags
    """(41, 41): modules of `bits` that are not as intended."""
    errors: tuple[int, int, int, int]
    """Wrong codewords of each block, by the standard's one threshold."""
    left: int
    """8 less the worst block; below 0 the reference decode fails."""
    errors_best: tuple[int, int, int, int]
    """The same by the best of four samplings (large and small aperture, one and local threshold), named in `sampling_best`."""
    left_best: int
    sampling_best: str
    format_errors: tuple[int, int]
    """Wrong modules of the 15 of each copy of the format information, by the one threshold."""
    intended: bool
    """Proven, in at least one of the four samplings, to be the intended symbol (`symbol_map.is_intended`)."""
    reserve: float
    """How much every margin may drop before the worst block fails: above 0 it decodes on this grid. The lesser of two apertures."""
    rungs: int
    """Rungs of the stress ladder, 0 to 6."""
    growth_h: float
    """Shift of each edge met across, in modules; positive is gain."""
    growth_v: float
    contrast: float
    """Lightest less darkest sample."""
    lightest: float
    darkest: float
    axial: float
    """Axial non-uniformity: difference of the pitches by their mean."""
    deviation: float
    """Grid non-uniformity: the largest deviation of a tile from an even grid (nan: too few tiles)."""
    unused: float
    """Unused error correction of the worst block, 1 to below 0."""
    quiet: tuple[int, int, int, int]
    """Clear modules of the quiet zone beside top, right, bottom and left, 0 to 4."""
    pitch_x_px: float
    pitch_y_px: float
    score: float
    """How well the grid's template matched."""

    @property
    def pixels_a_module(self) -> float:
        return (self.pitch_x_px + self.pitch_y_px) / 2


def measure(grey: Pixels, grid: Grid, intended_bits: Modules, curve: Curve) -> Measurement:
    """Measure the symbol that `grid` found in `grey`; `intended_bits` is (41, 41), 1 = dark."""
    crop, origin = crop_around(grey, grid, modules=AROUND_MODULES)
    light = curve.reflect(crop)
    ways = _ways(light, grid, origin)
    large = ways[0].samples
    margins = [way.margins(intended_bits) for way in ways]
    bits = np.stack([way.dark for way in ways])
    meant = np.broadcast_to(intended_bits, bits.shape)
    errors = symbol_map.codeword_errors(bits, meant)
    best = int(errors.max(axis=1).argmin())
    growth_h, growth_v = growth_of(light, grid, origin, intended_bits)
    return Measurement(
        curve=curve.name,
        reflectances=large,
        margins=margins[0],
        margin_map=np.minimum(margins[1], margins[3])[CORE, CORE],
        bits=bits[0],
        wrong=bits[0] != intended_bits,
        errors=_four(errors[0]),
        left=CORRECTABLE - int(errors[0].max()),
        errors_best=_four(errors[best]),
        left_best=CORRECTABLE - int(errors[best].max()),
        sampling_best=ways[best].name,
        format_errors=_two(symbol_map.format_errors(bits[:1], meant[:1])[0]),
        intended=bool(symbol_map.is_intended(bits, meant).any()),
        reserve=min(_reserve(margins[1]), _reserve(margins[3])),
        rungs=rungs_climbed(crop, pitch_px=grid.pitch_px, intended=intended_bits),
        growth_h=growth_h,
        growth_v=growth_v,
        contrast=float(large.max() - large.min()),
        lightest=float(large.max()),
        darkest=float(large.min()),
        axial=abs(grid.pitch_x_px - grid.pitch_y_px) / grid.pitch_px,
        deviation=grid.deviation_modules,
        unused=1 - 2 * int(errors[0].max()) / spec.BLOCK_EC,
        quiet=_quiet(ways[0], ways[1]),
        pitch_x_px=grid.pitch_x_px,
        pitch_y_px=grid.pitch_y_px,
        score=grid.score,
    )


def codewords_left(grey: Pixels, grid: Grid, intended_bits: Modules, curve: Curve) -> int:
    """`Measurement.left_best` alone, in a fraction of the time."""
    crop, origin = crop_around(grey, grid, modules=AROUND_MODULES)
    bits = np.stack([way.dark for way in _ways(curve.reflect(crop), grid, origin)])
    errors = symbol_map.codeword_errors(bits, np.broadcast_to(intended_bits, bits.shape))
    return CORRECTABLE - int(errors.max(axis=1).min())


def _ways(light: Picture32, grid: Grid, origin: npt.NDArray[np.float64]) -> tuple[Sampling, ...]:
    """The four samplings, the standard's first. None of them looks at the intended modules."""
    large, small = (
        sampled(light, grid.centres - origin, aperture_px=aperture * grid.pitch_px)
        for aperture in (ISO_APERTURE, SMALL_APERTURE)
    )
    return (
        one_threshold("one threshold, aperture 0.8", large),
        local_threshold("local threshold, aperture 0.8", large),
        one_threshold("one threshold, aperture 0.3", small),
        local_threshold("local threshold, aperture 0.3", small),
    )


def codeword_margins(margins: Samples) -> Samples:
    """(172,): the least margin of each codeword's eight modules, from margins (49, 49)."""
    row, column = symbol_map.symbol_map().path
    by_bit = margins[CORE, CORE][row, column]
    return np.asarray(by_bit.reshape(spec.CODEWORDS, 8).min(axis=1))


def _reserve(margins: Samples) -> float:
    """In each block the ninth lowest codeword decides: with it gone, nine are wrong, and eight can be corrected."""
    by_block = np.sort(codeword_margins(margins).reshape(-1, spec.BLOCKS), axis=0)
    return float(by_block[CORRECTABLE].min())


def _quiet(way: Sampling, local: Sampling) -> tuple[int, int, int, int]:
    """From the symbol outwards, how many rings are clear, beside the symbol's whole side.

    What is paper, is said by the nine modules around: in the shadow of a fold, or at the lamp's end, paper is dark without being printed on. The
    symbol's own light modules are always among them, so print that fills a whole side is not taken for paper.
    """
    paper = np.minimum(local.threshold + local.half_contrast, np.quantile(way.samples, 0.75))
    clear = way.samples > paper - QUIET_DROP * 2 * np.minimum(local.half_contrast, way.half_contrast)
    top, bottom = clear[:QUIET_ZONE_MODULES][::-1], clear[-QUIET_ZONE_MODULES:]
    left, right = clear.T[:QUIET_ZONE_MODULES][::-1], clear.T[-QUIET_ZONE_MODULES:]
    counts = [int(rings[:, CORE].all(axis=1).cumprod().sum()) for rings in (top, right, bottom, left)]
    return counts[0], counts[1], counts[2], counts[3]


def _four(row: npt.NDArray[np.int64]) -> tuple[int, int, int, int]:
    a, b, c, d = row.tolist()
    return a, b, c, d


def _two(row: npt.NDArray[np.int64]) -> tuple[int, int]:
    a, b = row.tolist()
    return a, b
