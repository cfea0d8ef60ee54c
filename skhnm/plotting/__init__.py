"""Pictures of embeddings, of what is mined, and of training, as scikit-learn's Displays.

They draw with matplotlib, which ``pip install 'skhnm[plot]'`` brings.
"""

from skhnm.plotting._comparison import MinerComparisonDisplay
from skhnm.plotting._embedding import EmbeddingDisplay
from skhnm.plotting._evidence import EvidenceDisplay
from skhnm.plotting._mining import MiningDisplay
from skhnm.plotting._training import TrainingDisplay

__all__ = [
    "EmbeddingDisplay",
    "EvidenceDisplay",
    "MinerComparisonDisplay",
    "MiningDisplay",
    "TrainingDisplay",
]
