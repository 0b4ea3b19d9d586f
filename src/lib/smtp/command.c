#include "lib/smtp/command.h"

#include "lib/smtp/envelope.h"

/*
 * Bytes up to the closing bracket, or -1; a quoted local part may hold '>' and blanks, but no more
 * than anything else a control character, not even behind a backslash (RFC 5321, 4.1.2).
 */
static ptrdiff_t address_length(struct str s)
{
	bool quoted = false, escaped = false;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return -1;
		if (escaped || (quoted && c == '\\'))
			escaped = !escaped;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == ' ')
			return -1;
		else if (!quoted && c == '>')
			return (ptrdiff_t)i;
	}
	return -1;
}

bool smtp_path(struct str argument, struct str key, struct str *address, struct str *params)
{
	struct str s = argument;
	ptrdiff_t n;

	if (!str_istarts(s, key))
		return false;
	s = str_from(s, key.n);
	if (!str_starts(s, STR(":")))
		return false;
	s = str_ltrim(str_from(s, 1));
	if (!str_starts(s, STR("<")))
		return false;
	s = str_from(s, 1);
	n = address_length(s);
	if (n < 0 || n > SMTP_ADDRESS_MAX)
		return false;
	*address = str_sub(s, 0, (size_t)n);
	*params = str_from(s, (size_t)n + 1);
	return params->n == 0 || ascii_is_blank(params->p[0]);
}

bool smtp_param(struct str *params, struct str *key, struct str *value)
{
	struct str word;

	if (!str_word(params, &word))
		return false;
	*value = word;
	*key = str_cut(value, '=');
	return true;
}
