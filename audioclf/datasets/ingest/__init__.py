"""How files come in: archives, downloads, staging, the file tree and the index of known files."""
