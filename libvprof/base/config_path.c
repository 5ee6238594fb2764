/* The name of this process's file, and what it leaves to others in the environment. */
#include "base/config.h"
#include "base/fmt.h"
#include "base/sys.h"
#include "base/vdso.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Expands the sequence at *at (which points at '%'); advances past it. */
static void expand(struct vp_text *text, const char **at, char **environment, const char *program,
		   int *has_pid)
{
	const char *end, *value;

	switch ((*at)[1]) {
	case 'p':
		vp_text_u64(text, (uint64_t)vp_sys_pid());
		*has_pid = 1;
		break;
	case 'e':
		vp_text_str(text, program);
		break;
	case 't':
		vp_text_u64(text, vp_vdso_ns(CLOCK_REALTIME) / 1000000000u);
		break;
	case '%':
		vp_text_char(text, '%');
		break;
	case '{':
		end = strchr(*at, '}');
		if (!end)
			break;
		value = vp_config_lookup(environment, *at + 2, (size_t)(end - *at - 2));
		vp_text_str(text, value ? value : "");
		*at = end + 1;
		return;
	default:
		vp_text_char(text, '%');
		*at += 1;
		return;
	}
	*at += 2;
}

/* Where the program began: a relative name leads there.  Empty: not known. */
static char began[4096];

static void note_directory(void)
{
	long len = vp_sys(SYS_getcwd, began, sizeof(began) - 1, 0);

	if (len <= 0 || began[0] != '/')
		began[0] = '\0';
	else if (began[1])
		memcpy(began + len - 1, "/", 2);
}

int vp_config_path(char *buf, size_t size, char **environment, const char *program, int unique,
		   int here)
{
	const char *at = vp_config.out;
	struct vp_text text;
	int has_pid = 0;

	vp_text_init(&text, buf, size);
	if (*at != '/') {
		if (here)
			note_directory();
		vp_text_str(&text, began);
	}
	while (*at) {
		if (*at == '%')
			expand(&text, &at, environment, program, &has_pid);
		else
			vp_text_char(&text, *at++);
	}
	if (unique && !has_pid) {
		vp_text_char(&text, '.');
		vp_text_u64(&text, (uint64_t)vp_sys_pid());
	}
	vp_config.path_has_pid = has_pid || unique;
	return text.cut ? -ENAMETOOLONG : 0;
}

void vp_config_unload_env(char **environment)
{
	char *value = (char *)(uintptr_t)vp_config_lookup(environment, "LD_PRELOAD", 10);
	char *to = value, *at = value;

	while (at && *at) {
		size_t len = strcspn(at, ": ");

		if (len && !memmem(at, len, "libvprof.so", 11)) {
			if (to != value)
				*to++ = ':';
			memmove(to, at, len);
			to += len;
		}
		at += len;
		at += *at != '\0';
	}
	if (to)
		*to = '\0';
}
