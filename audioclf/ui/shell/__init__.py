"""What every page stands in: frame, state, errors, text, background tasks."""
