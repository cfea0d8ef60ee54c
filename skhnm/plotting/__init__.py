"""Pictures of embeddings, of what is mined, and of training, as scikit-learn's Displays."""

from skhnm.plotting._comparison import MinerComparisonDisplay

__all__ = ["MinerComparisonDisplay"]
