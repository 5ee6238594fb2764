/* CSV as RFC 4180 has it.  libcsv quotes every field; quotes around plain
 * numbers would make spreadsheets and simple readers take them for text, so
 * only fields that need it go through its quoting. */
#include <csv.h>
#include <string.h>

#include "output/out_cell.h"
#include "output/out_table.h"

#define LINE_END "\r\n"

static int needs_quotes(const char *text)
{
	size_t length = strlen(text);

	if (!length)
		return 0;
	return text[strcspn(text, "\",\r\n")] || text[0] == ' ' || text[length - 1] == ' ';
}

static void field(FILE *out, const char *text)
{
	if (needs_quotes(text))
		csv_fwrite(out, text, strlen(text));
	else
		fputs(text, out);
}

static void cell(FILE *out, enum vr_unit unit, const struct vr_cell *value)
{
	char buf[VR_CELL_MAX];

	if (value->null)
		return;
	field(out, unit == VR_TEXT ? value->s : vr_cell_format(buf, unit, value, 1));
}

void vr_table_csv(const struct vr_table *table, FILE *out)
{
	for (size_t i = 0; i < table->columns; i++) {
		if (i)
			fputc(',', out);
		field(out, table->column[i].key);
	}
	fputs(LINE_END, out);
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		size_t column = i % table->columns;

		if (column)
			fputc(',', out);
		cell(out, table->column[column].unit, &table->cell[i]);
		if (column + 1 == table->columns)
			fputs(LINE_END, out);
	}
}
