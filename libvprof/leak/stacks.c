/* Stacks: below its stack pointer a thread's stack is left-overs, and so is
 * all of the stack of a thread that has ended.
 *
 * libc keeps the stacks of ended threads for later ones.  It puts a thread's
 * descriptor at the top of the stack; its first word and its third point to
 * itself, and it holds the thread's number, which the kernel clears when the
 * thread ends. */
#include "base/glibc.h"
#include "base/sys.h"
#include "leak/internal.h"
#include "thread/threads.h"

#include <string.h>

#define RED_ZONE	128u  /* below the stack pointer, used by leaf functions */
#define DESCRIPTOR_MOST 8192u /* from the descriptor to the end of the mapping */

void vp_leak_search_thread_start(struct vp_thread *thread)
{
	vp_glibc_learn_start(thread->trampoline);
}

/* Whether libc mapped the stack that ends there, guard and all: its descriptor says where the
 * block begins, and in the next word how large it is.  One that the program brought along has
 * no guard of libc's, whatever happens to lie below it, and is the program's memory again when
 * the thread has ended. */
static int is_of_libc(const struct vp_leak_map *map, uint64_t descriptor)
{
	for (uint64_t at = descriptor; at + 16 <= map->hi; at += 8) {
		uint64_t block = vp_leak_load(at);

		if (block < map->lo && vp_leak_load(at + 8) == map->hi - block)
			return 1;
	}
	return 0;
}

static uint64_t find_descriptor(const struct vp_leak_map *map)
{
	uint64_t at = (map->hi - VP_DESCRIPTOR_ALIGN) & ~(VP_DESCRIPTOR_ALIGN - 1ull);

	for (; at >= map->lo && map->hi - at <= DESCRIPTOR_MOST; at -= VP_DESCRIPTOR_ALIGN) {
		if (vp_leak_load(at + VP_DESCRIPTOR_SELF) == at &&
		    vp_leak_load(at + VP_DESCRIPTOR_SELF_2) == at)
			return at;
	}
	return 0;
}

static struct vp_leak_thread *thread_of(uint64_t descriptor)
{
	int tid = (int)(uint32_t)vp_leak_load(descriptor + vp_glibc.tid_at);

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
	uint64_t start = descriptor + vp_glibc.start_at;
	uint64_t result = start - VP_DESCRIPTOR_RESULT_BEFORE;

	if (!vp_glibc.start_at || (uint32_t)vp_leak_load(descriptor + vp_glibc.tid_at) != 0 ||
	    vp_leak_load(start - VP_DESCRIPTOR_JOINER_BEFORE) != 0) {
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

	if (!descriptor || !is_of_libc(map, descriptor))
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
		else if (vp_glibc_knows(VP_GLIBC_THREADS) && maps[i].kind & VP_MAP_ANON &&
			 maps[i].kind & VP_MAP_GUARDED && maps[i].kind & VP_MAP_WRITE &&
			 maps[i].hi - maps[i].lo >= 16384)
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
