"""What a session on a PostgreSQL server asks for, and what the server's refusals mean for a ledger. Words alone, no driver.

In: an SQLSTATE. Out: a problem code; settings. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

LINK: Mapping[str, str] = {  # of the connection, where the URL does not say otherwise
    "fallback_application_name": "elqr",
    # a lost network is told after two minutes, not after the two hours that systems wait
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
}
SESSION: Mapping[str, str] = {  # those that a version of the server does not know are left out
    "client_min_messages": "warning",
    "synchronous_commit": "on",
    "standard_conforming_strings": "on",
    # limits meant for people at a prompt: a night thinks between two statements, and a first load takes minutes
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # a lookup goes through its index. For a block of keys the planner would rather read a large table to its end, and a report has many blocks
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # the lock of a machine that vanished is given back
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "6",
    "client_connection_check_interval": "10s",
}
_NO_RIGHT = "42501"
_CODES = (  # classes of SQLSTATE, the longest first
    ("53100", "ledger.disk_full"),
    ("25006", "ledger.read_only"),
    (_NO_RIGHT, "ledger.read_only"),
    ("42P01", "ledger.damaged"),  # a table of ours, a column of ours that is gone
    ("42703", "ledger.damaged"),
    ("42P07", "ledger.not_a_ledger"),  # somebody else's table has the name
    ("XX001", "ledger.damaged"),
    ("XX002", "ledger.damaged"),
    ("23", "ledger.damaged"),  # a row that no run added stands in the way
    ("58", "ledger.disk_fault"),
)


def code_of(state: str, *, reads: bool) -> str | None:
    """The problem that an SQLSTATE is; None where it says nothing of its own. `reads`: nobody meant to write."""
    if reads and state == _NO_RIGHT:
        return "ledger.place"
    return next((code for begin, code in _CODES if state.startswith(begin)), None)
