"""What was paid: receipts against assessments, and the ledger that says so.

Nothing is imported here. One thing is set, and only where nobody has: numpy's linear algebra, of which nothing here asks, starts no
threads of its own; they would wait busily beside a short night.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
