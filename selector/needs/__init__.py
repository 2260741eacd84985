"""From `reqs.yaml` to a requirement: reading, names, defaults as assumptions, contradictions."""
