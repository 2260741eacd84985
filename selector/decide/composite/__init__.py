"""Several stacks as one, beside the ranking that they are made of."""
