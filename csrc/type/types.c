/* What several socket types share. */
#include <stdlib.h>
#include <string.h>

#include "types.h"

int zl_send_enveloped (zl_pipe *p, const zl_msg *head, unsigned head_count, const zl_msg *frames, unsigned n)
{
    zl_msg few[16], *all = head_count + n <= ZL_LEN (few) ? few : malloc ((head_count + n) * sizeof *all);
    if (!all)
        return -ENOMEM;
    if (head_count)
        memcpy (all, head, head_count * sizeof *all);
    memcpy (all + head_count, frames, n * sizeof *all);
    int rc = p->ops->push (p, all, head_count + n);
    if (all != few)
        free (all);
    return rc;
}
