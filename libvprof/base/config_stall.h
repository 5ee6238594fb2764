/* Values of stall= and hang=, for base/config.c.  Return 0, or -EINVAL for a bad one. */
#ifndef VP_BASE_CONFIG_STALL_H
#define VP_BASE_CONFIG_STALL_H

#include <stddef.h>

int vp_config_set_stall(const char *value, size_t len);
int vp_config_set_hang(const char *value, size_t len);

#endif
