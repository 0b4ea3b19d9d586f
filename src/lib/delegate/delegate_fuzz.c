#include "base/buf.h"
#include "lib/delegate/delegate.h"

/* However the bytes are cut into pieces, the same requests come out. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS_MAX = 1 << 20 };

/* What was read, as text; `piece` bytes at a time. */
static struct str read_all(struct arena *a, struct str all, size_t piece)
{
	struct delegate_reader *r = NEW(a, struct delegate_reader);
	struct buf seen;

	buf_init(&seen, a, EVENTS_MAX);
	while (all.n) {
		struct str in = str_sub(all, 0, piece);
		enum delegate_event event;

		all = str_from(all, in.n);
		while ((event = delegate_read(r, &in)) != DELEGATE_MORE) {
			buf_addf(&seen, "%d:", event);
			if (event == DELEGATE_TOO_LONG)
				return buf_str(&seen);
			if (event == DELEGATE_BAD_LINE)
				buf_add(&seen, delegate_line(r));
			for (size_t i = 0; event == DELEGATE_COMPLETE && i < DELEGATE_ATTRIBUTES;
			     i++) {
				struct str value = delegate_value(r, (enum delegate_attribute)i);

				ASSERT(value.n <= DELEGATE_VALUE_MAX && str_chr(value, '\n') < 0);
				buf_addf(&seen, "%zu=", i);
				buf_add(&seen, value);
			}
			if (event == DELEGATE_COMPLETE)
				delegate_again(r);
		}
		ASSERT(in.n == 0);
	}
	buf_addf(&seen, "%d", delegate_inside(r));
	return buf_str(&seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 64u << 20);
	struct str all = { (const char *)data, size };
	struct str whole = read_all(a, all, size);

	ASSERT(str_eq(whole, read_all(a, all, 1)));
	ASSERT(str_eq(whole, read_all(a, all, 7)));
	return 0;
}
