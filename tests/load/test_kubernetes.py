"""Workloads of Kubernetes: what their containers run, with which environment and files, and how they are stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.load.kubernetes import looks_like_kubernetes
from cfgcheck.model.unit import Manager

from .carrying import words
from .manifests import deployment, only, read, service, started


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("apiVersion: v1\nkind: Pod\n", True),
        ('"apiVersion": v1\n"kind": "Pod"\n', True),
        ("items:\n- apiVersion: v1\n  kind: Pod\n", True),
        ("services:\n  web:\n    image: nginx\n", False),
        ("apiVersion: v1\n", False),
        ("kind: nice\napiVersion: 1\n", False),
    ],
)
def test_what_looks_like_kubernetes(text: str, is_one: bool) -> None:
    assert looks_like_kubernetes(text) is is_one


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_workloads(tmp_path: Path, kind: str) -> None:
    carried = read(tmp_path, deployment("command: [gunicorn, shop]", kind=kind))
    unit = only(carried).unit
    assert (unit.manager, unit.name, unit.container, unit.label) == (Manager.KUBERNETES, "web", True, "container web")
    (host,) = carried.hosts
    assert host.name == unit.host == f"pod {kind.lower()}/web"


def test_jobs_serve_nobody(tmp_path: Path) -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: m}\nspec: {template: {spec: {containers: [{image: a}]}}}\n"
    assert not read(tmp_path, job).services


def test_lists_and_several_documents(tmp_path: Path) -> None:
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {containers: [{name: c, image: a}]}}"
    text = f"---\n---\napiVersion: v1\nkind: List\nitems: [{pod % 'a'}, {pod % 'b'}]\n---\n{pod % 'c'}\n"
    assert [host.label for host in read(tmp_path, text).hosts] == ["pod a", "pod b", "pod c"]


def test_containers_of_a_pod_share_its_host(tmp_path: Path) -> None:
    text = """
        apiVersion: v1
        kind: Pod
        metadata: {name: shop}
        spec:
          initContainers:
            - {name: migrate, image: shop, command: [migrate]}
            - {name: proxy, image: "nginx:1.27", restartPolicy: Always}
          containers:
            - {name: web, image: shop, command: [gunicorn]}
    """
    found = read(tmp_path, text).services
    assert [one.unit.name for one in found] == ["shop/proxy", "shop/web"]
    assert {one.unit.host for one in found} == {"pod pod/shop"}


def test_pods_in_the_network_of_the_machine(tmp_path: Path) -> None:
    text = deployment("a: b", "hostNetwork: true") + deployment("a: b", "hostNetwork: true", name="front")
    carried = read(tmp_path, text)
    (host,) = carried.hosts
    assert host.unseen and {one.unit.host for one in carried.services} == {host.name}


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("command: [gunicorn], args: [-w, '2']", ["gunicorn", "-w", "2"]),
        ("command: [gunicorn, shop]", ["gunicorn", "shop"]),
        ("args: [gunicorn, shop]", ["gunicorn", "shop"]),
        ("command: [gunicorn], args: [-w, 2, shop]", ["gunicorn", "-w", "2", "shop"]),
        ("command: [], args: []", []),
        ("command: gunicorn", []),
        ("command: [gunicorn, [a]]", ["gunicorn", None]),
    ],
)
def test_command_and_args(tmp_path: Path, container: str, expected: list[str | None]) -> None:
    assert started(only(read(tmp_path, deployment(container)))) == expected


def test_command_takes_the_place_of_both_entrypoint_and_cmd(tmp_path: Path) -> None:
    nginx = deployment("command: [nginx-debug]").replace("shop/web:1", "nginx:1.27")
    assert started(only(read(tmp_path, nginx))) == ["nginx-debug"]


def test_args_keep_the_entrypoint_of_the_image(tmp_path: Path) -> None:
    nginx = deployment("args: [nginx-debug]").replace("shop/web:1", "nginx:1.27")
    assert started(only(read(tmp_path, nginx))) == ["/docker-entrypoint.sh", "nginx-debug"]


def test_an_image_that_is_not_known_says_so(tmp_path: Path) -> None:
    found = only(read(tmp_path, deployment("ports: []")))
    assert found.entrypoint is None and found.command is None and "shop/web:1" in found.opaque


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(PORT)", "8000"),
        ("0.0.0.0:$(PORT)", "0.0.0.0:8000"),
        ("$$(PORT)", "$(PORT)"),
        ("$(NOBODY)", "$(NOBODY)"),
        ("$(BOTH)", "x8000"),
        ("$PORT", "$PORT"),
        ("$(SECRET)", None),
    ],
)
def test_variables_in_args(tmp_path: Path, text: str, value: str | None) -> None:
    env = (
        "env: [{name: PORT, value: '8000'}, {name: BOTH, value: x$(PORT)}, "
        "{name: SECRET, valueFrom: {secretKeyRef: {name: s, key: k}}}]"
    )
    found = only(read(tmp_path, deployment(f"{env}, command: [run], args: ['{text}']")))
    assert words(found) == [value]


def test_words_stand_where_they_are_written(tmp_path: Path) -> None:
    found = only(read(tmp_path, deployment("command: [gunicorn, '-b', \":8000\"]")))
    assert found.entrypoint is not None
    assert [word.span.text for word in found.entrypoint.words] == ["gunicorn", "-b", ":8000"]


# ── environment ───────────────────────────────────────────────────────────────────────────────────────────────────

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {WORKERS: '3', b.conf: x}\n---\n"


def test_env_of_config_maps(tmp_path: Path) -> None:
    env = "envFrom: [{configMapRef: {name: shop}, prefix: P_}], "
    env += "env: [{name: A, valueFrom: {configMapKeyRef: {name: shop, key: WORKERS}}}]"
    environment = only(read(tmp_path, MAP + deployment(env))).environment
    assert environment.values["P_WORKERS"] == environment.values["A"] == "3"
    assert environment.spans["A"].text == "'3'"


@pytest.mark.parametrize(
    "env",
    [
        "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
        "env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]",
        "env: [{name: A, valueFrom: {configMapKeyRef: {name: gone, key: k}}}]",
    ],
)
def test_values_that_nobody_wrote_down(tmp_path: Path, env: str) -> None:
    environment = only(read(tmp_path, deployment(env))).environment
    assert "A" in environment.unknown and "A" not in environment.values


def test_a_secret_may_set_anything(tmp_path: Path) -> None:
    found = only(read(tmp_path, deployment("envFrom: [{secretRef: {name: s}}], command: [run], args: [$(PORT)]")))
    assert not found.environment.complete and words(found) == [None]


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SHOP = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop}
    data:
      nginx.conf: |
        events {}
      shop.conf: |
        server { listen 80; }
      quoted.conf: "a\\nb"
      gunicorn.conf.py: |
        workers = 3
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: shop}
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          volumeMounts: MOUNTS
      volumes:
        - {name: all, configMap: {name: shop}}
        - {name: some, configMap: {name: shop, items: [{key: shop.conf, path: sub/a.conf}]}}
        - {name: both, projected: {sources: [{configMap: {name: shop}}, {secret: {name: s}}]}}
        - {name: run, emptyDir: {medium: Memory}}
        - {name: data, persistentVolumeClaim: {claimName: files}}
        - {name: node, hostPath: {path: /srv}}
        - {name: gone, configMap: {name: gone}}
"""


@pytest.mark.parametrize(
    ("mounts", "path", "place"),
    [
        ("[{name: all, mountPath: /etc/nginx}]", "/etc/nginx/nginx.conf", "app.yaml:7:1"),
        ("[{name: all, mountPath: /srv/a.conf, subPath: nginx.conf}]", "/srv/a.conf", "app.yaml:7:1"),
        ("[{name: some, mountPath: /etc/nginx/}]", "/etc/nginx/sub/a.conf", "app.yaml:9:1"),
        ("[{name: some, mountPath: /conf, subPath: sub}]", "/conf/a.conf", "app.yaml:9:1"),
        ("[{name: both, mountPath: /conf}]", "/conf/shop.conf", "app.yaml:9:1"),
        ("[{name: some, mountPath: /etc/nginx}]", "/etc/nginx/nginx.conf", ""),
        ("[{name: all, mountPath: /etc/nginx}]", "/etc/nginx/quoted.conf", ""),
        ("[{name: all, mountPath: /etc/nginx, subPath: none.conf}]", "/etc/nginx", ""),
        ("[{name: gone, mountPath: /etc/nginx}]", "/etc/nginx/nginx.conf", ""),
        ("[{name: nobody, mountPath: /etc/nginx}]", "/etc/nginx/nginx.conf", ""),
        ("[{name: all, mountPath: relative}]", "relative/nginx.conf", ""),
    ],
)
def test_keys_of_config_maps_are_files(tmp_path: Path, mounts: str, path: str, place: str) -> None:
    found = only(read(tmp_path, SHOP.replace("MOUNTS", mounts)))
    file = found.files.find(path)
    first = "" if file is None else str(file.span(len(file.text) - len(file.text.lstrip()), 0))
    assert first.rpartition(":")[0] == place.rpartition(":")[0]
    assert file is None or file.whole.text.startswith("\napiVersion")


def test_python_in_a_config_map(tmp_path: Path) -> None:
    found = only(read(tmp_path, SHOP.replace("MOUNTS", "[{name: all, mountPath: /c}]")))
    file = found.files.find("/c/gunicorn.conf.py")
    assert file is not None
    names: dict[str, object] = {}
    exec(compile(file.text, "x", "exec"), names)  # noqa: S102  (a text of this test)
    assert names["workers"] == 3 and file.position(file.text.index("workers")).line == 12


def test_volumes_are_places(tmp_path: Path) -> None:
    mounts = (
        "[{name: run, mountPath: /run/shop}, {name: data, mountPath: /data, subPath: a}, {name: node, mountPath: /n}]"
    )
    unit = only(read(tmp_path, SHOP.replace("MOUNTS", mounts))).unit
    assert str(unit.place("/run/shop/a.sock")) == str(unit.place("/var/run/shop/a.sock"))
    places = [unit.place(path) for path in ("/run/shop/a.sock", "/data/x", "/n/x", "/tmp/x")]
    assert [(one.volume, one.path) for one in places] == [
        ("volume run of pod pod/shop", "/a.sock"),
        ("claim files", "/a/x"),
        ("machine", "/srv/x"),
        ("container pod pod/shop/shop/nginx", "/tmp/x"),
    ]
    assert [mount.memory for mount in unit.mounts if mount.target == "/run/shop"] == [True]


# ── how it is stopped, and how many there are ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("hook", "seconds"),
    [
        ("preStop: {exec: {command: [sleep, '10']}}", 10),
        ("preStop: {exec: {command: [/bin/sh, -c, sleep 15]}}", 15),
        ("preStop: {exec: {command: [sh, -c, 'sleep 5 && nginx -s quit']}}", 5),
        ("preStop: {exec: {command: [sh, -c, 'echo x; sleep 1m; sleep 2.5']}}", 62.5),
        ("preStop: {sleep: {seconds: 7}}", 7),
        ("postStart: {exec: {command: [a]}}", None),
    ],
)
def test_prestop(tmp_path: Path, hook: str, seconds: float | None) -> None:
    assert only(read(tmp_path, deployment(f"lifecycle: {{{hook}}}"))).unit.prestop.value == seconds


@pytest.mark.parametrize(
    "hook",
    [
        "exec: {command: [/drain.sh]}",
        "exec: {command: [sh, -c, 'while pgrep nginx; do sleep 1; done']}",
        "exec: {command: [sh, -c, 'nginx -s quit; wait_for_it']}",
        "exec: {command: [sh, -c]}",
        "exec: {command: []}",
        "httpGet: {path: /quit, port: 80}",
        "sleep: {seconds: soon}",
        "nothing",
    ],
)
def test_prestop_that_does_more_than_wait(tmp_path: Path, hook: str) -> None:
    unit = only(read(tmp_path, deployment(f"lifecycle: {{preStop: {{{hook}}}}}"))).unit
    assert not unit.prestop.known and unit.prestop.because


@pytest.mark.parametrize(("spec", "seconds"), [("", 30), ("terminationGracePeriodSeconds: 60", 60)])
def test_grace(tmp_path: Path, spec: str, seconds: float) -> None:
    unit = only(read(tmp_path, deployment("a: b", spec))).unit
    assert unit.stop_grace.value == seconds and unit.stop_grace.by_hand is bool(spec)


def test_signal(tmp_path: Path) -> None:
    nginx = deployment("a: b").replace("shop/web:1", "nginx:1.27")
    assert only(read(tmp_path, nginx)).unit.stop_signal.value == "QUIT"
    own = deployment("lifecycle: {stopSignal: SIGUSR1}")
    assert only(read(tmp_path, own)).unit.stop_signal.value == "USR1"


@pytest.mark.parametrize(
    ("before", "after", "user", "group"),
    [
        ("", "securityContext: {runAsUser: 1000, runAsGroup: 2000}", "1000", "2000"),
        ("securityContext: {runAsUser: 0}", "a: b", "root", None),
        ("securityContext: {runAsUser: 7}", "securityContext: {runAsUser: 8}", "8", None),
    ],
)
def test_user(tmp_path: Path, before: str, after: str, user: str, group: str | None) -> None:
    unit = only(read(tmp_path, deployment(after, before))).unit
    assert (unit.user.value, unit.group.get(None)) == (user, group)


def test_replicas(tmp_path: Path) -> None:
    two = deployment("a: b").replace("spec: {sel", "spec: {replicas: 2, sel", 1)
    assert only(read(tmp_path, two)).unit.replicas.value == 2
    scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"
    scaler += "spec: {scaleTargetRef: {kind: Deployment, name: web}}\n"
    assert "autoscaler" in only(read(tmp_path, two + scaler)).unit.replicas.because
    assert not only(read(tmp_path, deployment("a: b", kind="DaemonSet"))).unit.replicas.known


def test_rolling_updates(tmp_path: Path) -> None:
    assert only(read(tmp_path, deployment("a: b"))).unit.recreated_apart
    recreate = deployment("a: b").replace("spec: {sel", "spec: {strategy: {type: Recreate}, sel", 1)
    assert not only(read(tmp_path, recreate)).unit.recreated_apart


def test_what_a_service_leads_to(tmp_path: Path) -> None:
    assert only(read(tmp_path, deployment("a: b") + service("ports: [{port: 80}]"))).unit.serves
    assert not only(read(tmp_path, deployment("a: b") + service("ports: [{port: 80}]", "other"))).unit.serves


@pytest.mark.parametrize(("name", "is_one"), [("dev__app_yaml", True), ("k8s__prod__app_yaml", False)])
def test_development(tmp_path: Path, name: str, is_one: bool) -> None:
    assert only(read(tmp_path, **{name: deployment("a: b")})).unit.development is is_one


def test_nginx_by_its_configuration(tmp_path: Path) -> None:
    """An image of one's own whose nginx is configured by a ConfigMap: nginx runs there, and maybe more."""
    text = SHOP.replace("nginx:1.27", "shop/front:1").replace("MOUNTS", "[{name: all, mountPath: /etc/nginx/conf.d}]")
    first, second = read(tmp_path, text).services
    assert first.opaque and not started(first) and started(second) == ["nginx"]


def test_config_maps_that_nothing_mounts(tmp_path: Path) -> None:
    carried = read(tmp_path, SHOP.partition("---")[0])
    assert sorted(path.name for path in carried.lone) == ["gunicorn.conf.py", "nginx.conf", "shop.conf"]
