#include "verbs/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/library.h"
#include "cli/quote.h"
#include "cli/text.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "text/runs.h"

/* Records that cannot be read and were written last: why they are not meant. */
static void say_unreadable(const struct vr_pick *pick, const struct vr_record *taken)
{
	for (size_t i = 0; i < pick->records.count; i++) {
		const struct vr_record *one = &pick->records.record[i];

		if (one->error && (!taken || one->written.tv_sec > taken->written.tv_sec ||
				   (one->written.tv_sec == taken->written.tv_sec &&
				    one->written.tv_nsec > taken->written.tv_nsec)))
			vr_warn("%s: %s", one->path, one->error);
	}
}

static void say_choice(const struct vr_pick *pick, const struct vr_verb *verb)
{
	size_t first, count = vr_run_processes(pick->runs, 0, &first);
	vr_option_set takes = 0;
	char *why;

	if (count < 2)
		return;
	for (const enum vr_option *o = verb->options; o && *o != VR_OPTIONS; o++)
		takes |= vr_option_bit(*o);
	why = vr_choice_text(pick->runs, &pick->chosen);
	vr_warn("%s, of %zu records of this run: %s; the others: vprof-report ls%s", pick->path,
		count, why, takes & vr_option_bit(VR_OPT_TREE) ? "; --tree adds all up" : "");
	free(why);
}

/* What to type where there is nothing to read. */
static void say_nothing_here(void)
{
	char *library = vr_library_find();
	char *quoted = vr_quote_shell(library ? library : "libvprof.so");

	if (library && vr_library_splits(library))
		vr_warn(
		    "no *.vprof file here. To make one: vprof-run -- PROGRAM; to read one that is "
		    "elsewhere: vprof-report PATH");
	else
		vr_warn("no *.vprof file here. To make one: LD_PRELOAD=%s PROGRAM, or vprof-run -- "
			"PROGRAM; to read one that is elsewhere: vprof-report PATH",
			quoted);
	free(quoted);
	free(library);
}

int vr_pick_newest(struct vr_pick *pick, const struct vr_verb *verb, int tree)
{
	*pick = (struct vr_pick){0};
	(void)vr_records_look(&pick->records, "", 1); /* nothing is found where it fails */
	pick->runs = vr_runs_find(&pick->records);
	if (!pick->runs->count) {
		say_unreadable(pick, NULL);
		if (!pick->records.count)
			say_nothing_here();
		return VR_EXIT_INPUT;
	}
	pick->chosen = vr_run_choose(pick->runs, 0);
	pick->path = pick->runs->process[pick->chosen.process].record->path;
	say_unreadable(pick, pick->runs->process[pick->chosen.process].record);
	if (!tree)
		say_choice(pick, verb);
	return VR_EXIT_OK;
}

static void copy(const struct vr_runs *runs, size_t first, size_t count,
		 struct vr_process **process, size_t *processes)
{
	*process = vr_xcalloc(count + 1, sizeof(**process));
	*processes = count;
	memcpy(*process, runs->process + first, count * sizeof(**process));
	for (size_t i = 0; i < count; i++)
		if ((*process)[i].parent != VPROF_NONE)
			(*process)[i].parent -= (uint32_t)first;
}

/* Of the runs behind the first `sorted`, which are in order already: the one that began last. */
static uint32_t latest(const struct vr_runs *runs, uint32_t sorted)
{
	const struct vr_process *found = NULL;

	for (size_t i = 0; i < runs->count; i++) {
		const struct vr_process *p = &runs->process[i];

		if (p->run < sorted || p->parent != VPROF_NONE)
			continue;
		if (!found || p->start_ns >= found->start_ns)
			found = p;
	}
	return found ? found->run : 0;
}

/* Of the files that were named, whatever run each is of. */
static int pick_files(struct vr_pick *pick, const char *const *path, size_t paths,
		      struct vr_process **process, size_t *processes)
{
	for (size_t i = 0; i < paths; i++)
		vr_records_add(&pick->records, path[i]);
	say_unreadable(pick, NULL);
	pick->runs = vr_runs_find(&pick->records);
	if (!pick->runs->count)
		return VR_EXIT_INPUT;
	for (uint32_t sorted = 0; sorted < pick->runs->runs; sorted++)
		vr_runs_first(pick->runs, latest(pick->runs, sorted));
	copy(pick->runs, 0, pick->runs->count, process, processes);
	return VR_EXIT_OK;
}

int vr_pick_tree(struct vr_pick *pick, const char *const *path, size_t paths,
		 struct vr_process **process, size_t *processes)
{
	size_t first, count;
	uint32_t at;
	char *directory;

	if (!pick->runs && paths > 1)
		return pick_files(pick, path, paths, process, processes);
	if (!pick->runs) {
		directory = vr_records_directory(path[0]);
		(void)vr_records_look(&pick->records, directory, 0);
		free(directory);
		vr_records_add(&pick->records, path[0]);
		pick->runs = vr_runs_find(&pick->records);
	}
	at = vr_runs_index(pick->runs, path[0]);
	if (at == VPROF_NONE) {
		say_unreadable(pick, NULL);
		return VR_EXIT_INPUT;
	}
	count = vr_run_processes(pick->runs, pick->runs->process[at].run, &first);
	copy(pick->runs, first, count, process, processes);
	return VR_EXIT_OK;
}

void vr_pick_free(struct vr_pick *pick)
{
	vr_runs_free(pick->runs);
	vr_records_free(&pick->records);
}
