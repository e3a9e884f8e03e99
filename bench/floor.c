/* The floor of a round trip: two processes, one stream socket, blocking read and write.
 *
 * floor tcp|unix SIZE WARMUP COUNT   prints the nanoseconds of each of COUNT round trips.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void open_tcp_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || pair[0] < 0)
        die("socket");
    if (bind(listener, (struct sockaddr *) &address, length) || listen(listener, 1)
        || getsockname(listener, (struct sockaddr *) &address, &length)
        || connect(pair[0], (struct sockaddr *) &address, length))
        die("connect");
    pair[1] = accept(listener, NULL, NULL);
    if (pair[1] < 0)
        die("accept");
    close(listener);
    for (int i = 0; i < 2; i++)
        if (setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
            die("TCP_NODELAY");
}

static void write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0)
            die("write");
        bytes += n;
        size -= (size_t) n;
    }
}

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

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
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
    if (!strcmp(argv[1], "tcp"))
        open_tcp_pair(pair);
    else if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        die("socketpair");

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
