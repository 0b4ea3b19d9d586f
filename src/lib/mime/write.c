#include "lib/mime/edit_int.h"

int mime_write(const struct mime *root, const struct mime_edit *ed, const struct sink *to,
	       struct err *e)
{
	struct str raw = root->mail->raw;
	size_t at = 0;
	uint32_t i;

	for (i = 0; ed && i < ed->n; i++) {
		const struct mime_splice *s = &ed->splices[i];

		ASSERT(s->off >= at && s->len <= raw.n - s->off);
		if (sink_write(to, str_sub(raw, at, s->off - at), e) < 0 ||
		    sink_write(to, s->with, e) < 0)
			return -1;
		at = s->off + s->len;
	}
	return sink_write(to, str_from(raw, at), e);
}

size_t mime_write_size(const struct mime *root, const struct mime_edit *ed)
{
	size_t n = root->mail->raw.n;

	for (uint32_t i = 0; ed && i < ed->n; i++)
		n += ed->splices[i].with.n - ed->splices[i].len;
	return n;
}
