/* One scene between two processes over tcp, for whichever library OVER names.
 *
 * driver stream SECONDS SIZE WARMUP COUNT   prints the nanoseconds from the first message to the last
 * driver trip SECONDS SIZE WARMUP COUNT     prints the nanoseconds of each of COUNT round trips
 * driver version                            prints the library's
 *
 * The process that measures binds; its child connects. After SECONDS the kernel ends both. OVER gives:
 *
 *     peer                                 a socket and what it needs
 *     void open_peer (peer *, int type)
 *     void bind_peer (peer *, char *endpoint, size_t size)    fills in where it listens
 *     void connect_peer (peer *, const char *endpoint)
 *     void send_body (peer *, const char *body, size_t size)  from BY_REFERENCE on, without a copy
 *     size_t recv_size (peer *)                               receives a message, gives its size
 *     void close_peer (peer *)                                once all has been sent
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REQ = 3, REP = 4, PULL = 7, PUSH = 8 };
enum { BY_REFERENCE = 8192 };
#define END_SIZE 3 /* of the message behind the last: it comes too early if one was lost */

static void require (int fine, const char *what)
{
    if (!fine) {
        fprintf (stderr, "failed: %s\n", what);
        exit (1);
    }
}

#include OVER

static long long now_ns (void)
{
    struct timespec t;
    clock_gettime (CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void receive_stream (peer *p, size_t size, long count)
{
    require (recv_size (p) == size, "the first message has the wrong size");
    long long start = now_ns ();
    for (long i = 1; i < count; i++)
        require (recv_size (p) == size, "a message has the wrong size");
    printf ("%lld\n", now_ns () - start);
    require (recv_size (p) == END_SIZE, "messages were lost or duplicated");
}

static void ask (peer *p, const char *body, size_t size, long warmup, long count)
{
    long long *taken = calloc ((size_t) count, sizeof *taken);
    require (taken != NULL, "memory");
    for (long i = -warmup; i < count; i++) {
        long long start = now_ns ();
        send_body (p, body, size);
        require (recv_size (p) == size, "a reply has the wrong size");
        if (i >= 0)
            taken[i] = now_ns () - start;
    }
    for (long i = 0; i < count; i++)
        printf ("%lld\n", taken[i]);
    free (taken);
}

int main (int argc, char **argv)
{
    char endpoint[64];
    int ends[2];
    peer p;

    if (argc == 2 && !strcmp (argv[1], "version")) {
        puts (version ());
        return 0;
    }
    require (argc == 6, "usage: driver stream|trip SECONDS SIZE WARMUP COUNT");
    int stream = !strcmp (argv[1], "stream");
    unsigned seconds = (unsigned) atoi (argv[2]);
    size_t size = (size_t) atol (argv[3]);
    long warmup = atol (argv[4]), count = atol (argv[5]);
    char *body = calloc (1, size + END_SIZE);
    require (body && !pipe (ends), "memory and a pipe");

    pid_t child = fork (); /* before there is a thread */
    require (child >= 0, "fork");
    alarm (seconds);
    if (child == 0) {
        require (read (ends[0], endpoint, sizeof endpoint) == sizeof endpoint, "no endpoint");
        open_peer (&p, stream ? PUSH : REP);
        connect_peer (&p, endpoint);
        if (stream) {
            for (long i = 0; i < count; i++)
                send_body (&p, body, size);
            send_body (&p, body, END_SIZE);
        } else {
            for (long i = -warmup; i < count; i++)
                send_body (&p, body, recv_size (&p));
        }
        close_peer (&p);
        _exit (0);
    }
    open_peer (&p, stream ? PULL : REQ);
    bind_peer (&p, endpoint, sizeof endpoint);
    require (write (ends[1], endpoint, sizeof endpoint) == sizeof endpoint, "the pipe");
    if (stream)
        receive_stream (&p, size, count);
    else
        ask (&p, body, size, warmup, count);
    close_peer (&p);
    int status;
    require (waitpid (child, &status, 0) == child && status == 0, "the other process");
    free (body);
    return 0;
}
