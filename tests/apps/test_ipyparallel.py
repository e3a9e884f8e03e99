"""ipyparallel: a client, the processes of a controller and two engines, all over zmqlite."""

import json

from programs import HERE, ZMQLITE, free_ports, needs

needs("ipyparallel")


def test_two_hundred_tasks_on_two_engines(start):
    # Those that it would choose may be given to another process before it binds to them.
    ports = ",".join(map(str, free_ports(50)))
    assert json.loads(start(ZMQLITE, HERE / "squares.py", ports).result()) == {
        "squares": [number**2 for number in range(200)],
        "processes": 2,
        "carriers": [ZMQLITE.carrier],
        "blocks are the same": True,
        "broadcast": [42, 42],
    }
