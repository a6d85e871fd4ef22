"""What a run says besides findings, so that "no problems" is never said of nothing."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import run

NGINX = """\
events {}
http {
  server {
    listen 80;
    location / { proxy_pass http://unix:/run/a.sock; }
  }
}
"""


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_no_route_leads_to_an_app(tmp_path: Path) -> None:
    write(tmp_path, nginx__conf=NGINX, Procfile="web: gunicorn -b unix:/run/b.sock a:a\n")
    write(tmp_path, web__service="ExecStart=gunicorn -b unix:/run/a.sock a:a\n")
    assert "No route leads to an app that was found" in run("check", tmp_path).out


def test_a_named_file_that_is_nothing_of_ours(tmp_path: Path) -> None:
    write(tmp_path, playbook__yml="- hosts: all\n  tasks: []\n")
    done = run("check", tmp_path / "playbook.yml")
    assert "playbook.yml is nothing that cfgcheck reads" in done.out + done.err
    assert "0 apps" in run("show", tmp_path / "playbook.yml").out


def test_declarations_that_speak_of_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        nginx__conf=NGINX,
        cfgcheck__toml='[[app]]\nname = "x"\ncommand = "celery -A x worker"\n[[app]]\nname = "y"\nmax-body = "1m"\n'
        '[hosts.a]\naddresses = ["10.0.0.1"]\npaths = ["nowhere"]\n',
    )
    shown = " ".join(run("check", tmp_path).out.split())
    assert "the command of the app x starts no app server" in shown
    assert "y in the settings names no app" in shown
    assert "nowhere in the settings does not exist" in shown


def test_a_uri_part_where_nginx_takes_none(tmp_path: Path) -> None:
    text = NGINX.replace("location / {", "location ~ ^/api/ {").replace("unix:/run/a.sock", "127.0.0.1:8000/x")
    write(tmp_path, nginx__conf=text)
    done = run("check", tmp_path)
    assert done.code == 1
    assert '"proxy_pass" cannot have URI part in a location given by regular expression' in " ".join(done.out.split())
