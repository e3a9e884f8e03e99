"""The small modules of utils, each by its contract."""

import importlib
import json

import pytest

from zmqlite.utils import garbage, interop, jsonapi, strtypes, win32

CALLS = {
    "cast_bytes": ("é", "é".encode()),
    "asbytes": (b"x", b"x"),
    "b": ("x", b"x"),
    "cast_unicode": ("é".encode(), "é"),
    "u": ("x", "x"),
}


@pytest.mark.parametrize(
    "name", ["garbage", "interop", "jsonapi", "monitor", "strtypes", "win32", "z85"]
)
def test_all_names_are_there(name):
    module = importlib.import_module(f"zmqlite.utils.{name}")
    assert [each for each in module.__all__ if not hasattr(module, each)] == []


def test_json_as_bytes():
    value = {"b": [1, None, "é"], "a": 0.5}
    assert jsonapi.loads(jsonapi.dumps(value)) == value
    assert jsonapi.dumps({"b": 1, "a": 2}, sort_keys=True) == b'{"a": 2, "b": 1}'
    assert jsonapi.loads('{"a": "\\u00e9"}') == {"a": "é"}
    assert jsonapi.loads(b"[1.5]", parse_float=str) == ["1.5"]
    assert jsonapi.jsonmod is json


def test_json_that_is_not_utf8_is_refused():
    with pytest.raises(UnicodeDecodeError):
        jsonapi.loads(b"\xff")


@pytest.mark.parametrize("name", CALLS)
def test_string_casts_work_and_warn(name):
    given, due = CALLS[name]
    with pytest.deprecated_call() as warned:
        assert getattr(strtypes, name)(given) == due
    assert warned[0].filename == __file__


def test_string_casts_by_encoding():
    with pytest.deprecated_call():
        assert strtypes.cast_bytes("é", "latin-1") == b"\xe9"
        assert strtypes.cast_unicode(b"\xe9", errors="replace") == "\ufffd"


@pytest.mark.parametrize("cast", [strtypes.cast_bytes, strtypes.cast_unicode])
def test_string_casts_refuse_other_types(cast):
    with pytest.deprecated_call(), pytest.raises(TypeError, match="5"):
        cast(5)


def test_string_types():
    assert (strtypes.bytes, strtypes.unicode) == (bytes, str)
    assert isinstance("x", strtypes.basestring)


def test_an_int_is_an_address():
    assert interop.cast_int_addr(12) == 12


@pytest.mark.parametrize("other", ["12", b"12", 12.0, None])
def test_other_types_are_no_address(other):
    with pytest.raises(ValueError, match="address"):
        interop.cast_int_addr(other)


def test_a_cffi_pointer_is_an_address():
    ffi = pytest.importorskip("cffi").FFI()
    assert interop.cast_int_addr(ffi.cast("void *", 12)) == 12


def test_allow_interrupt_does_nothing():
    with pytest.raises(KeyError), win32.allow_interrupt(action=pytest.fail):
        raise KeyError


def test_nothing_is_shared_at_first():
    assert not garbage.GarbageCollector().refs
