"""The excerpts are read, never collected or imported."""

collect_ignore_glob = ["*/repo/*"]
