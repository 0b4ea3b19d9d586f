#include "base/log.h"

#include <stdarg.h>
#include <syslog.h>

enum { LINE_MAX_BYTES = 8000 };

static struct {
	const char *ident;
	bool syslog, debug, quiet;
	char id[44];
} state;

void log_open(const char *ident, int facility)
{
	state.ident = ident;
	state.syslog = true;
	openlog(ident, LOG_PID, facility);
}

void log_open_stderr(const char *ident)
{
	state.ident = ident;
	state.syslog = false;
}

void log_debug_enable(bool on)
{
	state.debug = on;
}

void log_quiet(bool on)
{
	state.quiet = on;
}

void log_id(const char *id)
{
	if (id && *id)
		snprintf(state.id, sizeof(state.id), "%.40s: ", id);
	else
		state.id[0] = '\0';
}

static PRINTF(2, 0) void write_line(int level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];

	if (state.quiet && level > LOG_WARNING)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	if (state.syslog)
		syslog(level, "%s%s", state.id, line);
	else
		fprintf(stderr, "%s%s%s%s\n", state.ident ? state.ident : "",
			state.ident ? ": " : "", state.id, line);
}

void log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_ERR, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_WARNING, fmt, ap);
	va_end(ap);
}

void log_notice(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_NOTICE, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!state.debug)
		return;
	va_start(ap, fmt);
	write_line(LOG_DEBUG, fmt, ap);
	va_end(ap);
}
