"""locust: a master and a worker, which use gevent, over zmqlite and with pyzmq at either end."""

import json

import pytest
from programs import HERE, PYZMQ, ZMQLITE, needs
from support import free_port

needs("locust")

ENDS = {
    "zmqlite on both ends": (ZMQLITE, ZMQLITE),
    "a worker over pyzmq": (ZMQLITE, PYZMQ),
    "a master over pyzmq": (PYZMQ, ZMQLITE),
}


@pytest.mark.parametrize(("of_master", "of_worker"), ENDS.values(), ids=ENDS.keys())
def test_a_load_test(start, tmp_path, of_master, of_worker):
    locust = ["-m", "locust", "--locustfile", HERE / "locustfile.py"]
    port = free_port()
    bound = ["--master-bind-host=127.0.0.1", f"--master-bind-port={port}"]
    load = ["--headless", "--expect-workers=1", "--users=5", "--spawn-rate=5"]
    master = start(of_master, *locust, "--master", *bound, *load, "--json-file=report")
    worker = start(of_worker, *locust, "--worker", f"--master-port={port}")
    carriers = master.result().splitlines()[:2]
    worker.result()
    assert carriers == [f"worker: {of_worker.carrier}", f"master: {of_master.carrier}"]
    [place] = json.loads((tmp_path / "report.json").read_text())
    assert (place["name"], place["num_requests"], place["num_failures"]) == ("the place", 2000, 0)
