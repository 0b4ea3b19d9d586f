#include "gw/rules/lists.h"

#include "base/map.h"

struct senders {
	struct str p[LISTS_SENDERS_MAX];
	size_t n;
};

static void add(struct senders *s, struct str address)
{
	if (address.n && s->n < LISTS_SENDERS_MAX)
		s->p[s->n++] = address;
}

static void add_resent(struct arena *a, struct senders *s, struct str value)
{
	struct mime_addresses list = mime_address_list(a, value);

	for (size_t i = 0; i < list.n; i++)
		add(s, list.p[i].addr);
}

/* Everybody the mail may be said to come from. */
static void find_senders(struct arena *a, const struct scan *sc, struct senders *s)
{
	static const struct str fields[] = { STR_INIT("From"), STR_INIT("Envelope-Sender"),
					     STR_INIT("Resent-Sender"),
					     STR_INIT("X-Envelope-From"),
					     STR_INIT("EnvelopeFrom") };
	const struct mime_header *h = mime_find(sc->mime, STR("Resent-From"));

	add(s, sc->env->sender);
	if (h && str_trim(h->value).n) {
		add_resent(a, s, h->value);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		h = mime_find(sc->mime, fields[i]);
		if (h)
			add(s, mime_address_first(a, h->value));
	}
}

/* `*` stands for any run, `?` for one byte; ASCII case does not matter. */
static bool glob(struct str pattern, struct str s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, resume = 0;

	while (k < s.n) {
		if (i < pattern.n && pattern.p[i] == '*') {
			star = i++;
			resume = k;
		} else if (i < pattern.n &&
			   (pattern.p[i] == '?' ||
			    ascii_lower(pattern.p[i]) == ascii_lower(s.p[k]))) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++resume;
		} else {
			return false;
		}
	}
	while (i < pattern.n && pattern.p[i] == '*')
		i++;
	return i == pattern.n;
}

/* Entries that could never have been stored are skipped (database.md §6). */
static bool is_entry(struct str s)
{
	ptrdiff_t at = str_chr(s, '@');

	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_blank(s.p[i]) || s.p[i] == '\\')
			return false;
	return s.n && (at < 0 || str_chr(str_from(s, (size_t)at + 1), '@') < 0);
}

bool lists_match(struct str list, const struct str *senders, size_t n)
{
	struct str rest = str_sub(list, 0, RULES_LIST_MAX);

	while (rest.n) {
		struct str entry = str_trim(str_cut(&rest, ','));

		if (!is_entry(entry))
			continue;
		for (size_t i = 0; i < n; i++)
			if (glob(entry, senders[i]))
				return true;
	}
	return false;
}

static uint8_t classify(const struct rules_lists *l, const struct senders *s)
{
	unsigned listed = 0;

	if (lists_match(l->white, s->p, s->n))
		listed |= LISTED_WHITE;
	if (lists_match(l->black, s->p, s->n))
		listed |= LISTED_BLACK;
	return (uint8_t)listed;
}

int lists_read(struct arena *a, const struct rules_mail *m, const uint8_t **out, struct err *e)
{
	const struct smtp_envelope *env = m->scan->env;
	size_t n = 0, *user = NEW_N(a, size_t, env->n_rcpt);
	struct str *pmail = NEW_N(a, struct str, env->n_rcpt);
	uint8_t *listed = NEW_N(a, uint8_t, env->n_rcpt), *by_user;
	struct rules_lists *lists;
	struct senders senders = { .n = 0 };
	struct map seen;

	map_init(&seen, a);
	for (size_t i = 0; i < env->n_rcpt; i++) {
		size_t *known = map_get(&seen, m->pmail[i]);

		if (!known) {
			pmail[n] = m->pmail[i];
			user[i] = n++;
			map_set(&seen, m->pmail[i], &user[i]);
			continue;
		}
		user[i] = *known;
	}
	lists = NEW_N(a, struct rules_lists, n);
	if (m->lists(m->lists_arg, a, pmail, n, lists, e) < 0)
		return -1;
	find_senders(a, m->scan, &senders);
	by_user = NEW_N(a, uint8_t, n);
	for (size_t i = 0; i < n; i++)
		by_user[i] = classify(&lists[i], &senders);
	for (size_t i = 0; i < env->n_rcpt; i++)
		listed[i] = by_user[user[i]];
	*out = listed;
	return 0;
}
