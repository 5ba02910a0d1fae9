"""Hostile submissions, aimed at this grader, and a witness who says what each of them got."""
