"""Ctrl-C while processes are started: the parent answers it, what it starts does not hear it, not even while it imports.

In: the start of a process, in a `with`. Out: a process that has SIGINT blocked. Refuses nothing; where signals cannot be blocked (Windows) nothing
is done.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def unheard() -> Iterator[None]:
    """Block SIGINT in this thread, and so in every process that is started within; what came meanwhile is answered afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its own start would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
