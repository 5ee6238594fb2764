#include "progress.h"
#include "cli/plain.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BAR	  20
#define REPORT_S  0.5  /* of vprof-report, for each run */
#define TELL_S	  10.0 /* between plain lines, at least */
#define TELL_PART 0.1  /* and of the run's length */

/* Seconds until everything is done; negative: not known. */
static double time_left(const struct vrun_progress *p, double elapsed)
{
	const struct vrun_plan *plan = p->plan;
	/* Runs without a length take as long as those before them did. */
	double mean = p->run ? p->spent_s / (double)p->run : 0;
	double left = 0;

	for (size_t i = p->run; i < plan->runs; i++) {
		double length = plan->run[i].length_s > 0 ? plan->run[i].length_s : mean;

		if (length <= 0)
			return -1;
		left += length + REPORT_S;
	}
	left -= elapsed;
	return left > 0 ? left : 0;
}

static char *describe(const struct vrun_progress *p, double elapsed, bool bar)
{
	const struct vrun_run *run = &p->plan->run[p->run];
	char done[VR_UNIT_MAX], length[VR_UNIT_MAX], rest[VR_UNIT_MAX];
	double left = time_left(p, elapsed);
	char marks[2 * BAR + 4] = "", of[64] = "", still[64] = "";

	if (run->length_s > 0) {
		int full = (int)(BAR * elapsed / run->length_s);

		full = full < 0 ? 0 : full > BAR ? BAR : full;
		if (bar)
			snprintf(marks, sizeof(marks), "[%.*s%.*s] ", full, "####################",
				 BAR - full, "....................");
		snprintf(of, sizeof(of), " of %s", vr_format_seconds(length, run->length_s));
	}
	if (left >= 0)
		snprintf(still, sizeof(still), ", %s left",
			 vr_format_seconds(rest, (double)(unsigned long)(left + 0.5)));
	return vr_xprintf("[%zu/%zu] %s  %s%s%s%s", p->run + 1, p->plan->runs, run->name, marks,
			  vr_format_seconds(done, (double)(unsigned long)elapsed), of, still);
}

/* A COMMAND may print to the terminal at any time; the bundled programs print
 * a few lines at their end. */
static bool may_draw(const struct vrun_run *run)
{
	return isatty(2) && (run->bundled || !isatty(1));
}

void vrun_progress_begin(struct vrun_progress *p, size_t run)
{
	char length[VR_UNIT_MAX];

	p->run = run;
	p->begun_s = p->told_s = vrun_now();
	p->draws = may_draw(&p->plan->run[run]);
	p->drawn = false;
	if (p->draws)
		vrun_progress_tick(p);
	else if (p->plan->run[run].length_s > 0)
		vr_warn("[%zu/%zu] %s, %s; %s left", run + 1, p->plan->runs, p->plan->run[run].name,
			vr_format_seconds(length, p->plan->run[run].length_s),
			vr_format_seconds((char[VR_UNIT_MAX]){0},
					  (double)(unsigned long)(time_left(p, 0) + 0.5)));
	else
		vr_warn("[%zu/%zu] %s", run + 1, p->plan->runs, p->plan->run[run].name);
}

void vrun_progress_tick(struct vrun_progress *p)
{
	double now = vrun_now(), elapsed = now - p->begun_s;
	double length = p->plan->run[p->run].length_s;
	double pause = length * TELL_PART > TELL_S ? length * TELL_PART : TELL_S;
	char *text;

	if (!p->draws && (length <= 0 || now - p->told_s < pause))
		return;
	text = describe(p, elapsed, p->draws);
	if (p->draws) {
		char *plain = vr_plain(text, VR_PLAIN_HEX, 0);

		/* Back to the first column: what the target prints starts there. */
		fprintf(stderr, "\r\033[K%s\r", plain);
		fflush(stderr);
		free(plain);
		p->drawn = true;
	} else {
		vr_warn("%s", text);
		p->told_s = now;
	}
	free(text);
}

void vrun_progress_clear(struct vrun_progress *p)
{
	if (!p->drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->drawn = false;
}

void vrun_progress_end(struct vrun_progress *p)
{
	vrun_progress_clear(p);
	p->spent_s += vrun_now() - p->begun_s;
}
