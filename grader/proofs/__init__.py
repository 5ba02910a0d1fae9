"""Proofs that the course and its grader are right, for its authors."""
