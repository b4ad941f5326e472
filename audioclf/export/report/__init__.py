"""The report of a run: one page with everything to know of it, and the facts that also stand on a model's card."""
