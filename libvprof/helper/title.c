#include "helper/title.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/proc.h"
#include "base/secrets.h"
#include "ring/file.h"
#include "ring/tables.h"

/* A process may say there what it does at the moment: the record keeps the last few. */
#define TITLES_MOST 8u

static uint64_t known; /* hash of the last one */
static uint32_t titles;

/* FNV-1a of what vp_proc_title() would give. */
static uint64_t hash(const char *text, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < len && i < VP_PROC_TITLE - 1; i++)
		sum = (sum ^ (uint8_t)text[i]) * 0x100000001b3ull;
	return sum;
}

void vp_title_start(const char *text, size_t len)
{
	known = hash(text, len);
	titles = 0;
}

static uint32_t masked(char *text, size_t len)
{
	char out[VP_PROC_TITLE];
	struct vp_text line;

	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == ' ' ? '\0' : text[i];
	vp_text_init(&line, out, sizeof(out));
	vp_secrets_mask(&line, text, len);
	return vp_string_add(out, line.len);
}

void vp_title_look(void)
{
	char text[VP_PROC_TITLE];
	long len = vp_proc_title(text);
	uint64_t now;
	uint32_t id;

	if (len <= 0 || titles == TITLES_MOST)
		return;
	now = hash(text, (size_t)len);
	if (now == known)
		return;
	known = now;
	titles++;
	id = vp_config.args == VPROF_ARGS_ALL ? vp_string_add(text, (size_t)len)
					      : masked(text, (size_t)len);
	if (id != VPROF_NONE)
		vp_file.header->title = id;
}
