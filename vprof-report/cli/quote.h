/* What each kind of output asks for, so that a name in it stays a name.  Each function
 * first makes the text plain (cli/plain.h), so no control character is left. */
#ifndef VR_QUOTE_H
#define VR_QUOTE_H

#include <stdio.h>

/* 1 for a cell of CSV that a spreadsheet would take for a formula: it begins with = + - @
 * or their wide forms, blanks before them or not. */
int vr_quote_is_formula(const char *text);

/* XML 1.0: content or an attribute in double quotes. */
void vr_quote_xml(FILE *out, const char *text);

/* A value of a workflow command (::error title=NAME::VALUE); in a property `:` and `,`
 * are escaped too. */
void vr_quote_github(FILE *out, const char *text, int property);

/* Markdown, also within a cell of a table.
 * A name: as `code`, or, where ` \ | < or & is in it, as HTML's <code> with
 * entities. */
void vr_quote_md_code(FILE *out, const char *text);
/* A sentence that may hold names: as it is where nothing in it can be markup, a link, a
 * mention or the start of a list; otherwise the whole of it as a name. */
void vr_quote_md_text(FILE *out, const char *text);
/* A line of an indented block of code. */
void vr_quote_md_block(FILE *out, const char *text);

/* A word for a POSIX shell, quoted where it needs to be; $'...' of bash where it holds
 * what is harmful, so that the command that is shown is the one that works.  free() it. */
char *vr_quote_shell(const char *word);
/* Words up to a NULL, each quoted so, joined by blanks; free() it. */
char *vr_quote_words(char *const *words);

#endif
