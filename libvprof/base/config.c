#include "base/config.h"
#include "base/config_stall.h"
#include "base/fmt.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

struct vp_config vp_config;

struct option {
	const char *key, *values, *fallback, *help;
	int (*set)(const char *value, size_t len);
};

static int set_out(const char *value, size_t len)
{
	if (!len || len >= sizeof(vp_config.out))
		return -EINVAL;
	memcpy(vp_config.out, value, len);
	vp_config.out[len] = '\0';
	return 0;
}

static int set_size(const char *value, size_t len)
{
	int err = vp_parse_bytes(value, len, &vp_config.size_bytes);

	if (err)
		return err;
	return vp_config.size_bytes < VPROF_FILE_MIN || vp_config.size_bytes > 64ull << 30 ? -EINVAL
											   : 0;
}

static int is(const char *value, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(value, word, len) == 0;
}

static int set_cpu(const char *value, size_t len)
{
	uint64_t hz;

	if (is(value, len, "off")) {
		vp_config.cpu_hz = 0;
		return 0;
	}
	if (vp_parse_u64(value, len, &hz) || hz < 1 || hz > 20000)
		return -EINVAL;
	vp_config.cpu_hz = (uint32_t)hz;
	return 0;
}

static int set_heap(const char *value, size_t len)
{
	if (len > 7 && memcmp(value, "sample=", 7) == 0) {
		vp_config.heap = VPROF_HEAP_SAMPLE;
		if (vp_parse_bytes(value + 7, len - 7, &vp_config.heap_sample_bytes))
			return -EINVAL;
		return vp_config.heap_sample_bytes < 64 || vp_config.heap_sample_bytes > 1ull << 36
			   ? -EINVAL
			   : 0;
	}
	if (is(value, len, "exact"))
		vp_config.heap = VPROF_HEAP_EXACT;
	else if (is(value, len, "off"))
		vp_config.heap = VPROF_HEAP_OFF;
	else
		return -EINVAL;
	return 0;
}

static int set_tick(const char *value, size_t len)
{
	uint64_t ms;

	if (vp_parse_u64(value, len, &ms) || ms < 10 || ms > 60000)
		return -EINVAL;
	vp_config.tick_ms = (uint32_t)ms;
	return 0;
}

static int set_switch(const char *value, size_t len, int *out)
{
	if (is(value, len, "on") || is(value, len, "1"))
		*out = 1;
	else if (is(value, len, "off") || is(value, len, "0"))
		*out = 0;
	else
		return -EINVAL;
	return 0;
}

#define SWITCH(key)                                                                                \
	static int set_##key(const char *value, size_t len)                                        \
	{                                                                                          \
		return set_switch(value, len, &vp_config.key);                                     \
	}
SWITCH(waits)
SWITCH(loop)
SWITCH(follow_fork)
SWITCH(follow_exec)
SWITCH(guard)

static int set_locks(const char *value, size_t len)
{
	if (!is(value, len, "order"))
		return set_switch(value, len, &vp_config.locks);
	vp_config.locks = VP_LOCKS_ORDER;
	return 0;
}

static int set_leakscan(const char *value, size_t len)
{
	vp_config.leakscan = is(value, len, "exit")   ? VPROF_SCAN_WHEN_EXIT
			     : is(value, len, "term") ? VPROF_SCAN_WHEN_EXIT | VPROF_SCAN_WHEN_TERM
						      : 0;
	return vp_config.leakscan || is(value, len, "off") ? 0 : -EINVAL;
}

static int set_number(const char *value, size_t len, uint64_t least, uint64_t most, uint32_t *out)
{
	uint64_t number;

	if (vp_parse_u64(value, len, &number) || number < least || number > most)
		return -EINVAL;
	*out = (uint32_t)number;
	return 0;
}

static int set_leakscan_every(const char *value, size_t len)
{
	vp_config.leakscan_every_s = 0;
	return is(value, len, "never")
		   ? 0
		   : set_number(value, len, 1, 1000000, &vp_config.leakscan_every_s);
}

static int set_leakscan_wait(const char *value, size_t len)
{
	return set_number(value, len, 10, 60000, &vp_config.leakscan_wait_ms);
}

/* A preset of the others: given before or after them, it comes first. */
static int set_mode(const char *value, size_t len)
{
	return is(value, len, "exact") || is(value, len, "ci") ? 0 : -EINVAL;
}

static int set_start(const char *value, size_t len)
{
	vp_config.start_paused = is(value, len, "paused");
	return vp_config.start_paused || is(value, len, "now") ? 0 : -EINVAL;
}

#define SECONDS_MOST 10000000u

static int set_delay(const char *value, size_t len)
{
	return vp_parse_seconds(value, len, SECONDS_MOST, &vp_config.delay_ns);
}

static int set_duration(const char *value, size_t len)
{
	uint64_t ns = 0;

	if (!is(value, len, "end") &&
	    (vp_parse_seconds(value, len, SECONDS_MOST, &ns) || ns < 1000000))
		return -EINVAL;
	vp_config.duration_ns = ns;
	return 0;
}

static int set_args(const char *value, size_t len)
{
	if (is(value, len, "masked"))
		vp_config.args = VPROF_ARGS_MASKED;
	else if (is(value, len, "all"))
		vp_config.args = VPROF_ARGS_ALL;
	else if (is(value, len, "off"))
		vp_config.args = VPROF_ARGS_NONE;
	else
		return -EINVAL;
	return 0;
}

static int set_trace(const char *value, size_t len)
{
	if (!len || len >= sizeof(vp_config.trace))
		return -EINVAL;
	if (is(value, len, "off"))
		len = 0;
	memcpy(vp_config.trace, value, len);
	vp_config.trace[len] = '\0';
	return 0;
}

static int set_engine(const char *value, size_t len)
{
	if (is(value, len, "auto"))
		vp_config.engine = VP_ENGINE_AUTO;
	else if (is(value, len, "perf"))
		vp_config.engine = VP_ENGINE_PERF;
	else if (is(value, len, "timer"))
		vp_config.engine = VP_ENGINE_TIMER;
	else
		return -EINVAL;
	return 0;
}

static int set_help(const char *value, size_t len)
{
	return is(value, len, "1") ? -ECANCELED : -EINVAL;
}

/* Also what the man page and the README's table are made of. */
static const struct option options[] = {
    {"out", "PATH", "%e.%p.vprof",
     "file to write; %p pid, %e program, %t unix time, %{NAME} environment variable", set_out},
    {"size", "BYTES", "64M",
     "bytes the file may grow to, 1M or more, with K, M, G; at first it takes some 60 KiB, and "
     "never more than a quarter of the free room",
     set_size},
    {"cpu", "HZ|off", "250", "CPU samples a second of CPU time, 1 to 20000", set_cpu},
    {"heap", "exact|sample=BYTES|off", "exact",
     "heap accounting; sample: one block in so many bytes, 64 or more, totals estimated", set_heap},
    {"locks", "on|order|off", "on",
     "waits for locks, conditions and threads, and the order in which locks are taken; order: of "
     "every lock under another, not of a part where there are many",
     set_locks},
    {"waits", "on|off", "on", "calls that may block: reads, sleeps, polls and the like", set_waits},
    {"loop", "on|off", "on", "loops among them, and their iterations; needs waits=on", set_loop},
    {"stall", "MS|auto|off", "10",
     "iterations of a loop as long as this, 1 to 60000 milliseconds, are looked at while they "
     "last; auto: 20 times the loop's median, from 1 to 10, learned in its first two seconds",
     vp_config_set_stall},
    {"hang", "SECONDS|off", "10",
     "after which all threads are dumped into the record, 1 to 1000000: a loop's iteration, or "
     "a wait for a lock; a deadlock is after one",
     vp_config_set_hang},
    {"tick", "MS", "100", "milliseconds between timeline points, 10 to 60000", set_tick},
    {"start", "now|paused", "now",
     "paused: nothing is recorded until `vprof-report ctl FILE resume`, or vprof_start()",
     set_start},
    {"delay", "SECONDS", "0", "seconds before recording begins; fractions such as 0.5 are fine",
     set_delay},
    {"duration", "SECONDS|end", "end",
     "seconds of recording, pauses not counted; the program itself runs on", set_duration},
    {"mode", "exact|ci", "exact", "presets of the others: ci is leakscan=term", set_mode},
    {"leakscan", "exit|term|off", "exit",
     "look at the end for blocks that nothing points to, heap=exact only; term: also where "
     "SIGTERM, SIGINT or SIGHUP ends the process",
     set_leakscan},
    {"leakscan_every", "SECONDS", "never",
     "look every so many seconds, too, 1 to 1000000; for processes that are killed",
     set_leakscan_every},
    {"leakscan_wait", "MS", "2000", "with leakscan=term: what the end may wait for it, 10 to 60000",
     set_leakscan_wait},
    {"engine", "auto|perf|timer", "auto",
     "how CPU samples are taken: perf is a ring of the kernel without signals, timer one for "
     "each thread",
     set_engine},
    {"trace", "GLOB,...|off", "off",
     "functions whose calls are counted, of objects built with -fpatchable-function-entry=5 or "
     "more; names as in the symbol table, or as C++ has them, without arguments",
     set_trace},
    {"follow_fork", "on|off", "on", "profile forked children, each in a file of its own",
     set_follow_fork},
    {"follow_exec", "on|off", "on", "profile programs this one executes", set_follow_exec},
    {"args", "masked|all|off", "masked",
     "what is recorded of the program's arguments; masked: what looks like a secret as ***",
     set_args},
    {"guard", "on|off", "on",
     "a handler for SIGBUS, so that the program lives on when somebody cuts the record", set_guard},
    {"help", "1", NULL, "print this list", set_help},
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* What may be changed while the process runs (helper/settings.c). */
static const char *const live[] = {
    "cpu",  "locks",	"waits",	  "loop",	   "stall",	 "hang",
    "tick", "duration", "leakscan_every", "leakscan_wait", "follow_fork"};
#define LIVE_COUNT (sizeof(live) / sizeof(live[0]))

static void print_help(void)
{
	struct vp_log log;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		vp_log_begin(&log);
		vp_text_str(&log.text, options[i].key);
		vp_text_char(&log.text, '=');
		vp_text_str(&log.text, options[i].values);
		vp_text_str(&log.text, "  ");
		vp_text_str(&log.text, options[i].help);
		if (options[i].fallback) {
			vp_text_str(&log.text, " (default ");
			vp_text_str(&log.text, options[i].fallback);
			vp_text_char(&log.text, ')');
		}
		vp_log_end(&log);
	}
}

static void list_keys(struct vp_text *text)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		vp_text_char(text, ' ');
		vp_text_str(text, options[i].key);
	}
}

static int complain_key(const char *key, size_t len)
{
	struct vp_log log;

	vp_log_begin(&log);
	vp_text_str(&log.text, "VPROF_OPTIONS: unknown key '");
	vp_text_mem(&log.text, key, len > 64 ? 64 : len);
	vp_text_str(&log.text, "' (known:");
	list_keys(&log.text);
	vp_text_str(&log.text, "); not profiling");
	vp_log_end(&log);
	return -EINVAL;
}

/* "KEY: bad value 'VALUE' (VALUES: HELP" */
static void describe_value(struct vp_text *text, const struct option *option, const char *value,
			   size_t len)
{
	vp_text_str(text, option->key);
	vp_text_str(text, ": bad value '");
	vp_text_mem(text, value, len > 200 ? 200 : len);
	vp_text_str(text, "' (");
	vp_text_str(text, option->values);
	vp_text_str(text, ": ");
	vp_text_str(text, option->help);
}

static int complain_value(const struct option *option, const char *value, size_t len)
{
	struct vp_log log;

	vp_log_begin(&log);
	vp_text_str(&log.text, "VPROF_OPTIONS: ");
	describe_value(&log.text, option, value, len);
	vp_text_str(&log.text, "; known keys:");
	list_keys(&log.text);
	vp_text_str(&log.text, "); not profiling");
	vp_log_end(&log);
	return -EINVAL;
}

static const struct option *find(const char *key, size_t len)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (is(key, len, options[i].key))
			return &options[i];
	return NULL;
}

static int apply(const char *key, size_t key_len, const char *value, size_t len)
{
	const struct option *option = find(key, key_len);
	int err;

	if (!option)
		return complain_key(key, key_len);
	err = option->set(value, len);
	if (err == -ECANCELED)
		print_help();
	else if (err)
		complain_value(option, value, len);
	return err;
}

/* One "key=value" off the front of *text.  Returns 1 when there was one. */
static int next_pair(const char **text, const char **key, size_t *key_len, const char **value,
		     size_t *len)
{
	const char *at = *text;
	char quote = 0;

	while (*at == ':')
		at++;
	if (!*at)
		return 0;
	*key = at;
	at += strcspn(at, "=:");
	*key_len = (size_t)(at - *key);
	if (*at == '=')
		at++;
	if (*at == '"' || *at == '\'')
		quote = *at++;
	*value = at;
	while (*at && *at != (quote ? quote : ':'))
		at++;
	*len = (size_t)(at - *value);
	if (quote && *at)
		at++;
	*text = at;
	return 1;
}

const char *vp_config_lookup(char **environment, const char *name, size_t len)
{
	for (char **entry = environment; entry && *entry; entry++) {
		if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
			return *entry + len + 1;
	}
	return NULL;
}

/* Does the last mode= say ci? */
static int has_mode_ci(const char *text)
{
	const char *key, *value;
	size_t key_len, len;
	int ci = 0;

	while (text && next_pair(&text, &key, &key_len, &value, &len))
		if (is(key, key_len, "mode"))
			ci = is(value, len, "ci");
	return ci;
}

int vp_config_read(char **environment)
{
	const char *text = vp_config_lookup(environment, "VPROF_OPTIONS", 13);
	const char *out = vp_config_lookup(environment, "VPROF_OUT", 9);
	const char *key, *value;
	size_t key_len, len;

	vp_config.options = text ? text : "";
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (options[i].fallback)
			options[i].set(options[i].fallback, strlen(options[i].fallback));
	}
	if (has_mode_ci(text))
		set_leakscan("term", 4);
	if (out && *out && apply("out", 3, out, strlen(out)))
		return -EINVAL;
	while (text && next_pair(&text, &key, &key_len, &value, &len)) {
		int err = apply(key, key_len, value, len);

		if (err)
			return err;
	}
	return 0;
}

static void say_live(struct vp_text *why, const char *what, const char *key, size_t len)
{
	vp_text_str(why, what);
	vp_text_mem(why, key, len);
	vp_text_str(why, "; what can change while a program runs:");
	for (size_t i = 0; i < LIVE_COUNT; i++) {
		vp_text_char(why, ' ');
		vp_text_str(why, live[i]);
	}
}

int vp_config_change(const char *text, struct vp_text *why)
{
	size_t key_len = strcspn(text, "=");
	const struct option *option = find(text, key_len);
	const char *value = text + key_len + (text[key_len] == '=');
	size_t i = 0;

	if (!option) {
		say_live(why, "there is no key ", text, key_len);
		return -ENOENT;
	}
	while (i < LIVE_COUNT && strcmp(live[i], option->key) != 0)
		i++;
	if (i == LIVE_COUNT) {
		say_live(why, "fixed when the program starts: ", text, key_len);
		return -EPERM;
	}
	if (option->set(value, strlen(value)) == 0)
		return 0;
	describe_value(why, option, value, strlen(value));
	vp_text_char(why, ')');
	return -EINVAL;
}
