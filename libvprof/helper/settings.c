#include "helper/settings.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/glibc.h"
#include "base/state.h"
#include "helper/engine.h"
#include "helper/pause.h"
#include "helper/stalls.h"
#include "leak/search.h"
#include "ring/file.h"
#include "track/wait.h"

#include <errno.h>
#include <string.h>

/* Each makes of vp_config what the process goes by.  NULL, or why it cannot. */
static const char *change_cpu(void)
{
	if (!vp_config.cpu_hz)
		return "cpu=off in mid-run would leave CPU time without samples: use pause";
	if (vp_file.header->engine == VPROF_ENGINE_OFF)
		return "cpu: this process was started without CPU samples";
	return vp_engine_set_rate() == 0 ? NULL : "cpu: more than this engine can";
}

static const char *change_locks(void)
{
	if (vp_config.locks && !vp_glibc_knows(VP_GLIBC_LOCKS))
		return "locks: the locks of this libc are not known";
	vp_control.lock_kinds = vp_config.locks ? VP_LOCK_KINDS : 0;
	return NULL;
}

static const char *change_waits(void)
{
	vp_control.calls = vp_config.waits != 0;
	vp_control.pauses++;
	return NULL;
}

static const char *change_loop(void)
{
	vp_control.loops = vp_config.loop != 0;
	vp_control.pauses++;
	return NULL;
}

static const char *change_stall(void)
{
	vp_stalls_set();
	return NULL;
}

static const char *change_tick(void)
{
	vp_file.header->tick_ms = vp_config.tick_ms;
	return NULL;
}

static const char *change_duration(void)
{
	vp_pause_limit(vp_config.duration_ns);
	vp_file.header->duration_ns = vp_config.duration_ns;
	return NULL;
}

static const char *change_leakscan_every(void)
{
	if (vp_control.heap != VPROF_HEAP_EXACT || !vp_config.leakscan)
		return "leakscan_every: needs heap=exact, and leakscan=exit or term";
	vp_file.header->scan_every_s = vp_config.leakscan_every_s;
	vp_leak_search_every();
	return NULL;
}

/* Other keys that may change are looked at where they matter. */
static const struct {
	const char *key;
	const char *(*change)(void);
} changes[] = {
    {"cpu", change_cpu},   {"locks", change_locks},	  {"waits", change_waits},
    {"loop", change_loop}, {"stall", change_stall},	  {"hang", change_stall},
    {"tick", change_tick}, {"duration", change_duration}, {"leakscan_every", change_leakscan_every},
};

int vp_settings_change(const char *text, struct vp_text *why)
{
	static struct vp_config before; /* too large for a stack */
	const char *refusal = NULL;
	int err;

	before = vp_config;
	err = vp_config_change(text, why);
	for (size_t i = 0; !err && i < sizeof(changes) / sizeof(changes[0]); i++) {
		size_t len = strlen(changes[i].key);

		if (strncmp(text, changes[i].key, len) == 0 && text[len] == '=')
			refusal = changes[i].change();
	}
	if (refusal) {
		vp_text_str(why, refusal);
		err = -EOPNOTSUPP;
	}
	if (err)
		vp_config = before;
	return err;
}
