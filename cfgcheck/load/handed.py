"""Sockets that a manager opens and hands over (socket activation), as listeners of the app that takes them."""

from __future__ import annotations

from cfgcheck.load.service import Handed
from cfgcheck.model.address import AddressKind
from cfgcheck.model.app import App, AppKind, Listener, Protocol
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager
from cfgcheck.record import replace


def with_handed(app: App, handed: tuple[Handed, ...]) -> App:
    """The app with what it is handed.

    Gunicorn opens nothing of its own then (``sock.create_sockets``); uWSGI takes it besides its own; the others take it
    where their command says so (``--fd``).
    """
    if not handed:
        return app
    made = tuple(_listener(each, app) for each in handed)
    own = app.listeners
    if app.kind is AppKind.GUNICORN:
        return replace(app, listeners=made)
    inherited = [each for each in own if each.address.known and each.address.value.kind is AddressKind.INHERITED]
    if app.kind is AppKind.UWSGI:
        return replace(app, listeners=(*(each for each in own if each not in inherited), *made))
    return replace(app, listeners=made) if inherited else app


def _listener(handed: Handed, app: App) -> Listener:
    first = app.listeners[0] if app.listeners else None
    spoken = Located.read(handed.protocol, handed.span) if handed.protocol is not None else None
    own: Located[Protocol] = Located.default(Protocol.UWSGI if app.kind is AppKind.UWSGI else Protocol.HTTP)
    protocol = spoken or (first.protocol if first is not None and app.kind is not AppKind.UWSGI else own)
    tls = first.tls if first is not None else Located.default(False)
    supervised = app.unit is not None and app.unit.manager is Manager.SUPERVISOR
    option = "socket" if supervised else "ListenStream"
    return Listener(handed.address, protocol, tls, app.facts.keepalive, option, handed=True, file=handed.file)
