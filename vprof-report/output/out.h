/* Rows out: aligned text tables that fit the terminal, CSV, units.
 *
 * Takes rows and columns; knows no profile type.  JSON documents are built by
 * the commands with jansson, because their shape is a contract.  Whether output
 * may be UTF-8 is what nl_langinfo() says: main() calls setlocale(LC_CTYPE, ""). */
#ifndef VR_OUT_H
#define VR_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct vr_caption; /* output/out_caption.h */

enum vr_unit {
	VR_TEXT,    /* s */
	VR_FIGURES, /* s: numbers in a form of their own, such as 5/1; at the right */
	VR_COUNT,   /* u: 1,234,567 in tables */
	VR_BYTES,   /* u: 1.2 MiB in tables, plain bytes in CSV */
	VR_SBYTES,  /* i: the same, signed */
	VR_NS,	    /* u: 1.234 s / 56.7 ms / 890 ns in tables, ns in CSV */
	VR_SECONDS, /* u: nanoseconds; in tables as pstats prints them: 1.234 */
	VR_PERCENT, /* f: 0..100, one decimal */
	VR_NUMBER,  /* f */
	VR_ADDRESS  /* u: 0x... */
};

/* What becomes of text when the line is wider than the terminal. */
enum vr_elastic {
	VR_RIGID,
	VR_KEEP_END,   /* paths */
	VR_KEEP_START, /* sentences */
	VR_CAPTIONS    /* its cells are labels, which see to it themselves */
};

static inline int vr_unit_is_text(enum vr_unit unit)
{
	return unit == VR_TEXT || unit == VR_FIGURES;
}

struct vr_column {
	const char *key;   /* CSV header, snake_case */
	const char *title; /* table header */
	enum vr_unit unit;
	enum vr_elastic elastic;
	int yields; /* it is left out where elastic columns find no room, the highest first;
		     * 0: never */
};

struct vr_cell {
	int null; /* printed as "-" in tables, empty in CSV */
	union {
		const char *s;
		const struct vr_caption *caption; /* of VR_CAPTIONS, in tables */
		uint64_t u;
		int64_t i;
		double f;
	};
};

struct vr_table;

/* Columns are copied, strings and labels of cells are copied.  Die on out-of-memory. */
struct vr_table *vr_table_new(const struct vr_column *columns, size_t count);
void vr_table_row(struct vr_table *table, const struct vr_cell *cells);
size_t vr_table_rows(const struct vr_table *table);
/* width: columns of the terminal, 0 = do not shorten.  Where that is too narrow, columns that
 * say nothing in any row are left out, and those that yield, which is said below. */
void vr_table_print(const struct vr_table *table, FILE *out, int width);
/* RFC 4180 through libcsv; header line first. */
void vr_table_csv(const struct vr_table *table, FILE *out);
void vr_table_free(struct vr_table *table);

/* Text of unknown origin for the terminal: control characters, invalid UTF-8 and
 * bidirectional overrides become "\n", "\x1b".  Tables and trees do this by
 * themselves.  vr_text_clean() returns malloc()ed text with room for a few more
 * bytes. */
char *vr_text_clean(const char *text);
void vr_text_print(FILE *out, const char *text);

/* Width of stdout's terminal, $COLUMNS, or 0 when stdout is not a terminal
 * and COLUMNS is unset. */
int vr_terminal_width(void);

/* A tree printed with guides ("├─ └─ │" when UTF-8, ASCII otherwise):
 * the caller walks its tree and gives depth-first lines.
 *   depth                0: the root, without guide
 *   last_child_at_depth  [1..depth]: 1 where the line, or its ancestor at that
 *                        depth, is the last child of its parent; [0] is not read
 *   left_text            printed before the guides (numbers), may be NULL
 *   label                as it is: vr_tree_room() says what room there is for it
 *   width                as vr_table_print(); the label keeps at least 20 columns */
void vr_tree_line(FILE *out, int depth, const int *last_child_at_depth, const char *left_text,
		  const char *label, int width);
/* Columns for the label of such a line; 0: as many as it likes. */
int vr_tree_room(int depth, const char *left_text, int width);

#endif
