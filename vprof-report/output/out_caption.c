#include "output/out_caption.h"

#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "output/out.h"

#define ROUNDS	   4 /* of looking for rows that are alike */
#define NAME_LEAST 8 /* columns of a function beside what tells it from others */

/* A label on its way to a text. */
struct fit {
	const struct vr_caption *label;
	struct vr_short *function, *other;
	char line[16];	  /* ":12" behind the other */
	char *place;	  /* clean, NULL: none */
	const char *base; /* without directories */
	enum { PLACE_MAY_GO, PLACE_STAYS, PLACE_STAYS_WHOLE } keeps;
	char *text;
};

static char *clean_or_null(const char *text)
{
	return text && *text ? vr_text_clean(text) : NULL;
}

static struct vr_short *read_name(const char *name)
{
	char *clean = clean_or_null(name);
	struct vr_short *made = clean ? vr_short_new(clean) : NULL;

	free(clean);
	return made;
}

static void begin(struct fit *fit, const struct vr_caption *label)
{
	fit->label = label;
	fit->function = read_name(label->function ? label->function : "");
	if (!fit->function)
		fit->function = vr_short_new("");
	fit->other = read_name(label->other);
	if (label->other_line > 0)
		snprintf(fit->line, sizeof(fit->line), ":%d", label->other_line);
	fit->place = clean_or_null(label->place);
	fit->base = fit->place ? vr_text_base(fit->place) : NULL;
}

static void end(struct fit *fit)
{
	vr_short_free(fit->function);
	vr_short_free(fit->other);
	free(fit->place);
}

static const char *link_text(const struct vr_caption *label)
{
	static const char *const text[] = {" < ", " < .. < ", " > ", " > .. > "};

	return text[label->link];
}

/* Columns of all but the names. */
static int around(const struct fit *fit, const char *place)
{
	int columns = !place				      ? 0
		      : fit->label->form == VR_CAPTION_PSTATS ? vr_text_width(place) + 2
							      : vr_text_width(place) + 3;

	return columns +
	       (fit->other ? vr_text_width(link_text(fit->label)) + vr_text_width(fit->line) : 0);
}

static char *compose(const struct vr_caption *label, const char *place, const char *function,
		     const char *other)
{
	char *text;

	if (!place)
		text = vr_xstrdup(function);
	else if (label->form == VR_CAPTION_PSTATS)
		text = vr_xprintf("%s(%s)", place, function);
	else
		text = vr_xprintf("%s (%s)", function, place);
	if (!other)
		return text;
	text = vr_xappend(text, "%s%s", link_text(label), other);
	return label->other_line > 0 ? vr_xappend(text, ":%d", label->other_line) : text;
}

char *vr_caption_whole(const struct vr_caption *label)
{
	return compose(label, label->place, label->function, label->other);
}

/* Columns for the function where another one follows: the other is not shortened further than
 * to its class before both have given up theirs. */
static int share(const struct fit *fit, int room)
{
	int function = vr_short_width(fit->function, VR_PIECE_CLASS);
	int bare = vr_short_width(fit->other, VR_PIECE_ARGUMENTS);
	int least = vr_short_width(fit->other, VR_PIECE_CLASS);

	if (function + bare <= room)
		return room - bare;
	if (function + least <= room)
		return room - least;
	return least < room / 2 ? room - least : (room + 1) / 2;
}

/* Both names in so many columns: what the one does not need is the other's. */
static char *with_names(const struct fit *fit, const char *place, int room)
{
	char *function, *other = NULL, *text;
	int width;

	room -= around(fit, place);
	width = fit->other ? share(fit, room) : room;
	function = vr_short_text(fit->function, width > 1 ? width : 1);
	room -= vr_text_width(function);
	if (fit->other)
		other = vr_short_text(fit->other, room > 1 ? room : 1);
	text = compose(fit->label, place, function, other);
	free(function);
	free(other);
	return text;
}

/* Columns with names of which everything up to `rank` has gone. */
static int width_with(const struct fit *fit, const char *place, enum vr_piece_rank rank)
{
	return around(fit, place) + vr_short_width(fit->function, rank) +
	       (fit->other ? vr_short_width(fit->other, rank) : 0);
}

/* The place that is shown in so much room: NULL, without directories, or whole. */
static const char *place_for(const struct fit *fit, int room)
{
	int least = vr_short_width(fit->function, VR_PIECE_CLASS);

	if (!fit->place || width_with(fit, fit->place, VR_PIECE_SPELLING) <= room ||
	    (fit->keeps == PLACE_STAYS_WHOLE && least + NAME_LEAST < room))
		return fit->place;
	if (width_with(fit, fit->base, VR_PIECE_ARGUMENTS) <= room ||
	    (fit->keeps == PLACE_STAYS && least + around(fit, fit->base) <= room))
		return fit->base;
	return NULL;
}

/* Names without limit where the width is not known, but that nobody reads them whole. */
static char *unbounded(const struct fit *fit)
{
	char *function = vr_short_text(fit->function, VR_CAPTION_MOST);
	char *other = fit->other ? vr_short_text(fit->other, VR_CAPTION_MOST) : NULL;
	char *text = compose(fit->label, fit->place, function, other);

	free(function);
	free(other);
	return text;
}

static void make_text(struct fit *fit, int room)
{
	const char *place = place_for(fit, room);
	int most = room - vr_short_width(fit->function, VR_PIECE_CLASS) - around(fit, "");
	char *cut;

	free(fit->text);
	if (fit->label->whole || !room) {
		fit->text = fit->label->whole ? compose(fit->label, fit->place, fit->function->text,
							fit->other ? fit->other->text : NULL)
					      : unbounded(fit);
		return;
	}
	if (!place || vr_text_width(place) <= most) {
		fit->text = with_names(fit, place, room);
		return;
	}
	cut = vr_xcalloc(strlen(place) + 4, 1);
	strcpy(cut, place);
	vr_text_shorten(cut, most > 1 ? most : 1, 1);
	fit->text = with_names(fit, cut, room);
	free(cut);
}

/* --- rows that look alike --------------------------------------------------------- */

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static int compare_names(const struct fit *x, const struct fit *y)
{
	int c = strcmp(x->function->text, y->function->text);

	c = c ? c : strcmp(or_empty(x->place), or_empty(y->place));
	return c ? c : strcmp(x->other ? x->other->text : "", y->other ? y->other->text : "");
}

static int compare(const void *a, const void *b)
{
	const struct fit *x = *(struct fit *const *)a;
	const struct fit *y = *(struct fit *const *)b;
	int c = strcmp(x->text, y->text);

	return c ? c : compare_names(x, y);
}

static int is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Where two names begin to differ: at the start of a word, or of an argument. */
static uint32_t difference(const char *x, const char *y, const char *of)
{
	uint32_t at = 0;

	while (x[at] && x[at] == y[at])
		at++;
	while (at && is_word(of[at - 1]) && is_word(x[at - 1]))
		at--;
	return of[at] == ',' && of[at + 1] == ' ' ? at + 2 : at;
}

static void keep_difference(struct vr_short *x, struct vr_short *y, size_t round)
{
	uint32_t in_x = difference(x->text, y->text, x->text);
	uint32_t in_y = difference(x->text, y->text, y->text);

	vr_short_keep(x, in_x, round > 0);
	vr_short_keep(y, in_y, round > 0);
}

/* Two rows of one text: each keeps what the other has not; of the names if that is seen. */
static void tell_apart(struct fit *x, struct fit *y, size_t round)
{
	if (strcmp(x->function->text, y->function->text) != 0 && round < 2) {
		keep_difference(x->function, y->function, round);
	} else if (strcmp(or_empty(x->base), or_empty(y->base)) != 0) {
		x->keeps = y->keeps = PLACE_STAYS;
	} else if (strcmp(or_empty(x->place), or_empty(y->place)) != 0) {
		x->keeps = y->keeps = PLACE_STAYS_WHOLE;
	} else if (x->other && y->other && strcmp(x->other->text, y->other->text) != 0) {
		keep_difference(x->other, y->other, round);
	}
}

/* Makes rows of one text differ where what they are of does; returns how many were alike. */
static size_t part_rows(struct fit **row, size_t count, int room, size_t round)
{
	size_t alike = 0;

	qsort(row, count, sizeof(struct fit *), compare);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(row[i]->text, row[i - 1]->text) != 0 ||
		    compare_names(row[i], row[i - 1]) == 0)
			continue;
		tell_apart(row[i - 1], row[i], round);
		alike++;
	}
	for (size_t i = 0; alike && i < count; i++)
		make_text(row[i], room);
	return alike;
}

char **vr_captions_fit(const struct vr_caption *const *label, size_t count, int room)
{
	struct fit *fit = vr_xcalloc(count + 1, sizeof(*fit)), **row;
	char **text = vr_xcalloc(count + 1, sizeof(*text));
	size_t rows = 0, round = 0;

	row = vr_xcalloc(count + 1, sizeof(struct fit *));
	for (size_t i = 0; i < count; i++) {
		if (!label[i])
			continue;
		begin(&fit[i], label[i]);
		make_text(&fit[i], room);
		row[rows++] = &fit[i];
	}
	while (round < ROUNDS && part_rows(row, rows, room, round))
		round++;
	for (size_t i = 0; i < count; i++) {
		if (!label[i])
			continue;
		text[i] = fit[i].text;
		end(&fit[i]);
	}
	free(row);
	free(fit);
	return text;
}

char *vr_caption_fit(const struct vr_caption *label, int room)
{
	char **all = vr_captions_fit(&label, 1, room), *text = all[0];

	free(all);
	return text;
}
