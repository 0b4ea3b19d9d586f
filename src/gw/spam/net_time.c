#include "gw/spam/net_time.h"

static const struct net_time usual = { 15 * 1000, 3 * 1000 };

void net_times_conf_init(struct spam_conf *c)
{
	c->net_times = NEW(c->keep, struct net_times);
	c->net_times->any = usual;
	map_init(&c->net_times->zones, c->keep);
}

/* A word as a zone, lower case: it must end with a letter, since a time ends with a digit. */
static bool zone_of(struct conf_parser *p, struct str word, struct str *out)
{
	while (str_starts(word, STR(".")))
		word = str_from(word, 1);
	*out = str_lower(p->conf->keep, word);
	return word.n && ascii_is_alpha(word.p[word.n - 1]) && dns_name_is_valid(word);
}

static bool zone_time(struct conf_parser *p, struct str word, struct net_time time)
{
	struct map *zones = &p->conf->net_times->zones;
	struct net_time *t = NEW(p->conf->keep, struct net_time);
	struct str zone;

	if (!zone_of(p, word, &zone) || zones->n == NET_ZONES_MAX)
		return false;
	*t = time;
	map_set(zones, zone, t);
	return true;
}

enum conf_verdict net_times_setting(struct conf_parser *p, struct str value)
{
	struct net_time t;
	struct str word;

	if (!str_word(&value, &word))
		return CONF_MISSING;
	if (!conf_duration(p, word, &t.most_ms))
		return CONF_INVALID;
	t.least_ms = t.most_ms / 5;
	if (str_word(&value, &word) && conf_duration(p, word, &t.least_ms) &&
	    !str_word(&value, &word))
		word = STR_NONE;
	if (t.most_ms < t.least_ms)
		t.most_ms = t.least_ms;
	if (str_trim(value).n)
		return CONF_INVALID;
	if (word.n)
		return zone_time(p, word, t) ? CONF_OK : CONF_INVALID;
	p->conf->net_times->any = t;
	return CONF_OK;
}

const struct net_time *net_time_of(const struct net_times *t, struct str name)
{
	const struct net_time *found = NULL;

	while (t->zones.n && name.n && !found) {
		found = map_get(&t->zones, name);
		str_cut(&name, '.');
	}
	return found;
}

/* How long, if that share of the questions has been answered. */
static int64_t patience(const struct net_time *t, double share)
{
	return t->most_ms - (int64_t)((double)(t->most_ms - t->least_ms) * share * share);
}

int64_t net_times_limit(const struct net_times *t, const struct dns *d, bool talks,
			int64_t asked_at)
{
	double asked = (double)dns_asked(d), done = asked - (double)dns_pending(d);
	double share = asked > 0 ? done / asked : 1;
	const struct dns_question *q;
	int64_t longest = 0;

	if (talks || t->zones.n == 0 || asked == done)
		longest = patience(&t->any, share);
	for (size_t at = 0; t->zones.n && (q = dns_next_pending(d, &at));) {
		const struct net_time *own = net_time_of(t, q->name);
		int64_t ms = patience(own ? own : &t->any, share);

		longest = ms > longest ? ms : longest;
	}
	return asked_at + longest;
}
