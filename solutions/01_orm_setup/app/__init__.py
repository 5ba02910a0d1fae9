"""A chat that remembers."""
