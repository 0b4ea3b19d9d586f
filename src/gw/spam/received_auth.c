/* How a Received line tells that the sender logged in. */
#include "gw/spam/received.h"
#include "gw/spam/shape.h"

/* RFC 3848, 4954 and 6531, and what webmail servers write. */
static bool is_auth_protocol(struct str s)
{
	static const char *const names[] = { "ESMTPA",    "ESMTPSA",    "LMTPA",     "LMTPSA",
					     "UTF8SMTPA", "UTF8SMTPSA", "UTF8LMTPA", "UTF8LMTPSA",
					     "ASMTP",     "HTTP",       "HTTPS",     "HTTPU" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_ieq(s, str_of(names[i])))
			return true;
	return false;
}

static struct str with_protocol(struct str line)
{
	struct str rest = line;
	ptrdiff_t at;

	while ((at = str_ifind(rest, STR(" with "))) >= 0) {
		struct str word;
		size_t n = 0;

		/* The blank after it may begin the next one. */
		rest = str_from(rest, (size_t)at + 5);
		word = str_from(rest, 1);
		while (n < word.n && word.p[n] != ' ' && word.p[n] != ';')
			n++;
		word.n = n;
		if (is_auth_protocol(word))
			return word;
	}
	return STR_NONE;
}

/* "(version=TLS1_3 cipher=…)" of a Google server that got the mail from one of its users. */
static struct str of_google(struct arena *a, struct str line)
{
	struct shape_finds f;

	if (!shape_search(" by mx.google.com with ESMTPS id "
			  "%nsm%0%n.%0.%0.%0.%0.%0.%0.%0",
			  line, &f) ||
	    !shape_search("(version=%r cipher=%k)", line, &f))
		return STR_NONE;
	return str_fmt(a, "GMail - transport=%.*s cipher=%.*s", STR_ARG(f.rdns), STR_ARG(f.helo));
}

static struct str of_gmx(struct arena *a, struct str line)
{
	struct shape_finds f;

	if (!shape_search("from %N ({HELO|EHLO} %N) [%I] by %b (%)) with %a", line, &f))
		return STR_NONE;
	if (!str_eq(f.by, STR("mail.gmx.net")) && !str_eq(f.by, STR("mail.gmx.com")))
		return STR_NONE;
	if (!str_starts(f.auth, STR("ESMTP")) && !str_starts(f.auth, STR("SMTP")))
		return STR_NONE;
	f.auth.n = *f.auth.p == 'E' ? 5 : 4;
	return str_fmt(a, "GMX (%.*s / %.*s)", STR_ARG(f.auth), STR_ARG(f.by));
}

static bool is_courier_method(struct str s)
{
	return str_eq(s, STR("LOGIN")) || str_eq(s, STR("PLAIN")) || str_eq(s, STR("DIGEST-MD5")) ||
	       str_eq(s, STR("CRAM-MD5"));
}

static bool is_sendmail(struct str line)
{
	struct shape_finds f;

	if (str_find(line, STR("authenticated")) < 0)
		return false;
	return shape_match("from %.]{ (%))|}) %.(%.authenticated%.)%. by", line, &f) ||
	       shape_match("from %.)] %.(%.authenticated%.)%. by", line, &f);
}

static struct str of_servers(struct arena *a, struct str line)
{
	struct shape_finds f;

	if (str_find(line, STR(" (authenticated as ")) >= 0 &&
	    shape_search(") by %. (%0.%0.%0{.%0|}) (authenticated as %.) id ", line, &f))
		return STR("CriticalPath");
	if (shape_search(") (Authenticated sender: %n) by %n (%O) with ", line, &f)) {
		if (str_eq(f.options, STR("Postfix")))
			return f.options;
		return str_fmt(a, "Postfix (%.*s)", STR_ARG(f.options));
	}
	if (shape_search("CommuniGate Pro {HTTP|SMTP|XIMSS|IMAP}", line, &f) &&
	    str_find(line, STR(" (account ")) >= 0)
		return STR("Communigate");
	if (shape_search(" with Microsoft Exchange Server HTTP-DAV%w", line, &f))
		return STR("HTTP-DAV");
	return STR_NONE;
}

/* "(via HTTP)", "(via HTTPS)" */
static struct str via_http(struct str line)
{
	ptrdiff_t at = str_ifind(line, STR(" (via HTTP"));
	struct str word;
	ptrdiff_t end;

	if (at < 0 || str_find(line, STR(" by ")) < 0)
		return STR_NONE;
	word = str_from(line, (size_t)at + 6);
	end = str_chr(word, ')');
	if (end < 4 || end > 5)
		return STR_NONE;
	if ((size_t)end + 1 < word.n && word.p[end + 1] != ' ' && word.p[end + 1] != ';')
		return STR_NONE;
	return str_sub(word, 0, (size_t)end);
}

struct str spam_received_auth(struct arena *a, struct str line)
{
	struct shape_finds f;
	struct str auth = STR_NONE;

	if (str_find(line, STR(" by ")) >= 0)
		auth = with_protocol(line);
	if (!auth.n)
		auth = of_google(a, line);
	if (auth.n)
		return auth;
	if (str_find(line, STR(" (AUTH: ")) >= 0 &&
	    shape_match("from %.{])|)]} (AUTH: %a %n{, %.|}) by ", line, &f) &&
	    is_courier_method(f.auth))
		return f.auth;
	if (is_sendmail(line))
		return STR("Sendmail");
	auth = of_gmx(a, line);
	if (!auth.n)
		auth = of_servers(a, line);
	return auth.n ? auth : via_http(line);
}
