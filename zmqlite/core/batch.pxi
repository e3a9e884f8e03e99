# Batches: many messages by one call, each of them whole.

cdef enum:
    MESSAGES_AT_ONCE = 256  # handed to the core
    RECEIVED_AT_ONCE = 1000


cdef class Batch(Outgoing):
    """Some messages, and where one ends."""
    cdef unsigned counts[MESSAGES_AT_ONCE]
    cdef unsigned messages

    cdef int add_message(self, message, threshold) except -1:
        cdef unsigned before = self.count
        if isinstance(message, (list, tuple)):
            if not message:
                raise IndexError("a message has at least one part")
            for part in message:
                self.reserve()
                self.add(part, True, False, threshold)
        else:
            self.reserve()
            self.add(message, True, False, threshold)
        self.counts[self.messages] = self.count - before
        self.messages += 1
        return 0

    cdef int add_messages(self, tuple messages, Py_ssize_t start, threshold) except -1:
        """As many as there is room for. An error in any but the first only ends the batch before that one."""
        cdef Py_ssize_t end = min(start + MESSAGES_AT_ONCE, <Py_ssize_t>len(messages))
        cdef unsigned parts
        while start < end:
            parts = self.count
            try:
                self.add_message(messages[start], threshold)
            except Exception:
                if not self.messages:
                    raise
                self.drop(parts)
                break
            start += 1
        return 0


cdef int send_batch(Socket socket, Batch batch, zl_time limit, unsigned *sent) except -1:
    """Until all has gone, or the limit has come; *sent counts, also in the case of an error."""
    cdef unsigned frames = 0, now, i
    cdef int rc
    while True:
        rc = zmql_send_many(socket.handle, batch.frames + frames, batch.counts + sent[0], batch.messages - sent[0], &now)
        for i in range(sent[0], sent[0] + now):
            frames += batch.counts[i]
        sent[0] += now
        if rc == 1:
            with nogil:
                zmql_flush_now(socket.handle)
        if sent[0] == batch.messages:
            return 0
        if rc < 0 and rc != -EAGAIN:
            raise socket.fail(rc, "send")
        if rc == -EAGAIN and not socket.wait_for(ZMQL_ROOM, limit):
            return 0


cdef struct BatchSink:
    zmql_sink base
    PyObject *messages
    PyObject *parts  # of the message that is being received; NULL between two

cdef int add_bytes(zmql_sink *sink, const zmql_frame *f) noexcept:
    """For messages of one frame: any other is left where it is."""
    if f.more:
        return -EMSGSIZE
    return append_new((<BatchSink *>sink).messages, bytes_of_frame(f))

cdef int add_part(zmql_sink *sink, const zmql_frame *f) noexcept:
    cdef BatchSink *batch = <BatchSink *>sink
    cdef int rc = 0
    if batch.parts == NULL:
        batch.parts = list_or_null(0)
        rc = append_new(batch.messages, batch.parts)
    if rc == 0:
        rc = append_new(batch.parts, bytes_of_frame(f))
    if rc < 0 or not f.more:
        batch.parts = NULL
    return rc
