"""What rules say of Django, seen on Django behind a real nginx and Gunicorn."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Request, Step
from tests.live.lab import Observation, observe
from tests.live.on_hosts import agrees, bad, good
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

_SITE = """
import os
import sys

sys.path.append(os.path.join({place}))

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no use",
    # By default Django writes to the console only while it debugs.
    LOGGING={{
        "version": 1,
        "handlers": {{"console": {{"class": "logging.StreamHandler"}}}},
        "root": {{"handlers": ["console"]}},
    }},
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    SECURE_SSL_REDIRECT={insists},
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
)
urlpatterns = [path("", lambda request: HttpResponse(request.get_host()))]
application = get_wsgi_application()
"""
_START = {"gunicorn": "gunicorn -c gunicorn.conf.py django_site"}

each_nginx = pytest.mark.parametrize("program", list(nginxes().values()), ids=list(nginxes()))


def _answered(files: dict[str, str], program: str, request: Request, *, insists: bool) -> Observation:
    found = find_spec("django")
    if found is None or found.origin is None:
        pytest.skip("Django is not installed")
    # In parts: the lab takes whole paths for paths of the stack.
    place = ", ".join(map(repr, Path(found.origin).parent.parent.parts))
    site = _SITE.format(place=place, insists=insists)
    steps: list[Step] = [request]
    return observe({**files, "django_site.py": site}, program, steps, start=_START)


@each_nginx
def test_an_upstream_name_with_an_underscore_is_no_host(program: str, tmp_path: Path) -> None:
    example = bad("missing-host", "a name that is no host name")
    refused = _answered(example.files, program, Request(), insists=False)
    assert [answer.status for answer in refused.answers] == [400]
    agrees("missing-host", example, refused, tmp_path)
    files = good("missing-host", "set at the server's level").files
    (served,) = _answered(files, program, Request(), insists=False).answers
    assert (served.status, served.body) == (200, b"shop.example.com")


@each_nginx
def test_a_redirect_to_https_never_ends(program: str, tmp_path: Path) -> None:
    rule = "overwritten-forwarded-proto"
    example = bad(rule, "behind a load balancer that ends TLS")
    request = Request(headers={"X-Forwarded-Proto": "https"})
    turned = _answered(example.files, program, request, insists=True)
    assert [(answer.status, dict(answer.headers)["Location"]) for answer in turned.answers] == [
        (301, "https://shop.example.com/")
    ]
    agrees(rule, example, turned, tmp_path)
    files = good(rule, "a map keeps what the edge says").files
    assert [answer.status for answer in _answered(files, program, request, insists=True).answers] == [200]
