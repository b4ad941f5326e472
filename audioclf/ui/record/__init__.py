"""The Record page: sounds of one's own to a model in a minute."""
