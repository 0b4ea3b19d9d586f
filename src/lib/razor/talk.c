#include "lib/razor/razor_int.h"

/* What stands for the value of a key that the lines below the first give. */
#define PLACEHOLDER "?"

enum { AT_GREETING, AT_STATE, AT_ANSWERS, AT_SERVERS };

static enum razor_step fault(struct razor_talk *t, const char *why)
{
	t->fault = why;
	t->out = STR_NONE;
	return RAZOR_FAULT;
}

static void say(struct razor_talk *t, struct str line)
{
	t->out = str_cat(t->a, t->out, line);
}

static enum razor_step over(struct razor_talk *t)
{
	say(t, STR("a=q\r\n"));
	return RAZOR_OVER;
}

static void begin(struct razor_talk *t, struct arena *a)
{
	*t = (struct razor_talk){ .a = a, .at = AT_GREETING };
	buf_init(&t->in, a, RAZOR_ANSWER_MAX);
}

void razor_talk_check(struct razor_talk *t, struct arena *a, const struct razor_parts *parts,
		      const struct razor_server *server)
{
	begin(t, a);
	t->parts = parts;
	t->server = *server;
}

void razor_talk_discover(struct razor_talk *t, struct arena *a)
{
	begin(t, a);
}

/*
 * One or more records. Either each is a line of its own, or the first line is a pattern whose
 * placeholders are filled in by the lines below it, in order, with commas between.
 */
struct records {
	struct arena *a;
	VEC(struct str) lines;
	struct str pattern; /* or empty */
};

static struct records records_of(struct arena *a, struct str text)
{
	struct records r = { .a = a };
	bool many = str_starts(text, STR("-"));
	struct str line;

	text = str_from(text, many);
	while (str_line(&text, &line))
		if (line.n && !(many && str_eq(line, STR("."))))
			vec_add(a, &r.lines, line);
	if (many && r.lines.n && str_find(r.lines.p[0], STR(PLACEHOLDER)) >= 0) {
		r.pattern = r.lines.p[0];
		r.lines.p++;
		r.lines.n--;
	}
	return r;
}

/* The line's value for the placeholder of `key`; n = 0 if there is none. */
static struct str filled_in(struct str pattern, struct str line, const char *key)
{
	while (pattern.n) {
		struct str value = str_cut(&pattern, '&'), name = str_cut(&value, '='), next;

		if (!str_eq(value, STR(PLACEHOLDER)))
			continue;
		next = str_cut(&line, ',');
		if (str_eq(name, str_of(key)))
			return next;
	}
	return STR_NONE;
}

static bool field(const struct records *r, size_t i, const char *key, struct str *out)
{
	if (r->pattern.n == 0)
		return razor_value(r->a, r->lines.p[i], key, out);
	if (!razor_value(r->a, r->pattern, key, out))
		return false;
	if (str_eq(*out, STR(PLACEHOLDER)))
		*out = filled_in(r->pattern, r->lines.p[i], key);
	return true;
}

/* A list of records is complete with its dot, a single one with its line end. */
static bool is_complete(struct str in)
{
	if (!str_starts(in, STR("-")))
		return str_ends(in, STR("\n"));
	return str_ends(in, STR("\n.\r\n")) || str_ends(in, STR("\n.\n"));
}

static struct str question(struct razor_talk *t, const struct razor_signature *s)
{
	if (s->engine == RAZOR_TEXT)
		return str_fmt(t->a, "a=c&e=%d&ep4=%.*s&s=%.*s\r\n", s->engine,
			       STR_ARG(t->server.ep4), STR_ARG(s->text));
	return str_fmt(t->a, "a=c&e=%d&s=%.*s\r\n", s->engine, STR_ARG(s->text));
}

static enum razor_step ask(struct razor_talk *t)
{
	size_t left = t->signatures.v.n - t->asked;

	t->at = AT_ANSWERS;
	t->batch = left < (size_t)t->server.batch ? left : (size_t)t->server.batch;
	if (t->batch == 0)
		return over(t);
	if (t->batch > 1)
		say(t, STR("-"));
	for (size_t i = 0; i < t->batch; i++)
		say(t, question(t, &t->signatures.v.p[t->asked + i]));
	if (t->batch > 1)
		say(t, STR(".\r\n"));
	return RAZOR_TALKING;
}

static enum razor_step begin_asking(struct razor_talk *t)
{
	t->signatures = razor_sign(t->a, t->parts, &t->server);
	return ask(t);
}

static enum razor_step greeting(struct razor_talk *t, const struct records *r)
{
	struct str sn, value = STR("");
	int64_t srl = 0;

	if (r->lines.n != 1 || !field(r, 0, "sn", &sn) || sn.n == 0)
		return fault(t, "no greeting of a Razor server");
	if (!t->parts) {
		t->at = AT_SERVERS;
		say(t, STR("a=g&pm=csl\r\n"));
		return RAZOR_TALKING;
	}
	if (field(r, 0, "a", &value) && str_eq(value, STR("cg")))
		say(t, STR("cn=razor-agents&cv=2.84\r\n"));
	if (field(r, 0, "ep4", &value))
		razor_server_set(t->a, &t->server, STR("ep4"), value);
	if (field(r, 0, "srl", &value) && !str_int(value, 0, INT32_MAX, &srl))
		return fault(t, "a greeting with a wrong srl");
	if (srl <= t->server.srl)
		return begin_asking(t);
	t->server.srl = srl;
	t->at = AT_STATE;
	say(t, STR("a=g&pm=state\r\n"));
	return RAZOR_TALKING;
}

static enum razor_step state(struct razor_talk *t, const struct records *r)
{
	static const char *const keys[] = { "ac", "bql", "ep4", "se" };
	struct str value;

	for (size_t i = 0; i < r->lines.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			if (field(r, i, keys[k], &value))
				razor_server_set(t->a, &t->server, str_of(keys[k]), value);
	t->learnt = true;
	return begin_asking(t);
}

static void answer(struct razor_signature *s, const struct records *r, size_t i)
{
	struct str value;

	if (field(r, i, "err", &value))
		return;
	s->known = field(r, i, "p", &value) && str_eq(value, STR("1"));
	s->contested = field(r, i, "ct", &value) && value.n && !str_eq(value, STR("0"));
	s->rated = field(r, i, "cf", &value) && str_int(value, 0, 100, &s->confidence);
}

static enum razor_step answers(struct razor_talk *t, const struct records *r)
{
	if (r->lines.n != t->batch)
		return fault(t, "not as many answers as questions");
	for (size_t i = 0; i < t->batch; i++)
		answer(&t->signatures.v.p[t->asked + i], r, i);
	t->asked += t->batch;
	return ask(t);
}

static enum razor_step servers(struct razor_talk *t, const struct records *r)
{
	struct str server;

	for (size_t i = 0; i < r->lines.n && t->servers.n < RAZOR_SERVERS_MAX; i++)
		if (field(r, i, "csl", &server) && server.n)
			vec_add(t->a, &t->servers, server);
	return t->servers.n ? over(t) : fault(t, "no list of servers");
}

enum razor_step razor_talk_read(struct razor_talk *t, struct str bytes)
{
	static enum razor_step (*const steps[])(struct razor_talk *, const struct records *) = {
		[AT_GREETING] = greeting,
		[AT_STATE] = state,
		[AT_ANSWERS] = answers,
		[AT_SERVERS] = servers,
	};
	struct records r;

	t->out = STR_NONE;
	buf_add(&t->in, bytes);
	if (t->in.failed)
		return fault(t, "more than anybody has asked for");
	if (!is_complete(buf_str(&t->in)))
		return RAZOR_TALKING;
	r = records_of(t->a, str_copy(t->a, buf_str(&t->in)));
	t->in.n = 0;
	return steps[t->at](t, &r);
}
