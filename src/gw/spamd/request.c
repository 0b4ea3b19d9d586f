#include "gw/spamd/spamd.h"

static const struct {
	const char *name;
	enum spamd_command command;
} commands[] = {
	{ "CHECK", SPAMD_CHECK },     { "SYMBOLS", SPAMD_SYMBOLS },
	{ "REPORT", SPAMD_REPORT },   { "REPORT_IFSPAM", SPAMD_REPORT_IFSPAM },
	{ "PROCESS", SPAMD_PROCESS }, { "HEADERS", SPAMD_HEADERS },
	{ "TELL", SPAMD_TELL },       { "PING", SPAMD_PING },
	{ "SKIP", SPAMD_SKIP },
};

/* "1.5" */
static bool version(struct str s, unsigned *out)
{
	struct str rest = s, whole = str_cut(&rest, '.');
	int64_t major, minor = 0;

	if (!str_int(whole, 0, 9, &major) || (rest.n && !str_int(rest, 0, 99, &minor)))
		return false;
	*out = (unsigned)(major * 100 + minor);
	return true;
}

bool spamd_command_line(struct str line, struct spamd_request *out)
{
	static const struct str protocol = STR_INIT("SPAMC/");
	struct str rest = line, word;

	*out = (struct spamd_request){ 0 };
	if (!str_word(&rest, &word))
		return false;
	rest = str_trim(rest);
	if (!str_starts(rest, protocol) || !version(str_from(rest, protocol.n), &out->version))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(word, str_of(commands[i].name))) {
			out->command = commands[i].command;
			return true;
		}
	return false;
}

static const char *take_length(struct spamd_request *r, struct str value)
{
	int64_t n;

	if (!str_int(str_trim(value), 0, SPAM_MAIL_MAX, &n))
		return "(Content-Length contains non-numeric bytes, or is too large)";
	r->length = (size_t)n;
	r->has_length = true;
	return NULL;
}

static const char *take_class(struct spamd_request *r, struct str value)
{
	bool spam = str_ieq(value, STR("spam"));

	if (!spam && !str_ieq(value, STR("ham")))
		return "(Message-class is neither spam nor ham)";
	r->has_class = true;
	r->is_spam = spam;
	return NULL;
}

static const char *take_compression(struct spamd_request *r, struct str value)
{
	r->compressed = true;
	return str_eq(str_trim(value), STR("zlib")) ? NULL : "(compression type not supported)";
}

static void take_places(struct str value, bool *local, bool *remote)
{
	while (value.n) {
		struct str place = str_trim(str_cut(&value, ','));

		*local |= str_ieq(place, STR("local"));
		*remote |= str_ieq(place, STR("remote"));
	}
}

const char *spamd_header_line(struct str line, struct spamd_request *r)
{
	ptrdiff_t colon = str_chr(line, ':');
	struct str name, value;

	if (colon < 0)
		return "(header not in 'Name: value' format)";
	name = str_sub(line, 0, (size_t)colon);
	value = str_ltrim(str_from(line, (size_t)colon + 1));
	if (str_eq(name, STR("Content-length")))
		return take_length(r, value);
	if (str_eq(name, STR("Message-class")))
		return take_class(r, value);
	if (str_eq(name, STR("Compress")))
		return take_compression(r, value);
	if (str_eq(name, STR("Set")))
		take_places(value, &r->set_local, &r->set_remote);
	else if (str_eq(name, STR("Remove")))
		take_places(value, &r->remove_local, &r->remove_remote);
	return NULL;
}
