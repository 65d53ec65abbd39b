"""Readers and writers of the field's files. No database, no network."""
