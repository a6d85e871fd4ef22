"""Where an app server listens, and how nginx reaches it from where it runs."""

from __future__ import annotations

from cfgcheck.generate.plan_records import Listener
from cfgcheck.generate.spec import Service, Spec


def listener(spec: Spec, name: str, service: Service) -> Listener:
    """Of a completed spec: ``unix:/path`` or ``host:port``. In a compose network the service's name is its host."""
    address = service.listener or ""
    if address.startswith("unix:"):
        return Listener(address=address, target=address, path=address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    target = f"{name}:{port}" if spec.runtime == "compose" else address
    return Listener(address=address, target=target, host=host.strip("[]"), port=int(port))
