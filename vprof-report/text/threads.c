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

static char *short_name(const struct vr_profile *profile, const char *name)
{
	return vr_caption_short(profile, (struct vr_caption){.function = name}, NAME_ROOM);
}

char *vr_thread_text(const struct vr_profile *profile, const struct vr_thread *thread, uint32_t row)
{
	const char *name = profile->file->thread[row].name;
	const char *start = thread[row].start.name;
	char *text, *short_start;

	if (!name[0])
		return start ? short_name(profile, start) : vr_xstrdup("(no name)");
	if (!start || strstr(start, name) || strcmp(start, "main") == 0)
		return vr_xstrdup(name);
	short_start = short_name(profile, start);
	text = vr_xprintf("%s (%s)", name, short_start);
	free(short_start);
	return text;
}

char *vr_spin_caller(const struct vr_profile *profile, char *text, const struct vr_spin *spin)
{
	char *name;

	if (!*spin->caller)
		return text;
	name = short_name(profile, spin->caller);
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

static char *append_thread(char *text, const struct vr_profile *profile,
			   const struct vr_thread *threads, uint32_t row)
{
	const struct vr_thread *thread = &threads[row];
	const char *name = profile->file->thread[row].name;
	double runq = vr_percent(thread->run_delay_ns, thread->wall_ns);
	double cpu = vr_percent(thread->cpu_ns, thread->wall_ns);

	text = vr_xappend(text, "%s", name[0] ? name : "(no name)");
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
	char *text;

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
		text = append_thread(text, profile, thread, row[i]);
	}
	free(row);
	return used > THREADS_NAMED ? vr_xappend(text, ", ...") : text;
}
