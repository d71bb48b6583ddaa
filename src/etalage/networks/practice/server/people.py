"""stub"""

from __future__ import annotations

import asyncio

from etalage.networks.practice.server.world import World


class People:
    def __init__(self, world: World) -> None:
        self.world = world

    async def run(self) -> None:
        while True:
            await asyncio.sleep(3600)
