"""What a ranking rests on: score and order, exact stability, sampled acceptability, what would change it.

`additive`, `stability`, `pareto`, `sampling` and `acceptability` are pure functions on plain arrays;
the other files apply them to the candidates of a run. The specification is the report on decision
methods, sections 3.4 to 3.8 and 6.2; formulas that come from elsewhere say so.
"""
