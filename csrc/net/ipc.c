/* The ipc transport: Unix domain stream sockets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "transport.h"

/* A directory of our own for a wildcard endpoint. */
static int temporary_path (zl_listener *out)
{
    static const char *const variables[] = {"TMPDIR", "TEMPDIR", "TMP"};
    const char *base = NULL;
    struct stat st;
    for (unsigned i = 0; i < ZL_LEN (variables) && !base; i++) {
        const char *dir = getenv (variables[i]);
        if (dir && *dir && stat (dir, &st) == 0 && S_ISDIR (st.st_mode))
            base = dir;
    }
    size_t n = base ? strlen (base) : 0;
    const char *slash = n && base[n - 1] != '/' ? "/" : "";
    if (n + sizeof "/tmpXXXXXX/socket" > sizeof out->remove_file)
        return -ENAMETOOLONG;
    snprintf (out->remove_dir, sizeof out->remove_dir, "%s%stmpXXXXXX", base ? base : "", slash);
    if (!mkdtemp (out->remove_dir))
        return -errno;
    snprintf (out->remove_file, sizeof out->remove_file, "%.*s/socket", (int) sizeof out->remove_file - 8,
              out->remove_dir);
    return 0;
}

/* A socket left at the path is replaced, a live one too, as in libzmq; anything else there is somebody's file. */
static int make_way (const char *path)
{
    struct stat st;
    if (path[0] == '@' || lstat (path, &st) < 0)
        return 0;
    if (!S_ISSOCK (st.st_mode))
        return -EADDRINUSE;
    return unlink (path) < 0 ? -errno : 0;
}

static int ipc_listen (const char *address, const zl_net_options *o, zl_listener *out)
{
    zl_addr a;
    int rc = 0;
    *out = (zl_listener){.fd = -1};
    const char *path = address;
    if (address[0] == '*') {
        rc = temporary_path (out);
        path = out->remove_file;
    }
    if (rc == 0)
        rc = zl_addr_unix (path, &a);
    if (rc == 0)
        rc = make_way (path);
    if (rc == 0)
        rc = out->fd = zl_fd_socket (AF_UNIX);
    if (rc >= 0)
        rc = bind (out->fd, &a.any, a.len) < 0 || listen (out->fd, o->backlog) < 0 ? -errno : 0;
    if (rc < 0) {
        zl_fd_close (out->fd);
        out->fd = -1;
        if (out->remove_dir[0]) {
            unlink (out->remove_file);
            rmdir (out->remove_dir);
        }
        return rc;
    }
    zl_addr_text (&a, out->endpoint, sizeof out->endpoint);
    return 0;
}

static int ipc_target (const char *address, const zl_net_options *o, zl_target *out)
{
    (void) o;
    out->lookup = false;
    return zl_addr_unix (address, &out->addr);
}

static int ipc_connect (const zl_addr *a, const zl_net_options *o, int *out)
{
    (void) o;
    int fd = zl_fd_socket (AF_UNIX);
    if (fd < 0)
        return fd;
    if (connect (fd, &a->any, a->len) < 0) {
        int rc = -errno;
        zl_fd_close (fd);
        return rc;
    }
    *out = fd;
    return 0;
}

static void ipc_accepted (int fd, const zl_net_options *o)
{
    (void) fd;
    (void) o;
}

const zl_transport zl_ipc = {
    .scheme = "ipc",
    .listen = ipc_listen,
    .target = ipc_target,
    .connect = ipc_connect,
    .accepted = ipc_accepted,
    .chatty_writable = true,
};
