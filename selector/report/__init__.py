"""One output format a file; no arithmetic."""
