"""The slow reader of receipt files: one line after the other, nothing clever, as the yardstick that the fast reader is measured by.

In: the bytes of a file, its layout and encoding, the site. Out: the rows and the refusals with their lines, and the control records.
Whole files in memory, a Python loop over rows. Refuses what `reconcile.strict_row` refuses, row by row.
"""

from __future__ import annotations
