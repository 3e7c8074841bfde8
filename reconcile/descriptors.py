"""Reads receipt layouts (TOML) into `ReceiptLayout`: what ships in `layouts/receipts/`, and a site's own by path.

In: a name or a path. Out: the layout, frozen, with the SHA-256 of its bytes. Refuses, all faults at once: unknown keys, types, words and
columns, a place missing or beyond the record, a barcode rule without its barcode, an event that would lack kind, key, amount or date.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from elqr.problems import Problem, ProblemError, Where
from elqr.settings import file_bytes, parse_settings
from reconcile.layout_reader import LayoutReader
from reconcile.receipt_layout import ReceiptLayout

__all__ = ["ReceiptLayout", "layout_names", "load_receipt_layout", "read_receipt_layout"]


def layout_names() -> list[str]:
    """The ids of the receipt layouts that come with the product."""
    folder = files("layouts").joinpath("receipts")
    return sorted(e.name.removesuffix(".toml") for e in folder.iterdir() if e.name.endswith(".toml"))


def load_receipt_layout(name_or_path: str | Path) -> ReceiptLayout:
    """A shipped layout by its id, or any TOML file by its path. Raises ProblemError with everything that is wrong with it."""
    name = str(name_or_path)
    if name in layout_names():
        return read_receipt_layout(
            (files("layouts").joinpath("receipts", f"{name}.toml")).read_bytes(), file=f"{name}.toml"
        )
    path = Path(name)
    if not path.is_file():
        params = {"found": name, "expected": "、".join(layout_names())}
        raise ProblemError(Problem("receipt_layout.not_found", params=params))
    return read_receipt_layout(file_bytes(path), file=path.name)


@lru_cache(maxsize=32)  # each file of a night is held against every layout that ships
def read_receipt_layout(data: bytes, *, file: str) -> ReceiptLayout:
    """The layout that the bytes of a TOML file describe. Raises ProblemError with every fault."""
    try:
        tables = parse_settings(data)
    except ValueError as error:
        problem = Problem("file.not_toml", params={"found": file, "reason": str(error)}, where=Where(file))
        raise ProblemError(problem) from None
    reader = LayoutReader(file)
    layout = reader.layout(tables, hashlib.sha256(data).hexdigest())
    if reader.problems:
        raise ProblemError(reader.problems)
    return layout
