#include "lib/journal/journal.h"

#include <errno.h>
#include <systemd/sd-journal.h>

struct journal {
	sd_journal *j;
	bool placed; /* on an entry that has not been read */
};

/* The library returns negative numbers of errno. */
static int failed(int ret, const char *what, struct err *e)
{
	errno = -ret;
	return err_sys(e, "journal: %s", what);
}

static void close_journal(void *p)
{
	sd_journal_close(((struct journal *)p)->j);
}

int journal_open(struct arena *a, const char *program, struct journal **out, struct err *e)
{
	struct journal *j = NEW(a, struct journal);
	struct str match = str_fmt(a, "SYSLOG_IDENTIFIER=%s", program);
	int ret = sd_journal_open(&j->j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

	if (ret < 0)
		return failed(ret, "open", e);
	arena_on_free(a, close_journal, j);
	ret = sd_journal_add_match(j->j, match.p, match.n);
	if (ret >= 0)
		ret = sd_journal_set_data_threshold(j->j, JOURNAL_MESSAGE_MAX);
	if (ret < 0)
		return failed(ret, "choose messages", e);
	*out = j;
	return 0;
}

/* False if the text is no cursor. */
static bool seek_cursor(struct journal *j, struct str cursor)
{
	char text[JOURNAL_CURSOR_MAX + 1];
	int found;

	if (!cursor.n || cursor.n > JOURNAL_CURSOR_MAX)
		return false;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(cursor));
	if (sd_journal_seek_cursor(j->j, text) < 0)
		return false;
	found = sd_journal_next(j->j);
	/* The entry itself has been read; another one in its place has not. */
	j->placed = found > 0 && sd_journal_test_cursor(j->j, text) == 0;
	return found >= 0;
}

int journal_seek(struct journal *j, struct str cursor, int64_t since, struct err *e)
{
	int ret;

	j->placed = false;
	if (seek_cursor(j, cursor))
		return 0;
	ret = sd_journal_seek_realtime_usec(j->j, (uint64_t)since * 1000000);
	return ret < 0 ? failed(ret, "seek", e) : 0;
}

static int read_entry(struct journal *j, struct str *message, int64_t *time, struct err *e)
{
	static const char name[] = "MESSAGE=";
	const void *data;
	uint64_t usec;
	size_t n;
	int ret = sd_journal_get_realtime_usec(j->j, &usec);

	if (ret < 0)
		return failed(ret, "read", e);
	*time = (int64_t)(usec / 1000000);
	*message = STR_NONE;
	ret = sd_journal_get_data(j->j, "MESSAGE", &data, &n);
	if (ret < 0 && ret != -ENOENT && ret != -EBADMSG)
		return failed(ret, "read", e);
	if (ret >= 0)
		*message = str_from((struct str){ data, n }, strlen(name));
	return 1;
}

int journal_next(struct journal *j, struct str *message, int64_t *time, struct err *e)
{
	int ret = j->placed ? 1 : sd_journal_next(j->j);

	j->placed = false;
	if (ret < 0)
		return failed(ret, "read", e);
	return ret ? read_entry(j, message, time, e) : 0;
}

int journal_cursor(struct journal *j, struct arena *a, struct str *out, struct err *e)
{
	char *text;
	int ret = sd_journal_get_cursor(j->j, &text);

	if (ret < 0)
		return failed(ret, "place", e);
	*out = str_of(arena_take(a, text));
	return 0;
}
