/* VBounce: did the mail that came back really go out through our own servers? */
#include "base/buf.h"
#include "gw/spam/addr_list.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"

enum { RELAYS_MAX = 10000, LINE_MAX_BYTES = 65536 /* of an unfolded line */ };

enum { RE_RECEIVED, RE_HOST, RES };

static const char *const patterns[RES] = {
	[RE_RECEIVED] = "(?i)^[> ]*Received:",
	[RE_HOST] = " (\\S+\\.\\S+) ",
};

struct bounce_conf {
	struct addr_list relays;
	struct re *re[RES];
};

static void conf_init(struct spam_conf *c, void *conf)
{
	struct bounce_conf *b = conf;

	addr_list_init(&b->relays, c->keep);
	eval_patterns(c, patterns, RES, b->re);
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct bounce_conf *b = conf;
	struct str word;

	if (!str_eq(eval_current_word(p->conf->tmp, key), STR("welcomelist_bounce_relays")))
		return CONF_UNKNOWN;
	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		if (b->relays.entries.n < RELAYS_MAX)
			addr_list_add(&b->relays, word);
	return CONF_OK;
}

static unsigned have_any_relays(struct eval_run *r, const struct eval_args *args)
{
	const struct bounce_conf *b = r->conf;

	(void)args;
	return b->relays.entries.n > 0;
}

/* Does a Received line, perhaps quoted, name one of our relays? */
static bool names_relay(struct eval_run *r, struct str line)
{
	const struct bounce_conf *b = r->conf;
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };

	if (re_match(b->re[RE_RECEIVED], line) != RE_MATCH)
		return false;
	while (re_next(b->re[RE_HOST], line, &walk) == RE_MATCH)
		if (addr_list_has(&b->relays, str_lower(r->a, re_group(&caps, line, 1))))
			return true;
	return false;
}

/* The next line with a Received: in it and those that continue it, joined by spaces. */
static bool next_received(struct arena *a, struct str *rest, struct str *out)
{
	ptrdiff_t at = str_ifind(*rest, STR("Received:")), start;
	struct str more;
	struct buf b;

	if (at < 0)
		return false;
	start = str_rchr(str_sub(*rest, 0, (size_t)at), '\n') + 1;
	*rest = str_from(*rest, (size_t)start);
	str_line(rest, out);
	if (rest->n == 0 || !ascii_is_blank(rest->p[0]))
		return true;
	buf_init(&b, a, LINE_MAX_BYTES);
	buf_add(&b, *out);
	while (rest->n && memchr(" \t", rest->p[0], 2) && str_line(rest, &more)) {
		buf_addc(&b, ' ');
		buf_add(&b, str_ltrim(more));
	}
	*out = buf_str(&b);
	return true;
}

/* check_welcomelist_bounce_relays(): in the text, or anywhere in the body as it came. */
static unsigned welcome_relays(struct eval_run *r, const struct eval_args *args)
{
	const struct bounce_conf *b = r->conf;
	struct spam_texts body;
	struct str rest, line;

	(void)args;
	if (b->relays.entries.n == 0)
		return 0;
	body = spam_body(r->m);
	for (size_t i = 0; i < body.n; i++)
		if (names_relay(r, body.v[i]))
			return 1;
	rest = spam_pristine_body(r->m);
	while (next_received(r->a, &rest, &line))
		if (names_relay(r, line))
			return 1;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "have_any_bounce_relays", .call = have_any_relays },
	{ .name = "check_welcomelist_bounce_relays", .call = welcome_relays },
	{ .name = "check_whitelist_bounce_relays", .call = welcome_relays },
	{ 0 },
};

const struct eval_family eval_bounce = {
	.plugin = "VBounce",
	.evals = evals,
	.conf_size = sizeof(struct bounce_conf),
	.conf_init = conf_init,
	.setting = setting,
};
