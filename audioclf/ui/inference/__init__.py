"""Asking a model on a page: which sound, what it predicts, and why."""
