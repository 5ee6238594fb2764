/* kallsyms: "ADDRESS TYPE NAME [MODULE]", no sizes, so a symbol ends where the
 * next begins. */
#include "symbols/sym_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_text.h"

#define FILE_MAX   (256u << 20)
#define SYMBOL_MAX (1u << 20) /* larger gaps are not functions */

/* Parses one terminated line and ends its name.  Returns 1 for code with an
 * address. */
static int parse_line(char *line, uint64_t *address, char **name)
{
	const char *at = line;
	char *p;

	if (vr_text_hex(&at, address) || !*address)
		return 0;
	p = line + (at - line);
	if (p[0] != ' ' || !p[1] || !strchr("tTwW", p[1]) || p[2] != ' ' || !p[3])
		return 0;
	*name = p + 3;
	p[3 + strcspn(p + 3, " \t\r")] = '\0';
	return 1;
}

static int parse(struct vr_kernel *kernel, char *text, size_t length)
{
	char *line = text, *end = text + length, *name;
	uint64_t address;
	int ret = 0;

	while (line < end && !ret) {
		char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end;
		*stop = '\0';
		if (parse_line(line, &address, &name)) {
			address &= VR_KERNEL_MASK;
			ret = vr_ranges_add(&kernel->ranges, address, address + SYMBOL_MAX,
					    (uint32_t)(name - text));
		}
		line = stop + 1;
	}
	return ret;
}

/* Cuts each symbol at the next one; aliases keep the first name of the file. */
static void cut(struct vr_ranges *ranges)
{
	size_t kept = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		struct vr_range range = ranges->range[i];

		if (kept && ranges->range[kept - 1].lo == range.lo)
			continue;
		if (kept && ranges->range[kept - 1].hi > range.lo)
			ranges->range[kept - 1].hi = range.lo;
		ranges->range[kept++] = range;
	}
	ranges->count = kept;
	vr_ranges_sort(ranges);
}

int vr_kernel_load(struct vr_kernel *kernel, const char *path)
{
	size_t length;
	char *text;
	int ret = vr_text_read(path, FILE_MAX, &text, &length);

	if (ret)
		return ret;
	kernel->text = text;
	ret = parse(kernel, text, length);
	if (ret) {
		vr_kernel_free(kernel);
		return ret;
	}
	vr_ranges_sort(&kernel->ranges);
	cut(&kernel->ranges);
	return 0;
}

const char *vr_kernel_find(const struct vr_kernel *kernel, uint64_t address)
{
	const struct vr_range *range = vr_ranges_find(&kernel->ranges, address & VR_KERNEL_MASK);

	return range ? kernel->text + range->what : NULL;
}

void vr_kernel_free(struct vr_kernel *kernel)
{
	free(kernel->text);
	vr_ranges_free(&kernel->ranges);
	memset(kernel, 0, sizeof(*kernel));
}
