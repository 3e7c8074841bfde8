"""Ways to pay: a slip is never told of one that it cannot use, whatever amount, date, tax, contract and kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.columns import KINDS
from elqr.problems import ProblemError, ProblemLog
from elqr.site import CHANNELS, Site
from slips.guidance import COVERS, LINES, Fee, Guide, guide_lines, load_channels, load_guide, offers
from slips.intake import _tell_ways_left_out
from slips.layout import load_layout
from slips.request import form_of
from tests.print_fakes import cleaned

DAY = dt.date(2026, 6, 1)
SITE = Site(body_code="999997", channels=CHANNELS)
BARCODE = "91999999202601020000001000000026073100123007"


def rows(**changes: object) -> pl.DataFrame:
    return cleaned(1).with_columns(**{name: pl.lit(value) for name, value in changes.items()})


def told(frame: pl.DataFrame, guide: Guide) -> set[str]:
    return {name for name, yes in offers(frame, guide).row(0, named=True).items() if yes}


def guide(site: Site = SITE, *, profile: str = "tax", issued: dt.date = DAY) -> Guide:
    return load_guide(site, profile=profile, issued=issued)


GOOD = {"amount": 12_300, "payable_until": dt.date(2026, 7, 31), "barcode": BARCODE, "kind": "initial"}


def test_a_usual_slip_is_told_of_all_that_the_city_offers() -> None:
    everything = {"site_card", "site_netbank", "app", "bank", "convenience", "direct_debit"}
    assert told(rows(**GOOD), guide()) == everything
    assert told(rows(**GOOD), guide(replace(SITE, channels=("counter", "convenience")))) == {
        "bank",
        "convenience",
    }
    assert told(rows(**GOOD), guide(Site.unknown())) == set(), "an unknown contract promises nothing"


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"amount": 300_001}, {"app", "convenience"}),
        ({"amount": 300_000}, set()),
        ({"barcode": None}, {"convenience"}),
        (
            {"payable_until": dt.date(2026, 5, 31)},
            {"site_card", "site_netbank", "app", "bank", "convenience"},
        ),
        ({"payable_until": DAY}, set()),
        ({"payload": None}, {"site_card", "site_netbank", "app", "bank"}),
        ({"kind": "dunning"}, {"direct_debit"}),
        ({"kind": "full_year"}, {"direct_debit"}),
    ],
)
def test_what_a_slip_cannot_use_is_not_told(changes: dict[str, object], gone: set[str]) -> None:
    everything = told(rows(**GOOD), guide())
    assert everything - told(rows(**{**GOOD, **changes}), guide()) == gone


def test_charges_are_told_only_of_what_takes_them() -> None:
    assert told(rows(**GOOD), guide(profile="charge")) == {"site_card", "site_netbank", "bank", "convenience"}


@settings(max_examples=150, deadline=None)
@given(
    amount=st.one_of(st.integers(1, 99_999_999_999), st.sampled_from([299_999, 300_000, 300_001])),
    until=st.dates(dt.date(2026, 4, 1), dt.date(2027, 3, 31)),
    issued=st.dates(dt.date(2026, 4, 1), dt.date(2027, 3, 31)),
    barcode=st.sampled_from([None, BARCODE]),
    kind=st.sampled_from([None, *KINDS]),
    contracts=st.sets(st.sampled_from(CHANNELS)),
    profile=st.sampled_from(COVERS),
    limit=st.integers(1, 999_999),
)
def test_nothing_is_promised_that_cannot_be_kept(
    amount: int, until: dt.date, issued: dt.date, barcode: str | None, kind: str | None,
    contracts: set[str], profile: str, limit: int,
) -> None:  # fmt: skip
    site = replace(SITE, channels=tuple(contracts), barcode_limit=limit)
    one = guide(site, profile=profile, issued=issued)
    frame = rows(amount=amount, payable_until=until, barcode=barcode, kind=kind)
    promised = told(frame, one)
    channels = {channel.id: channel for channel in one.channels}
    for name in promised:
        channel = channels[name]
        assert channel.contract in contracts and profile in channel.covers
        assert channel.limit_yen is None or amount <= channel.limit_yen
        assert (kind or "initial") not in channel.not_kinds
        assert channel.needs == "nothing" or issued <= until
        assert channel.needs != "barcode" or (barcode is not None and amount <= limit)
    lines = [column[0] for column in guide_lines(frame, one, lang="ja").values()]
    assert [line for line in lines if line] == lines[: len(promised)], "no gaps"
    assert {line.split("(")[0] for line in lines if line} == {
        channels[n].text["ja"].split("(")[0] for n in promised
    }


def test_the_lines_say_receipt_and_cost() -> None:
    for channel in load_channels()[0]:
        if channel.needs != "nothing":
            assert ("領収証書あり" in channel.text["ja"]) == channel.receipt
            assert ("no receipt" not in channel.text["en"]) == channel.receipt
            assert "無料" in channel.text["ja"] or "{fee}" in channel.text["ja"]
    assert len(load_channels()[0]) <= LINES


def test_a_fee_is_said_where_the_table_has_it_and_never_guessed() -> None:
    one = guide()
    frame = pl.concat([rows(**GOOD), rows(**{**GOOD, "amount": 20_000})])
    assert (
        guide_lines(frame, one, lang="ja")["guide_1"].to_list()
        == ["サイトでカード(手数料あり・領収証書なし)"] * 2
    )
    table = Fee(words=one.fees["card"].words, rows=((1, 15_000, 1_040),))
    lines = guide_lines(frame, replace(one, fees={"card": table}), lang="ja")["guide_1"].to_list()
    assert ["手数料1,040円" in line for line in lines] == [True, False]
    assert "fee ¥1,040" in guide_lines(frame, replace(one, fees={"card": table}), lang="en")["guide_1"][0]


def test_fees_that_nobody_published_are_placeholders() -> None:
    import tomllib

    data = tomllib.loads(Path("layouts/channels.toml").read_text(encoding="utf-8"))
    assert data["fee"]["card"] == {**data["fee"]["card"], "status": "placeholder", "rows": []}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('contract = "card"', 'contract = "cheque"', "channel site_card.contract"),
        ('needs = "barcode"', 'needs = "luck"', "channel convenience.needs"),
        ("limit_yen = 300000", 'limit_yen = "300000"', "channel app.limit_yen"),
        ('fee = "card"', 'fee = "coin"', "channel site_card.fee"),
        ('fee = "card"', "colour = 1", "channel site_card.colour"),
        ('id = "app"\n', "", "channel ?.id"),
        ('version = "2026-11"', 'versoin = "1"', "versoin"),
        ("[[channel]]", "[[channel]", ""),
        ('id = "site_netbank"', 'id = "site_card"', "channel"),
        ("covers = ", "covers = 3 # ", "channel site_card.covers"),
        ("[fee.card]", "[fee]", "fee"),
        ('ja_yen = "手数料{yen}円"\n', "", "fee card.ja_yen"),
        ("rows = []", "", "fee card.rows"),
        ("rows = []", "rows = [{ from_yen = 1, to_yen = 10000 }]", "fee card.rows"),
        ("rows = []", 'rows = [{ from_yen = 1, to_yen = 10000, yen = "40" }]', "fee card.rows"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = Path("layouts/channels.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "channels.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_channels(tmp_path / "channels.toml")
    assert ("channels.bad_value", field) in [(p.code, p.field) for p in refused.value.problems]


@pytest.mark.parametrize("text", ['channel = "counter"', "channel = [1]", "fee = 3", "fee = { card = 40 }"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "channels.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_channels(tmp_path / "channels.toml")
    assert {p.code for p in refused.value.problems} == {"channels.bad_value"}


def test_the_citys_own_file_is_taken(tmp_path: Path) -> None:
    from elqr.site import load_site

    text = Path("sample_data/site.toml").read_text(encoding="utf-8")
    (tmp_path / "site.toml").write_text('channels_file = "own.toml"\n' + text, encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_site(tmp_path / "site.toml")
    assert [p.code for p in refused.value.problems] == ["site.channels_file"]
    own = (
        Path("layouts/channels.toml")
        .read_text(encoding="utf-8")
        .replace("limit_yen = 300000", "limit_yen = 5")
    )
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    site = load_site(tmp_path / "site.toml")
    assert "app" not in told(rows(**GOOD), load_guide(site, profile="tax", issued=DAY))


@pytest.mark.parametrize(("apps", "lines", "told_of"), [(1, 6, []), (2, 6, [7]), (1, 4, [6]), (3, 6, [8])])
def test_ways_for_which_the_form_has_no_line_are_not_left_out_in_silence(
    tmp_path: Path, apps: int, lines: int, told_of: list[int]
) -> None:
    """A city that names each app on its own: counter, convenience store and direct debit fell off the end of the list."""
    data = Path("layouts/channels.toml").read_text(encoding="utf-8")
    first = data.index('[[channel]]\nid = "app"')
    app = data[first : data.index("[[channel]]", first + 1)]
    more = "".join(app.replace('id = "app"', f'id = "app_{k}"') for k in range(1, apps))
    (tmp_path / "own.toml").write_text(data[:first] + more + data[first:], encoding="utf-8")
    form = Path("layouts/forms/a4_guide.toml").read_text(encoding="utf-8")
    form = form[: form.index(f'[[box]]\nid = "guide_{lines + 1}"')] if lines < LINES else form
    (tmp_path / "form.toml").write_text(form, encoding="utf-8")
    layout = load_layout(tmp_path / "form.toml")
    ways = form_of(layout, guide(replace(SITE, channels_file=tmp_path / "own.toml")))
    log = ProblemLog()
    both = pl.concat([rows(**GOOD), rows(**GOOD | {"barcode": None, "payload": None})])
    _tell_ways_left_out(both, ways, log)
    assert [(p.code, p.params["found"]) for p in log.problems()] == [("guide.lines", str(n)) for n in told_of]
