"""Pictures of embeddings, of what is mined, and of training, as scikit-learn's Displays."""
