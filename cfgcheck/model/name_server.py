"""Whom an nginx can ask for the addresses of its neighbours, by where it runs."""

from __future__ import annotations

from cfgcheck.model.nginx import Proxy
from cfgcheck.model.unit import Manager

_DOCKER = "127.0.0.11"
"""Docker's own name server, in every container of a network that has names (facts: causes 29)."""

_CLUSTER = "kube-dns.kube-system.svc.cluster.local"
"""The usual name of a cluster's name server; nginx looks it up itself when it starts."""


def manager_of(proxy: Proxy) -> Manager | None:
    """What starts the container (or service) that this nginx runs in; None where nobody knows."""
    unit = proxy.unit
    while unit is not None and unit.outer is not None:
        unit = unit.outer
    return unit.manager if unit is not None else None


def name_server(proxy: Proxy) -> str:
    """What to write behind ``resolver``; "" where nobody knows."""
    manager = manager_of(proxy)
    return _DOCKER if manager is Manager.COMPOSE else _CLUSTER if manager is Manager.KUBERNETES else ""
