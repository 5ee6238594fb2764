#include "leak/search.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/own.h"
#include "base/service.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/trial.h"
#include "leak/internal.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define LIVE_NS	    (120ull * 1000 * 1000 * 1000) /* a search beside a running host */
#define SERVICE_NS  (300ull * 1000 * 1000)
#define FOLDED_MOST 32u /* rows for what has no room of its own */

static struct vp_scan_result *result; /* shared with the child; NULL: none */
static size_t result_bytes;
static int child;		    /* pid; 0: none */
static uint64_t began_ns, limit_ns; /* CLOCK_MONOTONIC */
static struct pending {
	int by_time; /* 1: the header still tells of the search before */
	uint64_t t_ns, pause_ns;
} pending;
static uint64_t next_ns; /* when leakscan_every wants one; 0: not yet known */
static int no_block;	 /* is live, as far as was seen: there is nothing to search for */

void vp_leakscan_note(const char *why)
{
	vp_file.header->scan_note = vp_string_add(why, strlen(why));
}

int vp_leakscan_running(void)
{
	return child != 0;
}

uint64_t vp_leakscan_exit_ns(void)
{
	uint64_t live = vp_file.header->live_bytes;

	return 20000000000ull + (live < 1ull << 40 ? live : 0) * 20;
}

/* What the child leaves is rows for the parent to copy: the file is the
 * parent's alone, and a search that dies leaves nothing half done in it. */
static int new_result(void)
{
	uint64_t rows = vp_table_used(VPROF_SEC_SITES) * 3ull + 64;
	long map;

	rows = rows < 1u << 20 ? rows : 1u << 20;
	result_bytes = sizeof(*result) + rows * sizeof(result->row[0]);
	map = vp_sys6(SYS_mmap, 0, (long)result_bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map < 0 && map > -4096)
		return (int)map;
	result = (struct vp_scan_result *)map;
	result->rows_room = (uint32_t)rows;
	vp_own_add(result, result_bytes);
	return 0;
}

/* In this order: a thread that forks meanwhile has a child that drops it, too. */
static void drop_result(void)
{
	struct vp_scan_result *old = result;

	__atomic_store_n(&result, NULL, __ATOMIC_RELEASE);
	vp_sys_unmap(old, result_bytes);
}

static const char *search(void)
{
	const char *failure;

	if (vp_scan_blocks_init() != 0 || vp_scan_sites_init() != 0)
		return "no memory for the search";
	failure = vp_scan_roots_init();
	if (failure)
		return failure;
	if (vp_scan_mark() != 0 || vp_scan_rows(result) != 0)
		return "no memory for the search";
	return NULL;
}

/* In the child: its own copy of the memory, and nothing else of the host's. */
static __attribute__((noreturn)) void run_child(int own_files, int ends)
{
	uint64_t before;

	vp_sys6(SYS_prctl, 15 /* PR_SET_NAME */, (long)"vprof-scan", 0, 0, 0, 0);
	/* A second signal ends the process at once: nobody is left to search for. */
	vp_sys6(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, SIGKILL, 0, 0, 0, 0);
	/* A pipe that the host closes must have no other end here. */
	if (!own_files)
		vp_sys_close_all_but(-1);
	if (!ends)
		vp_sys(SYS_setpriority, 0, 0, 10);
	before = vp_scan_resident();
	vp_scan_fault_install();
	vp_scan_special_restore(own_files);
	result->failure = search();
	result->root_bytes = vp_scan_root_bytes;
	result->skipped_bytes = vp_scan_skipped_bytes;
	memcpy(result->unsearched, vp_scan_unsearched, sizeof(result->unsearched));
	result->unsearched[VPROF_UNSEARCHED_UNREADABLE] += vp_scan_skipped_bytes;
	result->memory_bytes = vp_scan_resident() - before;
	__atomic_store_n(&result->done, 1, __ATOMIC_RELEASE);
	vp_sys6(SYS_futex, (long)&result->done, FUTEX_WAKE, 1, 0, 0, 0);
	vp_sys_end(0);
}

/* No exit signal: the host hears nothing, and its wait() does not see it.
 * Not traced: a debugger of the host does not either. */
static int fork_snapshot(int own_files, int ends)
{
	uint64_t all = VP_SYS_SIGNALS, old = 0;
	long pid;

	vp_sys6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&old, sizeof(all), 0, 0);
	vp_file_inherit(1);
	pid = vp_trial_fork();
	if (pid == 0)
		run_child(own_files, ends);
	vp_file_inherit(0);
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof(old), 0, 0);
	return (int)pid;
}

/* With everybody standing still: where no block is live, none is lost, whatever the
 * memory holds.  Without files of ours nobody runs who could see our descriptors. */
static void look_again(int own_files)
{
	int was_read = own_files && !no_block;

	no_block = no_block && !vp_live_any();
	if (!no_block && !was_read)
		vp_scan_special_read();
}

static int copy_process(const struct vp_leakscan_end *end, int own_files)
{
	int pid;

	vp_scan_special_copy();
	pid = fork_snapshot(own_files, end != NULL);
	vp_scan_special_drop();
	return pid;
}

/* With the service held nothing of ours is half done in the snapshot.  Returns a
 * pid, 0 when none is needed, or -errno. */
static int take_snapshot(const struct vp_leakscan_end *end, int own_files)
{
	int pid = vp_scan_stop(end, own_files);

	look_again(own_files);
	if (pid == 0 && !no_block) {
		pid = -EBUSY;
		if (vp_service_hold(SERVICE_NS)) {
			pid = copy_process(end, own_files);
			vp_service_drop();
		}
	}
	vp_scan_release();
	return pid;
}

static void fail(const char *why)
{
	struct vprof_header *header = vp_file.header;

	if (pending.by_time) {
		header->scan_missed++;
		return;
	}
	header->scan_pause_ns = pending.pause_ns;
	header->scan_total_ns = vp_clock_mono() - began_ns;
	vp_leakscan_note(why);
	__atomic_store_n(&header->scan_state, VPROF_SCAN_FAILED, __ATOMIC_RELEASE);
}

static void begin_header(enum vprof_scan_trigger trigger)
{
	struct vprof_header *header = vp_file.header;

	__atomic_store_n(&header->scan_state, VPROF_SCAN_RUNNING, __ATOMIC_RELEASE);
	header->scan_trigger = trigger;
	header->scan_note = VPROF_NONE;
	header->scan_t_ns = vp_clock_now();
	header->scan_pause_ns = header->scan_total_ns = 0;
	header->scan_blocks = header->scan_bytes = header->scan_root_bytes = 0;
	header->scan_memory_bytes = header->scan_skipped_bytes = 0;
	memset(header->scan_unsearched, 0, sizeof(header->scan_unsearched));
	header->scan_count++;
	pending = (struct pending){.t_ns = header->scan_t_ns};
}

/* A search by time leaves the result before it in force until it has one. */
static void begin_by_time(void)
{
	pending = (struct pending){1, vp_clock_now(), 0};
}

/* Of what a signal waits, something is left for the last round. */
static uint64_t time_for(enum vprof_scan_trigger trigger)
{
	if (trigger == VPROF_SCAN_AT_TERM)
		return vp_config.leakscan_wait_ms * 900000ull;
	return trigger == VPROF_SCAN_AT_EXIT ? vp_leakscan_exit_ns() : LIVE_NS;
}

static void settle(const char *why);

int vp_leakscan_begin(enum vprof_scan_trigger trigger, const struct vp_leakscan_end *end,
		      int own_files)
{
	uint64_t stands_ns;
	int pid;

	if (vp_control.heap != VPROF_HEAP_EXACT || !vp_config.leakscan || vp_control.quiet)
		return -EOPNOTSUPP;
	if (child)
		return -EBUSY;
	began_ns = vp_clock_mono();
	no_block = !vp_live_any();
	if (own_files && !no_block) /* it takes time: before anybody stands still */
		vp_scan_special_read();
	stands_ns = vp_clock_mono();
	if (trigger == VPROF_SCAN_BY_TIME && vp_file.header->scan_state == VPROF_SCAN_COMPLETE)
		begin_by_time();
	else
		begin_header(trigger);
	pid = new_result();
	if (pid == 0)
		pid = take_snapshot(end, own_files);
	pending.pause_ns = vp_clock_mono() - stands_ns;
	if (pid > 0) {
		child = pid;
		limit_ns = began_ns + time_for(trigger);
		return 0;
	}
	if (pid == 0) {
		result->done = 1;
		settle("");
		return 0;
	}
	drop_result();
	fail(pid == -EBUSY ? "the library was busy for too long"
			   : "no snapshot: the system refused a process or its memory");
	return pid;
}

/* --- the end of it ---------------------------------------------------------- */
static void add_count(struct vp_text *text, uint32_t count, const char *what)
{
	if (!count)
		return;
	if (text->len)
		vp_text_str(text, "; ");
	vp_text_u64(text, count);
	vp_text_str(text, count == 1 ? " thread " : " threads ");
	vp_text_str(text, what);
}

/* What the search could not see, for the reader of the verdicts. */
static void write_note(void)
{
	uint32_t blocked = 0, silent = 0;
	struct vp_text text;
	char buf[256];

	for (uint32_t i = 0; i < vp_scan_threads; i++) {
		blocked += vp_scan_thread[i].seen == VP_SEEN_BLOCKED;
		silent += vp_scan_thread[i].seen == VP_SEEN_NOT;
	}
	vp_text_init(&text, buf, sizeof(buf));
	add_count(&text, blocked, "with all signals blocked: registers not seen");
	add_count(&text, silent, "did not stop: registers not seen");
	if (result->skipped_bytes) {
		if (text.len)
			vp_text_str(&text, "; ");
		vp_text_u64(&text, result->skipped_bytes);
		vp_text_str(&text, " bytes could not be read");
	}
	if (text.len)
		vp_leakscan_note(buf);
}

/* Row number `id` of the section, made where it is not there yet; NULL: no room. */
static struct vprof_leak *row_at(uint32_t id)
{
	uint32_t used = vp_table_used(VPROF_SEC_LEAKS);

	return id < used ? vp_table_row(VPROF_SEC_LEAKS, id) : vp_table_add(VPROF_SEC_LEAKS, &id);
}

/* Adds a row to the one of its kind that stands for what found no room: no call
 * path, but blocks, bytes and the verdict. */
static int fold(struct vprof_leak *first, const struct vprof_leak *row, uint32_t folded)
{
	struct vprof_leak *to = first;

	while (to < first + folded && (to->verdict != row->verdict || to->because != row->because))
		to++;
	if (to == first + FOLDED_MOST)
		to--; /* of any cause */
	if (to->scan == vp_file.header->scan_count) {
		to->blocks += row->blocks;
		to->bytes += row->bytes;
		return 0;
	}
	*to = *row;
	to->node = VPROF_NODE_OVERFLOW;
	to->owner = VPROF_NONE;
	to->scan = vp_file.header->scan_count;
	return 1;
}

/* The worst verdicts first: where room is short they keep their call paths. */
static int copy_rows(void)
{
	uint32_t id = FOLDED_MOST, folded = 0;

	if (!result->rows)
		return 1;
	for (uint32_t i = 0; i < FOLDED_MOST; i++) {
		struct vprof_leak *row = row_at(i);

		if (!row)
			return 0;
		row->scan = 0;
	}
	for (uint32_t verdict = VPROF_LEAK_LOST; verdict <= VPROF_LEAK_RUNTIME; verdict++) {
		for (uint32_t i = 0; i < result->rows; i++) {
			struct vprof_leak *row;

			if (result->row[i].verdict != verdict)
				continue;
			row = row_at(id);
			if (!row) {
				folded += (uint32_t)fold(vp_table_row(VPROF_SEC_LEAKS, 0),
							 &result->row[i], folded);
				continue;
			}
			*row = result->row[i];
			row->scan = vp_file.header->scan_count;
			id++;
		}
	}
	return 1;
}

static void complete(void)
{
	struct vprof_header *header = vp_file.header;
	struct pending began = pending;

	if (pending.by_time)
		begin_header(VPROF_SCAN_BY_TIME);
	header->scan_t_ns = began.t_ns;
	header->scan_pause_ns = began.pause_ns;
	header->scan_missed = 0;
	header->scan_blocks = result->blocks;
	header->scan_bytes = result->bytes;
	header->scan_root_bytes = result->root_bytes;
	header->scan_memory_bytes = result->memory_bytes;
	header->scan_skipped_bytes = result->skipped_bytes;
	memcpy(header->scan_unsearched, result->unsearched, sizeof(header->scan_unsearched));
	header->scan_rules = 1;
	if (!copy_rows()) {
		fail("the file has no room for the result");
		return;
	}
	write_note();
	header->scan_total_ns = vp_clock_mono() - began_ns;
	__atomic_store_n(&header->scan_state, VPROF_SCAN_COMPLETE, __ATOMIC_RELEASE);
}

static void settle(const char *why)
{
	int done = (int)__atomic_load_n(&result->done, __ATOMIC_ACQUIRE);

	child = 0;
	if (!done)
		fail(why);
	else if (result->failure)
		fail(result->failure);
	else
		complete();
	drop_result();
}

static int has_ended(int flags)
{
	long ret = -EINTR;

	for (int tries = 0; tries < 100 && ret == -EINTR; tries++)
		ret = vp_sys6(SYS_wait4, child, 0, flags | __WALL, 0, 0, 0);
	/* Ended; or the host has waited for it, with __WALL.  Refused: not known. */
	return ret > 0 || ret == -ECHILD;
}

int vp_leakscan_poll(uint64_t wait_ns)
{
	struct timespec time = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};

	if (!child)
		return 1;
	if (wait_ns && !__atomic_load_n(&result->done, __ATOMIC_ACQUIRE))
		vp_sys6(SYS_futex, (long)&result->done, FUTEX_WAIT, 0, (long)&time, 0, 0);
	if (__atomic_load_n(&result->done, __ATOMIC_ACQUIRE)) {
		has_ended(0);
		settle("");
		return 1;
	}
	if (has_ended(WNOHANG)) {
		settle("the search died");
		return 1;
	}
	if (vp_clock_mono() < limit_ns)
		return 0;
	vp_sys(SYS_kill, child, SIGKILL, 0);
	has_ended(0);
	settle("the search took too long");
	return 1;
}

static void begin_when_due(void)
{
	uint64_t every = vp_config.leakscan_every_s * 1000000000ull, now = vp_clock_mono();

	if (!every || child)
		return;
	if (next_ns && now >= next_ns)
		vp_leakscan_begin(VPROF_SCAN_BY_TIME, NULL, 1);
	if (!next_ns || now >= next_ns)
		next_ns = now + every;
}

void vp_leakscan_tick(int last)
{
	if (child)
		vp_leakscan_poll(0);
	if (!last)
		begin_when_due();
}

void vp_leakscan_cancel(void)
{
	if (!child)
		return;
	vp_sys(SYS_kill, child, SIGKILL, 0);
	has_ended(0);
	settle("the process ended meanwhile");
}

void vp_leakscan_fork_child(void)
{
	child = 0;
	next_ns = 0;
	drop_result();
	vp_scan_release();
}
