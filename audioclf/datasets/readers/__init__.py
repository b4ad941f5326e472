"""Ways to read a data set of one's own; the folder is the registry."""
