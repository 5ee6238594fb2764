/* Stacks: below its stack pointer a thread's stack is left-overs, and so is
 * all of the stack of a thread that has ended.
 *
 * libc keeps the stacks of ended threads for later ones.  It puts a thread's
 * descriptor at the top of the stack; its first word and its third point to
 * itself, and it holds the thread's number, which the kernel clears when the
 * thread ends. */
#include "base/sys.h"
#include "leak/internal.h"
#include "thread/threads.h"

#include <string.h>

#define RED_ZONE	128u   /* below the stack pointer, used by leaf functions */
#define DESCRIPTOR_MOST 8192u  /* from the descriptor to the end of the mapping */
#define TID_USUAL	0x2d0u /* of the thread's number in a descriptor */

static uint32_t tid_offset = TID_USUAL;
static uint32_t start_offset; /* of the function it was started with; 0: not known */

/* Before the function: what it returned, and whom it is joined by: itself when
 * it is detached. */
#define RESULT_BEFORE_START 16u
#define JOINER_BEFORE_START 24u

void vp_leak_search_thread_start(struct vp_thread *thread)
{
	const void *start = thread->trampoline;
	const uint8_t *own = __builtin_thread_pointer();
	static uint32_t learned;
	uint32_t tid = (uint32_t)vp_sys_tid(), number;
	const void *word;

	if (!start || __atomic_exchange_n(&learned, 1, __ATOMIC_RELAXED))
		return;
	for (uint32_t at = 0x100; at < 0x800; at += 8) {
		memcpy(&number, own + at, 4);
		memcpy(&word, own + at, 8);
		if (number == tid)
			tid_offset = at;
		else if (word == start)
			start_offset = at;
	}
}

static uint64_t find_descriptor(const struct vp_leak_map *map)
{
	uint64_t at = (map->hi - 64) & ~63ull;

	for (; at >= map->lo && map->hi - at <= DESCRIPTOR_MOST; at -= 64) {
		if (vp_leak_load(at) == at && vp_leak_load(at + 16) == at)
			return at;
	}
	return 0;
}

static struct vp_leak_thread *thread_of(uint64_t descriptor)
{
	int tid = (int)(uint32_t)vp_leak_load(descriptor + tid_offset);

	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		if (vp_leak_thread[i].tid == tid)
			return &vp_leak_thread[i];
	}
	return NULL;
}

/* Somebody may still ask for what it returned, unless it was joined (its number
 * is then -1) or detached. */
static void ended_stack(const struct vp_leak_map *map, uint64_t descriptor)
{
	uint64_t result = descriptor + start_offset - RESULT_BEFORE_START;

	if (!start_offset || (uint32_t)vp_leak_load(descriptor + tid_offset) != 0 ||
	    vp_leak_load(descriptor + start_offset - JOINER_BEFORE_START) != 0) {
		vp_leak_leave_out(map->lo, map->hi);
		return;
	}
	vp_leak_leave_out(map->lo, result);
	vp_leak_leave_out(result + 8, map->hi);
}

static void one_stack(const struct vp_leak_map *map)
{
	uint64_t descriptor = find_descriptor(map);
	struct vp_leak_thread *thread;

	if (!descriptor)
		return;
	thread = thread_of(descriptor);
	if (!thread) {
		ended_stack(map, descriptor);
		return;
	}
	thread->descriptor = descriptor;
	if (thread->seen == VP_SEEN_OURS)
		vp_leak_leave_out(map->lo, map->hi);
	else if (thread->sp >= map->lo && thread->sp < descriptor)
		vp_leak_leave_out(map->lo, thread->sp);
}

static void main_stack(const struct vp_leak_map *map)
{
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		uint64_t sp = vp_leak_thread[i].sp;

		if (sp >= map->lo && sp < map->hi)
			vp_leak_leave_out(map->lo, sp);
	}
}

void vp_leak_stacks(const struct vp_leak_map *maps, uint32_t count)
{
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		vp_leak_thread[i].stack_at = vp_leak_thread[i].sp;
		if (vp_leak_thread[i].sp && vp_leak_thread[i].seen != VP_SEEN_ENDING)
			vp_leak_thread[i].sp = (vp_leak_thread[i].sp - RED_ZONE) & ~7ull;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (maps[i].kind & VP_MAP_STACK)
			main_stack(&maps[i]);
		else if (maps[i].kind & VP_MAP_ANON && maps[i].kind & VP_MAP_GUARDED &&
			 maps[i].kind & VP_MAP_WRITE && maps[i].hi - maps[i].lo >= 16384)
			one_stack(&maps[i]);
	}
	/* Stacks that the program brought along lie anywhere. */
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		const struct vp_leak_thread *thread = &vp_leak_thread[i];

		if (!thread->descriptor && thread->sp > thread->stack_lo &&
		    thread->sp < thread->stack_hi)
			vp_leak_leave_out(thread->stack_lo, thread->sp);
	}
}
