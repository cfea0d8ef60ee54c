"""Miners compared with each other, on the same splits."""
