"""How to tell an app server where to listen, in the words of its own settings."""

from __future__ import annotations

from cfgcheck.model.address import Address
from cfgcheck.model.app import App, AppKind, Listener
from cfgcheck.model.located import Origin

_HOST_AND_PORT = {
    AppKind.UVICORN: ("--host", "--port", "--uds"),
    AppKind.GRANIAN: ("--host", "--port", "--uds"),
    AppKind.DAPHNE: ("-b", "-p", "-u"),
}
"""Servers that are told host and port (and a socket's path) by options of their own."""


def listen_on(app: App, listener: Listener, address: Address) -> str:
    """What to write so that it listens at ``address``: ``bind = "0.0.0.0:8000"``, ``--host 0.0.0.0 --port 8000``."""
    if listener.handed and listener.option == "ListenStream":
        return f"ListenStream={address.path if address.is_unix else address}"
    if app.kind in _HOST_AND_PORT:
        host, port, path = _HOST_AND_PORT[app.kind]
        return f"{path} {address.path}" if address.is_unix else f"{host} {address.host} {port} {address.port_text}"
    if app.kind is AppKind.WAITRESS:
        return f"--unix-socket={address.path}" if address.is_unix else f"--listen={address}"
    text = address.path if address.is_unix else str(address)
    if address.is_unix and app.kind in (AppKind.GUNICORN, AppKind.HYPERCORN):
        text = f"unix:{text}"
    if listener.address.origin is Origin.CLI:
        return f"--{listener.option} {text}"
    return f'{listener.option} = "{text}"' if app.kind is not AppKind.UWSGI else f"{listener.option} = {text}"
