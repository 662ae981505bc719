// Package keyrings knows who may sign what of CPython: the roster with its
// people, pinned keys, identities and exceptions, and the keys that ship with
// the program. It verifies nothing.
package keyrings

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"migrate/internal/release"
	"migrate/pgp"
	"migrate/sigstore"
)

//go:embed roster.yaml
var embeddedRoster []byte

// Roster says who may sign what, and what should be signed. It is immutable
// and safe for concurrent use.
type Roster struct {
	source, version string
	sha256          [sha256.Size]byte

	people     map[string]Person
	keys       []*Key // in the order of the file
	unpinnable []Unpinnable
	known      []*identity // in the order of the file
	samePerson map[release.Role]bool
	series     map[release.Series]*seriesRow
	kinds      map[release.Kind]kindRow
	exceptions []*exception
	recalled   map[release.Version]string
}

// Person is somebody who signs releases. ID is empty for a workload, which is
// nobody in particular; then Name is its name in the roster.
type Person struct {
	ID   string // e.g. "thomas-wouters"
	Name string // e.g. "Thomas Wouters"
	// GitHub is a user name there, or "". It is one of the places where the
	// person's keys are looked for, and proves nothing about what is found.
	GitHub string
}

// Key is a pinned PGP key.
type Key struct {
	Fingerprint pgp.Fingerprint
	Label       string // its short name in the roster, e.g. "TW"
	Person      string // whose it is, a Person.ID
	Name        string // the person's name
	Algorithm   string // as the roster notes it, e.g. "RSA-4096"
	Signs       string // what it may sign, e.g. "source 3.8, 3.9; macos 3.8"
	Note        string // one line, or ""
}

// Unpinnable is a key of which no full fingerprint is known. Key IDs can be
// forged: it explains an old signature to people, and is never compared.
type Unpinnable struct {
	KeyID     string // 16 upper-case hex digits
	Person    string // a Person.ID
	Name      string // the person's name
	Algorithm string
	Note      string
}

// identity is a Sigstore identity of the roster: exact, or a pattern.
type identity struct {
	label   string
	person  Person
	exact   sigstore.Identity
	pattern sigstore.Pattern
	matcher *regexp.Regexp // of pattern, anchored; nil for an exact identity
}

func (i *identity) is(id sigstore.Identity) bool {
	if i.matcher != nil {
		return i.pattern.Issuer == id.Issuer && i.matcher.MatchString(id.SAN)
	}
	return i.exact == id
}

// Embedded returns the roster that ships with the program.
func Embedded() (*Roster, error) {
	return Parse("embedded roster.yaml", embeddedRoster)
}

// Version returns the roster's own version, a date like "2026-04-28".
func (r *Roster) Version() string { return r.version }

// Source returns where the roster was read from, as Parse was told.
func (r *Roster) Source() string { return r.source }

// SHA256 returns the digest of the roster's text in lower-case hex.
func (r *Roster) SHA256() string { return hex.EncodeToString(r.sha256[:]) }

// Keys returns every pinned key, in the roster's order.
func (r *Roster) Keys() []Key {
	keys := make([]Key, len(r.keys))
	for i, k := range r.keys {
		keys[i] = *k
	}
	return keys
}

// Key returns the pinned key with the fingerprint f.
func (r *Roster) Key(f pgp.Fingerprint) (Key, bool) {
	i := slices.IndexFunc(r.keys, func(k *Key) bool { return k.Fingerprint == f })
	if i < 0 {
		return Key{}, false
	}
	return *r.keys[i], true
}

// Unpinnable returns the keys that are known only by a key ID.
func (r *Roster) Unpinnable() []Unpinnable { return slices.Clone(r.unpinnable) }

// Person returns the person with an ID.
func (r *Roster) Person(id string) (Person, bool) {
	p, ok := r.people[id]
	return p, ok
}

// People returns everybody in the roster, sorted by ID.
func (r *Roster) People() []Person {
	people := make([]Person, 0, len(r.people))
	for _, id := range slices.Sorted(maps.Keys(r.people)) {
		people = append(people, r.people[id])
	}
	return people
}

// Series returns every series the roster has a row for, in order.
func (r *Roster) Series() []release.Series {
	return slices.SortedFunc(maps.Keys(r.series), release.Series.Compare)
}

// Identified returns whose identity id is, and the series it may sign, in
// order. It reports false for an identity that the roster does not have; one
// that it has but that may sign nothing comes with no series.
func (r *Roster) Identified(id sigstore.Identity) (Person, []release.Series, bool) {
	// An exact identity says more than a pattern that matches it as well.
	i := slices.IndexFunc(r.known, func(i *identity) bool { return i.matcher == nil && i.is(id) })
	if i < 0 {
		i = slices.IndexFunc(r.known, func(i *identity) bool { return i.is(id) })
	}
	if i < 0 {
		return Person{}, nil, false
	}
	found := r.known[i]
	var series []release.Series
	for _, s := range r.Series() {
		if slices.ContainsFunc(r.series[s].identities, func(st step[*identity]) bool {
			return slices.Contains(st.who, found)
		}) || slices.ContainsFunc(r.exceptions, func(x *exception) bool {
			return slices.Contains(x.identities, found) &&
				slices.ContainsFunc(x.releases, func(sp span) bool { return sp.first.Series() == s })
		}) {
			series = append(series, s)
		}
	}
	return found.person, series, true
}

// signs says in words what a key may sign.
func (r *Roster) signs(k *Key) string {
	var parts []string
	for _, role := range roles {
		var series []string
		for _, s := range r.Series() {
			if slices.ContainsFunc(r.series[s].signers[role], func(st step[*Key]) bool {
				return slices.Contains(st.who, k)
			}) {
				series = append(series, s.String())
			}
		}
		for _, x := range r.exceptions {
			if slices.Contains(x.signers, k) && (x.roles == nil || slices.Contains(x.roles, role)) {
				for _, sp := range x.releases {
					series = append(series, sp.String())
				}
			}
		}
		if series != nil {
			parts = append(parts, fmt.Sprintf("%s %s", role, strings.Join(series, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

// String returns the span as the roster spells it.
func (s span) String() string {
	if s.first == s.last {
		return s.first.String()
	}
	return s.first.String() + ".." + s.last.String()
}
