"""The request that is followed."""

from __future__ import annotations

from collections.abc import Mapping

from cfgcheck.record import field, record


@record(frozen=True)
class Request:
    """What a client sends. ``target``: path and query as they stand on the request line.

    ``host``: the name it asks for, without port, in lower case. ``headers``: by name in lower case, the client's own
    besides Host. ``body``: bytes of its body.
    """

    scheme: str
    host: str
    port: int
    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: int = 0

    @property
    def host_header(self) -> str:
        """The Host header: with the port where it is not the scheme's own."""
        usual = {"http": 80, "https": 443}.get(self.scheme)
        return self.host if self.port == usual else f"{self.host}:{self.port}"
