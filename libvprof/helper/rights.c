#include "helper/rights.h"
#include "base/filters.h"
#include "base/sys.h"
#include "base/tracker.h"
#include "helper/engine.h"
#include "helper/pause.h"
#include "helper/restricted.h"
#include "ring/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

/* Of the text about a task in /proc; a long list of groups is in several pieces. */
static const char *const words[] = {"Uid:",    "Gid:",	  "Groups:", "CapInh:",	    "CapPrm:",
				    "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:"};

static int main_fd = -1;
static int opened;
static uint64_t same; /* what was read of main when it was last as the helper; 0: never */

/* Not before it is needed: most processes end before anybody looks. */
static void open_main(void)
{
	main_fd = vp_sys_open("/proc/self/status", O_RDONLY, 0);
	opened = 1;
}

void vp_rights_begin(void)
{
	main_fd = -1;
	opened = 0;
	same = 0;
	vp_filters_open();
}

void vp_rights_close(void)
{
	if (main_fd >= 0)
		vp_sys_close(main_fd);
	main_fd = -1;
	vp_filters_close();
}

/* FNV-1a over the lines that speak of rights; 0: could not be read. */
struct digest {
	uint64_t sum;
	char line[16]; /* how the line begins */
	uint32_t at;   /* in the line */
	int counts;    /* the line does */
};

static int counts(const char *line)
{
	for (uint32_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(line, words[i]) == 0)
			return 1;
	}
	return 0;
}

static void add(struct digest *digest, char c)
{
	if (c == '\n') {
		digest->at = 0;
		digest->counts = 0;
		return;
	}
	if (digest->at < sizeof(digest->line) - 1) {
		digest->line[digest->at] = c;
		digest->line[digest->at + 1] = '\0';
		if (c == ':')
			digest->counts = counts(digest->line);
	}
	digest->at++;
	if (digest->counts)
		digest->sum = (digest->sum ^ (uint8_t)c) * 0x100000001b3ull;
}

static uint64_t read_rights(int fd)
{
	struct digest digest = {.sum = 0xcbf29ce484222325ull};
	char text[2048];
	long got, at = 0;

	if (fd < 0)
		return 0;
	while ((got = vp_sys6(SYS_pread64, fd, (long)text, sizeof(text), at, 0, 0)) > 0) {
		for (long i = 0; i < got; i++)
			add(&digest, text[i]);
		at += got;
		if (got < (long)sizeof(text)) {
			got = 0; /* the file is in lines, and ends with this piece */
			break;
		}
	}
	return got == 0 && at ? digest.sum : 0;
}

static int differ(void)
{
	uint64_t theirs, own;

	if (!opened)
		open_main();
	theirs = read_rights(main_fd);
	if (!theirs || theirs == same)
		return 0;
	own = read_rights(vp_filters_status());
	if (own == theirs)
		same = theirs;
	return own && own != theirs;
}

/* Twice in a row: the host may be between its call and asking us to repeat it. */
int vp_rights_are_others(void)
{
	static uint32_t looks;

	looks = differ() ? looks + 1 : 0;
	if (looks < 2)
		return 0;
	looks = 0;
	__atomic_fetch_or(&vp_file.header->flags, VPROF_F_NO_HELPER, __ATOMIC_RELAXED);
	vp_engine_note("the helper ended: the process changed its rights past libc");
	vp_pause_without_helper(0);
	return 1;
}

int vp_rights_are_filtered(void)
{
	if (!vp_filters_came())
		return 0;
	vp_trackers_finish(1);
	vp_restricted();
	return 1;
}
