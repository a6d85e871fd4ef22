"""The ConfigMap of the ingress controller: what holds for all Ingresses."""

from __future__ import annotations

import re
from typing import Final

from cfgcheck.load.ingress_annotations import CONTROLLER, UPSTREAM, Settings, directives, settings_of, snippet
from cfgcheck.load.kubernetes_objects import Manifest, Manifests
from cfgcheck.record import record
from cfgcheck.syntax.nginx_tree import Directive

_NAMES: Final = re.compile(
    r"(?:ingress-nginx|nginx-ingress)(?:-controller)?\Z|nginx-configuration\Z|nginx-load-balancer-conf\Z"
)
_TELLING: Final = frozenset(
    {*CONTROLLER, *UPSTREAM, "use-forwarded-headers", "compute-full-forwarded-for", "http-snippet"}
)
_EVENTS: Final = frozenset({"worker_connections", "worker_shutdown_timeout"})


@record(frozen=True, eq=False)
class Controller:
    """``settings``: of its ConfigMap; ``manifest``: that one, None where it is not among the files."""

    settings: Settings
    manifest: Manifest | None = None

    @property
    def trusts(self) -> bool:
        """Whether what clients say of scheme, host and port is handed on (``use-forwarded-headers``)."""
        return "use-forwarded-headers" in self.settings and self.settings["use-forwarded-headers"][1].flag

    @property
    def redirects(self) -> bool:
        """Whether hosts with TLS redirect plain requests (``ssl-redirect``)."""
        return "ssl-redirect" not in self.settings or self.settings["ssl-redirect"][1].flag

    def outer(self) -> list[Directive]:
        """Statements of the main level."""
        return [one for one in directives(self.settings, CONTROLLER) if one.key in _EVENTS]

    def http(self) -> list[Directive]:
        found = [one for one in directives(self.settings, CONTROLLER) if one.key not in _EVENTS]
        return [*found, *self._snippet("http-snippet")]

    def upstream(self) -> list[Directive]:
        return list(directives(self.settings, UPSTREAM))

    def server(self) -> list[Directive]:
        return self._snippet("server-snippet")

    def location(self) -> list[Directive]:
        return self._snippet("location-snippet")

    def _snippet(self, name: str) -> list[Directive]:
        return snippet(self.settings[name][1]) if name in self.settings else []


def find_controller(manifests: Manifests) -> Controller:
    """The controller's ConfigMap, told by its name; where there are several (environments), none is sure."""
    found = [one for one in manifests.of("ConfigMap") if _NAMES.search(one.name)]
    telling = [(one, settings_of(one.view.get("data"))) for one in found]
    telling = [(one, settings) for one, settings in telling if _TELLING & settings.keys()]
    if len(telling) == 1:
        return Controller(telling[0][1], telling[0][0])
    return Controller({})
