/*
 * Below which names people register domains, as the other side of engine 8 has it: the state of
 * 2007, with many a gap. It has to stay so, since the names are hashed as they are cut here.
 */
#include "lib/razor/razor_int.h"

/* The top, and what counts beside it: longer names before those that they end with. */
static const struct {
	const char *top, *below;
} registries[] = {
	{ "ar", "com gov int mil net" },
	{ "au", "asn com conf csiro gov id info net org oz telememo" },
	{ "az", "com net org" },
	{ "biz", "" },
	{ "br", "art com esp etc g12 gov ind inf mil net org pro psi rec tmp" },
	{ "ca", "ab bc gc mb nf ns nt on pe qc sk yk" },
	{ "cn", "ac ah bj com cq edu gd gov gs gx gz hb he hi hk hl hn jl js ln mo "
		"net nm nx org qh sc sh sn sx tj tw xj xz yn zj" },
	{ "co", "arts com edu firm gov info int mil nom org rec store web" },
	{ "com", "" },
	{ "cr", "ac co ed fi go or sa" },
	{ "cu", "com net org" },
	{ "cy", "ac com gov net org" },
	{ "cz", "" },
	{ "de", "" },
	{ "ec", "com edu fin gov k12 med mil net org" },
	{ "edu", "" },
	{ "eg", "com edu eun gov net org sci" },
	{ "fj", "ac com gov id org school" },
	{ "fr", "site.voila" },
	{ "ge", "com edu gov mil net org pvt" },
	{ "gg", "ac alderney co gov guernsey ind ltd net org sark sch" },
	{ "gu", "com edu gov mil net org" },
	{ "hk", "com edu gov idv net org" },
	{ "hu", "co info nui org priv tm" },
	{ "id", "ac co go mil net or" },
	{ "il", "ac co gov k12 muni net org" },
	{ "im", "ac co gov net nic org" },
	{ "in", "ac co ernet gov net nic res" },
	{ "info", "" },
	{ "jo", "com edu gov net" },
	{ "jp", "ac ad co go gr lg ne or" },
	{ "kr", "ac co go kyonggi ne or pe re seoul" },
	{ "la", "com net org" },
	{ "lb", "com gov mil net org" },
	{ "lc", "com edu gov net org" },
	{ "lv", "asn com conf edu gov id mil net org" },
	{ "ly", "com net org" },
	{ "mm", "com edu gov net org" },
	{ "mo", "com edu gov net org" },
	{ "mt", "com net org" },
	{ "mx", "com net org" },
	{ "my", "com edu gov net org" },
	{ "na", "com net org" },
	{ "nc", "com net org" },
	{ "ne", "" },
	{ "net", "" },
	{ "nf", "" },
	{ "ng", "" },
	{ "ni", "com" },
	{ "np", "com net ort" },
	{ "nz", "ac co govt net" },
	{ "org", "" },
	{ "pa", "ac com edu gob net org sld" },
	{ "pe", "com net org" },
	{ "ph", "com mil net ngo org" },
	{ "pl", "com net org" },
	{ "py", "com edu net org" },
	{ "ru", "com net org pp" },
	{ "sg", "com edu gov net org" },
	{ "sh", "com edu gov mil net org" },
	{ "sv", "co" },
	{ "sy", "com net org" },
	{ "th", "ac co go in net or" },
	{ "tn", "com edunet ens fin gov ind info intl nat net org rnrt rns rnu "
		"tourism" },
	{ "tr", "bbs com edu gov k12 mil net org" },
	{ "tw", "com gove net org" },
	{ "ua", "com gov net" },
	{ "ug", "ac co go or" },
	{ "uk", "ac co gov ltd me mod net nhs nic org plc police sch" },
	{ "us", "sf.ca ak al ar az ca co ct dc de fed fl ga hi ia id il in isa kids "
		"ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nsn nv ny oh ok "
		"or pa ri sc sd tn tx ut va vt wa wi wv wy" },
	{ "uy", "com edu net org" },
	{ "ve", "arts bib co com edu firm gov info int mil net nom org rec store "
		"tec web" },
	{ "vi", "co net org" },
	{ "ws", "" },
	{ "yu", "ac co edu org" },
	{ "za", "ac alt co edu gov mil net ngo nom org school tm web" },
};

/* Here only names below the others count, the top itself does not. */
#define ONLY_BELOW "kr"
/* Whatever ends so is this, whoever has registered it. */
#define ALL_ONE "edu.au"

/* The end of `host` that has one label more than `suffix`; n = 0 if it is not below that. */
static struct str below(struct str host, struct str suffix)
{
	struct str rest;
	ptrdiff_t dot;

	if (!str_ends(host, suffix) || host.n < suffix.n + 2 ||
	    host.p[host.n - suffix.n - 1] != '.')
		return STR_NONE;
	rest = str_sub(host, 0, host.n - suffix.n - 1);
	dot = str_rchr(rest, '.');
	return (size_t)(dot + 1) < rest.n ? str_from(host, (size_t)(dot + 1)) : STR_NONE;
}

/* The same for a name below the top. */
static struct str below_both(struct str host, struct str name, struct str top)
{
	struct str domain = STR_NONE;

	if (host.n > top.n)
		domain = below(str_sub(host, 0, host.n - top.n - 1), name);
	return domain.n ? str_from(host, (size_t)(domain.p - host.p)) : STR_NONE;
}

struct str razor_domain(struct str host)
{
	struct str top = str_from(host, (size_t)(str_rchr(host, '.') + 1)), names, name, domain;

	if (str_ends(host, STR(ALL_ONE)))
		return STR(ALL_ONE);
	for (size_t i = 0; i < ARRAY_LEN(registries); i++) {
		if (!str_eq(top, str_of(registries[i].top)))
			continue;
		names = str_of(registries[i].below);
		while (str_word(&names, &name)) {
			domain = below_both(host, name, top);
			if (domain.n)
				return domain;
		}
		domain = below(host, top);
		return domain.n && !str_eq(top, STR(ONLY_BELOW)) ? domain : host;
	}
	return host;
}
