/* What all transports share about listeners. */
#include <unistd.h>

#include "fd.h"
#include "transport.h"

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
