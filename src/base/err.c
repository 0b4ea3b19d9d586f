#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <sysexits.h>

#include "base/log.h"

static const struct {
	int http, exit;
	const char *smtp;
} classes[] = {
	[ERR_NONE] = { 200, EX_OK, "2" },
	[ERR_INVALID] = { 400, EX_DATAERR, "5" },
	[ERR_AUTH] = { 401, EX_NOPERM, "5" },
	[ERR_PERM] = { 403, EX_NOPERM, "5" },
	[ERR_NOTFOUND] = { 404, EX_NOINPUT, "5" },
	[ERR_CONFLICT] = { 409, EX_TEMPFAIL, "4" },
	[ERR_LIMIT] = { 413, EX_DATAERR, "5" },
	[ERR_TEMP] = { 503, EX_TEMPFAIL, "4" },
	[ERR_SYS] = { 500, EX_OSERR, "4" },
	[ERR_BUG] = { 500, EX_SOFTWARE, "4" },
};

int err_http(enum err_code code)
{
	return classes[code].http;
}

const char *err_smtp(enum err_code code)
{
	return classes[code].smtp;
}

int err_exit(enum err_code code)
{
	return classes[code].exit;
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int number = errno;
	va_list ap;
	size_t n;

	e->code = ERR_SYS;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(number));
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	struct err inner = *e;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", inner.msg);
	return -1;
}

void err_bug_(const char *what, const char *file, int line)
{
	log_err("assertion failed: %s (%s:%d)", what, file, line);
	abort();
}
