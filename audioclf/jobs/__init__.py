"""Runs and searches being made, each in an operating-system process of its own."""
