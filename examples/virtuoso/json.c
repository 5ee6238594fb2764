#include "json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32

struct reader {
	const char *at;
	int depth;
};

static int read_value(struct reader *reader, struct virt_json **out);

static void skip_space(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

static bool take(struct reader *reader, char c)
{
	skip_space(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

void virt_json_free(struct virt_json *json)
{
	while (json) {
		struct virt_json *next = json->next;

		virt_json_free(json->child);
		free(json->key);
		free(json->text);
		free(json);
		json = next;
	}
}

/* What follows a backslash; 0 for what is not supported (\u among it). */
static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case '"':
	case '\\':
	case '/':
		return c;
	default:
		return 0;
	}
}

/* Reads a string; the opening quote is taken already. */
static int read_string(struct reader *reader, char **out)
{
	size_t len = 0;
	char *text;

	while (reader->at[len] && reader->at[len] != '"')
		len += reader->at[len] == '\\' && reader->at[len + 1] ? 2 : 1;
	if (!reader->at[len])
		return -EBADMSG;
	text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	*out = text;
	while (*reader->at != '"') {
		*text = *reader->at++;
		if (*text == '\\')
			*text = unescape(*reader->at++);
		if (!*text++) {
			free(*out);
			*out = NULL;
			return -EBADMSG;
		}
	}
	*text = '\0';
	reader->at++;
	return 0;
}

static int read_number(struct reader *reader, struct virt_json *json)
{
	char *end;

	json->type = VIRT_JSON_NUMBER;
	json->number = strtod(reader->at, &end);
	if (end == reader->at)
		return -EBADMSG;
	reader->at = end;
	return 0;
}

static int read_word(struct reader *reader, struct virt_json *json)
{
	static const struct {
		const char *word;
		enum virt_json_type type;
		double number;
	} words[] = {
	    {"null", VIRT_JSON_NULL, 0},
	    {"true", VIRT_JSON_BOOL, 1},
	    {"false", VIRT_JSON_BOOL, 0},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if (!strncmp(reader->at, words[i].word, len)) {
			json->type = words[i].type;
			json->number = words[i].number;
			reader->at += len;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_member(struct reader *reader, bool keyed, struct virt_json **out)
{
	char *key = NULL;
	int err = 0;

	if (keyed) {
		err = take(reader, '"') ? read_string(reader, &key) : -EBADMSG;
		if (!err && !take(reader, ':'))
			err = -EBADMSG;
	}
	if (!err)
		err = read_value(reader, out);
	if (err)
		free(key);
	else
		(*out)->key = key;
	return err;
}

/* Reads members up to the closing bracket; the opening one is taken already. */
static int read_members(struct reader *reader, struct virt_json *json, bool keyed)
{
	char close = keyed ? '}' : ']';
	struct virt_json **tail = &json->child;
	int err;

	json->type = keyed ? VIRT_JSON_OBJECT : VIRT_JSON_ARRAY;
	if (take(reader, close))
		return 0;
	do {
		err = read_member(reader, keyed, tail);
		if (err)
			return err;
		tail = &(*tail)->next;
	} while (take(reader, ','));
	return take(reader, close) ? 0 : -EBADMSG;
}

static int read_into(struct reader *reader, struct virt_json *json)
{
	if (take(reader, '{'))
		return read_members(reader, json, true);
	if (take(reader, '['))
		return read_members(reader, json, false);
	if (take(reader, '"')) {
		json->type = VIRT_JSON_STRING;
		return read_string(reader, &json->text);
	}
	if (*reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9'))
		return read_number(reader, json);
	return read_word(reader, json);
}

/* *out is part of a tree or NULL: after an error it stays NULL. */
static int read_value(struct reader *reader, struct virt_json **out)
{
	struct virt_json *json;
	int err;

	if (reader->depth == MAX_DEPTH)
		return -EBADMSG;
	json = calloc(1, sizeof(*json));
	if (!json)
		return -ENOMEM;
	reader->depth++;
	err = read_into(reader, json);
	reader->depth--;
	if (err)
		virt_json_free(json);
	else
		*out = json;
	return err;
}

int virt_json_parse(const char *text, struct virt_json **out)
{
	struct reader reader = {.at = text};
	struct virt_json *json = NULL;
	int err = read_value(&reader, &json);

	if (err)
		return err;
	skip_space(&reader);
	if (*reader.at) {
		virt_json_free(json);
		return -EBADMSG;
	}
	*out = json;
	return 0;
}

const struct virt_json *virt_json_find(const struct virt_json *json, const char *key)
{
	if (!json || json->type != VIRT_JSON_OBJECT)
		return NULL;
	for (const struct virt_json *child = json->child; child; child = child->next)
		if (!strcmp(child->key, key))
			return child;
	return NULL;
}

const char *virt_json_text(const struct virt_json *json, const char *key)
{
	const struct virt_json *member = virt_json_find(json, key);

	return member && member->text ? member->text : "";
}

double virt_json_number(const struct virt_json *json, const char *key)
{
	const struct virt_json *member = virt_json_find(json, key);

	if (!member)
		return 0;
	return member->text ? strtod(member->text, NULL) : member->number;
}
