"""Tunnels: the addresses, what `ssh` is told, and the forwarding that paramiko needs.

A script stands for the command `ssh`. It shares no connections, lets in without a password if told
so, and otherwise asks for one.
"""

import os
import socket as plain

import pytest
from support import TIMEOUT_MS, Background

import zmqlite as zmq
from zmqlite.ssh import tunnel
from zmqlite.ssh.forward import ForwardServer

SSH = """\
#!/bin/sh
echo "$@" >> "$SSH_CALLS"
case "$*" in
    *"-O check"*) exit 255 ;;
    *BatchMode*) exit "$SSH_SILENT_STATUS" ;;
    *nobody@*) printf 'Are you sure (yes/no)? '; read answer; exit 255 ;;
    *closed@*) echo 'Connection refused'; exit 255 ;;
esac
printf "bob@host's password: "
read password
[ "$password" = secret ] && exit 0
echo 'Permission denied'
exit 255
"""


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """Put the script in the place of `ssh`; set its exit status without a password, and ask for
    what it was called with."""
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SSH_CALLS", str(tmp_path / "calls"))

    def control(silent_status):
        monkeypatch.setenv("SSH_SILENT_STATUS", str(silent_status))
        return lambda: (tmp_path / "calls").read_text().splitlines()

    return control


def test_random_ports_are_different_and_free():
    ports = tunnel.select_random_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        with plain.socket() as probe:
            probe.bind(("127.0.0.1", port))


@pytest.mark.parametrize("addr", ["ipc:///x", "inproc://x", "tcp://host", "tcp://:1", "host:1"])
def test_only_a_tcp_port_can_be_tunnelled(addr):
    with pytest.raises(ValueError, match=addr):
        tunnel.open_tunnel(addr, "host")


@pytest.mark.parametrize(("status", "lets_in"), [(0, True), (255, False)])
def test_whether_a_password_is_needed(ssh, status, lets_in):
    calls = ssh(status)
    assert tunnel.try_passwordless_ssh("bob@host:2222", "/key") is lets_in
    assert calls() == ["-o BatchMode=yes -i /key -p 2222 -- bob@host true"]


def test_a_tunnel_without_a_password(ssh):
    calls = ssh(0)
    url, _ = tunnel.open_tunnel("tcp://1.2.3.4:5678", "bob@host", timeout=7)
    port = int(url.removeprefix("tcp://127.0.0.1:"))
    options = "-o BatchMode=yes -f -S none -o ExitOnForwardFailure=yes"
    forward = f"-L 127.0.0.1:{port}:1.2.3.4:5678"
    assert calls()[1:] == [f"{options} {forward} -p 22 -- bob@host sleep 7"]


def test_a_socket_is_connected_to_the_tunnel(ssh, socket):
    calls = ssh(0)
    made = socket(zmq.DEALER)
    tunnel.tunnel_connection(made, "tcp://1.2.3.4:5678", "bob@host")
    near = made.last_endpoint.decode().removeprefix("tcp://")
    assert f"-L {near}:1.2.3.4:5678" in calls()[1]


def test_a_name_of_a_server_is_no_option(ssh):
    calls = ssh(0)
    tunnel.try_passwordless_ssh("-oProxyCommand=x", None)
    assert calls() == ["-o BatchMode=yes -p 22 -- -oProxyCommand=x true"]


def test_a_password_is_typed(ssh):
    pytest.importorskip("pexpect")
    ssh(255)
    assert tunnel.openssh_tunnel(1, 2, "bob@host", password="secret") > 0
    with pytest.raises(tunnel.MaxRetryExceeded):
        tunnel.openssh_tunnel(1, 2, "bob@host", password="wrong")


def test_a_password_is_asked_for(ssh, monkeypatch):
    pytest.importorskip("pexpect")
    ssh(255)
    answers = iter(["wrong", "secret"])
    monkeypatch.setattr(tunnel, "getpass", lambda prompt: next(answers))
    assert tunnel.openssh_tunnel(1, 2, "bob@host") > 0


@pytest.mark.parametrize(("user", "reason"), [("nobody", "by hand"), ("closed", "refused")])
def test_what_no_password_helps_against(ssh, user, reason):
    pytest.importorskip("pexpect")
    ssh(255)
    with pytest.raises(tunnel.SSHException, match=reason):
        tunnel.openssh_tunnel(1, 2, f"{user}@host", password="secret")


class Transport:
    """One of paramiko's whose channels lead to this machine, or nowhere."""

    def __init__(self, reachable=True):
        self.reachable = reachable

    def open_channel(self, kind, far_end, near_end):
        assert kind == "direct-tcpip"
        if not self.reachable:
            raise EOFError("nowhere")
        return plain.create_connection(far_end)


@pytest.fixture
def forward():
    """Forward a port of this machine; the local one."""
    started = []

    def start(port, transport):
        server = ForwardServer(0, ("127.0.0.1", port), transport)
        server.daemon_threads = False  # so that they are waited for
        started.append((server, Background(server.serve_forever, 0.01)))
        return server.server_address[1]

    yield start
    for server, running in started:
        server.shutdown()
        running.result()
        server.server_close()


def test_a_connection_is_forwarded(socket, forward):
    rep, req = socket(zmq.REP), socket(zmq.REQ)
    port = rep.bind_to_random_port("tcp://127.0.0.1")
    req.connect(f"tcp://127.0.0.1:{forward(port, Transport())}")
    for size in (0, 10, 300_000):
        req.send(bytes(size))
        rep.send(rep.recv())
        assert req.recv() == bytes(size)
    req.close(linger=0)


def test_where_the_far_end_is_not_reached_the_connection_ends(forward, caplog):
    port = forward(1, Transport(reachable=False))
    with plain.create_connection(("127.0.0.1", port), TIMEOUT_MS / 1000) as connection:
        assert connection.recv(1) == b""
    assert "nowhere" in caplog.text
