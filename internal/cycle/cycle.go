// Package cycle knows the release cycle of CPython: when each series was or is
// to be released first, when its life ends, and in which phase it is. It is
// pure: it does no I/O and reads no clock.
package cycle

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"migrate/internal/release"
)

// Status is the phase that a series is in, in the words of the release-cycle
// API. The zero value is none: it is not known, or, of a series whose
// development has not begun, not yet said.
type Status string

// The statuses, as PEP 602 and the developer's guide explain them.
const (
	Feature    Status = "feature"     // new features go in; alphas at most are released
	Prerelease Status = "prerelease"  // from the first beta on
	Bugfix     Status = "bugfix"      // released; fixes and new binaries
	Security   Status = "security"    // security fixes as source only
	EndOfLife  Status = "end-of-life" // frozen: nothing more is released
)

var statuses = []Status{Feature, Prerelease, Bugfix, Security, EndOfLife}

// Row is what the release cycle says of one series.
type Row struct {
	Status         Status // when the data were made; see StatusAt
	PEP            int    // number of the release schedule's
	FirstRelease   Date   // of the final x.y.0, or the plan for it
	EndOfLife      Date   // or the plan for it, mostly a month
	ReleaseManager string // as the data have it: may name several people
}

// StatusAt returns the status at a time, since data age. A series whose end of
// life is past is at its end of life, and one whose first release is past has
// had it, whatever Status says; both hold as far as the schedule was kept. What
// the data cannot tell of an earlier time, before what Status says came about,
// is "". When security follows bugfix the data do not say, so between the first
// release and the end of life Status stands.
//
// Of a later time it does not matter whether Status is that of the data or what
// StatusAt made of it for a time between, but that "" may stay.
func (r Row) StatusAt(t time.Time) Status {
	switch r.Status {
	case EndOfLife:
		if t.Before(r.EndOfLife.Start()) {
			return ""
		}
		return EndOfLife
	case Bugfix, Security:
		if t.Before(r.FirstRelease.Start()) {
			return ""
		}
	}
	switch {
	case r.EndOfLife.PastAt(t):
		return EndOfLife
	case r.FirstRelease.PastAt(t) && (r.Status == Feature || r.Status == Prerelease):
		return Bugfix
	}
	return r.Status
}

// Cycle is the release cycle of all series, as it was known at one time.
type Cycle struct {
	source, sha256 string
	date           Date
	rows           map[release.Series]Row
	unrecognised   []string
}

// New returns a cycle of rows that come from a reading elsewhere; see Source,
// SHA256 and Date for the rest.
func New(source, sha256 string, date Date, rows map[release.Series]Row) *Cycle {
	return &Cycle{source: source, sha256: sha256, date: date, rows: maps.Clone(rows)}
}

// Series returns the row of a series, and false if there is none. A nil cycle
// has none.
func (c *Cycle) Series(s release.Series) (Row, bool) {
	if c == nil {
		return Row{}, false
	}
	r, ok := c.rows[s]
	return r, ok
}

// Source says where the data are from: "embedded", or as Parse was told.
func (c *Cycle) Source() string { return c.source }

// SHA256 returns the digest of the data, in lower-case hex.
func (c *Cycle) SHA256() string { return c.sha256 }

// Date is when the data were made; zero if nobody knows.
func (c *Cycle) Date() Date { return c.date }

// AsOf returns the same cycle with the day of t, in UTC, for its date: that of
// a download, which says what is so today.
func (c *Cycle) AsOf(t time.Time) *Cycle {
	d := *c
	d.date = DateOf(t)
	return &d
}

// Unrecognised returns the names of rows that are not about a series, in the
// data's order. They come from outside and are not escaped.
func (c *Cycle) Unrecognised() []string { return slices.Clone(c.unrecognised) }

//go:embed cycle.json
var embedded []byte

// embeddedDate is when cycle.json was so; see cycle.md.
var embeddedDate = Date{2026, time.September, 24}

// Embedded returns the cycle that comes with the program. It is as old as its
// Date says.
func Embedded() (*Cycle, error) {
	c, err := Parse("embedded", embedded)
	if err != nil {
		return nil, err
	}
	c.date = embeddedDate
	return c, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
