/* Is everything there that a profile needs: of the machine, of a program, in a record? */
#include "verbs/doctor/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/library.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "input/running.h"
#include "text/json.h"
#include "text/print.h"

#define SCREEN 80 /* columns where the width is not known */

static const char *const health_name[] = {
    [VR_HEALTH_FINE] = "fine", [VR_HEALTH_LESS] = "less", [VR_HEALTH_BAD] = "bad"};

void vr_doctor_add(struct vr_doctor *doctor, const char *about, enum vr_health health, char *text,
		   char *fix)
{
	doctor->check =
	    vr_xgrow(doctor->check, doctor->count, &doctor->room, sizeof(*doctor->check));
	doctor->check[doctor->count++] = (struct vr_check){about, health, text, fix};
}

long vr_doctor_number(const char *path, const char *field)
{
	FILE *in = fopen(path, "re");
	char line[4096];
	long value = -1;

	while (in && fgets(line, sizeof(line), in)) {
		size_t length = field ? strlen(field) : 0;
		char *at = line + length, *end;

		if (field && (strncmp(line, field, length) != 0 || *at++ != ':'))
			continue;
		value = strtol(at, &end, 0);
		value = end == at ? -1 : value;
		break;
	}
	if (in)
		fclose(in);
	return value;
}

/* --- what was found ---------------------------------------------------------- */

static enum vr_health worst(const struct vr_doctor *doctor)
{
	enum vr_health health = VR_HEALTH_FINE;

	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->check[i].health > health)
			health = doctor->check[i].health;
	return health;
}

static void print_checks(struct vr_context *ctx, const struct vr_doctor *doctor)
{
	size_t found = 0;

	for (size_t i = 0; i < doctor->count; i++) {
		const struct vr_check *check = &doctor->check[i];

		fprintf(ctx->out, "%-4s  %-13s ", health_name[check->health], check->about);
		vr_print_wrapped(ctx, check->text, 20);
		if (!check->fix)
			continue;
		found++;
		fprintf(ctx->out, "%18s> ", "");
		vr_print_wrapped(ctx, check->fix, 20);
	}
	if (found)
		fprintf(ctx->out, "\n%zu of %zu could be better; > is what to do.\n", found,
			doctor->count);
	else
		fprintf(ctx->out, "\nNothing is wrong.\n");
}

static json_t *checks_json(const struct vr_doctor *doctor)
{
	json_t *root = json_object(), *checks = json_array();

	vr_json_set_text(root, "verdict", health_name[worst(doctor)]);
	for (size_t i = 0; i < doctor->count; i++) {
		const struct vr_check *check = &doctor->check[i];
		json_t *one = json_object();

		vr_json_set_text(one, "about", check->about);
		vr_json_set_text(one, "health", health_name[check->health]);
		vr_json_set_text(one, "text", check->text);
		json_object_set_new(one, "fix",
				    check->fix ? vr_json_text(check->fix) : json_null());
		json_array_append_new(checks, one);
	}
	json_object_set_new(root, "checks", checks);
	return root;
}

static void free_checks(struct vr_doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->check[i].text);
		free(doctor->check[i].fix);
	}
	free(doctor->check);
	free(doctor->library);
}

/* --- what is asked ----------------------------------------------------------- */

/* A record begins with its magic; a program does not. */
static void ask_machine(struct vr_doctor *doctor)
{
	vr_doctor_library(doctor);
	vr_doctor_perf(doctor);
	vr_doctor_limits(doctor);
	vr_doctor_trial(doctor);
}

/* Returns 0 or VR_EXIT_INPUT after a line on stderr. */
static int ask_record(struct vr_doctor *doctor, const char *path)
{
	struct vr_select select = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_profile *profile;
	struct vr_err err;

	if (vr_profile_open(path, &select, NULL, &profile, &err) < 0) {
		vr_warn("%s: %s", path, err.text);
		return VR_EXIT_INPUT;
	}
	vr_doctor_record(doctor, profile);
	vr_profile_close(profile);
	return VR_EXIT_OK;
}

static int run(struct vr_context *ctx)
{
	struct vr_doctor doctor = {.library = vr_library_find()};
	const char *about = ctx->opts->operands ? ctx->opts->operand[0] : NULL;
	int status = VR_EXIT_OK;

	if (ctx->opts->operands > 1) {
		vr_warn("doctor looks at one PROGRAM or FILE; its arguments do not matter");
		free_checks(&doctor);
		return VR_EXIT_USAGE;
	}
	if (about && vr_is_record(about)) {
		status = ask_record(&doctor, about);
	} else {
		ask_machine(&doctor);
		if (about)
			vr_doctor_program(&doctor, about);
	}
	if (!ctx->width)
		ctx->width = SCREEN;
	if (status == VR_EXIT_OK && ctx->format == VR_FORMAT_JSON)
		ctx->json = checks_json(&doctor);
	else if (status == VR_EXIT_OK)
		print_checks(ctx, &doctor);
	if (status == VR_EXIT_OK && worst(&doctor) != VR_HEALTH_FINE)
		status = VR_EXIT_DOCTOR;
	free_checks(&doctor);
	return status;
}

const struct vr_verb vr_verb_doctor = {
    .name = "doctor",
    .summary = "Checks the set-up, a program or a record, with what to do about what is wrong",
    .usage = "[PROGRAM|FILE]",
    .detail =
	"Without an operand it looks at the machine: the library and what it needs, what the "
	"kernel\nlets us sample, limits, room for the record; and records a program that ends "
	"at once.  Of a\nPROGRAM it also says whether it can be profiled, and has names, lines "
	"and unwind tables; of a\nrecord, what that run suffered from.\n\n"
	"fine: all is well; less: a profile says less than it could; bad: there is none, or a "
	"wrong one.\nExit status 26 where something is not fine.",
    .kind = VR_KIND_NONE,
    .options = VR_TAKES(VR_OPT_FORMAT),
    .no_csv = 1,
    .no_label = "it is about this machine; labels says which labels a record has",
    .run = run,
};
