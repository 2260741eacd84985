"""Pure formulas; handed facts, no input or output."""
