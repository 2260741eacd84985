"""The rule language: a typed subset of Python expressions with three-valued logic."""
