"""Jupyter: notebooks and kernels, over zmqlite at both ends and with pyzmq at either."""

import json

import pytest
from programs import HERE, PYZMQ, ZMQLITE, command, free_ports, needs, search_path

needs("ipykernel", "jupyter_client", "nbclient")

PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")

INHERITED = "python3"
"""The kernel that ipykernel installs. It is a child of the client, and so uses the same library."""

ENDS = {
    "zmqlite on both ends": (ZMQLITE, INHERITED, ZMQLITE),
    "a kernel over zmqlite, a client over pyzmq": (PYZMQ, ZMQLITE.name, ZMQLITE),
    "a kernel over pyzmq, a client over zmqlite": (ZMQLITE, PYZMQ.name, PYZMQ),
}

each_transport = pytest.mark.parametrize("transport", ["tcp", "ipc"])
each_pair_of_ends = pytest.mark.parametrize(
    ("client", "kernel", "carried_by"), ENDS.values(), ids=ENDS.keys()
)

LONG = 3_000_000

# Fewer than the high-water mark: a kernel publishes its outputs, and so may drop more.
MANY = 800

# The source of a cell, and what is read from all its outputs.
CELLS = [
    ("from carrier import carrier\nprint(carrier())", "{carrier}\n"),
    ("6 * 7", "42"),
    (f"for number in range({MANY}):\n    display(number)", "".join(map(str, range(MANY)))),
    (f"print('x' * {LONG})", "x" * LONG + "\n"),
    ("import asyncio\nawait asyncio.sleep(0, 'awaited')", "'awaited'"),
    ("%%sh\necho from a child process", "from a child process\n"),
    ("import sys\nprint('an error', file=sys.stderr)\n1 / 0", "an error\nZeroDivisionError"),
    ("'it goes on'", "'it goes on'"),
]


@pytest.fixture
def kernels(tmp_path):
    """Kernels by the name of the library that they use, whatever the client does."""
    for library in (ZMQLITE, PYZMQ):
        specification = {
            "argv": command(library, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
            "display_name": library.name,
            "language": "python",
            "env": {"PYTHONPATH": search_path(library, tmp_path)},
        }
        file = tmp_path / "kernels" / library.name / "kernel.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(specification))


@pytest.fixture
def options(transport):
    """Options of a kernel's manager."""
    if transport == "ipc":
        return json.dumps({"transport": "ipc"})
    # Those that it would choose may be given to another process before the kernel binds to them.
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return json.dumps({"cache_ports": False, **ports})


@each_pair_of_ends
@each_transport
def test_a_notebook(start, tmp_path, kernels, options, client, kernel, carried_by):
    path = tmp_path / "notebook.ipynb"
    write_notebook(path, [source for source, _ in CELLS])
    start(client, HERE / "execute_notebook.py", path, kernel, options).result()
    assert read_outputs(path) == [text.format(carrier=carried_by.carrier) for _, text in CELLS]


@each_pair_of_ends
@each_transport
def test_a_session_with_a_kernel(start, kernels, options, client, kernel, carried_by):
    said = start(client, HERE / "kernel_session.py", kernel, options).result()
    assert json.loads(said) == {
        "carrier": [carried_by.carrier, "ok"],
        "input": ["WHO?", "ok"],
        "interrupt": ["asleep", "KeyboardInterrupt"],
        "after the interrupt": ["42", "ok"],
        "completion": ["forgotten"],
        "after the restart": ["", "NameError"],
        "alive": False,
    }


def write_notebook(path, sources):
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


def read_outputs(path):
    """The texts of each cell: what it printed, displayed, returned and raised, in order."""
    cells = json.loads(path.read_text())["cells"]
    return ["".join(map(text_of, cell["outputs"])) for cell in cells]


def text_of(output):
    if output["output_type"] == "error":
        return output["ename"]
    if output["output_type"] == "stream":
        return "".join(output["text"])
    return "".join(output["data"]["text/plain"])
