/* L2 */
#include "stack/capture.h"
#include "ring/tables.h"
#include "stack/oracle.h"
#include "stack/step.h"
#include "stack/trie.h"
#include "stack/unwind.h"

static inline uint64_t load(uint64_t address)
{
	return *(const volatile uint64_t *)(uintptr_t)address;
}

static int words_hold(const struct vp_learn_words *words)
{
	for (uint32_t i = 0; i < words->count; i++) {
		if (load(words->address[i]) != words->value[i])
			return 0;
	}
	return 1;
}

/* The slow half of holds(): frames whose way depends on more than one word. */
static __attribute__((noinline)) int holds_all(const struct vp_capture *last, uint32_t i)
{
	const struct vp_capture_frame *frame = &last->frame[i];

	if (last->check[i] & VP_CHECK_NEVER)
		return 0;
	if (last->check[i] & VP_CHECK_WORDS)
		return words_hold(&last->pool[last->words[i]]);
	if (load(frame->sp - 8) != frame->pc)
		return 0;
	return !last->bp_from[i] || load(last->bp_from[i]) == last->bp[i];
}

/* Would a step from frame i + 1 lead to frame i again? */
static inline int holds(const struct vp_capture *last, uint32_t i)
{
	if (__builtin_expect(last->check[i], 0))
		return holds_all(last, i);
	return load(last->frame[i].sp - 8) == last->frame[i].pc;
}

/* Has the walk arrived at a frame of the last stack from which everything
 * outwards still stands?  Frames below sp have returned and are dropped, and
 * so are those found to have changed. */
static inline int meets(struct vp_capture *last, const struct vp_step *step)
{
	uint64_t pc = step->regs.pc | (step->exact ? VP_CAPTURE_EXACT : 0);
	uint32_t top;

	while (last->depth && last->frame[last->depth - 1].sp < step->regs.sp)
		last->depth--;
	if (!last->depth)
		return 0;
	top = last->depth - 1;
	if (last->frame[top].sp != step->regs.sp || last->frame[top].pc != pc ||
	    ((last->check[top] & VP_CHECK_BP) && last->bp[top] != step->regs.bp))
		return 0;
	for (uint32_t i = top; i-- > 0;) {
		if (holds(last, i))
			continue;
		last->depth = i; /* all inner ones stand on a changed one */
		return 0;
	}
	return 1;
}

/* Notes the words a full step depended on.  Such frames are few (signals,
 * realigned stacks), so the pool is small and swept when it is needed. */
static uint8_t note_words(struct vp_capture *last, const struct vp_learn_words *words,
			  uint32_t fresh, uint8_t *entry)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < last->depth; i++) {
		if (last->check[i] & VP_CHECK_WORDS)
			used |= 1u << last->words[i];
	}
	for (uint32_t i = 0; i < fresh; i++) {
		if (last->fresh[i].how & VP_CHECK_WORDS)
			used |= 1u << last->fresh[i].words;
	}
	*entry = (uint8_t)__builtin_ctz(~used);
	if (*entry >= VP_CAPTURE_POOL || words->count > VP_LEARN_WORDS)
		return VP_CHECK_NEVER;
	last->pool[*entry] = *words;
	return VP_CHECK_WORDS;
}

/* Walks outwards; fills last->fresh innermost first and returns their number.
 * *met: the walk ended at a frame of the last stack; *link: how it got there. */
static uint32_t walk_out(struct vp_capture *last, struct vp_step *step, int *met,
			 struct vp_capture_fresh *link)
{
	uint32_t n = 0;
	int more = 1;

	while (more > 0 && n < VP_STACK_DEPTH_MAX) {
		struct vp_capture_fresh *fresh = &last->fresh[n];

		*met = meets(last, step);
		if (*met)
			return n;
		*fresh = *link;
		fresh->frame.sp = step->regs.sp;
		fresh->frame.pc = step->regs.pc | (step->exact ? VP_CAPTURE_EXACT : 0);
		fresh->bp = step->regs.bp;
		more = vp_step_frame(step);
		if (more < 0)
			return n;
		n++;
		fresh->where = step->where;
		fresh->hidden = (uint8_t)step->hidden;
		fresh->uses_bp = (uint8_t)step->uses_bp;
		fresh->reloads_bp = step->bp_from != 0 || step->full;
		link->bp_from = step->bp_from;
		link->how = 0;
		if (step->full)
			link->how = note_words(last, &step->words, n, &link->words);
	}
	if (more > 0)
		step->cut = VPROF_CUT_DEPTH;
	return n;
}

/* Puts a fresh frame on top of the stack. */
static inline void push(struct vp_capture *last, const struct vp_capture_fresh *fresh)
{
	uint32_t at = last->depth;
	uint32_t parent = at ? last->node[at - 1] : VPROF_NODE_ROOT;
	int outer = at && (last->check[at - 1] & VP_CHECK_BP);
	int needs_bp = fresh->uses_bp || (!fresh->reloads_bp && outer);

	last->frame[at] = fresh->frame;
	last->bp[at] = fresh->bp;
	last->bp_from[at] = fresh->bp_from;
	last->words[at] = fresh->words;
	last->check[at] = (uint8_t)(fresh->how | (needs_bp ? VP_CHECK_BP : 0));
	last->node[at] = fresh->hidden || parent == VPROF_NODE_OVERFLOW
				 ? parent : vp_trie_node(parent, fresh->where);
	last->depth = at + 1;
}

/* The frame the walk met is reached another way now. */
static inline void relink(struct vp_capture *last, const struct vp_step *step,
			  const struct vp_capture_fresh *link)
{
	uint32_t top = last->depth - 1;

	last->bp[top] = step->regs.bp;
	last->bp_from[top] = link->bp_from;
	last->words[top] = link->words;
	last->check[top] = (uint8_t)((last->check[top] & VP_CHECK_BP) | link->how);
}

static void capture(struct vp_capture *last, const struct vp_regs *caller,
		    const struct vp_view *view)
{
	struct vp_step step = {.regs = *caller, .view = view};
	struct vp_capture_fresh link = {.how = 0};
	uint32_t fresh;
	int met = 0;

	fresh = walk_out(last, &step, &met, &link);
	if (met && fresh + last->depth > VP_STACK_DEPTH_MAX) {
		/* Too deep: keep the innermost frames, as a fresh walk does. */
		last->depth = 0;
		met = 0;
		step = (struct vp_step){.regs = *caller, .view = view};
		link = (struct vp_capture_fresh){.how = 0};
		fresh = walk_out(last, &step, &met, &link);
	}
	if (!met) {
		last->depth = 0;
		last->cut = step.cut;
	} else if (fresh) {
		relink(last, &step, &link);
	}
	while (fresh)
		push(last, &last->fresh[--fresh]);
	if (__builtin_expect(last->cut, 0))
		vp_lost((enum vprof_lost)last->cut, 1);
}

uint32_t vp_capture_stack(struct vp_thread *thread, const struct vp_regs *caller)
{
	struct vp_view view = {caller->sp, thread->stack_hi, (const void *)(uintptr_t)caller->sp,
			       0};
	struct vp_capture *last = thread->capture;
	uint32_t generation = __atomic_load_n(&vp_rows_generation, __ATOMIC_ACQUIRE);
	uint32_t node;

	if (__builtin_expect(caller->sp < thread->stack_lo || caller->sp >= thread->stack_hi, 0)) {
		size_t depth = vp_unwind_foreign(thread, caller, 0, thread->walk,
						 VP_STACK_DEPTH_MAX);

		return vp_trie_path(thread->walk, depth);
	}
	if (__builtin_expect(last->generation != generation, 0)) {
		last->depth = 0;
		last->generation = generation;
	}
	capture(last, caller, &view);
	node = last->depth ? last->node[last->depth - 1] : VPROF_NODE_ROOT;
	if (node == VPROF_NODE_OVERFLOW)
		vp_lost(VPROF_LOST_NODES, 1);
	vp_oracle_capture(caller, &view, node);
	return node ? node : VPROF_NODE_OVERFLOW;
}
