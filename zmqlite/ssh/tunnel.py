"""Tunnels: a port of this machine that leads, through an ssh server, to one behind it.

They are made by the `ssh` command, with pexpect if a password must be typed, or by paramiko in
a process of its own. Both packages are imported only when they are used.
"""

from __future__ import annotations

import atexit
import socket as plain
import subprocess
from contextlib import ExitStack, suppress
from getpass import getpass, getuser
from io import StringIO
from multiprocessing import Process
from typing import Any, NamedTuple

from .forward import LOCALHOST, forward_tunnel

SSH_PORT = 22
PASSWORD_TRIES = 3

EXIT_POLL = 0.1
"""Seconds between looks at whether `ssh` has ended, which its terminal does not tell."""


class SSHException(Exception):
    """The tunnel could not be made."""


class MaxRetryExceeded(SSHException):
    """The server has refused every password."""


# ---- What a socket is connected through


def tunnel_connection(
    socket: Any,
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> Process | int:
    """Connect a socket to a tcp address that is reached from an ssh server.

    The other arguments and the result are those of `open_tunnel`.
    """
    url, tunnel = open_tunnel(addr, server, keyfile, password, paramiko, timeout)
    socket.connect(url)
    return tunnel


def open_tunnel(
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> tuple[str, Process | int]:
    """Make a tunnel to a tcp address; the address to connect to instead, and what serves it.

    `server` is `[user@]host[:port]`. That is a process, if paramiko is asked for, or the number of
    the `ssh` that has begun it. A tunnel that nothing uses for `timeout` seconds after the start
    ends.
    """
    transport, _, target = addr.partition("://")
    remote_ip, _, remote_port = target.rpartition(":")
    if transport != "tcp" or not remote_ip or not remote_port.isdecimal():
        raise ValueError(f"only a tcp address with a port can be tunnelled, not {addr!r}")
    (local_port,) = select_random_ports(1)
    make: Any = paramiko_tunnel if paramiko else ssh_tunnel
    tunnel = make(
        local_port,
        int(remote_port),
        server,
        remoteip=remote_ip,
        keyfile=keyfile,
        password=password,
        timeout=timeout,
    )
    return f"tcp://{LOCALHOST}:{local_port}", tunnel


def select_random_ports(n: int) -> list[int]:
    """So many different tcp ports that nobody uses now."""
    with ExitStack() as all_open:
        probes = [all_open.enter_context(plain.socket()) for _ in range(n)]
        for probe in probes:
            probe.bind(("", 0))
        return [probe.getsockname()[1] for probe in probes]


def try_passwordless_ssh(server: str, keyfile: str | None, paramiko: bool | None = None) -> bool:
    """Whether a server lets us in without a password."""
    attempt = _paramiko_without_password if paramiko else _openssh_without_password
    return attempt(server, keyfile)


# ---- By the command ssh


def openssh_tunnel(
    lport: int,
    rport: int,
    server: str,
    remoteip: str = LOCALHOST,
    keyfile: str | None = None,
    password: str | None = None,
    timeout: int = 60,
) -> int:
    """Make a tunnel from a local port to a port of `remoteip`, as the server sees it.

    A connection to the server that `ssh` keeps open anyway (ControlMaster) is used. If the server
    wants a password and none is given, it is asked for at the terminal.
    """
    forward = ["-L", f"{LOCALHOST}:{lport}:{remoteip}:{rport}"]
    target = _ssh_target(server, keyfile)
    if _ssh("-O", "check", *target).status == 0:
        shared = _ssh("-O", "forward", *forward, *target)
        if shared.status == 0:
            atexit.register(_ssh, "-O", "cancel", *forward, *target)
            return shared.pid
    # It goes into the background once the tunnel is there, and ends when nobody uses it any more
    # and the command that it has run at the server is over.
    own = ["-f", "-S", "none", "-o", "ExitOnForwardFailure=yes", *forward]
    command = [*own, *target, "sleep", str(timeout)]
    if password is None:
        silent = _ssh("-o", "BatchMode=yes", *command)
        if silent.status == 0:
            return silent.pid
    return _ssh_with_password(server, password, command)


ssh_tunnel = openssh_tunnel


def _ssh_target(server: str, keyfile: str | None) -> list[str]:
    host, _, port = server.partition(":")
    key = ["-i", keyfile] if keyfile else []
    # The dashes keep a name that begins with one from being an option.
    return [*key, "-p", port or str(SSH_PORT), "--", host]


class Ended(NamedTuple):
    """An `ssh` that has ended."""

    pid: int
    status: int


def _ssh(*arguments: str) -> Ended:
    """Run the command to its end; it can ask nothing and says nothing."""
    process = subprocess.Popen(
        ["ssh", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return Ended(process.pid, process.wait())


def _ssh_with_password(server: str, password: str | None, arguments: list[str]) -> int:
    """Run the command to its end, and type the password if it is asked for."""
    import pexpect  # type: ignore[import-untyped]

    for _ in range(PASSWORD_TRIES if password is None else 1):
        said = StringIO()
        ssh = pexpect.spawn(
            "ssh",
            ["-o", "NumberOfPasswordPrompts=1", *arguments],
            encoding="utf8",
            # It comes when the terminal goes, and would end what stays in the background.
            ignore_sighup=True,
        )
        ssh.logfile_read = said
        # The terminal has no end before the tunnel has one: it is the command that is waited for.
        while ssh.isalive():
            awaited = [r"\(yes/no", r"[Pp]assword.*:", pexpect.EOF, pexpect.TIMEOUT]
            seen = ssh.expect(awaited, timeout=EXIT_POLL)
            if seen == 0:
                ssh.close(force=True)
                raise SSHException(f"ssh does not know {server} yet: connect by hand once")
            if seen == 1:
                ssh.sendline(getpass(f"{server}'s password: ") if password is None else password)
        ssh.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=0)  # for its last words
        ssh.close()
        if ssh.exitstatus == 0:
            return int(ssh.pid)
        if "denied" not in said.getvalue():
            raise SSHException(f"no tunnel through {server}: {said.getvalue().strip()}")
    raise MaxRetryExceeded(f"{server} has refused the password")


def _openssh_without_password(server: str, keyfile: str | None) -> bool:
    return _ssh("-o", "BatchMode=yes", *_ssh_target(server, keyfile), "true").status == 0


# ---- By paramiko


def paramiko_tunnel(
    lport: int,
    rport: int,
    server: str,
    remoteip: str = LOCALHOST,
    keyfile: str | None = None,
    password: str | None = None,
    timeout: int = 60,
) -> Process:
    """The same as `openssh_tunnel`, by paramiko in a daemon process, which ignores `timeout`."""
    if password is None and not _paramiko_without_password(server, keyfile):
        password = getpass(f"{server}'s password: ")
    process = Process(
        target=_serve_paramiko_tunnel,
        args=(lport, rport, server, remoteip, keyfile, password),
        daemon=True,
    )
    process.start()
    return process


def _serve_paramiko_tunnel(
    lport: int, rport: int, server: str, remoteip: str, keyfile: str | None, password: str | None
) -> None:
    with suppress(KeyboardInterrupt), _paramiko_client(server, keyfile, password) as client:
        forward_tunnel(lport, remoteip, rport, client.get_transport())


def _paramiko_client(server: str, keyfile: str | None, password: str | None = None) -> Any:
    import paramiko  # type: ignore[import-untyped]

    address, _, port = server.partition(":")
    user, at, host = address.rpartition("@")
    client = paramiko.SSHClient()
    client.load_system_host_keys()
    client.set_missing_host_key_policy(paramiko.WarningPolicy())
    client.connect(
        host,
        int(port or SSH_PORT),
        username=user if at else getuser(),
        password=password,
        key_filename=keyfile,
    )
    return client


def _paramiko_without_password(server: str, keyfile: str | None) -> bool:
    import paramiko

    try:
        _paramiko_client(server, keyfile).close()
    except paramiko.SSHException:
        return False
    return True


__all__ = [
    "MaxRetryExceeded",
    "SSHException",
    "open_tunnel",
    "openssh_tunnel",
    "paramiko_tunnel",
    "select_random_ports",
    "ssh_tunnel",
    "try_passwordless_ssh",
    "tunnel_connection",
]
