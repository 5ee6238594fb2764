#include "input/file.h"

#include <stdlib.h>
#include <string.h>

const char *vr_file_string(const struct vr_file *file, uint32_t id)
{
	uint64_t start = (uint64_t)id * file->string_row_bytes;
	uint64_t end;

	if (id == VPROF_NONE || !file->strings || start >= file->strings_bytes)
		return "";
	/* A string ends within its extent. */
	end = (start / file->strings_extent_bytes + 1) * file->strings_extent_bytes;
	if (end > file->strings_bytes)
		end = file->strings_bytes;
	return memchr(file->strings + start, '\0', (size_t)(end - start)) ? file->strings + start
									  : "";
}

uint64_t vr_file_duration_ns(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	uint64_t last = h->heartbeat_ns;

	if (file->status == VR_STATUS_EXITED || file->status == VR_STATUS_EXECED ||
	    (file->status == VR_STATUS_KILLED && h->exit_kind == VPROF_EXIT_SIGNAL))
		return h->end_ns;
	if (file->n_points && file->point[file->n_points - 1].t_ns > last)
		last = file->point[file->n_points - 1].t_ns;
	return last;
}

uint32_t vr_file_string_ids(const struct vr_file *file)
{
	return file->string_row_bytes ? (uint32_t)(file->strings_bytes / file->string_row_bytes) + 1
				      : 1;
}

/* Frees rows and forgets them. */
#define DROP(rows) (free(rows), (rows) = NULL)

void vr_file_drop_rows(struct vr_file *file)
{
	DROP(file->module);
	DROP(file->thread);
	DROP(file->node);
	DROP(file->site);
	DROP(file->cpu);
	DROP(file->lock);
	DROP(file->blame);
	DROP(file->leak);
	DROP(file->series);
	DROP(file->mark);
	DROP(file->map);
	DROP(file->account);
	DROP(file->resident);
	DROP(file->call);
	DROP(file->book);
	DROP(file->loop);
	DROP(file->stall);
	DROP(file->span);
	DROP(file->dump);
	DROP(file->order);
	DROP(file->copy);
	DROP(file->count);
	DROP(file->duration);
	DROP(file->unit);
	DROP(file->heap_time);
	DROP(file->label_loop);
	DROP(file->point);
	DROP(file->event);
	file->n_modules = file->n_threads = file->n_nodes = file->n_sites = file->n_cpus = 0;
	file->n_locks = file->n_leaks = file->n_points = file->n_marks = file->series_rows = 0;
	file->n_maps = file->n_accounts = file->n_residents = 0;
	file->n_calls = file->n_books = file->n_loops = file->n_stalls = file->n_dumps = 0;
	file->n_orders = 0;
	file->n_copies = file->n_blames = 0;
	file->n_counts = file->n_durations = 0;
	file->n_units = 0;
	file->n_spans = file->n_heap_times = file->n_label_loops = 0;
	file->n_events = 0;
}

void vr_file_close(struct vr_file *file)
{
	if (!file)
		return;
	vr_file_drop_rows(file);
	free(file->path);
	free(file->damage);
	free(file->strings);
	for (size_t i = 0; i < file->n_members; i++)
		vr_file_close(file->member[i]);
	free(file->member);
	free(file->module_pid);
	free(file->other_builds);
	free(file);
}
