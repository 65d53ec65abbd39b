"""A study's rules as one program over columns: leaves that ask the facts, and circuits that combine their truths."""
