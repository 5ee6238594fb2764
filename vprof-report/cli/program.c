#include "cli/program.h"

#include <stdio.h>
#include <stdlib.h>

static const char *program = "vprof-report";
static int failure_status = 1;

void vr_program_set(const char *name, int failure)
{
	program = name;
	failure_status = failure;
}

const char *vr_program_name(void)
{
	return program;
}

void vr_out_of_memory(void)
{
	fflush(stdout);
	fprintf(stderr, "%s: out of memory\n", program);
	exit(failure_status);
}
