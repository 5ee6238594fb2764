#include "findings/findings.h"

#include <stdlib.h>
#include <string.h>

#include "cli/quote.h"
#include "cli/short.h"
#include "cli/xalloc.h"

/* "vprof-report VERB OPERAND FILE". */
static char *command_line(const struct vr_seen *seen, const char *verb, const char *operand)
{
	char *file = vr_quote_shell(seen->profile->file->path);
	char *text = vr_xprintf("vprof-report %s", verb);
	/* What was found in the sum is shown in the sum; these are about one record. */
	int of_run = seen->profile->file->n_members && strcmp(verb, "info") != 0 &&
		     strcmp(verb, "doctor") != 0 && strcmp(verb, "locks") != 0;

	if (operand) {
		struct vr_short *name = vr_short_new(operand);
		char *written = vr_short_without(name, VR_PIECE_ARGUMENTS);
		char *quoted = vr_quote_shell(written);

		text = vr_xappend(text, " %s", quoted);
		free(quoted);
		free(written);
		vr_short_free(name);
	}
	text = vr_xappend(text, "%s %s", of_run ? " --tree" : "", file);
	free(file);
	return text;
}

static struct vr_finding make_finding(const struct vr_rule *rule, const struct vr_seen *seen,
				      const struct vr_case *found)
{
	struct vr_finding finding = {.rule = rule->name, .text = rule->evidence(seen, found)};

	if (rule->advice)
		finding.text = vr_xappend(finding.text, ": %s", rule->advice);
	if (rule->ask) {
		char *verb = rule->ask(found);

		finding.command = command_line(seen, verb, NULL);
		free(verb);
		return finding;
	}
	finding.command = command_line(seen, found->next ? found->next : rule->next,
				       rule->operand && !found->next ? rule->operand(found) : NULL);
	return finding;
}

static size_t find(const struct vr_rule *const *rule, size_t rules, const struct vr_seen *seen,
		   struct vr_finding out[VR_FINDINGS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < rules && count < VR_FINDINGS_MAX; i++) {
		struct vr_case found = {0};

		if (rule[i]->examine(seen, &found))
			out[count++] = make_finding(rule[i], seen, &found);
	}
	return count;
}

size_t vr_slow_find(const struct vr_seen *seen, struct vr_finding out[VR_FINDINGS_MAX])
{
	return find(vr_slow_rules, vr_slow_rules_count, seen, out);
}

size_t vr_findings_find(const struct vr_seen *seen, struct vr_finding out[VR_FINDINGS_MAX])
{
	size_t count = find(vr_rules, vr_rules_count, seen, out);

	if (!count)
		out[count++] = (struct vr_finding){"nothing", vr_xstrdup("nothing stands out"),
						   command_line(seen, "flat", NULL)};
	return count;
}

void vr_findings_free(struct vr_finding *finding, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(finding[i].text);
		free(finding[i].command);
	}
}
