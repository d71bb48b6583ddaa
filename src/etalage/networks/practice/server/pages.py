"""stub"""

from __future__ import annotations

from etalage.networks.practice.server.web import Router


def add_routes(router: Router) -> None:
    pass
