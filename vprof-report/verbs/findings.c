#include "verbs/findings.h"

#include "findings/findings.h"
#include "text/json.h"
#include "text/print.h"

void vr_print_findings(struct vr_context *ctx, const struct vr_seen *seen)
{
	struct vr_finding finding[VR_FINDINGS_MAX];
	size_t count = vr_findings_find(seen, finding);

	for (size_t i = 0; i < count; i++) {
		fprintf(ctx->out, "%zu. ", i + 1);
		vr_print_wrapped(ctx, finding[i].text, 3);
		fputs("     ", ctx->out);
		vr_print_safe(ctx, finding[i].command);
		fputc('\n', ctx->out);
	}
	vr_findings_free(finding, count);
}

json_t *vr_findings_json(const struct vr_seen *seen)
{
	struct vr_finding finding[VR_FINDINGS_MAX];
	size_t count = vr_findings_find(seen, finding);
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
