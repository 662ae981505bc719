package keyrings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"migrate/pgp"
)

// A Concern is one thing about a pinned key that shows in a report.
type Concern struct {
	Key    Key
	What   Flaw
	Detail string   // one line, lower case: the facts
	Effect string   // one line: what it does to a report, with the codes that explain it, and what to do
	Files  []string // the sources of the key files that an unreadable part is in
}

// Flaw is what is the matter with a key.
type Flaw string

// The flaws.
const (
	Missing       Flaw = "missing"        // no copy is at hand, or none that can verify anything
	Revoked       Flaw = "revoked"        // by its owner
	Expired       Flaw = "expired"        // by every copy at hand
	Weak          Flaw = "weak"           // the library's strict policy lets it sign nothing
	RefreshedOnly Flaw = "refreshed-only" // the first self-signatures are gone
	Unreadable    Flaw = "unreadable"     // something of its owner's in it cannot be read
)

// Check says what is the matter at the given time with each pinned key, in the
// order of the roster, going by the copies in ring, which were read from files.
// It verifies nothing.
func (r *Roster) Check(ring *pgp.Keyring, files []KeyFile, now time.Time) []Concern {
	certificates := make(map[pgp.Fingerprint]pgp.Certificate)
	for _, c := range ring.Certificates() {
		certificates[c.Fingerprint] = c
	}
	var all []Concern
	for _, k := range r.keys {
		add := func(what Flaw, detail, effect string) {
			all = append(all, Concern{Key: *k, What: what, Detail: detail, Effect: effect})
		}
		c, ok := certificates[k.Fingerprint]
		if !ok {
			add(Missing, "no copy that can verify anything is at hand", "its signatures come out unknown-key (pgp/unknown-key) until migrate keyrings update, or --keyring, brings one")
			continue
		}
		concerns(c, now, add)
		if len(c.Unreadable) > 0 {
			all = append(all, unreadable(*k, c, ring, files))
		}
	}
	return all
}

func concerns(c pgp.Certificate, now time.Time, add func(what Flaw, detail, effect string)) {
	switch since := c.RevokedSince; {
	case c.Revoked && since.IsZero():
		add(Revoked, "revoked for all time", "all its signatures come out rejected (pgp/key-revoked)")
	case c.Revoked && !since.After(now):
		add(Revoked, "revoked since "+day(since)+", as retired or superseded",
			"signatures made before "+day(since)+" stay good, with a warning (pgp/key-revoked-since); later ones come out rejected (pgp/key-revoked)")
	}
	if !c.Expires.IsZero() && !c.Expires.After(now) {
		add(Expired, "expired on "+day(c.Expires),
			"signatures made before that stay good, with a note (pgp/key-expired-since); later ones come out rejected (pgp/key-expired-at-signing), or, if no copy at hand is as new as they are, unchecked (pgp/stale-key)")
	}
	var why, codes []string
	for _, w := range c.Weaknesses {
		switch w {
		case pgp.WeakKey:
			why, codes = append(why, c.Algorithm+" is too weak today"), append(codes, "pgp/weak-key")
		case pgp.NoKeyFlags:
			why, codes = append(why, "it does not say that it may sign"), append(codes, "pgp/key-flags-missing")
		default:
			why, codes = append(why, "the library's strict policy refuses it"), append(codes, "pgp/weak")
		}
	}
	if why != nil {
		add(Weak, strings.Join(why, ", and "),
			"its signatures come out weak, which never counts as agreement ("+strings.Join(codes, ", ")+")")
	}
	if !c.Refreshed.IsZero() {
		add(RefreshedOnly, "made on "+day(c.Created)+", and the oldest self-signature at hand is of "+day(c.Refreshed),
			"signatures made before "+day(c.Refreshed)+" come out good-refreshed (pgp/good-refreshed) until an older copy is at hand")
	}
}

// unreadable says what cannot be read in a certificate, and in which files.
func unreadable(k Key, c pgp.Certificate, ring *pgp.Keyring, files []KeyFile) Concern {
	detail, code := c.Unreadable[0], "pgp/unreadable-self-signature"
	if more := len(c.Unreadable) - 1; more > 0 {
		detail += fmt.Sprintf("; and %d more", more)
	}
	if strings.HasPrefix(detail, "a revocation") {
		code = "pgp/unreadable-revocation"
	}
	in := unreadableIn(c, ring, files)
	detail += "; in " + strings.Join(in, ", ")
	remove := "remove that file"
	if len(in) > 1 {
		remove = "remove those files"
	}
	if slices.ContainsFunc(c.Copies, func(c pgp.Copy) bool { return !slices.Contains(in, c.Source) }) {
		remove += ": another copy is at hand"
	} else {
		remove += " once another copy is at hand"
	}
	return Concern{k, Unreadable, detail, "its signatures may come out unchecked (" + code + "); if its owner did not put that there, " + remove, in}
}

// unreadableIn returns the sources of the files that have an unreadable part of
// the certificate; of all its copies, if it cannot be told.
func unreadableIn(c pgp.Certificate, ring *pgp.Keyring, files []KeyFile) []string {
	var in []string
	for _, f := range files {
		alone := pgp.NewKeyring()
		alone.Add(f.Source, f.Data)
		found := slices.ContainsFunc(alone.Certificates(), func(d pgp.Certificate) bool {
			return d.Fingerprint == c.Fingerprint && len(d.Unreadable) > 0
		})
		// Beside the other copies a revocation without its key, or one in a copy
		// without user ID, is known for what it is.
		_, skipped, _ := duplicate(ring).Add(f.Source, f.Data)
		if found || slices.ContainsFunc(skipped, func(s pgp.Skipped) bool { return s.Fingerprint == c.Fingerprint }) {
			in = append(in, f.Source)
		}
	}
	if in == nil {
		for _, copy := range c.Copies {
			in = append(in, copy.Source)
		}
	}
	return in
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
