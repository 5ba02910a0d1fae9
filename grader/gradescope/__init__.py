"""What Gradescope runs."""
