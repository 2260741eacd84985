"""Training runs of the candidates: where, how spread over devices, how long, for how much."""
