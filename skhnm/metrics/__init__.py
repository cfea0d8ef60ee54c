"""How well embeddings retrieve, and verify."""
