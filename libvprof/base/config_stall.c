#include "base/config_stall.h"
#include "base/config.h"
#include "base/fmt.h"

#include <errno.h>
#include <string.h>

#define MS	 1000000ull
#define STALL_MS 10u /* until `auto` has learned */

static int is(const char *value, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(value, word, len) == 0;
}

int vp_config_set_stall(const char *value, size_t len)
{
	uint64_t ms = STALL_MS;
	int learn = is(value, len, "auto"), off = is(value, len, "off");

	if (!learn && !off && (vp_parse_u64(value, len, &ms) || ms < 1 || ms > 60000))
		return -EINVAL;
	vp_config.stall_auto = learn;
	vp_config.stall_ns = off ? 0 : ms * MS;
	return 0;
}

int vp_config_set_hang(const char *value, size_t len)
{
	uint64_t seconds = 0;

	if (!is(value, len, "off") &&
	    (vp_parse_u64(value, len, &seconds) || seconds < 1 || seconds > 1000000))
		return -EINVAL;
	vp_config.hang_ns = seconds * 1000 * MS;
	return 0;
}
