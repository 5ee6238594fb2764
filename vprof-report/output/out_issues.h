/* Findings for other programs: SARIF 2.1.0, JUnit XML, annotations of GitHub's
 * workflows, Markdown.
 *
 * Takes findings and knows no profile type.  A document holds any number of runs:
 * vr_issues_begin(), vr_issues_run() for each, vr_issues_end(). */
#ifndef VR_OUT_ISSUES_H
#define VR_OUT_ISSUES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum vr_issue_format { VR_ISSUES_JUNIT, VR_ISSUES_SARIF, VR_ISSUES_GITHUB, VR_ISSUES_MARKDOWN };
enum vr_issue_level { VR_ISSUE_NOTE, VR_ISSUE_WARNING, VR_ISSUE_ERROR };

/* A kind of finding. */
struct vr_issue_rule {
	const char *id;	     /* stable, kebab-case */
	const char *name;    /* PascalCase */
	const char *summary; /* a sentence */
	const char *help;    /* what to do about it */
	enum vr_issue_level level;
};

struct vr_issue_frame {
	const char *function, *file, *module; /* "" where unknown */
	int line;			      /* 0 where unknown */
};

/* All texts are borrowed until vr_issues_run() returns. */
struct vr_issue {
	size_t rule; /* index */
	enum vr_issue_level level;
	const char *title;	 /* one line, without the place */
	const char *place;	 /* "load (book.c:12)" */
	const char *by;		 /* what leads to the place in a sentence: "at" */
	const char *excuse;	 /* why it does not count, NULL: it does */
	int left_out;		 /* 1: the excuse is a suppression */
	const char *state;	 /* "new", "updated" or "unchanged" against a baseline, or NULL */
	const char *fingerprint; /* hexadecimal digits; the same in the next build */
	uint64_t blocks, bytes;
	double confidence;		    /* 0..1; negative: not known */
	const struct vr_issue_frame *frame; /* innermost first */
	size_t frames;
	size_t at; /* the frame that is to blame */
};

enum vr_check_state { VR_CHECK_PASS, VR_CHECK_FAIL, VR_CHECK_ERROR, VR_CHECK_SKIP };

/* A question and its answer, for formats of test results. */
struct vr_issue_check {
	const char *name;
	enum vr_check_state state;
	const char *text; /* why, "" where there is no more to say */
	int quiet;	  /* skipped in every short run: no remark of its own */
};

struct vr_issue_run {
	const char *about;   /* "Leaks" */
	const char *subject; /* the command that was examined */
	const char *path;    /* the file that was read */
	const char *verdict; /* one line */
	const char *details; /* some lines */
	const char *host;
	uint64_t start_real_ns, duration_ns;
	int exit_status; /* of the gate; 0 without one */
	int unexamined;	 /* no issue, and nobody can say there is none */
	const struct vr_issue_rule *rule;
	size_t rules;
	const struct vr_issue *issue;
	size_t issues;
	const struct vr_issue_check *check;
	size_t checks;
};

void vr_issues_begin(enum vr_issue_format format, FILE *out);
/* index: how many runs this document holds already. */
void vr_issues_run(enum vr_issue_format format, FILE *out, const struct vr_issue_run *run,
		   size_t index);
void vr_issues_end(enum vr_issue_format format, FILE *out);

/* --- parts ------------------------------------------------------------------ */

void vr_sarif_begin(FILE *out);
void vr_sarif_run(FILE *out, const struct vr_issue_run *run, size_t index);
void vr_sarif_end(FILE *out);
void vr_junit_begin(FILE *out);
void vr_junit_run(FILE *out, const struct vr_issue_run *run);
void vr_junit_end(FILE *out);
void vr_github_run(FILE *out, const struct vr_issue_run *run);
void vr_markdown_run(FILE *out, const struct vr_issue_run *run, size_t index);

#endif
