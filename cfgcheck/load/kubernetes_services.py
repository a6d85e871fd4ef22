"""Services of Kubernetes: names and ports at which the pods that they select are reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from cfgcheck.load.kubernetes_groups import Group
from cfgcheck.load.kubernetes_objects import Manifest, labels_of
from cfgcheck.load.kubernetes_pods import Pod
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.host import Doorway, DoorwayKind
from cfgcheck.source.file import Span

_MOST_PORTS = 50
_MOST_PODS = 50


class Selectors:
    """Pods, found by their labels."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._found: dict[tuple[int, str, str, str], list[Pod]] = {}
        self._templated: dict[tuple[int, str], list[Pod]] = {}
        for pod in pods:
            for group in pod.groups:
                if pod.workload.pod.get("metadata", "labels").partial:
                    self._templated.setdefault((id(group), pod.workload.namespace), []).append(pod)
                for name, value in pod.labels.items():
                    key = (id(group), pod.workload.namespace, name, value)
                    self._found.setdefault(key, []).append(pod)

    def selected(self, service: Manifest, group: Group) -> list[Pod]:
        """The pods of a group that a Service leads to."""
        selector = service.view.get("spec", "selector")
        wanted = labels_of(selector)
        if not wanted:
            return self._of_chart(service, group) if selector.partial else []
        name, value = next(iter(wanted.items()))
        found = self._found.get((id(group), service.namespace, name, value), ())
        every = (pod for pod in found if all(pod.labels.get(name) == value for name, value in wanted.items()))
        return list(islice(every, _MOST_PODS))

    def _of_chart(self, service: Manifest, group: Group) -> list[Pod]:
        """Where a template fills in the whole selector: the pod of the same name, or the only one of the chart."""
        pods = self._templated.get((id(group), service.namespace), [])
        pods = [pod for pod in pods if pod.workload.path.parent == service.path.parent]
        named = [pod for pod in pods if pod.workload.name == service.name]
        return named or (pods if len(pods) == 1 else [])


def doorways(service: Manifest, group: Group, pods: Sequence[Pod]) -> Iterator[Doorway]:
    """What a Service opens to the pods that it selects."""
    headless = service.view.get("spec", "clusterIP").string.lower() == "none"
    ways = [
        (pod, port, to_port, span)
        for pod in pods
        for port, to_port, span in (_direct(service, pod) if headless else _ports(service, pod))
    ]
    qualified, everywhere = group.qualified(service.name, service.namespace), frozenset({group.network})
    known = [((service.name,), group.network_of(service.namespace)), (qualified, everywhere)]
    if group.single:
        known = [((service.name, *qualified), everywhere)]
    for pod, port, to_port, span in ways:
        for names, networks in known:
            yield Doorway(
                DoorwayKind.SERVICE,
                pod.host.name,
                port,
                to_port,
                names=names,
                networks=networks,
                changing=headless,
                span=span,
            )


def _ports(service: Manifest, pod: Pod) -> Iterator[tuple[int | None, int | None, Span | None]]:
    """Each port of the Service with the one of the pod that it leads to; None where that is not known."""
    for entry in list(service.view.get("spec", "ports").elements())[:_MOST_PORTS]:
        port = _number(entry.get("port"))
        if entry.get("protocol").string not in ("UDP", "SCTP"):
            yield port, _target(entry, port, pod.ports), entry.span


def _direct(service: Manifest, pod: Pod) -> Iterator[tuple[int | None, int | None, Span | None]]:
    """The name of a headless Service is that of its pods: whoever connects does so to a port of the pod itself."""
    ports: dict[int, Span | None] = {}
    for port, to_port, span in _ports(service, pod):
        for number in (port, to_port):
            if number is not None:
                ports.setdefault(number, span)
    for number in sorted(pod.numbers):
        ports.setdefault(number, service.span)
    for number, span in list(ports.items())[:_MOST_PORTS]:
        yield number, number, span


def _number(view: View) -> int | None:
    number = view.number
    return number.get(None) if number is not None else None


def _target(entry: View, port: int | None, named: Mapping[str, int]) -> int | None:
    target = entry.get("targetPort")
    if not target:
        return port
    number = _number(target)
    return number if number is not None else named.get(target.name)


def port_of(service: Manifest, name: str) -> int | None:
    """The number of a Service's port by its name."""
    for entry in service.view.get("spec", "ports").elements():
        if entry.get("name").name == name:
            return _number(entry.get("port"))
    return None
