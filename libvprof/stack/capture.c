/* L2 */
#include "stack/capture.h"
#include "ring/tables.h"
#include "stack/modules.h"
#include "stack/oracle.h"
#include "stack/step.h"
#include "stack/trie.h"
#include "stack/unwind.h"

/* Exact frames (under a signal) differ from return addresses by a bit. */
static inline uint64_t capture_pc(uint64_t pc, int exact)
{
	return pc | (uint64_t)(exact != 0) << 63;
}

static inline uint64_t load(uint64_t address)
{
	return *(const volatile uint64_t *)(uintptr_t)address;
}

/* Index of the first word that has changed, `count` when none has. */
static inline uint32_t first_change(const struct vp_capture_word *word, uint32_t count)
{
	uint32_t i = 0;

	for (; i + 4 <= count; i += 4) {
		uint64_t changed = (load(word[i].address) ^ word[i].value) |
				   (load(word[i + 1].address) ^ word[i + 1].value) |
				   (load(word[i + 2].address) ^ word[i + 2].value) |
				   (load(word[i + 3].address) ^ word[i + 3].value);
		if (changed)
			break;
	}
	while (i < count && load(word[i].address) == word[i].value)
		i++;
	return i;
}

/* Has the walk arrived at a frame of the last stack from which everything
 * outwards still stands?  Frames below sp have returned and are dropped, and
 * so are those that stand on a word that has changed. */
static inline int meets(struct vp_capture *last, uint64_t sp, uint64_t pc, uint64_t bp)
{
	const struct vp_capture_frame *top;
	uint32_t count, change;

	while (last->depth && last->frame[last->depth - 1].sp < sp)
		last->depth--;
	if (!last->depth)
		return 0;
	top = &last->frame[last->depth - 1];
	if (top->sp != sp || top->pc != pc || (top->needs_bp && top->bp != bp))
		return 0;
	if (last->depth == 1)
		return 1;
	count = top[-1].words_end;
	change = first_change(last->word, count);
	if (__builtin_expect(change == count, 1))
		return 1;
	while (last->depth && last->frame[last->depth - 1].words_end > change)
		last->depth--;
	return 0;
}

/* The words a full step depended on, kept until the frame has its place. */
static void note_words(struct vp_capture *last, const struct vp_learn_words *words,
		       struct vp_capture_fresh *fresh)
{
	fresh->first_word = (uint16_t)last->spare_used;
	fresh->words = (uint8_t)(words->count ? words->count : VP_LEARN_WORDS + 1);
	for (uint32_t i = 0; i < words->count && i < VP_LEARN_WORDS; i++) {
		if (last->spare_used == VP_STACK_DEPTH_MAX)
			fresh->words = VP_LEARN_WORDS + 1;
		else
			last->spare[last->spare_used++] = (struct vp_capture_word){
				words->address[i], words->value[i]};
	}
}

/* Frames of one function are mostly of one size, so where an old frame lay at
 * sp, the next one probably lies where the old next one did.  Moves *old, a
 * frame of the last stack, outwards to sp and returns where that sp stands. */
static inline const uint64_t *expected_sp(const struct vp_capture_frame **old,
					  const struct vp_capture_frame *outermost, uint64_t sp)
{
	while (*old > outermost && (*old)->sp < sp)
		--*old;
	return *old > outermost ? &(*old)[-1].sp : &outermost->sp;
}

/* vp_step_frame for the plain frame by row, with the state in registers.  What
 * is expected of the caller's sp is taken from memory where it turns out right:
 * the processor then goes on to the next frame before this one is computed.
 * Returns 0, having done nothing, where the frame is not plain. */
static inline __attribute__((always_inline)) int
step_plain(const struct vp_step *step, struct vp_regs *regs, const uint64_t *expected,
	   struct vp_capture_fresh *fresh)
{
	uint64_t word = vp_rows_find(regs->pc - 1);
	const struct vp_rule rule = vp_rule_unpack(word);
	uint64_t base = rule.kind == VP_ROW_SP ? regs->sp : regs->bp;
	uint64_t frame = base + (uint64_t)(int64_t)rule.cfa_off, from = 0;

	if (__builtin_expect((rule.kind != VP_ROW_SP && rule.kind != VP_ROW_BP) || step->exact ||
				     step->doubt || frame <= regs->sp || frame > step->view->hi, 0))
		return 0;
	if (__builtin_expect(regs->pc - (uint64_t)(uintptr_t)__start_vp_trampoline <
				     (uint64_t)(__stop_vp_trampoline - __start_vp_trampoline), 0))
		return 0;
	if (rule.bp_saved) {
		from = frame + (uint64_t)(int64_t)rule.bp_off;
		if (__builtin_expect(from < step->view->lo || from > step->view->hi - 8, 0))
			return 0;
		regs->bp = load(from);
	}
	fresh->where = regs->pc | (uint64_t)rule.module << VPROF_WHERE_MODULE_SHIFT;
	fresh->hidden = 0;
	fresh->uses_bp = rule.kind == VP_ROW_BP;
	fresh->reloads_bp = from != 0;
	fresh[1].bp_from = from;
	if (__builtin_expect(frame == *expected, 1))
		__asm__ volatile("movq %1, %0" : "=r"(regs->sp) : "m"(*expected));
	else
		regs->sp = frame;
	regs->pc = load(regs->sp - 8);
	return 1;
}

/* Any other frame.  Returns what vp_step_frame does. */
static __attribute__((noinline)) int step_any(struct vp_capture *last, struct vp_step *step,
					      struct vp_capture_fresh *fresh)
{
	int more = vp_step_frame(step);

	if (more < 0)
		return more;
	fresh->where = step->where;
	fresh->hidden = (uint8_t)step->hidden;
	fresh->uses_bp = (uint8_t)step->uses_bp;
	fresh->reloads_bp = step->bp_from != 0 || step->full;
	fresh[1].bp_from = step->bp_from;
	fresh[1].words = 0;
	if (step->full)
		note_words(last, &step->words, &fresh[1]);
	return more;
}

/* Walks outwards; fills last->fresh innermost first and returns their number.
 * *met: the walk ended at a frame of the last stack, and the entry after the
 * last one tells how it was reached. */
static uint32_t walk_out(struct vp_capture *last, struct vp_step *step, int *met)
{
	const struct vp_capture_frame *old = &last->frame[last->depth ? last->depth - 1 : 0];
	struct vp_capture_fresh *fresh = last->fresh;
	struct vp_regs regs = step->regs;
	int more = 1;

	fresh->bp_from = 0;
	fresh->words = 0;
	last->spare_used = 0;
	while (fresh < &last->fresh[VP_STACK_DEPTH_MAX - 1]) {
		fresh->sp = regs.sp;
		fresh->pc = capture_pc(regs.pc, step->exact);
		fresh->bp = regs.bp;
		*met = meets(last, fresh->sp, fresh->pc, fresh->bp);
		if (*met)
			break;
		if (step_plain(step, &regs, expected_sp(&old, last->frame, regs.sp), fresh)) {
			fresh[1].words = 0;
		} else {
			step->regs.pc = regs.pc;
			step->regs.sp = regs.sp;
			step->regs.bp = regs.bp;
			more = step_any(last, step, fresh);
			regs.pc = step->regs.pc;
			regs.sp = step->regs.sp;
			regs.bp = step->regs.bp;
		}
		if (__builtin_expect(more < 0, 0))
			break;
		fresh++;
		if (__builtin_expect(more == 0, 0))
			break;
	}
	if (more > 0 && !*met)
		step->cut = VPROF_CUT_DEPTH;
	return (uint32_t)(fresh - last->fresh);
}

/* Stores how frame number `at` was reached: the words that led to it.  More
 * than can be noted become one that never holds. */
static inline void put_words(struct vp_capture *last, uint32_t at,
			     const struct vp_capture_fresh *fresh)
{
	static const uint64_t never = 1;
	uint32_t end = at ? last->frame[at - 1].words_end : 0;

	if (__builtin_expect(fresh->words == 0 && end + 2 <= VP_CAPTURE_WORDS, 1)) {
		last->word[end++] = (struct vp_capture_word){fresh->sp - 8, fresh->pc};
		if (fresh->bp_from && last->frame[at].needs_bp)
			last->word[end++] = (struct vp_capture_word){fresh->bp_from, fresh->bp};
	} else if (fresh->words && fresh->words <= VP_LEARN_WORDS &&
		   end + fresh->words <= VP_CAPTURE_WORDS) {
		for (uint32_t i = 0; i < fresh->words; i++)
			last->word[end++] = last->spare[fresh->first_word + i];
	} else {
		end = end < VP_CAPTURE_WORDS ? end : VP_CAPTURE_WORDS - 1;
		last->word[end++] = (struct vp_capture_word){(uint64_t)(uintptr_t)&never, 0};
	}
	last->frame[at].words_end = (uint16_t)end;
}

/* Puts a fresh frame on top of the stack.  To the innermost one the hook led,
 * and no word. */
static inline void push(struct vp_capture *last, const struct vp_capture_fresh *fresh,
			int innermost)
{
	uint32_t at = last->depth;
	struct vp_capture_frame *frame = &last->frame[at];
	struct vp_trie_at place = at ? (struct vp_trie_at){frame[-1].hash, frame[-1].node}
				     : VP_TRIE_ROOT;

	if (!fresh->hidden && place.node != VPROF_NODE_OVERFLOW)
		place = vp_trie_child(place, fresh->where);
	frame->hash = place.hash;
	frame->node = place.node;
	frame->sp = fresh->sp;
	frame->pc = fresh->pc;
	frame->bp = fresh->bp;
	frame->needs_bp = fresh->uses_bp || (!fresh->reloads_bp && at && frame[-1].needs_bp);
	last->depth = at + 1;
	if (innermost)
		frame->words_end = at ? frame[-1].words_end : 0;
	else
		put_words(last, at, fresh);
}

static void capture(struct vp_capture *last, const struct vp_regs *caller,
		    const struct vp_view *view)
{
	struct vp_step step;
	uint32_t fresh;
	int met = 0;

	step.regs = *caller;
	step.exact = 0;
	step.view = view;
	step.doubt = last->doubt;
	step.refused = 0;
	step.cut = 0;
	fresh = walk_out(last, &step, &met);
	if (met && fresh + last->depth > VP_STACK_DEPTH_MAX) {
		/* Too deep: keep the innermost frames, as a fresh walk does. */
		last->depth = 0;
		step.regs = *caller;
		step.exact = 0;
		fresh = walk_out(last, &step, &met);
	}
	if (!met) {
		last->depth = 0;
		last->cut = step.cut;
	} else if (fresh) {
		/* The frame met is reached another way now. */
		last->frame[last->depth - 1].bp = last->fresh[fresh].bp;
		put_words(last, last->depth - 1, &last->fresh[fresh]);
	}
	while (fresh) {
		fresh--;
		push(last, &last->fresh[fresh], fresh == 0);
	}
	if (__builtin_expect(step.refused, 0))
		last->generation = 0; /* not to be met again */
}

/* The whole stack is the last one: the common case of a loop that allocates. */
static inline int unchanged(const struct vp_capture *last, const struct vp_regs *caller)
{
	const struct vp_capture_frame *top;
	uint32_t count;

	if (!last->depth)
		return 0;
	top = &last->frame[last->depth - 1];
	if (top->sp != caller->sp || top->pc != caller->pc ||
	    (top->needs_bp && top->bp != caller->bp))
		return 0;
	count = last->depth > 1 ? top[-1].words_end : 0;
	return first_change(last->word, count) == count;
}

uint32_t vp_capture_stack(struct vp_thread *thread, const struct vp_regs *caller)
{
	struct vp_view view = {caller->sp, thread->stack_hi, (const void *)(uintptr_t)caller->sp,
			       0};
	struct vp_capture *last = thread->capture;
	uint32_t generation = __atomic_load_n(&vp_rows_generation, __ATOMIC_ACQUIRE);
	uint32_t node;

	if (__builtin_expect(caller->sp - thread->stack_lo >=
				     thread->stack_hi - thread->stack_lo, 0)) {
		size_t depth = vp_unwind_foreign(thread, caller, 0, thread->walk,
						 VP_STACK_DEPTH_MAX);

		return vp_trie_path(thread->walk, depth);
	}
	if (__builtin_expect(last->generation != generation, 0)) {
		last->depth = 0;
		last->doubt = __atomic_load_n(&vp_modules_closing, __ATOMIC_ACQUIRE) != 0;
		last->generation = last->doubt ? 0 : generation; /* 0: never current */
	}
	if (!unchanged(last, caller))
		capture(last, caller, &view);
	if (__builtin_expect(last->cut, 0))
		vp_lost((enum vprof_lost)last->cut, 1);
	node = last->depth ? last->frame[last->depth - 1].node : VPROF_NODE_ROOT;
	if (__builtin_expect(node == VPROF_NODE_OVERFLOW, 0))
		vp_lost(VPROF_LOST_NODES, 1);
	vp_oracle_capture(caller, &view, node);
	return node ? node : VPROF_NODE_OVERFLOW;
}
