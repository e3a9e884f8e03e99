/* A hot path of the core as a loop: what the benches of the inside time and what the guard counts. */
#ifndef INSIDE_H
#define INSIDE_H

#include <stddef.h>

enum { INSIDE_MAX = 10000 };

/* One is open at a time. prepare (n) brings it to where run (n) can do its work n times, with nothing else in the loop; n is at
 * most INSIDE_MAX. `of`: octets of a message, its parts, topics or pipes. */
typedef struct {
    const char *name;
    void (*open) (size_t of);
    void (*prepare) (unsigned n);
    void (*run) (unsigned n);
    void (*close) (void);
} path;

void inside_nothing (unsigned n);

/* Both end with an empty one. */
extern const path inside_trie_paths[], inside_socket_paths[];

#endif
