"""What is learned: maps from features to embeddings."""
