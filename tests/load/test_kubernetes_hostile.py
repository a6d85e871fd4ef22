"""Whatever stands in a manifest: no traceback, no hang, and a problem only where a real manifest is broken."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang

from .manifests import deployment, read, service
from .test_ingress import CONTROLLER, ingress
from .test_kubernetes import MAP
from .test_kubernetes_groups import CHART, CONTAINER

WHOLE = "\n---\n".join(
    [
        MAP,
        deployment(
            "command: [gunicorn, $(A)], args: [--bind, '0.0.0.0:8000'], workingDir: /app, "
            "envFrom: [{configMapRef: {name: shop}}], env: [{name: A, value: b}], "
            "ports: [{name: http, containerPort: 1}], "
            "lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5]}}}, securityContext: {runAsUser: 7}, "
            "volumeMounts: [{name: c, mountPath: /etc/nginx, subPath: b.conf}]",
            "terminationGracePeriodSeconds: 30, "
            "volumes: [{name: c, configMap: {name: shop, items: [{key: b.conf, path: x}]}}]",
        ),
        service("clusterIP: None, ports: [{port: 80, targetPort: http}]"),
        ingress("proxy-read-timeout: '2'\nconfiguration-snippet: |\n    proxy_set_header A b;", "tls: [{}], "),
        CONTROLLER + "  keep-alive: '10'\n",
        CONTAINER % "image: x",
    ]
)
TOKENS = [token for token in WHOLE.replace("\n", " \n ").split(" ") if token.strip("[]{},:'|-\n")]
WRONG = [
    "null", "[]", "{}", "7", "-1", "''", "[[]]", "{a: {b: c}}", "true", "99999999999999999999", "*a", "&a", "!x y",
    "\x00", "\udcff", "{{ .Values.x }}", "{{- if .x }}", "/", "$(", "<<", "..", "0x1F", "1e9", "~", "|", ">",
]  # fmt: skip
PARTS = [*WRONG, "\n", " ", ": ", "- ", "apiVersion: v1\n", "kind: Ingress\n", "spec:\n "]


def survives(text: str, **files: str) -> None:
    """Read it, and look at what was read."""
    with tempfile.TemporaryDirectory() as folder, no_hang():
        carried = read(Path(folder), text, **files)
        for one in carried.services:
            one.files.find("/etc/nginx/nginx.conf")
        for proxy in carried.proxies:
            for location in proxy.locations():
                location.setting("proxy_read_timeout")


def test_the_whole_is_sound(tmp_path: Path) -> None:
    carried = read(tmp_path, WHOLE)
    assert carried.services and carried.proxies and carried.doorways and not carried.problems


@given(st.sampled_from(TOKENS), st.sampled_from(WRONG), st.booleans())
@settings(max_examples=150, deadline=None)
def test_wrong_values(token: str, wrong: str, everywhere: bool) -> None:
    survives(WHOLE.replace(token, wrong) if everywhere else WHOLE.replace(token, wrong, 1))


@given(st.integers(0, len(WHOLE)), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_cut_short(at: int, gap: int) -> None:
    survives(WHOLE[:at])
    survives(WHOLE[:at] + WHOLE[at + gap :])


@given(st.lists(st.sampled_from(PARTS), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_text(parts: list[str]) -> None:
    survives("".join(parts))


@given(st.integers(0, len(CHART)), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_broken_templates(at: int, gap: int) -> None:
    survives("", chart__templates__a_yaml=CHART[:at] + CHART[at + gap :], chart__values_yaml=CHART[gap:at])


def test_broken_yaml_is_told_once(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, deployment("a: b") + "foo: [bar\nbaz: }\n").problems
    assert problem.rule == "unparsable-file" and str(problem.span).startswith("app.yaml:7:")


@pytest.mark.parametrize("text", ["foo: [bar\nbaz: }\n", "{{ if }}\napiVersion: v1\nkind: Pod\n a: [\n{{ end }}\n", ""])
def test_what_is_no_manifest_is_passed_over(tmp_path: Path, text: str) -> None:
    assert not read(tmp_path, text).problems


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d}\nspec: {containers: %s}\n---\n"
BOMBS = {
    "aliases": "apiVersion: v1\nkind: List\na: &a [x, x]\n"
    + "".join(f"k{i}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20))
    + "items: *u\n",
    "variables": POD % (1, "")
    + "  - name: c\n    args: [$(A50)]\n    env:\n    - {name: A0, value: 0123456789}\n"
    + "".join(f"    - {{name: A{i + 1}, value: $(A{i})$(A{i})$(A{i})}}\n" for i in range(60)),
    "containers": "apiVersion: v1\nkind: List\nitems:\n- &p "
    f"{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{'{name: a, image: b}, ' * 300}]}}}}\n"
    + "- *p\n" * 2000,
    "keys": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
    + "".join(f"  k{i}.conf: |\n    user x;\n" for i in range(5000))
    + "---\n"
    + POD % (1, "[{image: a, volumeMounts: [{name: v, mountPath: /}]}], volumes: [{name: v, configMap: {name: c}}]"),
    "services": "".join(
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: s{i}}}\n"
        "spec: {selector: {a: b}, ports: [{port: 1}, {port: 2}]}\n---\n"
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{i}, labels: {{a: b}}}}\n"
        "spec: {containers: [{image: c}]}\n---\n"
        for i in range(400)
    ),
    "paths": ingress(rules=f"{{http: {{paths: [{'{path: /a, backend: BACKEND}, ' * 2000}]}}}}"),
    "a megabyte": deployment("a: b") * 5000,
    "brackets": "apiVersion: v1\nkind: Pod\nspec: " + "[" * 100_000,
    "braces": "apiVersion: v1\nkind: Pod\n" + "{{ " * 100_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs(bomb: str) -> None:
    survives(BOMBS[bomb])
