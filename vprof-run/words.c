#include "words.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

const json_t *vrun_responsible_frame(const json_t *site)
{
	const json_t *frames = vrun_json_at(site, "frames"), *frame;
	size_t i;

	json_array_foreach(frames, i, frame)
	{
		if (json_is_true(vrun_json_at(frame, "responsible")))
			return frame;
	}
	return json_array_get(frames, 0);
}

char *vrun_place(const json_t *frame)
{
	const char *file = vr_text_base(vrun_json_text(frame, "file"));

	if (*file && strcmp(file, "[kernel]") != 0)
		return vr_xprintf("%s:%llu", file,
				  (unsigned long long)vrun_json_u64(frame, "line"));
	if (*file)
		return vr_xstrdup(file);
	return vr_xprintf("%s", vr_text_base(vrun_json_text(frame, "module")));
}

/* 1: it is among what made the run slow, which comes first. */
static bool is_said(const struct vrun_result *r, const char *rule)
{
	const json_t *slow;
	size_t i;

	json_array_foreach(vrun_json_at(r->summary, "slow"), i, slow)
	{
		if (strcmp(vrun_json_text(slow, "rule"), rule) == 0)
			return true;
	}
	return false;
}

size_t vrun_findings(const struct vrun_session *session, FILE *out,
		     void (*line)(FILE *out, size_t number, const char *run, const char *text,
				  const char *command))
{
	static const char *const of[] = {"slow", "findings"};
	size_t number = 0;

	for (size_t i = 0; i < session->results; i++) {
		const struct vrun_result *r = &session->result[i];

		for (size_t which = 0; which < 2; which++) {
			const json_t *finding;
			size_t k;

			json_array_foreach(vrun_json_at(r->summary, of[which]), k, finding)
			{
				if (which && is_said(r, vrun_json_text(finding, "rule")))
					continue;
				line(out, ++number, r->run->name, vrun_json_text(finding, "text"),
				     vrun_json_text(finding, "command"));
			}
		}
	}
	return number;
}

/* "leak: 12.0 KiB lost, 3.0 MiB growing" */
static char *leak_sums(const json_t *leaks)
{
	static const char *const kind[] = {"lost", "indirect", "growing"};
	char *all = vr_xstrdup("leak");
	size_t seen = 0;

	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		char bytes[VR_UNIT_MAX], path[64];

		snprintf(path, sizeof(path), "totals.%s.bytes", kind[i]);
		if (!vrun_json_u64(leaks, path))
			continue;
		all = vr_xappend(all, "%s %s %s", seen++ ? "," : ":",
				 vr_format_bytes(bytes, vrun_json_u64(leaks, path)), kind[i]);
	}
	return all;
}

char *vrun_leak_words(const struct vrun_session *session, const struct vrun_result *r)
{
	const char *verdict = vrun_json_text(r->leaks, "verdict");
	char bytes[VR_UNIT_MAX];

	if (session->options->skip_leak_test || session->options->skip_memory)
		return vr_xstrdup("not tested");
	if (!r->leaks)
		return vr_xstrdup("-");
	if (strcmp(verdict, "leak") == 0)
		return leak_sums(r->leaks);
	if (strcmp(verdict, "unexamined") == 0)
		return vr_xprintf(
		    "unexamined, %s unfreed",
		    vr_format_bytes(bytes, vrun_json_u64(r->leaks, "totals.unexamined.bytes")));
	return vr_xstrdup(verdict);
}
