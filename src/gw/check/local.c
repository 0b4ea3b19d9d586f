/* What the machine and its settings tell. */
#include "gw/check/check_int.h"

enum { DAY = 24 * 3600 };

/* Networks with shorter prefixes are a provider's. */
enum { V4_LARGE = 16, V6_LARGE = 32 };

void check_settings(struct check *c)
{
	const struct cfg_problems *p = &c->f->cfg->problems;

	for (size_t i = 0; i < p->list.n; i++) {
		struct str text = cfg_problem_text(c->a, &p->list.p[i]);

		check_fail(c, STR_NONE, "A setting has no effect: %.*s.", STR_ARG(text));
	}
}

bool check_is_private(const struct cidr_addr *addr)
{
	static const struct str nets[] = {
		STR_INIT("10.0.0.0/8"),     STR_INIT("172.16.0.0/12"), STR_INIT("192.168.0.0/16"),
		STR_INIT("100.64.0.0/10"),  STR_INIT("127.0.0.0/8"),   STR_INIT("169.254.0.0/16"),
		STR_INIT("fc00::/7"),       STR_INIT("fe80::/10"),     STR_INIT("::1/128"),
	};
	struct cidr net;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		if (cidr_parse(nets[i], &net, &e) == 0 && cidr_contains(&net, addr))
			return true;
	return false;
}

/* Whoever is in these networks may send to everybody; gw/cfg takes none that nobody owns. */
static void check_network(struct check *c, struct str text)
{
	struct cidr net;
	struct err e;

	if (cidr_parse(text, &net, &e) < 0)
		return; /* the settings' check has it */
	if (net.bits < (net.addr.family == 4 ? V4_LARGE : V6_LARGE) && !check_is_private(&net.addr))
		check_warn(c, STR_NONE,
			   "The network %.*s is very large, and everybody in it may send mail to "
			   "everybody through this gateway. List only the networks of your own "
			   "mail servers.",
			   STR_ARG(text));
}

/* ".com" makes mails for everybody in it welcome. */
static void check_relay_domain(struct check *c, struct str name)
{
	struct str below, organization;

	if (!str_starts(name, STR(".")))
		return;
	below = str_cat(c->a, STR("x"), name);
	organization = dmarc_organization(c->a, c->f->suffixes, below);
	if (str_ieq(organization, below))
		check_fail(c, STR_NONE,
			   "The relay domain %.*s stands for the domains of many others, for whom "
			   "strangers can send mail through this gateway (an open relay). Replace "
			   "it by your own domains.",
			   STR_ARG(name));
}

static bool has_transport(const struct check *c, struct str domain)
{
	for (size_t i = 0; i < c->f->lists->transport.list.n; i++) {
		struct str key = c->f->lists->transport.list.p[i].key;

		if (str_ieq(key, domain) || (str_starts(key, STR(".")) && str_iends(domain, key)))
			return true;
	}
	return false;
}

void check_relay(struct check *c)
{
	const struct cfg_lists *l = c->f->lists;

	for (size_t i = 0; i < l->mynetworks.list.n; i++)
		check_network(c, l->mynetworks.list.p[i].key);
	if (!l->domains.list.n)
		check_warn(c, STR_NONE,
			   "There is no relay domain: mail from outside is accepted for nobody.");
	for (size_t i = 0; i < l->domains.list.n; i++) {
		struct str name = l->domains.list.p[i].key;

		check_relay_domain(c, name);
		if (!c->f->cfg->mail.relay.n && !has_transport(c, name))
			check_warn(c, STR_NONE,
				   "Where mail for %.*s goes is said neither by a relay host nor "
				   "by a transport. If the domain's MX is this gateway, it goes "
				   "round in circles.",
				   STR_ARG(name));
	}
}

void check_certs(struct check *c)
{
	for (size_t i = 0; i < c->f->certs.n; i++) {
		const struct check_cert *cert = &c->f->certs.p[i];
		int64_t left = cert->expires - c->f->now;

		if (cert->problem.n)
			check_fail(c, STR_NONE, "The certificate cannot be read: %.*s.",
				   STR_ARG(cert->problem));
		else if (left <= 0)
			check_fail(c, STR_NONE, "The certificate %s has expired. Replace it.",
				   cert->path);
		else if (left < (int64_t)CHECK_CERT_DAYS * DAY)
			check_warn(c, STR_NONE, "The certificate %s expires in %lld days.",
				   cert->path, (long long)(left / DAY));
	}
}

void check_clock(struct check *c)
{
	if (c->f->clock_adrift)
		check_warn(c, STR_NONE,
			   "Nothing keeps the clock right. Greylisting, certificates, signatures "
			   "and statistics depend on it: install chrony or another NTP service.");
}

void check_disks(struct check *c)
{
	for (size_t i = 0; i < c->f->disks.n; i++) {
		const struct check_disk *disk = &c->f->disks.p[i];

		if (disk->spare < CHECK_DISK_ERROR)
			check_fail(c, STR_NONE, "The file system of %s is full: %u %% are free.",
				   disk->path, disk->spare);
		else if (disk->spare < CHECK_DISK_WARNING)
			check_warn(c, STR_NONE,
				   "The file system of %s is nearly full: %u %% are free.",
				   disk->path, disk->spare);
	}
}

void check_backup(struct check *c)
{
	int64_t age = c->f->now - c->f->backup;

	if (!c->f->backup)
		check_warn(c, STR_NONE, "There is no backup in /var/lib/pmg/backup.");
	else if (age > (int64_t)CHECK_BACKUP_DAYS * DAY)
		check_warn(c, STR_NONE, "The newest backup is %lld days old.",
			   (long long)(age / DAY));
}
