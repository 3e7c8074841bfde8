"""The rules of the lint as a table for the docs: `python -m slips.lint.table` prints what stands in docs/layouts.md.

In: the data. Out: Markdown. Refuses nothing.
"""

from __future__ import annotations

from slips.lint.rules import load_explained, load_rules


def rule_table() -> str:
    """A row a rule, then why findings of the shipped forms stay."""
    rows = [
        f"| `{rule.id}` | {rule.severity.value} | {rule.title['en']} ({rule.title['ja']}) "
        f"| {rule.limits['en'] or 'none at all'} | {rule.source} ({rule.status}) |"
        for rule in load_rules().values()
    ]
    why = [
        f"| `{form}` | `{rule}` | {text['en']} |"
        for form, rules in load_explained().items()
        for rule, text in rules.items()
    ]
    return "\n".join(
        (
            "| Rule | Weight | What it asks | Limit | Source |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Warnings of the shipped forms that stay, and why:",
            "",
            "| Form | Rule | Why |",
            "|---|---|---|",
            *why,
            "",
        )
    )


if __name__ == "__main__":
    print(rule_table(), end="")
