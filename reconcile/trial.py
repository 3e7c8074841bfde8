"""Where a dry run is done when no ledger is there yet: in an empty one beside the place, which is gone when the trial ends.

In: the place asked for. Out: the place to open. A trial leaves nothing behind, no empty ledger either: a mistyped name would look like a ledger that
has lost its nights. Refuses (ProblemError): a folder that takes no file, as the night itself would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from elqr.problems import Problem, ProblemError, reason_of
from reconcile import disk
from reconcile.ledger import URL, is_there
from reconcile.seal import trace_of


@contextmanager
def tried_at(place: str | Path) -> Iterator[str | Path]:
    """The place itself where a ledger is, or where one is refused; else that of an empty one."""
    text = str(place)
    beside = (
        None if text.startswith(URL) else Path(os.path.realpath(text))
    )  # a server's: with other temporary files
    if is_there(text) or (beside is not None and ("://" in text or trace_of(beside))):
        yield place
        return
    try:
        folder = TemporaryDirectory(prefix=".elqr-trial-", dir=beside.parent if beside else None)
    except OSError as error:
        code = disk.FAULTS.get(error.errno or 0, "ledger.place")
        raise ProblemError(Problem(code, params={"found": text, "reason": reason_of(error)})) from None
    with folder as made:
        yield Path(made, beside.name if beside else "ledger")
