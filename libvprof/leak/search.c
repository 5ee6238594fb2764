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
#define FOLDED_MOST 32u				  /* rows for what has no room of its own */

static struct vp_leak_result *result; /* shared with the child; NULL: none */
static size_t result_bytes;
static int child;		    /* pid; 0: none */
static uint64_t began_ns, limit_ns; /* CLOCK_MONOTONIC */
static struct pending {
	int by_time; /* 1: the header still tells of the search before */
	uint64_t t_ns, pause_ns;
} pending;
static uint64_t next_ns;		      /* when leakscan_every wants one; 0: not yet known */
static const struct vp_exit_stack *begun_end; /* with what the search was begun */
static int begun_own_files;

void vp_leak_search_note(const char *why)
{
	vp_file.header->scan_note = vp_string_add(why, strlen(why));
}

uint64_t vp_leak_search_exit_ns(void)
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
	map = vp_sys_mmap(result_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (map < 0 && map > -4096)
		return (int)map;
	result = (struct vp_leak_result *)map;
	result->rows_room = (uint32_t)rows;
	vp_own_add(result, result_bytes);
	return 0;
}

/* In this order: a thread that forks meanwhile has a child that drops it, too. */
static void drop_result(void)
{
	struct vp_leak_result *old = result;

	/* Pairs with whoever asks for the result in a handler. */
	__atomic_store_n(&result, NULL, __ATOMIC_RELEASE);
	vp_sys_unmap(old, result_bytes);
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
	vp_leak_search_note(why);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->scan_state, VPROF_SCAN_FAILED, __ATOMIC_RELEASE);
}

static void begin_header(enum vprof_scan_trigger trigger)
{
	struct vprof_header *header = vp_file.header;

	/* Pairs with a reader of the file. */
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
	return trigger == VPROF_SCAN_AT_EXIT ? vp_leak_search_exit_ns() : LIVE_NS;
}

static void settle(const char *why);

/* pid: of the snapshot; 0: there is nothing to search for; or -errno. */
static int begun(int pid)
{
	if (pid > 0) {
		child = pid;
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

static int take_snapshot(enum vp_leak_way way)
{
	int err = new_result();

	return err ? err : vp_leak_snapshot(result, way, begun_end, begun_own_files);
}

int vp_leak_search_begin(enum vprof_scan_trigger trigger, const struct vp_exit_stack *end,
			 int own_files)
{
	enum vp_leak_way way;
	uint64_t stands_ns;
	int pid;

	if (vp_control.heap != VPROF_HEAP_EXACT || !vp_config.leakscan || vp_control.quiet)
		return -EOPNOTSUPP;
	if (child)
		return -EBUSY;
	began_ns = vp_clock_mono();
	limit_ns = began_ns + time_for(trigger);
	begun_end = end;
	begun_own_files = own_files;
	way = vp_leak_way_of(end, own_files); /* it may take time: before anybody stands still */
	stands_ns = vp_clock_mono();
	if (trigger == VPROF_SCAN_BY_TIME && vp_file.header->scan_state == VPROF_SCAN_COMPLETE)
		begin_by_time();
	else
		begin_header(trigger);
	pid = take_snapshot(way);
	pending.pause_ns = vp_clock_mono() - stands_ns;
	return begun(pid);
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

	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		blocked += vp_leak_thread[i].seen == VP_SEEN_BLOCKED;
		silent += vp_leak_thread[i].seen == VP_SEEN_NOT;
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
		vp_leak_search_note(buf);
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
	/* Pairs with a reader of the file. */
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

/* The process was not as plain as its mappings said. */
static int begin_again(void)
{
	child = 0;
	drop_result();
	begun(take_snapshot(VP_WAY_BY_FLAGS));
	return child == 0;
}

int vp_leak_search_poll(uint64_t wait_ns)
{
	struct timespec time = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};

	if (!child)
		return 1;
	if (wait_ns && !__atomic_load_n(&result->done, __ATOMIC_ACQUIRE))
		vp_sys6(SYS_futex, (long)&result->done, FUTEX_WAIT, 0, (long)&time, 0, 0);
	if (__atomic_load_n(&result->done, __ATOMIC_ACQUIRE)) {
		has_ended(0);
		if (result->odd)
			return begin_again();
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
		vp_leak_search_begin(VPROF_SCAN_BY_TIME, NULL, 1);
	if (!next_ns || now >= next_ns)
		next_ns = now + every;
}

void vp_leak_search_every(void)
{
	next_ns = 0;
}

void vp_leak_search_tick(int last)
{
	if (child)
		vp_leak_search_poll(0);
	if (!last)
		begin_when_due();
}

void vp_leak_search_cancel(void)
{
	if (!child)
		return;
	vp_sys(SYS_kill, child, SIGKILL, 0);
	has_ended(0);
	settle("the process ended meanwhile");
}

void vp_leak_search_fork_child(void)
{
	child = 0;
	next_ns = 0;
	drop_result();
	vp_leak_release();
}
