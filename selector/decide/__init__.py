"""Enumerate, constrain, value and rank stacks."""
