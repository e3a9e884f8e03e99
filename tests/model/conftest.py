"""The model tests need hypothesis, and the runs that check the model itself need pyzmq."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("hypothesis") else ["test_model.py"]
