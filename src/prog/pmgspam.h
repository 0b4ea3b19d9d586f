/* The commands of pmgspam that have a file of their own. `argv[0]` is the command's name. */
#pragma once

int pmgspam_learn(int argc, char **argv);
int pmgspam_daemon(int argc, char **argv);
int pmgspam_compile(int argc, char **argv);
