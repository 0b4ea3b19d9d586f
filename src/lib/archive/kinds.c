#include "lib/archive/kinds.h"

#include <archive.h>

#include "lib/archive/archive.h"

static int rar(struct archive *h)
{
	return archive_read_support_format_rar(h) | archive_read_support_format_rar5(h);
}

static int rpm(struct archive *h)
{
	return archive_read_support_filter_rpm(h) | archive_read_support_filter_gzip(h) |
	       archive_read_support_filter_bzip2(h) | archive_read_support_filter_xz(h) |
	       archive_read_support_filter_lzma(h) | archive_read_support_filter_zstd(h) |
	       archive_read_support_format_cpio(h);
}

/*
 * One compressed file. The library's own choice of filters would look through several layers at
 * once and not tell what is between them.
 */
static int single(struct archive *h, int filter)
{
	return archive_read_append_filter(h, filter) | archive_read_support_format_raw(h);
}

static int gzip(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_GZIP);
}

static int bzip2(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_BZIP2);
}

static int xz(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_XZ);
}

static int lzma(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_LZMA);
}

static int lzip(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_LZIP);
}

static int lz4(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_LZ4);
}

static int zstd(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_ZSTD);
}

static int compress(struct archive *h)
{
	return single(h, ARCHIVE_FILTER_COMPRESS);
}

#define ZIP                                                                                        \
	.reader = READER_LIBRARY, .prepare = archive_read_support_format_zip_seekable, .whole = true
#define SEVEN_ZIP                                                                                  \
	.reader = READER_LIBRARY, .prepare = archive_read_support_format_7zip, .whole = true
#define RAR .reader = READER_LIBRARY, .prepare = rar, .whole = true
#define TAR .reader = READER_LIBRARY, .prepare = archive_read_support_format_tar
#define CPIO .reader = READER_LIBRARY, .prepare = archive_read_support_format_cpio
#define CAB .reader = READER_LIBRARY, .prepare = archive_read_support_format_cab
#define ISO .reader = READER_LIBRARY, .prepare = archive_read_support_format_iso9660
#define LHA .reader = READER_LIBRARY, .prepare = archive_read_support_format_lha
#define AR .reader = READER_LIBRARY, .prepare = archive_read_support_format_ar
#define XAR .reader = READER_LIBRARY, .prepare = archive_read_support_format_xar
#define RPM .reader = READER_LIBRARY, .prepare = rpm
#define SINGLE(filter) .reader = READER_LIBRARY, .prepare = filter, .single = true
#define TNEF .reader = READER_TNEF, .whole = true
#define MAIL .reader = READER_MAIL, .whole = true
#define UNREADABLE .reader = READER_NONE

/*
 * The names of shared-mime-info, which magic.h gives, and those that senders use for the same. A
 * compressed tar is found in two steps, as it was made.
 */
static const struct archive_kind kinds[] = {
	{ STR_INIT("application/zip"), ZIP },
	{ STR_INIT("application/x-zip"), ZIP },
	{ STR_INIT("application/x-zip-compressed"), ZIP },
	{ STR_INIT("application/x-7z-compressed"), SEVEN_ZIP },
	{ STR_INIT("application/vnd.rar"), RAR },
	{ STR_INIT("application/x-rar"), RAR },
	{ STR_INIT("application/x-rar-compressed"), RAR },
	{ STR_INIT("application/rar"), RAR },
	{ STR_INIT("application/x-tar"), TAR },
	{ STR_INIT("application/x-gtar"), TAR },
	{ STR_INIT("application/x-ustar"), TAR },
	{ STR_INIT("application/x-cpio"), CPIO },
	{ STR_INIT("application/x-bcpio"), CPIO },
	{ STR_INIT("application/x-sv4cpio"), CPIO },
	{ STR_INIT("application/vnd.ms-cab-compressed"), CAB },
	{ STR_INIT("application/x-cd-image"), ISO },
	{ STR_INIT("application/x-iso9660-image"), ISO },
	{ STR_INIT("application/x-raw-disk-image"), ISO },
	{ STR_INIT("application/x-lha"), LHA },
	{ STR_INIT("application/x-lzh-compressed"), LHA },
	{ STR_INIT("application/x-archive"), AR },
	{ STR_INIT("application/vnd.debian.binary-package"), AR },
	{ STR_INIT("application/x-debian-package"), AR },
	{ STR_INIT("application/x-deb"), AR },
	{ STR_INIT("application/x-xar"), XAR },
	{ STR_INIT("application/x-rpm"), RPM },
	{ STR_INIT("application/x-source-rpm"), RPM },
	{ STR_INIT("application/x-redhat-package-manager"), RPM },
	{ STR_INIT("application/gzip"), SINGLE(gzip) },
	{ STR_INIT("application/x-gzip"), SINGLE(gzip) },
	{ STR_INIT("application/x-compressed-tar"), SINGLE(gzip) },
	{ STR_INIT("application/x-cpio-compressed"), SINGLE(gzip) },
	{ STR_INIT("application/x-bzip"), SINGLE(bzip2) },
	{ STR_INIT("application/x-bzip2"), SINGLE(bzip2) },
	{ STR_INIT("application/bzip2"), SINGLE(bzip2) },
	{ STR_INIT("application/x-bzip-compressed-tar"), SINGLE(bzip2) },
	{ STR_INIT("application/x-bzip2-compressed-tar"), SINGLE(bzip2) },
	{ STR_INIT("application/x-xz"), SINGLE(xz) },
	{ STR_INIT("application/x-xz-compressed-tar"), SINGLE(xz) },
	{ STR_INIT("application/x-lzma"), SINGLE(lzma) },
	{ STR_INIT("application/x-lzma-compressed-tar"), SINGLE(lzma) },
	{ STR_INIT("application/x-lzip"), SINGLE(lzip) },
	{ STR_INIT("application/x-lzip-compressed-tar"), SINGLE(lzip) },
	{ STR_INIT("application/x-lz4"), SINGLE(lz4) },
	{ STR_INIT("application/x-lz4-compressed-tar"), SINGLE(lz4) },
	{ STR_INIT("application/zstd"), SINGLE(zstd) },
	{ STR_INIT("application/x-zstd-compressed-tar"), SINGLE(zstd) },
	{ STR_INIT("application/x-compress"), SINGLE(compress) },
	{ STR_INIT("application/x-tarz"), SINGLE(compress) },
	{ STR_INIT("application/vnd.ms-tnef"), TNEF },
	{ STR_INIT("application/ms-tnef"), TNEF },
	{ STR_INIT("message/rfc822"), MAIL },
	{ STR_INIT("application/x-ace"), UNREADABLE },
	{ STR_INIT("application/x-alz"), UNREADABLE },
	{ STR_INIT("application/x-arc"), UNREADABLE },
	{ STR_INIT("application/x-arj"), UNREADABLE },
	{ STR_INIT("application/x-lrzip"), UNREADABLE },
	{ STR_INIT("application/x-lrzip-compressed-tar"), UNREADABLE },
	{ STR_INIT("application/x-lzop"), UNREADABLE },
	{ STR_INIT("application/x-ms-wim"), UNREADABLE },
	{ STR_INIT("application/x-stuffit"), UNREADABLE },
	{ STR_INIT("application/x-zoo"), UNREADABLE },
};

const struct archive_kind *archive_kind_find(struct str type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_ieq(kinds[i].type, type))
			return &kinds[i];
	return NULL;
}

bool archive_is_type(struct str type)
{
	return archive_kind_find(type) != NULL;
}

const struct archive_kind archive_zip_by_headers = {
	STR_INIT("application/zip"),
	.reader = READER_LIBRARY,
	.prepare = archive_read_support_format_zip_streamable,
	.whole = true,
};

bool archive_kind_is_zip(const struct archive_kind *k)
{
	return k && k->prepare == archive_read_support_format_zip_seekable;
}

const struct archive_kind *archive_kind_of(struct str start, struct str magic, struct str declared,
					   struct str glob)
{
	const struct archive_kind *by_bytes = archive_kind_find(magic);
	const struct archive_kind *by_word = archive_kind_find(declared);
	const struct archive_kind *by_name = archive_kind_find(glob);
	const struct str octets = STR_INIT("application/octet-stream");

	if (by_bytes)
		return by_bytes;
	if (str_eq(magic, octets))
		return by_word ? by_word : by_name;
	if (str_starts(start, STR("PK\003\004")) && archive_kind_is_zip(by_word))
		return by_word;
	return !by_name && (!glob.n || str_eq(glob, octets)) ? by_word : by_name;
}

struct str archive_type(struct str start, struct str magic, struct str declared, struct str glob)
{
	const struct archive_kind *k = archive_kind_of(start, magic, declared, glob);

	return k ? k->type : STR_NONE;
}

struct str archive_inner_name(struct arena *a, struct str name)
{
	static const struct str tars[] = { STR_INIT(".tgz"), STR_INIT(".tbz"), STR_INIT(".tbz2"),
					   STR_INIT(".txz"), STR_INIT(".tlz"), STR_INIT(".tzst"),
					   STR_INIT(".taz"), STR_INIT(".tz") };
	ptrdiff_t dot = str_rchr(name, '.');
	struct str stem, suffix;

	if (dot <= 0)
		return name;
	stem = str_sub(name, 0, (size_t)dot);
	suffix = str_from(name, (size_t)dot);
	for (size_t i = 0; i < ARRAY_LEN(tars); i++)
		if (str_ieq(suffix, tars[i]))
			return str_cat(a, stem, STR(".tar"));
	return stem;
}
