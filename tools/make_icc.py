"""Writes the stand-in output profile `layouts/icc/k_only_standin.icc`: a minimal grey ICC output profile (class prtr, gamma 1.8).

PDF/X-4 asks for an output intent with a profile of class `prtr`. A press's own profile belongs to its vendor; this one only says
"black ink on white paper" and no press was measured for it. ICC.1:2001-04, 6.3.3: a monochrome output profile needs desc, cprt, wtpt, kTRC.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path


def profile() -> bytes:
    """The profile's bytes; always the same."""
    name = b"elqr K-only stand-in"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + b"\0" * (4 + 4 + 2 + 1 + 67)
    cprt = b"text\0\0\0\0No copyright, use freely\0"
    wtpt = b"XYZ \0\0\0\0" + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x01CD)
    tags = [(b"desc", desc), (b"cprt", cprt), (b"wtpt", wtpt), (b"kTRC", curve)]
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for signature, data in tags:
        table += signature + struct.pack(">II", offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, b"prtr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 24 + struct.pack(">I", 0)
    head += struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head + b"\0" * (128 - len(head)) + table + body


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(profile())
