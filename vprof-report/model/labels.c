#include "model/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "cli/xalloc.h"

struct builder {
	struct vr_labels *labels;
	struct vr_map by_id, by_text;
	size_t label_room, pair_room;
};

static uint32_t pair_index(struct builder *b, const char *text, size_t len)
{
	struct vr_labels *labels = b->labels;
	char *copy = vr_xprintf("%.*s", (int)len, text);
	int added;
	uint32_t *at = vr_map_at(&b->by_text, vr_hash_text(0, copy), &added);

	if (!added) {
		free(copy);
		return *at;
	}
	*at = (uint32_t)labels->n_pairs;
	labels->pair =
	    vr_xgrow(labels->pair, labels->n_pairs, &b->pair_room, sizeof(*labels->pair));
	labels->pair[labels->n_pairs++].text = copy;
	return *at;
}

static void add_pair(struct vr_label *label, uint32_t pair)
{
	for (size_t i = 0; i < label->n_pairs; i++)
		if (label->pair[i] == pair)
			return;
	label->pair[label->n_pairs++] = pair;
}

static void add_label(struct builder *b, const struct vr_file *file, uint32_t id)
{
	struct vr_labels *labels = b->labels;
	struct vr_label *label;
	const char *text;
	size_t lines = 1;
	int added;

	if (!id)
		return;
	vr_map_at(&b->by_id, id, &added);
	if (!added)
		return;
	labels->label = vr_xgrow(labels->label, labels->n_labels, &b->label_room, sizeof(*label));
	label = &labels->label[labels->n_labels++];
	text = vr_file_string(file, id);
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	*label = (struct vr_label){.id = id, .pair = vr_xcalloc(lines, sizeof(*label->pair))};
	while (*text) {
		size_t len = strcspn(text, "\n");

		add_pair(label, pair_index(b, text, len));
		text += len + (text[len] != '\0');
	}
}

struct vr_labels *vr_labels_new(const struct vr_file *file)
{
	struct builder b = {.labels = vr_xcalloc(1, sizeof(*b.labels))};

	for (uint32_t i = 0; i < file->n_cpus; i++)
		add_label(&b, file, file->cpu[i].label);
	for (uint32_t i = 0; i < file->n_spans; i++)
		add_label(&b, file, file->span[i].label);
	for (size_t i = 0; i < file->n_events; i++)
		if (file->event[i].kind == VPROF_EV_CPU)
			add_label(&b, file, file->event[i].arg);
	for (uint32_t i = 0; i < file->n_sites; i++)
		add_label(&b, file, file->site[i].label);
	for (uint32_t i = 0; i < file->n_locks; i++)
		add_label(&b, file, file->lock[i].label);
	for (uint32_t i = 0; i < file->n_calls; i++)
		add_label(&b, file, file->call[i].label);
	for (uint32_t i = 0; i < file->n_label_loops; i++)
		add_label(&b, file, file->label_loop[i].label);
	for (uint32_t i = 0; i < file->n_units; i++)
		if (file->unit[i].kind == VPROF_UNIT_KEPT)
			add_label(&b, file, file->unit[i].kept.label);
	vr_map_free(&b.by_id);
	vr_map_free(&b.by_text);
	return b.labels;
}

void vr_labels_free(struct vr_labels *labels)
{
	if (!labels)
		return;
	for (size_t i = 0; i < labels->n_labels; i++)
		free(labels->label[i].pair);
	for (size_t i = 0; i < labels->n_pairs; i++)
		free(labels->pair[i].text);
	free(labels->label);
	free(labels->pair);
	free(labels);
}
