"""elqr encode, decode, describe, profiles: what they print, in which language, with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_gs1_128 import VECTOR as BARCODE
from test_payload import VECTOR
from test_profiles import TAX, confirmed

from cli import main
from elqr import __version__
from elqr.option_values import day, encoding

ROOT = Path(__file__).parents[1]
SLIP = {
    "--slip-key": "202601020000001",
    "--confirm-no": "123456",
    "--tax-item": "999",
    "--amount": "12,300円",
    "--body-code": "342041",
    "--levy-year": "2026",
    "--tax-year": "2026",
    "--period": "2",
    "--due-date": "R8.6.30",
    "--payable-until": "令和8年7月31日",
}
EXPECTED = (
    "000201010212279600051380001830000000000000000000123002138000999000000000000202601020000001123456034204"
)


def run(*words: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, list(words), input=stdin)


def encode(*more: str, **changed: str) -> Result:
    options = {**SLIP, **{f"--{k.replace('_', '-')}": v for k, v in changed.items()}}
    return run("encode", *(word for pair in options.items() for word in pair), *more)


def test_a_checkout_that_is_not_installed_knows_its_version() -> None:
    """The code says it itself: there may be no installed package to ask, and none other is believed."""
    hidden = "import importlib.metadata as m; m.distribution = lambda name: exec('raise m.PackageNotFoundError(name)')"
    asked = (
        "import cli; from slips.jobfile import versions; print(versions()['elqr']); cli.main(['--version'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{hidden}; {asked}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [__version__, f"elqr, version {__version__}"]


def test_encode_writes_the_digits_and_says_test() -> None:
    found = encode()
    assert found.exit_code == 0
    assert len(found.stdout.strip()) == 255
    assert found.stdout.startswith(EXPECTED)
    assert "支払いに使えません" in found.stderr
    assert "row1_check (placeholder)" in found.stderr
    assert run("decode", found.stdout.strip()).exit_code == 0


def test_encode_for_programs() -> None:
    found = json.loads(encode("--json").stdout)
    assert found["mode"] == "test"
    assert {"rule": "row1_check", "status": "placeholder"} in found["unconfirmed"]
    assert len(found["profile_sha256"]) == 64


def test_encode_with_a_confirmed_profile_says_nothing_of_tests(tmp_path: Path) -> None:
    path = tmp_path / "mihara.toml"
    path.write_text(confirmed(), encoding="utf-8")
    found = encode("--profile", str(path))
    assert (found.exit_code, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"slip_key": "1" * 21}, "encode.digits"),
        ({"confirm_no": "12345"}, "encode.digits"),
        ({"tax_item": "A01"}, "encode.digits"),
        ({"body_code": "342042"}, "code.body_check"),
        ({"due_date": "R8.6.31"}, "encode.date"),
        ({"amount": "0"}, "encode.amount"),
        ({"amount": "12.5"}, "encode.amount"),
        ({"amount": "-1"}, "encode.amount"),
        ({"amount": "1,23"}, "encode.amount"),
        ({"amount": "12,34,56"}, "encode.amount"),
        ({"amount": "100000000000"}, "encode.amount"),
        ({"profile": "nothing"}, "profile.not_found"),
    ],
)
def test_encode_refuses_what_cannot_be_written(changed: dict[str, str], code: str) -> None:
    found = encode(**changed)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert f"[{code}]" in found.stderr


@pytest.mark.parametrize("amount", ["12300", "12,300", "12300円", "¥12,300", "￥１２，３００円"])
def test_encode_reads_an_amount_as_a_slips_file_writes_it(amount: str) -> None:
    found = encode("--json", amount=amount)
    assert found.exit_code == 0
    assert json.loads(found.stdout)["payload"][116:127] == "00000012300"


def test_encode_tells_all_faults_at_once() -> None:
    found = encode(confirm_no="1", amount="x", due_date="y")
    assert [found.stderr.count(c) for c in ("encode.digits", "encode.amount", "encode.date")] == [1, 1, 1]
    assert "確認番号が「1」です" in found.stderr


def test_encode_lists_values_that_disagree() -> None:
    found = encode(due_date="2026-08-01")
    assert found.exit_code == 1
    assert "payload.dates_order" in found.stderr


def test_encode_wants_every_value() -> None:
    assert run("encode", "--amount", "1").exit_code == 2


def test_decode() -> None:
    found = run("decode", VECTOR, "--lang", "en")
    assert found.exit_code == 0
    assert "confirm_no" in found.stdout
    assert "納期限" not in found.stdout
    assert json.loads(run("decode", BARCODE, "--json").stdout)["values"]["amount"] == "012300"
    assert json.loads(run("decode", "34204", "--json").stdout)["values"]["check"] == "1"


def test_decode_finds_faults() -> None:
    found = run("decode", VECTOR[:-1] + "6", "--json")
    assert found.exit_code == 1
    assert [p["code"] for p in json.loads(found.stdout)["problems"]] == ["payload.crc"]
    assert run("decode", "12").exit_code == 2
    assert "code.unknown" in run("decode", "12").stderr


def test_stdin_gives_one_object_a_line() -> None:
    found = run("decode", "-", "--json", stdin=f"\ufeff{VECTOR}\r\n\n{BARCODE}\n342042\n")
    assert [json.loads(x)["kind"] for x in found.stdout.splitlines()] == ["payload", "barcode", "body_code"]
    assert found.exit_code == 1
    assert run("describe", "-", stdin=BARCODE).exit_code == 0
    assert run("decode", "-", stdin=b"\xff\xfe\n").exit_code == 2


@pytest.mark.parametrize("command", ["decode", "describe"])
def test_a_line_of_stdin_that_is_no_code_does_not_keep_the_others_back(command: str) -> None:
    found = run(command, "-", "--json", stdin=f"{VECTOR}\n123\n{BARCODE}\n")
    assert [json.loads(x)["kind"] for x in found.stdout.splitlines()] == ["payload", "barcode"]
    assert found.exit_code == 1 and "code.unknown" in found.stderr and "123" in found.stderr


def test_describe_a_code_and_a_file() -> None:
    found = run("describe", VECTOR)
    assert "令和8年6月30日 / 2026-06-30" in found.stdout
    assert "[placeholder]" in found.stdout
    fields = json.loads(run("describe", VECTOR, "--json").stdout)["fields"]
    assert {"name", "ja", "en", "value", "meaning_ja", "meaning_en", "status", "problems"} <= set(fields[0])
    path = str(ROOT / "sample_data" / "slips.csv")
    assert "＊＊＊" in run("describe", path).stdout
    assert "＊＊＊" not in run("describe", path, "--show-names").stdout
    assert run("describe", "nothing.csv").exit_code == 2


def test_profiles(tmp_path: Path) -> None:
    for words in ((), ("--json",), ("--lang", "en")):
        assert run("profiles", *words).stdout == run("profiles", "list", *words).stdout
    assert "show" in run("profiles", "--help").stdout
    assert [f["position"] for f in json.loads(run("profiles", "list", "--json").stdout)["fields"]] == [
        "charge",
        "tax",
    ]
    assert "[placeholder]" in run("profiles", "show", "tax").stdout
    assert run("profiles", "show", "nothing").exit_code == 2
    assert run("profiles", "check", "tax").exit_code == 0
    assert run("profiles", "check", "nothing").exit_code == 2
    path = tmp_path / "own.toml"
    path.write_text(TAX.replace('values = ["2"]', 'values = ["x"]'), encoding="utf-8")
    found = run("profiles", "check", str(path), "--json")
    assert found.exit_code == 1
    assert [p["code"] for p in json.loads(found.stdout)["problems"]] == ["profile.value"]


def test_help_answers_without_the_heavy_libraries() -> None:
    program = (
        "import sys, elqr, cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'polars', 'numpy', 'cv2', 'reportlab', 'fontTools', 'pikepdf'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "elqr" in done.stdout or "Usage" in done.stdout


@pytest.mark.parametrize(
    ("words", "ja"),
    [
        (("print",), "'SLIPS' を指定してください。"),
        (
            ("print", str(ROOT), "--layout", "mihara", "--out", "x"),
            "'SLIPS' にはフォルダーではなくファイルを",
        ),
        (("print", "x", "--layout", "mihara", "--out", __file__), "'--out' にはファイルではなくフォルダーを"),
        (
            ("print", "x", "--layout", "mihara", "--out", "x", "--jobs", "0"),
            "'--jobs' の値が正しくありません。",
        ),
        (("print", "--foo"), "--foo というオプションはありません。"),
        (("print", "--jobs"), "--jobs の書き方が正しくありません。"),
        (("foo",), "コマンドの使い方が正しくありません。"),
        (("verify", "--out", "x"), "検査するファイルと印刷一覧を指定してください。"),
    ],
)
def test_wrong_usage_is_said_in_both_languages(words: tuple[str, ...], ja: str) -> None:
    found = run(*words)
    assert found.exit_code == 2
    assert "Error: " in found.stderr and found.stderr.count(ja) == 1, found.stderr


@pytest.mark.parametrize("word", ["2026-06-01", "20260601", "R8.6.1", "令和８年６月１日"])
def test_an_option_takes_a_day_as_the_office_writes_it(word: str) -> None:
    assert day(word) == date(2026, 6, 1)


def test_a_day_that_is_none_is_refused_in_words() -> None:
    found = run("print", "x", "--layout", "mihara", "--out", "x", "--issue-date", "2026-06-31")
    assert found.exit_code == 2
    assert "[option.day]" in found.stderr and "実在する日" in found.stderr


def test_a_name_in_other_bytes_than_utf8_is_refused_in_words() -> None:
    """It ended in a traceback, when job.json was written."""
    found = run("describe", os.fsdecode("納付書.csv".encode("cp932")))
    assert found.exit_code == 2
    assert "[file.name_bytes]" in found.stderr and "納付書.csv" in found.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("profiles", "show", "NAME"),
        ("layouts", "check", "NAME.toml"),
        ("describe", "NAME.csv"),
        ("ledger", "init", "NAME"),
        ("ledger", "info", "NAME"),
    ],
)
def test_a_name_longer_than_any_is_refused_in_words(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [word.replace("NAME", "x" * 300) for word in words])
    assert done.exit_code == 2
    assert "開けません" in done.stderr and "Traceback" not in done.stderr


def test_an_encoding_that_is_none_of_ours_is_refused() -> None:
    """print-notices ended in a traceback; reconcile went on without a word."""
    assert (encoding("sjis"), encoding("UTF8")) == ("cp932", "utf-8")
    for words in (
        ("print-notices", "x", "--out", "x"),
        ("reconcile", "--ledger", "x", "--as-of", "R8.6.1", "--out", "x"),
    ):
        found = run(*words, "--encoding", "utf16")
        assert found.exit_code == 2 and "[option.encoding]" in found.stderr, found.output


def test_a_step_on_a_refund_without_a_reason_is_refused() -> None:
    words = ("--ledger", "x", "--as-of", "R8.6.1", "--reason", " ")
    for command in (("reject", "R000001"), ("block", "1")):
        found = run("refunds", *command, *words)
        assert found.exit_code == 2 and "理由を入れてください" in found.stderr


@pytest.mark.parametrize("name", ["cp932", "latin-1", "utf-8"])
@pytest.mark.parametrize("words", [("profiles", "show", "tax"), ("profiles", "show", "tax", "--json")])
def test_every_encoding_of_a_terminal_or_a_log_takes_the_words(name: str, words: tuple[str, ...]) -> None:
    """A Japanese Windows writes CP932 into a file, which lacks – and ·: no command ends for that, and JSON stays JSON."""
    command = [sys.executable, "cli.py", *words]
    environment = {**os.environ, "PYTHONIOENCODING": name}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode(name)
    if "--json" in words:
        assert json.loads(said) == json.loads(run(*words).stdout)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cp932", r"\ud842\udfb7 1-4 ― みほん・￥5 ≧ 3 × \ud55c"),
        ("ascii", r"\ud842\udfb7 1-4 - \u307f\u307b\u3093.\u00a55 \u2265 3 x \ud55c"),
        ("utf-8", "𠮷 1–4 — みほん·¥5 ≥ 3 ✗ 한"),
    ],
)
def test_what_a_terminal_lacks_is_shown_by_the_nearest_mark_or_its_units(name: str, shown: str) -> None:
    code = "from elqr.terminal import write_anything; write_anything(); print('𠮷 1–4 — みほん·¥5 ≥ 3 ✗ 한')"
    environment = {**os.environ, "PYTHONIOENCODING": name}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode(name).strip() == shown


@pytest.mark.parametrize("name", ["cp932", "ascii", "utf-8"])
def test_json_for_a_terminal_says_what_it_said(name: str) -> None:
    """A dash in a payer's data is not the hyphen that stands for it in words."""
    code = "from elqr.terminal import json_text, write_anything; write_anything(); print(json_text(['𠮷 1–4 みほん', 1]))"
    environment = {**os.environ, "PYTHONIOENCODING": name}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert json.loads(done.stdout.decode(name)) == ["𠮷 1–4 みほん", 1]
    assert ("みほん" in done.stdout.decode(name)) is (name != "ascii")


@pytest.mark.parametrize("words", [("profiles",), ("--help",), ("ledger", "info", "--help")])
def test_a_log_on_a_full_disk_is_told_and_nothing_is_said_of_the_work(words: tuple[str, ...]) -> None:
    """The job may be done and delivered when its words find no room."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "cli.py", *words],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "[option.output]" in done.stderr and "標準出力" in done.stderr
    assert "Traceback" not in done.stderr and "nothing was delivered" not in done.stderr


def test_ctrl_c_while_the_libraries_load_never_ends_like_a_finished_job() -> None:
    """The first half second of every command: 1 would say that it is done."""
    code = (
        "import sys, cli\n"
        "class Loading:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'elqr.problems': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Loading()); cli.main(['decode', '999997'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "中断しました" in done.stderr
