"""Log records published over ZeroMQ; `python -m zmqlite.log` shows what others publish."""
