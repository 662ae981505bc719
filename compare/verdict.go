package compare

import (
	"slices"

	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// class is what one method's status is worth in the verdict. The zero value
// decides nothing.
type class uint8

const (
	undecided class = iota // could not be checked
	pass                   // valid, by somebody the roster expects
	logged                 // valid, by somebody the roster expects, with what the log was asked for; no client can repeat it offline
	weak                   // valid for a verifier that accepts weak algorithms; never counts as agreement
	unpinned               // valid, but the roster pins nobody who could be the right one
	negative               // checked, and not to be accepted
	absent                 // there is nothing to check
)

// pgpClass classifies the PGP result. A valid signature passes only if its
// certificate is pinned for this artifact: the status alone is not believed.
// A malformed file is no signature, so it says nothing for or against.
func (e *Evidence) pgpClass() class {
	switch e.PGP.Status {
	case pgp.Good, pgp.GoodRefreshed, pgp.Weak, pgp.WrongSigner:
		switch {
		case len(e.Expected.Signers) == 0:
			return unpinned
		case e.PGP.Status == pgp.WrongSigner, !slices.Contains(e.Expected.Signers, e.PGP.Certificate):
			return negative
		case e.PGP.Status == pgp.Weak:
			return weak
		}
		return pass
	case pgp.Bad, pgp.Rejected:
		return negative
	case pgp.Missing:
		return absent
	}
	return undecided
}

// sigstoreClass classifies the Sigstore result. That an identity is the wrong
// one cannot be said of a series the roster does not know; of one it knows to
// have no identity, it can.
func (e *Evidence) sigstoreClass() class {
	switch e.Sigstore.Status {
	case sigstore.Good:
		return pass
	case sigstore.GoodFromLog:
		return logged
	case sigstore.WrongIdentity:
		if !e.Expected.Known && len(e.Expected.Identities)+len(e.Expected.Patterns) == 0 {
			return unpinned
		}
		return negative
	case sigstore.Untrusted:
		// A trust root does not speak about what came after it, neither against
		// a bundle nor for it.
		if e.Sigstore.NewerThanRoot {
			return undecided
		}
		return negative
	case sigstore.DigestMismatch, sigstore.Bad:
		return negative
	case sigstore.Missing:
		return absent
	}
	return undecided
}

// pairOnly reports whether a .sig and .crt pair stands in for a bundle that is
// not there.
func (e *Evidence) pairOnly() bool {
	switch e.Sigstore.Status {
	case sigstore.GoodFromLog:
		return true
	case sigstore.Good, sigstore.Missing: // of a bundle
		return false
	}
	return e.LegacyPair && e.Bundle.Location == "" && !e.sigstoreOutOfQuestion()
}

// pgpOutOfQuestion reports whether PGP is unchecked without anything being
// amiss: nobody asked, or the source cannot show an .asc where none is due.
func (e *Evidence) pgpOutOfQuestion() bool {
	return e.PGP.Status == pgp.Unchecked &&
		(e.PGP.Reason == pgp.NotAsked || e.PGPUnseen && e.Expected.PGP == keyrings.None)
}

// sigstoreOutOfQuestion is pgpOutOfQuestion for Sigstore. Every source shows
// bundles.
func (e *Evidence) sigstoreOutOfQuestion() bool {
	return e.Sigstore.Status == sigstore.Unchecked && e.Sigstore.Reason == sigstore.NotAsked
}

// decide returns the verdict on an artifact. What is good from the log is
// evidence about the artifact, but nothing that could take PGP's place.
func decide(e *Evidence, r *keyrings.Roster) Verdict {
	if e.Trouble != "" {
		return Unchecked
	}
	p, s := e.pgpClass(), e.sigstoreClass()
	switch {
	case (s == pass || s == logged) && e.pgpOutOfQuestion():
		p = absent
	case (p == pass || p == weak) && e.sigstoreOutOfQuestion():
		s = absent
	}
	switch {
	case p == pass && (s == pass || s == logged):
		if _, _, differ := differentPeople(e, r); differ {
			return Conflict
		}
		if s == logged {
			return PGPOnly
		}
		return Equivalent
	case p == pass && s == negative, p == negative && (s == pass || s == logged):
		return Conflict
	case p == negative, s == negative:
		return Failed
	case (s == pass || s == logged) && p != undecided: // absent, weak, unpinned
		return SigstoreOnly
	case p == pass && s != undecided: // absent, unpinned
		return PGPOnly
	case p == weak && s == absent:
		return PGPOnly
	case p == absent && s == absent:
		return Unsigned
	}
	return Unchecked
}

// differentPeople reports whether the two signers should be one person and are
// two, and who they are. A signer the roster cannot name differs from no one.
func differentPeople(e *Evidence, r *keyrings.Roster) (key keyrings.Key, person keyrings.Person, differ bool) {
	if !e.Expected.SamePerson {
		return key, person, false
	}
	key, byPGP := r.Key(e.PGP.Certificate)
	person, _, bySigstore := r.Identified(e.Sigstore.Identity)
	differ = byPGP && bySigstore && key.Person != "" && person.ID != "" && key.Person != person.ID
	return key, person, differ
}
