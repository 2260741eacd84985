"""Compare decisions over time."""
