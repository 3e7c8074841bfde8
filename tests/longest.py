"""The order in which test files begin, so that two processes end together."""

LONGEST = (
    *("reconcile_ledger", "readme", "reconcile_ledger_crash", "reconcile_ledger_model"),
    *("verify_scans", "reconcile_load", "reconcile_decide", "reconcile_engines", "refunds_offsets"),
    *("refunds_flow", "refunds_commands"),
    *("reconcile_intake_fuzz", "verify_text", "job", "reconcile_outputs", "verify_command"),
    *("reconcile_postgres", "reconcile_ledger_file", "reconcile_ledger_refusals", "two_slips"),
    *("reconcile_ledger_copies", "read_aloud", "print_command"),
    *("reconcile_report_blocks", "verify_hostile", "wheel", "killed", "forms_more", "studio"),
    *(
        "notices",
        "two_slips_verify",
        "layout_commands",
        "reconcile_bulk",
        "reconcile_ledger_schema",
        "demo",
        "layouts_cli",
        "forms",
        "symbols",
        "tidy",
    ),
    *("reconcile_covers", "check", "refunds_export", "languages", "reconcile_precedence"),
    *("scan_matrix", "verify_marks"),
)
"""Files that take longest, first: a long one that begins last would keep one core busy alone."""
