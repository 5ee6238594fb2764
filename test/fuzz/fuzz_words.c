/* Words of the command line: patterns, budgets, times, names of formats; and names in every
 * kind of output.  An input is options, NUL, their values, separated by NULs. */
#include "fuzz.h"

#include "cli/plain.h"
#include "cli/quote.h"

static void github(FILE *out, const char *text)
{
	vr_quote_github(out, text, 1);
}

/* Whatever the text, what is written holds nothing harmful. */
static void check(void (*write)(FILE *out, const char *text), const char *text)
{
	char *got;
	size_t length;
	FILE *out = open_memstream(&got, &length);

	write(out, text);
	fclose(out);
	for (const char *c = got; *c;) {
		uint32_t code = 0;
		size_t bytes = vr_plain_decode(c, &code);

		if (!bytes || vr_plain_is_harmful(code))
			abort();
		c += bytes;
	}
	if (strstr(got, "##") || strncmp(got, "::", 2) == 0)
		abort();
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[] = {
	    "--thread", "--label",   "--module",      "--since",   "--until", "--sort",
	    "--format", "--fail-if", "--allow",	      "--verdict", "-n",      "--value",
	    "--depth",	"--color",   "--min-percent", "",
	};
	static const char *const verbs[] = {"leaks", "flat", "labels", "tree", "callers", "locks"};
	char *text = malloc(size + 1), *argv[40] = {(char[]){"vprof-report"}}, *quoted;
	const char *which = text;
	size_t used = 0;
	int argc = 1;

	memcpy(text, data, size);
	text[size] = '\0';
	argv[argc++] = (char *)(uintptr_t)verbs[size ? data[0] % 6 : 0];
	while (*which && argc < 36) {
		const char *option = options[(unsigned char)*which++ % 16];

		used += strlen(text + used) + 1;
		if (used > size)
			break;
		if (*option)
			argv[argc++] = (char *)(uintptr_t)option;
		argv[argc++] = text + used;
	}
	argv[argc++] = (char *)(uintptr_t)fz_record("leaks");
	argv[argc] = NULL;
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "-o", 2) == 0 || strncmp(argv[i], "--w", 3) == 0 ||
		    strncmp(argv[i], "--o", 3) == 0 || strncmp(argv[i], "--p", 3) == 0 ||
		    strncmp(argv[i], "--sv", 4) == 0)
			argc = 0; /* would write a file */
	optind = 0;
	if (chdir("/proc") < 0) /* where no record is the newest */
		abort();
	if (argc)
		vr_main(argc, argv);
	check(vr_quote_xml, text);
	check(github, text);
	check(vr_quote_md_code, text);
	check(vr_quote_md_text, text);
	quoted = vr_quote_shell(text);
	free(quoted);
	free(text);
	return 0;
}
