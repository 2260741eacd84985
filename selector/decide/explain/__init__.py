"""Why a stack is where it is: comparisons, break-evens, risks, and the formulas behind its numbers."""
