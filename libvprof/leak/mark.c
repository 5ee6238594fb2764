/* What is pointed to, from the roots on.
 *
 * Three passes.  First what libc's own data holds of libc's blocks, to tell
 * them from the host's.  Then everything that a chain of pointers to the starts
 * of blocks leads to; pointers elsewhere into blocks are noted.  Last what is
 * reached through those notes only. */
#include "base/sys.h"
#include "leak/internal.h"

#include <errno.h>

struct work {
	uint64_t lo, hi;
};

#define PIECE	    (32u << 10) /* a large block is searched in pieces: the stack stays small */
#define LARGE_PIECE (2u << 20)
#define SMALL	    4096u

static struct work *stack;
static uint64_t depth;
static enum { PASS_LIBC, PASS_REACH, PASS_MAYBE } pass;

static void push(const struct vp_leak_ref *ref)
{
	if (ref->bytes >= 8)
		stack[depth++] = (struct work){ref->start, ref->start + ref->bytes};
}

static inline uint64_t bit_of(const struct vp_leak_ref *ref)
{
	return 1ull << (ref->unit & 63);
}

static inline int is_reached(const struct vp_leak_ref *ref)
{
	return (ref->page->bits[ref->unit >> 6].reach & bit_of(ref)) != 0;
}

static uint8_t class_of(const struct vp_leak_ref *ref)
{
	return vp_leak_class_of(vp_leak_blocks.site[vp_leak_rank(ref->page, ref->unit)]);
}

static void reach(const struct vp_leak_ref *ref)
{
	if (is_reached(ref))
		return;
	ref->page->bits[ref->unit >> 6].reach |= bit_of(ref);
	push(ref);
}

/* reach and maybe together mean: libc's own. */
static void word_of_libc(uint64_t word)
{
	struct vp_leak_ref ref;

	if (!vp_leak_find(word, &ref) || is_reached(&ref) || class_of(&ref) == VP_CLASS_HOST)
		return;
	ref.page->bits[ref.unit >> 6].maybe |= bit_of(&ref);
	reach(&ref);
}

/* Whether it is into a block in use, or to one behind it, is known once all of those
 * are: until then a bit where no block starts says that there was such a word. */
static void note_place(uint64_t word)
{
	struct vp_leak_page *page;
	uint32_t slot, unit = word >> 3 & 511;

	if (word < vp_leak_blocks.first || word > vp_leak_blocks.last)
		return;
	slot = vp_leak_slot(word);
	page = slot ? &vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1] : NULL;
	if (page && page->address == (word & ~4095ull) &&
	    !(page->bits[unit >> 6].start >> (unit & 63) & 1))
		page->bits[unit >> 6].maybe |= 1ull << (unit & 63);
}

/* Anything but a pointer to the start of a block whose page's bits tell its end. */
static __attribute__((noinline)) void unusual_word(uint64_t word)
{
	struct vp_leak_ref ref;
	enum vp_leak_hit hit = vp_leak_find(word, &ref);

	if (hit == VP_HIT_NONE || hit == VP_HIT_INTERIOR)
		note_place(word);
	if (hit == VP_HIT_NONE || is_reached(&ref))
		return;
	if (hit == VP_HIT_START || class_of(&ref) == VP_CLASS_RUNTIME ||
	    (hit == VP_HIT_INTERIOR && vp_leak_interior_ok(&ref, word)))
		reach(&ref);
	else
		ref.page->bits[ref.unit >> 6].hinted |= bit_of(&ref);
}

/* A heap of many small blocks is searched as fast as memory answers: what a
 * word leads to is asked for when the word is read, and looked at when some more
 * have been; and so are the blocks. */
#define RING 64u
static struct {
	uint64_t word;
	uint32_t slot; /* of the index */
} waiting[RING];
static uint64_t waiting_in, waiting_out;
static struct work found[RING];
static uint64_t found_in, found_out;

static inline void queue_block(uint64_t lo, uint64_t hi)
{
	if (found_in - found_out == RING) /* the oldest waits elsewhere */
		stack[depth++] = found[found_out++ % RING];
	found[found_in++ % RING] = (struct work){lo, hi};
	__builtin_prefetch((const void *)(uintptr_t)lo);
	__builtin_prefetch((const void *)(uintptr_t)(hi - 1));
}

static inline void look_at(uint64_t word, uint32_t slot)
{
	struct vp_leak_page *page = &vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1];
	uint32_t unit = word >> 3 & 511, end;
	uint64_t bit = 1ull << (unit & 63);

	if (slot & VP_LEAK_ODD || word & 7 || !(page->bits[unit >> 6].start & bit)) {
		unusual_word(word);
		return;
	}
	if (page->bits[unit >> 6].reach & bit)
		return;
	end = vp_leak_end(page, unit);
	if (end == 512) {
		unusual_word(word);
		return;
	}
	page->bits[unit >> 6].reach |= bit;
	queue_block(word, (word & ~4095ull) + end * 8ull);
}

static inline void look_at_oldest(void)
{
	uint64_t at = waiting_out++ % RING;

	look_at(waiting[at].word, waiting[at].slot);
}

static inline int is_among_blocks(uint64_t address)
{
	return address - vp_leak_blocks.first <= vp_leak_blocks.last - vp_leak_blocks.first;
}

static inline void word_to_reach(uint64_t word)
{
	uint32_t slot;

	if (!is_among_blocks(word)) {
		/* Text and numbers, mostly: */
		if (word >> 48 && is_among_blocks(word & VP_LEAK_ADDRESS_MASK))
			unusual_word(word);
		return;
	}
	slot = vp_leak_slot(word);
	if (!slot)
		return;
	__builtin_prefetch(&vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1].bits[word >> 9 & 7]);
	if (waiting_in - waiting_out == RING)
		look_at_oldest();
	waiting[waiting_in % RING].word = word;
	waiting[waiting_in++ % RING].slot = slot;
}

static void note(const struct vp_leak_ref *ref)
{
	uint64_t *bits = &ref->page->bits[ref->unit >> 6].maybe;

	if (is_reached(ref) || *bits & bit_of(ref))
		return;
	*bits |= bit_of(ref);
	push(ref);
}

static void word_to_note(uint64_t word)
{
	struct vp_leak_ref ref;
	enum vp_leak_hit hit;

	if (word < vp_leak_blocks.first)
		return;
	hit = vp_leak_find(word, &ref);
	if (hit != VP_HIT_NONE)
		note(&ref);
	if ((hit == VP_HIT_NONE || (hit == VP_HIT_INTERIOR && !is_reached(&ref))) &&
	    word <= vp_leak_blocks.last && vp_leak_find_behind(word, &ref))
		note(&ref);
}

static void words(uint64_t lo, uint64_t hi)
{
	switch (pass) {
	case PASS_LIBC:
		vp_leak_words(lo, hi, word_of_libc);
		break;
	case PASS_REACH:
		vp_leak_words(lo, hi, word_to_reach);
		break;
	default:
		vp_leak_words(lo, hi, word_to_note);
	}
}

static void search_stack(void)
{
	struct work work = stack[--depth];
	uint64_t piece = work.hi - work.lo < LARGE_PIECE ? PIECE : LARGE_PIECE;

	if (work.hi - work.lo > piece) {
		stack[depth++] = (struct work){work.lo + piece, work.hi};
		work.hi = work.lo + piece;
	}
	vp_leak_present(work.lo, work.hi, 0, words);
}

static void search_found(void)
{
	struct work work = found[found_out++ % RING];

	vp_leak_words(work.lo, work.hi, word_to_reach);
}

/* As many at a time as there is room for: so much is on its way from memory. */
static void fill_found(void)
{
	while (waiting_in != waiting_out && found_in - found_out < RING)
		look_at_oldest();
	while (depth && found_in - found_out < RING &&
	       stack[depth - 1].hi - stack[depth - 1].lo <= SMALL) {
		struct work work = stack[--depth];

		queue_block(work.lo, work.hi);
	}
}

static void drain(void)
{
	for (;;) {
		if (pass == PASS_REACH)
			fill_found();
		if (found_in != found_out) {
			for (uint64_t end = found_in; found_out < end;)
				search_found();
		} else if (depth) {
			search_stack();
		} else {
			return;
		}
	}
}

/* Memory outside of blocks; those in it are searched when they are reached. */
static void part_of_root(uint64_t lo, uint64_t hi)
{
	struct vp_leak_ref next;

	while (lo < hi) {
		uint64_t end = hi;

		next.start = hi;
		next.bytes = 0;
		if (vp_leak_next_block(lo, hi, &next))
			end = next.start > lo ? next.start : lo;
		words(lo, end);
		if (pass == PASS_REACH)
			vp_leak_root_bytes += end - lo;
		drain();
		lo = next.start + next.bytes > end ? next.start + next.bytes : end + (end == lo);
	}
}

static void root(uint64_t lo, uint64_t hi, uint32_t kind)
{
	vp_leak_present(lo, hi, kind, part_of_root);
}

static void root_words(uint64_t lo, uint64_t hi)
{
	words(lo, hi);
	drain();
}

/* Calls each(ref) for the blocks whose bits are set in all of `with`, and in
 * none of `without`. */
static void each_block(int libc_only, void (*each)(const struct vp_leak_ref *ref))
{
	for (uint32_t i = 0; i < vp_leak_blocks.pages; i++) {
		struct vp_leak_page *page = &vp_leak_blocks.page[i];

		for (uint32_t word = 0; word < 8; word++) {
			uint64_t bits = libc_only
					    ? page->bits[word].reach & page->bits[word].maybe
					    : page->bits[word].hinted & page->bits[word].start &
						  ~page->bits[word].reach;

			for (; bits; bits &= bits - 1) {
				struct vp_leak_ref ref = {
				    page, word * 64 + (uint32_t)__builtin_ctzll(bits), 0, 0};

				ref.start = page->address + ref.unit * 8ull;
				vp_leak_find(ref.start, &ref);
				each(&ref);
			}
		}
	}
}

static void search_again(const struct vp_leak_ref *ref)
{
	push(ref);
	drain();
}

static void search_maybe(const struct vp_leak_ref *ref)
{
	note(ref);
	drain();
}

/* What was noted where no block starts: a pointer into a block in use is that. */
static void place_noted(uint64_t word)
{
	struct vp_leak_ref ref;
	uint64_t *hinted;

	if ((vp_leak_find(word, &ref) && is_reached(&ref)) || !vp_leak_find_behind(word, &ref))
		return;
	hinted = &ref.page->bits[ref.unit >> 6].hinted;
	*hinted |= bit_of(&ref);
}

static void each_place_noted(void)
{
	for (uint32_t i = 0; i < vp_leak_blocks.pages; i++) {
		struct vp_leak_page *page = &vp_leak_blocks.page[i];

		for (uint32_t word = 0; word < 8; word++) {
			uint64_t bits = page->bits[word].maybe & ~page->bits[word].start;

			page->bits[word].maybe &= page->bits[word].start;
			for (; bits; bits &= bits - 1)
				place_noted(page->address + word * 512ull +
					    (uint64_t)__builtin_ctzll(bits) * 8);
		}
	}
}

/* A stack that a thread runs on is in use, wherever it lies and whoever has
 * forgotten where. */
static void reach_stacks(void)
{
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		struct vp_leak_ref ref;

		if (!vp_leak_thread[i].stack_at || !vp_leak_find(vp_leak_thread[i].stack_at, &ref))
			continue;
		reach(&ref);
		drain();
	}
}

/* The runtime's blocks hold what is not ours to doubt: thread-local storage. */
static void reach_runtime(void)
{
	struct vp_leak_blocks *all = &vp_leak_blocks;

	for (uint32_t i = 0; i < all->pages; i++) {
		struct vp_leak_page *page = &all->page[i];
		uint32_t unit = 0;

		for (uint32_t rank = page->base; rank < page->base + page->blocks; rank++, unit++) {
			struct vp_leak_ref ref;

			while (!(page->bits[unit >> 6].start >> (unit & 63) & 1))
				unit++;
			if (vp_leak_class_of(all->site[rank]) != VP_CLASS_RUNTIME)
				continue;
			vp_leak_find(page->address + unit * 8ull, &ref);
			reach(&ref);
			drain();
		}
	}
}

int vp_leak_mark(void)
{
	stack = vp_sys_map((vp_leak_blocks.blocks + 1024) * sizeof(*stack));
	if (!stack)
		return -ENOMEM;
	pass = PASS_LIBC;
	vp_leak_roots_each(1, root);
	vp_leak_roots_descriptors(root);
	pass = PASS_REACH;
	each_block(1, search_again);
	vp_leak_roots_words(root_words);
	reach_stacks();
	vp_leak_roots_each(0, root);
	vp_leak_roots_inherited(root);
	reach_runtime();
	pass = PASS_MAYBE;
	each_place_noted();
	each_block(0, search_maybe);
	return 0;
}
