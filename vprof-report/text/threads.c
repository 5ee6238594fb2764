#include "text/threads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/run.h"
#include "text/names.h"

#define THREADS_NAMED 4u
/* A smaller share is not worth a word. */
#define RUNQ_PERCENT_MIN 5.0
/* Columns for a function's name. */
#define NAME_ROOM 40
#define LIST_ROOM 24 /* in a list */

static char *short_name(const struct vr_profile *profile, const char *name, int room)
{
	return vr_caption_short(profile, (struct vr_caption){.function = name}, room);
}

/* Of a function that has a name. */
static const char *named_start(const struct vr_thread *thread)
{
	const struct vr_function function = {.name = thread->start.name,
					     .module = thread->start.module};

	return function.name && !vr_function_is_nameless(&function) ? function.name : NULL;
}

static int begin_alike(const struct vr_thread *a, const struct vr_thread *b)
{
	return a->start.name && b->start.name && strcmp(a->start.name, b->start.name) == 0;
}

/* 1: another thread, of another function, has its name. */
static int has_namesake(const struct vr_profile *profile, const struct vr_thread *thread,
			uint32_t row)
{
	const char *name = profile->file->thread[row].name;

	for (uint32_t i = 0; i < profile->file->n_threads; i++)
		if (i != row && profile->keep_thread[i] && vr_profile_thread_used(profile, i) &&
		    strcmp(profile->file->thread[i].name, name) == 0 &&
		    !begin_alike(&thread[i], &thread[row]))
			return 1;
	return 0;
}

/* What tells it from the others: where they are called alike, the function it began with. */
static char *telling_name(const struct vr_profile *profile, const struct vr_thread *thread,
			  uint32_t row)
{
	const char *name = profile->file->thread[row].name, *start = named_start(&thread[row]);

	if (start && has_namesake(profile, thread, row))
		return short_name(profile, start, LIST_ROOM);
	return vr_xstrdup(name[0] ? name : "(no name)");
}

char *vr_thread_text(const struct vr_profile *profile, const struct vr_thread *thread, uint32_t row)
{
	const char *name = profile->file->thread[row].name;
	const char *start = thread[row].start.name;
	char *text, *short_start;

	if (!name[0])
		return start ? short_name(profile, start, NAME_ROOM) : vr_xstrdup("(no name)");
	if (!start || strcmp(start, "main") == 0 ||
	    (strstr(start, name) && !has_namesake(profile, thread, row)))
		return vr_xstrdup(name);
	short_start = short_name(profile, start, NAME_ROOM);
	text = vr_xprintf("%s (%s)", name, short_start);
	free(short_start);
	return text;
}

char *vr_spin_caller(const struct vr_profile *profile, char *text, const struct vr_spin *spin)
{
	char *name;

	if (!*spin->caller)
		return text;
	name = short_name(profile, spin->caller, NAME_ROOM);
	text = vr_xappend(text, ", in %s", name);
	free(name);
	return text;
}

/* Most CPU time first. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct vr_profile *profile = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = vr_larger_first(vr_cpu_thread_ns(profile, x), vr_cpu_thread_ns(profile, y));

	return c ? c : vr_smaller_first(x, y);
}

static char *append_shares(char *text, const struct vr_thread *thread)
{
	double runq = vr_percent(thread->run_delay_ns, thread->wall_ns);
	double cpu = vr_percent(thread->cpu_ns, thread->wall_ns);

	if (thread->wall_ns)
		text = vr_xappend(text, " %.0f%%", cpu < 100 ? cpu : 100);
	if (runq >= RUNQ_PERCENT_MIN)
		text = vr_xappend(text, " (%.0f%% runnable)", runq);
	return thread->spin.asks ? vr_xappend(text, " (spins)") : text;
}

char *vr_threads_text(const struct vr_profile *profile, const struct vr_thread *thread)
{
	const struct vr_file *file = profile->file;
	uint32_t *row = vr_xcalloc(file->n_threads + 1u, sizeof(*row));
	uint32_t used = 0;
	char *text, *name;

	for (uint32_t i = 0; i < file->n_threads; i++)
		if (profile->keep_thread[i] && vr_profile_thread_used(profile, i))
			row[used++] = i;
	qsort_r(row, used, sizeof(*row), compare, (void *)(uintptr_t)profile);
	text = vr_xprintf("%" PRIu32 "%s", used,
			  used == 0   ? ""
			  : used == 1 ? ", on a CPU for a share of its life: "
				      : ", on a CPU for a share of their lives: ");
	for (uint32_t i = 0; i < used && i < THREADS_NAMED; i++) {
		text = i ? vr_xappend(text, ", ") : text;
		name = telling_name(profile, thread, row[i]);
		text = vr_xappend(text, "%s", name);
		free(name);
		text = append_shares(text, &thread[row[i]]);
	}
	free(row);
	return used > THREADS_NAMED ? vr_xappend(text, ", ...") : text;
}
