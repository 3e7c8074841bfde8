"""Scripts that the Makefile calls: what a machine must have, and validators of what was printed."""
