"""`zmqlite keygen` and `python -m zmqlite.curve_keygen`: print pairs of keys, or write them."""

import json

import pytest
from snippets import python, said

import zmqlite as zmq
from zmqlite import auth, cli, curve_keygen

PUBLIC = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


def by_module(arguments):
    curve_keygen.main(arguments)


def by_command(arguments):
    assert cli.main(["keygen", *arguments]) == 0


each_way = pytest.mark.parametrize("keygen", [by_module, by_command])


@pytest.fixture
def keys(monkeypatch):
    """The keys that are made next: always the same."""
    monkeypatch.setattr(zmq, "curve_keypair", lambda: (PUBLIC.encode(), SECRET.encode()))


@each_way
@pytest.mark.parametrize("arguments", [[], ["--secret", SECRET]], ids=["new", "of a secret key"])
def test_keys_are_printed(keys, capsys, keygen, arguments):
    keygen(arguments)
    assert capsys.readouterr().out == (
        f"== CURVE PUBLIC KEY ==\n{PUBLIC}\n\n== CURVE SECRET KEY ==\n{SECRET}\n"
    )
    keygen([*arguments, "--json"])
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"public": PUBLIC, "secret": SECRET}
    assert printed.endswith("\n")


@each_way
@pytest.mark.parametrize("wrong", ["", "D" * 32, SECRET[1:], f"{SECRET}D", "\u00e9" * 40, "~" * 40])
def test_what_is_no_key(capsys, keygen, wrong):
    with pytest.raises(SystemExit) as ended:
        keygen(["--secret", wrong])
    assert ended.value.code == 2
    assert "40 ASCII characters" in capsys.readouterr().err


@each_way
@pytest.mark.parametrize("arguments", [[], ["--secret", SECRET]], ids=["new", "of a secret key"])
def test_certificates_are_written(keys, capsys, tmp_path, keygen, arguments):
    keygen([*arguments, "--certificate", str(tmp_path), "bob"])
    public_file, secret_file = tmp_path / "bob.key", tmp_path / "bob.key_secret"
    assert auth.load_certificate(public_file) == (PUBLIC.encode(), None)
    assert auth.load_certificate(secret_file) == (PUBLIC.encode(), SECRET.encode())
    assert capsys.readouterr().out == (
        f"== CURVE PUBLIC KEY ==\n{PUBLIC}\n\n"
        f"== CURVE PUBLIC CERTIFICATE ==\n{public_file}\n\n"
        f"== CURVE SECRET CERTIFICATE ==\n{secret_file}\n"
    )
    keygen([*arguments, "--json", "--certificate", str(tmp_path), "eve"])
    assert json.loads(capsys.readouterr().out) == {
        "public": PUBLIC,
        "public_certificate": str(tmp_path / "eve.key"),
        "secret_certificate": str(tmp_path / "eve.key_secret"),
    }


@pytest.mark.parametrize("suffix", ["key", "key_secret"])
def test_certificates_are_not_replaced(keys, capsys, tmp_path, suffix):
    path = tmp_path / f"bob.{suffix}"
    path.write_text("precious")
    assert cli.main(["keygen", "--certificate", str(tmp_path), "bob"]) == 2
    assert f"{path} is there already" in capsys.readouterr().err
    assert [(file, file.read_text()) for file in tmp_path.iterdir()] == [(path, "precious")]


def test_what_cannot_be_done_is_said(monkeypatch, capsys, tmp_path):
    def refuse():
        raise zmq.ZMQError(zmq.ENOTSUP, "no keys today")

    absent = ["--certificate", str(tmp_path / "absent"), "bob"]
    assert cli.main(["keygen", *absent]) == 2
    assert "absent" in capsys.readouterr().err
    monkeypatch.setattr(zmq, "curve_keypair", refuse)
    assert cli.main(["keygen"]) == 2
    assert "no keys today" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="no keys today"):
        curve_keygen.main([])


@pytest.mark.parametrize("package", ["zmq", "zmqlite"])
def test_it_tells_how_it_was_started(package):
    started = python("-m", "zmqlite", "run", "-m", f"{package}.curve_keygen", "--help")
    assert said(started).startswith(f"usage: python3 -m {package}.curve_keygen ")


def test_real_keys():
    made = json.loads(said(python("-m", "zmqlite", "keygen", "--json")))
    again = python("-m", "zmqlite.curve_keygen", "--json", "--secret", made["secret"])
    assert json.loads(said(again)) == made
    assert zmq.curve_public(made["secret"]).decode() == made["public"]
