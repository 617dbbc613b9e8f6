"""Real cohorts: the files that describe them, their sources, and the way into StratBench's raw contract."""
