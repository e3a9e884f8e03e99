"""Helpers around sockets, with pyzmq's names; each is a module to import."""
