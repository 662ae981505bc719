package compare

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/cycle"
	"migrate/internal/release"
	"migrate/keyrings"
)

func date(t *testing.T, s string) cycle.Date {
	t.Helper()
	if s == "" {
		return cycle.Date{}
	}
	d, err := cycle.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// lives is a release cycle of some series, as it was on 2026-09-24.
func lives(t *testing.T) *cycle.Cycle {
	t.Helper()
	row := func(s cycle.Status, first, end string) cycle.Row {
		return cycle.Row{Status: s, FirstRelease: date(t, first), EndOfLife: date(t, end)}
	}
	return cycle.New("test", "", date(t, "2026-09-24"), map[release.Series]cycle.Row{
		{Major: 2, Minor: 2}:  row(cycle.EndOfLife, "2001-12-21", "2003-05-30"),
		{Major: 3, Minor: 6}:  row(cycle.EndOfLife, "2016-12-23", "2021-12-23"),
		{Major: 3, Minor: 9}:  row(cycle.EndOfLife, "2020-10-05", "2025-10-31"),
		{Major: 3, Minor: 10}: row(cycle.Security, "2021-10-04", "2026-10"),
		{Major: 3, Minor: 13}: row(cycle.Bugfix, "2024-10-07", "2029-10"),
		{Major: 3, Minor: 14}: row(cycle.Bugfix, "2025-10-07", "2030-10"),
		{Major: 3, Minor: 15}: row(cycle.Prerelease, "2026-10-01", "2031-10"),
		{Major: 3, Minor: 99}: row(cycle.Bugfix, "2024-10-07", "2029-10"), // not in the roster
	})
}

// judged is the series of one file that is good by Sigstore, or has no bundle.
func judged(t *testing.T, file string, edits ...change) []Series {
	t.Helper()
	_, series := AssessAll([]Evidence{evidence(t, file, edits...)}, roster(t))
	if len(series) != 1 {
		t.Fatalf("%d series", len(series))
	}
	return series
}

func TestWithCycle(t *testing.T) {
	const (
		required = keyrings.Required
		none     = keyrings.None
	)
	type period struct {
		presence    keyrings.Presence
		from, until string
	}
	tests := []struct {
		name          string
		file          string
		edits         []change
		at            string
		status        cycle.Status
		pgp, sigstore period
		code          Code // "": no reason is added
		words         []string
	}{
		{"alive, with both", "Python-3.13.5.tgz", nil, "2026-09-24", cycle.Bugfix,
			period{required, "2024-10-07", "2029-10"}, period{required, "2024-10-07", "2029-10"},
			"compare/pgp-until", []string{"until the end of life of 3.13 (2029-10)", "side by side"}},
		{"in its last month", "Python-3.13.5.tgz", nil, "2029-10-31", cycle.Bugfix,
			period{required, "2024-10-07", "2029-10"}, period{required, "2024-10-07", "2029-10"},
			"compare/pgp-until", nil},
		{"after its last month, which the data only planned", "Python-3.13.5.tgz", nil, "2029-11-01", cycle.EndOfLife,
			period{required, "2024-10-07", "2029-10"}, period{required, "2024-10-07", "2029-10"},
			"compare/end-of-life", []string{"3.13 reached its end of life (2029-10, as planned on 2026-09-24)", "nothing more will be published", "stays as it is", "no later release can change this answer"}},
		{"Sigstore began later", "Python-3.10.11.tgz", nil, "2026-10-31", cycle.Security,
			period{required, "2021-10-04", "2026-10"}, period{required, "2022-09-06", "2026-10"},
			"compare/pgp-until", []string{"3.10 (2026-10)"}},
		{"ended, with everything", "Python-3.9.14.tgz", nil, "2026-09-24", cycle.EndOfLife,
			period{required, "2020-10-05", "2025-10-31"}, period{required, "2022-09-06", "2025-10-31"},
			"compare/end-of-life", []string{"3.9 reached its end of life (2025-10-31), so", "no later release can change this answer"}},
		{"ended, with a gap", "Python-3.9.14.tgz", []change{noBundle}, "2026-09-24", cycle.EndOfLife,
			period{required, "2020-10-05", "2025-10-31"}, period{required, "2022-09-06", "2025-10-31"},
			"compare/end-of-life", []string{"do not wait for a signature to be added or mended"}},
		{"before the end that the data know of", "Python-3.9.14.tgz", nil, "2025-10-30", "",
			period{required, "2020-10-05", "2025-10-31"}, period{required, "2022-09-06", "2025-10-31"},
			"compare/pgp-until", []string{"3.9 (2025-10-31)"}},
		{"ended before Sigstore", "Python-3.6.15.tgz", []change{noBundle}, "2026-09-24", cycle.EndOfLife,
			period{required, "2016-12-23", "2021-12-23"}, period{none, "", ""},
			"compare/end-of-life", []string{"3.6 reached its end of life (2021-12-23)", "do not wait"}},
		{"ended before everything", "Python-2.2.3.tgz", []change{noAsc, noBundle}, "2026-09-24", cycle.EndOfLife,
			period{none, "", ""}, period{none, "", ""}, "compare/end-of-life", nil},
		{"alive before everything", "Python-2.2.3.tgz", []change{noAsc, noBundle}, "2002-01-01", "",
			period{none, "", ""}, period{none, "", ""}, "", nil},
		{"no PGP", "Python-3.14.0.tgz", []change{noAsc}, "2026-09-24", cycle.Bugfix,
			period{none, "", ""}, period{required, "2025-10-07", "2030-10"},
			"compare/no-pgp", []string{"3.14 has no PGP signatures from its first alpha on", "PEP 761", "(2030-10)", "Sigstore alone"}},
		{"no PGP, and not released yet", "Python-3.15.0a1.tgz", []change{noAsc}, "2026-10-01", cycle.Prerelease,
			period{none, "", ""}, period{required, "2026-10-01", "2031-10"}, "compare/no-pgp", []string{"3.15 has no PGP"}},
		{"released since", "Python-3.15.0a1.tgz", []change{noAsc}, "2026-10-02", cycle.Bugfix,
			period{none, "", ""}, period{required, "2026-10-01", "2031-10"}, "compare/no-pgp", nil},
		{"no PGP, and ended", "Python-3.14.0.tgz", []change{noAsc}, "2030-11-01", cycle.EndOfLife,
			period{none, "", ""}, period{required, "2025-10-07", "2030-10"}, "compare/end-of-life", nil},
		{"not in the roster", "Python-3.99.0.tgz", nil, "2026-09-24", cycle.Bugfix, period{}, period{}, "", nil},
		{"not in the roster, and ended", "Python-3.99.0.tgz", nil, "2030-09-24", cycle.EndOfLife, period{}, period{}, "compare/end-of-life", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := judged(t, tt.file, tt.edits...)
			after := WithCycle(before, lives(t), date(t, tt.at).Start())
			got := after[0]
			if got.Life.Status != tt.status {
				t.Errorf("status %q, want %q", got.Life.Status, tt.status)
			}
			for _, p := range []struct {
				name string
				got  Period
				want period
			}{{"PGP", got.Life.PGP, tt.pgp}, {"Sigstore", got.Life.Sigstore, tt.sigstore}} {
				if p.got != (Period{p.want.presence, date(t, p.want.from), date(t, p.want.until)}) {
					t.Errorf("%s: %v, want %v", p.name, p.got, p.want)
				}
			}
			if got.Readiness != before[0].Readiness {
				t.Errorf("%s, and %s before", got.Readiness, before[0].Readiness)
			}
			want := len(before[0].Reasons)
			if tt.code != "" {
				want++
			}
			if len(got.Reasons) != want {
				t.Fatalf("reasons %q, want %d", got.Reasons, want)
			}
			if tt.code == "" {
				return
			}
			last := got.Reasons[want-1]
			if last.Code != tt.code || last.Artifacts != nil {
				t.Errorf("reason %+v, want %s", last, tt.code)
			}
			wantWords(t, last.Message, tt.words...)
			sentence(t, last.Code, last.Message)
			t.Log(last.Message)
		})
	}
}

func TestWithCycleLeavesAlone(t *testing.T) {
	series := judged(t, "Python-3.13.5.tgz")
	series[0].Reasons = slices.Grow(series[0].Reasons, 1) // where an append would write
	before := slices.Clone(series)
	WithCycle(series, lives(t), date(t, "2026-09-24").Start())
	if diff := cmp.Diff(before, series, cmp.AllowUnexported(Series{})); diff != "" {
		t.Errorf("what was given is another (-before +after):\n%s", diff)
	}
	if extra := series[0].Reasons[:len(series[0].Reasons)+1]; extra[len(extra)-1].Code != "" {
		t.Errorf("wrote to the reasons that were given: %+v", extra[len(extra)-1])
	}
	for name, c := range map[string]*cycle.Cycle{"no cycle": nil, "a cycle without the series": cycle.New("x", "", cycle.Date{}, nil)} {
		if diff := cmp.Diff(series, WithCycle(series, c, time.Time{}), cmp.AllowUnexported(Series{})); diff != "" {
			t.Errorf("%s adds something:\n%s", name, diff)
		}
	}
	// Nobody knows when the data were made, so nobody can say that they only planned.
	undated := cycle.New("x", "", cycle.Date{}, map[release.Series]cycle.Row{
		{Major: 3, Minor: 13}: {Status: cycle.Bugfix, FirstRelease: date(t, "2024-10-07"), EndOfLife: date(t, "2029-10")},
	})
	reasons := WithCycle(series, undated, date(t, "2030-01").Start())[0].Reasons
	wantWords(t, reasons[len(reasons)-1].Message, "3.13 reached its end of life (2029-10), so nothing")
}

func TestScheduled(t *testing.T) {
	for _, tt := range []struct{ end, known, want string }{
		{"2025-10-31", "2025-10-31", ""},
		{"2025-10-31", "2026-01-01", ""},
		{"2025-10-31", "2025-10-30", ", as planned on 2025-10-30"},
		{"2026-10", "2026-10-31", ""},
		{"2026-10", "2026-10-30", ", as planned on 2026-10-30"},
		{"2026-10", "", ""},
	} {
		if got := scheduled(date(t, tt.end), date(t, tt.known)); got != tt.want {
			t.Errorf("the end %s, known on %q: %q, want %q", tt.end, tt.known, got, tt.want)
		}
	}
}
