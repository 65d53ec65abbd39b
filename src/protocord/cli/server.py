"""The server behind `protocord serve` and `protocord demo`: waitress, threads, no second process."""

from __future__ import annotations


def listen(*, host: str, port: int, threads: int) -> None:
    """This will answer requests until it is stopped; raises Refused when the port is taken.

    Headers of a proxy are taken from this machine only, and only the one that settings ask for.
    """
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server

    from protocord.errors import Place, Problem, Refused

    try:
        server = create_server(get_wsgi_application(), host=host, port=port, threads=threads, ident="protocord")
    except OSError as problem:
        remedy = "Stop what listens there, or choose another with --port."
        raise Refused([Problem(Place(item=f"port {port}"), f"cannot be opened: {problem.strerror}.", remedy)]) from None
    server.run()
