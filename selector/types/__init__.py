"""Frozen values that every room of the house shares; standard library only."""
