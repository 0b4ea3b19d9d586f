#include "gw/spam/emails.h"

#include "lib/uri/domains.h"

static bool is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

static bool is_atom(char c)
{
	return is_alnum(c) || (c && strchr("!#$%&'*+/=?^_`{|}~-", c));
}

static char char_at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

/* Behind the label at `at`; `at` if there is none. */
static size_t label_end(struct str s, size_t at)
{
	size_t end = at;

	while (is_alnum(char_at(s, end)) || char_at(s, end) == '-')
		end++;
	if (end == at || end - at > EMAIL_LABEL_MAX || s.p[at] == '-' || s.p[end - 1] == '-')
		return at;
	return end;
}

/* Behind the host name at `at`, 0 if there is none. */
static size_t host_end(const struct uri_domains *d, struct str s, size_t at)
{
	size_t labels = 0, end, last = at;

	for (;;) {
		end = label_end(s, at);
		if (end == at || ++labels > EMAIL_LABELS_MAX)
			return 0;
		last = at;
		at = end + 1;
		if (char_at(s, end) != '.' || !(is_alnum(char_at(s, at)) || char_at(s, at) == '-'))
			break;
	}
	return labels > 1 && uri_domains_is_tld(d, str_sub(s, last, end - last)) ? end : 0;
}

/* Where an address whose @ is at `at` may begin, leftmost; SIZE_MAX if nowhere from `from` on. */
static size_t local_start(struct str s, size_t from, size_t at)
{
	size_t best = SIZE_MAX, i = at;

	while (i > 0 && at - i < EMAIL_LOCAL_MAX && is_atom(s.p[i - 1])) {
		while (i > 0 && at - i < EMAIL_LOCAL_MAX && is_atom(s.p[i - 1]))
			i--;
		if (i < from)
			break;
		if (i == 0 || !is_atom(s.p[i - 1]))
			best = i;
		if (i == 0 || s.p[i - 1] != '.')
			break;
		i--;
	}
	return best;
}

bool email_find(const struct uri_domains *d, struct str text, size_t from, struct email *out)
{
	ptrdiff_t found;

	for (size_t i = from; (found = str_chr(str_from(text, i), '@')) >= 0;
	     i += (size_t)found + 1) {
		out->at = i + (size_t)found;
		out->from = local_start(text, from, out->at);
		if (out->from == SIZE_MAX)
			continue;
		out->to = host_end(d, text, out->at + 1);
		if (out->to)
			return true;
	}
	return false;
}

bool email_shorten(struct str text, struct email *e)
{
	ptrdiff_t dot = str_chr(str_sub(text, e->from, e->at - e->from), '.');

	if (dot < 0)
		return false;
	e->from += (size_t)dot + 1;
	return true;
}
