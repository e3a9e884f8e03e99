/* What all transports share about listeners. */
#include <unistd.h>

#include "fd.h"
#include "transport.h"

int zl_listener_adopt (int fd, zl_listener *out)
{
    zl_addr bound = {.len = sizeof bound.un};
    *out = (zl_listener){.fd = -1};
    if (getsockname (fd, &bound.any, &bound.len) < 0)
        return -errno;
    int rc = zl_fd_prepare (fd);
    if (rc < 0)
        return rc;
    out->fd = fd;
    zl_addr_text (&bound, out->endpoint, sizeof out->endpoint);
    return 0;
}

void zl_listener_close (zl_listener *l)
{
    if (l->fd < 0)
        return;
    zl_fd_close (l->fd);
    l->fd = -1;
    if (l->remove_file[0])
        unlink (l->remove_file);
    if (l->remove_dir[0])
        rmdir (l->remove_dir);
}
