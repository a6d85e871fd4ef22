"""Kubernetes manifests, kustomize bases and overlays, and Helm charts: what runs in which pod, and who leads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.dockerfile import ImageReader
from cfgcheck.load.ingress import read_ingresses
from cfgcheck.load.kubernetes_config_maps import ConfigMaps
from cfgcheck.load.kubernetes_groups import Group, groups_of, memberships
from cfgcheck.load.kubernetes_kustomize import read_kustomizations
from cfgcheck.load.kubernetes_objects import WORKLOADS, Manifest, looks_like_kubernetes, read_manifests
from cfgcheck.load.kubernetes_patches import Patches
from cfgcheck.load.kubernetes_pods import Pod, PodReader, config_maps_of
from cfgcheck.load.kubernetes_services import Selectors, doorways
from cfgcheck.load.service import Carried
from cfgcheck.model.host import Host
from cfgcheck.record import replace

_MOST_DOORWAYS = 20_000

__all__ = ["looks_like_kubernetes", "read_kubernetes"]


def read_kubernetes(context: Context, paths: Sequence[Path], images: ImageReader) -> Carried:
    """Everything that the manifests among these files say. A file that is no valid YAML is a problem; one that holds
    something else is passed over."""
    manifests = read_manifests(context, paths)
    kustomizations = read_kustomizations(context.disk, [one.path for one in manifests.objects])
    groups = groups_of(manifests.objects, kustomizations.namespaces)
    maps = ConfigMaps(context.disk, manifests.objects, kustomizations.config_maps)
    reader = PodReader(context, images, maps, Patches(manifests.objects, kustomizations))
    carried = Carried(files=[*manifests.files, *kustomizations.files], problems=list(manifests.problems))
    member = memberships(groups)
    pods = [
        pod
        for one in manifests.of(*WORKLOADS)
        for pod in _pods(one, member.get(id(one), ()), len(groups), maps, reader)
    ]
    served = _lead(manifests.of("Service"), member, pods, carried)
    scaled = {
        (one.view.get("spec", "scaleTargetRef", "kind").string, one.view.get("spec", "scaleTargetRef", "name").name)
        for one in manifests.of("HorizontalPodAutoscaler")
    }
    carried.hosts = _hosts(pods)
    for pod in pods:
        is_scaled = (pod.workload.kind, pod.workload.name) in scaled
        serves = id(pod) in served
        carried.services += reader.services(pod, carried, serves=serves, scaled=is_scaled)
    carried.lone += (path for name in maps.lone() if context.disk.exists(path := Path(name)))
    read_ingresses(manifests, member, carried)
    carried.files = list({id(file): file for file in carried.files}.values())
    return carried


def _hosts(pods: Iterable[Pod]) -> list[Host]:
    """Each host once; one that several pods share knows the names that any of them knows."""
    found: dict[str, Host] = {}
    for pod in pods:
        host = found.setdefault(pod.host.name, pod.host)
        if host is not pod.host:
            found[host.name] = replace(host, networks=host.networks | pod.host.networks)
    return list(found.values())


def _pods(
    workload: Manifest, groups: Sequence[Group], total: int, maps: ConfigMaps, reader: PodReader
) -> Iterator[Pod]:
    """The pods of a workload: several where the deployments that it belongs to give it other ConfigMaps."""
    names = list(dict.fromkeys(config_maps_of(workload)))
    alike: dict[tuple[int, ...], list[Group]] = {}
    for group in groups:
        signature = tuple(id(maps.find(group, name, workload.namespace)) for name in names)
        alike.setdefault(signature, []).append(group)
    apart = len(alike) > 1 or len(groups) < total
    for members in alike.values():
        yield reader.read(workload, tuple(members), several=apart)


def _lead(
    services: Iterator[Manifest], member: Mapping[int, list[Group]], pods: list[Pod], carried: Carried
) -> set[int]:
    """Adds the doors that Services open. Gives the ids of the pods that one leads to."""
    served: set[int] = set()
    selectors = Selectors(pods)
    for service in services:
        for group in member.get(id(service), ()):
            behind = selectors.selected(service, group)
            served.update(id(pod) for pod in behind)
            if len(carried.doorways) < _MOST_DOORWAYS:
                carried.doorways += doorways(service, group, behind)
    return served
