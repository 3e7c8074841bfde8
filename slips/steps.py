"""Takes the fit steps of a box out of its file: `size:POINTS`, `condense:PER_CENT`, `lines:COUNT`.

In: the words of a box's `fit`. Out: `FitStep`s in their order. Refuses, as problems of the file: another action, and a measure that cannot be set,
which is nothing or less, a part of a line, or a share of a per cent.
"""

from __future__ import annotations

from collections.abc import Iterator

from slips.form import FitStep
from slips.keys import Keys

ACTIONS = ("size", "condense", "lines")
COUNTED = ("condense", "lines")
"""Their measure is a whole number."""
EXPECTED = "size:POINTS | condense:PER_CENT | lines:COUNT"


def fit_steps(keys: Keys) -> Iterator[FitStep]:
    """The steps that a box names; faults are recorded at `keys`."""
    for text in keys.strings("fit", ()):
        action, _, measure = text.partition(":")
        plain = measure if action in COUNTED else measure.replace(".", "", 1)
        if action in ACTIONS and plain.isascii() and plain.isdigit() and float(measure) > 0:
            yield FitStep(action, float(measure))
        else:
            keys.refuse("layout.bad_value", "fit", found=text, expected=EXPECTED)
