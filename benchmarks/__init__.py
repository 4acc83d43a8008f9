"""How fast microgradnp is, beside hand-written NumPy and other frameworks: ``python -m benchmarks``."""
