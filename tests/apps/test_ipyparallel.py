"""ipyparallel: a client, the processes of a controller and two engines, all over zmqlite."""

import json

from programs import HERE, ZMQLITE, needs

needs("ipyparallel")


def test_two_hundred_tasks_on_two_engines(start):
    assert json.loads(start(ZMQLITE, HERE / "squares.py").result()) == {
        "squares": [number**2 for number in range(200)],
        "processes": 2,
        "carriers": [ZMQLITE.carrier],
        "blocks are the same": True,
        "broadcast": [42, 42],
    }
