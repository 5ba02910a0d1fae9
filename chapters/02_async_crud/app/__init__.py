"""A chat that remembers, and a small publication: nothing in it waits for the database."""
