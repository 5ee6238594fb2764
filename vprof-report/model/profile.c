#include "model/profile.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "input/read.h"
#include "model/labels.h"
#include "symbols/sym.h"

int vr_profile_is_helper(const struct vr_profile *profile, uint32_t thread)
{
	return (profile->file->thread[thread].flags & VPROF_THREAD_HELPER) != 0;
}

int vr_profile_thread_used(const struct vr_profile *profile, uint32_t thread)
{
	const struct vprof_thread *t = &profile->file->thread[thread];

	/* Row 0 collects what has no row of its own; it is no thread and has no state. */
	if (thread == 0)
		return t->samples || t->allocs || t->frees || t->cpu_ns || t->lock_waits;
	return t->state != VPROF_THREAD_FREE;
}

int vr_profile_in_window(const struct vr_profile *profile, uint64_t t_ns)
{
	return !profile->select.windowed ||
	       (t_ns >= profile->select.since_ns && t_ns < profile->select.until_ns);
}

static int thread_matches(const struct vprof_thread *thread, const char *wanted)
{
	char tid[16];

	snprintf(tid, sizeof(tid), "%" PRIu32, thread->tid);
	return strcmp(tid, wanted) == 0 || fnmatch(wanted, thread->name, 0) == 0;
}

/* "no thread X; there are: a, b, c". */
static int no_such_thread(const struct vr_profile *profile, struct vr_err *err)
{
	size_t len;

	vr_err_set(err, -ESRCH, "no thread '%s'; there are:", profile->select.thread);
	for (uint32_t i = 0; i < profile->file->n_threads; i++) {
		const struct vprof_thread *t = &profile->file->thread[i];

		if (!vr_profile_thread_used(profile, i) || vr_profile_is_helper(profile, i))
			continue;
		len = strlen(err->text);
		snprintf(err->text + len, sizeof(err->text) - len, " %s(%" PRIu32 ")", t->name,
			 t->tid);
	}
	return err->code;
}

static int select_threads(struct vr_profile *profile, struct vr_err *err)
{
	const char *wanted = profile->select.thread;
	int matched = 0;

	profile->keep_thread = vr_xcalloc(profile->file->n_threads, 1);
	for (uint32_t i = 0; i < profile->file->n_threads; i++) {
		if (vr_profile_is_helper(profile, i))
			continue;
		if (wanted && (!vr_profile_thread_used(profile, i) ||
			       !thread_matches(&profile->file->thread[i], wanted)))
			continue;
		profile->keep_thread[i] = 1;
		matched++;
	}
	return wanted && !matched ? no_such_thread(profile, err) : 0;
}

int vr_profile_keeps_label(const struct vr_profile *profile, uint32_t label)
{
	return !profile->keep_label || profile->keep_label[label];
}

/* "nothing under label X; there are: a=b, c=d". */
static int no_such_label(const struct vr_profile *profile, const struct vr_labels *labels,
			 struct vr_err *err)
{
	size_t len;

	if (!labels->n_pairs)
		return vr_err_set(err, -ESRCH,
				  "nothing under label '%s': the program set no labels",
				  profile->select.label);
	vr_err_set(err, -ESRCH, "nothing under label '%s'; there are:", profile->select.label);
	for (size_t i = 0; i < labels->n_pairs; i++) {
		len = strlen(err->text);
		snprintf(err->text + len, sizeof(err->text) - len, " %s", labels->pair[i].text);
	}
	return err->code;
}

static int select_labels(struct vr_profile *profile, struct vr_err *err)
{
	const char *wanted = profile->select.label;
	struct vr_labels *labels;
	int matched = 0, ret = 0;

	if (!wanted)
		return 0;
	labels = vr_labels_new(profile->file);
	profile->keep_label = vr_xcalloc(vr_file_string_ids(profile->file), 1);
	for (size_t i = 0; i < labels->n_labels; i++) {
		for (size_t k = 0; k < labels->label[i].n_pairs; k++) {
			if (fnmatch(wanted, labels->pair[labels->label[i].pair[k]].text, 0) != 0)
				continue;
			profile->keep_label[labels->label[i].id] = 1;
			matched = 1;
		}
	}
	if (!matched)
		ret = no_such_label(profile, labels, err);
	vr_labels_free(labels);
	return ret;
}

static int add_modules(struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	int ret = 0;

	for (uint32_t i = 0; i < file->n_modules && ret == 0; i++) {
		const struct vprof_module *m = &file->module[i];
		struct vr_sym_module module = {
		    .path = vr_file_string(file, m->path),
		    .start = m->start,
		    .end = m->end,
		    .bias = m->bias,
		    .build_id = m->build_id,
		    .build_id_len = m->build_id_bytes,
		    .file_bytes = m->file_bytes,
		    .mtime_ns = m->mtime_ns,
		    .inode = file->same_boot ? m->inode : 0,
		    .device = m->device,
		    .seen_ns = file->header.start_real_ns + m->load_ns,
		    .pid = file->same_boot ? file->header.pid : 0,
		};

		if (file->module_pid && file->module_pid[i])
			ret = vr_sym_add_process(profile->sym, i, file->module_pid[i]);
		else
			ret = vr_sym_add_module(profile->sym, i, &module);
	}
	return ret;
}

static struct vr_sym *open_symbols(const struct vr_file *file, struct vr_symcache *symbols,
				   int inlines)
{
	if (symbols)
		return vr_sym_open_in(symbols, file->header.pid, file->same_boot);
	return vr_sym_open(file->header.pid, file->same_boot, inlines);
}

int vr_profile_of(struct vr_file *file, const struct vr_select *select, struct vr_symcache *symbols,
		  struct vr_profile **out, struct vr_err *err)
{
	struct vr_profile *profile = vr_xcalloc(1, sizeof(*profile));
	int ret;

	*out = NULL;
	profile->file = file;
	profile->select = *select;
	ret = select_threads(profile, err);
	if (ret == 0)
		ret = select_labels(profile, err);
	if (ret < 0)
		goto fail;
	profile->sym = open_symbols(profile->file, symbols, select->inlines);
	if (!profile->sym || add_modules(profile) < 0) {
		ret = vr_err_set(err, -ENOMEM, "out of memory");
		goto fail;
	}
	profile->stacks = vr_stacks_new(profile->file, profile->sym, select->inlines);
	*out = profile;
	return 0;
fail:
	vr_profile_close(profile);
	return ret;
}

int vr_profile_open(const char *path, const struct vr_select *select, struct vr_symcache *symbols,
		    struct vr_profile **out, struct vr_err *err)
{
	struct vr_file *file;
	int ret = vr_file_open(path, &file, err);

	*out = NULL;
	return ret < 0 ? ret : vr_profile_of(file, select, symbols, out, err);
}

void vr_profile_close(struct vr_profile *profile)
{
	if (!profile)
		return;
	vr_stacks_free(profile->stacks);
	if (profile->free_growth)
		profile->free_growth(profile->growth);
	free(profile->unread);
	if (profile->sym)
		vr_sym_close(profile->sym);
	vr_file_close(profile->file);
	free(profile->keep_thread);
	free(profile->keep_label);
	free(profile);
}

char *vr_profile_symbol_notes(const struct vr_profile *profile)
{
	char *notes = NULL;

	for (uint32_t i = 0; i < profile->file->n_modules; i++) {
		char *note = vr_sym_module_note(profile->sym, i);

		if (!note)
			continue;
		if (!notes)
			notes = vr_xstrdup("");
		/* A module may have been loaded twice. */
		if (!strstr(notes, note))
			notes = vr_xappend(notes, "%s\n", note);
		free(note);
	}
	return notes;
}

char *vr_profile_replaced(const struct vr_profile *profile)
{
	char *names = NULL;

	for (uint32_t i = 0; i < profile->file->n_modules; i++) {
		const char *path = vr_file_string(profile->file, profile->file->module[i].path);
		char *longer;

		if (vr_sym_module_state(profile->sym, i) != VR_SYM_REPLACED)
			continue;
		longer =
		    vr_xprintf("%s%s%s", names ? names : "", names ? ", " : "", vr_text_base(path));
		free(names);
		names = longer;
	}
	return names;
}
