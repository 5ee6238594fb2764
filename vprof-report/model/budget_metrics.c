#include "model/budget_metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/nearest.h"

#define KEY(name) (1u << VR_KEY_##name)
#define STACKS	  (KEY(FUNCTION) | KEY(MODULE) | KEY(THREAD))

#define HEAP_BY(keys_, name_, quantity_, in_, ...)                                                 \
	{                                                                                          \
		.name = name_, .subject = VR_OF_HEAP, .quantity = VR_Q_##quantity_,                \
		.in = VR_IN_##in_, .keys = STACKS | KEY(LABEL) | (keys_), .bare = VR_KEY_FUNCTION, \
		__VA_ARGS__                                                                        \
	}
#define HEAP(...) HEAP_BY(0, __VA_ARGS__)
/* Of these it is counted, too, how many were made within spans. */
#define MADE(...) HEAP_BY(KEY(SPAN), __VA_ARGS__)
#define LOOP(field_, quantity_, in_, ...)                                                          \
	{                                                                                          \
		.name = "loop", .field = field_, .subject = VR_OF_LOOPS,                           \
		.quantity = VR_Q_##quantity_, .in = VR_IN_##in_,                                   \
		.keys = KEY(LOOP) | KEY(THREAD) | KEY(LABEL) | KEY(SPAN), .bare = VR_KEY_LOOP,     \
		__VA_ARGS__                                                                        \
	}
#define STALL(field_, quantity_, in_, ...)                                                         \
	{                                                                                          \
		.name = "stalls", .field = field_, .subject = VR_OF_STALLS,                        \
		.quantity = VR_Q_##quantity_, .in = VR_IN_##in_,                                   \
		.keys = STACKS | KEY(LOOP) | KEY(CALL) | KEY(CLASS) | KEY(LABEL) | KEY(SPAN),      \
		.bare = VR_KEY_FUNCTION, __VA_ARGS__                                               \
	}
#define LOCK(field_, quantity_, in_, ...)                                                          \
	{                                                                                          \
		.name = "lock", .field = field_, .subject = VR_OF_LOCKS,                           \
		.quantity = VR_Q_##quantity_, .in = VR_IN_##in_,                                   \
		.keys = STACKS | KEY(LOCK) | KEY(LABEL), .bare = VR_KEY_LOCK, __VA_ARGS__          \
	}
#define CALL(name_, field_, quantity_, in_, ...)                                                   \
	{                                                                                          \
		.name = name_, .field = field_, .subject = VR_OF_CALLS,                            \
		.quantity = VR_Q_##quantity_, .in = VR_IN_##in_,                                   \
		.keys = STACKS | KEY(CALL) | KEY(TARGET) | KEY(LOOP) | KEY(LABEL),                 \
		.bare = VR_KEY_CALL, __VA_ARGS__                                                   \
	}
#define SPAN(field_, quantity_, in_, ...)                                                          \
	{                                                                                          \
		.name = "span", .field = field_, .subject = VR_OF_SPANS,                           \
		.quantity = VR_Q_##quantity_, .in = VR_IN_##in_,                                   \
		.keys = KEY(SPAN) | KEY(THREAD) | KEY(LABEL), .bare = VR_KEY_SPAN, __VA_ARGS__     \
	}

#define PERCENTILES(OF)                                                                            \
	OF("p50", PERCENTILE, NS, .share = 0.5), OF("p90", PERCENTILE, NS, .share = 0.9),          \
	    OF("p99", PERCENTILE, NS, .share = 0.99), OF("p999", PERCENTILE, NS, .share = 0.999),  \
	    OF("p9999", PERCENTILE, NS, .share = 0.9999)

static const struct vr_metric metrics[] = {
    HEAP("peak_heap", PEAK_BYTES, BYTES, .whole = 1),
    HEAP("peak_blocks", PEAK_BLOCKS, COUNTS, .whole = 1),
    HEAP("live_bytes", LIVE_BYTES, BYTES, .rate = 0),
    HEAP("live_blocks", LIVE_BLOCKS, COUNTS, .rate = 0),
    MADE("allocs", ALLOCS, COUNTS, .rate = 0),
    HEAP("frees", FREES, COUNTS, .rate = 0),
    MADE("alloc_bytes", ALLOC_BYTES, BYTES, .rate = 0),
    HEAP("freed_bytes", FREED_BYTES, BYTES, .rate = 0),
    HEAP("temporary", TEMPORARY, COUNTS, .rate = 0),
    MADE("allocs_per_s", ALLOCS, COUNTS, .rate = 1),
    HEAP("frees_per_s", FREES, COUNTS, .rate = 1),
    MADE("alloc_bytes_per_s", ALLOC_BYTES, BYTES, .rate = 1),
    PERCENTILES(LOOP),
    LOOP("max", MAX, NS, .rate = 0),
    LOOP("iterations", COUNT, COUNTS, .rate = 0),
    LOOP("events", EVENTS, COUNTS, .rate = 0),
    LOOP("stalls", STALLS, COUNTS, .rate = 0),
    LOOP("busy", TIME, PERCENT, .rate = 0),
    LOOP("idle", IDLE, PERCENT, .rate = 0),
    LOOP("spin", SPIN, PERCENT, .rate = 0),
    STALL("", COUNT, COUNTS, .rate = 0),
    STALL("time", TIME, NS, .of_wall = 1),
    STALL("max", MAX, NS, .rate = 0),
    LOCK("wait", TIME, NS, .of_wall = 1),
    LOCK("waits", COUNT, COUNTS, .rate = 0),
    LOCK("max", MAX, NS, .rate = 0),
    LOCK("timeouts", TIMEOUTS, COUNTS, .rate = 0),
    CALL("blocked", "", COUNT, COUNTS, .rate = 0),
    CALL("blocked", "time", TIME, NS, .of_wall = 1),
    CALL("blocked", "max", MAX, NS, .rate = 0),
    CALL("calls", "", CALLS, COUNTS, .rate = 0),
    CALL("calls", "failed", FAILED, COUNTS, .rate = 0),
    CALL("calls", "bytes", TRANSFERRED, BYTES, .rate = 0),
    CALL("calls", "timeouts", TIMEOUTS, COUNTS, .rate = 0),
    PERCENTILES(SPAN),
    SPAN("max", MAX, NS, .rate = 0),
    SPAN("count", COUNT, COUNTS, .rate = 0),
    SPAN("time", TIME, NS, .of_wall = 1),
    SPAN("allocs", ALLOCS, COUNTS, .rate = 0),
    SPAN("alloc_bytes", ALLOC_BYTES, BYTES, .rate = 0),
};
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* Of a verdict, and of all that are a leak. */
static const struct vr_metric amounts[] = {
    HEAP("_bytes", BYTES, BYTES, .whole = 1),
    HEAP("_blocks", BLOCKS, COUNTS, .whole = 1),
    HEAP("_sites", SITES, COUNTS, .whole = 1),
};
#define AMOUNTS (sizeof(amounts) / sizeof(amounts[0]))

static const char *const key_name[VR_KEYS] = {
    [VR_KEY_FUNCTION] = "function", [VR_KEY_MODULE] = "module", [VR_KEY_THREAD] = "thread",
    [VR_KEY_LOOP] = "loop",	    [VR_KEY_LOCK] = "lock",	[VR_KEY_CALL] = "call",
    [VR_KEY_TARGET] = "target",	    [VR_KEY_CLASS] = "class",	[VR_KEY_LABEL] = "label",
    [VR_KEY_SPAN] = "span",
};

const char *vr_budget_key_name(enum vr_budget_key key)
{
	return key_name[key];
}

static int is(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

int vr_budget_key_of(const char *name, size_t length)
{
	for (int i = 0; i < VR_KEYS; i++)
		if (is(key_name[i], name, length))
			return i;
	return -1;
}

/* The verdicts of that name as a mask; 0: there is no budget of them. */
static unsigned verdicts_of(const char *name, size_t length)
{
	int verdict = vr_verdict_of(name, length);

	if (is("leak", name, length))
		return vr_verdicts_leak(0);
	if (verdict < 0 || vr_verdict_facts((enum vr_verdict)verdict)->by == VR_BY_NOBODY)
		return 0;
	return 1u << verdict;
}

static const struct vr_metric *of_verdicts(const char *name, size_t length, unsigned *verdicts)
{
	for (size_t i = 0; i < AMOUNTS; i++) {
		size_t tail = strlen(amounts[i].name);

		if (length <= tail || memcmp(name + length - tail, amounts[i].name, tail) != 0)
			continue;
		*verdicts = verdicts_of(name, length - tail);
		if (*verdicts)
			return &amounts[i];
	}
	return NULL;
}

/* Every name there is goes through `near`. */
static void near_names(struct vr_nearest *near)
{
	for (size_t i = 0; i < METRICS; i++)
		vr_nearest_try(near, metrics[i].name);
	for (int v = 0; v < VR_VERDICTS; v++) {
		if (vr_verdict_facts((enum vr_verdict)v)->by == VR_BY_NOBODY)
			continue;
		for (size_t i = 0; i < AMOUNTS; i++) {
			char *name = vr_xprintf("%s%s", vr_verdict_name((enum vr_verdict)v),
						amounts[i].name);

			vr_nearest_try(near, name);
			free(name);
		}
	}
}

static int no_such_budget(const char *name, size_t length, struct vr_err *err)
{
	struct vr_nearest near = {0};

	vr_nearest_begin(&near, name, length);
	near_names(&near);
	if (vr_nearest_found(&near))
		vr_err_set(err, -EINVAL, "no budget '%.*s'; did you mean %s?", (int)length, name,
			   vr_nearest_found(&near));
	else
		vr_err_set(err, -EINVAL,
			   "no budget '%.*s'; there are peak_heap, live_bytes, allocs, loop.p99, "
			   "stalls, lock.wait, blocked, lost_blocks ...: vprof-report check --help",
			   (int)length, name);
	vr_nearest_end(&near);
	return -EINVAL;
}

static int no_such_field(const char *name, size_t length, const char *field, size_t field_length,
			 struct vr_err *err)
{
	char *fields = vr_xstrdup("");

	for (size_t i = 0; i < METRICS; i++)
		if (is(metrics[i].name, name, length) && metrics[i].field && metrics[i].field[0])
			fields = vr_xappend(fields, " .%s", metrics[i].field);
	if (!*fields)
		vr_err_set(err, -EINVAL, "%.*s has no fields", (int)length, name);
	else if (field)
		vr_err_set(err, -EINVAL, "%.*s has no field '%.*s'; it has%s", (int)length, name,
			   (int)field_length, field, fields);
	else
		vr_err_set(err, -EINVAL, "%.*s needs a field:%s", (int)length, name, fields);
	free(fields);
	return -EINVAL;
}

int vr_metric_find(const char *name, size_t length, const char *field, size_t field_length,
		   struct vr_metric *metric, unsigned *verdicts, int *in_field, struct vr_err *err)
{
	const struct vr_metric *found = of_verdicts(name, length, verdicts);
	int known = found != NULL;

	*in_field = 0;
	if (found && field)
		found = NULL;
	for (size_t i = 0; i < METRICS && !found; i++) {
		const char *has = metrics[i].field;

		if (!is(metrics[i].name, name, length))
			continue;
		known = 1;
		if (field ? has && has[0] && is(has, field, field_length) : !has || !has[0])
			found = &metrics[i];
	}
	if (found) {
		*metric = *found;
		return 0;
	}
	*in_field = known;
	return known ? no_such_field(name, length, field, field_length, err)
		     : no_such_budget(name, length, err);
}
