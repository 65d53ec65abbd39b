"""The server behind `protocord serve` and `protocord demo`: waitress, threads, no second process."""

from __future__ import annotations

from typing import Protocol

from protocord.errors import Place, Problem, Refused


class Server(Protocol):
    """A server that has its port and waits to be run."""

    def run(self) -> None:
        """This will answer requests until the process is stopped."""


def bound(*, host: str, port: int, threads: int) -> Server:
    """This will return a server that holds `port`; raises Refused when that is taken. The store must be open."""
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server  # type: ignore[import-untyped]  # waitress ships no types

    try:
        server: Server = create_server(get_wsgi_application(), host=host, port=port, threads=threads, ident="protocord")
    except OSError as problem:
        remedy = "Stop what listens there, or choose another with --port."
        raise Refused([Problem(Place(item=f"port {port}"), f"cannot be opened: {problem.strerror}.", remedy)]) from None
    return server
