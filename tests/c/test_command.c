/* wire/command.[ch] */
#include "check.h"
#include "edge.h"
#include "wire/command.h"

TEST ("a command is split into its name and its data")
{
    zl_slice name, data;
    edge e = at_edge ("\4PINGab", 7);
    CHECK (zl_command_get (e.p, 7, &name, &data));
    CHECK (ZL_IS (name, "PING"));
    CHECK (ZL_IS (data, "ab"));
    CHECK (!ZL_IS (name, "PONG") && !ZL_IS (name, "PIN") && !ZL_IS (name, "PINGS"));
    end_edge (e);
    CHECK (zl_command_get ((const uint8_t *) "\1X", 2, &name, &data));
    CHECK_EQ (data.n, 0);
}

TEST ("a command without a whole name is malformed")
{
    static const char *const bodies[] = {"", "\0", "\0A", "\4PIN", "\xffPING"};
    static const size_t sizes[] = {0, 1, 2, 4, 5};
    for (unsigned i = 0; i < ZL_LEN (sizes); i++) {
        zl_slice name, data;
        edge e = at_edge (bodies[i], sizes[i]);
        CHECK (!zl_command_get (e.p, sizes[i], &name, &data));
        end_edge (e);
    }
}

/* A list of two properties, and what was got of it when it is cut after n octets. */
static int properties_of (const uint8_t *list, size_t n, unsigned *count)
{
    edge e = at_edge (list, n);
    zl_slice rest = {e.p, n}, name, value;
    int rc;
    *count = 0;
    while ((rc = zl_property_get (&rest, &name, &value)) == 1) {
        CHECK (*count ? ZL_IS (name, "Identity") : ZL_IS (name, "Socket-Type"));
        CHECK (*count ? value.n == 0 : ZL_IS (value, "PUSH"));
        ++*count;
    }
    end_edge (e);
    return rc;
}

TEST ("properties that were put are got again; a list that is cut is malformed")
{
    uint8_t list[100], *end = zl_property_put (list, "Socket-Type", "PUSH", 4);
    size_t first = (size_t) (end - list);
    end = zl_property_put (end, "Identity", NULL, 0);
    size_t whole = (size_t) (end - list);
    for (size_t n = 0; n <= whole; n++) {
        unsigned count;
        bool complete = n == 0 || n == first || n == whole;
        CHECK_EQ (properties_of (list, n, &count), complete ? 0 : -1);
        CHECK_EQ (count, (n >= first) + (n >= whole));
    }
}

TEST ("a property must not claim more than there is, or more than 31 bits")
{
    static const uint8_t sizes[][4] = {
        {0, 0, 0, 3}, {0x7f, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}};
    for (unsigned i = 0; i < ZL_LEN (sizes); i++) {
        uint8_t list[8] = {1, 'A', 0, 0, 0, 0, 'v', 'v'};
        zl_slice name, value;
        memcpy (list + 2, sizes[i], 4);
        edge e = at_edge (list, sizeof list);
        zl_slice rest = {e.p, sizeof list};
        CHECK_EQ (zl_property_get (&rest, &name, &value), -1);
        end_edge (e);
    }
}

TEST ("a command that was put has the octets of the protocol")
{
    uint8_t body[40], *end = zl_property_put (zl_command_put (body, "READY"), "A", "xyz", 3);
    CHECK_EQ (end - body, 6 + 9);
    CHECK_BYTES (body, "\5READY\1A\0\0\0\3xyz", 15);
}
