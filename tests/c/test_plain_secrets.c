/* wire/plain.c forgets what a client has shown, as soon as that has been judged and in every other
 * case. */
#include "wires.h"

#include "watched.h"
#include "wire/plain.c"

static unsigned forgotten;

static void check_forgotten (const uint8_t *octets, size_t n)
{
    CHECK (!memmem (octets, n, "secret", 6));
    CHECK (!memmem (octets, n, "ann", 3));
    forgotten++;
}

static const zl_wire_config server = {
    .mech = &zl_mech_plain, .security = {.as_server = true}, .own_type = ZL_ROUTER, .max_size = -1};

/* A server that has heard HELLO. */
static void open_asking (side *s)
{
    speech p = greeting_of (3, 1, "PLAIN");
    add_frame (&p, ZL_FRAME_COMMAND, "\5HELLO\3ann\6secret", 17);
    open_as (s, &server);
    CHECK (feed (s, p.octets, p.n));
    CHECK_EQ (watched_alive, 1);
    forgotten = 0;
}

TEST ("a name and a password are forgotten when their owner is let in")
{
    side s;
    open_asking (&s);
    CHECK (judge (&s, 200));
    CHECK_EQ (forgotten, 1);
    end_side (&s);
    CHECK_EQ (watched_alive, 0);
}

TEST ("a name and a password are forgotten when there is no answer, or when it is no")
{
    for (unsigned status = 200; status <= 500; status += 100) {
        side s;
        open_asking (&s);
        if (status != 200)
            CHECK (!judge (&s, status));
        end_side (&s);
        CHECK_EQ (forgotten, 1);
        CHECK_EQ (watched_alive, 0);
    }
}
