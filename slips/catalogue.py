"""The forms that come with the package, as `elqr layouts` lists them.

In: nothing. Out: plain rows, and words. Only the forms are read: a list of names waits neither for fonts nor for what draws pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slips.layout import layout_names, load_layout

Row = Mapping[str, str | float]


def forms() -> list[Row]:
    """One row a form: id, version, titles, page size in mm, module of the eL-QR in mm, sha256."""
    rows: list[Row] = []
    for name in layout_names():
        layout = load_layout(name)
        rows.append(
            {
                "id": layout.id,
                "version": layout.version,
                "title_ja": layout.title["ja"],
                "title_en": layout.title["en"],
                "width_mm": layout.page_w_mm,
                "height_mm": layout.page_h_mm,
                "qr_pitch_mm": round(layout.qr_pitch_mm, 3),
                "sha256": layout.sha256,
            }
        )
    return rows


def listed(rows: Sequence[Row]) -> str:
    """The same in words, a line a form."""
    wide = max((len(str(row["id"])) for row in rows), default=0)
    return "\n".join(
        f"{row['id']:<{wide}} {row['width_mm']:g} × {row['height_mm']:g} mm  {row['title_ja']} / {row['title_en']}"
        for row in rows
    )
