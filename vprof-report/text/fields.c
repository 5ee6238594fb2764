#include "text/fields.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "output/out.h"
#include "text/json.h"
#include "text/names.h"
#include "text/print.h"

struct vr_sheet {
	struct vr_rows rows;
	const struct vr_field **field; /* those that have a column */
	size_t fields, count;
	struct vr_table *table;
	struct vr_cell *cell; /* of one row */
};

static void read_member(const struct vr_rows *rows, const struct vr_field *field, const void *row,
			struct vr_value *value)
{
	const char *at = (const char *)row + field->offset;
	uint32_t narrow;

	if (field->bytes == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		if (field->flag)
			value->json = json_boolean(narrow & field->flag);
		else if (field->unit == VR_TEXT)
			value->cell.s = vr_file_string(rows->ctx->profile->file, narrow);
		else
			value->cell.u = narrow;
	} else {
		memcpy(&value->cell.u, at, sizeof(value->cell.u)); /* or one of its brothers */
	}
}

static void read_interval(const struct vr_rows *rows, const struct vr_field *field, const void *row,
			  struct vr_value *value)
{
	struct vr_interval interval = field->interval(rows, row);

	value->cell.null = !interval.known;
	value->cell.u = field->high ? interval.high : interval.low;
}

static struct vr_value read_field(const struct vr_rows *rows, const struct vr_field *field,
				  const void *row)
{
	struct vr_value value = {.cell.u = 0};
	const void *part = field->part ? field->part(rows, row) : row;

	if (field->get)
		field->get(rows, part, &value);
	else if (field->interval)
		read_interval(rows, field, part, &value);
	else
		read_member(rows, field, part, &value);
	if (value.text)
		value.cell.s = value.text;
	return value;
}

/* Text may be cut, and columns left out, in tables alone. */
static struct vr_column column_of(const struct vr_rows *rows, const struct vr_field *field)
{
	const struct vr_context *ctx = rows->ctx;
	struct vr_column column = {field->key, field->title, field->unit, field->elastic,
				   field->yields};

	if (field->elastic == VR_CAPTIONS && ctx->format != VR_FORMAT_TABLE)
		column.elastic = VR_RIGID;
	if (ctx->sort_name && strcmp(ctx->sort_name, field->title) == 0)
		column.yields = 0;
	return column;
}

struct vr_sheet *vr_sheet_new(const struct vr_rows *rows, const struct vr_field *field,
			      size_t count)
{
	unsigned in = rows->ctx->format == VR_FORMAT_CSV ? VR_IN_CSV : VR_IN_TABLE;
	struct vr_column *column = vr_xcalloc(count, sizeof(*column));
	struct vr_sheet *sheet = vr_xcalloc(1, sizeof(*sheet));

	sheet->rows = *rows;
	sheet->field = vr_xcalloc(count, sizeof(struct vr_field *));
	sheet->cell = vr_xcalloc(count, sizeof(*sheet->cell));
	for (size_t i = 0; i < count; i++) {
		if (!(field[i].in & in) || (field[i].applies && !field[i].applies(rows)))
			continue;
		column[sheet->fields] = column_of(rows, &field[i]);
		sheet->field[sheet->fields++] = &field[i];
	}
	sheet->table = vr_table_new(column, sheet->fields);
	free(column);
	return sheet;
}

void vr_sheet_row(struct vr_sheet *sheet, const void *row)
{
	struct vr_value *value = vr_xcalloc(sheet->fields, sizeof(*value));

	sheet->rows.rank++;
	for (size_t i = 0; i < sheet->fields; i++) {
		value[i] = read_field(&sheet->rows, sheet->field[i], row);
		if (value[i].caption.function)
			value[i].cell.caption = &value[i].caption;
		sheet->cell[i] = value[i].cell;
	}
	vr_table_row(sheet->table, sheet->cell);
	for (size_t i = 0; i < sheet->fields; i++) {
		free(value[i].text);
		vr_caption_done(&value[i].caption);
	}
	free(value);
}

size_t vr_sheet_rows(const struct vr_sheet *sheet)
{
	return vr_table_rows(sheet->table);
}

void vr_sheet_free(struct vr_sheet *sheet)
{
	vr_table_free(sheet->table);
	free(sheet->field);
	free(sheet->cell);
	free(sheet);
}

void vr_sheet_print(struct vr_sheet *sheet)
{
	vr_print_table(sheet->rows.ctx, sheet->table);
	sheet->table = NULL;
	vr_sheet_free(sheet);
}

static json_t *value_json(enum vr_unit unit, const struct vr_value *value)
{
	if (value->json)
		return value->json;
	if (value->cell.null)
		return json_null();
	switch (unit) {
	case VR_TEXT:
	case VR_FIGURES:
		return vr_json_text(value->cell.s);
	case VR_SBYTES:
		return json_integer(value->cell.i);
	case VR_PERCENT:
	case VR_NUMBER:
		return json_real(value->cell.f);
	default:
		return vr_json_u64(value->cell.u);
	}
}

void vr_json_set_fields(json_t *object, const struct vr_rows *rows, const struct vr_field *field,
			size_t count, const void *row)
{
	for (size_t i = 0; i < count; i++) {
		struct vr_value value;

		if (!(field[i].in & VR_IN_JSON))
			continue;
		value = read_field(rows, &field[i], row);
		json_object_set_new(object, field[i].key, value_json(field[i].unit, &value));
		free(value.text);
	}
}

json_t *vr_json_fields(const struct vr_rows *rows, const struct vr_field *field, size_t count,
		       const void *row)
{
	json_t *object = json_object();

	vr_json_set_fields(object, rows, field, count, row);
	return object;
}

void vr_get_function(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_function *function = row;

	(void)rows;
	value->cell.s = function->name;
}

void vr_get_file(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_function *function = row;

	value->cell.s = rows->ctx->strip_dirs ? vr_text_base(function->file) : function->file;
}

void vr_get_line(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_function *function = row;

	(void)rows;
	value->cell.u = function->line > 0 ? (uint64_t)function->line : 0;
}

void vr_get_module(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_function *function = row;

	(void)rows;
	value->cell.s = function->module;
}

void vr_value_caption(const struct vr_rows *rows, struct vr_value *value, struct vr_caption label)
{
	label.whole = rows->ctx->profile->select.full_names;
	if (rows->ctx->format == VR_FORMAT_TABLE)
		value->caption = label;
	else
		value->text = vr_caption_full(label);
}

void vr_value_site(const struct vr_rows *rows, struct vr_value *value, uint32_t node)
{
	const struct vr_context *ctx = rows->ctx;
	struct vr_caption label;

	if (rows->site && ctx->format == VR_FORMAT_TABLE) {
		label = rows->site[rows->rank - 1];
		label.place = label.place ? vr_xstrdup(label.place) : NULL;
		label.other = label.other ? vr_xstrdup(label.other) : NULL;
	} else {
		label = vr_responsible_caption(ctx->profile->stacks, node, ctx->strip_dirs);
	}
	vr_value_caption(rows, value, label);
}

void vr_get_rank(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = rows->rank;
}

void vr_get_null(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	(void)row;
	value->cell.null = 1;
}
