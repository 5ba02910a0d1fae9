"""What is handed in: how it comes in, and how it is graded in earnest."""
