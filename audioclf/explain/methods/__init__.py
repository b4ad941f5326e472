"""Explanation methods; the folder is the registry."""
