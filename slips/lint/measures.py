"""Which measure each rule is judged by. A rule without a measure explains faults of the print gate (`covers`).

In: a rule's id. Out: the function that measures. A test holds this table and the data against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from slips.lint import code_measures as code
from slips.lint import place_measures as place
from slips.lint import type_measures as letters
from slips.lint.subject import Measured, Subject

Measure = Callable[[Subject], Iterable[Measured]]

MEASURES: Final[Mapping[str, Measure]] = {
    "type.ud_typeface": letters.typefaces,
    "type.body": letters.body_sizes,
    "type.minimum": letters.smallest_sizes,
    "type.note": letters.note_sizes,
    "type.line_spacing": letters.text_pitches,
    "type.note_spacing": letters.note_pitches,
    "type.value_spacing": letters.value_pitches,
    "contrast.text": letters.text_contrasts,
    "contrast.frame": letters.frame_contrasts,
    "contrast.colour_vision": letters.vision_contrasts,
    "code.one_qr": code.qr_counts,
    "code.qr_apart": code.qr_neighbours,
    "code.qr_quiet": code.qr_quiet,
    "code.bar_quiet": code.bar_quiet,
    "code.customer_quiet": code.customer_quiet,
    "code.cut_distance": code.cut_distances,
    "code.window_distance": code.window_distances,
    "code.edge_distance": code.edge_distances,
    "code.customer_edge": code.customer_edges,
    "code.pitch_dots": code.pitches,
    "code.qr_module": code.modules,
    "code.grid": code.grid_offsets,
    "code.bar_width": code.bar_widths,
    "code.bar_height": code.bar_heights,
    "code.customer_size": code.customer_sizes,
    "figures.amount": place.amount_leads,
    "figures.due_date": place.due_leads,
    "figures.equal_places": place.equal_places,
    "figures.equal_labels": place.equal_labels,
    "figures.full_year": place.full_year_marks,
    "required.paid_on": place.stamps,
    "window.private": place.window_contents,
    "window.address": place.window_margins,
    "order.reading": place.backward_jumps,
    "order.part_heading": place.part_headings,
    "order.tabs": place.tab_orders,
    "language.complete": place.missing_words,
}
