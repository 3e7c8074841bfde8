"""The site file: the documented sample, and every fault named with file and field."""

import dataclasses
from pathlib import Path

import pytest
from house import ROOT

from elqr.problems import ProblemError
from elqr.site import CHANNELS, Site, load_site

GOOD = """
body_code = "999997"
city = { ja = "みほん市", en = "Mihon City" }
channels = ["app", "counter"]
mark_file = "el.pdf"
output_profile = "press.icc"
[tax_items]
"901" = "市県民税"
"902" = { ja = "固定資産税", en = "Fixed asset tax" }
[convenience]
issuer = "999999"
holds_slip_key = false
limit_yen = 250000
[headings]
"整理番号" = "notice_no"
[gaiji]
"U+E000" = "髙"
"U+F0000" = "葛\U000e0100"
"""


def site_of(folder: Path, text: str) -> Site:
    (folder / "el.pdf").write_bytes(b"%PDF")
    (folder / "press.icc").write_bytes(b"icc")
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_site(path)


def test_the_sample_is_read() -> None:
    site = load_site(ROOT / "sample_data" / "site.toml")
    assert site.known
    assert (site.body_code, site.city, site.city_en) == ("999997", "みほん市", "Mihon City")
    assert list(site.tax_items) == ["901", "902", "903", "904"]
    assert set(site.tax_items.values()) == {
        "市県民税(普通徴収)",
        "固定資産税・都市計画税",
        "軽自動車税(種別割)",
        "国民健康保険税",
    }
    assert set(site.tax_items_en) == set(site.tax_items)
    assert (site.cvs_issuer, site.cvs_key, site.barcode_limit) == ("999999", True, 300_000)
    assert site.channels == tuple(c for c in CHANNELS if c in site.channels)
    assert site.mapping.column_of("整理番号") == "notice_no"
    text = (ROOT / "sample_data" / "site.toml").read_text(encoding="utf-8")
    assert "架空" in text and "synthetic" in text


def test_all_of_a_site_file(tmp_path: Path) -> None:
    site = site_of(tmp_path, GOOD)
    assert site.tax_items == {"901": "市県民税", "902": "固定資産税"}
    assert site.tax_items_en == {"902": "Fixed asset tax"}
    assert (site.cvs_issuer, site.cvs_key, site.barcode_limit) == ("999999", False, 250_000)
    assert site.channels == ("counter", "app")
    assert site.mark_file == tmp_path / "el.pdf"
    assert site.output_profile == tmp_path / "press.icc"
    assert site.gaiji == {"\ue000": "髙", "\U000f0000": "葛\U000e0100"}


def test_unknown_site_knows_nothing() -> None:
    site = Site.unknown()
    assert not site.known
    assert (site.body_code, site.cvs_issuer, site.cvs_key) == (None, None, None)
    assert not site.tax_items
    with pytest.raises(dataclasses.FrozenInstanceError):
        site.city = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "code", "field", "found", "expected"),
    [
        ('body_code = "999997"', "", "site.missing", "body_code", "", "string"),
        ('city = { ja = "みほん市", en = "Mihon City" }', "", "site.missing", "city", "", "ja"),
        ('"999997"', '"999998"', "site.body_code", "body_code", "999998", "999997"),
        ('"999997"', '"99997"', "site.body_code", "body_code", "99997", "6 digits"),
        ('"999997"', "999997", "site.type", "body_code", "999997", "string"),
        ('"みほん市"', "1", "site.type", "city", "1", "ja"),
        ('"901"', '"91"', "site.tax_item", "tax_items.91", "91", "3 digits"),
        ('"市県民税"', "5", "site.type", "tax_items.901", "5", "ja"),
        ('issuer = "999999"', 'issuer = "12"', "site.issuer", "convenience.issuer", "12", "6 digits"),
        ("false", '"no"', "site.type", "convenience.holds_slip_key", "no", "true / false"),
        ("250000", "2000000", "site.type", "convenience.limit_yen", "2000000", "999999"),
        ("limit_yen", "limit", "site.unknown_key", "convenience.limit", "limit", "limit_yen"),
        ('"app"', '"phone"', "site.channel", "channels", "phone", "counter"),
        ('["app", "counter"]', '"app"', "site.type", "channels", "app", "list"),
        ("channels", "chanels", "site.unknown_key", "chanels", "chanels", "channels"),
        ("channels", "xyz", "site.foreign_keys", "xyz", "xyz", "channels"),
        ('"el.pdf"', '"none.pdf"', "site.mark_file", "mark_file", "none.pdf", ""),
        ('"press.icc"', '"none.icc"', "site.output_profile", "output_profile", "none.icc", ""),
        ('"U+E000"', '"U+9AD9"', "site.gaiji", "gaiji.U+9AD9", "U+9AD9", "U+E000"),
        ('"U+E000"', '"E000"', "site.gaiji", "gaiji.E000", "E000", "U+E000"),
        ('"髙"', '""', "site.gaiji", "gaiji.U+E000", "", ""),
        ('"notice_no"', '"notice"', "mapping.column", "headings.整理番号", "notice", "notice_no"),
    ],
)
def test_faults_name_file_and_field(
    tmp_path: Path, old: str, new: str, code: str, field: str, found: str, expected: str
) -> None:
    assert old in GOOD
    with pytest.raises(ProblemError) as caught:
        site_of(tmp_path, GOOD.replace(old, new, 1))
    (problem,) = caught.value.problems
    assert (problem.code, problem.field, problem.where.file) == (code, field, "site.toml")
    for lang in ("ja", "en"):
        assert found in problem.text(lang)
        assert expected in problem.text(lang)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        site_of(
            tmp_path, GOOD.replace("999997", "999998").replace('"app"', '"phone"').replace('"901"', '"91"')
        )
    assert {p.code for p in caught.value.problems} == {"site.body_code", "site.channel", "site.tax_item"}


def test_unreadable_site_files(tmp_path: Path) -> None:
    for text, code in (("city = ", "file.not_toml"), (None, "file.unreadable")):
        path = tmp_path / f"{code}.toml"
        if text is not None:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(ProblemError) as caught:
            load_site(path)
        assert [p.code for p in caught.value.problems] == [code]
    path = tmp_path / "cp932.toml"
    path.write_bytes('city = "みほん市"'.encode("cp932"))
    with pytest.raises(ProblemError) as caught:
        load_site(path)
    assert [p.code for p in caught.value.problems] == ["file.not_toml"]


def test_another_file_is_told_in_one_sentence() -> None:
    """A form given as the site file: its keys once, not the list of ours beside each."""
    with pytest.raises(ProblemError) as caught:
        load_site(Path(__file__).parents[1] / "layouts" / "forms" / "mihara.toml")
    codes = [p.code for p in caught.value.problems]
    assert codes.count("site.foreign_keys") == 1 and len(codes) < 6, codes
