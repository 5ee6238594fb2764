/* Samples by label: what each label has of a stack, and what it leaves for no label. */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/labels.h"
#include "verbs/export/fill.h"

struct split {
	struct vr_dump *dump;
	struct vr_map whole; /* node, thread: the sample of all labels */
};

static uint64_t key_of(const struct vr_dump_sample *sample)
{
	return (uint64_t)sample->node << 32 | sample->thread;
}

static void add(struct vr_dump_sample *to, struct vr_dump_sample *from)
{
	to->temporary += from->temporary;
	for (int v = 0; v < VR_VALUES; v++)
		to->value[v] += from->value[v];
	from->temporary = 0;
	memset(from->value, 0, sizeof(from->value));
}

static void take(struct vr_dump_sample *from, const struct vr_dump_sample *part)
{
	from->temporary -= vr_least(part->temporary, from->temporary);
	for (int v = 0; v < VR_VALUES; v++)
		from->value[v] -= vr_least(part->value[v], from->value[v]);
}

/* One for each stack and thread. */
static void join(struct split *split)
{
	struct vr_dump *dump = split->dump;
	int added;

	for (size_t i = 0; i < dump->samples; i++) {
		uint32_t *at = vr_map_at(&split->whole, key_of(&dump->sample[i]), &added);

		if (added)
			*at = (uint32_t)i;
		else
			add(&dump->sample[*at], &dump->sample[i]);
	}
}

static struct vr_dump_label copy_label(const struct vr_labels *labels, const struct vr_label *label)
{
	struct vr_dump_pair *pair = vr_xcalloc(label->n_pairs + 1, sizeof(*pair));

	for (size_t i = 0; i < label->n_pairs; i++) {
		const char *text = labels->pair[label->pair[i]].text;
		size_t key = strcspn(text, "=");
		char *name = vr_xprintf("%.*s", (int)key, text);

		pair[i].key = vr_text_escape(name);
		pair[i].value = vr_text_escape(text[key] ? text + key + 1 : "");
		free(name);
	}
	return (struct vr_dump_label){pair, label->n_pairs};
}

/* What is under this label, added by `fill`, is taken off the whole. */
static void take_label(struct split *split, size_t first, uint32_t label)
{
	struct vr_dump *dump = split->dump;

	for (size_t i = first; i < dump->samples; i++) {
		const uint32_t *at = vr_map_find(&split->whole, key_of(&dump->sample[i]));

		dump->sample[i].label = label;
		if (at)
			take(&dump->sample[*at], &dump->sample[i]);
	}
}

static int is_empty(const struct vr_dump_sample *sample)
{
	for (int v = 0; v < VR_VALUES; v++)
		if (sample->value[v])
			return 0;
	return 1;
}

static void drop_empty(struct vr_dump *dump)
{
	size_t kept = 0;

	for (size_t i = 0; i < dump->samples; i++)
		if (!is_empty(&dump->sample[i]))
			dump->sample[kept++] = dump->sample[i];
	dump->samples = kept;
}

void vr_dump_split_labels(struct vr_dump *dump, struct vr_profile *profile, void (*fill)(void *),
			  void *arg)
{
	struct vr_labels *labels = vr_labels_new(profile->file);
	uint8_t *wanted = profile->keep_label;
	struct split split = {.dump = dump};

	dump->label = vr_xcalloc(labels->n_labels + 1, sizeof(*dump->label));
	profile->keep_label = vr_xcalloc(vr_file_string_ids(profile->file), 1);
	if (labels->n_labels)
		join(&split);
	for (size_t i = 0; i < labels->n_labels; i++) {
		const struct vr_label *label = &labels->label[i];
		size_t first = dump->samples;

		if (wanted && !wanted[label->id])
			continue;
		profile->keep_label[label->id] = 1;
		fill(arg);
		profile->keep_label[label->id] = 0;
		dump->label[dump->labels] = copy_label(labels, label);
		take_label(&split, first, (uint32_t)++dump->labels);
	}
	if (labels->n_labels)
		drop_empty(dump);
	free(profile->keep_label);
	profile->keep_label = wanted;
	vr_map_free(&split.whole);
	vr_labels_free(labels);
}

void vr_dump_free_labels(struct vr_dump *dump)
{
	for (size_t i = 0; i < dump->labels; i++) {
		struct vr_dump_pair *pair = (void *)(uintptr_t)dump->label[i].pair;

		for (size_t k = 0; k < dump->label[i].pairs; k++) {
			free((void *)(uintptr_t)pair[k].key);
			free((void *)(uintptr_t)pair[k].value);
		}
		free(pair);
	}
	free(dump->label);
}
