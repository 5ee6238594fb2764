#include "export/strings.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define NONE 0xffffffffu

uint32_t vr_strings_at(struct vr_strings *strings, const char *text, int *added)
{
	int fresh;
	uint32_t *head = vr_map_at(&strings->by_hash, vr_hash_text(1, text), &fresh);

	if (added)
		*added = 0;
	if (fresh)
		*head = NONE;
	for (uint32_t i = *head; i != NONE; i = strings->next[i])
		if (strcmp(strings->text[i], text) == 0)
			return i;
	strings->text =
	    vr_xgrow(strings->text, strings->count, &strings->text_room, sizeof(*strings->text));
	strings->next =
	    vr_xgrow(strings->next, strings->count, &strings->next_room, sizeof(*strings->next));
	strings->text[strings->count] = text;
	strings->next[strings->count] = *head;
	*head = (uint32_t)strings->count++;
	if (added)
		*added = 1;
	return *head;
}

void vr_strings_free(struct vr_strings *strings)
{
	free(strings->text);
	free(strings->next);
	vr_map_free(&strings->by_hash);
	*strings = (struct vr_strings){0};
}
