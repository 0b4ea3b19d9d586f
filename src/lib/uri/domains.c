#include "lib/uri/domains.h"

#include "base/map.h"

enum { LABELS_MAX = 128, NAME_MAX_OCTETS = 253, LABEL_MAX = 63, TABLES = 3 };

struct uri_domains {
	struct arena *a;
	struct map table[TABLES]; /* by number of labels - 1; the values only mean "is there" */
};

static const char STATES[] =
	"ak al ar az ca co ct dc de fl ga gu hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd "
	"ne nh nj nm nv ny oh ok or pa pr ri sc sd tn tx ut va vi vt wa wi wv wy";

struct uri_domains *uri_domains_new(struct arena *a)
{
	struct uri_domains *d = NEW(a, struct uri_domains);

	d->a = a;
	uri_domains_clear(d);
	return d;
}

void uri_domains_clear(struct uri_domains *d)
{
	for (int i = 0; i < TABLES; i++)
		map_init(&d->table[i], d->a);
}

static size_t count_dots(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '.';
	return n;
}

void uri_domains_add(struct uri_domains *d, struct str name)
{
	size_t dots = count_dots(name);

	if (name.n && dots < TABLES)
		map_set(&d->table[dots], str_lower(d->a, name), d);
}

/* `name` in any case, at most a DNS name long: no table holds a longer one. */
static bool table_has(const struct uri_domains *d, int labels, struct str name)
{
	char lower[NAME_MAX_OCTETS];

	if (name.n > sizeof(lower))
		return false;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	return map_get(&d->table[labels - 1], (struct str){ lower, name.n });
}

bool uri_domains_is_tld(const struct uri_domains *d, struct str label)
{
	return table_has(d, 1, label);
}

bool uri_domains_has_tld(const struct uri_domains *d, struct str host)
{
	ptrdiff_t dot = str_rchr(host, '.');

	return dot >= 0 && uri_domains_is_tld(d, str_from(host, (size_t)dot + 1));
}

static bool is_state(struct str label)
{
	ptrdiff_t at = label.n == 2 ? str_find(str_of(STATES), label) : -1;

	return at >= 0 && at % 3 == 0;
}

/* RFC 1480: names below `us` are registered under places, which are under states. */
static bool us_delegates(const struct str *label, size_t n)
{
	if (n == 3)
		return is_state(label[1]);
	if (n != 4 || !is_state(label[2]))
		return false;
	return str_eq(label[0], STR("co")) || str_eq(label[0], STR("ci")) ||
	       (str_eq(label[0], STR("pvt")) && str_eq(label[1], STR("k12")));
}

/* Are names registered directly below `name`, which has the `n` labels given? */
static bool delegates(const struct uri_domains *d, const struct str *label, size_t n,
		      struct str name)
{
	if (n == 2)
		return table_has(d, 2, name);
	if (n > 2 && str_eq(label[n - 1], STR("us")))
		return us_delegates(label, n);
	return n == 3 && table_has(d, 3, name);
}

/* Copies without empty labels and in lower case. */
static struct str tidy(struct arena *a, struct str host)
{
	char *p = arena_alloc(a, host.n);
	size_t n = 0;

	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] != '.' || (n && p[n - 1] != '.'))
			p[n++] = ascii_lower(host.p[i]);
	while (n && p[n - 1] == '.')
		n--;
	return (struct str){ p, n };
}

struct str uri_domains_registered(struct arena *a, const struct uri_domains *d, struct str host)
{
	struct str name = tidy(a, host), rest = name, label[LABELS_MAX];
	size_t n = 0, first = 0;

	/* Only the last labels count; a name with more than 128 of them is longer than DNS allows.
	 */
	while (n < LABELS_MAX && rest.p)
		label[n++] = str_cut(&rest, '.');
	if (rest.p)
		return name;
	while (n - first > 1) {
		struct str tail = str_from(name, (size_t)(label[first].p - name.p));

		if (delegates(d, label + first, n - first, tail))
			break;
		first++;
	}
	if (first > 0)
		first--;
	return str_from(name, (size_t)(label[first].p - name.p));
}

static bool is_label(struct str s, bool underscore)
{
	if (s.n < 1 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '-' &&
		    (c != '_' || !underscore))
			return false;
	}
	return true;
}

bool uri_host_is_fqdn(struct str host)
{
	size_t left;

	while (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n > NAME_MAX_OCTETS)
		return false;
	left = count_dots(host) + 1;
	if (left < 2)
		return false;
	for (; left > 0; left--)
		if (!is_label(str_cut(&host, '.'), left > 2))
			return false;
	return true;
}
