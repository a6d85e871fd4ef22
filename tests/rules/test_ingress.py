"""Rules on a Kubernetes Ingress: only those that say so judge it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.stack import Stack
from cfgcheck.rules.run import judge
from cfgcheck.rules.selection import Selection
from cfgcheck.settings import load_settings
from tests.rules import build

WEB = """apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
    - name: web
      image: registry.example.com/shop:3
      command: [gunicorn, -b, "0.0.0.0:8000", shop.wsgi]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8000}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("ingress")
    (folder / "web.yaml").write_text(WEB)
    _, (stack,) = load(Input((folder,)), load_settings(folder))
    assert [route.matched for route in stack.routes] == [True]
    return stack


@pytest.mark.parametrize("subject", ["proxy", "server", "location", "upstream", "peer", "route"])
def test_it_is_judged_on_request_only(stack: Stack, subject: str, tmp_path: Path) -> None:
    rule = {"subject": subject, "when": "proxy.ingress", "message": "an Ingress"}
    rules = {"with-ingress": {**rule, "ingress": "true"}, "without-ingress": rule}
    findings = judge(stack, build.catalogue(tmp_path, rules), Selection()).findings
    assert {finding.rule for finding in findings} == {"with-ingress"}


def test_what_belongs_to_no_nginx_is_judged_by_all(stack: Stack, tmp_path: Path) -> None:
    rules = {"any-app": {"subject": "app", "when": "len(routes) == 1", "message": "joined"}}
    assert len(judge(stack, build.catalogue(tmp_path, rules), Selection()).findings) == 1
