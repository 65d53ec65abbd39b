"""The executable protocol document: load it, check it, describe it."""
