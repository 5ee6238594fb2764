/* CSV as RFC 4180 has it.  libcsv quotes every field; quotes around plain
 * numbers would make spreadsheets and simple readers take them for text, so
 * only fields that need it go through its quoting. */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plain.h"
#include "cli/quote.h"
#include "output/out.h"
#include "output/out_cell.h"
#include "output/out_table.h"

#define LINE_END "\r\n"

/* A semicolon is the separator where the comma is the decimal point. */
static int needs_quotes(const char *text)
{
	size_t length = strlen(text);

	return length && (text[strcspn(text, "\",;")] || text[0] == ' ' || text[length - 1] == ' ');
}

/* Names, which may hold anything: escaped as for a terminal, and with a ' in front where a
 * spreadsheet would find a formula. */
static void put_text(FILE *out, const char *text)
{
	char *plain = vr_plain(text, VR_PLAIN_NAMES, 1);
	size_t length = strlen(plain);

	if (vr_quote_is_formula(plain)) {
		memmove(plain + 1, plain, ++length);
		plain[0] = '\'';
	}
	if (needs_quotes(plain))
		csv_fwrite(out, plain, length);
	else
		fputs(plain, out);
	free(plain);
}

static void cell(FILE *out, enum vr_unit unit, const struct vr_cell *value)
{
	char buf[VR_CELL_MAX];

	if (value->null)
		return;
	if (vr_unit_is_text(unit))
		put_text(out, value->s);
	else
		fputs(vr_cell_format(buf, unit, value, 1), out);
}

void vr_table_csv(const struct vr_table *table, FILE *out)
{
	for (size_t i = 0; i < table->columns; i++) {
		if (i)
			fputc(',', out);
		fputs(table->column[i].key, out);
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
