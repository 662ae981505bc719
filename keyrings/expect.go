package keyrings

import (
	"fmt"
	"slices"

	"migrate/internal/release"
	"migrate/pgp"
	"migrate/sigstore"
)

// Presence says whether a sidecar should exist.
type Presence string

// The presences.
const (
	Required Presence = "required" // it should exist; a missing one is a gap
	Optional Presence = "optional" // some exist and some do not
	None     Presence = "none"     // it should not exist
)

// strength orders the presences, so that a kind's row can only ask for less
// than its release does.
var strength = []Presence{None, Optional, Required}

// Expectation is what the roster leads one to expect of one artifact.
//
// Where Signers is empty the roster pins nobody, and no signature is by the
// right person: it must never be read as "anybody". The same holds where
// Identities and Patterns both are empty.
type Expectation struct {
	PGP            Presence
	PGPReason      string // one sentence, e.g. "PEP 761: no PGP signatures from 3.14 on"
	Sigstore       Presence
	SigstoreReason string // one sentence

	Signers    []pgp.Fingerprint   // pinned for this series and role
	Identities []sigstore.Identity // exact pairs pinned for this series
	Patterns   []sigstore.Pattern  // anchored URI patterns pinned for this series
	SamePerson bool                // PGP signer and Sigstore signer should be one person

	Recalled string // one sentence why the release was recalled; "" if it was not
	Known    bool   // the roster has a row for the series
}

// Expect returns what should be signed of an artifact, and by whom. For a
// series the roster does not know it returns an Expectation that asks for
// nothing and pins nobody.
//
// The rows apply in this order: series, exceptions, kinds. A kind's row only
// weakens: no kind is signed where its release is not.
func (r *Roster) Expect(n release.Name) Expectation {
	row, ok := r.series[n.Version.Series()]
	if !ok {
		reason := fmt.Sprintf("the roster has no row for series %s and cannot say who signs it", n.Version.Series())
		return Expectation{
			PGP: Optional, PGPReason: reason,
			Sigstore: Optional, SigstoreReason: reason,
		}
	}

	e := Expectation{Known: true, Recalled: r.recalled[n.Version]}
	signers, identities := row.signers[n.Role].at(n.Version), row.identities.at(n.Version)
	e.PGP, e.PGPReason = row.pgp(n, signers)
	e.Sigstore, e.SigstoreReason = row.sigstore(n, identities)

	for _, x := range r.exceptions {
		if !x.applies(n) {
			continue
		}
		if x.signers != nil {
			signers = x.signers
		}
		if x.identities != nil {
			identities = x.identities
		}
		if x.pgp != "" {
			e.PGP, e.PGPReason = x.pgp, x.why
		}
		if x.sigstore != "" {
			e.Sigstore, e.SigstoreReason = x.sigstore, x.why
		}
	}
	if k, ok := r.kinds[n.Kind]; ok {
		weaken(&e.PGP, &e.PGPReason, k.pgp, k.why)
		weaken(&e.Sigstore, &e.SigstoreReason, k.sigstore, k.why)
	}

	e.SamePerson = r.samePerson[n.Role]
	for _, k := range signers {
		e.Signers = append(e.Signers, k.Fingerprint)
	}
	for _, id := range identities {
		if id.matcher != nil {
			e.Patterns = append(e.Patterns, id.pattern)
		} else {
			e.Identities = append(e.Identities, id.exact)
		}
		// A workload is nobody in particular, and can differ from no one.
		e.SamePerson = e.SamePerson && id.person.ID != ""
	}
	return e
}

// weaken lowers a presence to what a kind's row asks for.
func weaken(p *Presence, reason *string, to Presence, why string) {
	if to != "" && slices.Index(strength, to) < slices.Index(strength, *p) {
		*p, *reason = to, why
	}
}

func (row *seriesRow) pgp(n release.Name, signers []*Key) (Presence, string) {
	switch {
	case row.noPGP:
		return None, row.why
	case len(signers) == 0:
		return None, fmt.Sprintf("the roster names no PGP signer for %s files of %s", n.Role, n.Version)
	}
	return Required, fmt.Sprintf("%s files of %s are signed with PGP", n.Role, n.Version.Series())
}

func (row *seriesRow) sigstore(n release.Name, identities []*identity) (Presence, string) {
	series := n.Version.Series()
	switch {
	case len(identities) == 0:
		return None, fmt.Sprintf("no release of %s is signed with Sigstore", series)
	case n.Version.Compare(row.sigstoreFrom) < 0:
		return Optional, fmt.Sprintf("Sigstore signing of %s began with %s; an earlier release has a bundle only if it was signed later", series, row.sigstoreFrom)
	case row.sigstoreFrom == release.Version{}:
		return Required, fmt.Sprintf("every release of %s is signed with Sigstore", series)
	}
	return Required, fmt.Sprintf("%s is signed with Sigstore from %s on", series, row.sigstoreFrom)
}

// steps says what holds from which release on. It is sorted; what comes before
// the first step has nothing.
type steps[T any] []step[T]

type step[T any] struct {
	from release.Version // zero: from the first release of the series
	who  []T
}

// at returns what holds for a release, nil if nothing does.
func (s steps[T]) at(v release.Version) []T {
	for _, st := range slices.Backward(s) {
		if st.from.Compare(v) <= 0 {
			return st.who
		}
	}
	return nil
}

// span is a range of releases of one series, both ends included, in PEP 440's
// order.
type span struct{ first, last release.Version }

func (s span) contains(v release.Version) bool {
	return s.first.Compare(v) <= 0 && v.Compare(s.last) <= 0
}

func (s span) overlaps(t span) bool {
	return s.first.Compare(t.last) <= 0 && t.first.Compare(s.last) <= 0
}

// exception is a row for releases that differ from their series.
type exception struct {
	line       int
	releases   []span
	roles      []release.Role // nil: all
	kinds      []release.Kind // nil: all
	pgp        Presence       // "": as the series has it
	sigstore   Presence
	signers    []*Key // nil: as the series has it
	identities []*identity
	why        string
}

func (x *exception) applies(n release.Name) bool {
	return slices.ContainsFunc(x.releases, func(s span) bool { return s.contains(n.Version) }) &&
		(x.roles == nil || slices.Contains(x.roles, n.Role)) &&
		(x.kinds == nil || slices.Contains(x.kinds, n.Kind))
}

// contradicts reports whether both rows say something about the same fact of
// the same artifact.
func (x *exception) contradicts(y *exception) bool {
	same := (x.pgp != "" && y.pgp != "") || (x.sigstore != "" && y.sigstore != "") ||
		(x.signers != nil && y.signers != nil) || (x.identities != nil && y.identities != nil)
	return same && meet(x.roles, y.roles) && meet(x.kinds, y.kinds) &&
		slices.ContainsFunc(x.releases, func(s span) bool {
			return slices.ContainsFunc(y.releases, s.overlaps)
		})
}

// meet reports whether two restrictions, nil meaning none, have something in common.
func meet[T comparable](a, b []T) bool {
	return a == nil || b == nil || slices.ContainsFunc(a, func(v T) bool { return slices.Contains(b, v) })
}

// kindRow is a row for a kind that is signed less than the rest of its release.
type kindRow struct {
	pgp, sigstore Presence // "": as the release has it
	why           string
}

// seriesRow is what a row says about one of its series.
type seriesRow struct {
	line         int
	signers      map[release.Role]steps[*Key]
	noPGP        bool
	identities   steps[*identity]
	sigstoreFrom release.Version // zero: the first release of the series
	why          string
}
