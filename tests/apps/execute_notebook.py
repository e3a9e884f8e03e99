"""A program that executes a notebook in place: execute_notebook.py NOTEBOOK KERNEL OPTIONS.

The options are those of the kernel's manager, as JSON.
"""

import json
import sys

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

path, kernel, options = sys.argv[1:]
manager = AsyncKernelManager(kernel_name=kernel, **json.loads(options))
notebook = nbformat.read(path, as_version=4)
# On a busy machine, the outputs may come long after the reply. 4 seconds would be the default.
NotebookClient(notebook, manager, iopub_timeout=60, allow_errors=True).execute()
nbformat.write(notebook, path)
