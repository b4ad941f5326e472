"""What every other package stands on: errors, described parameters, settings, limits, workspaces."""
