#include "model/suppress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "input/textfile.h"

/* No file of suppressions is larger than this. */
#define FILE_MAX_BYTES (16u << 20)
/* Each is looked for in every frame: more would take for ever. */
#define LIST_MAX 65536u

int vr_suppress_matches(const char *pattern, const char *text)
{
	int any = *pattern != '^'; /* any text may come before the next part */

	pattern += !any;
	if (!*text)
		return 0;
	for (;;) {
		size_t length = strcspn(pattern, "*$");
		char end = pattern[length];

		if (end == '$' && any) { /* what follows a $ never counts */
			size_t left = strlen(text);

			return left >= length && memcmp(text + left - length, pattern, length) == 0;
		}
		if (any)
			text = memmem(text, strlen(text), pattern, length);
		else if (strncmp(text, pattern, length) != 0)
			return 0;
		if (!text)
			return 0;
		text += length;
		if (end != '*')
			return !end || !*text;
		any = 1;
		pattern += length + 1;
	}
}

void vr_suppressions_add(struct vr_suppressions *list, const char *pattern, size_t length,
			 const char *source)
{
	list->one = vr_xgrow(list->one, list->count, &list->room, sizeof(*list->one));
	list->one[list->count++] = (struct vr_suppression){
	    .pattern = vr_xprintf("%.*s", (int)length, pattern), .source = vr_xstrdup(source)};
}

int vr_suppressions_parse(struct vr_suppressions *list, const char *text, const char *source,
			  struct vr_err *err)
{
	for (unsigned line = 1; *text; line++) {
		size_t length = strcspn(text, "\n");
		const char *start = text + strspn(text, " \t");
		const char *end = text + length;

		text = end + (*end == '\n');
		while (end > start && strchr(" \t\r", end[-1]))
			end--;
		if (start >= end || *start == '#')
			continue;
		if (list->count == LIST_MAX)
			return vr_err_set(err, -E2BIG, "%s, line %u: more than %u patterns", source,
					  line, LIST_MAX);
		if (end - start < 6 || strncmp(start, "leak:", 5) != 0)
			return vr_err_set(err, -EINVAL, "%s, line %u: no 'leak:PATTERN': %.*s",
					  source, line, (int)(end - start > 60 ? 60 : end - start),
					  start);
		vr_suppressions_add(list, start + 5, (size_t)(end - start) - 5, source);
	}
	return 0;
}

int vr_suppressions_read(struct vr_suppressions *list, const char *path, struct vr_err *err)
{
	size_t length;
	char *text;
	int ret = vr_textfile_read(path, FILE_MAX_BYTES, &text, &length, err);

	if (ret < 0) {
		char *why = vr_xstrdup(err->text);

		vr_err_set(err, ret, "%.200s: %s", path, why);
		free(why);
		return ret;
	}
	if (strlen(text) < length)
		ret = vr_err_set(err, -EINVAL, "%s: is no text (it holds a NUL)", path);
	else
		ret = vr_suppressions_parse(list, text, path, err);
	free(text);
	return ret;
}

static struct vr_suppression *find(const struct vr_suppressions *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (vr_suppress_matches(list->one[i].pattern, text))
			return &list->one[i];
	return NULL;
}

struct vr_suppression *vr_suppressions_find(const struct vr_suppressions *list,
					    struct vr_stacks *stacks, uint32_t node)
{
	for (; list->count && node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_function *function =
			    vr_place_function(stacks, &stacks->place[places.first + i]);
			struct vr_suppression *found = find(list, function->name);

			if (!found)
				found = find(list, function->file);
			if (!found)
				found = find(list, function->module);
			if (found)
				return found;
		}
	}
	return NULL;
}

void vr_suppressions_free(struct vr_suppressions *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->one[i].pattern);
		free(list->one[i].source);
	}
	free(list->one);
	*list = (struct vr_suppressions){0};
}
