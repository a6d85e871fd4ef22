"""Workloads as hosts and services: a pod is one network namespace, and each of its containers a unit in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cfgcheck.load.context import Context
from cfgcheck.load.dockerfile import ImageReader
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.image import Image
from cfgcheck.load.kubernetes_config_maps import ConfigMap, ConfigMaps
from cfgcheck.load.kubernetes_environment import ContainerEnvironment, launch_of
from cfgcheck.load.kubernetes_groups import Group
from cfgcheck.load.kubernetes_lifecycle import prestop, stop_grace, stop_signal
from cfgcheck.load.kubernetes_objects import Manifest, labels_of
from cfgcheck.load.kubernetes_patches import Patch, Patches
from cfgcheck.load.kubernetes_view import View
from cfgcheck.load.kubernetes_volumes import Volumes
from cfgcheck.load.service import Carried, Launch, Service
from cfgcheck.model.host import Host, HostKind
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Mount, Unit
from cfgcheck.record import record, replace
from cfgcheck.syntax.shell_word import Word

_DEVELOPMENT: Final = re.compile(
    r"(?:^|[._/-])(?:dev|devel|development|local|minikube|kind|k3d|tilt|skaffold|test|tests|testing|ci|e2e)(?:[._/-]|\Z)"
)
_MOST_CONTAINERS: Final = 50
_MOST_PODS_NAMED: Final = 10
_UMASK: Final[Located[int]] = Located.default(0o022, "container runtimes start processes with umask 0022")


@record(frozen=True, eq=False)
class Pod:
    """A workload's pod. ``groups``: the deployments that it belongs to, as one and the same."""

    workload: Manifest
    groups: tuple[Group, ...]
    host: Host
    labels: Mapping[str, str]
    ports: Mapping[str, int]
    """Named ports of all its containers."""

    numbers: frozenset[int]
    """All ports that its containers declare."""


@record(frozen=True, eq=False)
class PodReader:
    """Makes pods of workloads."""

    context: Context
    images: ImageReader
    maps: ConfigMaps
    patches: Patches

    def read(self, workload: Manifest, groups: tuple[Group, ...], *, several: bool) -> Pod:
        """The pod of a workload. ``several``: it is another one in other deployments of the tree."""
        view = workload.pod
        named = {
            port.get("name").name: port.get("containerPort").number
            for container in _containers(view)
            for port in container.get("ports").elements()
        }
        ports = {name: port.value for name, port in named.items() if name and port is not None and port.known}
        every = {
            number.value
            for container in _containers(view)
            for port in container.get("ports").elements()
            if (number := port.get("containerPort").number) is not None and number.known
        }
        host = self._host(workload, groups, several)
        return Pod(workload, groups, host, labels_of(view.get("metadata", "labels")), ports, frozenset(every))

    def _host(self, workload: Manifest, groups: tuple[Group, ...], several: bool) -> Host:
        space = workload.namespace
        mark = groups[0].name if several else ""
        place = "/".join(part for part in (mark, space, workload.kind.lower(), workload.name) if part)
        networks = frozenset(network for group in groups for network in group.networks(space))
        if workload.pod.get("spec", "hostNetwork").flag:
            return self._node(mark, networks, workload)
        return Host(
            f"pod {place}",
            kind=HostKind.POD,
            label=f"pod {workload.name}",
            names=tuple(_pod_names(workload, groups)),
            networks=networks,
            project=mark or space,
            span=workload.span,
        )

    @staticmethod
    def _node(mark: str, networks: frozenset[str], workload: Manifest) -> Host:
        """The network of the machine, which all pods with ``hostNetwork`` may share."""
        return Host(
            f"node {mark}".strip(),
            kind=HostKind.MACHINE,
            label="the machine of the pods with hostNetwork",
            networks=networks,
            project=mark,
            fixed=True,
            unseen="which pods with hostNetwork run on one machine is not known",
            span=workload.span,
        )

    def services(self, pod: Pod, carried: Carried, *, serves: bool, scaled: bool) -> Iterator[Service]:
        """One for each container that runs along. ``serves``: a Service leads to the pod; ``scaled``: an autoscaler
        decides how many there are."""
        for container in _containers(pod.workload.pod):
            service = self._service(pod, container, carried, serves, scaled)
            yield service
            if service.entrypoint is None and service.command is None and _has_nginx(service.unit.mounts):
                yield replace(service, command=_nginx(service.unit))

    def _service(self, pod: Pod, container: View, carried: Carried, serves: bool, scaled: bool) -> Service:
        workload, view = pod.workload, pod.workload.pod
        name = container.get("name").name
        patch = self.patches.of(workload, name)
        written = container.get("image").text or Located.unknown("no image is named", container.span)
        reference = self.patches.image(written)
        image = self.images.of(reference)
        carried.problems += image.problems
        carried.files += image.files
        environment = ContainerEnvironment(container, image.environment, lambda wanted: self._map(pod, wanted))
        mounts = (*image.mounts, *self._volumes(pod, view).mounts(container))
        user, group = _identity(view, container, image)
        unit = Unit(
            Manager.KUBERNETES,
            _unit_name(workload, container),
            container.get("name").span or container.span or workload.span,
            pod.host.name,
            container=True,
            image=reference,
            mounts=mounts,
            user=user,
            group=group,
            umask=_UMASK,
            stop_signal=stop_signal(container, image.stop_signal),
            stop_grace=patch.pod("terminationGracePeriodSeconds") or stop_grace(view),
            prestop=patch.container("lifecycle") or prestop(container),
            replicas=patch.workload("replicas") or _replicas(workload, scaled),
            recreated_apart=_recreated_apart(workload),
            serves=serves,
            development=_DEVELOPMENT.search(workload.file.path.lower()) is not None,
            files=(workload.file,),
        )
        return self._with_command(unit, container, image, environment, patch, pod)

    def _with_command(
        self, unit: Unit, container: View, image: Image, environment: ContainerEnvironment, patch: Patch, pod: Pod
    ) -> Service:
        """``command`` takes the place of the image's ENTRYPOINT and CMD, ``args`` that of the CMD."""
        command, args = container.get("command"), container.get("args")
        entrypoint = launch_of(command, environment) or image.entrypoint
        own_command = launch_of(command, environment) is not None
        words = launch_of(args, environment) or (None if own_command else image.command)
        opaque = image.opaque
        changed = patch.container("command") or patch.container("args")
        if changed is not None:
            entrypoint, words, opaque = None, None, changed.because
        elif _fills_in(command) or _fills_in(args):
            entrypoint, words, opaque = None, None, f"the command of {unit.label} is filled in from a template"
        files = Filesystem(
            self.context.disk, self.context.index, unit.mounts, pod.workload.path.parent, image.certain
        )
        return Service(
            unit,
            files,
            entrypoint,
            words,
            patch.environment(environment.environment),
            container.get("workingDir").string or image.folder,
            versions=image.versions,
            together=f"kubernetes {pod.groups[0].name}".strip(),
            opaque=opaque,
        )

    def _map(self, pod: Pod, name: str) -> ConfigMap | None:
        return self.maps.find(pod.groups[0], name, pod.workload.namespace)

    def _volumes(self, pod: Pod, view: View) -> Volumes:
        workload = pod.workload
        views = {one.get("name").name: one for one in view.get("spec", "volumes").elements()}
        templates = workload.view.get("spec", "volumeClaimTemplates").elements()
        claims = frozenset(one.get("metadata", "name").name for one in templates)
        space = "/".join(part for part in (pod.groups[0].name, workload.namespace) if part)
        return Volumes(views, claims, pod.host.name, space, self.maps, lambda name: self._map(pod, name))


def _has_nginx(mounts: Iterable[Mount]) -> bool:
    """Whether a ConfigMap brings nginx's configuration: then nginx runs there, and maybe more."""
    return any(mount.source and mount.target.startswith("/etc/nginx/") for mount in mounts)


def _nginx(unit: Unit) -> Launch:
    span = unit.image.span or unit.span
    return Launch(span, (Word("nginx", "nginx", span),))


def _unit_name(workload: Manifest, container: View) -> str:
    """The container's name behind that of its workload; a name that a template makes up tells nothing."""
    text = container.get("name").text
    if text is None or text.get(workload.name) == workload.name:
        return workload.name
    return f"{workload.name}/{text.value}"


def config_maps_of(workload: Manifest) -> Iterator[str]:
    """The names of the ConfigMaps that a workload's pod uses."""
    spec = workload.pod.get("spec")
    for volume in spec.get("volumes").elements():
        for source in (volume, *volume.get("projected", "sources").elements()):
            if source.get("configMap"):
                yield source.get("configMap", "name").name
    for container in _containers(workload.pod):
        for source in container.get("envFrom").elements():
            yield source.get("configMapRef", "name").name
        for entry in container.get("env").elements():
            yield entry.get("valueFrom", "configMapKeyRef", "name").name


def _containers(pod: View) -> list[View]:
    """The containers that run along: init containers only where they are sidecars (``restartPolicy: Always``)."""
    spec = pod.get("spec")
    first = [one for one in spec.get("initContainers").elements() if one.get("restartPolicy").string == "Always"]
    return [one for one in (*first, *spec.get("containers").elements()) if one.is_mapping][:_MOST_CONTAINERS]


def _fills_in(view: View) -> bool:
    """Whether a template puts words there (``command: {{ toYaml .Values.command }}``)."""
    return view.partial or (bool(view) and not view.is_list)


def _pod_names(workload: Manifest, groups: Iterable[Group]) -> Iterator[str]:
    """The names of a StatefulSet's single pods."""
    service = workload.view.get("spec", "serviceName").name
    if workload.kind != "StatefulSet" or not service:
        return
    replicas = workload.view.get("spec", "replicas").number
    count = replicas.get(1) if replicas is not None else 1
    for number in range(min(count, _MOST_PODS_NAMED)):
        own = f"{workload.name}-{number}"
        yield f"{own}.{service}"
        for group in groups:
            yield from group.qualified(f"{own}.{service}", workload.namespace)


def _replicas(workload: Manifest, scaled: bool) -> Located[int]:
    if workload.kind == "DaemonSet":
        return Located.unknown("a DaemonSet has a pod on every machine", workload.span)
    if scaled:
        return Located.unknown("an autoscaler decides how many there are", workload.span)
    written = workload.view.get("spec", "replicas")
    number = written.number
    if number is None:
        if written:
            return Located.unknown("replicas is no number", written.span)
        return Located.default(1, "replicas, Kubernetes' API reference")
    return number


def _recreated_apart(workload: Manifest) -> bool:
    """Whether its pods are replaced while those of others, and its own, go on."""
    strategy = workload.view.get("spec", "strategy", "type").string
    update = workload.view.get("spec", "updateStrategy", "type").string
    kept = strategy == "Recreate" or update == "OnDelete"
    return workload.kind in ("Deployment", "StatefulSet", "DaemonSet") and not kept


def _identity(pod: View, container: View, image: Image) -> tuple[Located[str], Located[str]]:
    """User and group: of the container, of the pod, else of the image."""

    def written(key: str) -> Located[str] | None:
        return (
            container.get("securityContext", key).text or pod.get("spec", "securityContext", key).text
        )  # a number, or what a template fills in

    user, group = written("runAsUser"), written("runAsGroup")
    if user is None:
        own = image.user.with_value("root") if image.user.get(None) == "" else image.user
        return own, group or image.group
    if user.get("") == "0":
        user = user.with_value("root")
    return user, group or Located.unknown("the group it runs as is that of its user in the image", user.span)
