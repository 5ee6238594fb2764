#include "stack/capture.h"
#include "ring/tables.h"
#include "stack/modules.h"
#include "stack/oracle.h"
#include "stack/step.h"
#include "stack/trie.h"
#include "stack/unwind.h"

static inline uint64_t load(uint64_t address)
{
	return *(const volatile uint64_t *)(uintptr_t)address;
}

/* How many of four words have changed, as bits that are 0 when none has. */
static inline uint64_t changed(const struct vp_capture_word word[4])
{
	return (load(word[0].address) ^ word[0].value) | (load(word[1].address) ^ word[1].value) |
	       (load(word[2].address) ^ word[2].value) | (load(word[3].address) ^ word[3].value);
}

/* Index of the first word that has changed, `count` when none has.  The last
 * four are looked at as four, too, though some of them may have been before. */
static inline uint32_t first_change(const struct vp_capture_word *word, uint32_t count)
{
	const struct vp_capture_word *at = word, *end = word + count;

	for (; end - at >= 4 && !changed(at); at += 4)
		;
	if (end - at < 4 && count >= 4 && !changed(end - 4))
		return count;
	while (at < end && load(at->address) == at->value)
		at++;
	return (uint32_t)(at - word);
}

/* Drops the frames of the last stack that have returned, those below sp, and
 * returns how many of the others are still valid: every word that led to them is
 * unchanged.  The word that leads to a frame at sp itself is the hook's. */
static inline uint32_t count_valid(struct vp_capture *last, uint64_t sp)
{
	const struct vp_capture_frame *frame = last->frame;
	uint32_t depth = last->depth, count, change;

	while (frame[depth].sp < sp)
		depth--;
	last->depth = depth;
	count = frame[depth - (frame[depth].sp == sp)].words_end;
	change = first_change(last->word, count);
	if (__builtin_expect(change == count, 1))
		return depth;
	depth = depth < change ? depth : change; /* each has a word of its own at least */
	while (frame[depth].words_end > change)
		depth--;
	return depth;
}

/* The words a full step depended on, kept until the frame has its place. */
static void note_words(struct vp_capture *last, const struct vp_learn_words *words,
		       struct vp_capture_fresh *fresh)
{
	fresh->first_word = (uint16_t)last->spare_used;
	fresh->bp_from = VP_CAPTURE_FULL;
	fresh->words = (uint8_t)(words->count ? words->count : VP_LEARN_WORDS + 1);
	for (uint32_t i = 0; i < words->count && i < VP_LEARN_WORDS; i++) {
		if (last->spare_used == VP_STACK_DEPTH_MAX)
			fresh->words = VP_LEARN_WORDS + 1;
		else
			last->spare[last->spare_used++] =
			    (struct vp_capture_word){words->address[i], words->value[i]};
	}
}

/* A walk under way. */
struct walk {
	struct vp_regs regs;		      /* of the frame to be looked at next */
	const struct vp_capture_frame *old;   /* of the last stack: the innermost at sp or above */
	const struct vp_capture_frame *valid; /* the innermost that is still valid */
	int matched;			      /* the walk ended at *old */
};

/* Goes on to the frame of the last stack that lies at sp or above it.  Is that one
 * still valid, and are sp, pc and, where its rule uses it, bp as they were? */
static inline int frame_matches(const struct vp_capture_frame **old,
				const struct vp_capture_frame *valid,
				const struct vp_capture_fresh *fresh)
{
	while ((*old)->sp < fresh->sp)
		--*old;
	return (*old)->sp == fresh->sp && (*old)->pc == fresh->pc && *old <= valid &&
	       (!(*old)->needs_bp || (*old)->bp == fresh->bp);
}

/* vp_step_frame for plain frames by row, with the state in registers, until a
 * frame of the last stack matches or one is not plain or there is no room.
 * Frames of one function are mostly of one size, so where an old frame lay at
 * sp, the next one probably lies where the old next one did.  That is taken
 * from memory where it turns out right: the processor then goes on to the next
 * frame before this one is computed.
 * Returns the first fresh frame it has taken no step from. */
static inline __attribute__((always_inline)) struct vp_capture_fresh *
walk_plain(const struct vp_capture *last, struct walk *walk, const struct vp_view *view,
	   struct vp_capture_fresh *fresh)
{
	const struct vp_row_table *rows = __atomic_load_n(&vp_rows, __ATOMIC_ACQUIRE);
	const struct vp_capture_frame *old = walk->old, *const valid = walk->valid;
	const uint64_t mask = rows->mask, lo = view->lo, hi = view->hi;
	uint64_t pc = walk->regs.pc, sp = walk->regs.sp, bp = walk->regs.bp, from;

	for (; fresh < &last->fresh[VP_STACK_DEPTH_MAX - 1]; fresh++) {
		const uint64_t word = vp_rows_find_in(rows->row, mask, pc - 1);
		const struct vp_rule rule = vp_rule_unpack(word);
		uint64_t base = rule.kind == VP_ROW_BP ? bp : sp;
		uint64_t frame = base + (uint64_t)(int64_t)rule.cfa_off;
		const struct vp_capture_frame *next;

		fresh->sp = sp;
		fresh->pc = pc;
		fresh->bp = bp;
		walk->matched = frame_matches(&old, valid, fresh);
		if (walk->matched)
			break;
		if (__builtin_expect(!(word & VP_RULE_PLAIN) || frame <= sp || frame > hi, 0))
			break;
		from = 0;
		if (rule.bp_saved) {
			from = frame + (uint64_t)(int64_t)rule.bp_off;
			if (__builtin_expect(from < lo || from > hi - 8, 0))
				break;
			bp = load(from);
		}
		fresh->rule = word;
		fresh[1].bp_from = from;
		next = old > last->frame ? old - 1 : old;
		if (__builtin_expect(frame == next->sp, 1))
			__asm__ volatile("movq %1, %0" : "=r"(sp) : "m"(next->sp));
		else
			sp = frame;
		pc = load(sp - 8);
	}
	walk->regs = (struct vp_regs){pc, sp, bp};
	walk->old = old;
	return fresh;
}

/* Any other frame.  Returns what vp_step_frame does. */
static __attribute__((noinline)) int step_any(struct vp_capture *last, struct vp_step *step,
					      struct vp_capture_fresh *fresh)
{
	int more = vp_step_frame(step);

	if (more < 0)
		return more;
	fresh->rule =
	    (step->where & VP_RULE_MODULE) | (uint64_t)(step->uses_bp ? VP_ROW_BP : VP_ROW_SP) |
	    (step->bp_from || step->full ? VP_RULE_SAVED : 0) | (step->hidden ? VP_RULE_HIDDEN : 0);
	fresh[1].bp_from = step->bp_from;
	if (step->full)
		note_words(last, &step->words, &fresh[1]);
	return more;
}

/* A frame that walk_plain leaves to us.  Returns what vp_step_frame does. */
static int walk_one(struct vp_capture *last, struct walk *walk, struct vp_step *step,
		    struct vp_capture_fresh *fresh)
{
	int more;

	step->regs = walk->regs;
	more = step_any(last, step, fresh);
	walk->regs = step->regs;
	return more;
}

/* Walks outwards; fills last->fresh innermost first and returns their number.
 * Where a frame of the last stack matched, the entry after the last one tells
 * how it was reached. */
static uint32_t walk_out(struct vp_capture *last, struct walk *walk, struct vp_step *step)
{
	struct vp_capture_fresh *fresh = last->fresh;
	int more = 1;

	fresh->bp_from = 0;
	last->spare_used = 0;
	for (; more > 0; fresh += more >= 0) {
		if (__builtin_expect(!step->exact && !step->unloading, 1)) {
			fresh = walk_plain(last, walk, step->view, fresh);
		} else {
			fresh->sp = walk->regs.sp;
			fresh->pc = walk->regs.pc | (step->exact ? VPROF_WHERE_EXACT : 0);
			fresh->bp = walk->regs.bp;
			walk->matched = frame_matches(&walk->old, walk->valid, fresh);
		}
		if (walk->matched)
			break;
		if (fresh == &last->fresh[VP_STACK_DEPTH_MAX - 1]) {
			step->cut = VPROF_CUT_DEPTH;
			break;
		}
		more = walk_one(last, walk, step, fresh);
	}
	return (uint32_t)(fresh - last->fresh);
}

/* The words a full step read.  More than can be noted become one that never
 * holds. */
static __attribute__((noinline)) uint32_t put_words_full(struct vp_capture *last, uint32_t end,
							 const struct vp_capture_fresh *fresh)
{
	static const uint64_t never = 1;

	if (fresh->bp_from == VP_CAPTURE_FULL && fresh->words <= VP_LEARN_WORDS &&
	    end + fresh->words <= VP_CAPTURE_WORDS) {
		for (uint32_t i = 0; i < fresh->words; i++)
			last->word[end++] = last->spare[fresh->first_word + i];
		return end;
	}
	end = end < VP_CAPTURE_WORDS ? end : VP_CAPTURE_WORDS - 1;
	last->word[end++] = (struct vp_capture_word){(uint64_t)(uintptr_t)&never, 0};
	return end;
}

/* Notes how a frame was reached, after `end` words: the words that led to it.
 * Returns their end. */
static inline uint32_t put_words(struct vp_capture *last, uint32_t end,
				 const struct vp_capture_fresh *fresh, uint64_t needs_bp)
{
	uint64_t bp_from = fresh->bp_from;

	if (__builtin_expect(bp_from == VP_CAPTURE_FULL || end + 2 > VP_CAPTURE_WORDS, 0))
		return put_words_full(last, end, fresh);
	last->word[end++] = (struct vp_capture_word){fresh->sp - 8, fresh->pc};
	if (bp_from && needs_bp)
		last->word[end++] = (struct vp_capture_word){bp_from, fresh->bp};
	return end;
}

/* Puts the first `count` fresh frames on top of the stack, the last of them
 * first.  To the innermost one the hook led, and no word. */
static inline void push_all(struct vp_capture *last, uint32_t count)
{
	const struct vp_trie_index *index = __atomic_load_n(&vp_trie_nodes, __ATOMIC_ACQUIRE);
	struct vp_capture_frame *frame = &last->frame[last->depth];
	struct vp_trie_at place = {frame->hash, frame->node};
	uint64_t needs_bp = frame->needs_bp, mask = index->mask;
	uint32_t end = frame->words_end;

	last->depth += count;
	for (const struct vp_capture_fresh *fresh = &last->fresh[count]; fresh-- > last->fresh;) {
		frame++;
		if (__builtin_expect(
			!(fresh->rule & VP_RULE_HIDDEN) && place.node != VPROF_NODE_OVERFLOW, 1))
			place = vp_trie_child_in(index, mask, place,
						 fresh->pc | (fresh->rule & VP_RULE_MODULE));
		needs_bp = vp_rule_needs_bp(fresh->rule, needs_bp);
		if (fresh > last->fresh)
			end = put_words(last, end, fresh, needs_bp);
		frame->hash = place.hash;
		frame->node = place.node;
		frame->sp = fresh->sp;
		frame->pc = fresh->pc;
		frame->bp = fresh->bp;
		frame->needs_bp = (uint8_t)needs_bp;
		frame->words_end = (uint16_t)end;
	}
}

/* The frame that matched is reached another way now. */
static inline void relink(struct vp_capture *last, const struct vp_capture_fresh *fresh)
{
	struct vp_capture_frame *frame = &last->frame[last->depth];

	frame->bp = fresh->bp;
	frame->words_end = (uint16_t)put_words(last, frame[-1].words_end, fresh, frame->needs_bp);
}

/*   valid   frames of the last stack that are still so */
static void capture(struct vp_capture *last, const struct vp_regs *caller,
		    const struct vp_view *view, uint32_t valid)
{
	struct walk walk = {*caller, &last->frame[last->depth], &last->frame[valid], 0};
	struct vp_step step;
	uint32_t fresh;

	step.exact = 0;
	step.view = view;
	step.unloading = last->unloading;
	step.refused = 0;
	step.cut = 0;
	fresh = walk_out(last, &walk, &step);
	if (walk.matched && fresh + (uint32_t)(walk.old - last->frame) > VP_STACK_DEPTH_MAX) {
		/* Too deep: keep the innermost frames, as a fresh walk does. */
		walk = (struct walk){*caller, last->frame, last->frame, 0};
		step.exact = 0;
		fresh = walk_out(last, &walk, &step);
	}
	if (!walk.matched) {
		last->depth = 0;
		last->cut = step.cut;
	} else {
		last->depth = (uint32_t)(walk.old - last->frame);
		if (fresh)
			relink(last, &last->fresh[fresh]);
	}
	push_all(last, fresh);
	if (__builtin_expect(step.refused, 0))
		last->generation = 0; /* not to be used again */
}

/* Is the whole stack the last one?  The common case of a loop that allocates. */
static inline int unchanged(const struct vp_capture *last, const struct vp_regs *caller,
			    uint32_t valid)
{
	const struct vp_capture_frame *top = &last->frame[valid];

	return valid == last->depth && top->sp == caller->sp && top->pc == caller->pc &&
	       (!top->needs_bp || top->bp == caller->bp);
}

uint32_t vp_capture_stack(struct vp_stack *stack, const struct vp_regs *caller)
{
	struct vp_view view = {caller->sp, stack->hi, (const void *)(uintptr_t)caller->sp, 0};
	struct vp_capture *last = &stack->capture;
	uint32_t generation = __atomic_load_n(&vp_rows_generation, __ATOMIC_ACQUIRE);
	uint32_t node, valid;

	if (__builtin_expect(caller->sp - stack->lo >= stack->hi - stack->lo, 0)) {
		size_t depth = vp_unwind_foreign(stack, caller, 0, stack->walk, VP_STACK_DEPTH_MAX);

		return vp_trie_path(stack->walk, depth);
	}
	if (__builtin_expect(last->generation != generation, 0)) {
		last->depth = 0;
		last->unloading = __atomic_load_n(&vp_modules_closing, __ATOMIC_ACQUIRE) != 0;
		last->generation = last->unloading ? 0 : generation; /* 0: never current */
	}
	valid = count_valid(last, caller->sp);
	if (!unchanged(last, caller, valid))
		capture(last, caller, &view, valid);
	if (__builtin_expect(last->cut, 0))
		vp_lost((enum vprof_lost)last->cut, 1);
	node = last->frame[last->depth].node;
	if (__builtin_expect(node == VPROF_NODE_OVERFLOW, 0))
		vp_lost(VPROF_LOST_NODES, 1);
	vp_oracle_capture(caller, &view, node);
	return node ? node : VPROF_NODE_OVERFLOW;
}
