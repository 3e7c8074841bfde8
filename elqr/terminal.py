"""Words for streams that do not know every character: a Japanese Windows writes CP932 into files and pipes, a bare server ASCII.

In: the process's output streams; a document. Out: the same streams, which write a dash, a dot or a sign that their encoding lacks as the nearest
one that it has, anything else as the units of JSON (`\\u9bd6`); JSON in which every such character stands by its units, so that it says what it
would have said. Refuses nothing.
"""

from __future__ import annotations

import codecs
import io
import json
import sys
from collections.abc import Mapping
from typing import Any, Final

_WORDS, _JSON = "elqr-words", "elqr-json"
_NEAREST: Final[Mapping[str, str]] = {
    "–": "-",
    "—": "―-",
    "·": "・.",
    "¥": "￥",
    "≤": "≦",
    "≥": "≧",
    "✗": "×x",
}
"""Marks of our sentences, each with what may stand for it, the nearest first: CP932 has another dash, dot, yen and other signs for the same."""


def write_anything() -> None:
    """No message, and so no job, fails for a character that the terminal or the log does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_WORDS)


def json_text(document: Any, *, indent: int | None = 2) -> str:
    """A document as JSON for the standard output: what the stream lacks is escaped, never replaced by something like it."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, _JSON).decode(encoding)


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


def _in_words(error: UnicodeError) -> tuple[str | bytes, int]:
    lacking = _lacking(error)
    return "".join(
        _nearest(c, lacking.encoding) for c in lacking.object[lacking.start : lacking.end]
    ), lacking.end


def _in_json(error: UnicodeError) -> tuple[str | bytes, int]:
    lacking = _lacking(error)
    return "".join(map(_units, lacking.object[lacking.start : lacking.end])), lacking.end


def _lacking(error: UnicodeError) -> UnicodeEncodeError:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return error


def _nearest(character: str, encoding: str) -> str:
    for other in _NEAREST.get(character, ""):
        if other.encode(encoding, "ignore"):
            return other
    return _units(character)


def _units(character: str) -> str:
    raw = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[i : i + 2].hex()}" for i in range(0, len(raw), 2))


codecs.register_error(_WORDS, _in_words)
codecs.register_error(_JSON, _in_json)
