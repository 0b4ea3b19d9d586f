/* URIDetail: uri_detail NAME key =~ /re/ key !~ /re/ … about one URI. */
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"

enum key { KEY_RAW, KEY_TYPE, KEY_CLEANED, KEY_TEXT, KEY_DOMAIN, KEY_HOST, KEYS };

static const char *const keys[KEYS] = {
	[KEY_RAW] = "raw",   [KEY_TYPE] = "type",     [KEY_CLEANED] = "cleaned",
	[KEY_TEXT] = "text", [KEY_DOMAIN] = "domain", [KEY_HOST] = "host",
};

struct test {
	bool negated;
	const struct re *re; /* NULL: the key is not asked for */
};

/* Of several tests of one key the last counts. */
struct detail {
	struct test tests[KEYS];
};

struct detail_conf {
	struct re *test; /* one test in a directive; what stands between tests is ignored */
};

static void conf_init(struct spam_conf *c, void *conf)
{
	static const char *const pattern =
		"\\b(\\w+)\\b\\s*([=!])~\\s*((?:/.*?/|m(\\W).*?\\4)[imsx]*)(?=\\s|$)";

	eval_patterns(c, &pattern, 1, &((struct detail_conf *)conf)->test);
}

static int key_find(struct str word)
{
	for (int i = 0; i < KEYS; i++)
		if (str_eq(word, str_of(keys[i])))
			return i;
	return -1;
}

static int prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct detail *d = NEW(c->keep, struct detail);
	const struct detail_conf *dc = conf;
	struct str all = eval_arg(args, 0), text;
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };
	struct re *re;

	while (re_next(dc->test, all, &walk) == RE_MATCH) {
		struct str word = re_group(&caps, all, 1);
		int key = key_find(word);

		if (key < 0)
			return err_set(e, ERR_INVALID, "uri_detail has no key '%.*s'",
				       STR_ARG(str_sub(word, 0, 40)));
		if (conf_pattern(c, re_group(&caps, all, 3), &text, &re, e) < 0)
			return -1;
		d->tests[key] = (struct test){ str_eq(re_group(&caps, all, 2), STR("!")), re };
		args->prepared = d;
	}
	return args->prepared ? 0 : err_set(e, ERR_INVALID, "uri_detail without a test");
}

static bool holds(const struct test *t, struct str value)
{
	return (re_match(t->re, value) == RE_MATCH) != t->negated;
}

static bool any_holds(const struct test *t, struct spam_texts values)
{
	for (size_t i = 0; i < values.n; i++)
		if (holds(t, values.v[i]))
			return true;
	return false;
}

static bool any_type_holds(const struct test *t, unsigned types)
{
	static const char *const names[] = {
		"parsed", "unlinked", "schemeless", "domainkeys", "a",      "area",    "link",
		"img",    "frame",    "iframe",     "embed",      "script", "form",    "base",
		"meta",   "body",     "table",      "tr",         "td",     "bgsound",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (types & 1u << i && holds(t, str_of(names[i])))
			return true;
	return false;
}

static bool any_host_holds(const struct test *t, const struct spam_uri *uri, bool domain)
{
	for (size_t i = 0; i < uri->host_count; i++)
		if (holds(t, domain ? uri->hosts[i].domain : uri->hosts[i].host))
			return true;
	return false;
}

/* Of a key's values one is enough. */
static bool test_holds(const struct test *t, enum key key, const struct spam_uri *uri)
{
	switch (key) {
	case KEY_RAW:
		return holds(t, uri->raw);
	case KEY_TYPE:
		return any_type_holds(t, uri->types);
	case KEY_CLEANED:
		return any_holds(t, uri->cleaned);
	case KEY_TEXT:
		return any_holds(t, uri->anchor_text);
	default:
		return any_host_holds(t, uri, key == KEY_DOMAIN);
	}
}

static bool all_hold(const struct detail *d, const struct spam_uri *uri)
{
	for (int i = 0; i < KEYS; i++)
		if (d->tests[i].re && !test_holds(&d->tests[i], (enum key)i, uri))
			return false;
	return true;
}

static unsigned uri_detail(struct eval_run *r, const struct eval_args *args)
{
	size_t n;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	for (size_t i = 0; i < n; i++)
		if (all_hold(args->prepared, &uris[i]))
			return 1;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "uri_detail", .call = uri_detail, .prepare = prepare },
	{ 0 },
};

const struct eval_family eval_uri_detail = {
	.plugin = "URIDetail",
	.evals = evals,
	.conf_size = sizeof(struct detail_conf),
	.conf_init = conf_init,
};
