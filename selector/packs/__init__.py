"""Packs: YAML facts and rules, checked and turned into typed options."""
