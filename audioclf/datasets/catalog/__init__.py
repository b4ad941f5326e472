"""Data sets known by name; the folder is the registry."""
