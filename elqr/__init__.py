"""What is true: formats, profiles, payload, symbols, check digits and problems of the unified local-tax QR
code.

Pure functions over columns; reads no files but the data in `layouts/` and the slips it is given. The public
surface is `__all__`; its names are imported when they are first asked for, so that `import elqr` costs
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elqr.codes import decode, describe, encode
    from elqr.payload import Payload
    from elqr.problems import Problem, ProblemError, ProblemLog, Severity, Where
    from elqr.profiles import load_profile

__version__ = "0.1.0"

__all__ = [
    "Payload",
    "Problem",
    "ProblemError",
    "ProblemLog",
    "Severity",
    "Where",
    "__version__",
    "decode",
    "describe",
    "encode",
    "load_profile",
]


def __getattr__(name: str) -> Any:
    """A public name, from the module that holds it."""
    if name in {"decode", "describe", "encode"}:
        from elqr import codes

        return getattr(codes, name)
    if name in {"Problem", "ProblemError", "ProblemLog", "Severity", "Where"}:
        from elqr import problems

        return getattr(problems, name)
    if name == "Payload":
        from elqr.payload import Payload

        return Payload
    if name == "load_profile":
        from elqr.profiles import load_profile

        return load_profile
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
