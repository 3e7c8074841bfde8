"""Words for streams that do not know every character: a Japanese Windows writes CP932 into files and pipes, a bare server ASCII.

In: the process's output streams. Out: the same, which write what their encoding lacks as the units of JSON (`\\u2013`), so that machine-readable
output says what it would have said. Refuses nothing.
"""

from __future__ import annotations

import codecs
import io
import sys

_NAME = "elqr-terminal"


def write_anything() -> None:
    """No message, and so no job, fails for a character that the terminal or the log does not have."""
    codecs.register_error(_NAME, _instead)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NAME)


def while_speaking(error: BaseException) -> bool:
    """Whether it was the words that failed and not the work: click alone writes them. What the stream still holds is let go, or Python
    would end with a sentence of its own."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        last, trace = trace.tb_frame.f_globals.get("__name__", ""), trace.tb_next
    if not last.startswith("click."):
        return False
    sys.stdout = None
    return True


def _instead(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_units, lacking)), error.end


def _units(character: str) -> str:
    raw = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[i : i + 2].hex()}" for i in range(0, len(raw), 2))
