"""Warnings of the package; errors are Python's and scikit-learn's own."""

from __future__ import annotations


class MiningWarning(UserWarning):
    """Mining found nothing, or much less than was asked for; the message says why."""
