/*
 * Views for the unit tests of the rule language: a mail says line by line what each view of it is,
 * so that a test of a rule depends on nothing else.
 *
 *	H Name: value	a header, plain value with a newline; `H Name:raw: …` another form
 *	B text		a line of body; the first is the subject
 *	U uri		R chunk of rawbody
 *	P name: value	starts a MIME part with that header
 *
 * And one family of eval functions: test_value(n) hits n times if `test_enabled` is 1, and
 * test_calls() as often as functions of the family have been called for the mail.
 */
#include "base/vec.h"
#include "gw/spam/eval.h"

struct field {
	struct str name, value;
};

struct spam_message {
	struct arena *a;
	struct str raw;
	VEC(struct field) headers;
	VEC(struct str) body, uris, raw_body;
	VEC(const struct spam_part *) parts;
};

struct spam_networks {
	int unused;
};

struct spam_networks *spam_networks_new(struct arena *a)
{
	return NEW(a, struct spam_networks);
}

bool spam_networks_add(struct spam_networks *n, struct str word)
{
	(void)n;
	return word.n && ascii_is_digit(word.p[0]);
}

void spam_view_options_init(struct spam_view_options *o, const struct uri_domains *domains)
{
	*o = (struct spam_view_options){ .domains = domains };
}

static struct field field_of(struct arena *a, struct str text)
{
	ptrdiff_t colon = str_find(text, STR(": "));
	struct field f = { text, STR_NONE };

	if (colon < 0)
		return f;
	f.name = str_sub(text, 0, (size_t)colon);
	f.value = str_cat(a, str_from(text, (size_t)colon + 2), STR("\n"));
	return f;
}

static void line_add(struct spam_message *m, char kind, struct str text)
{
	struct field f = field_of(m->a, text);
	struct spam_part *part;

	if (kind == 'H') {
		vec_add(m->a, &m->headers, f);
	} else if (kind == 'B') {
		vec_add(m->a, &m->body, str_cat(m->a, text, STR("\n")));
	} else if (kind == 'U') {
		vec_add(m->a, &m->uris, text);
	} else if (kind == 'R') {
		vec_add(m->a, &m->raw_body, text);
	} else if (kind == 'P') {
		part = NEW(m->a, struct spam_part);
		part->name = f.name;
		part->type = f.value;
		vec_add(m->a, &m->parts, part);
	}
}

struct spam_message *spam_message_read(struct arena *a, const struct spam_mail *mail,
				       const struct spam_view_options *o)
{
	struct spam_message *m = NEW(a, struct spam_message);
	struct str rest = mail->raw, line;

	(void)o;
	m->a = a;
	m->raw = mail->raw;
	while (str_line(&rest, &line))
		if (line.n > 1)
			line_add(m, line.p[0], str_from(line, 2));
	for (size_t i = 0; i < mail->added_count; i++)
		vec_add(a, &m->headers,
			((struct field){ mail->added[i].name, mail->added[i].value }));
	return m;
}

struct spam_header_query spam_header_query_parse(struct str text)
{
	return (struct spam_header_query){ .name = text };
}

bool spam_header_text(struct spam_message *m, const struct spam_header_query *q, struct str *out)
{
	bool found = false;

	*out = STR("");
	for (size_t i = 0; i < m->headers.n; i++)
		if (str_ieq(m->headers.p[i].name, q->name)) {
			*out = str_cat(m->a, *out, m->headers.p[i].value);
			found = true;
		}
	return found;
}

struct spam_texts spam_body(struct spam_message *m)
{
	return (struct spam_texts){ m->body.p, m->body.n };
}

struct spam_texts spam_uris(struct spam_message *m)
{
	return (struct spam_texts){ m->uris.p, m->uris.n };
}

struct spam_texts spam_rawbody(struct spam_message *m)
{
	return (struct spam_texts){ m->raw_body.p, m->raw_body.n };
}

struct str spam_full(const struct spam_message *m)
{
	return m->raw;
}

const struct spam_part *const *spam_parts(struct spam_message *m, size_t *n)
{
	*n = m->parts.n;
	return m->parts.p;
}

bool spam_part_header(struct spam_message *m, const struct spam_part *part, struct str name,
		      bool raw, struct str *out)
{
	(void)m;
	(void)raw;
	if (!str_ieq(name, part->name))
		return false;
	*out = part->type;
	return true;
}

struct test_conf {
	bool enabled;
};

struct test_mail {
	unsigned calls;
};

static int test_value_prepare(struct spam_conf *c, void *conf, struct eval_args *args,
			      struct err *e)
{
	int64_t *n = NEW(c->keep, int64_t);

	(void)conf;
	if (args->n != 1 || !str_int(args->v[0], 0, 100, n))
		return err_set(e, ERR_INVALID, "test_value wants a number");
	args->prepared = n;
	return 0;
}

static unsigned test_value(struct eval_run *r, const struct eval_args *args)
{
	const struct test_conf *conf = r->conf;

	((struct test_mail *)r->mail)->calls++;
	r->found = args->v[0];
	return conf->enabled ? (unsigned)*(const int64_t *)args->prepared : 0;
}

static unsigned test_calls(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return ++((struct test_mail *)r->mail)->calls;
}

static enum conf_verdict test_setting(struct conf_parser *p, void *conf, struct str key,
				      struct str value)
{
	(void)p;
	if (!str_eq(key, STR("test_enabled")))
		return CONF_UNKNOWN;
	((struct test_conf *)conf)->enabled = str_eq(value, STR("1"));
	return value.n ? CONF_OK : CONF_MISSING;
}

static const struct eval test_evals[] = {
	{ .name = "test_value", .call = test_value, .prepare = test_value_prepare },
	{ .name = "test_calls", .call = test_calls },
	{ 0 },
};

static const struct eval_family test_family = {
	.plugin = "Test",
	.evals = test_evals,
	.conf_size = sizeof(struct test_conf),
	.mail_size = sizeof(struct test_mail),
	.setting = test_setting,
};

const struct eval_family *const eval_families[] = { &test_family, NULL };
