"""Forms drawn from described parameters, and the experiment they fill in."""
