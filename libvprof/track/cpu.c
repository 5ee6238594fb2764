#include "track/cpu.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/events.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "sample/engines.h"
#include "sample/standing.h"
#include "stack/trie.h"
#include "stack/unwind.h"
#include "thread/threads.h"
#include "track/label.h"

#include <errno.h>
#include <string.h>

/* (node, thread, label) -> row of the CPU section; open addressing, 0 is empty. */
struct index {
	uint64_t mask, used;
	uint32_t row[];
};

#define FIRST_SLOTS 4096u

static struct index *rows;
static struct vp_lock cpu_lock;
static struct vp_event_writer writer;
static struct vp_last_stack helper_last; /* the helper walks for all threads */
static uint64_t helper_walk[VP_STACK_DEPTH_MAX + 1];
static struct vp_cut helper_cut;

/* The last samples of each thread, for who wants to know what it does now: a thread's are
 * overwritten by those of another in the same place. */
#define RECENT_THREADS 256u
#define RECENT_SAMPLES 256u
#define RECENT_LOOKED  16u /* of those, for what it does now */
struct recent {
	uint32_t thread, count;
	uint32_t life; /* of which file they are */
	struct recent_sample {
		uint64_t t_ns;
		uint32_t node;
	} sample[RECENT_SAMPLES];
};
/* Not in the library's data: where there is no room for it, the program must start. */
static struct recent *recent; /* of RECENT_THREADS; NULL: no room */
static uint32_t life;

static struct index *new_index(uint64_t slots)
{
	struct index *fresh = vp_sys_map(sizeof(*fresh) + slots * sizeof(fresh->row[0]));

	if (fresh)
		fresh->mask = slots - 1;
	return fresh;
}

static void drop_index(struct index *index)
{
	vp_sys_unmap(index, sizeof(*index) + (index->mask + 1) * sizeof(index->row[0]));
}

int vp_track_cpu_init(void)
{
	struct vprof_cpu *overflow;
	uint32_t id;

	cpu_lock.word = 0;
	writer.block = NULL;
	life++;
	helper_last.depth = 0;
	if (!recent)
		recent = vp_sys_map(RECENT_THREADS * sizeof(*recent));
	if (rows)
		drop_index(rows);
	rows = new_index(FIRST_SLOTS);
	overflow = vp_table_add(VPROF_SEC_CPU, &id);
	if (!rows || !overflow)
		return -ENOMEM;
	overflow->node = VPROF_NODE_OVERFLOW;
	return 0;
}

void vp_track_cpu_thread_start(struct vp_thread *thread)
{
	if (vp_control.cpu_timer)
		vp_timer_thread_start(&thread->timer_id);
}

void vp_track_cpu_thread_end(struct vp_thread *thread)
{
	if (thread->timer_id >= 0)
		vp_timer_thread_end(thread->timer_id);
}

/* What a sample is charged to. */
struct key {
	uint32_t node, thread, label;
};

static uint32_t *place(struct index *index, const struct key *key)
{
	uint64_t h = ((uint64_t)key->thread << 32 | key->node) * 0x9e3779b97f4a7c15u >> 17;

	h += key->label * 0xff51afd7ed558ccdu >> 29;

	for (uint64_t at = h;; at++) {
		uint32_t *slot = &index->row[at & index->mask];
		const struct vprof_cpu *row;

		if (!*slot)
			return slot;
		row = vp_table_row(VPROF_SEC_CPU, *slot);
		if (row->node == key->node && row->thread == key->thread &&
		    row->label == key->label)
			return slot;
	}
}

/* `rows` can be read at any moment: another thread may fork now, and the child
 * unmaps what it finds. */
static void grow(void)
{
	struct index *old = rows, *more = new_index((old->mask + 1) * 2);

	if (!more)
		return;
	for (uint64_t i = 0; i <= old->mask; i++) {
		const struct vprof_cpu *row;

		if (!old->row[i])
			continue;
		row = vp_table_row(VPROF_SEC_CPU, old->row[i]);
		*place(more, &(struct key){row->node, row->thread, row->label}) = old->row[i];
	}
	more->used = old->used;
	/* Pairs with row_of() in a signal handler of this thread. */
	__atomic_store_n(&rows, more, __ATOMIC_RELEASE);
	drop_index(old);
}

static struct vprof_cpu *row_of(const struct key *key)
{
	struct vprof_cpu *row;
	uint32_t *slot, id;

	if (rows->used * 4 > (rows->mask + 1) * 3)
		grow();
	slot = place(rows, key);
	if (*slot)
		return vp_table_row(VPROF_SEC_CPU, *slot);
	row = rows->used < rows->mask ? vp_table_add(VPROF_SEC_CPU, &id) : NULL;
	if (!row) {
		vp_lost(VPROF_LOST_CPU_ROWS, 1);
		return vp_table_row(VPROF_SEC_CPU, 0);
	}
	row->node = key->node;
	row->thread = key->thread;
	row->label = key->label;
	*slot = id;
	rows->used++;
	return row;
}

static struct recent *recent_at(uint32_t thread)
{
	return recent ? &recent[thread % RECENT_THREADS] : NULL;
}

/* Context: cpu_lock held, as of recent_of(). */
static void remember(const struct key *key, uint64_t t_ns)
{
	struct recent *one = recent_at(key->thread);

	if (!one)
		return;
	if (one->thread != key->thread || one->life != life) {
		one->thread = key->thread;
		one->life = life;
		one->count = 0;
	}
	one->sample[one->count++ % RECENT_SAMPLES] = (struct recent_sample){t_ns, key->node};
}

/* 1: the last one, 2: the one before. */
static const struct recent_sample *newest(const struct recent *one, uint32_t back)
{
	return &one->sample[(one->count - back) % RECENT_SAMPLES];
}

static uint32_t caller_of(uint32_t node)
{
	return ((const struct vprof_node *)vp_table_row(VPROF_SEC_NODES, node))->parent;
}

/* Samples of one function have many addresses and one caller: the caller that most of them
 * have, and of those of that one the last. */
static uint32_t recent_of(const struct recent *one, uint64_t from_ns)
{
	uint32_t kept = one->count < RECENT_LOOKED ? one->count : RECENT_LOOKED, most = 0;
	const struct recent_sample *best = NULL;

	for (uint32_t i = 1; i <= kept; i++) {
		const struct recent_sample *sample = newest(one, i);
		uint32_t same = 0;

		if (sample->t_ns < from_ns)
			continue;
		for (uint32_t k = 1; k <= kept; k++)
			same += newest(one, k)->t_ns >= from_ns &&
				caller_of(newest(one, k)->node) == caller_of(sample->node);
		if (same > most || (same == most && best && sample->t_ns > best->t_ns)) {
			most = same;
			best = sample;
		}
	}
	return best ? best->node : VPROF_NODE_ROOT;
}

uint32_t vp_track_cpu_recent(uint32_t thread, uint64_t from_ns)
{
	const struct recent *one = recent_at(thread);
	uint32_t node = VPROF_NODE_ROOT;

	vp_lock_take(&cpu_lock);
	if (one && one->thread == thread && one->life == life)
		node = recent_of(one, from_ns);
	vp_lock_drop(&cpu_lock);
	return node;
}

/* Samples of [from, to), by caller.  Returns how many found no room. */
static uint32_t recent_between(const struct recent *one, uint64_t from_ns, uint64_t to_ns,
			       struct vprof_unit_sample *out, uint32_t room)
{
	uint32_t kept = one->count < RECENT_SAMPLES ? one->count : RECENT_SAMPLES, left = 0;

	for (uint32_t i = 1; i <= kept && newest(one, i)->t_ns >= from_ns; i++) {
		uint32_t node = newest(one, i)->node, k = 0;

		if (newest(one, i)->t_ns >= to_ns)
			continue;
		while (k < room && out[k].count && caller_of(out[k].node) != caller_of(node))
			k++;
		if (k == room) {
			left++;
			continue;
		}
		out[k].node = node;
		out[k].count++;
	}
	return left;
}

uint32_t vp_track_cpu_between(uint32_t thread, uint64_t from_ns, uint64_t to_ns,
			      struct vprof_unit_sample *out, uint32_t room)
{
	const struct recent *one = recent_at(thread);
	uint32_t left = 0;

	vp_lock_take(&cpu_lock);
	if (one && one->thread == thread && one->life == life)
		left = recent_between(one, from_ns, to_ns, out, room);
	vp_lock_drop(&cpu_lock);
	return left;
}

#define PLACES 8u /* by caller; what is in more is in none */

static uint32_t ran_between(const struct recent *one, uint64_t from_ns, uint64_t to_ns,
			    struct vp_cpu_ran *out)
{
	struct vprof_unit_sample place[PLACES] = {{0}};
	const struct vprof_unit_sample *most = &place[0];
	uint32_t samples = recent_between(one, from_ns, to_ns, place, PLACES);

	for (uint32_t i = 0; i < PLACES; i++) {
		samples += place[i].count;
		most = place[i].count > most->count ? &place[i] : most;
	}
	*out = (struct vp_cpu_ran){one->thread, most->node, samples};
	return samples != 0;
}

uint32_t vp_track_cpu_ran(uint64_t from_ns, uint64_t to_ns, struct vp_cpu_ran *out, uint32_t room)
{
	uint32_t count = 0;

	vp_lock_take(&cpu_lock);
	for (uint32_t i = 0; recent && i < RECENT_THREADS && count < room; i++)
		if (recent[i].life == life && recent[i].count)
			count += ran_between(&recent[i], from_ns, to_ns, &out[count]);
	vp_lock_drop(&cpu_lock);
	return count;
}

/* Context: cpu_lock held. */
static void charge(const struct key *key, uint64_t t_ns, uint64_t weight_ns, uint32_t cpu)
{
	struct vprof_thread *thread_row = vp_table_row(VPROF_SEC_THREADS, key->thread);
	struct vprof_header *header = vp_file.header;
	struct vprof_cpu *row = row_of(key);
	struct vprof_event event = {.t_ns = t_ns,
				    .node = key->node,
				    .thread = key->thread,
				    .value = weight_ns,
				    .kind = VPROF_EV_CPU,
				    .flags = (uint16_t)cpu,
				    .arg = key->label};

	row->weight_ns += weight_ns;
	row->samples++;
	thread_row->sampled_ns += weight_ns;
	thread_row->samples++;
	header->sampled_ns += weight_ns;
	header->samples++;
	vp_event_put(&writer, &event);
	remember(key, t_ns);
}

/* What lies beyond the end of a stack's copy, from the last frame that was found on: the
 * frames where they are known to stand, else that it was cut.  Returns the depth. */
static size_t go_beyond(const struct vp_perf_sample *sample, size_t from, size_t depth)
{
	struct vp_standing_sample at = {.tid = sample->tid,
					.mono_ns = sample->mono_ns,
					.cut = &helper_cut,
					.depth = depth - from};
	size_t more = 0;

	if (depth > from && vp_threads_stack_of(sample->tid, &at.stack_lo, &at.stack_hi))
		more = vp_standing_frames(&at, helper_walk + depth - 1,
					  VP_STACK_DEPTH_MAX - (depth - 1));
	if (more)
		return depth - 1 + more;
	vp_lost(VPROF_CUT_COPY_END, 1);
	helper_walk[depth] = VPROF_WHERE_CUT(VPROF_CUT_COPY_END);
	return depth + (depth < VP_STACK_DEPTH_MAX);
}

void vp_track_cpu_perf(const struct vp_perf_sample *sample)
{
	uint64_t t_ns = vp_clock_from_mono(sample->mono_ns);
	struct key key = {.thread = vp_threads_row_of_tid(sample->tid, t_ns)};
	struct vp_view view = {sample->sp, sample->sp + sample->stack_bytes, sample->stack, 1};
	struct vp_regs regs = {sample->pc, sample->sp, sample->bp};
	size_t depth = 0, from;

	if (sample->in_kernel)
		helper_walk[depth++] = (sample->ip & VPROF_WHERE_ADDRESS) | VPROF_WHERE_EXACT |
				       (uint64_t)VPROF_MODULE_KERNEL << VPROF_WHERE_MODULE_SHIFT;
	from = depth;
	if (sample->has_user) {
		depth += vp_unwind_copy(&regs, 1, &view, helper_walk + depth,
					VP_STACK_DEPTH_MAX - depth, &helper_cut);
		if (helper_cut.slot)
			depth = go_beyond(sample, from, depth);
	}
	key.node = vp_trie_stack(&helper_last, helper_walk, depth);
	key.label = vp_label_at(key.thread, t_ns);
	vp_lock_take(&cpu_lock);
	charge(&key, t_ns, sample->weight_ns, sample->cpu);
	vp_lock_drop(&cpu_lock);
	vp_file.header->unwinds++;
}

/* Runs in a signal handler: where the thread was inside our own work, or the
 * table is being used, the sample is lost rather than waited for. */
void vp_track_cpu_timer(const struct vp_regs *regs, uint64_t weight_ns)
{
	struct vp_thread *thread;
	struct key key;
	size_t depth;

	if (vp_control.paused)
		return;
	if (!vp_busy_enter()) {
		vp_lost(VPROF_LOST_REENTRANT, 1);
		return;
	}
	thread = vp_tls.self > VP_TLS_ENDED ? vp_tls.self : NULL;
	if (thread) {
		depth =
		    vp_unwind_live(&thread->stack, regs, 1, thread->stack.walk, VP_STACK_DEPTH_MAX);
		key = (struct key){vp_trie_path(thread->stack.walk, depth), thread->row_id,
				   vp_label_now(thread)};
		vp_lock_take(&cpu_lock);
		charge(&key, vp_clock_now(), weight_ns, 0);
		vp_lock_drop(&cpu_lock);
	}
	vp_busy_leave();
}

/* From so many samples on, the report spreads what is missing over them. */
#define SETTLE_SAMPLES 20u

/* What the samples of a thread do not cover, if that is for us to charge: the
 * last period of a thread never is covered, and where the kernel is not
 * sampled a gap is its time. */
static uint64_t gap_of(const struct vprof_thread *row)
{
	const struct vprof_header *header = vp_file.header;
	uint64_t cpu = vprof_thread_active_ns(header, row);
	uint64_t gap = cpu > row->sampled_ns ? cpu - row->sampled_ns : 0;

	if (header->engine == VPROF_ENGINE_OFF || row->flags & VPROF_THREAD_HELPER)
		return 0;
	if (row->samples == 0)
		return gap;
	if (row->samples >= SETTLE_SAMPLES || header->flags & VPROF_F_EXCLUDE_KERNEL)
		return 0;
	return gap > header->cpu_period_ns ? gap : 0;
}

void vp_track_cpu_settle(uint32_t thread)
{
	struct vprof_thread *thread_row = vp_table_row(VPROF_SEC_THREADS, thread);
	uint64_t gap = gap_of(thread_row), module = thread_row->start_module;
	uint32_t node = VPROF_NODE_ROOT;
	struct vprof_cpu *row;

	vp_label_forget(thread);
	if (!gap)
		return;
	if (module >= VPROF_MODULE_KERNEL)
		module = VPROF_MODULE_UNKNOWN;
	if (thread_row->start_routine)
		node = vp_trie_child(VP_TRIE_ROOT,
				     (thread_row->start_routine & VPROF_WHERE_ADDRESS) |
					 VPROF_WHERE_EXACT | module << VPROF_WHERE_MODULE_SHIFT)
			   .node;
	vp_lock_take(&cpu_lock);
	row = row_of(&(struct key){node, thread, VP_LABEL_NONE});
	row->weight_ns += gap;
	thread_row->sampled_ns += gap;
	vp_file.header->sampled_ns += gap;
	vp_lock_drop(&cpu_lock);
}
