"""A private PostgreSQL server for tests and measurements: made in a temporary folder, on a socket in it, gone afterwards.

In: nothing. Out: `server()`, a context that gives the URL; as a program, runs a command with ELQR_POSTGRES set to the URL.
As root it runs as the user `postgres` or `nobody`, for PostgreSQL refuses root. Refuses (FileNotFoundError): a machine without PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

SETTINGS = "-c fsync=off -c shared_buffers=64MB -c max_connections=20 -c listen_addresses="
UNPRIVILEGED = ("postgres", "nobody")


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`: the newest of Debian's, else where the search path leads."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def server(settings: str = SETTINGS) -> Iterator[str]:
    """A server of one's own; the URL of its database `postgres`."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed (initdb was not found)")
    # short, for the path of a socket may have only some hundred bytes
    place = Path(tempfile.mkdtemp(prefix="elqr-pg-", dir=None if len(tempfile.gettempdir()) < 60 else "/tmp"))
    user = _user()
    try:
        if user:
            shutil.chown(place, user)
        data = place / "data"
        _run(
            [
                folder / "initdb",
                "-D",
                data,
                "-U",
                "elqr",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-k",
                "-N",
            ],
            user,
        )
        control: list[str | Path] = [folder / "pg_ctl", "-D", data, "-w", "-l", place / "log"]
        _run([*control, "-o", f"-k {place} {settings}", "start"], user)
        try:
            yield f"postgresql://elqr@/postgres?host={quote(str(place), safe='')}"
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _user() -> str | None:
    """Who runs the server, None for oneself."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _run(command: Sequence[str | Path], user: str | None) -> None:
    done = subprocess.run(
        [str(part) for part in command], check=False, user=user, cwd="/", stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(
            f"{Path(str(command[0])).name} ended with {done.returncode}: {done.stderr.strip()}"
        )


def main(command: Sequence[str]) -> int:
    """Run a command beside a server of its own."""
    with server() as url:
        return subprocess.run(list(command), check=False, env={**os.environ, "ELQR_POSTGRES": url}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
