#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "verbs/ask.h"
#include "verbs/verb.h"

static const struct ctl_verb {
	const char *name, *done;
	uint32_t verb;
	const char *text; /* what follows it, NULL: nothing does */
	int many;	  /* more than one of them may */
} verbs[] = {
    {"pause", "paused", VPROF_CTL_PAUSE, NULL, 0},
    {"resume", "recording", VPROF_CTL_RESUME, NULL, 0},
    {"mark", "marked", VPROF_CTL_MARK, "NAME", 0},
    {"leakscan", "searched", VPROF_CTL_LEAKSCAN, NULL, 0},
    {"stacks", "dumped: `vprof-report stacks FILE` shows it", VPROF_CTL_STACKS, NULL, 0},
    {"set", "set", VPROF_CTL_SET, "KEY=VALUE", 1},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void say_done(const struct ctl_verb *verb, const struct vprof_header *header,
		     const char *text)
{
	char pause[VR_UNIT_MAX];

	if (verb->verb == VPROF_CTL_LEAKSCAN)
		printf("searched: %" PRIu64 " block%s, the process stood still for %s\n",
		       header->scan_blocks, vr_plural(header->scan_blocks),
		       vr_format_ns(pause, header->scan_pause_ns));
	else if (verb->verb == VPROF_CTL_SET)
		printf("%s %s\n", verb->done, text);
	else
		printf("%s\n", verb->done);
}

static int control(const char *path, const struct ctl_verb *verb, const char *text)
{
	struct vprof_header header;
	int ret = vr_ask(path, verb->verb, text, &header);

	if (ret == VR_EXIT_OK)
		say_done(verb, &header, text);
	return ret;
}

static int control_one(const char *name, const struct ctl_verb *verb, const char *const *text,
		       size_t texts)
{
	char *path = vr_ask_record(name);
	int ret = path ? vr_ask_alive(path) : VR_EXIT_USAGE;
	size_t i = 0;

	do
		ret = ret ? ret : control(path, verb, i < texts ? text[i] : "");
	while (++i < texts);
	free(path);
	return ret;
}

/* Returns 0, or VR_EXIT_USAGE after a line on stderr. */
static int check_texts(const struct ctl_verb *verb, const char *const *text, size_t texts)
{
	if (!verb->text && texts) {
		vr_warn("ctl FILE %s takes nothing more", verb->name);
		return VR_EXIT_USAGE;
	}
	if (verb->text && (!texts || (texts > 1 && !verb->many))) {
		vr_warn("ctl FILE %s wants one %s", verb->name, verb->text);
		return VR_EXIT_USAGE;
	}
	for (size_t i = 0; i < texts; i++) {
		if (*text[i] && strlen(text[i]) < sizeof(((struct vprof_header *)0)->ctl_text))
			continue;
		vr_warn("%s of ctl FILE %s has 1 to 55 bytes", verb->text, verb->name);
		return VR_EXIT_USAGE;
	}
	return VR_EXIT_OK;
}

static int run(struct vr_context *ctx)
{
	const struct vr_opts *opts = ctx->opts;
	const struct ctl_verb *verb = NULL;
	size_t files = 1;
	int ret;

	for (; files < opts->operands && !verb; files++)
		for (size_t i = 0; i < VERBS && !verb; i++)
			verb = strcmp(opts->operand[files], verbs[i].name) == 0 ? &verbs[i] : NULL;
	files--;
	if (!verb) {
		vr_warn("ctl wants FILE and a verb: pause, resume, mark NAME, leakscan, stacks, "
			"set KEY=VALUE");
		return VR_EXIT_USAGE;
	}
	ret = check_texts(verb, opts->operand + files + 1, opts->operands - files - 1);
	if (ret)
		return ret;
	for (size_t i = 0; i < files; i++) {
		int one = control_one(opts->operand[i], verb, opts->operand + files + 1,
				      opts->operands - files - 1);

		ret = one ? one : ret;
	}
	return ret;
}

const struct vr_verb vr_verb_ctl = {
    .name = "ctl",
    .summary = "asks a running process, through its file, to do something",
    .usage = "FILE|PID... pause|resume|mark NAME|leakscan|stacks|set KEY=VALUE...",
    .kind = VR_KIND_LIVE,
    .no_label = "it is about a running process; labels says which labels its record has",
    .run = run,
    .detail =
	"pause stops the recording: allocations, waits and samples are not seen until resume,\n"
	"frees of blocks recorded before are. mark counts a mark, as vprof_mark() does.\n"
	"leakscan searches for lost blocks now. stacks notes what every thread does now.\n"
	"set changes a key of VPROF_OPTIONS: cpu (another rate), locks, waits, stall, hang, tick,\n"
	"leakscan_every, leakscan_wait, follow_fork, and duration: so many seconds from now.\n"
	"A PID stands for the record of that process, which was started under\n"
	"the library. The process answers at its next tick; status 1: it is not there, does not\n"
	"answer, or cannot.",
};
