#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

int vr_err_set(struct vr_err *err, int code, const char *format, ...)
{
	va_list args;

	err->code = code;
	err->offset = 0;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}
