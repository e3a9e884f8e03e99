/* The ipc transport: Unix domain stream sockets. */
#include <grp.h>
#include <pwd.h>
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
    if (o->use_fd >= 0)
        return zl_listener_adopt (o->use_fd, out);
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
    *out = (zl_target){.lookup = false};
    return zl_addr_unix (address, &out->addr);
}

static int ipc_connect (const zl_addr *a, const zl_target *t, const zl_net_options *o, int *out)
{
    (void) t;
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

/* ---- who may connect ---- */

static bool is_member (uid_t uid, gid_t gid)
{
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    char user_text[4096], group_text[16384];
    if (getpwuid_r (uid, &user, user_text, sizeof user_text, &found_user) != 0 || !found_user ||
        getgrgid_r (gid, &group, group_text, sizeof group_text, &found_group) != 0 || !found_group)
        return false;
    for (char **name = group.gr_mem; *name; name++)
        if (strcmp (*name, user.pw_name) == 0)
            return true;
    return false;
}

static bool is_welcome (const zl_credentials *c, const zl_net_options *o)
{
    for (size_t i = 0; i < o->pid_count; i++)
        if (o->pids[i] == c->pid)
            return true;
    for (size_t i = 0; i < o->uid_count; i++)
        if (o->uids[i] == c->uid)
            return true;
    for (size_t i = 0; i < o->gid_count; i++)
        if (o->gids[i] == c->gid || is_member (c->uid, o->gids[i]))
            return true;
    return false;
}

static int ipc_accepted (int fd, const zl_net_options *o)
{
    zl_credentials c;
    if (!o->pid_count && !o->uid_count && !o->gid_count)
        return 0;
    return zl_fd_credentials (fd, &c) == 0 && is_welcome (&c, o) ? 0 : -EACCES;
}

const zl_transport zl_ipc = {
    .scheme = "ipc",
    .listen = ipc_listen,
    .target = ipc_target,
    .connect = ipc_connect,
    .accepted = ipc_accepted,
    .chatty_writable = true,
    .portion = 64 * 1024,
};
