"""Security of an interop run: what either side is set to, and who is let in.

For whichever library is given as `zmq`, in whichever process; like traffic.py on Python 3.6 too.
"""

import threading

USER, PASSWORD = "a user", "the password"

# Pairs of a public and a secret key; libzmq's documentation has these.
SERVER = ("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
CLIENT = ("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")
CLIENT_KEY = bytes.fromhex("bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518")

OPTIONS = {
    ("NULL", "server"): {"ZAP_DOMAIN": "domain"},
    ("NULL", "client"): {},
    ("PLAIN", "server"): {"PLAIN_SERVER": 1},
    ("PLAIN", "client"): {"PLAIN_USERNAME": USER, "PLAIN_PASSWORD": PASSWORD},
    ("CURVE", "server"): {"CURVE_SERVER": 1, "CURVE_SECRETKEY": SERVER[1]},
    ("CURVE", "client"): {
        "CURVE_SERVERKEY": SERVER[0],
        "CURVE_PUBLICKEY": CLIENT[0],
        "CURVE_SECRETKEY": CLIENT[1],
    },
}

CREDENTIALS = {
    b"NULL": [],
    b"PLAIN": [USER.encode(), PASSWORD.encode()],
    b"CURVE": [CLIENT_KEY],
}


def set_options(zmq, socket, options):
    """Set options that are given by name, with text for octets."""
    for name, value in options.items():
        socket.set(getattr(zmq, name), value.encode() if isinstance(value, str) else value)


def judge(mechanism, credentials):
    """The end of an answer: status, text, user, properties."""
    is_known = CREDENTIALS[mechanism] == credentials
    return [b"200", b"", b"a user", b""] if is_known else [b"400", b"unknown", b"", b""]


class Doorkeeper(threading.Thread):
    """An authenticator, which ends with its context."""

    def __init__(self, zmq, context, answer=judge):
        super().__init__(daemon=True)
        self._ended = zmq.ContextTerminated
        self._answer = answer
        self._socket = context.socket(zmq.REP)
        self._socket.bind("inproc://zeromq.zap.01")
        self.start()

    def run(self):
        with self._socket:
            try:
                while True:
                    frames = self._socket.recv_multipart()
                    answer = self._answer(frames[5], frames[6:])
                    self._socket.send_multipart(frames[:2] + answer)
            except self._ended:
                pass
