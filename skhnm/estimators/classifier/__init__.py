"""Nearest neighbours as a classifier of tables."""

from skhnm.estimators.classifier._evidence import Evidence

__all__ = ["Evidence"]
