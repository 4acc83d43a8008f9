class Generator: pass
default_generator = Generator()
