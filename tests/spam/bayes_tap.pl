#!/usr/bin/perl
# Runs the installed SpamAssassin over mails and prints what its Bayes plugin makes of each: one
# JSON object per mail, {file, seen, tokens}. It listens through the documented plugin calls, learns
# into a database that is thrown away, and asks no network. A mail that was learnt before is left
# out.
#
#	bayes_tap.pl [-c 'CONFIGURATION LINE'] < LIST-OF-PATHS

use strict;
use warnings;

BEGIN { $ENV{LC_ALL} = 'C'; delete @ENV{qw(LANG LANGUAGE LC_MESSAGES)} }

use File::Temp qw(tempdir);
use JSON::PP;

my ($tokens, $seen);

{
  package BayesTap;
  require Mail::SpamAssassin::Plugin;
  our @ISA = ('Mail::SpamAssassin::Plugin');
  $INC{'BayesTap.pm'} = __FILE__;

  sub new {
    my ($class, $sa) = @_;
    return bless $class->SUPER::new($sa), $class;
  }

  sub bayes_learn {
    my ($self, $o) = @_;
    $tokens = [values %{$o->{toksref}}];
    $seen = $o->{msgid};
    return 1;
  }
}

require Mail::SpamAssassin;

my @lines;
while (@ARGV && $ARGV[0] eq '-c') { shift; push @lines, shift }
my $state = tempdir('bayes-tap-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $sa = Mail::SpamAssassin->new({
  local_tests_only     => 1,
  dont_copy_prefs      => 1,
  userprefs_filename   => "$state/user_prefs",
  userstate_dir        => $state,
  home_dir_for_helpers => $state,
  post_config_text     => join("\n", 'loadplugin BayesTap', 'dns_available no', 'use_bayes 1',
    "bayes_path $state/bayes", 'bayes_auto_expire 0', 'bayes_learn_to_journal 0', @lines) . "\n",
});
$sa->init(1);
$sa->init_learner({ wait_for_lock => 1 });

my $json = JSON::PP->new->canonical->ascii;
while (my $path = <STDIN>) {
  chomp $path;
  open my $fh, '<:raw', $path or die "$path: $!\n";
  my $raw = do { local $/; <$fh> };
  my $mail = $sa->parse($raw, 1);
  undef $tokens;
  $sa->learn($mail, undef, 1, 0);
  if ($tokens) {
    utf8::is_utf8($_) and utf8::encode($_) for @$tokens;
    print $json->encode({ file => $path, seen => $seen, tokens => [sort @$tokens] }), "\n";
  }
  $mail->finish();
}
$sa->finish_learner();
