"""What programs print about how the library was built: it is not built, and for no GPU."""

cuda = hip = rocm = xpu = None
debug = False
