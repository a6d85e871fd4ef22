"""Several deployments in one tree, kustomize's overlays, Helm's templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.model.host import Host

from .carrying import words
from .manifests import deployment, only, read, service

RUN = "command: [gunicorn], args: [--timeout=$(T)]"


def known(one: Host, other: Host) -> bool:
    return bool(one.networks & other.networks)


def test_folders_without_rivals_are_one_deployment(tmp_path: Path) -> None:
    carried = read(tmp_path, k8s__a__app_yaml=deployment("a: b"), k8s__b__app_yaml=deployment("a: b", name="front"))
    web, front = carried.hosts
    assert known(web, front) and web.name == "pod deployment/web"


def test_the_same_object_in_several_folders_is_a_choice(tmp_path: Path) -> None:
    carried = read(
        tmp_path,
        envs__prod__web_yaml=deployment("a: b") + service("ports: [{port: 80}]"),
        envs__staging__web_yaml=deployment("a: b") + service("ports: [{port: 80}]"),
        envs__front_yaml=deployment("a: b", name="front"),
    )
    prod, staging, front = sorted(carried.hosts, key=lambda host: ("front" in host.name, host.name))
    assert [host.name for host in (prod, staging)] == ["pod prod/deployment/web", "pod staging/deployment/web"]
    assert [host.project for host in (prod, staging)] == ["prod", "staging"]
    assert not known(prod, staging) and known(front, prod) and known(front, staging)
    assert {(way.to, bool(way.networks & staging.networks)) for way in carried.doorways} == {
        (prod.name, False), (staging.name, True),
    }  # fmt: skip


def test_choices_within_choices(tmp_path: Path) -> None:
    text = deployment("a: b")
    carried = read(tmp_path, a__prod__x_yaml=text, a__dev__x_yaml=text, b__x_yaml=text)
    assert sorted(host.project for host in carried.hosts) == ["a/dev", "a/prod", "b"]


def test_rival_files_of_one_folder(tmp_path: Path) -> None:
    carried = read(tmp_path, k8s__web_yaml=deployment("a: b"), k8s__web2_yaml=deployment("a: b"))
    assert sorted(host.project for host in carried.hosts) == ["web.yaml", "web2.yaml"]


def test_a_base_with_other_config_maps_is_another_pod_in_each_overlay(tmp_path: Path) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {T: '%d'}\n"
    carried = read(
        tmp_path,
        base__web_yaml=deployment(f"envFrom: [{{configMapRef: {{name: c}}}}], {RUN}"),
        overlays__prod__c_yaml=config % 30,
        overlays__staging__c_yaml=config % 60,
    )
    assert sorted(str(words(one)) for one in carried.services) == ["['--timeout=30']", "['--timeout=60']"]
    assert len({one.unit.host for one in carried.services}) == 2


def test_many_rivals(tmp_path: Path) -> None:
    carried = read(tmp_path, **{f"d{number}__app_yaml": deployment("a: b") for number in range(120)})
    assert len(carried.services) == 120 and len({host.name for host in carried.hosts}) == 120


# ── kustomize ─────────────────────────────────────────────────────────────────────────────────────────────────────

PATCH = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: "
CONTAINER = PATCH + "{template: {spec: {containers: [{name: web, %s}]}}}\n"


def test_a_patch_is_no_workload(tmp_path: Path) -> None:
    carried = read(tmp_path, base__web_yaml=deployment("command: [gunicorn]"), prod__patch_yaml=PATCH + "{replicas: 4}")
    assert not only(carried).unit.replicas.known and not carried.problems
    assert "prod/patch.yaml" in only(carried).unit.replicas.because


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        (PATCH + "{template: {spec: {terminationGracePeriodSeconds: 5}}}", "stop_grace"),
        (CONTAINER % "lifecycle: {preStop: {sleep: {seconds: 3}}}", "prestop"),
    ],
)
def test_what_a_patch_sets_anew_is_not_known(tmp_path: Path, patch: str, field: str) -> None:
    unit = only(read(tmp_path, base__web_yaml=deployment("a: b"), prod__patch_yaml=patch)).unit
    assert not getattr(unit, field).known


def test_commands_and_variables_that_a_patch_sets_anew(tmp_path: Path) -> None:
    base = deployment("env: [{name: T, value: '30'}], command: [gunicorn]")
    carried = read(tmp_path, base__web_yaml=base, prod__patch_yaml=CONTAINER % "env: [{name: T, value: '60'}]")
    assert "T" in only(carried).environment.unknown
    carried = read(tmp_path, base__web_yaml=base, prod__patch_yaml=CONTAINER % "args: [-w, '9']")
    assert only(carried).entrypoint is None and "sets it anew" in only(carried).opaque


@pytest.mark.parametrize(
    "patches",
    [
        "patches:\n- target: {name: web}\n  patch: |\n    - {op: replace, path: /spec/replicas, value: 3}\n",
        "patches:\n- patch: |\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 3}\n",
        "replicas: [{name: web, count: 3}]\n",
        "patches:\n- {path: json.yaml, target: {kind: Deployment}}\n",
    ],
)
def test_patches_in_the_kustomization(tmp_path: Path, patches: str) -> None:
    (tmp_path / "json.yaml").write_text("- {op: replace, path: /spec/replicas, value: 3}\n")
    carried = read(tmp_path, app_yaml=deployment("a: b"), kustomization_yaml=patches)
    assert not only(carried).unit.replicas.known


def test_json_patches_of_the_environment(tmp_path: Path) -> None:
    patch = "patches:\n- patch: |\n    - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: A}}\n"
    carried = read(tmp_path, app_yaml=deployment("env: [{name: T, value: '1'}]"), kustomization_yaml=patch)
    assert {"T", "GUNICORN_CMD_ARGS"} <= only(carried).environment.unknown.keys()


def test_images_of_the_kustomization(tmp_path: Path) -> None:
    images = "images: [{name: nginx, newTag: '1.29'}]\n"
    nginx = deployment("a: b").replace("shop/web:1", "nginx:1.25")
    found = only(read(tmp_path, app_yaml=nginx, kustomization_yaml=images))
    version = found.versions.get("nginx")
    assert version is None or not version.known


def test_config_maps_made_of_files(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("events {}\n")
    text = deployment(
        "volumeMounts: [{name: c, mountPath: /etc/nginx}]", "volumes: [{name: c, configMap: {name: conf}}]"
    )
    made = "configMapGenerator: [{name: conf, files: [nginx.conf, other.conf=nginx.conf], literals: [A=b]}]\n"
    found = read(tmp_path, app_yaml=text, kustomization_yaml=made).services[0]
    assert [str(found.files.find_path(f"/etc/nginx/{name}.conf")) for name in ("nginx", "other")] == [
        str(tmp_path / "nginx.conf")
    ] * 2


# ── Helm ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CHART = """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: {{ include "shop.fullname" . }}
    spec:
      {{- if not .Values.autoscaling }}
      replicas: {{ .Values.replicas }}
      {{- end }}
      selector:
        matchLabels:
          {{- include "shop.labels" . | nindent 6 }}
      template:
        metadata:
          labels:
            {{- include "shop.labels" . | nindent 8 }}
        spec:
          containers:
            - name: {{ .Chart.Name }}
              image: "{{ .Values.image }}:{{ .Values.tag | default .Chart.AppVersion }}"
              command: [gunicorn]
              args: ["--bind=:{{ .Values.web.port }}", "--timeout={{ .Values.web.timeout | default 3 }}"]
              env:
                {{- toYaml .Values.env | nindent 16 }}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: {{ include "shop.fullname" . }}
    spec:
      ports: [{port: {{ .Values.web.port }}}]
      selector:
        {{- include "shop.labels" . | nindent 4 }}
"""


def test_templates(tmp_path: Path) -> None:
    carried = read(tmp_path, chart__templates__all_yaml=CHART, chart__values_yaml="web: {port: 8000}\nreplicas: 2\n")
    found = only(carried)
    assert not carried.problems and words(found) == ["--bind=:8000", None]
    assert found.unit.replicas.value == 2 and found.unit.name == "shop-fullname"
    assert not found.environment.complete
    assert [(way.port, way.to_port, way.names[0]) for way in carried.doorways] == [(8000, 8000, "shop-fullname")]


def test_values_that_the_chart_does_not_give(tmp_path: Path) -> None:
    carried = read(tmp_path, chart__templates__all_yaml=CHART, chart__values_yaml="web: []\nreplicas: {}\n")
    assert words(only(carried)) == [None, None] and not only(carried).unit.replicas.known
    text = "{{- range .Values.x }}\n---\n{{ . | toYaml }}\n{{- end }}"
    assert not read(tmp_path, chart__templates__all_yaml=text).problems


def test_a_command_that_the_template_fills_in(tmp_path: Path) -> None:
    text = CHART.replace("command: [gunicorn]", "command: {{ toYaml .Values.command }}")
    assert "template" in only(read(tmp_path, chart__templates__all_yaml=text)).opaque
