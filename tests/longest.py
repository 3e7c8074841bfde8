"""The order in which test files begin, so that two processes end together."""

LONGEST = (
    *("reconcile_ledger", "reconcile_outcomes", "reconcile_intake_fuzz", "reconcile_outputs", "refunds_flow"),
    *(
        "reconcile_ledger_crash",
        "symbols",
        "read_aloud",
        "reconcile_ledger_model",
        "reconcile_decide",
        "readme",
    ),
    *("tidy", "reader", "refunds_commands", "verify_command", "verify_scans", "job", "reconcile_ledger_file"),
    *("verify_hostile", "verify_text", "killed", "reconcile_match", "reconcile_bulk", "refunds_model"),
)
"""Files that take longest, first: a long one that begins last would keep one core busy alone."""
