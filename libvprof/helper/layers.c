#include "helper/layers.h"
#include "base/fmt.h"
#include "base/state.h"
#include "helper/engine.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <string.h>

#define ALL                                                                                        \
	(VPROF_LAYER_SCHEDSTAT | VPROF_LAYER_SWITCHES | VPROF_LAYER_FAULTS | VPROF_LAYER_CALLS)

static uint32_t have, noted;
static int has_noted;

void vp_layers_init(void)
{
	have = noted = 0;
	has_noted = 0;
}

void vp_layers_have(uint32_t layers)
{
	have |= layers;
}

static void add(struct vp_text *text, const char *what, const char *why)
{
	if (text->len)
		vp_text_str(text, "; ");
	vp_text_str(text, what);
	vp_text_str(text, " (");
	vp_text_str(text, why);
	vp_text_str(text, ")");
}

static void note_missing(uint32_t missing)
{
	const char *why = vp_engine_why_no_switches();
	struct vp_text text;
	char buf[256];

	vp_text_init(&text, buf, sizeof(buf));
	if (missing & VPROF_LAYER_SWITCHES)
		add(&text, "context switches", why ? why : "no thread has such events");
	else if (missing & VPROF_LAYER_FAULTS)
		add(&text, "page faults", "no events for them");
	if (missing & VPROF_LAYER_SCHEDSTAT)
		add(&text, "run delay", "/proc/PID/schedstat tells nothing");
	if (missing & VPROF_LAYER_CALLS)
		add(&text, "calls that may block", "waits=off");
	vp_file.header->layers_note = text.len ? vp_string_add(buf, strlen(buf)) : 0;
}

void vp_layers_note(void)
{
	if (has_noted && have == noted)
		return;
	noted = have;
	has_noted = 1;
	__atomic_fetch_or(&vp_file.header->layers, have, __ATOMIC_RELAXED);
	note_missing(ALL & ~have);
}
