#include "output/out_issues.h"

void vr_issues_begin(enum vr_issue_format format, FILE *out)
{
	if (format == VR_ISSUES_SARIF)
		vr_sarif_begin(out);
	else if (format == VR_ISSUES_JUNIT)
		vr_junit_begin(out);
}

void vr_issues_run(enum vr_issue_format format, FILE *out, const struct vr_issue_run *run,
		   size_t index)
{
	switch (format) {
	case VR_ISSUES_JUNIT:
		vr_junit_run(out, run);
		break;
	case VR_ISSUES_SARIF:
		vr_sarif_run(out, run, index);
		break;
	case VR_ISSUES_GITHUB:
		vr_github_run(out, run);
		break;
	case VR_ISSUES_MARKDOWN:
		vr_markdown_run(out, run, index);
		break;
	}
}

void vr_issues_end(enum vr_issue_format format, FILE *out)
{
	if (format == VR_ISSUES_SARIF)
		vr_sarif_end(out);
	else if (format == VR_ISSUES_JUNIT)
		vr_junit_end(out);
}
