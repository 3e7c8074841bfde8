"""The page writer beside reportlab drawing and tagging the same page: one process, one core, in turn.

    python -m bench.pages [--layout mihara] [--count N] [--peer-count M] [--json]

CPU time, median of five rounds. The peer is given the symbols' images ready; ours encodes them. Fonts are compiled before, for both.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl
import reportlab

from bench.reportlab_tagged import Peer
from elqr import digits, gs1_128, symbols
from slips.fonts import load_fonts
from slips.form import Layout
from slips.layout import load_layout
from slips.metadata import load_intent
from slips.pages import Setup, compile_plan, write_pdf
from slips.textcheck import TextCheck

ROUNDS = 5
SITE: Mapping[str, str] = {
    "city": "みほん市",
    "department": "収納課",
    "telephone": "0000-00-0000",
    "hours": "平日 8:30〜17:15",
    "limit": "30万円",
}
SAMPLE: Mapping[str, str] = {
    "tax_name": "固定資産税", "year_period": "令和8年度 第2期", "period": "第2期", "levy_year": "令和8年度", "tax_year": "令和8年度",
    "notice_no": "1234567890", "due_date": "令和8年6月30日", "payable_until": "令和8年7月31日", "postal": "〒100-0013",
    "el_body": "99999", "el_confirm": "123456", "el_item": "999", "barcode_1": "(91)999999-202601020000001000000",
    "barcode_2": "0-260731-0-012300-7", "n_of_m": "1/4", "city": "みほん市", "address": "霞が関1-3-2-503",
    "payer_id": "12345678", "department": "収納課", "telephone": "0000-00-0000",
}  # fmt: skip


def values_for(layout: Layout, count: int) -> pl.DataFrame:
    """Synthetic value rows: names, amounts, keys and payloads differ on every page."""
    rng = np.random.default_rng(1)
    payload = digits.to_series(rng.integers(48, 58, (count, 255)).astype(np.uint8))
    names = {name for box in layout.boxes for name in box.value_names} - {"payload", "barcode"}
    columns: dict[str, pl.Series | list[str]] = {name: [SAMPLE.get(name, "")] * count for name in names}
    kanji = np.array(list("山田佐藤鈴木高橋伊渡辺中村小林加吉太郎花子一美智恵"))
    drawn = kanji[rng.integers(0, len(kanji), (count, 4))]
    columns["payer_name"] = [f"{a}{b} {c}{d} 様" for a, b, c, d in drawn.tolist()]
    columns["amount_yen"] = [f"{yen:,}円" for yen in rng.integers(1000, 300_000, count).tolist()]
    columns["el_key"] = [f"{k // 10_000:04d} 0202 6010 2000 {k % 10_000:04d}" for k in range(count)]
    columns |= {"payload": payload, "barcode": payload.str.slice(0, 44), "lang": ["ja"] * count}
    columns |= {"postal_code": ["1000013"] * count, "address": [SAMPLE["address"]] * count}
    columns |= {"seq": [f"{k:06d}" for k in range(1, count + 1)], "slip_key": ["0"] * count}
    return pl.DataFrame(columns).with_columns(line=pl.int_range(2, count + 2))


def measure(name: str, count: int, peer_count: int) -> dict[str, float | int | str]:
    """CPU time and bytes a page of both, and the ratio."""
    layout = load_layout(name)
    values = values_for(layout, count)
    fonts = load_fonts({box.font for box in layout.boxes} | {box.label_font for box in layout.boxes})
    check = TextCheck({name: layout}, fonts)
    check.check(values, name)
    setup = Setup({name: layout}, ("ja",), SITE, dt.date(2026, 6, 1), load_intent(None))
    plan = compile_plan(setup, fonts, check.characters())
    peer = Peer(layout, setup.words("ja"), fonts)
    rows = values[:peer_count].to_dicts()
    images = {
        "qr": [
            bytes(r)
            for r in symbols.image_bytes(
                symbols.encode(digits.to_matrix(values["payload"][:peer_count], 255))
            )
        ],
        "gs1_128": [
            bytes(r)
            for r in np.packbits(gs1_128.bars(digits.to_matrix(values["barcode"][:peer_count], 44)), axis=1)
        ],
        "customer_barcode": [bytes(51)] * peer_count,
    }
    ours, theirs, size, peer_size = [], [], 0, 0
    for _ in range(ROUNDS):
        start = time.process_time()
        out = io.BytesIO()
        write_pdf(out, values, layout=name, plan=plan, fonts=fonts, title="納付書")
        ours.append((time.process_time() - start) / count * 1e6)
        size = len(out.getvalue())
        start = time.process_time()
        peer_size = len(peer.draw(rows, images))
        theirs.append((time.process_time() - start) / peer_count * 1e6)
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {
        "layout": name,
        "pages": count,
        "peer": f"reportlab {reportlab.__version__}, tagged by glue",
        "us_per_page": round(mine, 1),
        "bytes_per_page": round(size / count),
        "peer_us_per_page": round(other, 1),
        "peer_bytes_per_page": round(peer_size / peer_count),
        "ratio": round(other / mine, 1),
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--layout", default="mihara")
    parser.add_argument("--count", type=int, default=5_000, help="pages of ours in a round (one file)")
    parser.add_argument("--peer-count", type=int, default=300, help="pages of the peer in a round")
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    options = parser.parse_args()
    found = measure(options.layout, options.count, options.peer_count)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for key, value in found.items():
            print(f"{key:22}{value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
