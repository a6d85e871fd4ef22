"""The nginx of an Ingress: its servers under what the controller sets for all."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.load.ingress_annotations import block
from cfgcheck.load.ingress_controller import Controller
from cfgcheck.load.ingress_defaults import NO_CONTROLLER, IngressDefaults, stock
from cfgcheck.load.kubernetes_objects import Manifest
from cfgcheck.load.nginx import build_proxy
from cfgcheck.model.nginx import Proxy
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_tree import Directive


def build_ingress(one: Manifest, servers: list[Directive], controller: Controller) -> Proxy:
    """The proxy of one Ingress. Without the controller's ConfigMap among the files it is not complete."""
    known = controller.manifest
    http = block("http", one.span, [*stock("http.conf"), *controller.http(), *servers])
    root = block("", one.span, [*controller.outer(), http])
    files: list[SourceFile] = [one.file]
    if known is not None and known.file is not one.file:
        files.append(known.file)
    defaults = IngressDefaults("" if known is not None else NO_CONTROLLER)
    proxy = build_proxy(one.name, "main", root, defaults.version, _as_they_are, files, defaults)
    proxy.ingress = True
    proxy.complete = known is not None
    proxy.incomplete_because = "" if known is not None else NO_CONTROLLER
    return proxy


def _as_they_are(directives: Iterable[Directive]) -> Iterable[Directive]:
    return directives
