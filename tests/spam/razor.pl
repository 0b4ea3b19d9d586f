#!/usr/bin/perl
# Prints the signatures that Razor's own agents have for mails, in the form of spam_razor.c: paths
# come on standard input.
#
#	razor.pl [EP4] < PATHS
use strict;
use warnings;
use Razor2::Client::Agent;

my $ep4 = shift // '7542-10';
my $agent = Razor2::Client::Agent->new('razor-check');
$agent->{conf} = { debuglevel => 0, report_headers => 1 };
$agent->{logref} = 0;
$agent->{s} = { engines => { 4 => 1, 8 => 1 }, conf => { ep4 => $ep4 }, ip => 'none' };

while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!\n";
    my $mail = do { local $/; <$file> };
    my $objects = $agent->prepare_objects([ \$mail ]);
    for (@{ $agent->compute_sigs($objects) }) {
        # "1.PART eENGINE: SIGNATURE, ep4: EP4"
        my ($part, $engine, $signature) = /^1\.(\d+) e(\d): ([^,\n]*)/ or die "$_\n";
        print "$path $part e$engine $signature\n";
    }
    print "$path .\n";
}
