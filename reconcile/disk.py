"""What a connection to an embedded ledger is named and asks for, and what refusals of the system mean for it. Words alone.

In: a path. Out: its name for SQLite; statements; problem codes by number of the error. Refuses nothing.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import PurePath

SETTINGS = (
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma wal_autocheckpoint = 0",  # `settle` does it, after it has read which pages changed
    "pragma cache_size = -16384",  # KiB; a night's keys lie apart: a page read once is rarely read again, and memory is dear to ask for
    "pragma cache_spill = 65535",  # pages; what a run has written stays, up to 256 MiB. SQLite takes a multiple of 256 for "never"
    "pragma temp_store = memory",
)
MOVE = "pragma wal_checkpoint(passive)"  # the log into the file, as far as readers let it be
FAULTS: Mapping[int, str] = {
    errno.EACCES: "ledger.read_only",
    errno.EPERM: "ledger.read_only",
    errno.EROFS: "ledger.read_only",
    errno.ENOSPC: "ledger.disk_full",
    errno.EDQUOT: "ledger.disk_full",
}


def uri_of(path: PurePath, *, mode: str) -> str:
    """The name SQLite takes for an absolute path. A server stands in its path, for SQLite takes no other machine's name before it."""
    uri = path.as_uri()
    return f"{uri if uri.startswith('file:///') else uri.replace('//', '////', 1)}?mode={mode}"
