"""`python -m zmqlite.curve_keygen`: prints pairs of keys."""

import json

import pytest
from snippets import python, said

import zmqlite as zmq
from zmqlite import curve_keygen
from zmqlite.utils import z85

PUBLIC, SECRET = "p" * 40, "s" * 40

needs_curve = pytest.mark.skipif(not zmq.has("curve"), reason="zmqlite has no CURVE yet")


@pytest.fixture
def keys(monkeypatch):
    """In place of real ones: always the same."""
    monkeypatch.setattr(zmq, "curve_keypair", lambda: (PUBLIC.encode(), SECRET.encode()))
    monkeypatch.setattr(zmq, "curve_public", {SECRET.encode(): PUBLIC.encode()}.__getitem__)


@pytest.mark.parametrize("arguments", [[], ["--secret", SECRET]], ids=["new", "of a secret key"])
def test_keys_are_printed(keys, capsys, arguments):
    curve_keygen.main(arguments)
    assert capsys.readouterr().out == (
        f"== CURVE PUBLIC KEY ==\n{PUBLIC}\n\n== CURVE SECRET KEY ==\n{SECRET}\n"
    )
    curve_keygen.main([*arguments, "--json"])
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"public": PUBLIC, "secret": SECRET}
    assert printed.endswith("\n")


@pytest.mark.parametrize("wrong", ["", "s" * 39, "s" * 41, "\u00e9" * 40])
def test_what_is_no_key(keys, capsys, wrong):
    with pytest.raises(SystemExit) as ended:
        curve_keygen.main(["--secret", wrong])
    assert ended.value.code == 2
    assert "40 ASCII characters" in capsys.readouterr().err


def test_what_cannot_be_done_is_said(monkeypatch):
    def refuse():
        raise zmq.ZMQError(zmq.ENOTSUP, "no keys today")

    monkeypatch.setattr(zmq, "curve_keypair", refuse)
    with pytest.raises(SystemExit, match="no keys today"):
        curve_keygen.main([])


@pytest.mark.parametrize("package", ["zmq", "zmqlite"])
def test_it_tells_how_it_was_started(package):
    started = python("-m", "zmqlite", "run", "-m", f"{package}.curve_keygen", "--help")
    assert said(started).startswith(f"usage: python3 -m {package}.curve_keygen ")


@needs_curve
def test_real_keys():
    made = json.loads(said(python("-m", "zmqlite.curve_keygen", "--json")))
    assert [len(z85.decode(key)) for key in made.values()] == [32, 32]
    again = python("-m", "zmqlite.curve_keygen", "--json", "--secret", made["secret"])
    assert json.loads(said(again)) == made
