/* askdns: what the DNS says of a name that is put together from facts about the mail. */
#include "gw/spam/eval_table.h"
#include "gw/spam/lists.h"
#include "gw/spam/tags.h"

enum {
	TYPES_MAX = 16, /* in one rule */
	NAMES_MAX = 20, /* that one rule asks for one mail */
	TAGS_MAX = 4,   /* in one template */
	CODES_MAX = 32, /* what an answer can have, and some more */
};

/* `NAME TYPE,… [subtest]` */
struct askdns {
	struct str template;
	enum dns_type types[TYPES_MAX];
	size_t n_types;
	enum { ANY, NUMBER, TEXT, PATTERN, CODE } op;
	struct list_test number;
	struct str text;
	const struct re *re;
	unsigned codes; /* bits by the answer's RCODE */
};

struct names {
	struct str v[NAMES_MAX];
	size_t n;
};

/* Each way to fill in the tags; false while one is not known. */
static bool fill(struct eval_run *r, struct str text, int depth, struct names *out)
{
	struct spam_texts values;
	struct str name;
	size_t at;

	if (depth == TAGS_MAX || !tag_find(text, &at, &name)) {
		if (out->n < NAMES_MAX)
			out->v[out->n++] = text;
		return true;
	}
	if (!tag_values(r, name, &values))
		return false;
	for (size_t i = 0; i < values.n; i++) {
		struct str rest = str_from(text, at + name.n + 2);
		struct str filled = str_fmt(r->a, "%.*s%.*s%.*s", STR_ARG(str_sub(text, 0, at)),
					    STR_ARG(values.v[i]), STR_ARG(rest));

		if (!fill(r, filled, depth + 1, out))
			return false;
	}
	return true;
}

static struct str text_of(struct eval_run *r, const struct dns_record *rec)
{
	return rec->addr.family ? cidr_addr_text(r->a, &rec->addr) : rec->text;
}

static bool matches(struct eval_run *r, const struct askdns *ask, const struct dns_record *rec,
		    enum dns_type type)
{
	switch (ask->op) {
	case ANY:
		return true;
	case NUMBER:
		return type == DNS_A && list_test_matches(r->a, rec, type, &ask->number);
	case TEXT:
		return str_eq(text_of(r, rec), ask->text);
	case PATTERN:
		return re_match(ask->re, text_of(r, rec)) == RE_MATCH;
	case CODE:
		break;
	}
	return false;
}

/* Whether somebody has answered, be it with an error. */
static bool has_code(const struct dns_question *q)
{
	return dns_is_known(q) ? q->status != DNS_BADNAME
			       : q->status == DNS_SERVFAIL || q->status == DNS_REFUSED;
}

static unsigned hits(struct eval_run *r, const struct askdns *ask, const struct dns_question *q)
{
	if (q->status == DNS_PENDING)
		return EVAL_PENDING;
	if (ask->op == CODE)
		return has_code(q) && (ask->codes >> q->rcode) & 1;
	for (size_t i = 0; q->status == DNS_OK && i < q->n; i++)
		if (matches(r, ask, &q->records[i], q->type))
			return 1;
	return 0;
}

static unsigned askdns(struct eval_run *r, const struct eval_args *args)
{
	const struct askdns *ask = args->prepared;
	struct names names = { .n = 0 };
	bool pending = false;

	if (!fill(r, ask->template, 0, &names))
		return EVAL_PENDING;
	for (size_t i = 0; i < names.n; i++)
		for (size_t t = 0; t < ask->n_types; t++) {
			unsigned n = hits(r, ask, dns_ask(r->dns, names.v[i], ask->types[t]));

			pending |= n == EVAL_PENDING;
			if (n && n != EVAL_PENDING)
				return 1;
		}
	return pending ? EVAL_PENDING : 0;
}

static void start(struct eval_run *r, const struct eval_args *args)
{
	askdns(r, args);
}

static int add_type(struct askdns *ask, struct str word, struct err *e)
{
	if (ask->n_types == TYPES_MAX)
		return err_set(e, ERR_LIMIT, "askdns: more than %d types of records", TYPES_MAX);
	if (str_ieq(word, STR("ANY")))
		return err_set(e, ERR_INVALID, "askdns: servers answer ANY no more (RFC 8482); "
					       "name the types of records");
	if (!dns_type_parse(word, &ask->types[ask->n_types]))
		return err_set(e, ERR_INVALID, "askdns: no type of record: %.*s", STR_ARG(word));
	ask->n_types++;
	return 0;
}

/* "NXDOMAIN" or "3" */
static bool code_parse(struct str word, int64_t *code)
{
	/* By number (RFC 1035, 4.1.1; RFC 2136, 2.2). */
	static const char *const names[] = {
		"NOERROR",  "FORMERR",  "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
		"YXDOMAIN", "YXRRSET",  "NXRRSET",  "NOTAUTH",  "NOTZONE",
	};

	for (*code = 0; *code < (int64_t)ARRAY_LEN(names); ++*code)
		if (str_ieq(word, str_of(names[*code])))
			return true;
	return str_int(word, 0, CODES_MAX - 1, code);
}

/* NXDOMAIN,SERVFAIL,4 */
static bool codes_parse(struct str list, unsigned *bits)
{
	int64_t code;

	do {
		if (!code_parse(str_cut(&list, ','), &code))
			return false;
		*bits |= 1u << code;
	} while (list.p);
	return true;
}

static bool is_quoted(struct str s)
{
	return s.n >= 2 && strchr("\"'", s.p[0]) && s.p[s.n - 1] == s.p[0];
}

static int subtest(struct spam_conf *c, struct str text, struct askdns *ask, struct err *e)
{
	struct str pattern;
	struct re *re;

	if (text.n == 0)
		return 0;
	if (is_quoted(text)) {
		ask->op = TEXT;
		ask->text = str_copy(c->keep, str_sub(text, 1, text.n - 2));
	} else if (text.p[0] == '/' || (text.p[0] == 'm' && text.n > 1)) {
		ask->op = PATTERN;
		if (conf_pattern(c, text, &pattern, &re, e) < 0)
			return -1;
		ask->re = re;
	} else if (text.p[0] == '[' && str_ends(text, STR("]"))) {
		ask->op = CODE;
		if (!codes_parse(str_sub(text, 1, text.n - 2), &ask->codes))
			return err_set(e, ERR_INVALID, "unknown answer code");
	} else {
		ask->op = NUMBER;
		if (!list_test_parse(c->tmp, text, &ask->number))
			return err_set(e, ERR_INVALID, "subtest is not understood");
	}
	return 0;
}

/* A tag that there is not would never be filled in. */
static bool has_unknown_tag(const struct spam_conf *c, struct str text)
{
	struct str name;
	size_t at;

	while (tag_find(text, &at, &name)) {
		if (!tag_exists(c, name))
			return true;
		text = str_from(text, at + name.n + 1);
	}
	return false;
}

static int prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct askdns *ask = NEW(c->keep, struct askdns);
	struct str rest = args->n ? args->v[0] : STR(""), word = STR(""), types = STR("A");

	(void)conf;
	if (!str_word(&rest, &word))
		return err_set(e, ERR_INVALID, "askdns without a name");
	ask->template = word;
	if (has_unknown_tag(c, word))
		return err_set(e, ERR_INVALID, "askdns: a tag of %.*s is not known", STR_ARG(word));
	if (str_word(&rest, &word))
		types = word;
	while (types.n)
		if (add_type(ask, str_cut(&types, ','), e) < 0)
			return -1;
	args->prepared = ask;
	return subtest(c, str_trim(rest), ask, e);
}

static const struct eval evals[] = {
	{ .name = "askdns", .call = askdns, .start = start, .prepare = prepare },
	{ 0 },
};

const struct eval_family eval_askdns = {
	.plugin = "AskDNS",
	.evals = evals,
};
