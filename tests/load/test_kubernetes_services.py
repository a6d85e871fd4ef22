"""Services of Kubernetes: under which names and ports which pods are reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.load.service import Carried
from cfgcheck.model.host import DoorwayKind

from .manifests import deployment, read, service

PORTS = "ports: [{name: http, containerPort: 8000}]"


def ways(carried: Carried) -> set[tuple[str, int | None, int | None]]:
    return {(way.to, way.port, way.to_port) for way in carried.doorways}


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("{port: 80, targetPort: 8000}", {(80, 8000)}),
        ("{port: 80, targetPort: http}", {(80, 8000)}),
        ("{port: 80, targetPort: '8000'}", {(80, 8000)}),
        ("{port: 8000}", {(8000, 8000)}),
        ("{port: 80, targetPort: nobody}", {(80, None)}),
        ("{port: 80, nodePort: 30080}", {(80, 80)}),
        ("{port: 80, targetPort: 1}, {name: b, port: 81, targetPort: 2}", {(80, 1), (81, 2)}),
        ("{port: 53, protocol: UDP}", set()),
        ("{port: many}", {(None, None)}),
    ],
)
def test_ports(tmp_path: Path, ports: str, expected: set[tuple[int | None, int | None]]) -> None:
    carried = read(tmp_path, deployment(PORTS) + service(f"ports: [{ports}]"))
    assert ways(carried) == {("pod deployment/web", *one) for one in expected}
    assert all(way.kind is DoorwayKind.SERVICE and not way.changing for way in carried.doorways)


def test_the_name_of_a_headless_service_is_that_of_its_pods(tmp_path: Path) -> None:
    carried = read(tmp_path, deployment(PORTS) + service("clusterIP: None, ports: [{port: 80, targetPort: http}]"))
    assert {(port, to) for _, port, to in ways(carried)} == {(80, 80), (8000, 8000)}
    assert all(way.changing for way in carried.doorways)


def test_names(tmp_path: Path) -> None:
    text = (deployment(PORTS) + service("ports: [{port: 80}]")).replace("name: web}\n", "name: web, namespace: shop}\n")
    (way,) = read(tmp_path, text).doorways
    assert way.names == ("web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local")


def test_short_names_hold_within_a_namespace(tmp_path: Path) -> None:
    shop = (deployment(PORTS) + service("ports: [{port: 80}]")).replace("name: web}\n", "name: web, namespace: shop}\n")
    other = deployment("a: b", name="front").replace("name: front}\n", "name: front, namespace: other}\n")
    carried = read(tmp_path, shop + other)
    networks = {host.label: host.networks for host in carried.hosts}
    short = [way for way in carried.doorways if "web" in way.names]
    long = [way for way in carried.doorways if "web.shop.svc" in way.names]
    assert all(way.networks & networks["pod web"] for way in (*short, *long))
    assert not any(way.networks & networks["pod front"] for way in short)
    assert all(way.networks & networks["pod front"] for way in long)


def test_a_namespace_that_only_configurations_name(tmp_path: Path) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: 'proxy_pass http://web.live.svc:80;'}\n---\n"
    carried = read(tmp_path, config + deployment(PORTS) + service("ports: [{port: 80}]"))
    assert "web.live.svc.cluster.local" in carried.doorways[0].names


@pytest.mark.parametrize("selector", ["{app: other}", "{app: web, tier: front}", "{}", "null", "[app]"])
def test_pods_of_others(tmp_path: Path, selector: str) -> None:
    text = deployment(PORTS) + service("ports: [{port: 80}]").replace("{app: web}", selector)
    assert not read(tmp_path, text).doorways


def test_external_names_lead_nowhere_here(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
    text += "spec: {type: ExternalName, externalName: db.example.com}\n"
    assert not read(tmp_path, text).doorways


def test_single_pods_of_a_stateful_set(tmp_path: Path) -> None:
    text = deployment(PORTS, kind="StatefulSet").replace("spec: {sel", "spec: {serviceName: web, replicas: 2, sel", 1)
    (host,) = read(tmp_path, text).hosts
    assert {"web-0.web", "web-1.web", "web-1.web.default.svc.cluster.local"} < set(host.names)
