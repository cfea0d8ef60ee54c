"""Who is near whom, optionally of one's own or of another class."""

from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._exact import ExactIndex
from skhnm.neighbors._graph import GraphIndex
from skhnm.neighbors._lsh import LSHIndex
from skhnm.neighbors._tree import TreeIndex
from skhnm.neighbors._vote import SoftVote

__all__ = ["BaseIndex", "ExactIndex", "GraphIndex", "LSHIndex", "SoftVote", "TreeIndex"]
