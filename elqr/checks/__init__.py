"""The rules that a slip must keep, one module for each kind; `elqr.check` runs them in order over the columns of a batch."""
