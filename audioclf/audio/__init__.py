"""Bytes or a path in, samples and a sample rate out."""
