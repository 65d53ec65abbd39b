"""Django settings; everything that varies comes from the environment."""

SECRET_KEY = "replaced-by-the-store"
