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

void vr_print_findings(struct vr_context *ctx, const struct vr_seen *seen)
{
	struct vr_finding finding[VR_FINDINGS_MAX];
	size_t count = vr_findings_find(seen, finding);

	for (size_t i = 0; i < count; i++) {
		fprintf(ctx->out, "%zu. ", i + 1);
		print_one(ctx, &finding[i], 3);
	}
	vr_findings_free(finding, count);
}

int vr_print_slow(struct vr_context *ctx, const struct vr_seen *seen, const char *title)
{
	struct vr_finding finding[VR_FINDINGS_MAX];
	size_t count = vr_slow_find(seen, finding);
	int locks = 0;

	for (size_t i = 0; i < count; i++) {
		fputs(i ? "         " : title, ctx->out);
		print_one(ctx, &finding[i], 9);
		locks |= strcmp(finding[i].rule, "locked") == 0;
	}
	vr_findings_free(finding, count);
	return locks;
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
