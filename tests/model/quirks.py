"""Where libzmq 4.3.5 does otherwise than the model, so that its runs can check the rest of it.

zmqlite has none of these: each is a bug of libzmq, or a freedom that the specification leaves.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Quirks:
    looks_ahead: bool = False
    """A poll takes a message off its connection (SUB, XSUB, ROUTER, REP), which then comes whatever
    becomes of the connection or the subscription. If it had several frames and its connection is
    left, the process may be aborted."""

    aborts_at_the_left: bool = False
    """To bind an endpoint that somebody has connected to and left may abort the process."""

    pair_is_taken_until_the_end: bool = False
    """A PAIR has no place for a new peer before the former connection is over: what was sent
    through it has been read, or the endpoint that nobody had bound is bound."""

    mandatory_room_of_the_gone: bool = False
    """A ROUTER with MANDATORY may be writable when its peers have left."""

    stays_full: bool = False
    """What was full before a REP or ROUTER was bound, and is unlimited then, may stay full."""

    forgets_late: bool = False
    """A disconnect may succeed when the peer is gone already. A REQ may never learn that whom
    it has asked is gone; an XPUB learns that one was left when the peer has read all
    it has to read."""

    dials_what_was_left: bool = False
    """A connection that is left before it was made may be made all the same, for a moment."""

    unbinds_late: bool = False
    """Over tcp an endpoint may be in use for a moment after unbind has returned; and connections
    of which messages are unread end when these have been read, or a REP may read them."""

    req_polls_anyone: bool = False
    """A REQ that waits is readable when anybody has sent anything. If it is not the reply, recv
    throws it away."""

    failed_send_ends_waiting: bool = False
    """A REQ with RELAXED whose send fails does not wait for the former reply any more."""

    queues_subscriptions: bool = False
    """What a subscriber says while nobody is there is said later, in that order. (zmqlite says
    then what it has subscribed to at that time.)"""


ZMQLITE = Quirks()
LIBZMQ = Quirks(**{field.name: True for field in fields(Quirks)})
