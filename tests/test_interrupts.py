"""What is started within `unheard` does not hear Ctrl-C; who starts it does."""

from __future__ import annotations

import signal
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest

from elqr.interrupts import unheard


def tell_mask(pipe: Connection) -> None:
    pipe.send(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def test_a_process_started_within_has_the_signal_blocked() -> None:
    """Workers that were interrupted while they imported wrote their tracebacks over the terminal."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=tell_mask, args=(theirs,))
    with unheard():
        process.start()
    theirs.close()
    assert mine.recv()
    process.join()


def test_the_parent_answers_afterwards() -> None:
    with pytest.raises(KeyboardInterrupt), unheard():
        signal.raise_signal(signal.SIGINT)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
