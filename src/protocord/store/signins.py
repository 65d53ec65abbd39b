"""Sign-ins, failed sign-ins, lockouts and changes to an account go to the ledger."""


def connect() -> None:
    """This will listen to the sign-in libraries' signals."""
