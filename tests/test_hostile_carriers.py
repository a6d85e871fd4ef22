"""Compose files, Dockerfiles, manifests, units, scripts and the like, cut off, mixed up and riddled with what hurts a
reader: nothing crashes, everything can be printed, and no text of a file reaches the terminal as an order."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.app import Input, check
from cfgcheck.report import findings_json, github, sarif, stack_dot, stack_json, stack_mermaid, stack_text, text
from cfgcheck.report.result import Result
from cfgcheck.report.stack_graph import graph_of
from cfgcheck.report.terminal import Terminal
from cfgcheck.rules.run import INTERNAL_ERROR
from cfgcheck.settings import Settings
from tests.hanging import no_hang
from tests.profiles import examples

NGINX = """\
events {}
http {
  upstream app { server web:8000; server unix:/run/app/app.sock backup; }
  server {
    listen 80;
    location / { proxy_pass http://app; proxy_set_header Host $host; }
    location /u { include uwsgi_params; uwsgi_pass 127.0.0.1:3031; }
  }
}
"""
COMPOSE = """\
x-base: &base
  build: {context: ., target: prod, args: {PORT: 8000}}
  env_file: [.env]
  stop_grace_period: 1m30s
services:
  web:
    <<: *base
    command: gunicorn --bind 0.0.0.0:${PORT:-8000} --workers ${WORKERS:?} shop.wsgi
    environment: {PORT: 8000, GUNICORN_CMD_ARGS: "--timeout 30"}
    expose: ["8000-8002"]
    networks: {inner: {aliases: [app]}}
  worker:
    extends: {service: web}
    entrypoint: ["/bin/sh", "-c", "exec ./start.sh \\"$$@\\""]
    volumes: [sock:/run/app, {type: bind, source: ./start.sh, target: /app/start.sh}]
  nginx:
    image: nginx:1.27
    ports: ["8080-8081:80-81", {target: 443, published: 443}]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "sock:/run/app"]
    network_mode: service:web
    depends_on: {web: {condition: service_started}}
    deploy: {replicas: 2}
networks: {inner: {}}
volumes: {sock: }
"""
DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS base
ENV PORT=8000 WORKERS="4"
WORKDIR /app
COPY --chown=app:app requirements.txt start.sh ./
RUN pip install --no-cache-dir gunicorn==23.0.0 \\
    # a comment
    && mkdir -p /run/app
FROM base AS prod
STOPSIGNAL SIGQUIT
EXPOSE ${PORT}
COPY <<EOF /etc/nginx/conf.d/site.conf
server { listen 81; location / { proxy_pass http://127.0.0.1:8000; } }
EOF
ENTRYPOINT ["tini", "--", "./start.sh"]
CMD exec gunicorn --bind :$PORT "shop.wsgi" --workers ${WORKERS:-2}
"""
SCRIPT = """\
#!/bin/bash
set -euo pipefail
: "${PORT:=8000}"
BIND=0.0.0.0:${PORT%%/*}
wait_for() { while ! nc -z "$1" "$2"; do sleep 1; done; }
if [ "${1:-}" = web ]; then
  shift
  set -- gunicorn --bind "$BIND" "$@"
fi
case "$1" in
  uwsgi) exec uwsgi --socket :3031 --module shop ;;
  *) cat <<EOF
$(date) `id` $((1 + 2))
EOF
  ;;
esac
trap 'kill 0' TERM
for each in a b; do source ./$each.sh || true; done
exec "$@" || exec gunicorn shop.wsgi > /dev/null 2>&1 &
"""
SERVICE = """\
[Unit]
Requires=app.socket
[Service]
User=app
Environment=PORT=8000 "WORKERS=4" 'A=b c'
EnvironmentFile=-%h/.env
RuntimeDirectory=app %p
WorkingDirectory=/srv/app
ExecStart=@/usr/bin/gunicorn gunicorn --bind unix:/run/app/app.sock \\
  --workers ${WORKERS} $ARGS shop.wsgi ; /usr/bin/uwsgi --ini uwsgi.ini
TimeoutStopSec=1min 30s
KillMode=mixed
KillSignal=SIGQUIT
PrivateTmp=yes
"""
SOCKET = "[Socket]\nListenStream=/run/app/app.sock\nListenStream=8000\nSocketMode=0660\nSocketUser=www-data\n"
SUPERVISOR = """\
[supervisord]
nodaemon=true
environment=A="%(ENV_HOME)s",B='x'
[program:web]
command=gunicorn --bind 127.0.0.1:80%(process_num)02d --workers %(ENV_WORKERS)s shop.wsgi ; comment
process_name=%(program_name)s_%(process_num)02d
numprocs=2
stopwaitsecs=30
stopsignal=QUIT
[fcgi-program:u]
socket=unix:///run/app/%(program_name)s.sock
socket_mode=0770
command=uwsgi --ini uwsgi.ini
[group:all]
programs=web,u
[include]
files=*.ini conf.d/*.conf
"""
PROCFILE = "# processes\nweb: PORT=1 gunicorn --bind 0.0.0.0:$PORT shop.wsgi\nworker: celery -A shop worker\n"
DOTENV = "export PORT=8000\nWORKERS='4' # four\nA=\"${PORT}/x\\n\"\nGUNICORN_CMD_ARGS=--timeout=${T:-30}\nEMPTY=\n"
MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: web
          image: shop:1.2
          command: [gunicorn]
          args: ["--bind=0.0.0.0:$(PORT)", "shop.wsgi"]
          env: [{name: PORT, value: "8000"}, {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}]
          ports: [{name: http, containerPort: 8000}]
          lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
        - name: nginx
          image: nginx:1.27
          volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d, subPath: x}]
      volumes: [{name: conf, configMap: {name: conf, items: [{key: site.conf, path: x}]}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  site.conf: |
    server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } }
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {nginx.ingress.kubernetes.io/proxy-read-timeout: "90"}}
spec:
  tls: [{hosts: [shop.example.com]}]
  rules: [{host: shop.example.com, http: {paths: [{path: /, backend: {service: {name: shop, port: {name: http}}}}]}}]
"""
KUSTOMIZATION = """\
resources: [../k8s.yaml, .]
namePrefix: a-
patchesStrategicMerge: [patch.yaml]
images: [{name: shop, newTag: "2"}]
configMapGenerator: [{name: conf, files: [site.conf=../nginx.conf]}]
"""
UWSGI = "[uwsgi]\nname = app\nsocket = /run/%(name)/%n.sock\nmodule = shop:app\nfor = 1 2\nmap = %(_)\nendfor =\n"
GUNICORN = "import os\nbind = [f\"0.0.0.0:{os.environ.get('PORT', 8000)}\"]\nworkers = int(os.environ['W']) * 2 + 1\n"

FILES: Mapping[str, str] = {
    "nginx.conf": NGINX,
    "docker-compose.yml": COMPOSE,
    "Dockerfile": DOCKERFILE,
    "start.sh": SCRIPT,
    "app.service": SERVICE,
    "app.socket": SOCKET,
    "supervisord.conf": SUPERVISOR,
    "Procfile": PROCFILE,
    ".env": DOTENV,
    "k8s.yaml": MANIFEST,
    "overlay/kustomization.yaml": KUSTOMIZATION,
    "uwsgi.ini": UWSGI,
    "gunicorn.conf.py": GUNICORN,
    "requirements.txt": "gunicorn[gevent]==23.0.0 ; python_version > '3'\n-r requirements.txt\n",
}

HURTFUL = (
    "\0", "\x1b[2J\x1b]0;title\x07", "\x9b31m", "\u202e", "\u2028", "\x85", "\x0c", "\ufeff", "\udce9", "\r", "\r\n",
    "\n", "\t", '"', "'", "`", "\\", "\\\n", "$", "${", "$(", "$((", "${A:-${A:-", "%(", "%(ENV_", "%%", "{{", "{%",
    "}}", "{", "}", "[", "]", "(", ")", "<<EOF\n", "<<: *base\n", "&a [*a]", "*nowhere", "!!python/name:os.system",
    "? ", "- ", "---\n", ": ", "#", "|", "&", ";", ";;", "=", "~", "null", "[]", "{}", "0x", "-1", "1e999",
    "9" * 5000, "٣", "²", "0.0.0.0:99999", "[::", "unix:", "1-65535:1-65535", "../../../..", "/dev/zero",
    "/proc/self/mem", "docker-compose.yml", "start.sh", "if true; then\n", "fi\n", "FROM base AS base\n",
    "extends: web\n", "include: docker-compose.yml\n", "[include]\nfiles=*\n", "[program:web]\n", "\n[Service]\n",
    "(" * 300, "[" * 300, "{a: " * 300, "- " * 300, "$(" * 300, "${a:-" * 300, "a" * 5000,
)  # fmt: skip
"""What is put somewhere into a text."""


def mutated(text: str) -> st.SearchStrategy[str]:
    """``text`` after some accidents: cut off, a piece missing or doubled or moved, something hurtful put in."""
    place = st.integers(0, len(text))
    accident = st.one_of(
        st.tuples(st.just("cut"), place, place, st.just("")),
        st.tuples(st.just("drop"), place, st.integers(0, 40), st.just("")),
        st.tuples(st.just("double"), place, st.integers(0, 80), st.just("")),
        st.tuples(st.just("put"), place, st.integers(0, 12), st.sampled_from(HURTFUL)),
        st.tuples(st.just("put"), place, st.integers(0, 12), st.text(max_size=12)),
    )
    return st.lists(accident, min_size=1, max_size=4).map(lambda accidents: _befallen(text, accidents))


def _befallen(text: str, accidents: list[tuple[str, int, int, str]]) -> str:
    for kind, at, size, piece in accidents:
        if kind == "cut":
            text = text[:at]
        elif kind == "drop":
            text = text[:at] + text[at + size :]
        elif kind == "double":
            text = text[: at + size] + text[at:]
        else:
            text = text[:at] + piece + text[at + size :]
    return text


def written(files: Mapping[str, str | bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))


def judged(files: Mapping[str, str | bytes]) -> Result:
    """What is found; that nothing crashed; that all of it can be printed in every form."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "stack"
        written(files, folder)
        with no_hang():
            result = check(Input((folder,)), Settings())
        assert [one.message for one in result.findings if one.rule == INTERNAL_ERROR] == []
        printed(result)
    return result


def printed(result: Result) -> None:
    terminal = Terminal()
    graph = graph_of(result.stacks)
    shown = [text.render(result, terminal), stack_text.render(result.stacks, terminal), github.render(result)]
    shown += [stack_mermaid.render(graph), stack_dot.render(graph)]
    for one in shown:
        assert harmless(one)
    for report in (findings_json.render(result), sarif.render(result), stack_json.render(result.stacks)):
        json.loads(report.encode("utf-8"))


_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Kinds of characters that are orders rather than text."""


def harmless(shown: str) -> bool:
    """Whether a terminal obeys nothing in it but line breaks."""
    return not any(category(character) in _OBEYED for character in shown.replace("\n", ""))


def test_the_deployment_by_itself() -> None:
    """The files that are mutated are read, all of them, and lead somewhere."""
    result = judged(FILES)
    assert result.summary.files >= len(FILES) - 2
    assert result.summary.links >= 1
    assert {app.kind.value for stack in result.stacks for app in stack.apps} >= {"gunicorn", "uwsgi"}
    managers = {unit.manager.value for stack in result.stacks for unit in stack.units}
    assert len(managers) >= 5


@pytest.mark.parametrize("name", FILES)
@settings(
    max_examples=examples(2), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_one_file_spoilt(name: str, data: st.DataObject) -> None:
    judged({**FILES, name: data.draw(mutated(FILES[name]))})


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=examples(3), deadline=None)
@given(data=st.data())
def test_any_text(name: str, data: st.DataObject) -> None:
    """Noise, or the text of another kind of file, under this file's name."""
    pieces = st.lists(st.sampled_from([*HURTFUL, *FILES[name].split("\n")]), max_size=30).map("\n".join)
    content = data.draw(st.one_of(pieces, st.sampled_from(list(FILES.values())), st.binary(max_size=300)))
    judged({"nginx.conf": NGINX, name: content})
