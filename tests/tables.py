"""Reads the tables of the pages in docs/."""

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def tables(page):
    """The rows of each table of a page, as dictionaries by column; by the name of the first."""
    found = {}
    for block in re.findall(r"(?:^\|.*\|\n)+", (DOCS / page).read_text(), re.MULTILINE):
        lines = block.splitlines()
        head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
        made = [dict(zip(head, row, strict=True)) for row in rows]
        found.setdefault(head[0], []).append(made)
    return found


def named(row):
    return next(iter(row.values()))
