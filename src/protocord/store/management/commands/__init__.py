"""Django management commands of the store."""
