#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "output/chart.h"
#include "pictures/pictures.h"
#include "text/names.h"
#include "text/print.h"
#include "text/recorded.h"

/* "pid 7, 2026-01-02 03:04:05 UTC, ran 2.0 s, exited with status 0: ./app -x" */
static char *subtitle(const struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	time_t start = (time_t)(file->header.start_real_ns / 1000000000);
	char *command = vr_command_text(file, ctx->args);
	char *status = vr_status_text(file);
	char when[64] = "", ran[VR_UNIT_MAX];
	struct tm utc;
	char *text;

	if (gmtime_r(&start, &utc))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &utc);
	text = vr_xprintf("pid %" PRIu32 ", %s, ran %s, %s: %s", file->header.pid, when,
			  vr_format_ns(ran, vr_file_duration_ns(file)), status, command);
	free(status);
	free(command);
	return text;
}

static int write_one(struct vr_context *ctx, const struct vr_chart *chart, const char *path,
		     int (*write)(const struct vr_chart *, const char *))
{
	int ret = write(chart, path);

	if (ret < 0) {
		vr_warn("cannot write %s: %s", path, strerror(-ret));
		return VR_EXIT_USAGE;
	}
	fputs("wrote ", ctx->out);
	vr_print_safe(ctx, path);
	fputc('\n', ctx->out);
	return VR_EXIT_OK;
}

int vr_picture_write(struct vr_context *ctx, struct vr_chart *chart, const char *what)
{
	const struct vr_file *file = ctx->profile->file;
	const char *program = vr_text_base(vr_file_string(file, file->header.exe));
	char *title = vr_xprintf("%s: %s", what, *program ? program : "an unknown program");
	char *below = subtitle(ctx);
	int ret = VR_EXIT_OK;

	chart->title = title;
	chart->subtitle = below;
	if (ctx->png)
		ret = write_one(ctx, chart, ctx->png, vr_chart_png);
	if (ctx->svg && !ret)
		ret = write_one(ctx, chart, ctx->svg, vr_chart_svg);
	free(title);
	free(below);
	return ret;
}

int vr_picture_begin(struct vr_context *ctx)
{
	if ((!ctx->png && !ctx->svg) || ctx->files < 2)
		return VR_EXIT_OK;
	vr_warn("--png and --svg draw one profile, not %zu", ctx->files);
	return VR_EXIT_USAGE;
}
