"""Sounds on a page: the player, pickers, feature settings."""
