/* The floor of a round trip: two processes, one stream socket, blocking read and write.
 *
 * floor tcp|unix SIZE WARMUP COUNT   prints the nanoseconds of each of COUNT round trips.
 */
#include <sys/wait.h>

#include "floor_pair.h"

/* 0 at the end of the stream. */
static int read_all(int fd, char *bytes, size_t size)
{
    while (size) {
        ssize_t n = read(fd, bytes, size);
        if (n < 0)
            die("read");
        if (n == 0)
            return 0;
        bytes += n;
        size -= (size_t) n;
    }
    return 1;
}

int main(int argc, char **argv)
{
    int pair[2];

    if (argc != 5) {
        fprintf(stderr, "usage: floor tcp|unix SIZE WARMUP COUNT\n");
        return 2;
    }
    size_t size = (size_t) atol(argv[2]);
    long warmup = atol(argv[3]), count = atol(argv[4]);
    char *body = calloc(1, size);
    long long *taken = calloc((size_t) count, sizeof *taken);
    if (!body || !taken)
        die("calloc");
    open_pair(argv[1], pair);

    pid_t echo = fork();
    if (echo < 0)
        die("fork");
    if (echo == 0) {
        close(pair[0]);
        while (read_all(pair[1], body, size))
            write_all(pair[1], body, size);
        _exit(0);
    }
    close(pair[1]);
    for (long i = -warmup; i < count; i++) {
        long long start = now_ns();
        write_all(pair[0], body, size);
        if (!read_all(pair[0], body, size))
            return 1;
        if (i >= 0)
            taken[i] = now_ns() - start;
    }
    close(pair[0]);
    waitpid(echo, NULL, 0);
    for (long i = 0; i < count; i++)
        printf("%lld\n", taken[i]);
    free(taken);
    free(body);
    return 0;
}
