"""A program for ipyparallel: squares.py PORTS prints, as JSON, what two engines have computed.

The ports are for the controller, with commas between.
"""

import json
import os
import sys

import ipyparallel
from carrier import carrier

ENGINES, TASKS = 2, 200
BLOCK = os.urandom(3_000_000)


def square(number):
    import os

    from carrier import carrier

    return number**2, os.getpid(), carrier()


cluster = ipyparallel.Cluster(n=ENGINES, controller_args=[f"--ports={sys.argv[1]}"])
with cluster as engines:
    squares, processes, carriers = zip(
        *engines.load_balanced_view().map_sync(square, range(TASKS)), strict=True
    )
    each = engines[:]
    each.push({"block": BLOCK}, block=True)
    told = {
        "squares": squares,
        "processes": len({*processes}),
        "carriers": sorted({*carriers, carrier()}),
        "blocks are the same": each.pull("block", block=True) == [BLOCK] * ENGINES,
        "broadcast": engines.broadcast_view().apply_sync(lambda: 6 * 7),
    }
print(json.dumps(told))
