#include "output/out_json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/plain.h"

static void put_code(FILE *out, uint32_t code)
{
	if (code < 0x10000)
		fprintf(out, "\\u%04" PRIX32, code);
	else
		fprintf(out, "\\u%04" PRIX32 "\\u%04" PRIX32, 0xd800 + ((code - 0x10000) >> 10),
			0xdc00 + ((code - 0x10000) & 0x3ff));
}

/* Outside of strings JSON is ASCII without a '#', so the text can be walked as it is. */
void vr_json_print(const json_t *document, FILE *out)
{
	char *text = json_dumps(document, JSON_INDENT(2));
	char before = '\0';

	if (!text) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	for (const char *c = text; *c;) {
		uint32_t code = 0;
		size_t bytes = vr_plain_decode(c, &code);

		if ((code >= 0x7f && vr_plain_is_harmful(code)) || (*c == '#' && before == '#'))
			put_code(out, code);
		else
			fwrite(c, 1, bytes ? bytes : 1, out);
		before = *c;
		c += bytes ? bytes : 1;
	}
	free(text);
}
