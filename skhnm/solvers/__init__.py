"""How the parameters move."""
