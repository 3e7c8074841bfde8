"""The worker behind `wechat.WeChat`: `python -m slips.proof.wechat_worker`, crops in, readings out, until its input ends.

In: height and width (two big-endian 32-bit numbers) and grey pixels. Out: framed replies, the first of which says whether the library has
the reader. It guards its memory and the time that one crop may cost; who started it kills it where it sleeps.
"""

from __future__ import annotations

import signal
import struct
import sys
from typing import Any

import cv2
import numpy as np

from elqr.crew import limit_memory
from slips.proof.decode import Corners
from slips.proof.scan import Pixels
from slips.proof.wechat import ABSENT, LIMIT_SECONDS, READY, framed, packed

MEMORY_BYTES = 4 << 30


def main() -> None:
    """Serve crops from standard input."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    limit_memory(MEMORY_BYTES)
    cv2.setNumThreads(1)
    reader = cv2.wechat_qrcode.WeChatQRCode() if hasattr(cv2, "wechat_qrcode") else None
    replies.write(framed(ABSENT if reader is None else READY))
    replies.flush()
    while reader is not None and len(head := requests.read(8)) == 8:
        height, width = struct.unpack(">II", head)
        pixels = np.frombuffer(requests.read(height * width), np.uint8).reshape(height, width)
        limit_work(LIMIT_SECONDS)
        replies.write(framed(packed(read(reader, pixels))))
        replies.flush()


def limit_work(seconds: float) -> None:
    """From now on this process may work so long, whatever else the machine does meanwhile; then the system ends it, in the library too."""
    if hasattr(signal, "setitimer"):  # Windows: only the clock of who started it
        signal.setitimer(signal.ITIMER_PROF, seconds)


def read(reader: Any, pixels: Pixels) -> list[tuple[bytes, Corners]]:
    """All readings of one crop. A content that is no UTF-8 raises inside the library: then it is no reading."""
    try:
        contents, places = reader.detectAndDecode(pixels)
    except UnicodeDecodeError:
        return []
    return [
        (content.encode("utf-8", "surrogateescape"), np.asarray(place, np.float64).reshape(4, 2))
        for content, place in zip(contents, places, strict=True)
    ]


if __name__ == "__main__":
    main()
