"""The loop of a fit: what it minimises, how the parameters move, what it reports."""
