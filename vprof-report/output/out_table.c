/* Tables: rows are kept until their widths are known. */
#include "output/out_table.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "output/out_cell.h"
#include "cli/columns.h"

#define GAP	    2  /* blanks between columns */
#define ELASTIC_MIN 12 /* an elastic column is not made narrower than this */

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
		if (table->column[i].unit == VR_TEXT)
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
		if (table->column[i % table->columns].unit == VR_TEXT)
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
	if (unit == VR_TEXT)
		return vr_text_clean(cell->s);
	text = vr_cell_format(buf, unit, cell, 0);
	return vr_text_clean(text[0] ? text : "-");
}

/* Clean text of the title line and all rows. */
static char **all_text(const struct vr_table *table)
{
	char **text = vr_xcalloc((table->rows + 1) * table->columns, sizeof(*text));
	size_t n = 0;

	for (size_t i = 0; i < table->columns; i++)
		text[n++] = vr_text_clean(table->column[i].title);
	for (size_t i = 0; i < table->rows * table->columns; i++)
		text[n++] = cell_text(table->column[i % table->columns].unit, &table->cell[i]);
	return text;
}

static void measure(const struct vr_table *table, char *const *text, int *wide)
{
	for (size_t i = 0; i < (table->rows + 1) * table->columns; i++) {
		int width = vr_text_width(text[i]);

		if (width > wide[i % table->columns])
			wide[i % table->columns] = width;
	}
}

/* Takes columns from the widest elastic column until the line fits. */
static void fit(const struct vr_table *table, int *wide, int width)
{
	int total = -GAP;

	for (size_t i = 0; i < table->columns; i++)
		total += wide[i] + GAP;
	for (; total > width; total--) {
		size_t widest = table->columns;

		for (size_t i = 0; i < table->columns; i++) {
			if (table->column[i].elastic && wide[i] > ELASTIC_MIN &&
			    (widest == table->columns || wide[i] > wide[widest]))
				widest = i;
		}
		if (widest == table->columns)
			return;
		wide[widest]--;
	}
}

static void pad(FILE *out, int blanks)
{
	if (blanks > 0)
		fprintf(out, "%*s", blanks, "");
}

/* Blanks are held back until text follows, so that no line ends in them. */
static void print_row(const struct vr_table *table, FILE *out, char **text, const int *wide)
{
	int owed = 0;

	for (size_t i = 0; i < table->columns; i++) {
		const struct vr_column *column = &table->column[i];
		int width = vr_text_shorten(text[i], wide[i], column->elastic == 1);
		int left = column->unit == VR_TEXT;

		if (!left)
			owed += wide[i] - width;
		if (width) {
			pad(out, owed);
			fputs(text[i], out);
			owed = 0;
		}
		owed += GAP + (left ? wide[i] - width : 0);
	}
	fputc('\n', out);
}

void vr_table_print(const struct vr_table *table, FILE *out, int width)
{
	char **text = all_text(table);
	int *wide = vr_xcalloc(table->columns, sizeof(*wide));

	measure(table, text, wide);
	if (width > 0)
		fit(table, wide, width);
	for (size_t row = 0; row <= table->rows; row++)
		print_row(table, out, text + row * table->columns, wide);
	for (size_t i = 0; i < (table->rows + 1) * table->columns; i++)
		free(text[i]);
	free(text);
	free(wide);
}
