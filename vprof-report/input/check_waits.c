/* Rows of time off the CPU: ids, sums and times that cannot be.  A row that was being written
 * when it was read is ahead of itself by a call or two: it is put right, and no damage. */
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "input/check_parts.h"

/* What may be off where nothing is wrong. */
struct bounds {
	uint64_t end_ns; /* the last moment there can be */
	uint64_t calls;	 /* that a row may be ahead of itself */
	int unfinished;	 /* other rows may be newer than the header read before */
};

#define AFTER_END_NS  10000000000u /* threads go on while the process ends */
#define SUMS_OFF_NS   1000000000u  /* of all classes together, against the clock */
#define HALF_WRITTEN  2u
#define READ_MEANTIME 64u
#define SHORT_NS      1000000u

static struct bounds bounds_of(const struct vr_layout *layout)
{
	const struct vprof_header *h = &layout->header;

	if (vr_layout_unfinished(layout))
		return (struct bounds){UINT64_MAX / 4, READ_MEANTIME, 1};
	return (struct bounds){h->end_ns < UINT64_MAX / 8 ? h->end_ns + AFTER_END_NS : h->end_ns,
			       HALF_WRITTEN, 0};
}

/* Brings a part that is ahead of the whole by no more than `off` back to it.
 * Returns 1 where it is further ahead. */
static int part_fits(uint64_t *part, uint64_t whole, uint64_t off)
{
	if (*part <= whole)
		return 1;
	if (*part - whole > off)
		return 0;
	*part = whole;
	return 1;
}

/* UINT64_MAX where they do not fit one. */
static uint64_t sum_of(const uint64_t *ns, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (__builtin_add_overflow(sum, ns[i], &sum))
			return UINT64_MAX;
	return sum;
}

/* All that a thread did in `wall_ns` is longer than that, and by more than clocks differ. */
static int exceeds(uint64_t sum_ns, uint64_t wall_ns)
{
	return sum_ns > wall_ns && sum_ns - wall_ns > wall_ns / 2 + SUMS_OFF_NS;
}

static const char *ids_fault(const struct vr_file *file, uint32_t node, uint32_t thread)
{
	if (node >= file->n_nodes)
		return "node id out of range";
	return thread >= file->n_threads ? "thread id out of range" : NULL;
}

static int strings_ok(const struct vr_file *file, const uint32_t *id, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!vr_check_string(file, id[i]))
			return 0;
	return 1;
}

static int is_void(const void *row, size_t bytes)
{
	const uint64_t *word = row;

	for (size_t i = 0; i < bytes / sizeof(*word); i++)
		if (word[i])
			return 0;
	return 1;
}

/* NULL when a row can be used, which it may put right; else what is wrong with it. */
typedef const char *find_fault(const struct vr_file *file, void *row, const struct bounds *may);

static void check_rows(struct vr_file *file, const struct vr_layout *layout, struct vr_tally *tally,
		       void *rows, size_t bytes, uint32_t count, find_fault *find)
{
	const struct bounds may = bounds_of(layout);

	for (uint32_t i = 0; i < count; i++) {
		char *row = (char *)rows + i * bytes;
		const char *fault = is_void(row, bytes) ? NULL : find(file, row, &may);

		if (!fault)
			continue;
		vr_tally_hit(tally, i, fault);
		memset(row, 0, bytes);
	}
}

/* A loop that a row is of, or none. */
static int loop_ok(const struct vr_file *file, uint32_t *loop, const struct bounds *may)
{
	if (*loop >= file->n_loops && may->unfinished)
		*loop = VPROF_NONE;
	return *loop < file->n_loops || *loop == VPROF_NONE;
}

/* --- CALLS ------------------------------------------------------------------- */

static int call_sums_fit(struct vprof_call *row, const struct bounds *may)
{
	uint64_t off = may->calls, ns, buckets = 0;
	int fit;

	if (row->max_ns > may->end_ns || row->time_ns > UINT64_MAX / 4)
		return 0;
	if (row->max_ns > row->time_ns)
		row->max_ns = row->time_ns;
	ns = row->max_ns < UINT64_MAX / 1024 ? off * (row->max_ns + SHORT_NS) : row->max_ns;
	fit = part_fits(&row->failed, row->calls, off) & part_fits(&row->blocked, row->calls, off) &
	      part_fits(&row->idle, row->calls, off) & part_fits(&row->on_loop, row->calls, off) &
	      part_fits(&row->under_lock, row->calls, off) &
	      part_fits(&row->timeouts, row->calls, off) &
	      part_fits(&row->blocked_ns, row->time_ns, ns) &
	      part_fits(&row->idle_ns, row->time_ns, ns) &
	      part_fits(&row->on_loop_ns, row->time_ns, ns) &
	      part_fits(&row->under_lock_ns, row->time_ns, ns);
	for (size_t i = 0; i < VPROF_CALL_BUCKETS; i++)
		buckets += row->histogram[i];
	/* Calls of which the library knew that they did not sleep are in no bucket. */
	if (__builtin_add_overflow(buckets, row->untimed, &buckets) || buckets > row->calls + off)
		return 0;
	return fit && (row->flags & VPROF_CALL_SATURATED ||
		       row->calls - (buckets < row->calls ? buckets : row->calls) <= off);
}

static const char *call_fault(const struct vr_file *file, void *at, const struct bounds *may)
{
	struct vprof_call *row = at;
	const char *fault = ids_fault(file, row->node, row->thread);

	if (fault)
		return fault;
	if (row->target_kind > VPROF_TARGET_PEER) {
		row->target_kind = VPROF_TARGET_NONE; /* a newer library's */
		row->target = VPROF_NONE;
	}
	if (row->first_ns > row->last_ns && row->calls <= may->calls)
		row->last_ns = row->first_ns; /* of the first call, being written */
	if (!loop_ok(file, &row->loop, may))
		return "loop id out of range";
	if (!strings_ok(file, (uint32_t[]){row->name, row->target}, 2))
		return "string id out of range";
	if (row->label >= vr_file_string_ids(file))
		return "label out of range";
	if (row->class >= VPROF_CLASS_COUNT)
		return "class out of range";
	if (row->calls > UINT64_MAX / 4 || !call_sums_fit(row, may))
		return "sums do not add";
	/* One thread is in one call at a time, but for handlers of signals. */
	if (row->last_ns > may->end_ns || row->first_ns > row->last_ns ||
	    (row->thread && exceeds(row->time_ns / 2, may->end_ns)))
		return "times make no sense";
	return NULL;
}

/* --- BOOKS ------------------------------------------------------------------- */

static const char *book_fault(const struct vr_file *file, void *at, const struct bounds *may)
{
	struct vprof_book *row = at;
	uint64_t start_ns, off = may->calls;

	if (row->thread >= file->n_threads)
		return "thread id out of range";
	start_ns = file->thread[row->thread].start_ns;
	if (row->until_ns > may->end_ns || row->until_ns + SUMS_OFF_NS < start_ns)
		return "times make no sense";
	if (exceeds(sum_of(row->ns, VPROF_CLASS_COUNT),
		    row->until_ns > start_ns ? row->until_ns - start_ns : 0))
		return "sums do not add";
	/* What turned out to be idle is taken from what was blocked, but not its longest. */
	for (size_t i = 0; i < VPROF_CLASS_COUNT; i++)
		if (row->longest_ns[i] > may->end_ns)
			return "times make no sense";
		else if (row->longest_ns[i] > row->ns[i])
			row->longest_ns[i] = row->ns[i];
	/* The same of a row that was being written. */
	if (row->unwatched_ns > row->recorded_ns)
		row->unwatched_ns = row->recorded_ns;
	return part_fits(&row->without_half, row->switches, off) ? NULL : "sums do not add";
}

static void check_one_book_each(struct vr_file *file, struct vr_tally *tally)
{
	uint8_t *has = vr_xcalloc(file->n_threads + 1, 1);

	for (uint32_t i = 0; i < file->n_books; i++) {
		struct vprof_book *row = &file->book[i];

		if (is_void(row, sizeof(*row)) || !has[row->thread]++)
			continue;
		vr_tally_hit(tally, i, "second row of a thread");
		memset(row, 0, sizeof(*row));
	}
	free(has);
}

/* --- LOOPS ------------------------------------------------------------------- */

static int loop_sums_fit(struct vprof_loop *row, const struct bounds *may)
{
	const uint64_t part[] = {row->busy_ns, row->idle_ns, row->spin_ns};
	uint64_t turns = sum_of(row->histogram, VPROF_LOOP_BUCKETS), off = may->calls;
	uint64_t delays = sum_of(row->delay, VPROF_DELAY_BUCKETS);
	/* One in which the process ended may be a stall, but is no iteration. */
	uint64_t open_ns = may->end_ns > row->last_ns ? may->end_ns - row->last_ns : 0;

	if (row->max_ns > row->busy_ns)
		row->max_ns = row->busy_ns;
	return part_fits(&row->stalls, row->iterations, off) &&
	       part_fits(&row->slept, row->iterations, off) &&
	       part_fits(&turns, row->iterations, off) && row->iterations - turns <= off &&
	       part_fits(&delays, row->delays, off) && row->delays - delays <= off &&
	       part_fits(&row->blocked_ns, row->busy_ns, SUMS_OFF_NS) &&
	       part_fits(&row->stall_ns, row->busy_ns + open_ns, SUMS_OFF_NS) &&
	       !exceeds(sum_of(part, 3), row->last_ns - row->first_ns);
}

static const char *loop_fault(const struct vr_file *file, void *at, const struct bounds *may)
{
	struct vprof_loop *row = at;
	const char *fault = ids_fault(file, row->node, row->thread);

	/* A stall may have been counted to what turned out to be no loop. */
	if (!row->site && !row->iterations) {
		memset(row, 0, sizeof(*row));
		return NULL;
	}
	if (fault)
		return fault;
	if (!strings_ok(file, &row->name, 1))
		return "string id out of range";
	if (row->last_ns > may->end_ns || row->first_ns > row->last_ns ||
	    row->max_ns > may->end_ns || row->max_at_ns > may->end_ns || row->now_ns > may->end_ns)
		return "times make no sense";
	return loop_sums_fit(row, may) ? NULL : "sums do not add";
}

/* --- STALLS ------------------------------------------------------------------ */

static const char *stall_fault(const struct vr_file *file, void *at, const struct bounds *may)
{
	struct vprof_stall *row = at;
	const uint32_t text[] = {row->call, row->target, row->wchan, row->holder_call,
				 row->holder_target};
	const char *fault = ids_fault(file, row->node, row->thread);
	uint64_t end_ns;

	if (fault)
		return fault;
	if (row->label == VPROF_NONE || !vr_check_string(file, row->label))
		return "string id out of range";
	if (row->holder_node >= file->n_nodes)
		return "node id out of range";
	if (row->holder >= file->n_threads && row->holder != VPROF_NONE)
		return "thread id out of range";
	if (!loop_ok(file, &row->loop, may))
		return "loop id out of range";
	if (!strings_ok(file, text, sizeof(text) / sizeof(text[0])))
		return "string id out of range";
	if (row->class >= VPROF_CLASS_COUNT)
		return "class out of range";
	if (__builtin_add_overflow(row->begin_ns, row->duration_ns, &end_ns) ||
	    end_ns > may->end_ns || row->first_look_ns > may->end_ns ||
	    (row->looks && row->first_look_ns + SHORT_NS < row->begin_ns))
		return "times make no sense";
	if (exceeds(sum_of(row->ns, VPROF_CLASS_COUNT), row->duration_ns))
		return "sums do not add";
	return NULL;
}

/* Rows of one loop of one thread together, in the order of time. */
static int by_loop(const void *a, const void *b, void *arg)
{
	const struct vprof_stall *stall = arg;
	const struct vprof_stall *x = &stall[*(const uint32_t *)a];
	const struct vprof_stall *y = &stall[*(const uint32_t *)b];

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->loop != y->loop)
		return x->loop < y->loop ? -1 : 1;
	if (x->begin_ns != y->begin_ns)
		return x->begin_ns < y->begin_ns ? -1 : 1;
	return x->duration_ns < y->duration_ns ? -1 : x->duration_ns > y->duration_ns;
}

/* One iteration, in a row made while it lasted and in another at its end: what was seen of it
 * stays with how long it was. */
static void join(struct vprof_stall *row, struct vprof_stall *end)
{
	row->duration_ns = end->duration_ns;
	row->flags |= end->flags & ~(uint32_t)VPROF_STALL_LATE;
	memcpy(row->ns, end->ns, sizeof(row->ns));
	memset(end, 0, sizeof(*end));
}

static int is_same(const struct vprof_stall *row, const struct vprof_stall *end)
{
	return row->begin_ns == end->begin_ns && !(row->flags & VPROF_STALL_OVER) &&
	       end->flags & VPROF_STALL_OVER && !end->looks && row->duration_ns <= end->duration_ns;
}

/* A thread is in one iteration at a time.  A row may be being replaced. */
static void check_overlaps(struct vr_file *file, const struct vr_layout *layout,
			   struct vr_tally *tally)
{
	uint32_t *order = vr_xcalloc(file->n_stalls + 1, sizeof(*order)), count = 0;

	for (uint32_t i = 0; i < file->n_stalls; i++)
		if (file->stall[i].duration_ns && !(file->stall[i].flags & VPROF_STALL_FROZEN))
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), by_loop, file->stall);
	for (uint32_t i = 1, last = 0; i < count; i++) {
		struct vprof_stall *before = &file->stall[order[last]];
		struct vprof_stall *row = &file->stall[order[i]];

		if (row->thread == before->thread && row->loop == before->loop &&
		    is_same(before, row)) {
			join(before, row);
		} else if (row->thread == before->thread && row->loop == before->loop &&
			   row->begin_ns + SHORT_NS < before->begin_ns + before->duration_ns) {
			if (!vr_layout_unfinished(layout))
				vr_tally_hit(tally, order[i], "overlaps another");
			memset(row, 0, sizeof(*row));
		} else {
			last = i;
		}
	}
	free(order);
}

/* Where there was no loop after all, no iteration was too long. */
static void drop_of_no_loop(struct vr_file *file)
{
	for (uint32_t i = 0; i < file->n_stalls; i++) {
		struct vprof_stall *row = &file->stall[i];

		if (row->duration_ns && row->loop != VPROF_NONE && !file->loop[row->loop].site)
			memset(row, 0, sizeof(*row));
	}
}

/* --- DUMPS ------------------------------------------------------------------- */

static const char *dump_fault(const struct vr_file *file, void *at, const struct bounds *may)
{
	struct vprof_dump *row = at;
	const uint32_t text[] = {row->call, row->target, row->wchan};
	const char *fault = ids_fault(file, row->node, row->thread);

	if (!row->number) { /* handed out, not filled in yet */
		memset(row, 0, sizeof(*row));
		return NULL;
	}
	if (fault)
		return fault;
	/* The one that was being made when the process ended has no number in the header. */
	if (row->number - 1 > file->header.dumps && !may->unfinished)
		return "of a dump that never was";
	if (row->waits_for >= file->n_threads && row->waits_for != VPROF_NONE)
		return "thread id out of range";
	if (row->span && row->span >= file->n_spans)
		return "span id out of range";
	if (!strings_ok(file, text, sizeof(text) / sizeof(text[0])))
		return "string id out of range";
	if (!row->why || row->why > VPROF_DUMP_HANG || row->state > VPROF_DUMP_FAULT)
		return "unknown reason or state";
	if (row->t_ns > may->end_ns || row->since_ns > may->end_ns ||
	    row->since_ns > row->t_ns + SUMS_OFF_NS || row->span_since_ns > row->t_ns + SUMS_OFF_NS)
		return "times make no sense";
	return NULL;
}

static int by_number(const void *a, const void *b, void *arg)
{
	const struct vprof_dump *dump = arg;
	const struct vprof_dump *x = &dump[*(const uint32_t *)a];
	const struct vprof_dump *y = &dump[*(const uint32_t *)b];

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* A thread is at one place at a time; those without a row of their own share row 0. */
static void check_twice(struct vr_file *file, struct vr_tally *tally)
{
	uint32_t *order = vr_xcalloc(file->n_dumps + 1, sizeof(*order)), count = 0;

	for (uint32_t i = 0; i < file->n_dumps; i++)
		if (file->dump[i].number && file->dump[i].thread)
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), by_number, file->dump);
	for (uint32_t i = count; i-- > 1;) {
		if (by_number(&order[i - 1], &order[i], file->dump))
			continue;
		vr_tally_hit(tally, order[i], "second row of a thread");
		memset(&file->dump[order[i]], 0, sizeof(*file->dump));
	}
	free(order);
}

void vr_check_waits(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally calls = {.kind = VPROF_SEC_CALLS}, books = {.kind = VPROF_SEC_BOOKS},
			loops = {.kind = VPROF_SEC_LOOPS}, stalls = {.kind = VPROF_SEC_STALLS},
			dumps = {.kind = VPROF_SEC_DUMPS};

	check_rows(file, layout, &loops, file->loop, sizeof(*file->loop), file->n_loops,
		   loop_fault);
	check_rows(file, layout, &calls, file->call, sizeof(*file->call), file->n_calls,
		   call_fault);
	check_rows(file, layout, &books, file->book, sizeof(*file->book), file->n_books,
		   book_fault);
	check_one_book_each(file, &books);
	check_rows(file, layout, &stalls, file->stall, sizeof(*file->stall), file->n_stalls,
		   stall_fault);
	drop_of_no_loop(file);
	check_overlaps(file, layout, &stalls);
	check_rows(file, layout, &dumps, file->dump, sizeof(*file->dump), file->n_dumps,
		   dump_fault);
	check_twice(file, &dumps);
	vr_tally_report(&loops, file, layout);
	vr_tally_report(&calls, file, layout);
	vr_tally_report(&books, file, layout);
	vr_tally_report(&stalls, file, layout);
	vr_tally_report(&dumps, file, layout);
}
