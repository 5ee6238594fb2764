/* Tree lines, and the width of the terminal they must fit. */
#include "output/out.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/columns.h"

#define LABEL_MIN     20 /* a deep tree gives up guides before labels */
#define GUIDE_COLUMNS 3	 /* of one level */
#define COLUMNS_MAX   10000

int vr_terminal_width(void)
{
	const char *columns;
	struct winsize size;
	char *end;
	long value;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	columns = getenv("COLUMNS");
	if (!columns)
		return 0;
	value = strtol(columns, &end, 10);
	return end == columns || *end || value < 1 || value > COLUMNS_MAX ? 0 : (int)value;
}

struct guides {
	const char *down, *blank, *branch, *last, *cut;
};

static const struct guides utf8 = {"│  ", "   ", "├─ ", "└─ ", "…  "};
static const struct guides ascii = {"|  ", "   ", "|- ", "`- ", ".. "};

/* Level from which guides are drawn, so that a label keeps LABEL_MIN columns. */
static int first_level(int depth, int room)
{
	int levels = (room - LABEL_MIN) / GUIDE_COLUMNS;

	if (levels < 1)
		levels = 1;
	return depth > levels ? depth - levels + 1 : 1;
}

static int print_guides(FILE *out, int depth, const int *last, int first)
{
	const struct guides *guides = vr_out_utf8() ? &utf8 : &ascii;
	int columns = 0;

	for (int level = first; level <= depth; level++) {
		if (level == first && first > 1 && level < depth)
			fputs(guides->cut, out);
		else if (level == depth)
			fputs(last[level] ? guides->last : guides->branch, out);
		else
			fputs(last[level] ? guides->blank : guides->down, out);
		columns += GUIDE_COLUMNS;
	}
	return columns;
}

int vr_tree_room(int depth, const char *left_text, int width)
{
	int room, levels;

	if (width <= 0)
		return 0;
	width -= vr_text_width(left_text); /* numbers: clean */
	levels = depth - first_level(depth, width) + 1;
	room = width - (levels > 0 ? levels * GUIDE_COLUMNS : 0);
	return room > LABEL_MIN ? room : LABEL_MIN;
}

void vr_tree_line(FILE *out, int depth, const int *last_child_at_depth, const char *left_text,
		  const char *label, int width)
{
	char *left = vr_text_clean(left_text ? left_text : "");
	char *text = vr_text_clean(label);
	int used = vr_text_width(left);

	fputs(left, out);
	used += print_guides(out, depth, last_child_at_depth,
			     width > 0 ? first_level(depth, width - used) : 1);
	fputs(text, out);
	fputc('\n', out);
	free(left);
	free(text);
}
