#!/usr/bin/perl
# Runs every case of tests/tmpl/cases through Template Toolkit itself and compares with what stands
# there. Exit status 77: libtemplate-perl is not installed.
use strict;
use warnings;

my $dir = shift // 'tests/tmpl';
eval { require Template; 1 } or do {
	print "skipped: libtemplate-perl is not installed\n";
	exit 77;
};

sub variables {
	my %vars;
	open(my $fh, '<', "$dir/vars") or die "$dir/vars: $!\n";
	while (my $line = <$fh>) {
		chomp $line;
		my ($path, $value) = $line =~ /^(\S+) =(?: (.*))?$/ or die "vars: $line\n";
		if ($path =~ /^(\w+)\[\]$/) { push @{$vars{$1}}, $value; next }
		if ($path =~ /^(\w+)\[\]\.(\w+)$/) { push @{$vars{$1}}, { $2 => $value }; next }
		my @names = split /\./, $path;
		my $at = \%vars;
		$at = $at->{shift @names} //= {} while @names > 1;
		$at->{$names[0]} = $value // '';
	}
	return \%vars;
}

open(my $fh, '<', "$dir/cases") or die "$dir/cases: $!\n";
my ($n, $failed) = (0, 0);
my @cases = split /^==== /m, do { local $/; <$fh> };
shift @cases;
for my $case (@cases) {
	my ($title, $template, $want) = $case =~ /\A([^\n]*)\n(.*?)^----\n(.*)\n\z/ms
		or die "case: $case";
	chop $template;
	my $got = '';
	my $engine = Template->new();
	$engine->process(\$template, variables(), \$got) or $got = 'ERROR';
	$n++;
	next if $got eq $want;
	$failed++;
	print "$title:\n  Template Toolkit: <$got>\n  here:             <$want>\n";
	print '  ', $engine->error, "\n" if $got eq 'ERROR';
}
print "$n cases, $failed differ from Template Toolkit\n";
exit($failed ? 1 : 0);
