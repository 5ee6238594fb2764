/* Of the blocks that nothing leads to, which are lost, and which hang on those.
 *
 * A block that no other of them points to is lost, and owns what it leads to.
 * What is left then hangs on cycles only.  A cycle has no first block: the one
 * with the lowest address is taken for it.  To find those, each block that was
 * not reached yet is followed, from the lowest up.  None of these was reached from
 * one before it, so that, done once more from the last one down, who is not reached
 * is in a cycle that nothing else leads to. */
#include "base/sys.h"
#include "leak/internal.h"

#include <errno.h>

struct work {
	uint64_t lo, hi;
	uint32_t leader, reserved;
};

#define RING  64u
#define SMALL 4096u

static uint32_t *owner; /* by rank: rank + 1 of the lost block that leads here, or its own */
static struct work *stack;
static uint64_t depth;
static uint32_t leader; /* rank + 1 of the block being searched, or of its owner */

/* `passed` at the start of such a block: another points to it, and until the last
 * pass none was found to lead to it; in the last, that it was reached. */
enum { PASS_POINTED, PASS_OWN, PASS_UP, PASS_DOWN };

/* As when marking, memory is asked for what words and blocks lead to some time
 * before that is looked at. */
static struct {
	uint64_t word;
	uint32_t slot, leader;
} waiting[RING];
static uint64_t waiting_in, waiting_out;
static struct work found[RING];
static uint64_t found_in, found_out;

static inline uint64_t bit_of(uint32_t unit)
{
	return 1ull << (unit & 63);
}

static inline int is_marked(const struct vp_leak_page *page, uint32_t unit)
{
	uint64_t marked = page->bits[unit >> 6].reach | page->bits[unit >> 6].maybe;

	return (marked & bit_of(unit)) != 0;
}

static void note_pointed(struct vp_leak_page *page, uint32_t unit, uint32_t from)
{
	if (vp_leak_rank(page, unit) + 1 != from)
		page->bits[unit >> 6].passed |= bit_of(unit);
}

static void own(struct vp_leak_page *page, uint32_t unit, uint64_t end, uint32_t by)
{
	uint64_t start = page->address + unit * 8ull;

	if (!(page->bits[unit >> 6].passed & bit_of(unit)))
		return;
	page->bits[unit >> 6].passed &= ~bit_of(unit);
	owner[vp_leak_rank(page, unit)] = by;
	if (found_in - found_out == RING) /* the oldest waits elsewhere */
		stack[depth++] = found[found_out++ % RING];
	found[found_in++ % RING] = (struct work){start, end, by, 0};
	__builtin_prefetch((const void *)(uintptr_t)start);
	__builtin_prefetch((const void *)(uintptr_t)(end - 1));
}

/* Blocks are taken one at a time here. */
static void own_of_cycle(const struct vp_leak_ref *ref, int pass)
{
	uint64_t *passed = &ref->page->bits[ref->unit >> 6].passed, bit = bit_of(ref->unit);

	if (!(*passed & bit) == (pass == PASS_UP))
		return;
	*passed ^= bit;
	owner[vp_leak_rank(ref->page, ref->unit)] = leader;
	stack[depth++] = (struct work){ref->start, ref->start + ref->bytes, leader, 0};
}

static void visit(struct vp_leak_ref *ref, int pass, uint32_t by)
{
	if (is_marked(ref->page, ref->unit))
		return;
	if (pass == PASS_POINTED)
		note_pointed(ref->page, ref->unit, by);
	else if (pass == PASS_OWN)
		own(ref->page, ref->unit, ref->start + ref->bytes, by);
	else
		own_of_cycle(ref, pass);
}

/* Anything but a pointer to the start of a block whose page's bits tell its end. */
static __attribute__((noinline)) void unusual_word(uint64_t word, int pass, uint32_t by)
{
	struct vp_leak_ref ref;

	if (vp_leak_find(word, &ref))
		visit(&ref, pass, by);
}

static inline __attribute__((always_inline)) void look_at_oldest(int pass)
{
	uint64_t at = waiting_out++ % RING, word = waiting[at].word;
	uint32_t slot = waiting[at].slot, unit = word >> 3 & 511, end;
	struct vp_leak_page *page = &vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1];

	if (slot & VP_LEAK_ODD || word & 7 || !(page->bits[unit >> 6].start & bit_of(unit)) ||
	    (end = vp_leak_end(page, unit)) == 512)
		unusual_word(word, pass, waiting[at].leader);
	else if (is_marked(page, unit))
		return;
	else if (pass == PASS_POINTED)
		note_pointed(page, unit, waiting[at].leader);
	else
		own(page, unit, (word & ~4095ull) + end * 8ull, waiting[at].leader);
}

static inline __attribute__((always_inline)) void queue_word(uint64_t word, int pass)
{
	const struct vp_leak_page *page;
	uint32_t slot;

	if (word < vp_leak_blocks.first || word > vp_leak_blocks.last) {
		if (__builtin_expect(word >> 48 != 0, 0))
			unusual_word(word, pass, leader);
		return;
	}
	slot = vp_leak_slot(word);
	if (!slot)
		return;
	page = &vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1];
	__builtin_prefetch(page);
	__builtin_prefetch(&page->bits[word >> 9 & 7]);
	if (waiting_in - waiting_out == RING)
		look_at_oldest(pass);
	waiting[waiting_in % RING].word = word;
	waiting[waiting_in % RING].slot = slot;
	waiting[waiting_in++ % RING].leader = leader;
}

static void pointed_word(uint64_t word)
{
	queue_word(word, PASS_POINTED);
}

static void owned_word(uint64_t word)
{
	queue_word(word, PASS_OWN);
}

static void word_up(uint64_t word)
{
	if (word >= vp_leak_blocks.first)
		unusual_word(word, PASS_UP, leader);
}

static void word_down(uint64_t word)
{
	if (word >= vp_leak_blocks.first)
		unusual_word(word, PASS_DOWN, leader);
}

static void pointed_words(uint64_t lo, uint64_t hi)
{
	vp_leak_words(lo, hi, pointed_word);
}

static void owned_words(uint64_t lo, uint64_t hi)
{
	vp_leak_words(lo, hi, owned_word);
}

static void words_up(uint64_t lo, uint64_t hi)
{
	vp_leak_words(lo, hi, word_up);
}

static void words_down(uint64_t lo, uint64_t hi)
{
	vp_leak_words(lo, hi, word_down);
}

static void search_owned(const struct work *work)
{
	leader = work->leader;
	vp_leak_present(work->lo, work->hi, 0, owned_words);
}

/* Until nothing waits: words first, then blocks as there is room for. */
static void drain_owned(void)
{
	struct work work;

	for (;;) {
		while (waiting_in != waiting_out && found_in - found_out < RING)
			look_at_oldest(PASS_OWN);
		if (found_in != found_out) {
			for (uint64_t end = found_in; found_out < end;) {
				work = found[found_out++ % RING];
				search_owned(&work);
			}
		} else if (depth) {
			work = stack[--depth];
			search_owned(&work);
		} else {
			return;
		}
	}
}

static uint64_t unmarked(const struct vp_leak_page *page, uint32_t word)
{
	return page->bits[word].start & ~page->bits[word].reach & ~page->bits[word].maybe;
}

/* Calls each() for the blocks that nothing leads to, the lowest first. */
static void each_unmarked(void (*each)(struct vp_leak_page *page, uint32_t unit))
{
	for (uint32_t i = 0; i < vp_leak_blocks.pages; i++) {
		struct vp_leak_page *page = &vp_leak_blocks.page[i];

		for (uint32_t word = 0; word < 8; word++) {
			uint64_t bits = unmarked(page, word);

			for (; bits; bits &= bits - 1)
				each(page, word * 64 + (uint32_t)__builtin_ctzll(bits));
		}
	}
}

/* The same, the highest first. */
static void each_unmarked_down(void (*each)(struct vp_leak_page *page, uint32_t unit))
{
	for (uint32_t i = vp_leak_blocks.pages; i-- > 0;) {
		struct vp_leak_page *page = &vp_leak_blocks.page[i];

		for (uint32_t word = 8; word-- > 0;) {
			uint64_t bits = unmarked(page, word);

			while (bits) {
				uint32_t bit = 63 - (uint32_t)__builtin_clzll(bits);

				bits &= ~(1ull << bit);
				each(page, word * 64 + bit);
			}
		}
	}
}

static void clear_pointed(struct vp_leak_page *page, uint32_t unit)
{
	page->bits[unit >> 6].passed &= ~bit_of(unit);
}

static void point(struct vp_leak_page *page, uint32_t unit)
{
	struct vp_leak_ref ref;

	leader = vp_leak_rank(page, unit) + 1;
	vp_leak_find(page->address + unit * 8ull, &ref);
	vp_leak_present(ref.start, ref.start + ref.bytes, 0, pointed_words);
}

static void lead(struct vp_leak_page *page, uint32_t unit)
{
	uint32_t rank = vp_leak_rank(page, unit);
	struct vp_leak_ref ref;

	if (page->bits[unit >> 6].passed & bit_of(unit) || owner[rank])
		return;
	owner[rank] = rank + 1;
	page->bits[unit >> 6].passed |= bit_of(unit); /* not to be followed again */
	if (found_in - found_out == RING)
		drain_owned();
	vp_leak_find(page->address + unit * 8ull, &ref);
	found[found_in++ % RING] = (struct work){ref.start, ref.start + ref.bytes, rank + 1, 0};
}

static void follow(const struct vp_leak_page *page, uint32_t unit,
		   void (*words)(uint64_t lo, uint64_t hi))
{
	struct vp_leak_ref ref;

	vp_leak_find(page->address + unit * 8ull, &ref);
	stack[depth++] = (struct work){ref.start, ref.start + ref.bytes, leader, 0};
	while (depth) {
		struct work work = stack[--depth];

		vp_leak_present(work.lo, work.hi, 0, words);
	}
}

static void lead_up(struct vp_leak_page *page, uint32_t unit)
{
	uint32_t rank = vp_leak_rank(page, unit);

	if (owner[rank])
		return;
	leader = owner[rank] = rank + 1;
	page->bits[unit >> 6].passed &= ~bit_of(unit);
	follow(page, unit, words_up);
}

static void lead_down(struct vp_leak_page *page, uint32_t unit)
{
	uint32_t rank = vp_leak_rank(page, unit);

	if (owner[rank] != rank + 1 || page->bits[unit >> 6].passed & bit_of(unit))
		return;
	leader = rank + 1;
	page->bits[unit >> 6].passed |= bit_of(unit);
	follow(page, unit, words_down);
}

int vp_leak_owners_init(void)
{
	owner = vp_leak_map_table((vp_leak_blocks.blocks + 1) * sizeof(*owner));
	stack = vp_sys_map((vp_leak_blocks.blocks + 1) * sizeof(*stack));
	if (!owner || !stack)
		return -ENOMEM;
	each_unmarked(clear_pointed);
	each_unmarked(point);
	while (waiting_in != waiting_out)
		look_at_oldest(PASS_POINTED);
	each_unmarked(lead);
	drain_owned();
	each_unmarked(lead_up);
	each_unmarked_down(lead_down);
	return 0;
}

uint32_t vp_leak_owner_of(uint32_t rank)
{
	return owner[rank] - 1;
}
