#include "base/smaps.h"
#include "base/fmt.h"

#include <stddef.h>
#include <string.h>

int vp_smaps_begin(struct vp_smaps_reader *reader, int fd, char *buf, uint32_t size)
{
	reader->head = NULL;
	return vp_lines_over(&reader->lines, fd, buf, size);
}

/* lo-hi perms offset device inode   path */
static void take_head(const char *line, struct vp_mapping *out)
{
	const char *at = line;
	size_t length;

	memset(out, 0, offsetof(struct vp_mapping, path));
	out->rss = out->anonymous = out->swapped = out->huge = out->hugetlb = 0;
	out->lo = vp_parse_hex(&at);
	at++;
	out->hi = vp_parse_hex(&at);
	for (uint32_t i = 0; i < 4 && at[0] && at[1]; i++)
		out->perms[i] = *++at;
	for (int blanks = 0; *at && blanks < 4; at++)
		blanks += *at == ' ';
	while (*at == ' ')
		at++;
	length = strnlen(at, sizeof(out->path) - 1);
	memcpy(out->path, at, length);
	out->path[length] = '\0';
}

/* "Rss:    123 kB" */
static void take_field(const char *line, struct vp_mapping *out)
{
	const struct {
		const char *name;
		uint64_t *bytes;
	} fields[] = {
	    {"Rss:", &out->rss},
	    {"Anonymous:", &out->anonymous},
	    {"Swap:", &out->swapped},
	    {"AnonHugePages:", &out->huge},
	    {"ShmemPmdMapped:", &out->huge},
	    {"FilePmdMapped:", &out->huge},
	    {"Shared_Hugetlb:", &out->hugetlb},
	    {"Private_Hugetlb:", &out->hugetlb},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t length = strlen(fields[i].name);
		uint64_t kb = 0;

		if (strncmp(line, fields[i].name, length) != 0)
			continue;
		for (line += length; *line == ' '; line++)
			;
		for (; *line >= '0' && *line <= '9'; line++)
			kb = kb * 10 + (uint64_t)(*line - '0');
		*fields[i].bytes += kb * 1024;
		return;
	}
}

static int is_head(const char *line)
{
	return (line[0] >= '0' && line[0] <= '9') || (line[0] >= 'a' && line[0] <= 'f');
}

int vp_smaps_next(struct vp_smaps_reader *reader, struct vp_mapping *out)
{
	char *line = reader->head ? reader->head : vp_lines_next(&reader->lines);

	reader->head = NULL;
	if (!line || !is_head(line))
		return 0;
	take_head(line, out);
	while ((line = vp_lines_next(&reader->lines)) && !is_head(line))
		take_field(line, out);
	reader->head = line;
	return 1;
}
