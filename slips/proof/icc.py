"""The tone curve of a scanner's ICC profile: grey value to light, for 8-bit GRAY and RGB matrix profiles.

In: the bytes of a profile. Out: 256 values, 0 to 1. Only `kTRC`, or `rTRC`, `gTRC` and `bTRC`, are read (ICC.1:2010, 10.5 `curv` and 10.15
`para`), the mean of the three for RGB. Refuses profiles that hold tables instead (`A2B0` alone), CMYK and damaged files (IccError).
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
_PARAMETERS = (1, 3, 4, 5, 7)  # of the parametric curve types 0 to 4


class IccError(Exception):
    """The profile cannot be used; the text says why."""


def tone_curve(profile: bytes) -> Values:
    """Light (256,) for each grey value, 0 to 1, rising. Raises IccError."""
    try:
        return _tone_curve(profile)
    except (struct.error, IndexError) as fault:
        raise IccError(f"damaged profile ({fault})") from None


def _tone_curve(profile: bytes) -> Values:
    if profile[36:40] != b"acsp":
        raise IccError("no ICC profile")
    space = profile[16:20]
    names = {b"GRAY": (b"kTRC",), b"RGB ": (b"rTRC", b"gTRC", b"bTRC")}.get(space)
    if names is None:
        raise IccError(f"colour space {space.decode('latin-1').strip()}; GRAY or RGB is expected")
    tags = _tags(profile)
    missing = [n.decode() for n in names if n not in tags]
    if missing:
        raise IccError(f"no {', '.join(missing)}: tables instead of tone curves are not read")
    curves = [_curve(tags[n]) for n in names]
    light: Values = np.mean(curves, axis=0)
    if (np.diff(light) < 0).any() or light[-1] <= light[0]:
        raise IccError("the tone curve does not rise")
    return light


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 1000:
        raise IccError(f"damaged profile ({count} tags)")
    found = {}
    for k in range(count):
        name, begin, size = struct.unpack_from(">4sII", profile, 132 + 12 * k)
        found[name] = profile[begin : begin + size]
    return found


def _curve(tag: bytes) -> Values:
    at = np.linspace(0.0, 1.0, 256)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return at
        table = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
        if count == 1:
            return np.asarray(at ** (table[0] / 256))
        return np.interp(at, np.linspace(0.0, 1.0, count), table / 65535)
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        if kind >= len(_PARAMETERS):
            raise IccError(f"parametric curve of type {kind}; 0 to 4 are known")
        count = _PARAMETERS[kind]
        return _parametric(kind, at, [v / 65536 for v in struct.unpack_from(f">{count}i", tag, 12)])
    raise IccError(f"tone curve of type {tag[:4].decode('latin-1')!r}; curv or para is expected")


def _parametric(kind: int, at: Values, values: list[float]) -> Values:
    """Y = (aX + b)^g + e from d on, cX + f below it; the shorter types leave letters out."""
    g, a, b, c, d, e, f = (values + [0.0] * 7)[:7]
    if kind == 0:
        a, b, d = 1.0, 0.0, 0.0
    elif kind in (1, 2):
        e, f = (c, c) if kind == 2 else (0.0, 0.0)
        c, d = 0.0, -b / a if a else 0.0
    power = np.clip(a * at + b, 0.0, None) ** g + e
    return np.clip(np.where(at >= d, power, c * at + f), 0.0, 1.0)
