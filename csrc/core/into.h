/* Receiving into the caller's own memory. While its thread has the socket's turn, the rest of a large body is read by the kernel
 * straight into one of the caller's buffers; what turns out not to be the frame that belongs there is moved back to its block.
 *
 * A body that is lent such memory keeps its block, whose storage stays untouched meanwhile: giving the memory up needs nothing
 * that could fail. Only the thread that has the turn reads, and it is that thread which gives up what has not come whole: nobody is
 * in the kernel with that memory then.
 *
 * Guarded by the mutex of the socket. */
#ifndef ZL_CORE_INTO_H
#define ZL_CORE_INTO_H

#include "socket.h"

struct zl_loan {
    uint8_t *memory;
    size_t room;
    size_t size; /* of the frame that was received for it: whole, even if it did not fit */
    zl_blob *blob;       /* its bytes lie in memory now; NULL: none does. Holds a reference */
    const uint8_t *home; /* where else they would lie */
};

/* A sink for up to n frames. */
struct zl_into {
    zl_sink sink;
    zl_socket *sock;
    zl_loan *loans;
    unsigned n, got;
    bool cuts; /* a frame too large for its memory is cut; else the message that it is in is refused */
};

void zl_into_init (zl_into *into, zl_socket *s, zl_loan *loans, unsigned n, bool cuts);
/* More of b is about to be read, whose first `got` octets are there: perhaps it may be read into lent memory. */
void zl_into_lend (zl_into *into, zl_blob *b, size_t got);
/* Whether the message that is being received, or what is left of it, is not to be refused. Takes nothing. */
bool zl_into_fits (const zl_into *into);
/* Somebody else receives b, all of which has been read: it is moved to its block if it lay in lent memory. */
void zl_into_withdraw (zl_into *into, const zl_blob *b);
/* Nothing lies in the caller's memory any more but what it has received. */
void zl_into_end (zl_into *into);

#endif
