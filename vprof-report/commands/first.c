#include "commands/first.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "cli/quote.h"

/* Below these a finding says more about the profile than about the program. */
#define HOT_SAMPLES_MIN	  20u
#define HOT_PERCENT_MIN	  5.0
#define CHURN_BLOCKS_MIN  1000u
#define CHURN_PERCENT_MIN 50.0
#define GROWTH_BYTES_MIN  (1u << 20)
#define GROWTH_RUN_NS	  10000000000ull
#define UNFREED_BYTES_MIN (64u << 10)

struct list {
	struct vr_finding *out;
	size_t count;
};

static void add(struct list *list, char *text, char *command)
{
	if (list->count == VR_FIRST_MAX) {
		free(text);
		free(command);
		return;
	}
	list->out[list->count++] = (struct vr_finding){text, command};
}

/* "vprof-report VERB WORD FILE". */
static char *command_line(const struct vr_first *first, const char *verb, const char *word)
{
	char *file = vr_quote_shell(first->profile->file->path);
	char *arg = word ? vr_quote_shell(word) : vr_xstrdup("");
	char *text = vr_xprintf("vprof-report %s%s%s %s", verb, word ? " " : "", arg, file);

	free(file);
	free(arg);
	return text;
}

static void find_losses(const struct vr_first *first, struct list *list)
{
	const struct vprof_header *h = &first->profile->file->header;
	uint64_t lost = h->lost[VPROF_LOST_SAMPLES];
	char count[VR_UNIT_MAX];

	if (h->flags & VPROF_F_OWN_MALLOC)
		add(list,
		    vr_xstrdup("the program defines malloc itself: its own calls were not seen"),
		    vr_xstrdup(""));
	if (lost && vr_percent(lost, lost + h->samples) >= 10.0)
		add(list,
		    vr_xprintf("%s CPU samples were lost (%.0f%%): trust the order of functions, "
			       "not their shares",
			       vr_format_count(count, lost), vr_percent(lost, lost + h->samples)),
		    command_line(first, "info", NULL));
}

static void find_hot_function(const struct vr_first *first, struct list *list)
{
	const struct vr_cpu *cpu = first->cpu;
	const struct vr_cpu_function *top = first->function;
	const struct vr_function *f;
	double percent;
	char *where;

	if (!first->functions || cpu->total_samples < HOT_SAMPLES_MIN)
		return;
	f = &first->profile->stacks->function[top->function];
	percent = vr_percent(top->self_ns, cpu->total_ns);
	if (percent < HOT_PERCENT_MIN)
		return;
	if (strcmp(f->name, "[kernel]") == 0) {
		add(list,
		    vr_xprintf(
			"%.0f%% of the CPU time is the kernel's: system calls and page faults",
			percent),
		    command_line(first, "tree", NULL));
		return;
	}
	where = vr_function_text(f, 1);
	add(list, vr_xprintf("%.0f%% of the CPU time is spent in %s itself", percent, where),
	    command_line(first, "callers", f->name));
	free(where);
}

/* Sites grow; or the heap did in a time in which single sites could not be judged. */
static void find_growth(const struct vr_first *first, struct list *list)
{
	const struct vr_shape_steady *steady = &first->memory->shape[VR_MEMORY_HEAP].steady;
	int grows = first->memory->rise == VR_RISE_GROWS;
	char from[VR_UNIT_MAX], to[VR_UNIT_MAX], when[VR_UNIT_MAX];

	if (!grows && vr_file_duration_ns(first->profile->file) < GROWTH_RUN_NS)
		return; /* a short program grows because it does its work */
	if (!steady->found || steady->to_bytes - steady->from_bytes < GROWTH_BYTES_MIN)
		return;
	add(list,
	    vr_xprintf("the live heap kept growing after %s: from %s to %s",
		       vr_format_ns(when, steady->from_ns),
		       vr_format_bytes(from, steady->from_bytes),
		       vr_format_bytes(to, steady->to_bytes)),
	    command_line(first, grows ? "leaks" : "heap --sort live", NULL));
}

static char *asker_text(const struct vr_first *first, const struct vr_site *site)
{
	struct vr_stacks *stacks = first->profile->stacks;
	const struct vr_place *place = vr_site_asker(stacks, site->node);

	return place ? vr_place_text(stacks, place, 1) : vr_xstrdup("[no stack]");
}

static void find_churn(const struct vr_first *first, struct list *list)
{
	const struct vr_site *site;
	char calls[VR_UNIT_MAX], size[VR_UNIT_MAX];
	char *asker;

	vr_heap_sort(first->heap, VR_HEAP_TEMPORARY);
	site = first->heap->site;
	if (!first->heap->sites || site->temporary < CHURN_BLOCKS_MIN ||
	    vr_percent(site->temporary, site->allocs) < CHURN_PERCENT_MIN)
		return;
	asker = asker_text(first, site);
	add(list,
	    vr_xprintf("%s allocated %s blocks of %s, %.0f%% freed at once: reuse one buffer",
		       asker, vr_format_count(calls, site->allocs),
		       vr_format_bytes(size, site->alloc_bytes / site->allocs),
		       vr_percent(site->temporary, site->allocs)),
	    command_line(first, "heap --sort temporary", NULL));
	free(asker);
}

static void find_unfreed(const struct vr_first *first, struct list *list)
{
	const struct vr_site *site;
	char bytes[VR_UNIT_MAX], all[VR_UNIT_MAX];
	char *asker;

	vr_heap_sort(first->heap, VR_HEAP_LIVE);
	site = first->heap->site;
	if (!first->heap->sites || first->profile->file->status != VR_STATUS_EXITED ||
	    first->heap->live_bytes < UNFREED_BYTES_MIN)
		return;
	asker = asker_text(first, site);
	add(list,
	    vr_xprintf("%s were not freed, %s of it from %s",
		       vr_format_bytes(all, first->heap->live_bytes),
		       vr_format_bytes(bytes, site->live_bytes), asker),
	    command_line(first, "leaks", NULL));
	free(asker);
}

static void find_idle(const struct vr_first *first, struct list *list)
{
	uint64_t run_ns = vr_file_duration_ns(first->profile->file);
	double percent = vr_percent(first->cpu->total_ns, run_ns);
	char run[VR_UNIT_MAX];

	if (run_ns < 1000000000 || percent >= 5.0)
		return;
	add(list,
	    vr_xprintf("the process waited most of the time: %.1f%% of one CPU in %s", percent,
		       vr_format_ns(run, run_ns)),
	    command_line(first, "timeline --format table", NULL));
}

size_t vr_first_find(const struct vr_first *first, struct vr_finding out[VR_FIRST_MAX])
{
	struct list list = {.out = out};

	find_losses(first, &list);
	find_growth(first, &list);
	find_hot_function(first, &list);
	find_churn(first, &list);
	find_unfreed(first, &list);
	find_idle(first, &list);
	if (!list.count)
		add(&list, vr_xstrdup("nothing stands out"), command_line(first, "flat", NULL));
	return list.count;
}
