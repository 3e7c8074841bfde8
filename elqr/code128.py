"""Code 128 in code set C: pairs of digits as bars, for the whole column at once.

In: `(n, even)` digit matrices; out: `(n, modules)` 0/1. Start C, FNC1 (which makes it GS1-128), pairs,
mod-103 check, stop. Refuses: an odd number of digits. Source: ISO/IEC 15417, table of symbol characters.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from elqr.digits import Matrix, values

START_C: Final = 105
FNC1: Final = 102
STOP: Final = 106

# Widths of bar, space, bar, space, bar, space for the symbol characters 0 to 105; the stop has a seventh
# element.
_WIDTHS: Final = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232 2331112
"""


def _modules(widths: str) -> list[int]:
    """The 0/1 modules of one symbol character; elements alternate, beginning with a bar."""
    return [1 - place % 2 for place, width in enumerate(widths) for _ in range(int(width))]


_CHARACTERS: Final = np.array([_modules(w) for w in _WIDTHS.split()[:STOP]], np.uint8)
_STOP: Final = np.array(_modules(_WIDTHS.split()[STOP]), np.uint8)


def bars_of_pairs(matrix: Matrix) -> Matrix:
    """`(n, 11·(k/2 + 3) + 13)` modules of `(n, k)` digits, 1 = bar, without quiet zones."""
    count, width = matrix.shape
    if width % 2:
        raise ValueError(f"code set C writes pairs; {width} digits are odd")
    digits = values(matrix)
    pairs = digits[:, 0::2] * 10 + digits[:, 1::2]
    # The check weighs FNC1 with 1 and the pairs with 2, 3, …; the start counts once.
    check = (START_C + FNC1 + pairs @ np.arange(2, 2 + width // 2)) % 103
    lead = np.repeat([[START_C, FNC1]], count, axis=0)
    body = _CHARACTERS[np.hstack([lead, pairs, check[:, None]])].reshape(count, 11 * (3 + width // 2))
    return np.hstack([body, np.repeat(_STOP[None], count, axis=0)])
