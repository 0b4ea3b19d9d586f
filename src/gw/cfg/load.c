#include "gw/cfg/cfg.h"

#include "base/file.h"
#include "gw/cfg/tables.h"
#include "lib/conf/section.h"
#include "lib/schema/record.h"

#define SECTION(name) \
	{ #name, cfg_##name##_props, offsetof(struct cfg, name), sizeof(struct cfg_##name) }
const struct cfg_section cfg_sections[] = {
	SECTION(admin),	   SECTION(mail),      SECTION(spam),
	SECTION(spamquar), SECTION(virusquar), SECTION(clamav),
	{ NULL, NULL, 0, 0 },
};
_Static_assert(ARRAY_LEN(cfg_sections) - 1 == ARRAY_LEN(((struct cfg *)0)->given),
	       "one set of given keys for each section");

struct loader {
	struct arena *a;
	struct cfg *c;
	struct str file; /* for messages */
};

static const struct cfg_section *section_find(struct str name)
{
	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		if (str_eq(name, str_of(s->name)))
			return s;
	return NULL;
}

static void complain(struct loader *l, struct cfg_problem problem)
{
	if (l->c->problems.list.n >= CONF_PROBLEMS_MAX)
		return;
	problem.file = l->file;
	vec_add(l->a, &l->c->problems.list, problem);
}

static void take_section(struct loader *l, const struct conf_section *in)
{
	const struct cfg_section *s =
		str_eq(in->type, STR("section")) ? section_find(in->id) : NULL;
	struct record_input *values = NEW_N(l->a, struct record_input, in->settings.n);
	struct record_complaints complaints = { 0 };

	if (!s) {
		complain(l, (struct cfg_problem){
				    .line = in->line,
				    .reason = str_fmt(l->a, "there is no section '%.*s: %.*s'",
						      STR_ARG(in->type), STR_ARG(in->id)) });
		return;
	}
	for (size_t i = 0; i < in->settings.n; i++)
		values[i] = (struct record_input){ in->settings.p[i].key, in->settings.p[i].value };
	record_parse(l->a, s->props, (char *)l->c + s->off, values, in->settings.n,
		     &l->c->given[s - cfg_sections], &complaints);
	for (size_t i = 0; i < complaints.list.n; i++) {
		const struct conf_setting *bad = &in->settings.p[complaints.list.p[i].input];

		complain(l, (struct cfg_problem){ .line = bad->line,
						  .section = in->id,
						  .key = bad->key,
						  .value = bad->value,
						  .reason = complaints.list.p[i].reason });
	}
}

/* Ports that something else on a gateway listens on. */
static const struct taken_port {
	int64_t port;
	bool takes_mail;
	const char *by;
} taken_ports[] = {
	{ 22, false, "sshd" },
	{ 85, false, "pmgdaemon" },	       { 5432, false, "PostgreSQL" },
	{ 8006, false, "pmgproxy" },	       { 10022, false, "pmgpolicy" },
	{ 10023, true, "pmg-smtp-filter" },    { 10024, true, "pmg-smtp-filter" },
	{ 10025, true, "Postfix, for mail that comes back from the filter" },
};

static const struct taken_port *taken(int64_t port)
{
	for (size_t i = 0; i < ARRAY_LEN(taken_ports); i++)
		if (taken_ports[i].port == port)
			return &taken_ports[i];
	return NULL;
}

bool cfg_port_takes_mail(const struct cfg *c, int64_t port)
{
	const struct taken_port *other = taken(port);

	return port == c->mail.int_port || port == c->mail.ext_port || (other && other->takes_mail);
}

static void check_port(struct loader *l, const char *key, int64_t port)
{
	const struct taken_port *other = taken(port);

	if (other)
		complain(l, (struct cfg_problem){
				    .section = STR("mail"),
				    .key = str_of(key),
				    .reason = str_fmt(l->a, "port %lld is used by %s",
						      (long long)port, other->by) });
}

/* What no single value can tell. */
static void check_together(struct loader *l)
{
	const struct cfg_mail *m = &l->c->mail;

	if (m->int_port == m->ext_port)
		complain(l, (struct cfg_problem){
				    .section = STR("mail"),
				    .key = STR("ext_port"),
				    .reason = STR("must be a different number than int_port") });
	if (m->dnsbl_sites.n && m->dnsbl_threshold < 1)
		complain(l, (struct cfg_problem){
				    .section = STR("mail"),
				    .key = STR("dnsbl_threshold"),
				    .reason = STR("must be at least 1 where there are dnsbl_sites: "
						  "0 would let nobody in") });
	check_port(l, "int_port", m->int_port);
	check_port(l, "ext_port", m->ext_port);
}

static int64_t at_most(int64_t n, int64_t max)
{
	return n < max ? n : max;
}

static int64_t at_least(int64_t n, int64_t min)
{
	return n > min ? n : min;
}

int64_t cfg_default_filters(int64_t memory)
{
	int64_t base = memory < 3840 ? at_least(512, memory * 5 / 8) : 2560;

	return at_most(40, 5 + at_least(0, (memory - base) / 150)) - 2;
}

int64_t cfg_default_smtpd(int64_t memory)
{
	return at_most(100, 25 + at_least(0, (memory - 512) / 20));
}

int64_t cfg_default_policy(int64_t memory)
{
	return memory >= 500 ? 5 : 2;
}

static void set_defaults(struct loader *l, int64_t memory)
{
	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		prop_defaults(l->a, s->props, (char *)l->c + s->off);
	l->c->mail.max_filters = cfg_default_filters(memory);
	l->c->mail.max_policy = cfg_default_policy(memory);
	l->c->mail.max_smtpd_in = cfg_default_smtpd(memory);
	l->c->mail.max_smtpd_out = l->c->mail.max_smtpd_in;
}

/* A file that is not there is an empty one. */
static int read_file(struct arena *a, struct str path, struct str *out, struct err *e)
{
	if (file_read(a, str_z(a, path), CFG_FILE_MAX, out, e) == 0)
		return 0;
	if (e->code != ERR_NOTFOUND)
		return -1;
	*out = STR_NONE;
	return 0;
}

struct cfg *cfg_parse(struct arena *a, struct str file, struct str text, int64_t memory)
{
	struct loader l = { .a = a, .c = NEW(a, struct cfg), .file = file };
	struct conf_file f;

	l.c->digest = conf_digest(a, text);
	set_defaults(&l, memory);
	conf_parse(a, text, &f);
	for (size_t i = 0; i < f.problems.n; i++)
		complain(&l, (struct cfg_problem){ .line = f.problems.p[i].line,
						   .value = f.problems.p[i].text,
						   .reason = f.problems.p[i].reason });
	for (size_t i = 0; i < f.sections.n; i++)
		take_section(&l, &f.sections.p[i]);
	check_together(&l);
	return l.c;
}

int cfg_load(struct arena *a, const struct cfg_env *env, struct cfg **out, struct err *e)
{
	struct str file = str_fmt(a, "%s/pmg.conf", env->dir), text;
	struct cfg_dns dns;

	if (read_file(a, file, &text, e) < 0 || cfg_dns_load(a, env, &dns, e) < 0)
		return -1;
	*out = cfg_parse(a, file, text, env->memory);
	(*out)->dns = dns;
	return 0;
}

bool cfg_given(const struct cfg *c, const char *section, const char *key)
{
	const struct cfg_section *s = section_find(str_of(section));
	const struct prop *p = s ? prop_find(s->props, str_of(key)) : NULL;

	ASSERT(p);
	return prop_set_has(&c->given[s - cfg_sections], (size_t)(p - s->props));
}

struct str cfg_idle(struct arena *a, const struct cfg *c)
{
	struct str list = STR_NONE;

	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		for (const struct prop *p = s->props; p->type != PROP_END; p++) {
			if (!(p->flags & PROP_IDLE) || !cfg_given(c, s->name, p->name) ||
			    !str_eq(prop_print(a, p, (const char *)c + s->off), STR("1")))
				continue;
			list = str_fmt(a, "%.*s%s%s.%s", STR_ARG(list), list.n ? " " : "", s->name,
				       p->name);
		}
	return list;
}

struct str cfg_problem_text(struct arena *a, const struct cfg_problem *p)
{
	struct str text = p->line ? str_fmt(a, "%.*s:%zu: ", STR_ARG(p->file), p->line) :
				    str_fmt(a, "%.*s: ", STR_ARG(p->file));

	if (p->section.p)
		text = str_fmt(a, "%.*ssection %.*s, setting %.*s, ", STR_ARG(text),
			       STR_ARG(p->section), STR_ARG(p->key));
	if (p->value.p)
		text = str_fmt(a, "%.*svalue '%.*s': ", STR_ARG(text),
			       STR_ARG(str_sub(p->value, 0, 200)));
	else if (p->section.p)
		text.n -= 2, text = str_fmt(a, "%.*s: ", STR_ARG(text));
	return str_fmt(a, "%.*s%.*s", STR_ARG(text), STR_ARG(p->reason));
}
