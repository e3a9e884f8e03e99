# The C core as the extension sees it (csrc/zmqlite.h holds the contracts), and the layout of the extension's classes.

from libc.stdint cimport int64_t, uint8_t, uint64_t, uintptr_t


cdef extern from "base/clock.h" nogil:
    ctypedef uint64_t zl_time
    zl_time ZL_NEVER
    zl_time zl_now()
    zl_time zl_deadline(int64_t ms)


cdef extern from "base/msg.h" nogil:
    ctypedef int zl_count

    ctypedef struct zl_blob:
        zl_count refs
        const uint8_t *data
        size_t size
        void (*release)(zl_blob *) noexcept nogil
        void *owner
        void *domain
        bint whole
        zl_blob *next

    ctypedef struct zl_msg:
        const uint8_t *data
        size_t size
        zl_blob *blob

    zl_blob *zl_blob_alloc(size_t size)
    uint8_t *zl_blob_bytes(zl_blob *b)
    zl_blob *zl_blob_hold(zl_blob *b)
    void zl_blob_drop(zl_blob *b)
    void atomic_init(zl_count *c, int value)


cdef extern from "base/garbage.h" nogil:
    ctypedef struct zl_garbage:
        pass

    bint zl_garbage_put(zl_garbage *g, zl_blob *b)
    zl_blob *zl_garbage_take(zl_garbage *g)


cdef extern from "base/err.h" nogil:
    int ZL_EFSM
    int ZL_ETERM
    int ZL_EROUTINGID
    const char *zl_strerror(int code, char *buf, unsigned size)


cdef extern from "zmqlite.h":
    ctypedef struct zmql_socket:
        pass
    void zmql_stats(zmql_socket *s, void (*fn)(void *, const char *, const char *, uint64_t) noexcept, void *arg)


cdef extern from "zmqlite.h" nogil:
    ctypedef struct zmql_ctx:
        pass
    ctypedef struct zmql_pollset:
        pass

    int ZMQL_DONTWAIT
    int ZMQL_SNDMORE
    int ZMQL_POLLIN
    int ZMQL_POLLOUT
    int ZMQL_ROOM
    int ZMQL_INT
    int ZMQL_INT64
    int ZMQL_BYTES

    int zmql_ctx_new(zmql_ctx **out)
    void zmql_ctx_hold(zmql_ctx *ctx)
    void zmql_ctx_free(zmql_ctx *ctx)
    void zmql_ctx_close_sockets(zmql_ctx *ctx, const int *linger_ms)
    int zmql_ctx_term(zmql_ctx *ctx)
    int zmql_ctx_set(zmql_ctx *ctx, int option, int value)
    int zmql_ctx_get(zmql_ctx *ctx, int option, int *value)
    bint zmql_ctx_inherited(const zmql_ctx *ctx)

    const char *zmql_crypto_name(unsigned i)
    void zmql_use_crypto(const uintptr_t *addresses)

    int zmql_socket_new(zmql_ctx *ctx, int type, zmql_socket **out)
    int zmql_close(zmql_socket *s, int linger_ms, bint set_linger)
    void zmql_socket_free(zmql_socket *s)
    void zmql_socket_share(zmql_socket *s)
    void zmql_socket_unshare(zmql_socket *s)
    bint zmql_socket_inherited(const zmql_socket *s)
    bint zmql_closed(zmql_socket *s)
    const char *zmql_type_name(const zmql_socket *s)
    int zmql_bind(zmql_socket *s, const char *endpoint) noexcept
    int zmql_connect(zmql_socket *s, const char *endpoint) noexcept
    int zmql_unbind(zmql_socket *s, const char *endpoint) noexcept

    ctypedef struct zmql_frame:
        const uint8_t *data
        size_t size
        zl_blob *blob
        bint more
        const zl_blob *properties

    ctypedef struct zmql_sink:
        int (*take)(zmql_sink *sink, const zmql_frame *f) noexcept

    int zmql_send(zmql_socket *s, const zl_msg *frames, unsigned n, int flags)
    int zmql_send_many(zmql_socket *s, const zl_msg *frames, const unsigned *counts, unsigned n, unsigned *sent)
    int zmql_recv_many(zmql_socket *s, zmql_sink *sink, unsigned max)
    void zmql_flush_now(zmql_socket *s)
    int zmql_recv(zmql_socket *s, zmql_sink *sink, bint whole)
    int zmql_put_back(zmql_socket *s, const zl_msg *frames, unsigned n, bint more, uint64_t order)

    ctypedef struct zmql_loan:
        uint8_t *memory
        size_t room
        size_t size

    int zmql_recv_into(zmql_socket *s, zmql_loan *loans, unsigned n, bint whole, zl_time deadline)
    size_t zmql_wants_spare(zmql_socket *s)
    void zmql_give_spare(zmql_socket *s, zl_blob *b)
    int zmql_wait(zmql_socket *s, int events, zl_time deadline)
    int64_t zmql_flush(zmql_socket *s, zl_time deadline)

    int zmql_option_kind(zmql_socket *s, int option)
    const char *zmql_option_name(zmql_socket *s, int option)
    int zmql_set(zmql_socket *s, int option, const void *value, size_t size)
    int zmql_get(zmql_socket *s, int option, void *value, size_t *size)

    ctypedef struct zmql_ready:
        void *tag
        int events

    int zmql_pollset_new(zmql_pollset **out)
    void zmql_pollset_free(zmql_pollset *p)
    int zmql_pollset_add(zmql_pollset *p, zmql_socket *s, int fd, int events, void *tag)
    void zmql_pollset_remove(zmql_pollset *p, zmql_socket *s, int fd)
    int zmql_pollset_wait(zmql_pollset *p, zmql_ready *ready, int max, zl_time deadline)

    int zmql_monitor(zmql_socket *s, const char *endpoint, uint64_t events, int version, int type)
    int zmql_proxy(zmql_socket *front, zmql_socket *back, zmql_socket *capture, zmql_socket *control,
                   bint (*interrupted)() noexcept nogil)
    int zmql_monitored_queue(zmql_socket *front, zmql_socket *back, zmql_socket *monitor, const zl_msg *in_mark,
                             const zl_msg *out_mark, bint (*interrupted)() noexcept nogil)


cdef class Context:
    cdef zmql_ctx *handle       # given back in __dealloc__
    cdef bint ended
    cdef bint borrowed          # a shadow: somebody else ends the context
    cdef object __weakref__

    cdef int check(self) except -1


cdef class Lent:
    cdef zmql_loan *loans
    cdef Py_buffer *views
    cdef unsigned count

    cdef int add(self, buffer, Py_ssize_t nbytes) except -1


cdef class Socket:
    cdef zmql_socket *handle    # given back in __dealloc__; closing leaves it valid
    cdef readonly Context context
    cdef bint borrowed          # a shadow: somebody else closes the socket
    cdef public object copy_threshold
    cdef object __weakref__

    cdef int at_endpoint(self, int (*call)(zmql_socket *, const char *) noexcept nogil, addr) except -1
    cdef zl_time limit(self, int option, int flags) except? 0
    cdef int wait_for(self, int events, zl_time limit) except -1
    cdef zl_time limit_of(self, int option, int flags, timeout) except? 0
    cdef int send_frames(self, const zl_msg *frames, unsigned n, int flags, timeout) except -1
    cdef int send_waiting(self, const zl_msg *frames, unsigned n, int flags, timeout) except -1
    cdef int recv_frames(self, zmql_sink *sink, bint whole, int flags, timeout) except -1
    cdef int recv_batch(self, zmql_sink *sink, max, timeout) except -1
    cdef int receive_into(self, Lent lent, bint whole, int flags, timeout) except -1
    cdef int take_now(self, zmql_sink *sink, bint whole) except -1
    cdef int offer_spare(self) except -1
    cdef object fail(self, int code, str what)


cdef class Frame:
    cdef zl_blob *blob          # one reference
    cdef zl_blob *properties    # of the connection that it came over; one reference, or NULL
    cdef object source          # what `data` was, if it is shared
    cdef public bint more
    cdef readonly object tracker
    cdef readonly object tracker_event
    cdef object as_bytes        # made at first use
    cdef object view            # weak reference to the newest .buffer
    cdef Py_ssize_t exports
    cdef object __weakref__


cdef class PollSet:
    cdef zmql_pollset *handle
    cdef dict tags              # object -> itself, to keep it alive and to give it back
