#include "helper/rights.h"
#include "base/fmt.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

/* Of the text about a task in /proc; a long list of groups is in several pieces. */
static const char *const words[] = {"Uid:",    "Gid:",	  "Groups:", "CapInh:",	    "CapPrm:",
				    "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:"};

static int main_fd = -1, own_fd = -1;
static int opened;
static uint64_t same; /* what was read of main when it was last as the helper; 0: never */

/* As /proc/TID/status, with the number that this /proc has for the thread: what is
 * looked into below /proc/PID/task is dear when the process ends (base/proc.h). */
static int open_own(void)
{
	char link[64], path[64];
	long bytes = vp_sys(SYS_readlink, "/proc/thread-self", link, sizeof(link) - 1);
	struct vp_text text;
	const char *tid;

	if (bytes <= 0)
		return -1;
	link[bytes] = '\0';
	tid = strrchr(link, '/');
	if (!tid)
		return -1;
	vp_text_init(&text, path, sizeof(path));
	vp_text_str(&text, "/proc");
	vp_text_str(&text, tid);
	vp_text_str(&text, "/status");
	return vp_sys_open(path, O_RDONLY, 0);
}

/* Not before it is needed: most processes end before anybody looks. */
static void open_both(void)
{
	main_fd = vp_sys_open("/proc/self/status", O_RDONLY, 0);
	own_fd = open_own();
	opened = 1;
}

void vp_rights_begin(void)
{
	main_fd = own_fd = -1;
	opened = 0;
	same = 0;
}

void vp_rights_close(void)
{
	if (main_fd >= 0)
		vp_sys_close(main_fd);
	if (own_fd >= 0)
		vp_sys_close(own_fd);
	main_fd = own_fd = -1;
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

int vp_rights_differ(void)
{
	uint64_t theirs, own;

	if (!opened)
		open_both();
	theirs = read_rights(main_fd);
	if (!theirs || theirs == same)
		return 0;
	own = read_rights(own_fd);
	if (own == theirs)
		same = theirs;
	return own && own != theirs;
}
