#include "gw/cfg/tables.h"

#define T struct cfg_clamav
const struct prop cfg_clamav_props[] = {
	P_BOOL(T, archiveblockencrypted, "0",
	       "Whether to block encrypted archives. Mark encrypted archives as viruses."),
	P_INT(T, archivemaxfiles, 0, INT32_MAX, "1000",
	      "Number of files to be scanned within an archive, a document, or any other kind of "
	      "container. Warning: setting it too high may result in severe damage to the system."),
	P_INT(T, archivemaxrec, 1, INT32_MAX, "5",
	      "Nested archives are scanned recursively, e.g. if a ZIP archive contains a TAR file, "
	      "all "
	      "files within it will also be scanned. This option specifies how deeply the process "
	      "should be continued. Warning: setting this limit too high may result in severe "
	      "damage to the system."),
	P_INT(T, archivemaxsize, 1000000, INT64_MAX, "25000000",
	      "Files larger than this limit won't be scanned."),
	P_TEXT(T, dbmirror, 1024, "database.clamav.net", "ClamAV database mirror server."),
	P_INT(T, maxcccount, 0, INT32_MAX, "0",
	      "This option sets the lowest number of Credit Card or Social Security numbers found "
	      "in a file to generate a detect."),
	P_INT(T, maxscansize, 1000000, INT64_MAX, "100000000",
	      "Sets the maximum amount of data to be scanned for each input file."),
	P_BOOL(T, safebrowsing, "1",
	       "Enables support for Google Safe Browsing. Accepted and stored, but without effect: "
	       "ClamAV dropped it.",
	       .flags = PROP_IDLE),
	P_BOOL(T, scriptedupdates, "1",
	       "Enables ScriptedUpdates (incremental download of signatures)", .flags = PROP_LATER),
	P_END
};
