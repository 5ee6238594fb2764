#include "helper/look.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/trie.h"
#include "stack/unwind.h"

#include <string.h>

/* Most walks end within the first piece; a copy that was too short is made anew. */
#define COPY_FIRST (32u << 10)
#define COPY_MOST  (512u << 10)
/* Words tried as the frame pointer: those of the frames that do without one. */
#define GUESSES_MOST 256u

static uint8_t *memory; /* of the copy */
static uint64_t walked[VP_STACK_DEPTH_MAX];

static int have_memory(void)
{
	if (!memory)
		memory = vp_sys_map(COPY_MOST);
	return memory != NULL;
}

void vp_look_close(void)
{
	vp_sys_unmap(memory, COPY_MOST);
	memory = NULL;
}

/* Copies the stack from sp on. */
static struct vp_view copy(const struct vp_look_at *at, uint64_t sp, size_t bytes)
{
	struct vp_view view = {sp, sp, memory, 1};

	if (at->stack_hi > sp && at->stack_hi - sp < bytes)
		bytes = at->stack_hi - sp;
	view.hi = sp + vp_sys_peek(memory, sp, bytes);
	return view;
}

uint32_t vp_look_published(const struct vp_look_at *at, const struct vp_regs *regs,
			   int (*still)(const void *arg), const void *arg)
{
	size_t depth = 0;
	int why = VPROF_CUT_COPY_END;

	if (!have_memory())
		return VPROF_NODE_ROOT;
	for (size_t bytes = COPY_FIRST; bytes <= COPY_MOST && why == VPROF_CUT_COPY_END;
	     bytes *= 4) {
		struct vp_view view = copy(at, regs->sp, bytes);

		if (!still(arg))
			return VPROF_NODE_ROOT;
		depth = vp_unwind_try(regs, 0, &view, walked, VP_STACK_DEPTH_MAX, &why);
		if (view.hi - view.lo < bytes)
			break; /* there is no more of it */
	}
	if (why)
		vp_lost((enum vprof_lost)why, 1);
	return depth ? vp_trie_path(walked, depth) : VPROF_NODE_ROOT;
}

/* Does the instruction before a return address call?  The forms are E8 and FF /2. */
static int follows_call(uint64_t pc)
{
	uint8_t code[8];

	if (vp_sys_peek(code, pc - sizeof(code), sizeof(code)) != sizeof(code))
		return 0;
	if (code[3] == 0xe8)
		return 1;
	for (int bytes = 2; bytes <= 7; bytes++) { /* of FF and what follows it */
		const uint8_t *op = code + sizeof(code) - bytes;
		int mod = op[1] >> 6, rm = op[1] & 7, size = 2;

		if (op[0] != 0xff || (op[1] >> 3 & 7) != 2)
			continue;
		if (mod != 3 && rm == 4)
			size++;
		if (mod == 1)
			size++;
		else if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (op[2] & 7) == 5))))
			size += 4;
		if (size == bytes)
			return 1;
	}
	return 0;
}

/* The innermost frame is where the thread stands, and one that a signal interrupted is where
 * it stood: no call precedes those. */
static int is_plausible(size_t depth)
{
	for (size_t i = 1; i < depth; i++)
		if (!(walked[i] & VPROF_WHERE_EXACT) &&
		    !follows_call(walked[i] & VPROF_WHERE_ADDRESS))
			return 0;
	return depth > 0;
}

/* A frame pointer leads to the caller's, further out, and beside that lies an address to which
 * a call returns. */
static int may_be_frame(const struct vp_view *view, uint64_t at)
{
	uint64_t outer, pc;

	return vp_view_read(view, at, &outer) && vp_view_read(view, at + 8, &pc) &&
	       (outer == 0 || (outer > at && outer < view->hi)) && outer % 8 == 0 && pc >= 4096 &&
	       pc <= VPROF_WHERE_ADDRESS && follows_call(pc);
}

/* Returns the depth of a walk that came to the end; 0: there was none. */
static size_t guess(const struct vp_regs *regs, int exact, const struct vp_view *view)
{
	uint32_t guesses = 0;
	int why;

	for (uint64_t at = (regs->sp + 7) & ~7ull; at + 16 <= view->hi; at += 8) {
		struct vp_regs with = {regs->pc, regs->sp, at};
		size_t depth;

		if (!may_be_frame(view, at))
			continue;
		depth = vp_unwind_try(&with, exact, view, walked, VP_STACK_DEPTH_MAX, &why);
		if (why == 0 && is_plausible(depth))
			return depth;
		if (++guesses == GUESSES_MOST)
			break;
	}
	return 0;
}

uint32_t vp_look_doing(const struct vp_look_at *at, const struct vp_doing *doing, int *guessed)
{
	struct vp_regs regs = {doing->pc, doing->sp, 0};
	int exact = doing->what != VP_DOING_CALL, why;
	struct vp_view view;
	size_t depth;

	*guessed = 0;
	if (!regs.pc || !have_memory())
		return VPROF_NODE_ROOT;
	view = copy(at, regs.sp, COPY_FIRST * 4);
	if (!vp_doing_is_still(at->tid, doing))
		return VPROF_NODE_ROOT;
	depth = vp_unwind_try(&regs, exact, &view, walked, VP_STACK_DEPTH_MAX, &why);
	if (why || !is_plausible(depth)) {
		depth = guess(&regs, exact, &view);
		*guessed = depth > 0;
	}
	if (!depth) /* where it is, at least */
		depth = vp_unwind_try(&regs, exact, &view, walked, 1, &why);
	return depth ? vp_trie_path(walked, depth) : VPROF_NODE_ROOT;
}
