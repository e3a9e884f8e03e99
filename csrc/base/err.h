/* Error codes. Every call that can fail returns 0 (or a count) or a negative code: -errno of the system, or one of
 * ZeroMQ's own below. There is no global errno to clobber. */
#ifndef ZL_BASE_ERR_H
#define ZL_BASE_ERR_H

#include <errno.h>

#define ZL_HAUSNUMERO 156384712
#define ZL_EFSM (ZL_HAUSNUMERO + 51)
#define ZL_ENOCOMPATPROTO (ZL_HAUSNUMERO + 52)
#define ZL_ETERM (ZL_HAUSNUMERO + 53)
#define ZL_EMTHREAD (ZL_HAUSNUMERO + 54)

/* Shown to users as EINVAL; tells the layer above what to say of it. */
#define ZL_EROUTINGID (ZL_HAUSNUMERO + 100)

/* Text of a (positive) code. The result is static or written to buf. */
const char *zl_strerror (int code, char *buf, unsigned size);

#endif
