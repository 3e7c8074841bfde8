"""Whether a file lies on another machine's disk: there SQLite cannot promise that two writers keep apart, nor that what was written stays.

In: a path. Out: what kind of share it lies on, or None. Refuses nothing: where the system does not tell, the disk counts as this machine's.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path, PurePath

MOUNTS = Path("/proc/self/mountinfo")
KINDS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "ceph",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
    }
)
_REMOTE_DRIVE = 4  # GetDriveTypeW: DRIVE_REMOTE


def kind_of_share(path: Path) -> str | None:
    """What the folder of `path` (of a link: of what it leads to) is mounted by, where that is a network: `cifs`, `nfs4` …

    On Windows the share or the drive.
    """
    place = Path(os.path.realpath(path)).parent
    if sys.platform == "win32":
        return share_of(place) or _drive_of(place)
    try:
        mounts = MOUNTS.read_bytes()
    except OSError:
        return None
    return kind_mounted(place, os.fsdecode(mounts))


def share_of(place: PurePath) -> str | None:
    r"""`\\server\share` of a Windows path that names one."""
    return place.drive if place.drive.startswith("\\\\") else None


def kind_mounted(place: PurePath, mounts: str) -> str | None:
    """The network kind among the lines of mountinfo (proc(5)) that holds `place`: of the deepest folder, and of that what was mounted last."""
    deepest, found = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        at = PurePath(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), left.split(" ")[4]))
        if place.is_relative_to(at) and len(at.parts) >= deepest:
            deepest, found = len(at.parts), right.split(" ")[0]
    return found if found in KINDS else None


def _drive_of(place: Path) -> str | None:
    if sys.platform != "win32":
        return None
    import ctypes

    remote = ctypes.windll.kernel32.GetDriveTypeW(place.anchor) == _REMOTE_DRIVE
    return place.drive if remote else None
