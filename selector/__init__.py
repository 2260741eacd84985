"""Choose an AI stack from requirements, with sourced facts, formulas and risks."""

__version__ = "0.1.0"
