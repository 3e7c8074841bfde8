"""A ledger on another machine's disk is told of; one on this machine's is not."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import polars as pl
import pytest
from night_runs import FIRST, night

from reconcile import remote
from reconcile.disk import uri_of
from reconcile.remote import kind_mounted, kind_of_share, share_of

# proc(5): ID, parent, device, root, mount point, options, optional fields, "-", kind, source, options
MOUNTS = r"""
22 1 254:1 / / rw,relatime - ext4 /dev/vda rw
31 22 0:27 / /mnt/share rw,relatime shared:1 - cifs //server/tax rw,vers=3.1.1
32 22 0:28 / /mnt/share/local\040disk rw,relatime - xfs /dev/vdb rw
33 22 0:29 / /export rw,relatime shared:2 master:3 - nfs4 server:/export rw
34 22 0:30 / /srv rw - nfs4 server:/srv rw
35 22 0:31 / /srv rw - ext4 /dev/vdc rw
""".strip()


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/elqr", None),
        ("/mnt/share", "cifs"),
        ("/mnt/share/2026", "cifs"),
        ("/mnt/shared", None),
        ("/mnt/share/local disk/ledger", None),
        ("/export/tax", "nfs4"),
        ("/srv/elqr", None),  # what was mounted last lies on top
    ],
)
def test_the_deepest_mount_tells(place: str, kind: str | None) -> None:
    assert kind_mounted(PurePosixPath(place), MOUNTS) == kind


def test_a_windows_share_is_known_by_its_name() -> None:
    assert share_of(PureWindowsPath(r"\\server\tax\2026")) == r"\\server\tax"
    assert share_of(PureWindowsPath(r"D:\elqr")) is None


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/var/elqr/台帳 1.db"), "file:///var/elqr/%E5%8F%B0%E5%B8%B3%201.db?mode=ro"),
        (PureWindowsPath(r"D:\elqr\ledger.db"), "file:///D:/elqr/ledger.db?mode=ro"),
        # with a server as its authority SQLite refuses the name
        (PureWindowsPath(r"\\server\tax\ledger.db"), "file:////server/tax/ledger.db?mode=ro"),
    ],
)
def test_sqlite_is_given_a_name_that_it_takes(path: PurePosixPath | PureWindowsPath, uri: str) -> None:
    assert uri_of(path, mode="ro") == uri


def test_a_night_says_where_its_ledger_lies(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kind_of_share(tmp_path / "ledger") is None
    quiet = night(tmp_path, "here", *FIRST)
    told = tmp_path / "mountinfo"
    told.write_text(
        f"22 1 0:1 / / rw - ext4 x rw\n23 22 0:2 / {tmp_path.resolve()} rw - cifs x rw\n", "utf-8"
    )
    monkeypatch.setattr(remote, "MOUNTS", told)
    link = tmp_path_factory.mktemp("local") / "ledger"
    link.symlink_to(tmp_path / "ledger")
    assert kind_of_share(link) == "cifs"
    again = night(tmp_path, "there", *FIRST)
    problems = pl.read_csv(tmp_path / "there" / "problems.csv", infer_schema=False)
    assert "ledger.on_a_share" not in quiet.output
    assert problems["code"].to_list().count("ledger.on_a_share") == 1
    assert "cifs" in again.output and again.exit_code == 1
