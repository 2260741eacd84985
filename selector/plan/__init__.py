"""How to train, tune and compress the chosen stack."""
