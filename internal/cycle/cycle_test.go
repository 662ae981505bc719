package cycle

import (
	"slices"
	"testing"
	"time"

	"migrate/internal/release"
	"migrate/keyrings"
)

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustDate(t *testing.T, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStatusAt(t *testing.T) {
	row := func(s Status, first, end string) Row {
		return Row{Status: s, FirstRelease: mustDate(t, first), EndOfLife: mustDate(t, end)}
	}
	tests := []struct {
		name string
		row  Row
		at   string
		want Status
	}{
		{"the data say it", row(Security, "2023-10-02", "2028-10"), "2026-01-01T00:00:00Z", Security},
		{"the last moment of the month", row(Security, "2021-10-04", "2026-10"), "2026-10-31T23:59:59Z", Security},
		{"the month is over", row(Security, "2021-10-04", "2026-10"), "2026-11-01T00:00:00Z", EndOfLife},
		{"the same moment elsewhere", row(Security, "2021-10-04", "2026-10"), "2026-11-01T01:00:00+02:00", Security},
		{"the month is December", row(Bugfix, "2016-12-23", "2021-12"), "2021-12-31T23:59:59Z", Bugfix},
		{"December is over", row(Bugfix, "2016-12-23", "2021-12"), "2022-01-01T00:00:00Z", EndOfLife},
		{"the last moment of the day", row(Security, "2018-06-27", "2023-06-27"), "2023-06-27T23:59:59Z", Security},
		{"the day is over", row(Security, "2018-06-27", "2023-06-27"), "2023-06-28T00:00:00Z", EndOfLife},
		{"the day itself, and the data know", row(EndOfLife, "2020-10-05", "2025-10-31"), "2025-10-31T00:00:00Z", EndOfLife},
		{"before the end that the data know", row(EndOfLife, "2020-10-05", "2025-10-31"), "2025-10-30T23:59:59Z", ""},
		{"before the month that the data know", row(EndOfLife, "2020-10-05", "2025-10"), "2025-09-30T23:59:59Z", ""},
		{"released today", row(Prerelease, "2026-10-01", "2031-10"), "2026-10-01T23:59:59Z", Prerelease},
		{"released yesterday", row(Prerelease, "2026-10-01", "2031-10"), "2026-10-02T00:00:00Z", Bugfix},
		{"a feature series, released", row(Feature, "2027-10-06", "2032-10"), "2028-01-01T00:00:00Z", Bugfix},
		{"a feature series, ended", row(Feature, "2027-10-06", "2032-10"), "2032-11-01T00:00:00Z", EndOfLife},
		{"a feature series, to come", row(Feature, "2027-10-06", "2032-10"), "2026-11-01T00:00:00Z", Feature},
		{"bugfix, before the first release", row(Bugfix, "2025-10-07", "2030-10"), "2025-10-06T23:59:59Z", ""},
		{"bugfix, on that day", row(Bugfix, "2025-10-07", "2030-10"), "2025-10-07T00:00:00Z", Bugfix},
		{"security, before the first release", row(Security, "2025-10-07", "2030-10"), "2020-01-01T00:00:00Z", ""},
		{"not said", row("", "2027-10-06", "2032-10"), "2026-01-01T00:00:00Z", ""},
		{"not said, and released since", row("", "2027-10-06", "2032-10"), "2028-01-01T00:00:00Z", ""},
		{"not said, and ended since", row("", "2027-10-06", "2032-10"), "2033-01-01T00:00:00Z", EndOfLife},
	}
	for _, tt := range tests {
		if got := tt.row.StatusAt(moment(t, tt.at)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What is so at one time leads to what is so later, whichever way one goes: that
// is how reports are merged.
func TestStatusAtInSteps(t *testing.T) {
	first, end := mustDate(t, "2021-10-04"), mustDate(t, "2026-10")
	times := []time.Time{
		first.Start().AddDate(-1, 0, 0), first.Start(), first.End(), first.End().AddDate(1, 0, 0),
		end.Start().Add(-1), end.Start(), end.End().Add(-1), end.End(), end.End().AddDate(1, 0, 0),
	}
	for _, s := range append(statuses, "") {
		row := Row{Status: s, FirstRelease: first, EndOfLife: end}
		for i, now := range times {
			then := row
			then.Status = row.StatusAt(now)
			for _, later := range times[i:] {
				want, got := row.StatusAt(later), then.StatusAt(later)
				if got != want && (then.Status != "" || got != "") {
					t.Errorf("%q is %q at %s and %q at %s, and without the first %q", s, then.Status, now, got, later, want)
				}
			}
		}
	}
}

func TestEmbedded(t *testing.T) {
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if c.Source() != "embedded" || c.Date() != embeddedDate || c.SHA256() != digest(embedded) || len(c.Unrecognised()) > 0 {
		t.Errorf("source %q, date %s, digest %s, not recognised %q", c.Source(), c.Date(), c.SHA256(), c.Unrecognised())
	}
	want := map[string]Row{
		"2.0":  {EndOfLife, 200, mustDate(t, "2000-10-16"), mustDate(t, "2001-06-22"), "Guido van Rossum, Jeremy Hylton"},
		"2.7":  {EndOfLife, 373, mustDate(t, "2010-07-03"), mustDate(t, "2020-01-01"), "Benjamin Peterson"},
		"3.9":  {EndOfLife, 596, mustDate(t, "2020-10-05"), mustDate(t, "2025-10-31"), "Łukasz Langa"},
		"3.13": {Bugfix, 719, mustDate(t, "2024-10-07"), mustDate(t, "2029-10"), "Thomas Wouters"},
		"3.15": {Prerelease, 790, mustDate(t, "2026-10-01"), mustDate(t, "2031-10"), "Hugo van Kemenade"},
		"3.16": {Feature, 826, mustDate(t, "2027-10-06"), mustDate(t, "2032-10"), "Savannah Ostrowski"},
	}
	for name, row := range want {
		s, err := release.ParseSeries(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Series(s); !ok || got != row {
			t.Errorf("%s: %+v, %v; want %+v", name, got, ok, row)
		}
	}
	if _, ok := c.Series(release.Series{Major: 4}); ok {
		t.Error("there is a row for 4.0")
	}

	// What the data say is so at their own date, and no series is left out that
	// the roster knows and that has begun.
	now := c.Date().Start()
	for s, row := range c.rows {
		if got := row.StatusAt(now); got != row.Status {
			t.Errorf("%s is %s, and at the date of the data %s", s, row.Status, got)
		}
	}
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for minor := range 60 {
		s := release.Series{Major: 3, Minor: minor}
		if minor >= 40 {
			s = release.Series{Major: 2, Minor: minor - 40}
		}
		known := roster.Expect(release.Name{Version: release.Version{Major: s.Major, Minor: s.Minor}, Role: release.RoleSource}).Known
		if _, ok := c.Series(s); known && !ok && s != (release.Series{Major: 3, Minor: 17}) { // which has no dates yet
			t.Errorf("the roster has %s, and the release cycle does not", s)
		}
	}
}

func TestAsOf(t *testing.T) {
	c := New("x", digest(nil), Date{}, nil)
	d := c.AsOf(moment(t, "2026-11-01T01:00:00+02:00"))
	if !c.Date().IsZero() || d.Date() != mustDate(t, "2026-10-31") || d.Source() != "x" || d.SHA256() != digest(nil) {
		t.Errorf("%+v of %+v", d, c)
	}
}

func TestNewKeepsNothing(t *testing.T) {
	s := release.Series{Major: 3, Minor: 13}
	rows := map[release.Series]Row{s: {Status: Bugfix}}
	c := New("x", "", Date{}, rows)
	clear(rows)
	if r, ok := c.Series(s); !ok || r.Status != Bugfix {
		t.Error("the rows are the caller's")
	}
	if _, ok := (*Cycle)(nil).Series(s); ok {
		t.Error("no cycle has a row")
	}
	list := (&Cycle{unrecognised: []string{"a"}})
	list.Unrecognised()[0] = "b"
	if !slices.Equal(list.Unrecognised(), []string{"a"}) {
		t.Error("the list is the caller's")
	}
}
