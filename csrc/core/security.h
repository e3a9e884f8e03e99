/* Options of security: which mechanism a socket's next connections speak, in which role, and with what keys or names. */
#ifndef ZL_CORE_SECURITY_H
#define ZL_CORE_SECURITY_H

#include "options.h"

/* Of the mechanism that these options select; what it refers to belongs to them. */
const zl_mech *zl_security_mech (const zl_options *o);
zl_security zl_security_of (const zl_options *o);

extern const zl_option_row zl_security_options[];
extern const unsigned zl_security_option_count;

#endif
