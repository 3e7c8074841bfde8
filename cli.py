"""The shell: click declarations, one library call each, exit codes (0 fine, 1 problems found, 2 unusable, 3 conflict).

Heavy imports stay inside the commands, so that `elqr --help` answers at once.
"""

from __future__ import annotations

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="elqr")
def main() -> None:
    """Payment slips with the unified local-tax QR code (eL-QR): print, verify, reconcile.

    地方税統一QRコード(eL-QR)付き納付書の印刷・検証・消込。
    """


if __name__ == "__main__":
    main()
