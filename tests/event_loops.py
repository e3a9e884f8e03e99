"""Coroutine functions as tests, in a new event loop of each kind."""

import asyncio
import functools
import importlib.util
import inspect

import pytest

HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None


def _uvloop():
    import uvloop

    return uvloop.new_event_loop()


LOOPS = [
    pytest.param(asyncio.new_event_loop, id="asyncio"),
    pytest.param(
        _uvloop, id="uvloop", marks=pytest.mark.skipif(not HAS_UVLOOP, reason="needs uvloop")
    ),
]


def in_each_loop(test):
    """Make a test of a coroutine function, once for each kind of loop."""

    @pytest.mark.parametrize("new_loop", LOOPS)
    @functools.wraps(test)
    def run(new_loop, **fixtures):
        in_loop(test(**fixtures), new_loop)

    own = inspect.Parameter("new_loop", inspect.Parameter.KEYWORD_ONLY)
    signature = inspect.signature(test)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), own])
    return run


def in_loop(coroutine, new_loop=asyncio.new_event_loop):
    """What the coroutine returns, run in a new loop."""
    loop = new_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


# The first loop of uvloop opens descriptors that the process keeps: before tests count theirs.
if HAS_UVLOOP:
    in_loop(asyncio.sleep(0), _uvloop)


async def turns(count=5):
    """Let the loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)
