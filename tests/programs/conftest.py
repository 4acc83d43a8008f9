"""These files are programs, and no tests: they import PyTorch."""

collect_ignore_glob = ["*.py"]
