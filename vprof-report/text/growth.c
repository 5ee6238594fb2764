#include "text/growth.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "text/names.h"
#include "text/print.h"

#define OPEN_SHOWN 3u
#define MORE_MAX   (VR_UNIT_MAX + 40)

/* "30 s more may tell", or "" where nobody knows. */
static void more_text(char text[MORE_MAX], double more, int by_iteration)
{
	char time[VR_UNIT_MAX];

	text[0] = '\0';
	if (by_iteration && more >= 1)
		snprintf(text, MORE_MAX, "%.0f iterations more may tell", more + 0.5);
	else if (!by_iteration && more > 0 && more < 1e9)
		snprintf(text, MORE_MAX, "%s more may tell",
			 vr_format_ns(time, (uint64_t)(more * 1e9)));
}

char *vr_growth_examined(char *text, const struct vr_growth *growth)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], more[MORE_MAX] = "";

	if (growth)
		more_text(more, growth->more, growth->by_iteration);
	if (!growth || growth->note || !growth->points)
		return vr_xappend(text, "Not examined: whether anything grows (%s%s%s).\n",
				  growth && growth->note ? growth->note : "there is no series",
				  *more ? "; " : "", more);
	text = vr_xappend(text, "Examined for growth: %s site%s over %s",
			  vr_format_count(a, growth->n_sites), growth->n_sites == 1 ? "" : "s",
			  growth->by_iteration ? vr_format_count(b, growth->iterations)
					       : vr_format_ns(b, growth->t_ns[growth->points - 1]));
	text = vr_xappend(text, "%s.\n", growth->by_iteration ? " iterations" : "");
	if (growth->undecided)
		text = vr_xappend(
		    text, "Not decided yet: whether %s in %s site%s that rise%s %s a bound%s%s.\n",
		    vr_format_bytes(a, growth->undecided_bytes),
		    vr_format_count(b, growth->undecided), growth->undecided == 1 ? "" : "s",
		    growth->undecided == 1 ? "s" : "", growth->undecided == 1 ? "has" : "have",
		    *more ? "; " : "", more);
	if (growth->left_out)
		text =
		    vr_xappend(text, "Not examined for growth: %s site%s that found no room.\n",
			       vr_format_count(a, growth->left_out), vr_plural(growth->left_out));
	return text;
}

void vr_growth_print_open(struct vr_context *ctx, const struct vr_growth *growth)
{
	size_t shown = 0;

	for (size_t i = 0; growth && i < growth->n_sites && shown < OPEN_SHOWN; i++) {
		const struct vr_growth_site *site = &growth->site[i];
		char more[MORE_MAX], bytes[VR_UNIT_MAX];
		char *name, *line;

		if (!vr_growth_open(growth, site))
			continue;
		name = vr_caption_short(
		    ctx->profile,
		    vr_responsible_caption(ctx->profile->stacks, site->node, ctx->strip_dirs),
		    VR_PROSE_ROOM);
		more_text(more, site->more, growth->by_iteration);
		line =
		    vr_xprintf("%s in %s: %s%s%s", vr_format_bytes(bytes, site->site->live_bytes),
			       name, vr_growth_reason(site), *more ? "; " : "", more);
		fputs(shown++ ? "  " : "\nNot decided yet, the fastest first:\n  ", ctx->out);
		vr_print_safe(ctx, line);
		fputc('\n', ctx->out);
		free(line);
		free(name);
	}
}

char *vr_growth_stay_text(const struct vr_growth_site *site, int by_iteration)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	if (site->queue && by_iteration)
		return vr_xprintf("its blocks wait longer and longer: %.3g iterations by now",
				  site->stay);
	if (site->queue)
		return vr_xprintf("its blocks wait longer and longer: %s by now",
				  vr_format_ns(a, (uint64_t)(site->stay * 1e9)));
	if (site->steps && !site->old_freed)
		return vr_xprintf("in %s step%s, none of which was taken back",
				  vr_format_count(a, site->steps), vr_plural(site->steps));
	if (!site->ages_known)
		return NULL;
	return vr_xprintf("%s of its blocks are older than %s; it freed %s that old",
			  vr_format_count(a, site->old_blocks), vr_format_ns(b, site->old_ns),
			  vr_format_count(c, site->old_freed));
}
