"""Following a job, and choosing among runs."""
