#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/enc.h"
#include "gw/check/check_int.h"

enum { FINDING_MAX = 1024 };

const struct check_row check_rows[] = {
	{ "settings", check_settings },
	{ "hostname", check_hostname },
	{ "relay", check_relay },
	{ "dns-lists", check_dns_lists },
	{ "mx", check_mx },
	{ "spf", check_sender_policy },
	{ "dkim", check_dkim },
	{ "dmarc", check_dmarc },
	{ "certificates", check_certs },
	{ "clock", check_clock },
	{ "disk", check_disks },
	{ "backup", check_backup },
	{ NULL, NULL },
};

static const char *const levels[] = { "ok", "warning", "error" };

static void add(struct check *c, enum check_level level, struct str record, const char *fmt,
		va_list args) PRINTF(4, 0);

static void add(struct check *c, enum check_level level, struct str record, const char *fmt,
		va_list args)
{
	char text[FINDING_MAX];

	vsnprintf(text, sizeof(text), fmt, args);
	vec_add(c->a, &c->out->list,
		((struct check_finding){ c->name, level, str_copy(c->a, str_of(text)), record }));
}

void check_warn(struct check *c, struct str record, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(c, CHECK_WARNING, record, fmt, args);
	va_end(args);
}

void check_fail(struct check *c, struct str record, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(c, CHECK_ERROR, record, fmt, args);
	va_end(args);
}

const struct dns_question *check_ask(struct check *c, struct str name, enum dns_type type)
{
	const struct dns_question *q = dns_ask(c->d, name, type);

	c->waiting |= q->status == DNS_PENDING;
	return q;
}

/* One round; what was found in the last one is forgotten. */
static void run_all(struct check *c)
{
	c->waiting = false;
	c->out->list.n = 0;
	for (const struct check_row *row = check_rows; row->name; row++) {
		c->name = row->name;
		row->run(c);
	}
}

void check_run(struct arena *a, const struct check_facts *f, struct dns *d, int64_t deadline,
	       struct check_findings *out)
{
	struct check c = { .a = a, .f = f, .d = d, .out = out };
	bool in_time = true;

	*out = (struct check_findings){ 0 };
	run_all(&c);
	while (c.waiting && in_time) {
		in_time = dns_wait_all(d, deadline);
		if (!in_time)
			dns_finish(d);
		run_all(&c);
	}
}

enum check_level check_worst(const struct check_findings *found)
{
	enum check_level worst = CHECK_OK;

	for (size_t i = 0; i < found->list.n; i++)
		if (found->list.p[i].level > worst)
			worst = found->list.p[i].level;
	return worst;
}

static enum check_level worst_of(const struct check_findings *found, const char *check)
{
	enum check_level worst = CHECK_OK;

	for (size_t i = 0; i < found->list.n; i++)
		if (found->list.p[i].check == check && found->list.p[i].level > worst)
			worst = found->list.p[i].level;
	return worst;
}

struct str check_text(struct arena *a, const struct check_findings *found)
{
	struct buf b;

	buf_init(&b, a, CHECK_OUTPUT_MAX);
	for (const struct check_row *row = check_rows; row->name; row++) {
		if (worst_of(found, row->name) == CHECK_OK)
			buf_addf(&b, "%-8s %s\n", levels[CHECK_OK], row->name);
		for (size_t i = 0; i < found->list.n; i++) {
			const struct check_finding *f = &found->list.p[i];

			if (f->check != row->name)
				continue;
			buf_addf(&b, "%-8s %s: %.*s\n", levels[f->level], f->check,
				 STR_ARG(f->text));
			if (f->record.n)
				buf_addf(&b, "\n%.*s\n\n", STR_ARG(str_rtrim(f->record)));
		}
	}
	return buf_str(&b);
}

static void add_member(struct buf *b, const char *name, struct str value)
{
	buf_addf(b, "\"%s\":", name);
	enc_json_add(b, value);
}

static void add_finding(struct buf *b, const struct check_finding *f)
{
	buf_addc(b, '{');
	add_member(b, "check", str_of(f->check));
	buf_addc(b, ',');
	add_member(b, "level", str_of(levels[f->level]));
	buf_addc(b, ',');
	add_member(b, "text", f->text);
	buf_addc(b, ',');
	add_member(b, "record", f->record);
	buf_addc(b, '}');
}

struct str check_json(struct arena *a, const struct check_findings *found)
{
	struct buf b;

	buf_init(&b, a, CHECK_OUTPUT_MAX);
	buf_addc(&b, '{');
	add_member(&b, "status", str_of(levels[check_worst(found)]));
	buf_addz(&b, ",\"checks\":{");
	for (const struct check_row *row = check_rows; row->name; row++) {
		buf_addz(&b, row == check_rows ? "" : ",");
		add_member(&b, row->name, str_of(levels[worst_of(found, row->name)]));
	}
	buf_addz(&b, "},\"findings\":[");
	for (size_t i = 0; i < found->list.n; i++) {
		buf_addz(&b, i ? "," : "");
		add_finding(&b, &found->list.p[i]);
	}
	buf_addz(&b, "]}\n");
	return buf_str(&b);
}
