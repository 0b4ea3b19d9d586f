#include "base/log.h"

#include <stdarg.h>
#include <syslog.h>

enum { LINE_MAX_BYTES = 8000 };

static struct {
	const char *ident;
	const char *areas;
	bool syslog, quiet;
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

void log_debug_areas(const char *areas)
{
	state.areas = areas;
}

static bool is_word(const char *word, size_t n, const char *wanted, size_t wanted_n)
{
	return n == wanted_n && strncasecmp(word, wanted, n) == 0;
}

static bool wants(const char *area, size_t n)
{
	bool found = false;

	for (const char *p = state.areas; p && *p;) {
		size_t word = strcspn(p, ",");

		if (word > 2 && strncasecmp(p, "no", 2) == 0 && is_word(p + 2, word - 2, area, n))
			return false;
		found |= is_word(p, word, "all", 3) || is_word(p, word, area, n);
		p += word + (p[word] == ',');
	}
	return found;
}

bool log_debug_wants(const char *area)
{
	return wants(area, strlen(area));
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
		fprintf(stderr, "%s%s%s%s%s\n", level == LOG_DEBUG ? "dbg: " : "",
			state.ident ? state.ident : "", state.ident ? ": " : "", state.id, line);
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

	if (!state.areas || !wants(fmt, (size_t)(strstr(fmt, ": ") ? strstr(fmt, ": ") - fmt : 0)))
		return;
	va_start(ap, fmt);
	write_line(LOG_DEBUG, fmt, ap);
	va_end(ap);
}
