"""The only place that prints, reads flags or exits."""
