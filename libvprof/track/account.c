#include "track/account.h"
#include "base/amount.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/smaps.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/account_owner.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define PAGE	   4096u
#define TEXT_BYTES (64u << 10)
#define PAGES	   4096u /* of pagemap at a time */

#define MS	   1000000ull
#define TOO_SHORT  (50 * MS) /* a process of less than that is not worth a look */
#define EVERY_NS   (1000 * MS)
#define COST_SHARE 400u /* of the time goes by for each account's: a quarter per cent */
#define GROWN	   32u	/* a peak is one of a 32nd more */

static uint64_t next_ns, peak_bytes;
static struct {
	uint64_t rss, heap, maps;
} before;				  /* as of the last one */
static uint32_t taken, last_one, highest; /* as in the header, which others may write to */
static char *text;			  /* TEXT_BYTES */
static uint64_t *entries;		  /* PAGES */

/* --- how much ------------------------------------------------------------------ */
/* Bytes of [lo, hi) that are there, page by page: for certain, and perhaps.  The page of
 * zeros, which is not counted as resident, looks as what a fork shares. */
struct pages {
	uint64_t sure, maybe;
};

#define PRESENT (1ull << 63)
#define SURE	(1ull << 61 | 1ull << 56) /* a file's, or nobody else's */

/* Returns 0 where the kernel does not say. */
static int count_pages(uint64_t lo, uint64_t hi, struct pages *out)
{
	int fd = vp_proc_pages();

	*out = (struct pages){0, 0};
	while (fd >= 0 && lo < hi) {
		uint64_t want = (hi - lo) / PAGE < PAGES ? (hi - lo) / PAGE : PAGES;
		long got = vp_sys6(SYS_pread64, fd, (long)entries, (long)(want * 8),
				   (long)(lo / PAGE * 8), 0, 0);

		if (got < 8)
			return 0;
		for (long i = 0; i < got / 8; i++) {
			if (entries[i] & PRESENT)
				*(entries[i] & SURE ? &out->sure : &out->maybe) += PAGE;
		}
		lo += (uint64_t)(got / 8) * PAGE;
	}
	return fd >= 0;
}

/* The part of a mapping's resident bytes that lies in [lo, hi): by its pages, or where they
 * are not known by its length. */
static uint64_t share_of(const struct vp_mapping *mapping, const struct pages *all, uint64_t lo,
			 uint64_t hi)
{
	struct pages here;
	double share = 1;

	if (!count_pages(lo, hi, &here))
		return (uint64_t)((double)mapping->rss * (double)(hi - lo) /
				  (double)(mapping->hi - mapping->lo)) /
		       PAGE * PAGE;
	if (all->sure + all->maybe > mapping->rss)
		share = mapping->rss > all->sure && all->maybe
			    ? (double)(mapping->rss - all->sure) / (double)all->maybe
			    : 0;
	return here.sure + (uint64_t)((double)here.maybe * share) / PAGE * PAGE;
}

/* A file's pages, and those that the process has made its own by writing to them. */
static void add_file(struct vp_account_piece *piece, const struct vp_mapping *mapping)
{
	uint64_t own_bytes = mapping->anonymous;

	if (piece->kind != VPROF_RESIDENT_CODE || !own_bytes || own_bytes > piece->resident) {
		vp_account_rows_add(piece);
		return;
	}
	piece->resident -= own_bytes;
	if (piece->resident)
		vp_account_rows_add(piece);
	piece->kind = VPROF_RESIDENT_DATA;
	piece->resident = own_bytes;
	piece->mapped = piece->mapped > own_bytes ? own_bytes : piece->mapped;
	piece->huge = 0;
	vp_account_rows_add(piece);
}

static void add_whole(const struct vp_mapping *mapping, struct vp_account_piece *piece)
{
	piece->resident = mapping->rss;
	piece->swapped = mapping->swapped;
	piece->huge = mapping->huge;
	piece->hugetlb = mapping->hugetlb;
	add_file(piece, mapping);
}

/* What a mapping of several owners has is theirs by pages, and the sum is the kernel's:
 * pages may have come meanwhile. */
static void add_in_pieces(const struct vp_mapping *mapping)
{
	struct vp_account_piece largest = {.path = ""};
	uint64_t left = mapping->rss;
	struct pages all = {0, 0};

	if (mapping->rss)
		count_pages(mapping->lo, mapping->hi, &all);
	for (uint64_t at = mapping->lo, end; at < mapping->hi; at = end) {
		struct vp_account_piece piece;
		uint64_t resident;

		end = vp_owner_piece(mapping, at, &piece);
		resident = mapping->rss ? share_of(mapping, &all, at, end) : 0;
		piece.resident = resident < left ? resident : left;
		left -= piece.resident;
		if (piece.resident >= largest.resident) {
			struct vp_account_piece other = largest;

			largest = piece;
			piece = other;
		}
		if (piece.mapped)
			vp_account_rows_add(&piece);
	}
	largest.resident += left;
	largest.swapped = mapping->swapped;
	largest.huge = mapping->huge;
	largest.hugetlb = mapping->hugetlb;
	vp_account_rows_add(&largest);
}

static int take_mappings(void)
{
	struct vp_smaps_reader reader;
	struct vp_mapping mapping;
	struct vp_account_piece piece;
	int err = vp_proc_mappings();

	if (err >= 0)
		err = vp_smaps_begin(&reader, err, text, TEXT_BYTES);
	if (err < 0)
		return err;
	while (vp_smaps_next(&reader, &mapping)) {
		if (vp_owner_piece(&mapping, mapping.lo, &piece) == mapping.hi)
			add_whole(&mapping, &piece);
		else
			add_in_pieces(&mapping);
		vp_owner_passed(&mapping);
	}
	return reader.lines.error;
}

/* --- when ------------------------------------------------------------------------ */
static int has_memory(void)
{
	if (!text)
		text = vp_sys_map(TEXT_BYTES);
	if (!entries)
		entries = vp_sys_map(PAGES * sizeof(*entries));
	/* In this order: what is ours is looked at when all of it is there. */
	return text && entries && vp_account_rows_begin() && vp_owner_begin();
}

/* A full table: of two neighbours the one with more stays. */
static void halve(uint32_t count)
{
	for (uint32_t i = 0; i < count; i += 2) {
		const struct vprof_account *a = vp_table_row(VPROF_SEC_ACCOUNTS, i), *b = a;

		if (i + 1 < count)
			b = vp_table_row(VPROF_SEC_ACCOUNTS, i + 1);
		*(struct vprof_account *)vp_table_row(VPROF_SEC_ACCOUNTS, i / 2) =
		    b->rss > a->rss ? *b : *a;
	}
	vp_table_shrink(VPROF_SEC_ACCOUNTS, (count + 1) / 2);
}

static void write_account(struct vprof_account *account, uint32_t number)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_account *row;
	uint32_t id, count = vp_table_used(VPROF_SEC_ACCOUNTS);

	row = vp_table_add(VPROF_SEC_ACCOUNTS, &id);
	if (!row && count > 2) {
		halve(count);
		row = vp_table_add(VPROF_SEC_ACCOUNTS, &id);
	}
	if (!row)
		return;
	*row = *account;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->number, number, __ATOMIC_RELEASE);
	header->accounts = taken = number;
	if (account->rss > peak_bytes || !highest) {
		peak_bytes = account->rss;
		header->account_peak = highest = number;
	}
	header->account_last = last_one = number;
}

/* What the kernel says of the whole, before and after: of a process that grew meanwhile it is
 * the moment in between that was added up. */
static void note_rss(struct vprof_account *account)
{
	uint64_t sum = 0;
	struct vp_statm after;

	if (vp_proc_statm(&after) != 0)
		return;
	for (uint32_t kind = 0; kind < VPROF_RESIDENT_KINDS; kind++)
		sum += account->resident[kind];
	account->rss = vp_most(vp_least(sum, vp_most(account->rss, after.rss)),
			       vp_least(account->rss, after.rss));
}

static void take(uint64_t now)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_account account = {
	    .t_ns = now,
	    .heap_live = __atomic_load_n(&header->live_bytes, __ATOMIC_RELAXED),
	    .map_live = __atomic_load_n(&header->map_live_bytes, __ATOMIC_RELAXED)};
	uint64_t began = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	uint32_t number = taken + 1;
	struct vp_statm statm;
	int err;

	if (!has_memory() || vp_proc_statm(&statm) != 0)
		return;
	account.rss = statm.rss;
	before.rss = statm.rss;
	before.heap = account.heap_live;
	before.maps = account.map_live;
	err = take_mappings();
	header->account_failed = (uint32_t)-err;
	if (err == 0 && vp_account_rows_end(number, last_one, highest, &account)) {
		note_rss(&account);
		account.cost_ns = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID) - began;
		write_account(&account, number);
	}
	account.cost_ns = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID) - began;
	header->account_cost_ns += account.cost_ns;
	next_ns = now + account.cost_ns * COST_SHARE;
}

static int differs(uint64_t was, uint64_t is)
{
	return (was > is ? was - is : is - was) > before.rss / 64;
}

/* A process that rests is not looked at again and again. */
static int has_changed(uint64_t rss)
{
	const struct vprof_header *header = vp_file.header;

	return differs(before.rss, rss) ||
	       differs(before.heap, __atomic_load_n(&header->live_bytes, __ATOMIC_RELAXED)) ||
	       differs(before.maps, __atomic_load_n(&header->map_live_bytes, __ATOMIC_RELAXED));
}

void vp_account_tick(int last)
{
	static uint64_t taken_ns;
	uint64_t now = vp_clock_now();
	struct vp_statm statm;

	if (!vp_control.maps || now < TOO_SHORT || (!last && now < next_ns) ||
	    vp_proc_statm(&statm) != 0)
		return;
	if (!taken)
		taken_ns = 0;
	if (!last && taken_ns && statm.rss <= peak_bytes + peak_bytes / GROWN &&
	    (now < taken_ns + EVERY_NS || !has_changed(statm.rss)))
		return;
	taken_ns = now;
	take(now);
}

int vp_account_init(void)
{
	next_ns = peak_bytes = 0;
	taken = last_one = highest = 0;
	vp_account_rows_init();
	return 0;
}
