#include <assert.h>

#include "base/buf.h"
#include "lib/mime/mime.h"

static const struct {
	enum mime_anomaly bit;
	const char *name;
} names[] = {
	{ MIME_DUP_TYPE, "several Content-Type fields" },
	{ MIME_DUP_ENCODING, "several Content-Transfer-Encoding fields" },
	{ MIME_DUP_DISPOSITION, "several Content-Disposition fields" },
	{ MIME_DUP_ID, "several Content-Id fields" },
	{ MIME_DUP_PARAM, "parameter given twice" },
	{ MIME_BOUNDARY_EMPTY, "empty boundary" },
	{ MIME_BOUNDARY_ENCODED, "encoded word in boundary" },
	{ MIME_BOUNDARY_EXTENDED, "split or percent-encoded boundary" },
	{ MIME_BOUNDARY_HIDDEN, "invalid parameter before boundary" },
	{ MIME_BOUNDARY_ODD, "odd boundary" },
	{ MIME_BOUNDARY_REUSED, "boundary of an enclosing multipart used again" },
	{ MIME_BOUNDARY_PREFIX, "boundary line that goes on" },
	{ MIME_BOUNDARY_AGAIN, "boundary after the closing one" },
	{ MIME_COMMENT_OPEN, "comment without end" },
	{ MIME_QUOTE_OPEN, "quoted string without end" },
	{ MIME_MULTIPART_ENCODED, "encoded multipart or message" },
	{ MIME_FIELD_ODD, "odd bytes in a field" },
	{ MIME_ELSEWHERE, "content that is elsewhere" },
	{ MIME_NAMES_DIFFER, "names that differ" },
	{ MIME_READING_OTHER, "another reading" },
	{ MIME_TEXT_ENCODED, "file in a text" },
	{ MIME_HEADER_GARBAGE, "line in header that is no field" },
	{ MIME_HEADER_OPEN, "header without empty line" },
	{ MIME_BOUNDARY_MISSING, "multipart without boundary" },
	{ MIME_PARTS_MISSING, "multipart without parts" },
	{ MIME_CLOSE_MISSING, "no closing boundary" },
	{ MIME_PARAM_INVALID, "invalid parameter" },
	{ MIME_TYPE_INVALID, "invalid Content-Type" },
	{ MIME_ENCODING_UNKNOWN, "unknown Content-Transfer-Encoding" },
	{ MIME_SYNTAX_RARE, "rare syntax" },
	{ MIME_BOUNDARY_STRAY, "boundary of no multipart" },
};

static_assert(ARRAY_LEN(names) == MIME_ANOMALY_COUNT, "every anomaly has a name");

const char *mime_anomaly_name(enum mime_anomaly one)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].bit == one)
			return names[i].name;
	return "";
}

struct str mime_anomaly_list(struct arena *a, uint32_t set)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!(set & names[i].bit))
			continue;
		if (b.n)
			buf_addz(&b, ", ");
		buf_addz(&b, names[i].name);
	}
	return buf_str(&b);
}

bool mime_is_ambiguous(const struct mime *m)
{
	return m->mail->anomalies & MIME_AMBIGUOUS;
}

bool mime_is_broken(const struct mime *m)
{
	return m->mail->truncated || m->mail->anomalies & MIME_BROKEN;
}
