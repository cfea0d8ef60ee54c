"""Nearest neighbours as a classifier of tables."""
