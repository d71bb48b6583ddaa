"""A backup of a shop that hears things meanwhile: `python -m tests.keeping.busy_backup NETWORK TOKEN HANDLE FILE SEED`.

Between any two parts of the backup people speak, the network is asked, and what waits is taken in, as chance has it;
but something is always read and not yet taken in when the database is copied, and taken in before the journal is. With
`naive` at the end, the journal is put into the backup as it stands. Prints what people said.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import httpx


def main(network: str, token: str, handle: str, path: str, seed: str, *naive: str) -> None:
    from etalage.accounts.models import Member, Role
    from etalage.channels import actions
    from etalage.channels.models import Channel, Listening
    from etalage.keeping import backup, journals
    from etalage.kit import clock

    chance, said = random.Random(seed), []
    actions.connect_channel("practice", network, token, actor=Member.objects.get(role=Role.OWNER))

    def speak() -> None:
        said.append(f"words {len(said)}")
        act = {"kind": "mention", "handle": handle, "text": said[-1], "author": f"person_{len(said)}"}
        httpx.post(f"{network}/script/acts", json=act, trust_env=False, timeout=60).raise_for_status()

    def ask() -> None:
        Listening.objects.update(due_at=clock.now())
        actions.read_channel(Channel.objects.get().pk)

    def live() -> None:
        for _deed in range(chance.randint(0, 5)):
            chance.choice((speak, ask, actions.drain_incoming))()

    add_database, add_edge_file = backup._add_database, backup._add_edge_file

    def slow_database(*given: object) -> None:
        live()
        speak()
        ask()
        add_database(*given)  # type: ignore[arg-type]
        actions.drain_incoming()

    def slow_edge_file(*given: object) -> None:
        live()
        add_edge_file(*given)  # type: ignore[arg-type]

    backup._add_database, backup._add_edge_file = slow_database, slow_edge_file  # type: ignore[assignment]
    if naive:
        journals.hand_out_again = lambda *_given: None  # type: ignore[assignment]
    live()
    backup.make_backup(Path(path), with_keys=True)
    print(json.dumps(said))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    import django

    django.setup()
    main(*sys.argv[1:])
