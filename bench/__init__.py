"""Side-by-side measurements of zmqlite and its rivals: `python -m bench`, see README.md."""
