/* Does a thread spin?  Only what can be shown is called so: its samples lie in functions
 * that ask whether something has come or how late it is, called from one place. */
#include <string.h>

#include "model/run.h"
#include "model/threads.h"
#include "symbols/sym.h"

/* Fewer say nothing; this share has to be in what it asks, and this in that and its caller. */
#define SAMPLES_MIN	 20u
#define ASKS_PERCENT_MIN 50.0
#define LOOP_PERCENT_MIN 90.0
#define CALLERS_MOST	 32u

/* The plain name of a function that asks, which symbol tables spell in several ways; NULL
 * for any other.  Not among them: recv, read and their like, in which a busy server is, too;
 * mutexes, which have waits of their own. */
static const char *asks(const char *name)
{
	static const char *const asking[] = {
	    "poll",
	    "ppoll",
	    "select",
	    "pselect",
	    "epoll_wait",
	    "epoll_pwait",
	    "epoll_pwait2",
	    "sched_yield",
	    "pthread_yield",
	    "thrd_yield",
	    "clock_gettime",
	    "clock_gettime64",
	    "gettimeofday",
	    "time",
	    "clock",
	    "times",
	    "timespec_get",
	    "sched_getcpu",
	    "getcpu",
	    "pthread_mutex_trylock",
	    "pthread_rwlock_tryrdlock",
	    "pthread_rwlock_trywrlock",
	    "pthread_spin_lock",
	    "pthread_spin_trylock",
	    "pthread_tryjoin_np",
	    "mtx_trylock",
	    "sem_trywait",
	    "sem_getvalue",
	    "[vdso]",
	    "std::this_thread::yield()",
	    "std::chrono::_V2::steady_clock::now()",
	    "std::chrono::_V2::system_clock::now()",
	    "std::thread::yield_now",
	    "std::time::Instant::now",
	    "std::time::SystemTime::now",
	    "core::hint::spin_loop",
	};
	size_t len;

	if (strncmp(name, "__vdso_", 7) == 0)
		name += 7;
	else if (strncmp(name, "__GI_", 5) == 0)
		name += 5;
	name += strspn(name, "_");
	len = strcspn(name, "@"); /* of a version, or of the way to it: @plt */
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		if (strlen(asking[i]) == len && strncmp(name, asking[i], len) == 0)
			return asking[i];
	return strncmp(name, "std::sys::", 10) == 0 && strstr(name, "::Timespec::now") ? name
										       : NULL;
}

/* The samples of a thread: by the function that asks, and by those that do neither. */
struct tally {
	uint64_t total_ns, asks_ns;
	struct {
		uint32_t function; /* that asks, or calls one that does */
		uint64_t asks_ns, self_ns;
	} caller[CALLERS_MOST];
	uint32_t callers;
	const char *asked; /* by the largest row */
	uint64_t asked_ns;
};

static void charge(struct tally *tally, uint32_t function, uint64_t asks_ns, uint64_t self_ns)
{
	uint32_t i;

	for (i = 0; i < tally->callers && tally->caller[i].function != function; i++)
		;
	if (i == CALLERS_MOST)
		return;
	if (i == tally->callers) {
		tally->callers++;
		tally->caller[i].function = function;
	}
	tally->caller[i].asks_ns += asks_ns;
	tally->caller[i].self_ns += self_ns;
}

/* Is the instruction that ran, or the one before it, a pause (f3 90)?  A sample comes when it
 * is over. */
static int is_at_pause(const struct vr_stacks *stacks, uint32_t node)
{
	uint64_t where = stacks->file->node[node].where;
	uint32_t module = (uint32_t)(where >> VPROF_WHERE_MODULE_SHIFT);
	uint8_t code[4];

	if (!(where & VPROF_WHERE_EXACT) || module >= VPROF_MODULE_KERNEL ||
	    vr_sym_bytes(stacks->sym, module, (where & VPROF_WHERE_ADDRESS) - 2, code,
			 sizeof(code)) != sizeof(code))
		return 0;
	return (code[0] == 0xf3 && code[1] == 0x90) || (code[2] == 0xf3 && code[3] == 0x90);
}

/* Returns 1 at the frame that has the row's time: the innermost one that does not ask. */
static int look_at(const struct vr_stacks *stacks, const struct vr_place *place, uint64_t ns,
		   struct tally *tally, const char **asked)
{
	const struct vr_function *function = vr_place_function(stacks, place);

	if (strcmp(function->module, "[kernel]") == 0)
		return 0;
	if (asks(function->name)) {
		*asked = asks(function->name);
		return 0;
	}
	charge(tally, place->function, *asked ? ns : 0, *asked ? 0 : ns);
	return 1;
}

/* The outermost function that asks, of those at the stack's inner end; NULL: none. */
static const char *find_asked(struct vr_stacks *stacks, uint32_t node, uint64_t ns,
			      struct tally *tally)
{
	const char *asked = is_at_pause(stacks, node) ? "pause" : NULL;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++)
			if (look_at(stacks, &stacks->place[places.first + i], ns, tally, &asked))
				return asked;
	}
	return asked;
}

static void count_row(struct vr_stacks *stacks, const struct vprof_cpu *row, struct tally *tally)
{
	const char *asked = find_asked(stacks, row->node, row->weight_ns, tally);

	tally->total_ns += row->weight_ns;
	if (!asked)
		return;
	tally->asks_ns += row->weight_ns;
	if (row->weight_ns > tally->asked_ns) {
		tally->asked_ns = row->weight_ns;
		tally->asked = asked;
	}
}

struct vr_spin vr_spin_find(struct vr_profile *profile, const struct vr_thread_stacks *of,
			    uint32_t thread)
{
	const struct vr_file *file = profile->file;
	struct vr_stacks *stacks = profile->stacks;
	struct tally tally = {0};
	struct vr_spin spin = {.caller = ""};
	uint64_t loop_ns;
	uint32_t most = 0;

	if (file->thread[thread].samples < SAMPLES_MIN)
		return spin;
	for (uint32_t i = of->first[thread]; i < of->first[thread + 1]; i++) {
		const struct vprof_cpu *row = &file->cpu[of->row[i]];

		if (row->samples && !vr_stacks_own_work(stacks, row->node))
			count_row(stacks, row, &tally);
	}
	if (!tally.asked || vr_percent(tally.asks_ns, tally.total_ns) < ASKS_PERCENT_MIN)
		return spin;
	loop_ns = tally.asks_ns;
	for (uint32_t i = 0; i < tally.callers; i++)
		if (tally.caller[i].asks_ns > tally.caller[most].asks_ns)
			most = i;
	if (tally.callers && tally.caller[most].asks_ns * 2 > tally.asks_ns) {
		loop_ns += tally.caller[most].self_ns;
		spin.caller = stacks->function[tally.caller[most].function].name;
	}
	if (vr_percent(loop_ns, tally.total_ns) < LOOP_PERCENT_MIN)
		return spin;
	spin.percent = vr_percent(loop_ns, tally.total_ns);
	spin.asks = tally.asked;
	return spin;
}
