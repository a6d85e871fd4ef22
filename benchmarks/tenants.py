"""The generated inputs of the benchmarks: many tenants behind one nginx, and one small stack."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
user www-data;
worker_processes auto;

events {
    worker_connections 4096;
}

http {
    include mime.types;
    default_type application/octet-stream;
    sendfile on;
    keepalive_timeout 75s;
    client_max_body_size 8m;

"""

_TENANT = """\
    upstream tenant{n} {{
        server 127.0.0.1:{port} max_fails=0;
        zone tenant{n} 64k;
    }}

    server {{
        listen 80;
        server_name tenant{n}.example.com www.tenant{n}.example.com;

        location /static/ {{
            alias /srv/tenant{n}/static/;
        }}

        location /api/ {{
            proxy_pass http://tenant{n};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Protocol "";
            proxy_set_header X-Forwarded-Ssl "";
            proxy_read_timeout {read}s;
        }}

        location / {{
            proxy_pass http://tenant{n};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Protocol "";
            proxy_set_header X-Forwarded-Ssl "";
        }}
    }}

"""


_PROCESS = (
    "tenant{n}: gunicorn --bind 127.0.0.1:{port} --workers 4 --timeout 50 --limit-request-line 8190 "
    "tenant{n}.wsgi:application\n"
)


def write_tenants(folder: Path, count: int) -> None:
    """``nginx.conf`` with an upstream, a server and three locations a tenant, and a Procfile with an app each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "nginx.conf").open("w") as conf:
        conf.write(_HEAD)
        conf.writelines(_TENANT.format(n=n, port=10000 + n, read=65 + n % 30) for n in range(count))
        conf.write("}\n")
    with (folder / "Procfile").open("w") as procfile:
        procfile.writelines(_PROCESS.format(n=n, port=10000 + n) for n in range(count))


_SMALL = {
    "nginx.conf": """\
events { }
http {
    include conf.d/*.conf;
}
""",
    "conf.d/shop.conf": """\
upstream shop { server unix:/run/shop/gunicorn.sock; }
server {
    listen 80;
    server_name shop.example.com;
    location / {
        include proxy.inc;
        proxy_pass http://shop;
    }
    location /files/ {
        include uwsgi_params;
        uwsgi_pass 127.0.0.1:3031;
        uwsgi_read_timeout 90s;
    }
}
""",
    "proxy.inc": """\
proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
""",
    "gunicorn.conf.py": """\
bind = "unix:/run/shop/gunicorn.sock"
workers = 4
timeout = 55
""",
    "uwsgi.ini": """\
[uwsgi]
module = files.wsgi
master = true
processes = 4
socket = 127.0.0.1:3031
harakiri = 80
need-app = true
die-on-term = true
""",
}


def write_small_stack(folder: Path) -> None:
    """Five files: nginx in three, Gunicorn in one, uWSGI in one."""
    for name, text in _SMALL.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
