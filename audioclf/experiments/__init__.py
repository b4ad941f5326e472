"""From a recipe to a finished run: configuration, checks, preprocessing, fits, and the folder they make."""
