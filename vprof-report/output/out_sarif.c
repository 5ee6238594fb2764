/* SARIF 2.1.0: what code scanning reads. */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "output/out_issues.h"
#include "output/out_json.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static json_t *text_json(const char *text)
{
	char *valid = vr_text_utf8(text);
	json_t *value = json_string(valid);

	free(valid);
	return value;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, text_json(text));
}

/* {"text": TEXT} */
static json_t *message(const char *text)
{
	json_t *object = json_object();

	set_text(object, "text", text);
	return object;
}

/* A path as a URI: absolute ones become file:///..., odd bytes %XX. */
static char *uri_of(const char *path)
{
	char *uri = vr_xcalloc(3 * strlen(path) + 8, 1);
	char *to = uri;

	if (*path == '/')
		to = stpcpy(to, "file://");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (isalnum(c) || strchr("/-._~+", c))
			*to++ = (char)c;
		else
			to += sprintf(to, "%%%02X", c);
	}
	*to = '\0';
	return uri;
}

static json_t *location(const struct vr_issue_frame *frame)
{
	json_t *object = json_object();
	json_t *logical = json_object();
	json_t *logicals = json_array();

	if (frame->file[0]) {
		char *uri = uri_of(frame->file);
		json_t *physical = json_object();
		json_t *artifact = json_object();
		json_t *region = json_object();

		set_text(artifact, "uri", uri);
		json_object_set_new(physical, "artifactLocation", artifact);
		json_object_set_new(region, "startLine",
				    json_integer(frame->line > 0 ? frame->line : 1));
		json_object_set_new(physical, "region", region);
		json_object_set_new(object, "physicalLocation", physical);
		free(uri);
	}
	set_text(logical, "fullyQualifiedName", frame->function);
	set_text(logical, "kind", "function");
	json_array_append_new(logicals, logical);
	json_object_set_new(object, "logicalLocations", logicals);
	return object;
}

static json_t *stacks(const struct vr_issue *issue)
{
	json_t *list = json_array();
	json_t *stack = json_object();
	json_t *frames = json_array();

	for (size_t i = 0; i < issue->frames; i++) {
		json_t *frame = json_object();

		json_object_set_new(frame, "location", location(&issue->frame[i]));
		if (issue->frame[i].module[0])
			set_text(frame, "module", issue->frame[i].module);
		json_array_append_new(frames, frame);
	}
	json_object_set_new(stack, "message", message("Where the memory was allocated."));
	json_object_set_new(stack, "frames", frames);
	json_array_append_new(list, stack);
	return list;
}

static json_t *properties(const struct vr_issue *issue)
{
	json_t *object = json_object();

	json_object_set_new(object, "blocks", json_integer((json_int_t)issue->blocks));
	json_object_set_new(object, "bytes", json_integer((json_int_t)issue->bytes));
	if (issue->confidence >= 0)
		json_object_set_new(object, "confidence", json_real(issue->confidence));
	return object;
}

static json_t *result(const struct vr_issue_run *run, const struct vr_issue *issue)
{
	static const char *const level[] = {"note", "warning", "error"};
	json_t *object = json_object();
	json_t *prints = json_object();
	json_t *suppressions = json_array();
	char *text = vr_xprintf("%s, %s %s.", issue->title, issue->by, issue->place);

	set_text(object, "ruleId", run->rule[issue->rule].id);
	json_object_set_new(object, "ruleIndex", json_integer((json_int_t)issue->rule));
	set_text(object, "level", level[issue->level]);
	json_object_set_new(object, "message", message(text));
	if (issue->frames) {
		json_t *locations = json_array();

		json_array_append_new(locations, location(&issue->frame[issue->at]));
		json_object_set_new(object, "locations", locations);
		json_object_set_new(object, "stacks", stacks(issue));
	}
	set_text(prints, "vprofCallPath/v1", issue->fingerprint);
	json_object_set_new(object, "partialFingerprints", prints);
	if (issue->state)
		set_text(object, "baselineState", issue->state);
	if (issue->excuse) {
		json_t *one = json_object();

		set_text(one, "kind", "external");
		set_text(one, "justification", issue->excuse);
		json_array_append_new(suppressions, one);
	}
	/* Present in all results of a run or in none: then viewers may trust it. */
	json_object_set_new(object, "suppressions", suppressions);
	json_object_set_new(object, "properties", properties(issue));
	free(text);
	return object;
}

static json_t *rules(const struct vr_issue_run *run)
{
	static const char *const level[] = {"note", "warning", "error"};
	json_t *list = json_array();

	for (size_t i = 0; i < run->rules; i++) {
		const struct vr_issue_rule *rule = &run->rule[i];
		json_t *object = json_object();
		json_t *defaults = json_object();

		set_text(object, "id", rule->id);
		set_text(object, "name", rule->name);
		json_object_set_new(object, "shortDescription", message(rule->summary));
		json_object_set_new(object, "fullDescription", message(rule->summary));
		json_object_set_new(object, "help", message(rule->help));
		set_text(defaults, "level", level[rule->level]);
		json_object_set_new(object, "defaultConfiguration", defaults);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *invocations(const struct vr_issue_run *run)
{
	json_t *list = json_array();
	json_t *object = json_object();
	json_t *notes = json_array();
	json_t *note = json_object();
	char *text = vr_xprintf("%s: %s\n%s", run->path, run->verdict, run->details);

	/* Whoever reads no results takes them for none unless this says otherwise. */
	json_object_set_new(object, "executionSuccessful", json_boolean(!run->unexamined));
	json_object_set_new(object, "exitCode", json_integer(run->exit_status));
	set_text(note, "level", run->unexamined ? "warning" : "note");
	json_object_set_new(note, "message", message(text));
	json_array_append_new(notes, note);
	json_object_set_new(object, "toolExecutionNotifications", notes);
	json_array_append_new(list, object);
	free(text);
	return list;
}

void vr_sarif_begin(FILE *out)
{
	fprintf(out, "{\n\"$schema\": \"" SCHEMA "\",\n\"version\": \"2.1.0\",\n\"runs\": [\n");
}

void vr_sarif_run(FILE *out, const struct vr_issue_run *run, size_t index)
{
	json_t *object = json_object();
	json_t *tool = json_object();
	json_t *driver = json_object();
	json_t *results = json_array();

	set_text(driver, "name", "vprof-report");
	set_text(driver, "version", VPROF_VERSION_STRING);
	json_object_set_new(driver, "rules", rules(run));
	json_object_set_new(tool, "driver", driver);
	json_object_set_new(object, "tool", tool);
	json_object_set_new(object, "invocations", invocations(run));
	for (size_t i = 0; i < run->issues; i++)
		json_array_append_new(results, result(run, &run->issue[i]));
	json_object_set_new(object, "results", results);
	set_text(object, "columnKind", "unicodeCodePoints");
	if (index)
		fputs(",\n", out);
	vr_json_print(object, out);
	json_decref(object);
}

void vr_sarif_end(FILE *out)
{
	fputs("\n]\n}\n", out);
}
