"""The order in which test files begin, so that two processes end together."""

LONGEST = (
    *("reconcile_ledger", "readme", "symbols", "verify_scans", "reconcile_ledger_crash", "refunds_flow"),
    *("reconcile_ledger_model", "job", "reconcile_decide", "two_slips", "reconcile_outcomes"),
    *("verify_command", "verify_text", "refunds_commands", "studio", "wheel", "verify_hostile", "killed"),
    *("reconcile_outputs", "read_aloud", "tidy", "forms", "reconcile_intake_fuzz", "reconcile_ledger_file"),
    *("vendor_pack", "reader", "reconcile_bulk", "reconcile_report_blocks", "reconcile_match"),
    *("refunds_model",),
)
"""Files that take longest, first: a long one that begins last would keep one core busy alone."""
