/* What a header's text looks like: capitals, octets, templates that were never filled in. */
#include "base/map.h"
#include "base/utf8.h"
#include "gw/spam/eval_header.h"
#include "gw/spam/locale.h"

static bool is_illegal(unsigned char c)
{
	return c >= 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r');
}

/* Octets that no header may have, unless all of it is UTF-8 (RFC 6532). */
static size_t illegal_count(struct str s)
{
	bool utf8 = utf8_valid(s);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		n += is_illegal(c) && !(utf8 && c >= 0x80);
	}
	return n;
}

/* One sign for cent, pound or registered in Latin-1 does not count in a subject. */
static size_t exempt_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += memchr("\xa2\xa3\xae", s.p[i], 3) != NULL;
	return n == 1;
}

/* check_illegal_chars(HEADER, RATIO, COUNT): at least so many, and such a part of the value. */
unsigned header_illegal_chars(struct eval_run *r, const struct eval_args *args)
{
	struct str name = eval_arg(args, 0), text;
	size_t n;

	if (!str_ends(name, STR(":raw")))
		name = str_cat(r->a, name, STR(":raw"));
	text = eval_header(r, str_z(r->a, name));
	if (text.n == 0)
		return 0;
	n = illegal_count(text);
	if (n && str_ieq(name, STR("Subject:raw")))
		n -= exempt_count(text);
	return n > 0 && (double)n / (double)text.n >= eval_arg_number(r, args, 1, 0) &&
	       (double)n >= eval_arg_number(r, args, 2, 0);
}

/* Charsets whose octets, undecoded, look like capitals. */
static bool looks_capital_anyway(struct eval_run *r)
{
	return header_is(r, HEADER_CAPS_CHARSET, eval_header(r, "Subject:raw"));
}

/* subject_is_all_caps(): ten octets and two words at least. */
unsigned header_subject_caps(struct eval_run *r, const struct eval_args *args)
{
	const struct header_conf *c = r->conf;
	struct str s = str_trim(eval_header(r, "Subject"));
	struct re_caps caps;
	size_t letters = 0;
	bool words = false;

	(void)args;
	if (re_search(c->re[HEADER_CAPS_PREFIX], s, 0, &caps) == RE_MATCH)
		s = str_from(s, caps.group[0].to);
	for (size_t i = 0; i < s.n; i++) {
		words |= ascii_is_blank(s.p[i]);
		letters += ascii_is_alpha(s.p[i]);
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return 0;
	}
	return words && s.n >= 10 && letters && !looks_capital_anyway(r);
}

/* check_unresolved_template(): %NAME where somebody's name should be. */
unsigned header_template(struct eval_run *r, const struct eval_args *args)
{
	struct spam_header_query q = { STR("ALL"), 0 };
	struct spam_texts lines = spam_header(r->m, &q);

	(void)args;
	for (size_t i = 0; i < lines.n; i++)
		if (str_chr(lines.v[i], '%') >= 0 && header_is(r, HEADER_TEMPLATE, lines.v[i]) &&
		    !header_is(r, HEADER_TEMPLATE_OK, lines.v[i]))
			return 1;
	return 0;
}

/* check_header_count_range(HEADER, MIN, MAX): how many different values a header has. */
unsigned header_count(struct eval_run *r, const struct eval_args *args)
{
	struct spam_header_query q = { eval_arg(args, 0), 0 };
	struct spam_texts values = spam_header(r->m, &q);
	struct map seen;

	map_init(&seen, r->a);
	for (size_t i = 0; i < values.n; i++)
		map_set(&seen, values.v[i], r);
	return (double)seen.n >= eval_arg_number(r, args, 1, 0) &&
	       (double)seen.n <= eval_arg_number(r, args, 2, 0);
}

/* check_ratware_name_id(): a Message-Id made of capitals and the sender's own address. */
unsigned header_name_id(struct eval_run *r, const struct eval_args *args)
{
	const struct header_conf *c = r->conf;
	struct str id = eval_header(r, "MESSAGEID"), from = eval_header(r, "From"), addr, rest;
	struct re_caps caps;
	ptrdiff_t at;

	(void)args;
	if (re_search(c->re[HEADER_NAME_ID], id, 0, &caps) != RE_MATCH)
		return 0;
	addr = str_fmt(r->a, "<%.*s>", STR_ARG(re_group(&caps, id, 1)));
	for (size_t i = 0; (at = str_find(str_from(from, i), addr)) >= 0; i += (size_t)at + 1) {
		rest = str_rtrim(str_sub(from, 0, i + (size_t)at));
		if (str_ends(rest, STR("\"")) && rest.n > 2 && rest.p[rest.n - 2] != '"' &&
		    str_chr(str_sub(rest, 0, rest.n - 2), '"') >= 0)
			return 1;
	}
	return 0;
}

static bool is_faraway(struct eval_run *r, const char *header)
{
	const struct header_conf *c = r->conf;
	struct str value = eval_header(r, header);
	struct re_caps caps;
	struct re_walk walk = { .caps = &caps };

	while (re_next(c->re[HEADER_CHARSET], value, &walk) == RE_MATCH)
		if (!spam_charset_expected(r->a, re_group(&caps, value, 1), r->view->locales))
			return true;
	return false;
}

/* check_for_faraway_charset_in_headers(): of an encoded word, against ok_locales. */
unsigned header_faraway(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return r->view->locales.n && (is_faraway(r, "Subject:raw") || is_faraway(r, "From:raw"));
}
