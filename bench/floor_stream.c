/* The floor of a stream: one process writes messages to a stream socket, one reads them.
 *
 * floor_stream tcp|unix SIZE COUNT EACH   prints the nanoseconds from the first read to the last.
 *
 * A write carries EACH messages. The reader takes what there is, at most READ_AT_ONCE bytes, and does
 * not look for messages: there is no framing, and nobody looks at the bytes.
 */
#include <sys/wait.h>

#include "floor_pair.h"

enum { READ_AT_ONCE = 131072 };

int main(int argc, char **argv)
{
    int pair[2];

    if (argc != 5) {
        fprintf(stderr, "usage: floor_stream tcp|unix SIZE COUNT EACH\n");
        return 2;
    }
    size_t size = (size_t) atol(argv[2]);
    size_t left = size * (size_t) atol(argv[3]);
    size_t written_at_once = size * (size_t) atol(argv[4]);
    char *to_write = calloc(1, written_at_once), *read_to = calloc(1, READ_AT_ONCE);
    if (!to_write || !read_to)
        die("calloc");
    open_pair(argv[1], pair);

    pid_t writer = fork();
    if (writer < 0)
        die("fork");
    if (writer == 0) {
        close(pair[0]);
        for (; left > written_at_once; left -= written_at_once)
            write_all(pair[1], to_write, written_at_once);
        write_all(pair[1], to_write, left);
        _exit(0);
    }
    close(pair[1]);
    long long start = 0;
    while (left) {
        ssize_t n = read(pair[0], read_to, READ_AT_ONCE);
        if (n <= 0)
            die("read");
        if (!start)
            start = now_ns();
        left -= (size_t) n;
    }
    printf("%lld\n", now_ns() - start);
    waitpid(writer, NULL, 0);
    free(read_to);
    free(to_write);
    return 0;
}
