/* From the first instruction to a recording process. */
#include "base/clock.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/glibc.h"
#include "base/log.h"
#include "base/private_heap.h"
#include "base/proc.h"
#include "base/real.h"
#include "base/secrets.h"
#include "base/service.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/task.h"
#include "base/tracker.h"
#include "base/trial.h"
#include "base/valgrind.h"
#include "base/vdso.h"
#include "control/control.h"
#include "control/guard.h"
#include "control/operators.h"
#include "control/roads.h"
#include "control/term.h"
#include "control/trace.h"
#include "control/trackers.h"
#include "helper/bounds.h"
#include "helper/engine.h"
#include "helper/helper.h"
#include "helper/pause.h"
#include "helper/title.h"
#include "leak/search.h"
#include "ring/events.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "stack/learn.h"
#include "stack/modules.h"
#include "stack/rows.h"
#include "stack/trie.h"
#include "thread/threads.h"
#include "track/cpu.h"
#include "track/heap.h"
#include "track/mark.h"
#include "track/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

char **vp_environment;

static char exe[4096];		/* path of the executable; empty: not known */
static char program[256];	/* base name of the executable, for %e */
static uint64_t parent_mono_ns; /* when recording began in the process that forked this one */

static void find_program(void)
{
	long len = vp_sys(SYS_readlink, "/proc/self/exe", exe, sizeof(exe) - 1);
	struct vp_text name;
	const char *base;

	exe[len > 0 ? len : 0] = '\0';
	base = strrchr(exe, '/');
	base = base ? base + 1 : exe;
	vp_text_init(&name, program, sizeof(program));
	vp_text_str(&name, *base ? base : "program");
}

static uint32_t string_of_file(const char *path)
{
	char text[128];
	long len = vp_sys_read_file(path, text, sizeof(text));

	while (len > 0 && text[len - 1] == '\n')
		len--;
	return len < 0 ? VPROF_NONE : vp_string_add(text, (size_t)len);
}

/* What looks like a secret never comes into the file. */
static void write_arguments(struct vp_text *text, const char *words, size_t len)
{
	if (vp_config.args == VPROF_ARGS_MASKED)
		vp_secrets_mask(text, words, len);
	else if (vp_config.args == VPROF_ARGS_NONE)
		vp_text_str(text, words);
	else
		for (size_t i = 0; i < len; i++)
			vp_text_char(text, words[i] ? words[i] : ' ');
}

/* The arguments, and the first of them by itself: the name the program was called by,
 * which is not always its file's (links, applets of busybox).  A forked child has that
 * from before: the parent may have written a title over its arguments. */
static void describe_arguments(struct vprof_header *header, int forked)
{
	static char called[256], words[4001], line[4001]; /* too large for a small stack */
	long len = vp_sys_read_file("/proc/self/cmdline", words, sizeof(words));
	struct vp_text text;

	header->cmdline = VPROF_NONE;
	header->called = 0;
	header->args = vp_config.args;
	while (len > 0 && (words[len - 1] == '\0' || words[len - 1] == '\n'))
		words[--len] = '\0';
	if (len <= 0)
		return;
	if (!forked) {
		vp_text_init(&text, called, sizeof(called));
		vp_text_str(&text, words);
	}
	header->called = vp_string_add(called, strlen(called));
	if (header->called == VPROF_NONE)
		header->called = 0;
	vp_text_init(&text, line, sizeof(line));
	write_arguments(&text, words, (size_t)len);
	header->cmdline = vp_string_add(line, text.len);
	for (long i = 0; i < len; i++) {
		if (words[i] == '\0')
			words[i] = ' ';
	}
	while (len > 0 && words[len - 1] == ' ')
		len--;
	vp_title_start(words, (size_t)len);
}

static uint32_t string_of_cwd(void)
{
	char text[4096];
	long len = vp_sys(SYS_getcwd, text, sizeof(text), 0);

	return len <= 0 ? VPROF_NONE : vp_string_add(text, strlen(text));
}

/* CPUs this process may run on. */
static uint32_t count_cpus(void)
{
	uint64_t mask[128];
	long bytes = vp_sys(SYS_sched_getaffinity, 0, sizeof(mask), mask);
	uint32_t count = 0;

	for (long i = 0; i < bytes / 8; i++)
		count += (uint32_t)__builtin_popcountll(mask[i]);
	return count;
}

/* Suppressions that the program brings along for LeakSanitizer, which calls this
 * function as early as we do.  Asked once: a forked child has them from its parent. */
static uint32_t string_of_suppressions(void)
{
	static const char *text;
	static int asked;
	void *found;
	size_t len;

	if (!asked) {
		asked = 1;
		found = vp_real_default("__lsan_default_suppressions");
		if (found)
			text = ((const char *(*)(void))found)();
	}
	len = text ? strnlen(text, 4096) : 0;
	/* Half a pattern would match too much. */
	if (len == 4096)
		while (len > 0 && text[len - 1] != '\n')
			len--;
	return len ? vp_string_add(text, len) : VPROF_NONE;
}

static void describe_process(int forked)
{
	struct vprof_header *header = vp_file.header;
	struct utsname host;

	header->start_real_ns = vp_vdso_ns(CLOCK_REALTIME);
	header->start_mono_ns = vp_clock_start_mono();
	header->exe = *exe ? vp_string_add(exe, strlen(exe)) : VPROF_NONE;
	header->cwd = string_of_cwd();
	describe_arguments(header, forked);
	header->boot_id = string_of_file("/proc/sys/kernel/random/boot_id");
	header->options = vp_string_add(vp_config.options, strlen(vp_config.options));
	header->library_version = vp_string_add(VPROF_VERSION_STRING, strlen(VPROF_VERSION_STRING));
	header->host = VPROF_NONE;
	if (vp_sys(SYS_uname, &host, 0, 0) == 0)
		header->host = vp_string_add(host.nodename, strlen(host.nodename));
	header->engine_note = VPROF_NONE;
	header->lsan_suppressions = string_of_suppressions();
	header->scan_note = VPROF_NONE;
	header->scan_rules = 1;
	header->scan_when = (uint32_t)vp_config.leakscan;
	header->scan_every_s = vp_config.leakscan_every_s;
	if (vp_config.heap != VPROF_HEAP_EXACT)
		vp_leak_search_note("not searched: only heap=exact knows every block");
	else if (!vp_config.leakscan)
		vp_leak_search_note("not searched: leakscan=off");
	header->heap_mode = vp_config.heap;
	header->heap_sample_bytes =
	    vp_config.heap == VPROF_HEAP_SAMPLE ? vp_config.heap_sample_bytes : 0;
	header->cpu_hz = vp_config.cpu_hz;
	header->tick_ms = vp_config.tick_ms;
	header->flags |= forked ? VPROF_F_FORKED : 0;
	header->parent_mono_ns = forked ? parent_mono_ns : 0;
	header->cpu_count = count_cpus();
}

/* Whose malloc does the program use?  One of its own is never seen by us, and
 * tcmalloc's and jemalloc's operator new does not go through malloc: its calls
 * are redirected, and the flag tells that this did not work everywhere. */
static void look(void *arg)
{
	void *used = vp_real_default("malloc"), *plus = vp_real_default("_Znwm");
	const struct vp_module *own, *next, *maker;
	uint32_t *flags = arg;

	own = used ? vp_module_find((uint64_t)(uintptr_t)used) : NULL;
	next = vp_module_find((uint64_t)(uintptr_t)vp_real.malloc);
	maker = plus ? vp_module_find((uint64_t)(uintptr_t)plus) : NULL;
	if (own && own->id != vp_module_self && own != next)
		*flags |= VPROF_F_OWN_MALLOC;
	if (!maker || maker != next)
		return;
	if (*flags & VPROF_F_OWN_MALLOC || vp_config.heap == VPROF_HEAP_OFF ||
	    vp_operators_patch(next) != 0)
		*flags |= VPROF_F_OPERATOR_NEW_BYPASS;
}

/* Looked up once: in a forked child dlsym would walk the loader's lists as a
 * thread of the parent left them, perhaps in the middle of a dlclose. */
static void note_allocator(void)
{
	static uint32_t flags;
	static int looked;

	if (!looked)
		vp_service(look, &flags);
	looked = 1;
	vp_file.header->flags |= flags;
}

/* What is off because libc is not as we know it. */
static void note_libc(void)
{
	char text[512];
	uint32_t id;

	if (!vp_glibc.unlike)
		return;
	vp_glibc_text(text, sizeof(text));
	id = vp_string_add(text, strlen(text));
	if (id != VPROF_NONE)
		vp_file.header->libc_unlike = id;
}

/* Said once: children have the same limit. */
static void say_less_room(void)
{
	static int said;
	struct rlimit64 limit;
	struct vp_log log;

	if (said || vp_sys6(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) != 0 ||
	    limit.rlim_cur / 4 >= vp_config.size_bytes)
		return;
	said = 1;
	vp_log_begin(&log);
	vp_text_str(&log.text, "the address space is limited: the record ends at ");
	vp_text_u64(&log.text, vp_file.bytes >> 10);
	vp_text_str(&log.text, " KiB instead of ");
	vp_text_u64(&log.text, vp_config.size_bytes >> 10);
	vp_log_end(&log);
}

/* What records elsewhere; VPROF_OPTIONS has the last word on that. */
static const char *another_place(void)
{
	if (strstr(vp_config.options, "out="))
		return "out=DIRECTORY/%e.%p.vprof in VPROF_OPTIONS (vprof-run: --out DIRECTORY) "
		       "records elsewhere";
	if (strncmp(vp_file.path, "/tmp/", 5) == 0)
		return "VPROF_OUT=DIRECTORY/%e.%p.vprof records elsewhere";
	return "VPROF_OUT=/tmp/%e.%p.vprof records elsewhere";
}

/* What is in the way of a record, and what to do about it. */
static void say_no_record(int err)
{
	const char *why = strerrordesc_np(-err), *fix = another_place();
	struct vp_log log;

	switch (err) {
	case -EEXIST:
		why = "something that is not a vprof file is there";
		break;
	case -EPERM:
		why = "the file there is somebody else's";
		break;
	case -ENOMEM:
		why = "the address space limit leaves too little room";
		fix = "ulimit -v unlimited, or 64 MiB more, leaves enough";
		break;
	case -EFBIG:
		why = "the file size limit is below 1M";
		fix = "ulimit -f unlimited lifts it";
		break;
	case -ENOSPC:
	case -EDQUOT:
		why = "no space is left there (4 MiB are enough)";
		break;
	}
	vp_log_begin(&log);
	vp_text_str(&log.text, "cannot record to ");
	vp_text_str(&log.text, vp_file.path);
	vp_text_str(&log.text, ": ");
	vp_text_str(&log.text, why ? why : "unknown error");
	vp_text_str(&log.text, "; not profiling. ");
	vp_text_str(&log.text, fix);
	vp_log_end(&log);
}

static int open_at(int forked, int here, int *fd)
{
	int err = vp_config_path(vp_file.path, sizeof(vp_file.path), vp_environment, program,
				 forked, here);

	vp_file.unique = vp_config.path_has_pid;
	return err ? err : vp_file_create(vp_config.size_bytes, fd);
}

/* A forked child writes beside its parent, wherever it has gone since (servers go to their
 * data), or where it is if it may not. */
static int open_file(int forked, int *fd)
{
	int err = open_at(forked, !forked, fd);

	if (err && forked)
		err = open_at(forked, 1, fd);
	if (err)
		say_no_record(err);
	else
		say_less_room();
	return err;
}

/* Context: busy guard held, one thread. */
static void start_recording(int forked, int fd)
{
	vp_control.pid = vp_sys_pid();
	vp_control.alive = 1;
	describe_process(forked);
	if (forked)
		vp_modules_fork_child();
	note_allocator();
	note_libc();
	vp_pause_start(forked);
	if (forked)
		vp_roads_fork_child();
	else
		vp_roads_init();
	vp_thread_join(NULL);
	vp_trace_start(forked);
	if (vp_helper_start(fd) != 0) {
		vp_file.header->flags |= VPROF_F_NO_HELPER;
		vp_log_line("no helper: no timeline and no perf engine");
		vp_pause_without_helper(1);
	}
	vp_sys_close(fd);
	vp_engine_fall_back();
	vp_control.threads = 1;
	vp_control.lock_kinds =
	    vp_config.locks && vp_glibc_knows(VP_GLIBC_LOCKS) ? VP_LOCK_KINDS : 0;
	vp_control.calls = vp_config.waits != 0;
	vp_control.loops = vp_config.loop != 0;
	vp_control.counts = 1;
	vp_control.heap = vp_config.heap;
	vp_control.maps = vp_config.heap != VPROF_HEAP_OFF;
	vp_term_start();
	vp_bounds_begin();
	/* Pairs with a reader of the file. */
	__atomic_store_n(&vp_file.header->state, VPROF_STATE_RUNNING, __ATOMIC_RELEASE);
}

void vp_start_process(int forked)
{
	int fd;

	parent_mono_ns = vp_clock_start_mono();
	vp_clock_start();
	vp_proc_begin();
	if (open_file(forked, &fd) != 0)
		return;
	vp_tables_init();
	if (vp_trackers_init() != 0) {
		vp_sys_close(fd);
		vp_log_line("out of memory; not profiling");
		return;
	}
	start_recording(forked, fd);
}

static void exit_handler(int status, void *arg)
{
	(void)arg;
	vp_finish_process(VPROF_EXIT_EXIT, status, NULL);
}

static void quick_exit_handler(void)
{
	vp_finish_process(VPROF_EXIT_QUICK, -1, NULL);
}

static int prepare_library(void)
{
	if (vp_in_valgrind()) {
		vp_log_line("valgrind runs this program, which no helper can do beside it; not "
			    "profiling");
		return -ENOTSUP;
	}
	if (vp_trial_run() != 0) {
		vp_log_line("a filter kills for system calls that recording needs; not profiling");
		return -EPERM;
	}
	if (vp_private_heap_init() || vp_rows_init()) {
		vp_log_line("out of memory; not profiling");
		return -ENOMEM;
	}
	vp_glibc_learn(); /* asks for the thread's number: not before the trial */
	vp_task_learn();  /* before we open objects of our own; else there is no helper */
	vp_modules_init();
	if (vp_learn_init()) {
		vp_log_line(
		    "cannot load libunwind-x86_64.so.8; not profiling. Install libunwind "
		    "(Debian, Ubuntu: libunwind8; Fedora: libunwind), or name its directory in "
		    "LD_LIBRARY_PATH");
		return -ENOENT;
	}
	vp_sys(SYS_madvise, &vp_control, sizeof(vp_control), MADV_WIPEONFORK);
	return 0;
}

void vp_begin(char **environment, const struct vp_operator_hooks *hooks)
{
	int saved = errno;
	uint32_t never = 1;

	if (getauxval(AT_SECURE))
		goto out;
	vp_real_resolve();
	vp_operators_use(hooks);
	vp_trackers_register();
	vp_tls.busy = 1;
	vp_environment = environment;
	if (vp_config_read(environment) == 0 && prepare_library() == 0) {
		find_program();
		if (!vp_config.follow_exec)
			vp_config_unload_env(environment);
		/* Registered before main, so they run after the host's own. */
		on_exit(exit_handler, NULL);
		at_quick_exit(quick_exit_handler);
		vp_fork_register();
		vp_guard_start();
		vp_start_process(0);
		never = vp_config.heap == VPROF_HEAP_OFF;
	}
	vp_tls.busy = 0;
out:
	vp_heap_never = never;
	errno = saved;
}
