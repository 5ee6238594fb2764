#include "helper/target.h"
#include "base/fmt.h"
#include "base/proc_thread.h"
#include "base/sys.h"
#include "ring/names.h"
#include "track/descriptor_name.h"

#include <string.h>

#define TEXT_MOST 1024

static uint32_t of_descriptor(int tid, uint64_t fd)
{
	char text[TEXT_MOST];

	if (!vp_proc_thread_is_ours(tid, 0))
		return VPROF_NONE;
	return vp_name_id(text, vp_descriptor_link(tid, fd, text, sizeof(text)));
}

/* A text of the host's, as far as it can be read. */
static uint32_t of_memory(uint64_t address)
{
	char text[TEXT_MOST];
	size_t len = address ? vp_sys_peek(text, address, sizeof(text)) : 0;

	return vp_name_id(text, strnlen(text, len));
}

/* "4711 sleep"; of a child that has ended and is not waited for yet, too. */
static uint32_t of_process(uint64_t pid)
{
	char path[64], text[64], comm[20];
	struct vp_text name, whole;
	long len;

	if (!pid || pid > 0x7fffffff)
		return VPROF_NONE;
	vp_text_init(&whole, text, sizeof(text));
	vp_text_u64(&whole, pid);
	vp_text_init(&name, path, sizeof(path));
	vp_text_str(&name, "/proc/");
	vp_text_u64(&name, pid);
	vp_text_str(&name, "/comm");
	len = vp_sys_read_file(path, comm, sizeof(comm));
	if (len > 1) {
		vp_text_char(&whole, ' ');
		vp_text_mem(&whole, comm, (size_t)len - 1); /* without its newline */
	}
	return vp_name_id(text, whole.len);
}

uint32_t vp_target_text(int tid, enum vprof_target kind, uint64_t object)
{
	switch (kind) {
	case VPROF_TARGET_FD:
		return of_descriptor(tid, object);
	case VPROF_TARGET_PATH:
	case VPROF_TARGET_HOST:
		return of_memory(object);
	case VPROF_TARGET_PROCESS:
		return of_process(object);
	default:
		return VPROF_NONE;
	}
}
