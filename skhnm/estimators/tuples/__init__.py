"""Learners from pairs, triplets and quadruplets of rows, where nobody knows classes."""
