/* Tables: rows are kept until their widths are known. */
#include "output/out_table.h"

#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/xalloc.h"
#include "output/out_caption.h"
#include "output/out_cell.h"

#define GAP	    2  /* blanks between columns */
#define ELASTIC_MIN 12 /* an elastic column is not made narrower than this */
#define NAMES_WANT  36 /* columns that elastic ones want before others have to go */

static char *copy_text(const char *text)
{
	size_t bytes = text ? strlen(text) + 1 : 1;

	return memcpy(vr_xcalloc(bytes, 1), text ? text : "", bytes);
}

struct vr_table *vr_table_new(const struct vr_column *columns, size_t count)
{
	struct vr_table *table = vr_xcalloc(1, sizeof(*table));

	table->column = vr_xcalloc(count, sizeof(*table->column));
	table->columns = count;
	for (size_t i = 0; i < count; i++) {
		table->column[i] = columns[i];
		table->column[i].key = copy_text(columns[i].key);
		table->column[i].title = copy_text(columns[i].title);
	}
	return table;
}

static char *copy_or_null(const char *text)
{
	return text ? copy_text(text) : NULL;
}

static struct vr_caption *copy_label(const struct vr_caption *label)
{
	struct vr_caption *copy = vr_xcalloc(1, sizeof(*copy));

	*copy = *label;
	copy->function = copy_text(label->function);
	copy->place = copy_or_null(label->place);
	copy->other = copy_or_null(label->other);
	return copy;
}

static void free_label(const struct vr_caption *label)
{
	if (!label)
		return;
	free((char *)label->function);
	free((char *)label->place);
	free((char *)label->other);
	free((struct vr_caption *)label);
}

void vr_table_row(struct vr_table *table, const struct vr_cell *cells)
{
	struct vr_cell *row;

	if (table->rows == table->room) {
		table->room = table->room ? table->room * 2 : 32;
		table->cell =
		    vr_xrealloc(table->cell, table->room, table->columns * sizeof(*table->cell));
	}
	row = table->cell + table->rows++ * table->columns;
	for (size_t i = 0; i < table->columns; i++) {
		row[i] = cells[i];
		if (table->column[i].elastic == VR_CAPTIONS)
			row[i].caption = cells[i].null ? NULL : copy_label(cells[i].caption);
		else if (vr_unit_is_text(table->column[i].unit))
			row[i].s = cells[i].null ? NULL : copy_text(cells[i].s);
	}
}

size_t vr_table_rows(const struct vr_table *table)
{
	return table->rows;
}

void vr_table_free(struct vr_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		if (table->column[i % table->columns].elastic == VR_CAPTIONS)
			free_label(table->cell[i].caption);
		else if (vr_unit_is_text(table->column[i % table->columns].unit))
			free((char *)table->cell[i].s);
	}
	for (size_t i = 0; i < table->columns; i++) {
		free((char *)table->column[i].key);
		free((char *)table->column[i].title);
	}
	free(table->column);
	free(table->cell);
	free(table);
}

static char *cell_text(enum vr_unit unit, const struct vr_cell *cell)
{
	char buf[VR_CELL_MAX];
	const char *text;

	if (cell->null)
		return vr_text_clean("-");
	if (vr_unit_is_text(unit))
		return vr_text_clean(cell->s);
	text = vr_cell_format(buf, unit, cell, 0);
	return vr_text_clean(text[0] ? text : "-");
}

/* A table on its way to the terminal: clean text of its title line and of all rows. */
struct page {
	const struct vr_table *table;
	size_t columns;
	char **text;
	int *wide;   /* of each column */
	int *absent; /* 1: the column is left out */
};

static char **text_at(const struct page *page, size_t line, size_t column)
{
	return &page->text[line * page->columns + column];
}

/* The labels of a column in so many columns of the terminal, 0: unknown. */
static void fit_labels(struct page *page, size_t column, int width)
{
	const struct vr_table *table = page->table;
	const struct vr_caption **label = vr_xcalloc(table->rows + 1, sizeof(struct vr_caption *));
	char **text;

	for (size_t row = 0; row < table->rows; row++)
		label[row] = table->cell[row * page->columns + column].caption;
	text = vr_captions_fit(label, table->rows, width);
	for (size_t row = 0; row < table->rows; row++) {
		free(*text_at(page, row + 1, column));
		*text_at(page, row + 1, column) = text[row] ? text[row] : vr_text_clean("-");
	}
	free(text);
	free(label);
}

static void measure(struct page *page, size_t column)
{
	page->wide[column] = 0;
	for (size_t line = 0; line <= page->table->rows; line++) {
		int width = vr_text_width(*text_at(page, line, column));

		if (width > page->wide[column])
			page->wide[column] = width;
	}
}

/*   labels  columns of the terminal for each label at first, 0: unknown */
static struct page make_page(const struct vr_table *table, int labels)
{
	struct page page = {.table = table, .columns = table->columns};
	size_t n = 0;

	page.text = vr_xcalloc((table->rows + 1) * table->columns, sizeof(char *));
	page.wide = vr_xcalloc(table->columns, sizeof(int));
	page.absent = vr_xcalloc(table->columns, sizeof(int));
	for (size_t i = 0; i < table->columns; i++)
		page.text[n++] = vr_text_clean(table->column[i].title);
	for (size_t i = 0; i < table->rows * table->columns; i++, n++)
		if (table->column[i % table->columns].elastic != VR_CAPTIONS)
			page.text[n] =
			    cell_text(table->column[i % table->columns].unit, &table->cell[i]);
	for (size_t i = 0; i < table->columns; i++) {
		if (table->column[i].elastic == VR_CAPTIONS)
			fit_labels(&page, i, labels);
		measure(&page, i);
	}
	return page;
}

static void free_page(struct page *page)
{
	for (size_t i = 0; i < (page->table->rows + 1) * page->columns; i++)
		free(page->text[i]);
	free(page->text);
	free(page->wide);
	free(page->absent);
}

/* Columns that are missing for elastic ones to have what they want; 0: none. */
static int missing(const struct page *page, int width)
{
	int elastic = 0, used = -GAP;

	for (size_t i = 0; i < page->columns; i++)
		elastic += !page->absent[i] && page->table->column[i].elastic != VR_RIGID;
	for (size_t i = 0; i < page->columns; i++) {
		int want = elastic > 1 ? NAMES_WANT * 5 / 6 : NAMES_WANT;

		if (page->absent[i])
			continue;
		if (page->table->column[i].elastic == VR_RIGID || page->wide[i] < want)
			want = page->wide[i];
		used += want + GAP;
	}
	return elastic && used > width ? used - width : 0;
}

/* 1 when no row has anything in this column. */
static int says_nothing(const struct page *page, size_t column)
{
	const struct vr_table *table = page->table;

	if (table->column[column].elastic != VR_RIGID)
		return 0;
	for (size_t row = 0; row < table->rows; row++)
		if (!table->cell[row * table->columns + column].null)
			return 0;
	return 1;
}

/* Leaves out columns until elastic ones have room. */
static void leave_out(struct page *page, int width)
{
	if (!missing(page, width))
		return;
	for (size_t i = 0; i < page->columns; i++)
		page->absent[i] = says_nothing(page, i);
	while (missing(page, width)) {
		size_t first = page->columns;
		int most = 0;

		for (size_t i = 0; i < page->columns; i++) {
			if (!page->absent[i] && page->table->column[i].yields > most) {
				most = page->table->column[i].yields;
				first = i;
			}
		}
		if (first == page->columns)
			return;
		page->absent[first] = 1;
	}
}

/* Takes columns from the widest elastic column until the line fits. */
static void fit(struct page *page, int width)
{
	int total = -GAP;

	for (size_t i = 0; i < page->columns; i++)
		total += page->absent[i] ? 0 : page->wide[i] + GAP;
	for (; total > width; total--) {
		size_t widest = page->columns;

		for (size_t i = 0; i < page->columns; i++) {
			if (page->table->column[i].elastic != VR_RIGID && !page->absent[i] &&
			    page->wide[i] > ELASTIC_MIN &&
			    (widest == page->columns || page->wide[i] > page->wide[widest]))
				widest = i;
		}
		if (widest == page->columns)
			break;
		page->wide[widest]--;
	}
	for (size_t i = 0; i < page->columns; i++) {
		if (page->table->column[i].elastic == VR_CAPTIONS && !page->absent[i]) {
			int given = page->wide[i];

			fit_labels(page, i, given);
			vr_text_shorten(*text_at(page, 0, i), given, 0);
			measure(page, i);
		}
	}
}

static void pad(FILE *out, int blanks)
{
	if (blanks > 0)
		fprintf(out, "%*s", blanks, "");
}

/* Blanks are held back until text follows, so that no line ends in them. */
static void print_line(const struct page *page, FILE *out, size_t line)
{
	int owed = 0;

	for (size_t i = 0; i < page->columns; i++) {
		const struct vr_column *column = &page->table->column[i];
		char *text = *text_at(page, line, i);
		int width, left = column->unit == VR_TEXT;

		if (page->absent[i])
			continue;
		width = vr_text_shorten(text, page->wide[i], column->elastic == VR_KEEP_END);
		if (!left)
			owed += page->wide[i] - width;
		if (width) {
			pad(out, owed);
			fputs(text, out);
			owed = 0;
		}
		owed += GAP + (left ? page->wide[i] - width : 0);
	}
	fputc('\n', out);
}

/* Which columns there was no room for. */
static void print_absent(const struct page *page, FILE *out)
{
	int count = 0;

	for (size_t i = 0; i < page->columns; i++)
		if (page->absent[i] && page->table->column[i].yields)
			fprintf(out, "%s%s",
				count++ ? ", " : "no room for: ", *text_at(page, 0, i));
	if (count)
		fputc('\n', out);
}

void vr_table_print(const struct vr_table *table, FILE *out, int width)
{
	struct page page = make_page(table, width > 0 ? width : 0);

	if (width > 0) {
		leave_out(&page, width);
		fit(&page, width);
	}
	for (size_t line = 0; line <= table->rows; line++)
		print_line(&page, out, line);
	print_absent(&page, out);
	free_page(&page);
}
