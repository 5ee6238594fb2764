/* JSON documents as text. */
#ifndef VR_OUT_JSON_H
#define VR_OUT_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Prints the document, indented, without a newline at its end.  The texts in it mean what
 * they are; but what would steer a terminal or reorder a line (cli/plain.h), and a "##" that
 * the log of a CI server would take for a command, is written as \uXXXX. */
void vr_json_print(const json_t *document, FILE *out);

#endif
