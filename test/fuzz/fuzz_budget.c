/* --fail-if: budgets, read and judged in a record that has everything they may be about. */
#include "fuzz.h"

#include "cli/plain.h"
#include "model/budget.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[8];
	struct vr_budget budget;
	struct vr_err err;
	int ret;

	memcpy(text, data, size);
	text[size] = '\0';
	ret = vr_budget_parse(text, &budget, &err);
	/* What is wrong is said, in one line, with a place in the text. */
	if (ret < 0 && (!err.text[0] || strchr(err.text, '\n') || budget.error_at > strlen(text)))
		abort();
	if (ret == 0 && !budget.conditions)
		abort();
	vr_budget_free(&budget);
	argv[0] = (char[]){"vprof-report"};
	argv[1] = (char[]){"check"};
	argv[2] = (char[]){"--fail-if"};
	argv[3] = text;
	argv[4] = (char[]){"--format"};
	argv[5] = size & 1 ? (char[]){"json"} : (char[]){"table"};
	argv[6] = (char *)(uintptr_t)fz_record("contracts");
	argv[7] = NULL;
	optind = 0;
	vr_main(7, argv);
	free(text);
	return 0;
}
