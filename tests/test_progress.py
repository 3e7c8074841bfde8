"""How far a job is, on a terminal and elsewhere."""

from __future__ import annotations

import io

from slips.progress import Progress, silent, telling

MESSAGES = [Progress("check", done, 40) for done in (1, 2, 3, 20, 40)] + [Progress("print", 40, 40)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with telling(stream) as listener:
        for message in MESSAGES:
            listener(message)
    lines = stream.getvalue().splitlines()
    assert [line.rsplit(": ", 1)[1] for line in lines] == ["1 / 40", "20 / 40", "40 / 40", "40 / 40"]
    assert "\r" not in stream.getvalue()


def test_one_line_a_step_fills_up_on_a_terminal() -> None:
    stream = Terminal()
    with telling(stream) as listener:
        for message in MESSAGES:
            listener(message)
    steps = stream.getvalue().split("\n")
    assert len(steps) == 3
    assert steps[0].count("\r") == 5
    assert steps[0].rsplit("\r", 1)[1].startswith("[########################]")
    assert steps[2] == ""


def test_a_job_without_listener_tells_nobody() -> None:
    assert silent(MESSAGES[0]) is None


def test_a_job_without_a_stream_or_with_a_full_one_is_done_all_the_same() -> None:
    """Started with standard error closed there is none; a log on a full disk takes no more."""

    tried = []

    class Full(Terminal):
        def write(self, text: str) -> int:
            tried.append(text)
            raise OSError(28, "No space left on device")

    for stream in (None, Full()):
        done = 0
        with telling(stream) as listener:
            for message in MESSAGES:
                listener(message)
                done += 1
        assert done == len(MESSAGES)
    assert tried, "the full one was spoken to"
