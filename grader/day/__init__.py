"""The student's day: between two saves, and between two chapters."""
