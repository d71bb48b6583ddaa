"""An edge in a process of its own, to be killed: `python -m tests.edge.shop_process FOLDER FD {edge,hasty}`.

FD is a listening socket that it inherits.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from etalage.edge.config import EdgeConfig
from etalage.edge.link_sources import SQLiteLinks
from tests.edge.alone import serve
from tests.edge.naive import HastyIntake
from tests.edge.world import VISITOR_KEY, verify


def main(folder: Path, listener: socket.socket, kind: str) -> None:
    if kind == "hasty":
        hasty = HastyIntake(folder / "hasty.sqlite3")
        server = uvicorn.Server(
            uvicorn.Config(hasty, lifespan="off", ws="none", log_config=None, access_log=False)
        )
        asyncio.run(server.serve(sockets=[listener]))
        return
    config = EdgeConfig(
        data_folder=folder,
        links=SQLiteLinks(folder / "etalage.sqlite3"),
        verifier=verify,
        visitor_key=VISITOR_KEY,
        min_free_bytes=0,
    )
    asyncio.run(serve(config, [listener]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), sys.argv[3])
