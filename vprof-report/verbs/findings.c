#include "verbs/findings.h"

#include <string.h>

#include "findings/findings.h"
#include "text/json.h"
#include "text/print.h"

/* A text, numbered or not, and the command below it. */
static void print_one(struct vr_context *ctx, const struct vr_finding *finding, int indent)
{
	vr_print_wrapped(ctx, finding->text, indent);
	fprintf(ctx->out, "%*s", indent + 2, "");
	vr_print_safe(ctx, finding->command);
	fputc('\n', ctx->out);
}

static int is_among(const struct vr_finding *finding, const struct vr_finding *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(others[i].rule, finding->rule) == 0)
			return 1;
	return 0;
}

/* What has been said of why it was slow is not said again. */
void vr_print_findings(struct vr_context *ctx, const struct vr_seen *seen)
{
	struct vr_finding finding[VR_FINDINGS_MAX], slow[VR_FINDINGS_MAX];
	size_t count = vr_findings_find(seen, finding), slows = vr_slow_find(seen, slow), said = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_among(&finding[i], slow, slows))
			continue;
		fprintf(ctx->out, "%zu. ", ++said);
		print_one(ctx, &finding[i], 3);
	}
	if (!said)
		fputs("   what it was slow for, above\n", ctx->out);
	vr_findings_free(slow, slows);
	vr_findings_free(finding, count);
}

unsigned vr_print_slow(struct vr_context *ctx, const struct vr_seen *seen, const char *title)
{
	struct vr_finding finding[VR_FINDINGS_MAX];
	size_t count = vr_slow_find(seen, finding);
	unsigned said = 0;

	for (size_t i = 0; i < count; i++) {
		fputs(i ? "         " : title, ctx->out);
		print_one(ctx, &finding[i], 9);
		said |= strcmp(finding[i].rule, "locked") == 0 ? VR_SAID_LOCKS : 0;
		said |= strcmp(finding[i].rule, "spans") == 0 ? VR_SAID_SPANS : 0;
	}
	vr_findings_free(finding, count);
	return said;
}

static json_t *to_json(struct vr_finding finding[VR_FINDINGS_MAX], size_t count)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object();

		vr_json_set_text(one, "rule", finding[i].rule);
		vr_json_set_text(one, "text", finding[i].text);
		vr_json_set_text(one, "command", finding[i].command);
		json_array_append_new(findings, one);
	}
	vr_findings_free(finding, count);
	return findings;
}

json_t *vr_findings_json(const struct vr_seen *seen)
{
	struct vr_finding finding[VR_FINDINGS_MAX];

	return to_json(finding, vr_findings_find(seen, finding));
}

json_t *vr_slow_json(const struct vr_seen *seen)
{
	struct vr_finding finding[VR_FINDINGS_MAX];

	return to_json(finding, vr_slow_find(seen, finding));
}
