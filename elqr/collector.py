"""How often Python's collector looks for cycles: seldom, for tables are columns and the libraries make objects by the hundred thousand as they load.

In: nothing. Out: the thresholds of this process. Refuses nothing.
"""

from __future__ import annotations

import gc

FEW_COLLECTIONS = (50_000, 20, 100)
"""Objects until the youngest generation is looked at, and how many rounds of one generation make one of the next."""


def look_seldom() -> None:
    """For the rest of this process: as often as it comes takes a sixth of the time of a short command."""
    gc.set_threshold(*FEW_COLLECTIONS)
