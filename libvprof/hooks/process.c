/* The ways a process ends or becomes another one. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"
#include "leak/search.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

VP_HOOK void _exit(int status)
{
	struct vp_exit_stack here = {0};

	VP_EXIT_STACK_HERE(&here);
	vp_finish_process(VPROF_EXIT_UNDERSCORE, status, &here);
	vp_real._exit(status);
	__builtin_unreachable();
}

VP_HOOK_ALSO(_Exit, _exit);

VP_HOOK void quick_exit(int status)
{
	vp_quick_exit_status(status);
	vp_real.quick_exit(status);
	__builtin_unreachable();
}

static int do_execve(const char *path, char *const argv[], char *const envp[])
{
	int ret;

	vp_exec_begin();
	ret = vp_real.execve(path, argv, envp);
	vp_exec_failed();
	return ret;
}

VP_HOOK int execve(const char *path, char *const argv[], char *const envp[])
{
	return do_execve(path, argv, envp);
}

VP_HOOK int execv(const char *path, char *const argv[])
{
	return do_execve(path, argv, environ);
}

static int do_execvpe(const char *file, char *const argv[], char *const envp[])
{
	int ret;

	vp_exec_begin();
	ret = vp_real.execvpe(file, argv, envp);
	vp_exec_failed();
	return ret;
}

VP_HOOK int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return do_execvpe(file, argv, envp);
}

VP_HOOK int execvp(const char *file, char *const argv[])
{
	return do_execvpe(file, argv, environ);
}

VP_HOOK int fexecve(int fd, char *const argv[], char *const envp[])
{
	int ret;

	vp_exec_begin();
	ret = vp_real.fexecve(fd, argv, envp);
	vp_exec_failed();
	return ret;
}

/* Arguments of the execl family as an array on the stack: exec in a vfork
 * child must not allocate.  `list` is read up to and including the NULL. */
static size_t count_arguments(va_list list)
{
	size_t n = 1;

	while (va_arg(list, char *))
		n++;
	return n;
}

#define COLLECT(argv, first)                                                                       \
	va_list list_;                                                                             \
	va_start(list_, first);                                                                    \
	size_t count_ = count_arguments(list_);                                                    \
	va_end(list_);                                                                             \
	char *argv[count_ + 1];                                                                    \
	argv[0] = (char *)(uintptr_t)(first);                                                      \
	va_start(list_, first);                                                                    \
	for (size_t i_ = 1; i_ <= count_; i_++)                                                    \
	argv[i_] = va_arg(list_, char *)

VP_HOOK int execl(const char *path, const char *arg, ...)
{
	COLLECT(argv, arg);
	va_end(list_);
	return do_execve(path, argv, environ);
}

VP_HOOK int execlp(const char *file, const char *arg, ...)
{
	COLLECT(argv, arg);
	va_end(list_);
	return do_execvpe(file, argv, environ);
}

VP_HOOK int execle(const char *path, const char *arg, ...)
{
	COLLECT(argv, arg);
	char *const *envp = va_arg(list_, char *const *);

	va_end(list_);
	return do_execve(path, argv, envp);
}
