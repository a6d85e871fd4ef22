"""What the tests of ``import`` share: files into a folder, a folder into a spec, a spec into files."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from cfgcheck.app import Input, load
from cfgcheck.findings import Finding
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.importing.importer import imported
from cfgcheck.generate.importing.result import Imported
from cfgcheck.generate.output_header import Origin, stamped
from cfgcheck.generate.plan import plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.settings import load_settings

NGINX = """
    events {}
    http {
        server {
            listen 80;
            server_name shop.example.com;
            location / {
                proxy_pass http://127.0.0.1:8000;
                proxy_set_header Host $host;
            }
        }
    }
"""
GUNICORN = """
    wsgi_app = "shop.wsgi:application"
    bind = "127.0.0.1:8000"
    workers = 3
"""


def write(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def import_folder(folder: Path) -> Imported:
    settings = load_settings(folder)
    return imported(load(Input((folder,)), settings)[1], settings)


def import_files(files: Mapping[str, str], folder: Path) -> Imported:
    return import_folder(write(files, folder))


def only(found: Imported) -> Service:
    (service,) = found.spec.services.values()
    return service


def told(found: Imported) -> list[str]:
    """What was left behind, a line each."""
    return [str(left) for left in found.left]


def generate(spec: Spec, folder: Path) -> Path:
    """The files of a spec as ``cfgcheck generate`` writes them."""
    origin = Origin("cfgcheck.yaml", "0123456789ab")
    for name, text in render(plan(complete(spec))).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(stamped(text, origin), encoding="utf-8")
    return folder


def problems(spec: Spec) -> list[str]:
    """What ``check`` says of the files that a spec is turned into, a line each."""
    from cfgcheck.cli.generate_judge import judge

    findings: tuple[Finding, ...] = judge(render(plan(complete(spec))))
    return [f"{one.rule} at {one.primary.span}: {one.message}" for one in findings]
