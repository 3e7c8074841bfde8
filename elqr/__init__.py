"""What is true: formats, profiles, payload, symbols, check digits and problems of the unified local-tax QR code (eL-QR).

Pure functions over columns; reads no files but the data in `layouts/` and the slips it is given. The public surface is `__all__`.
"""

from elqr.problems import Problem, ProblemError, ProblemLog, Severity, Where

__version__ = "0.1.0"

__all__ = ["Problem", "ProblemError", "ProblemLog", "Severity", "Where", "__version__"]
