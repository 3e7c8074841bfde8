"""Takes the marks of a form out of its file: register marks, inserter marks and the holes of the paper.

In: the tables `[[register_mark]]`, `[[inserter_mark]]`, `[[hole]]`. Out: the values of `slips.form`. Refuses, as problems of the
file: a word that is no bit, lines that do not divide their pitch, an id used twice.
"""

from __future__ import annotations

from slips.form import MM_PER_INCH, Hole, InserterMark, RegisterMark
from slips.keys import Keys

KINDS = ("omr", "datamatrix")
FIXED_BITS = ("gate", "end", "parity")
COUNTED_BITS = ("number", "total", "sequence", "group")
BITS_DEFAULT = ("gate", "end", "number:3", "total:3", "sequence:4", "parity", "gate")
COUNTED_BITS_MAX = 16
DATAMATRIX_SIDE = 16
EXPECTED_BITS = "gate | end | parity | number:BITS | total:BITS | sequence:BITS | group:BITS"


def register_mark(keys: Keys) -> RegisterMark:
    """One solid square."""
    return RegisterMark(
        x_mm=keys.number("x_mm"),
        y_mm=keys.number("y_mm"),
        side_mm=keys.number("side_mm", 3.0, least=1.0),
    )


def holes(keys: Keys) -> list[Hole]:
    """A row of holes downwards, `repeat` of them `step_mm` apart."""
    x, y = keys.number("x_mm"), keys.number("y_mm")
    diameter = keys.number("diameter_mm", least=0.5)
    step = keys.number("step_mm", 0.0)
    return [
        Hole(x_mm=x, y_mm=y + k * step, diameter_mm=diameter) for k in range(keys.whole("repeat", 1, least=1))
    ]


def inserter_marks(top: Keys, *, dpi: int) -> tuple[InserterMark, ...]:
    """All inserter marks of a form; their size follows from the press's dots."""
    marks = tuple(_inserter_mark(keys, MM_PER_INCH / dpi) for keys in top.tables("inserter_mark"))
    top.unique("inserter_mark", [mark.id for mark in marks])
    return marks


def _inserter_mark(keys: Keys, dot_mm: float) -> InserterMark:
    kind = keys.string("kind", choices=KINDS)
    omr = kind == "omr"
    pitch = keys.whole("pitch_dots", 100 if omr else 12, least=4)
    line = keys.whole("line_dots", 10, least=1) if omr else pitch
    if pitch % line:
        keys.refuse("layout.bad_value", "line_dots", found=line, expected=f"a divisor of {pitch}")
    bits = _bits(keys) if omr else ()
    high = (len(bits) - 1) * pitch + line if omr else DATAMATRIX_SIDE * pitch
    return InserterMark(
        id=keys.string("id"),
        kind=kind,
        x_mm=keys.number("x_mm"),
        y_mm=keys.number("y_mm"),
        w_mm=keys.number("length_mm", 8.0, least=3.0) if omr else DATAMATRIX_SIDE * pitch * dot_mm,
        h_mm=high * dot_mm,
        pitch_dots=pitch,
        line_dots=line,
        clear_mm=keys.number("clear_mm", 3.0 if omr else 1.0, least=pitch * dot_mm if not omr else 0.0),
        bits=bits,
    )


def _bits(keys: Keys) -> tuple[str, ...]:
    """Each line's meaning from the top: `number:3` becomes `number:2`, `number:1`, `number:0`, the place of its bit."""
    out: list[str] = []
    for word in keys.strings("bits", BITS_DEFAULT):
        name, _, count = word.partition(":")
        if word in FIXED_BITS:
            out.append(word)
        elif name in COUNTED_BITS and count.isdigit() and 1 <= int(count) <= COUNTED_BITS_MAX:
            out += [f"{name}:{place}" for place in range(int(count) - 1, -1, -1)]
        else:
            keys.refuse("layout.bad_value", "bits", found=word, expected=EXPECTED_BITS)
    if not out or out[0] != "gate" or out[-1] != "gate":
        keys.refuse("layout.bad_value", "bits", found=", ".join(out), expected="gate, …, gate")
    for name in dict.fromkeys(bit for bit in out if bit != "gate"):
        if out.count(name) > 1:
            keys.refuse("layout.duplicate_id", f"bits {name}", found=name, expected="once")
    return tuple(out)
