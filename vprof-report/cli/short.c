#include "cli/short.h"

#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/plain.h"
#include "cli/text.h"
#include "cli/xalloc.h"

#define LENGTH_MAX (1u << 20) /* the rest of a longer name is not looked at */

void vr_short_add(struct vr_short *name, uint32_t begin, uint32_t end, uint32_t depth,
		  enum vr_piece_rank rank)
{
	if (begin >= end)
		return;
	name->piece = vr_xgrow(name->piece, name->pieces, &name->room, sizeof(*name->piece));
	name->piece[name->pieces++] = (struct vr_piece){begin, end, depth, rank, 0};
	name->sorted = 0;
}

struct vr_short *vr_short_new(const char *name)
{
	struct vr_short *made = vr_xcalloc(1, sizeof(*made));
	size_t length = strnlen(name, LENGTH_MAX);

	while (length && (name[length] & 0xc0) == 0x80) /* not inside of a character */
		length--;
	made->length = (uint32_t)length;
	made->text =
	    vr_xcalloc(length + 32, 1); /* what is looked for may be longer than the rest */
	memcpy(made->text, name, length);
	made->close = vr_xcalloc(length + 1, sizeof(*made->close));
	vr_short_read(made);
	return made;
}

void vr_short_free(struct vr_short *name)
{
	if (!name)
		return;
	free(name->text);
	free(name->close);
	free(name->piece);
	free(name);
}

static int compare(const void *a, const void *b)
{
	const struct vr_piece *x = a;
	const struct vr_piece *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->rank <= VR_PIECE_ARGUMENTS && x->depth != y->depth)
		return x->depth > y->depth ? -1 : 1;
	if (x->rank == VR_PIECE_ARGUMENTS && x->end - x->begin != y->end - y->begin)
		return x->end - x->begin > y->end - y->begin ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* What is seen of a name. */
struct view {
	const char *text;
	uint32_t *next; /* of each byte that is left out: one behind it that may be seen */
	int columns;
};

/* The first byte from `at` on that is seen. */
static uint32_t seen(struct view *view, uint32_t at)
{
	uint32_t found = at;

	while (view->next[found] != found)
		found = view->next[found];
	while (view->next[at] != found) {
		uint32_t next = view->next[at];

		view->next[at] = found;
		at = next;
	}
	return found;
}

static void hide(struct view *view, const struct vr_piece *piece)
{
	for (uint32_t at = seen(view, piece->begin); at < piece->end;) {
		int columns;
		uint32_t next = (uint32_t)(vr_text_step(view->text + at, &columns) - view->text);

		view->columns -= columns;
		view->next[at] = next;
		at = seen(view, next);
	}
}

/* What always goes, and what does for want of room. */
struct going {
	enum vr_piece_rank least, most;
	int kept; /* 1: what is kept, too */
};

/* What is left in so much room; *columns: of it. */
static char *what_is_left(struct vr_short *name, int room, struct going going, int *columns)
{
	struct view view = {.text = name->text, .columns = vr_text_width(name->text)};
	char *text = vr_xcalloc(name->length + 4, 1), *to = text;
	enum vr_piece_rank with = VR_PIECE_SPELLING; /* all of it go together */

	if (!name->sorted && name->pieces)
		qsort(name->piece, name->pieces, sizeof(*name->piece), compare);
	name->sorted = 1;
	view.next = vr_xcalloc(name->length + 1, sizeof(*view.next));
	for (uint32_t i = 0; i <= name->length; i++)
		view.next[i] = i;
	for (size_t i = 0; i < name->pieces; i++) {
		const struct vr_piece *piece = &name->piece[i];

		if (piece->rank > going.least &&
		    (piece->rank > going.most || (view.columns <= room && piece->rank != with)))
			break;
		with = piece->rank == VR_PIECE_ARGUMENT_SPACE ? piece->rank : VR_PIECE_SPELLING;
		if (!piece->kept)
			hide(&view, piece);
	}
	for (size_t i = 0; going.kept && i < name->pieces && view.columns > room; i++)
		if (name->piece[i].kept)
			hide(&view, &name->piece[i]);
	for (uint32_t at = seen(&view, 0); at < name->length;) {
		int width;
		uint32_t next = (uint32_t)(vr_text_step(name->text + at, &width) - name->text);

		memcpy(to, name->text + at, next - at);
		to += next - at;
		at = seen(&view, next);
	}
	free(view.next);
	*columns = view.columns;
	return text;
}

/* Cuts what is still too long: its end, but for an address, which tells it from others. */
static void cut(char *text, int columns, int room)
{
	const char *offset = strrchr(text, '+');
	int tail = offset && strncmp(offset, "+0x", 3) == 0 ? (int)strlen(offset) : 0;
	char *end;

	if (columns <= room)
		return;
	if (!tail || tail + 4 > room) {
		vr_text_shorten(text, room, 0);
		return;
	}
	end = vr_xstrdup(offset);
	text[offset - text] = '\0';
	vr_text_shorten(text, room - tail, 0);
	strcat(text, end);
	free(end);
}

char *vr_short_text(struct vr_short *name, int room)
{
	struct going going = {VR_PIECE_SPELLING, VR_PIECE_CLASS, 0};
	int columns;
	char *text = what_is_left(name, room, going, &columns), *clean;

	if (columns > room) { /* the name itself comes before what tells it from others */
		going.kept = 1;
		free(text);
		text = what_is_left(name, room, going, &columns);
	}
	if (!*text) { /* whoever made it did not mean a function */
		strcpy(text, name->text);
		columns = vr_text_width(text);
	}
	cut(text, columns, room);
	/* What came together may mean something to a CI server ("::error::"). */
	clean = vr_plain(text, VR_PLAIN_NAMES, 4);
	if (strlen(clean) != strlen(text))
		vr_text_shorten(clean, room, 0);
	free(text);
	return clean;
}

char *vr_short_without(struct vr_short *name, enum vr_piece_rank rank)
{
	int columns;

	return what_is_left(name, 0, (struct going){rank, rank, 0}, &columns);
}

int vr_short_width(struct vr_short *name, enum vr_piece_rank rank)
{
	int columns;

	free(what_is_left(name, 0, (struct going){rank, rank, 0}, &columns));
	return columns;
}

/* Beside the argument that holds `at`, the others of a list may go. */
static void add_neighbours(struct vr_short *name, uint32_t open, uint32_t at)
{
	uint32_t end = name->close[open], begin = open + 1, i = begin;
	int before = 1;

	if (name->text[end - 1] == ' ')
		end--;
	while (i < end) {
		uint32_t next = name->close[i] ? name->close[i] + 1 : i + 1;

		if (name->text[i] == ',' && name->text[next] == ' ') {
			if (before && i < at)
				vr_short_add(name, begin, i + 2, 0, VR_PIECE_ARGUMENT);
			else if (!before)
				vr_short_add(name, begin, i, 0, VR_PIECE_ARGUMENT);
			if (i >= at)
				before = 0;
			begin = before ? i + 2 : i;
		}
		i = next;
	}
	if (!before)
		vr_short_add(name, begin, end, 0, VR_PIECE_ARGUMENT);
}

#define NEIGHBOURS_MAX 16u /* lists around one place */

void vr_short_keep(struct vr_short *name, uint32_t at, int exact)
{
	uint32_t lists = 0;

	for (size_t i = 0; i < name->pieces && !exact; i++) {
		const struct vr_piece *piece = &name->piece[i];

		if (piece->rank == VR_PIECE_ARGUMENT_SPACE && piece->begin <= at &&
		    at < piece->end) {
			at = piece->end;
			break;
		}
	}
	for (size_t i = 0; i < name->pieces; i++) {
		struct vr_piece *piece = &name->piece[i];

		if (piece->begin <= at && at < piece->end &&
		    (exact || piece->rank != VR_PIECE_SPELLING))
			piece->kept = 1;
	}
	for (uint32_t i = 0; i < at && i < name->length && lists < NEIGHBOURS_MAX; i++) {
		if (name->close[i] > at && (name->text[i] == '<' || name->text[i] == '(')) {
			add_neighbours(name, i, at);
			lists++;
		}
	}
}

char *vr_short_name(const char *name, int room)
{
	char *clean = vr_plain(name, VR_PLAIN_NAMES, 0), *text;
	struct vr_short *made = vr_short_new(clean);

	text = vr_short_text(made, room);
	vr_short_free(made);
	free(clean);
	return text;
}

int vr_short_matches(const char *pattern, const char *name)
{
	static const enum vr_piece_rank rank[] = {VR_PIECE_SPELLING, VR_PIECE_TYPE,
						  VR_PIECE_ARGUMENTS};
	int found = vr_text_matches(pattern, name);
	struct vr_short *made;

	if (found || !strpbrk(name, "(<[:"))
		return found;
	made = vr_short_new(name);
	for (size_t i = 0; !found && i < sizeof(rank) / sizeof(rank[0]); i++) {
		char *text = vr_short_without(made, rank[i]);

		found = vr_text_matches(pattern, text);
		free(text);
	}
	vr_short_free(made);
	return found;
}
