/* What the floors share: a pair of connected stream sockets, whole reads and writes, the clock. */
#ifndef BENCH_FLOOR_PAIR_H
#define BENCH_FLOOR_PAIR_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* `kind` is tcp or unix. */
static void open_pair(const char *kind, int pair[2])
{
    if (!strcmp(kind, "tcp"))
        open_tcp_pair(pair);
    else if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        die("socketpair");
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

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

#endif
