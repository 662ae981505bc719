package compare

import (
	"fmt"
	"slices"
	"time"

	"migrate/internal/cycle"
	"migrate/internal/release"
	"migrate/keyrings"
)

// Life is from when to when a series lives, and what of its releases is signed
// in that time.
type Life struct {
	Status        cycle.Status // at the time of the run; "" if that is not known
	FirstRelease  cycle.Date   // or the plan for it; zero: nothing is known
	EndOfLife     cycle.Date   // or the plan for it
	PGP, Sigstore Period
}

// Period says whether releases of a series are signed by a method, and from
// when to when.
type Period struct {
	Presence    keyrings.Presence // "" if the roster does not know the series
	From, Until cycle.Date        // zero unless Required and the life is known
}

// sigstoreBegan is the day of 3.7.14, 3.8.14, 3.9.14 and 3.10.7, the first
// releases with bundles (PEPs 537, 569, 596 and 619).
var sigstoreBegan = cycle.Date{Year: 2022, Month: time.September, Day: 6}

// prospect is what the roster expects of the releases that are still to come,
// or would be: of their sources, which every release has.
func prospect(s release.Series, r *keyrings.Roster) (pgp, sigstore Period, noPGP string) {
	const later = 999 // no series gets so far
	e := r.Expect(release.Name{
		Version: release.Version{Major: s.Major, Minor: s.Minor, Micro: later},
		Role:    release.RoleSource, Kind: release.KindSource,
	})
	if !e.Known {
		return Period{}, Period{}, ""
	}
	if e.PGP == keyrings.None {
		noPGP = e.PGPReason
	}
	return Period{Presence: e.PGP}, Period{Presence: e.Sigstore}, noPGP
}

// WithCycle returns judgements on series with what the release cycle adds to
// them: each series' life as it stands at a time, and a reason that says what
// is still published of it, and signed how. Readiness stays as it is. Of a
// series that the cycle does not have nothing is said; a nil cycle has none.
func WithCycle(series []Series, c *cycle.Cycle, at time.Time) []Series {
	out := slices.Clone(series)
	for i := range out {
		s := &out[i]
		row, ok := c.Series(s.Series)
		if !ok {
			continue
		}
		s.Life.Status = row.StatusAt(at)
		s.Life.FirstRelease, s.Life.EndOfLife = row.FirstRelease, row.EndOfLife
		s.Life.PGP.last(row, cycle.Date{})
		s.Life.Sigstore.last(row, sigstoreBegan)
		if reason, ok := s.outlook(c.Date()); ok {
			s.Reasons = append(slices.Clip(s.Reasons), reason)
		}
	}
	return out
}

// last sets from when to when a method is used: while the series lives, and not
// before the method began.
func (p *Period) last(row cycle.Row, began cycle.Date) {
	if p.Presence != keyrings.Required {
		return
	}
	p.From, p.Until = row.FirstRelease, row.EndOfLife
	if p.From.Start().Before(began.Start()) {
		p.From = began
	}
}

// outlook says what is still published of a series, if anybody knows.
func (s *Series) outlook(known cycle.Date) (Reason, bool) {
	l := s.Life
	switch {
	case l.Status == cycle.EndOfLife:
		then := "do not wait for a signature to be added or mended"
		if s.Readiness == Ready {
			then = "no later release can change this answer"
		}
		return Reason{Code: "compare/end-of-life", Message: fmt.Sprintf("%s reached its end of life (%s%s), so nothing more will be published, and what is there stays as it is: %s",
			s.Series, l.EndOfLife, scheduled(l.EndOfLife, known), then)}, true
	case l.PGP.Presence == keyrings.Required:
		return Reason{Code: "compare/pgp-until", Message: fmt.Sprintf("PGP signatures are due until the end of life of %s (%s): until then both methods can be verified side by side",
			s.Series, l.EndOfLife)}, true
	case l.PGP.Presence == keyrings.None && l.Sigstore.Presence == keyrings.Required:
		return Reason{Code: "compare/no-pgp", Message: fmt.Sprintf("%s has no PGP signatures from its first alpha on%s, and will get none before its end of life (%s): plan for Sigstore alone",
			s.Series, bracketed(s.noPGP), l.EndOfLife)}, true
	}
	return Reason{}, false
}

// scheduled says of an end of life that was still to come when the cycle's data
// were made that nothing but the plan is known of it.
func scheduled(end, known cycle.Date) string {
	if known.IsZero() || !known.End().Before(end.End()) {
		return ""
	}
	return fmt.Sprintf(", as planned on %s", known)
}
