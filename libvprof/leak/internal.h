/* What the files of the search share.  All but leak/search.c and
 * leak/stop.c runs in the snapshot only: one thread, no lock, no libc but
 * memory functions, and nothing it does is seen by the host. */
#ifndef VP_LEAK_INTERNAL_H
#define VP_LEAK_INTERNAL_H

#include "leak/search.h"
#include "track/live.h"

/* --- threads: leak/stop.c ------------------------------------------- */
enum vp_leak_seen {
	VP_SEEN_NOT = 0,     /* did not answer: its whole stack is searched */
	VP_SEEN_BLOCKED = 1, /* has all signals blocked: the same, said apart */
	VP_SEEN_STOPPED = 2, /* stopped for the snapshot, registers known */
	VP_SEEN_ENDING = 3,  /* the one that ends the process */
	VP_SEEN_OURS = 4     /* the library's own */
};
#define VP_LEAK_WORDS 18u
struct vp_leak_thread {
	int tid;
	uint32_t seen;		     /* enum vp_leak_seen */
	uint64_t sp;		     /* 0: not known */
	uint64_t stack_at;	     /* the same, never rounded: a word of the stack in use */
	uint64_t stack_lo, stack_hi; /* 0: not known */
	uint32_t words;		     /* of `word` in use */
	uint32_t reserved;
	uint64_t word[VP_LEAK_WORDS]; /* general registers and what the kernel keeps beside */
	uint64_t pc;		      /* stopped: where; 0 */
	uint64_t vectors;    /* stopped: address of the registers that the kernel saved; 0 */
	uint64_t descriptor; /* found in the snapshot: address of its pthread_t; 0 */
	uint64_t own_tls;    /* address of its vp_tls; 0 */
};
extern struct vp_leak_thread *vp_leak_thread;
extern uint32_t vp_leak_threads;

/* Stops all threads but the caller and those of ours.  Returns 0 or -errno;
 * in either case vp_leak_release must follow. */
int vp_leak_stop(const struct vp_exit_stack *end, int look_in_proc);
void vp_leak_release(void);
/* In the snapshot: the ranges of memory in which a thread's registers are, those of
 * a call it is in left out where libc's caller has given them up. */
void vp_leak_registers(const struct vp_leak_thread *thread,
		       void (*each)(uint64_t lo, uint64_t hi)); /* leak/registers.c */

/* --- what fork() does not copy: leak/unforked.c -------------------------- */
enum vp_leak_unforked_flags {
	VP_UNFORKED_READABLE = 1u << 0, /* by the process */
	VP_UNFORKED_SHARED = 1u << 1,
	VP_UNFORKED_ABSENT = 1u << 2, /* MADV_DONTFORK */
	VP_UNFORKED_WIPED = 1u << 3,  /* MADV_WIPEONFORK */
	VP_UNFORKED_DEVICE = 1u << 4, /* reading it may have effects */
	VP_UNFORKED_HUGE = 1u << 5,
	VP_UNFORKED_FILE = 1u << 6,    /* private, of a file, not to be written */
	VP_UNFORKED_WRITTEN = 1u << 7, /* and it was once */
	VP_UNFORKED_SWAPPED = 1u << 8, /* shared, and part of it in swap */
	VP_UNFORKED_MEMORY = 1u << 9,  /* memory, whatever its flags say */
	VP_UNFORKED_UNKNOWN = 1u << 10
};
struct vp_leak_unforked {
	uint64_t lo, hi, swapped; /* bytes */
	uint32_t flags;		  /* enum vp_leak_unforked_flags */
	uint32_t reserved;
};
void vp_leak_unforked_read(void); /* in the process: which mappings are odd */
/* With all threads stopped, before the fork; `none`: nothing is odd, and not read. */
void vp_leak_unforked_copy(int none);
void vp_leak_unforked_drop(void);	      /* in the process, after it */
void vp_leak_unforked_restore(int own_files); /* in the child, before anything is read */
uint32_t vp_leak_unforked_at(uint64_t lo);    /* flags of the mapping there; 0: nothing odd */
int vp_leak_unforked_pagemap(void);	      /* a descriptor: the process's, not the child's; -1 */

/* --- a process without such memory: leak/plain.c ------------------------ */
/* In the process, all standing still: is it one, by its mappings?  0 or 1. */
int vp_leak_plain_look(void);
void vp_leak_plain_drop(void); /* what the look has left */
/* In the child; the others follow it.  0: a page is missing that the process had. */
int vp_leak_plain_check(void);
/* The lines of /proc/self/maps, each ended by 0; NULL: no look was taken. */
char *vp_leak_plain_maps(size_t *bytes);
/* Has the child a page there that is of no file?  0 also where no look was taken. */
int vp_leak_plain_is_written(uint64_t lo, uint64_t hi);
/* Calls each() for the parts that have such pages; 0: no look was taken. */
int vp_leak_plain_present(uint64_t lo, uint64_t hi, void (*each)(uint64_t from, uint64_t to));

/* --- the result: leak/search.c, leak/verdicts.c ----------------------------- */
struct vp_leak_result { /* shared with the parent */
	uint32_t done;	/* 1: all below is valid */
	uint32_t rows, rows_room;
	uint32_t odd; /* 1: not what the look at the process said; nothing was searched */
	uint64_t blocks, bytes, root_bytes, memory_bytes, skipped_bytes;
	uint64_t unsearched[VPROF_UNSEARCHED_COUNT];
	const char *failure; /* text in our read-only data; NULL: none */
	struct vprof_leak row[];
};

/* --- the snapshot: leak/snapshot.c -------------------------------------- */
enum vp_leak_way {
	VP_WAY_NO_BLOCK,  /* none is live: none is lost, whatever the memory holds */
	VP_WAY_PLAIN,	  /* by the kinds of mappings, and what the child then has */
	VP_WAY_BY_FLAGS,  /* flags are to be read, with everybody standing still */
	VP_WAY_FLAGS_READ /* they were, before */
};
enum vp_leak_way vp_leak_way_of(const struct vp_exit_stack *end, int own_files);
/* Returns the child's pid, 0 where no block is live, or -errno. */
int vp_leak_snapshot(struct vp_leak_result *result, enum vp_leak_way way,
		     const struct vp_exit_stack *end, int own_files);

/* --- faults: leak/fault.c --------------------------------------------- */
void vp_leak_fault_install(void);
extern uint64_t vp_leak_fault_at; /* the last address that could not be read; 0 */

/* A word that may not be there: all ones, and vp_leak_fault_at set. */
static inline uint64_t vp_leak_load(uint64_t address)
{
	uint64_t word;

	__asm__ volatile("1:\tmovq (%1), %0\n"
			 "2:\n"
			 "\t.pushsection vp_fault_table, \"a\"\n"
			 "\t.balign 4\n"
			 "\t.long 1b - .\n"
			 "\t.long 2b - .\n"
			 "\t.popsection"
			 : "=a"(word)
			 : "r"(address));
	return word;
}

/* --- maps: leak/maps.c ------------------------------------------------ */
enum vp_leak_kind {
	VP_MAP_ANON = 1u << 0,	/* no file */
	VP_MAP_HEAP = 1u << 1,	/* [heap] */
	VP_MAP_STACK = 1u << 2, /* [stack] */
	VP_MAP_LIBC = 1u << 3,	/* data of libc, the loader, the C++ runtime */
	VP_MAP_WRITE = 1u << 4,
	VP_MAP_GUARDED = 1u << 5, /* the mapping below it cannot be read */
	VP_MAP_SHARED = 1u << 6,
	VP_MAP_MALLOC = 1u << 7, /* data of another allocator */
	VP_MAP_SEALED = 1u << 8	 /* not to be read, until the child changed that */
};
struct vp_leak_map {
	uint64_t lo, hi;
	uint32_t kind; /* enum vp_leak_kind */
	uint32_t reserved;
};
/* Mappings that may hold pointers, ascending.  NULL: /proc cannot be read. */
struct vp_leak_map *vp_leak_maps(uint32_t *count);
enum vp_leak_module_kind {
	VP_MODULE_HOST = 0,
	VP_MODULE_LOADER = 1,
	VP_MODULE_RUNTIME = 2, /* libc or the C++ runtime */
	VP_MODULE_ALLOCATOR = 3
};
/* What the module of that path is. */
enum vp_leak_module_kind vp_leak_kind_of_module(const char *path);
/* The same; the path as /proc/self/maps has it, where no link is left to follow. */
enum vp_leak_module_kind vp_leak_kind_of_mapping(const char *path);

/* --- blocks: leak/blocks.c -------------------------------------------- */
struct vp_leak_page {
	uint64_t address;
	uint32_t base, blocks; /* rank of its first block */
	uint16_t before[8];    /* blocks in the words of `start` before */
	struct {
		uint64_t start; /* one bit for each 8 bytes: a block starts there */
		union {
			uint64_t ends;	 /* where none starts: one has ended before */
			uint64_t hinted; /* at a start, in mark.c: interior or tagged pointers lead
					    there */
			uint64_t passed; /* at a start, in owners.c: state of its passes */
		};
		uint64_t reach, maybe;
	} bits[8]; /* of 512 bytes each; never across two cache lines */
};
/* In `index`: bits alone do not tell the blocks of that page (it has none of its
 * own, they overlap, or have less than a word). */
#define VP_LEAK_ODD (1u << 31)
struct vp_leak_blocks {
	struct vp_leak_page *page;
	uint32_t pages;
	uint32_t **index; /* by GiB: number + 1 of the page, or of the last one before; 0 */
			  /* with VP_LEAK_ODD or not */
	uint32_t *bytes;  /* by rank; all ones: look it up */
	uint32_t *site;	  /* by rank: row of SITES */
	uint64_t blocks, total_bytes;
	uint64_t first, last; /* addresses that blocks span */
};
extern struct vp_leak_blocks vp_leak_blocks;

/* Returns 0 or -ENOMEM. */
int vp_leak_blocks_init(void);

struct vp_leak_ref {
	struct vp_leak_page *page;
	uint32_t unit; /* of 8 bytes, in the page */
	uint64_t start, bytes;
};
enum vp_leak_hit {
	VP_HIT_NONE = 0,
	VP_HIT_START = 1,
	VP_HIT_INTERIOR = 2, /* into it, or right behind it */
	VP_HIT_TAGGED = 3    /* at the start but for tags */
};
/* Of a word, what is an address; tags may lie above. */
#define VP_LEAK_ADDRESS_BITS 47
#define VP_LEAK_ADDRESS_MASK ((1ull << VP_LEAK_ADDRESS_BITS) - 1)
/* The block a word points to. */
enum vp_leak_hit vp_leak_find(uint64_t word, struct vp_leak_ref *ref);
/* The block that starts right behind it, if the word may be what an owner keeps who
 * counts its elements from one.  Returns whether there is one. */
int vp_leak_find_behind(uint64_t word, struct vp_leak_ref *ref);
/* The block that covers `address` or the first one after it, below `hi`. */
int vp_leak_next_block(uint64_t address, uint64_t hi, struct vp_leak_ref *ref);

/* __builtin_popcountll is a call where the instruction cannot be relied on. */
static inline uint32_t vp_leak_bits(uint64_t bits)
{
	bits -= bits >> 1 & 0x5555555555555555u;
	bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (uint32_t)(bits * 0x0101010101010101u >> 56);
}

static inline uint32_t vp_leak_rank(const struct vp_leak_page *page, uint32_t unit)
{
	uint64_t below = page->bits[unit >> 6].start & ((1ull << (unit & 63)) - 1);

	return page->base + page->before[unit >> 6] + vp_leak_bits(below);
}

/* Where the block that starts at a unit ends, in units; 512: not in this page. */
static inline uint32_t vp_leak_end(const struct vp_leak_page *page, uint32_t unit)
{
	uint32_t word = unit >> 6;
	uint64_t ends = (page->bits[word].start | page->bits[word].ends) & ~1ull << (unit & 63);

	while (!ends && ++word < 8)
		ends = page->bits[word].start | page->bits[word].ends;
	return ends ? word * 64 + (uint32_t)__builtin_ctzll(ends) : 512;
}

/* What `index` says of an address between `first` and `last`. */
static inline uint32_t vp_leak_slot(uint64_t address)
{
	const uint32_t *pages = vp_leak_blocks.index[address >> VP_LIVE_REGION_SHIFT];

	return pages ? pages[address >> 12 & (VP_LIVE_PAGES - 1)] : 0;
}

/* Memory for what is read at random: in large pages, where the system has any.
 * NULL: there is none. */
void *vp_leak_map_table(uint64_t bytes);

/* --- the rest -------------------------------------------------------------- */
enum vp_leak_class { /* of a call path */
		     VP_CLASS_HOST = 0,
		     VP_CLASS_LIBC = 1,	  /* allocated by libc or the C++ runtime for the host */
		     VP_CLASS_RUNTIME = 2 /* by the loader, or by nobody else's order */
};
int vp_leak_classes_init(void); /* 0 or -ENOMEM */
uint8_t vp_leak_class_of(uint32_t site);

/* Memory to be searched: leak/roots.c.  Returns 0 or a text why not. */
const char *vp_leak_roots_init(void);
/* Leaves memory out. */
void vp_leak_leave_out(uint64_t lo, uint64_t hi);
/* What of thread stacks is not in use: leak/stacks.c. */
void vp_leak_stacks(const struct vp_leak_map *maps, uint32_t count);
/* What of libc's allocator is its own: leak/arenas.c. */
void vp_leak_arenas(const struct vp_leak_map *maps, uint32_t count);
/* What of the memory between the program and the break is libc's: leak/brk.c.
 *   top  the main arena's last chunk; 0: not known */
void vp_leak_brk(uint64_t lo, uint64_t hi, uint64_t top);
/* Calls each() for the memory that is left; only that of the runtime's own data
 * where asked.  It holds blocks, which are not part of it. */
void vp_leak_roots_each(int runtime_only, void (*each)(uint64_t lo, uint64_t hi, uint32_t kind));
void vp_leak_roots_inherited(void (*each)(uint64_t lo, uint64_t hi, uint32_t kind));
void vp_leak_roots_descriptors(void (*each)(uint64_t lo, uint64_t hi, uint32_t kind));
void vp_leak_roots_words(void (*each)(uint64_t lo, uint64_t hi)); /* registers and such */
/* Is that code of an object, or constant data?  For guesses at C++ objects. */
int vp_leak_is_constant(uint64_t address, int code);
int vp_leak_is_runtime_code(uint64_t address); /* of libc and its like */

/* --- reading: leak/pages.c -------------------------------------------- */
extern uint64_t vp_leak_root_bytes, vp_leak_skipped_bytes;
/* Bytes that may hold pointers and are left out, by enum vprof_unsearched; what
 * could not be read (vp_leak_skipped_bytes) apart. */
extern uint64_t vp_leak_unsearched[VPROF_UNSEARCHED_COUNT];
/* Calls each(from, to) for the parts of a range that have memory behind them:
 * those that were never touched are not made to. */
void vp_leak_present(uint64_t lo, uint64_t hi, uint32_t kind,
		     void (*each)(uint64_t from, uint64_t to));
/* Pages that are there, from *at on, by the kernel's list (Linux 6.7); without those of
 * the categories asked.  *at becomes the end of what was looked at.  Returns how many
 * entries were filled in, or -errno. */
struct vp_leak_pages {
	uint64_t start, end, categories;
};
long vp_leak_ask_pages(int fd, uint64_t *at, uint64_t end, struct vp_leak_pages *pages,
		       uint32_t room, uint64_t without);
/* Calls word() for each word of a range that can be read. */
static inline __attribute__((always_inline)) void vp_leak_words(uint64_t lo, uint64_t hi,
								void (*each)(uint64_t word))
{
	lo = (lo + 7) & ~7ull;
	for (; lo + 8 <= hi; lo += 8) {
		uint64_t word = vp_leak_load(lo);

		if (__builtin_expect(word == ~0ull && vp_leak_fault_at, 0)) {
			vp_leak_fault_at = 0;
			vp_leak_skipped_bytes += ((lo | 4095) + 1) - lo;
			lo = (lo | 4095) - 7;
			continue;
		}
		each(word);
	}
}

/* --- marking: leak/mark.c --------------------------------------------- */
int vp_leak_mark(void); /* 0 or -ENOMEM */
/* May a pointer into a block be all that its owner keeps?  As valgrind has it:
 * C++ arrays behind their count, second bases, old strings, sized buffers. */
int vp_leak_interior_ok(const struct vp_leak_ref *ref, uint64_t word);

/* --- owners: leak/owners.c ---------------------------------------------- */
int vp_leak_owners_init(void); /* after marking; 0 or -ENOMEM */
/* The rank of the lost block that leads to one which nothing else leads to;
 * its own: it is lost itself. */
uint32_t vp_leak_owner_of(uint32_t rank);

/* --- results: leak/verdicts.c ---------------------------------------------- */
int vp_leak_verdicts(struct vp_leak_result *result); /* 0 or -ENOMEM */
uint64_t vp_leak_resident(void);		     /* bytes; leak/pages.c */

#endif
