/* When what a socket has queued is written, and by whom.
 *
 * A message is written by its sender at once, and pays no hop, as long as that leaves its thread some time for other things.
 * If not, it joins the buffer, and the reactor, posted once, writes what has gathered.
 *
 * A stream: the reactor has written, and more had gathered meanwhile; or it was posted many times in a row, by a sender on the
 * processor that it takes to write, where nothing can gather. From then on the senders write themselves, whenever enough has
 * gathered, and before they wait; the reactor naps, and only comes by for what they have left lying. A busy sender thus never
 * shares its processor with a second thread. A sender that has filled its pipe while somebody else wrote waits for no nap.
 *
 * Guarded by the mutex of the socket; nothing here is called without it. */
#ifndef ZL_CORE_FLUSH_H
#define ZL_CORE_FLUSH_H

#include "alarm.h"

typedef struct {
    bool busy;   /* somebody writes to the dirty connections, or is bound to */
    bool posted; /* that somebody is the reactor, and it has not begun */
    zl_time took; /* the last flush */
    size_t bytes; /* queued since it began */
    uint64_t sent_before; /* messages, when it began */
    unsigned posts; /* of the reactor since the sender was last at rest */

    bool streaming;
    zl_alarm nap;
    zl_time nap_began, nap_length;
    unsigned by_senders; /* flushes in this nap, since enough had gathered */
    size_t enough; /* bytes that are worth a flush */

    unsigned hasty; /* messages that their senders have written one by one in quick succession */
    zl_time hasty_since, hasty_pace; /* since when; ns for each, on average */
    bool on_trial; /* this nap is to show whether they come faster in a stream */
} zl_flush;

void zl_flush_init (zl_flush *f);
/* Something is to be written, and nobody is at it. */
bool zl_flush_is_due (const zl_socket *s);
/* Writes to each dirty connection once. Releases the mutex meanwhile. */
void zl_flush_now (zl_socket *s);
/* Has the reactor do it. */
void zl_flush_later (zl_socket *s);
/* The reactor does what it was posted for, if it was. */
void zl_flush_posted (zl_socket *s);
/* Who writes what has just been queued: 1 the caller, 0 somebody else or nobody needs to. */
int zl_flush_choose (zl_socket *s);

#endif
