/* Functions that print with a format: a stream that takes no more, a log that nobody reads.
 *
 * Those with arguments of their own go on to the ones that take them as a list, as libc's
 * do; a stream with enough room is not looked at. */
#include "hooks/hooks.h"
#include "hooks/record.h"
#include "hooks/stream.h"

#include <stdarg.h>

/* list_ of the arguments after `last` while `call` is made. */
#define WITH_LIST(last, call)                                                                      \
	({                                                                                         \
		va_list list_;                                                                     \
		int printed_;                                                                      \
                                                                                                   \
		va_start(list_, last);                                                             \
		printed_ = call;                                                                   \
		va_end(list_);                                                                     \
		printed_;                                                                          \
	})
#define PRINT(kind, last, when, object, call)                                                      \
	return WITH_LIST(last, vp_control.calls && (when)                                          \
				   ? VP_RECORD(kind, object, NEVER, call, STATUS)                  \
				   : call)

VP_HOOK int printf(const char *format, ...)
{
	PRINT(printf, format, PRINTS(stdout), 0, vp_real.vfprintf(stdout, format, list_));
}

VP_HOOK int __printf_chk(int level, const char *format, ...)
{
	PRINT(printf, format, PRINTS(stdout), 0,
	      vp_real.__vfprintf_chk(stdout, level, format, list_));
}

VP_HOOK int fprintf(FILE *stream, const char *format, ...)
{
	PRINT(fprintf, format, PRINTS(stream), 0, vp_real.vfprintf(stream, format, list_));
}

VP_HOOK int __fprintf_chk(FILE *stream, int level, const char *format, ...)
{
	PRINT(fprintf, format, PRINTS(stream), 0,
	      vp_real.__vfprintf_chk(stream, level, format, list_));
}

VP_HOOK int dprintf(int fd, const char *format, ...)
{
	PRINT(dprintf, format, 1, fd, vp_real.vdprintf(fd, format, list_));
}

VP_HOOK int __dprintf_chk(int fd, int level, const char *format, ...)
{
	PRINT(dprintf, format, 1, fd, vp_real.__vdprintf_chk(fd, level, format, list_));
}

VP_HOOK void vsyslog(int level, const char *format, void *list)
{
	VP_RECORD_VOID(vsyslog, vp_real.vsyslog(level, format, list));
}

VP_HOOK void __vsyslog_chk(int level, int check, const char *format, void *list)
{
	VP_RECORD_VOID(vsyslog, vp_real.__vsyslog_chk(level, check, format, list));
}

VP_HOOK void syslog(int level, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	VP_RECORD_VOID(syslog, vp_real.vsyslog(level, format, list));
	va_end(list);
}

VP_HOOK void __syslog_chk(int level, int check, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	VP_RECORD_VOID(syslog, vp_real.__vsyslog_chk(level, check, format, list));
	va_end(list);
}

VP_HOOK_ALSO(_IO_printf, printf);
VP_HOOK_ALSO(_IO_fprintf, fprintf);
