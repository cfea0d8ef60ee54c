"""Who is near whom, optionally of one's own or of another class."""

from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._exact import ExactIndex

__all__ = ["BaseIndex", "ExactIndex"]
