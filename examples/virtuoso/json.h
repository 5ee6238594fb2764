/* Reads JSON into a tree. */
#ifndef VIRT_JSON_H
#define VIRT_JSON_H

#include <stddef.h>

enum virt_json_type {
	VIRT_JSON_NULL,
	VIRT_JSON_BOOL,
	VIRT_JSON_NUMBER,
	VIRT_JSON_STRING,
	VIRT_JSON_ARRAY,
	VIRT_JSON_OBJECT,
};

struct virt_json {
	enum virt_json_type type;
	char *key;		 /* in an object; NULL elsewhere */
	char *text;		 /* STRING */
	double number;		 /* NUMBER; BOOL as 0 or 1 */
	struct virt_json *child; /* ARRAY, OBJECT: the first, in order */
	struct virt_json *next;	 /* sibling */
};

/* Parses one value with nothing after it but white space.
 *
 *   out  [out] to be given to virt_json_free(); untouched on error
 *
 * Returns 0, -EBADMSG for text that is not JSON or nests deeper than 32, or -ENOMEM. */
int virt_json_parse(const char *text, struct virt_json **out);

/* Frees a tree; NULL is fine. */
void virt_json_free(struct virt_json *json);

/* The member of an object; NULL when json is NULL, no object, or has no such key. */
const struct virt_json *virt_json_find(const struct virt_json *json, const char *key);

/* A member as text, "" when there is none; as a number (also from a string that holds
 * one), 0 when there is none. */
const char *virt_json_text(const struct virt_json *json, const char *key);
double virt_json_number(const struct virt_json *json, const char *key);

#endif
