#include "model/dump.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"

/* 0: in a deadlock; 1: at work; 2: with nothing to do */
static int rank(const struct vprof_dump *row)
{
	if (row->flags & VPROF_DUMP_IN_CYCLE)
		return 0;
	return row->flags & VPROF_DUMP_IDLE || row->class == VPROF_CLASS_IDLE ? 2 : 1;
}

static int by_rank(const void *a, const void *b)
{
	const struct vprof_dump *x = ((const struct vr_dump_thread *)a)->row;
	const struct vprof_dump *y = ((const struct vr_dump_thread *)b)->row;
	int order = rank(x) - rank(y);

	return order ? order : vr_smaller_first(x->thread, y->thread);
}

static uint32_t place_of(const struct vr_dumped *dumped, uint32_t thread)
{
	for (uint32_t i = 0; thread != VPROF_NONE && i < dumped->count; i++)
		if (dumped->thread[i].row->thread == thread)
			return i;
	return VPROF_NONE;
}

struct vr_dumped *vr_dumped_new(const struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	struct vr_dumped *dumped = vr_xcalloc(1, sizeof(*dumped));

	dumped->thread = vr_xcalloc(file->n_dumps + 1, sizeof(*dumped->thread));
	dumped->number = file->header.dumps;
	for (uint32_t i = 0; dumped->number && i < file->n_dumps; i++) {
		const struct vprof_dump *row = &file->dump[i];

		if (row->number != dumped->number || !profile->keep_thread[row->thread])
			continue;
		dumped->t_ns = row->t_ns;
		dumped->why = row->why;
		dumped->thread[dumped->count++].row = row;
		dumped->in_cycles += (row->flags & VPROF_DUMP_IN_CYCLE) != 0;
	}
	qsort(dumped->thread, dumped->count, sizeof(*dumped->thread), by_rank);
	for (size_t i = 0; i < dumped->count; i++)
		dumped->thread[i].waits_for = place_of(dumped, dumped->thread[i].row->waits_for);
	return dumped;
}

void vr_dumped_free(struct vr_dumped *dumped)
{
	free(dumped->thread);
	free(dumped);
}

/* What an earlier wait for a lock at that address told of the block it lies in. */
static struct vr_lock known_lock(const struct vr_profile *profile, uint64_t address, uint64_t t_ns,
				 uint32_t kind)
{
	const struct vr_file *file = profile->file;
	struct vr_lock lock = {.address = address,
			       .kind = kind,
			       .addresses = 1,
			       .sum = {.first_ns = t_ns, .last_ns = t_ns}};

	for (uint32_t i = 0; i < file->n_locks; i++) {
		if (file->lock[i].address != address || file->lock[i].kind == VPROF_LOCK_JOIN)
			continue;
		lock.place = file->lock[i].place;
		lock.site = file->lock[i].site;
		lock.offset = file->lock[i].offset;
	}
	return lock;
}

int vr_dump_lock(const struct vr_profile *profile, const struct vprof_dump *row,
		 struct vr_lock *lock)
{
	static const struct {
		const char *call;
		uint32_t kind;
	} calls[] = {
	    {"pthread_mutex_lock", VPROF_LOCK_MUTEX},
	    {"pthread_rwlock_rdlock", VPROF_LOCK_RDLOCK},
	    {"pthread_rwlock_wrlock", VPROF_LOCK_WRLOCK},
	    {"pthread_cond_wait", VPROF_LOCK_COND},
	    {"futex", VPROF_LOCK_MUTEX},
	};
	const char *call = vr_file_string(profile->file, row->call);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].call, call) != 0)
			continue;
		*lock = known_lock(profile, row->object, row->t_ns, calls[i].kind);
		return 1;
	}
	return 0;
}

struct vr_lock vr_dump_held(const struct vr_profile *profile, const struct vprof_dump *row,
			    uint64_t address)
{
	return known_lock(profile, address, row->t_ns, VPROF_LOCK_MUTEX);
}

const char *vr_dump_span(const struct vr_profile *profile, const struct vprof_dump *row)
{
	return row->span ? vr_file_string(profile->file, profile->file->span[row->span].name) : "";
}

uint64_t vr_dump_span_ns(const struct vprof_dump *row)
{
	return row->span ? vr_less(row->t_ns, row->span_since_ns) : 0;
}

uint64_t vr_dump_waited_ns(const struct vprof_dump *row)
{
	return row->since_ns && row->since_ns < row->t_ns ? row->t_ns - row->since_ns : 0;
}
