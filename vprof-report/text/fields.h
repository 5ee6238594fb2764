/* What a row has to tell, spelled once for table, CSV and JSON.
 *
 * Each kind of row has one list of fields: their names, units and where they come from.
 * The order of the list is that of the columns and of the JSON members. */
#ifndef VR_FIELDS_H
#define VR_FIELDS_H

#include "model/interval.h"
#include "output/out_caption.h"
#include "text/context.h"

/* Where a field is printed. */
enum vr_in {
	VR_IN_TABLE = 1,
	VR_IN_CSV = 2,
	VR_IN_JSON = 4,
	VR_IN_COLUMNS = VR_IN_TABLE | VR_IN_CSV,
	VR_IN_DATA = VR_IN_CSV | VR_IN_JSON,
	VR_IN_ALL = VR_IN_COLUMNS | VR_IN_JSON
};

/* What the rows are of, beyond themselves. */
struct vr_rows {
	struct vr_context *ctx;
	const void *model; /* struct vr_heap, say: each kind of row has its own */
	size_t rank;	   /* of the row, from 1; of JSON 0 */
	/* What the rows of a table are called, in their order, where they are call paths
	 * (text/sites.h); NULL: nobody said. */
	const struct vr_caption *site;
};

struct vr_value {
	struct vr_cell cell;
	char *text;		   /* owns the cell's text; NULL: somebody else does */
	struct vr_caption caption; /* of a column of VR_CAPTIONS: see vr_value_caption() */
	json_t *json;		   /* of VR_IN_JSON alone: a document in place of the cell */
};

typedef void vr_get(const struct vr_rows *rows, const void *row, struct vr_value *value);

struct vr_field {
	const char *key;   /* head of the CSV column, and JSON member */
	const char *title; /* head of the table's column */
	enum vr_unit unit; /* of JSON as of CSV; VR_PERCENT and VR_NUMBER are real numbers */
	unsigned in;	   /* enum vr_in */
	/* A member of the row (VR_MEMBER), what is computed from it, or an end of an interval
	 * (VR_INTERVAL_FIELDS). */
	size_t offset, bytes;
	uint32_t flag; /* true where the member has this bit; of VR_IN_JSON alone */
	vr_get *get;
	struct vr_interval (*interval)(const struct vr_rows *rows, const void *row);
	int high; /* its upper end */
	/* The part of the row that these are of; NULL: the row itself. */
	const void *(*part)(const struct vr_rows *rows, const void *row);
	/* 0: it has no column this time; NULL: it always has */
	int (*applies)(const struct vr_rows *rows);
	enum vr_elastic elastic; /* as of struct vr_column */
	int yields;
};

/* An unsigned number of 4 or 8 bytes; of VR_SBYTES an int64_t, of VR_PERCENT and VR_NUMBER a
 * double, of VR_TEXT the id of a string of the profile's file. */
#define VR_MEMBER(type, member)                                                                    \
	.offset = offsetof(type, member), .bytes = sizeof(((type *)0)->member)
#define VR_FIELDS(list) list, sizeof(list) / sizeof((list)[0])

/* KEY_low and KEY_high, unknown without an interval. */
#define VR_INTERVAL_FIELDS(name, where, of)                                                        \
	{name "_low", "", VR_BYTES, where, .interval = of},                                        \
	{                                                                                          \
		name "_high", "", VR_BYTES, where, .interval = of, .high = 1                       \
	}

/* A table (or CSV) of the fields that belong there; rows are added one by one. */
struct vr_sheet;
struct vr_sheet *vr_sheet_new(const struct vr_rows *rows, const struct vr_field *field,
			      size_t count);
void vr_sheet_row(struct vr_sheet *sheet, const void *row);
size_t vr_sheet_rows(const struct vr_sheet *sheet);
/* Prints and frees it. */
void vr_sheet_print(struct vr_sheet *sheet);
void vr_sheet_free(struct vr_sheet *sheet);

/* Adds the fields that belong into JSON to an object. */
void vr_json_set_fields(json_t *object, const struct vr_rows *rows, const struct vr_field *field,
			size_t count, const void *row);
/* The same into a new one. */
json_t *vr_json_fields(const struct vr_rows *rows, const struct vr_field *field, size_t count,
		       const void *row);

/* Of a struct vr_function: function, file, line, module.
 *   where    enum vr_in
 *   part_of  the function of a row */
#define VR_FUNCTION_FIELDS(where, part_of)                                                         \
	{"function", "function", VR_TEXT, where, .get = vr_get_function, .part = part_of},         \
	    {"file", "file", VR_TEXT, where, .get = vr_get_file, .part = part_of},                 \
	    {"line", "line", VR_COUNT, where, .get = vr_get_line, .part = part_of},                \
	{                                                                                          \
		"module", "module", VR_TEXT, where, .get = vr_get_module, .part = part_of          \
	}
vr_get vr_get_function, vr_get_file, vr_get_line, vr_get_module;

/* What a column of VR_CAPTIONS is given: a label in tables, text elsewhere.  Takes the label. */
void vr_value_caption(const struct vr_rows *rows, struct vr_value *value, struct vr_caption label);
/* The same of a call path, which its caller tells from others in tables. */
void vr_value_site(const struct vr_rows *rows, struct vr_value *value, uint32_t node);

/* The row's rank in the table; what is never known. */
vr_get vr_get_rank, vr_get_null;

#endif
