"""The two sides of the process boundary: the student's (launcher, life, recorder) and ours (control, sandbox)."""
