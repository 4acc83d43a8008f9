"""How gradient checkers judge wrong derivative rules and hard functions: ``python -m benchmarks.gradcheck``."""
