"""``tmpfiles.d``: the folder of a socket, made at each start of the machine where no unit makes it."""

from __future__ import annotations

import posixpath

from cfgcheck.generate.escapes import systemd_field
from cfgcheck.generate.managers_text import fill
from cfgcheck.generate.plan_records import ServicePlan


def render_tmpfiles(service: ServicePlan) -> dict[str, str]:
    """One file for a socket below a folder of /run; nothing for any other."""
    folder = posixpath.dirname(service.listener.path)
    if not folder.startswith("/run/"):
        return {}
    text = fill(
        "plain/tmpfiles.j2",
        name=service.name,
        folder=systemd_field(folder),
        user=service.user,
    )
    return {f"tmpfiles.d/{service.name}.conf": text}
