"""A config file that two app servers read: what mends the one may break the other."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import run

SHARED = 'timeout = 30\nmax_requests = 1000\nworkers = 3\nforwarded_allow_ips = "127.0.0.1"\n'
PROCFILE = """\
web: gunicorn -c gunicorn.conf.py -b 127.0.0.1:8000 shop.wsgi
api: gunicorn -c {config} -b 127.0.0.1:8001 shop.api
"""
NGINX = """\
events {}
http {
    server {
        listen 80;
        server_name shop.example.com;
        location / { include proxy_params; proxy_pass http://127.0.0.1:8000; }
        location /api/ { include proxy_params; proxy_pass http://127.0.0.1:8001; }
    }
}
"""


def fixed(folder: Path, config: str) -> str:
    (folder / "nginx.conf").write_text(NGINX)
    (folder / "Procfile").write_text(PROCFILE.format(config=config))
    (folder / "gunicorn.conf.py").write_text(SHARED)
    (folder / "api.conf.py").write_text(SHARED.replace("max_requests", "# max_requests"))
    done = run("fix", folder, "--unsafe", "--select", "recycling-without-jitter")
    assert done.err == ""
    return (folder / "gunicorn.conf.py").read_text()


def test_a_file_of_one_app_is_mended(tmp_path: Path) -> None:
    assert "max_requests_jitter" in fixed(tmp_path, "api.conf.py")


def test_a_file_of_two_apps_that_have_the_same_problem_is_mended_for_both(tmp_path: Path) -> None:
    assert fixed(tmp_path, "gunicorn.conf.py").count("max_requests_jitter") == 1


def test_a_file_that_two_apps_read_is_left_to_people(tmp_path: Path) -> None:
    """Only the one behind nginx is to keep connections for longer."""
    (tmp_path / "nginx.conf").write_text(
        "events {}\nhttp {\n    upstream web { server 127.0.0.1:8000; keepalive 8; keepalive_timeout 60s; }\n"
        "    server {\n        listen 80;\n        server_name shop.example.com;\n        location / {\n"
        "            proxy_http_version 1.1;\n            proxy_set_header Connection \"\";\n"
        "            proxy_set_header Host $host;\n            proxy_pass http://web;\n        }\n    }\n}\n"
    )
    (tmp_path / "Procfile").write_text(PROCFILE.format(config="gunicorn.conf.py"))
    config = 'worker_class = "gthread"\nworkers = 3\n'
    (tmp_path / "gunicorn.conf.py").write_text(config)
    done = run("fix", tmp_path, "--unsafe", "--select", "upstream-keepalive-race")
    assert (tmp_path / "gunicorn.conf.py").read_text() == config
    assert "gunicorn.conf.py also configures gunicorn api [upstream-keepalive-race]" in done.out
