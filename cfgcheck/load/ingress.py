"""Ingresses of ingress-nginx as the nginx configurations that the controller makes of them.

Other controllers (Traefik, HAProxy, those of clouds and of NGINX Inc.) are none of nginx's business here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cfgcheck.load.ingress_annotations import PREFIX, settings_of
from cfgcheck.load.ingress_controller import Controller, find_controller
from cfgcheck.load.ingress_servers import Ingress, server_blocks
from cfgcheck.load.ingress_tree import build_ingress
from cfgcheck.load.kubernetes_groups import Group
from cfgcheck.load.kubernetes_objects import Manifest, Manifests
from cfgcheck.load.service import Carried
from cfgcheck.model.host import Host, HostKind

_OTHERS: Final = ("nginx.org/", "nginx.com/")
_CONTROLLER: Final = "k8s.io/ingress-nginx"
_MOST: Final = 1000


def read_ingresses(manifests: Manifests, member: Mapping[int, list[Group]], carried: Carried) -> None:
    """Adds a proxy for each Ingress that ingress-nginx serves, and the host that the controller runs on."""
    classes = {
        one.name
        for one in manifests.of("IngressClass")
        if one.view.get("spec", "controller").string.startswith(_CONTROLLER)
    }
    controller = find_controller(manifests)
    hosts: dict[tuple[str, ...], Host] = {}
    for count, one in enumerate(manifests.of("Ingress")):
        if count < _MOST and one.whole and _is_nginx(one, classes):
            _add(one, member.get(id(one), []), controller, hosts, carried)


def _add(
    one: Manifest, groups: list[Group], controller: Controller, hosts: dict[tuple[str, ...], Host], carried: Carried
) -> None:
    if not groups:
        return
    ingress = Ingress(one, groups, controller)
    carried.problems += ingress.problems
    servers = list(server_blocks(ingress))
    if not servers:
        return
    host = _host(one, groups, hosts)
    if host not in carried.hosts:
        carried.hosts.append(host)
    proxy = build_ingress(one, servers, controller)
    proxy.host = host.name
    carried.proxies.append(proxy)


def _host(one: Manifest, groups: list[Group], hosts: dict[tuple[str, ...], Host]) -> Host:
    """The controller's pod, as far as an Ingress sees from it: it knows every Service of the deployments."""
    key = (*(group.name for group in groups), f"namespace {one.namespace}")
    if key not in hosts:
        name = "/".join(part for part in (groups[0].name if len(groups) == 1 else "", one.namespace) if part)
        networks = frozenset(network for group in groups for network in group.networks(one.namespace))
        hosts[key] = Host(
            f"ingress controller {name}".strip(),
            kind=HostKind.POD,
            label="ingress controller",
            networks=networks,
            project=groups[0].name if len(groups) == 1 else one.namespace,
            span=one.span,
        )
    return hosts[key]


def _is_nginx(one: Manifest, classes: set[str]) -> bool:
    """Whether ingress-nginx takes it: by its class, or by annotations that only ingress-nginx knows."""
    names = [name for name, _, _ in one.annotations.entries()]
    own = bool(settings_of(one.annotations, PREFIX))
    if not own and any(name.startswith(_OTHERS) for name in names):
        return False
    return any(name in classes or "nginx" in name for name in _class(one)) or (own and not any(_class(one)))


def _class(one: Manifest) -> Iterator[str]:
    for view in (one.view.get("spec", "ingressClassName"), one.annotations.get("kubernetes.io/ingress.class")):
        text = view.text
        if text is not None:
            yield text.get("")
