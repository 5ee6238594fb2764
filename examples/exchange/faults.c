#include "faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[EX_FAULTS] = {"gap",	  "duplicate", "reorder", "crossed",
					     "restart",	  "close",     "reset",	  "silence",
					     "malformed", "hostile",   "frame"};

int ex_faults_ask(struct ex_faults *faults, const char *text)
{
	size_t len = strcspn(text, ":");
	char *end = NULL;
	long every = 0;

	if (text[len]) {
		every = strtol(text + len + 1, &end, 10);
		if (end == text + len + 1 || *end || every < 1 || every > 1000000000)
			return -EINVAL;
	}
	for (size_t i = 0; i < EX_FAULTS; i++) {
		if (strlen(names[i]) != len || strncmp(names[i], text, len))
			continue;
		faults->any = true;
		if (every)
			faults->every[i] = (uint32_t)every;
		faults->left[i] = every ? (uint32_t)every : 1;
		return 0;
	}
	return -EINVAL;
}

const char *ex_faults_names(void)
{
	return "gap, duplicate, reorder, crossed, restart, close, reset, silence, malformed, "
	       "hostile or frame";
}

void ex_faults_fini(struct ex_faults *faults)
{
	ex_message_unref(faults->held);
	faults->held = NULL;
}

bool ex_fault_is_due(struct ex_faults *faults, enum ex_fault fault)
{
	if (!faults->left[fault] || --faults->left[fault])
		return false;
	faults->left[fault] = faults->every[fault];
	return true;
}
