package compare

import (
	"slices"

	"migrate/keyrings"
	"migrate/sigstore"
)

// sigstore finds what the bundle, or the pair in its place, gives rise to.
func (f *findings) sigstore() {
	r := &f.Sigstore
	if f.pairOnly() {
		f.add("sigstore/legacy-pair", "There is only a .sig and .crt pair, which holds no proof of having been logged and cannot be checked offline")
	}
	switch r.Status {
	case sigstore.Unchecked:
		switch r.Reason {
		case sigstore.Unreadable:
			f.add("sigstore/unreadable", "%s", because("The "+f.thing()+" could not be read", r.Detail))
		case sigstore.LookupFailed:
			f.add("sigstore/lookup-failed", "%s", because("The transparency log gave no usable answer about the pair", r.Detail))
		default:
			f.add("sigstore/not-checked", "%s", because("Sigstore was not looked at", r.Detail))
		}
	case sigstore.Good:
		f.notesOfBundle()
	case sigstore.GoodFromLog:
		f.add("sigstore/from-the-log", "With the entry that the transparency log was asked for, the pair%s is valid and signed as %s; that is no bundle, and no client can verify it offline",
			dated(r.Time()), pair(r.Identity))
	case sigstore.DigestMismatch:
		f.add("sigstore/digest-mismatch", "The bundle is for other bytes than this file's%s: the file was replaced after it was signed, or the bundle belongs to another one", f.claimed())
	case sigstore.Bad:
		f.badBundle()
	case sigstore.WrongIdentity:
		f.wrongIdentity()
		if !f.pairOnly() {
			f.notesOfBundle()
		}
	case sigstore.Untrusted:
		f.untrusted()
	case sigstore.Incompatible:
		f.incompatible()
	case sigstore.Malformed:
		f.add("sigstore/malformed", "%s", because("What lies beside the file as its "+f.thing()+" is not one", r.Detail))
	case sigstore.Missing:
		if f.Expected.Sigstore == keyrings.Required {
			f.add("sigstore/missing", "There is no bundle, though there should be one%s", bracketed(f.Expected.SigstoreReason))
		}
	}
	if f.Expected.Sigstore == keyrings.None && f.hasBundle() {
		f.add("sigstore/unexpected", "There is a bundle where none is due%s", bracketed(f.Expected.SigstoreReason))
	}
}

// hasBundle reports whether a bundle is there and was of interest.
func (f *findings) hasBundle() bool {
	switch r := &f.Sigstore; {
	case r.Status == sigstore.Missing, f.pairOnly():
		return false
	case r.Status == sigstore.Unchecked:
		return f.Bundle.Location != "" && r.Reason != sigstore.NotAsked
	}
	return true
}

// thing is what was judged.
func (f *findings) thing() string {
	if f.pairOnly() {
		return "pair"
	}
	return "bundle"
}

// claimed names the identity in a bundle that nothing vouches for.
func (f *findings) claimed() string {
	if f.Sigstore.Claimed == (sigstore.Identity{}) {
		return ""
	}
	return " and claims to be by " + pair(f.Sigstore.Claimed)
}

// notesOfBundle finds what is worth knowing of a bundle that holds.
func (f *findings) notesOfBundle() {
	if f.Sigstore.DeprecatedP384 {
		f.add("sigstore/deprecated-p384-sha256", "The bundle is signed with a P-384 key over SHA-256, which today's clients accept only through a deprecated path")
	}
	if f.Sigstore.InclusionPromise && !f.Sigstore.InclusionProof {
		f.add("sigstore/promise-only", "The bundle is verified by the log's promise alone, without proof that it was logged, which some clients refuse (sigstore-python from 3 on): download it again")
	}
	if f.Sigstore.PredicateType != "" {
		f.add("sigstore/statement", "The bundle signs a statement about the file (%s), not the file itself", f.Sigstore.PredicateType)
	}
	if f.Sigstore.IssuerV1Only {
		f.add("sigstore/issuer-v1-only", "The signing certificate names its issuer only in the old extension, which clients will stop reading")
	}
}

func (f *findings) badBundle() {
	r := &f.Sigstore
	code, says := Code("sigstore/bad"), "The "+f.thing()+" does not hold"
	switch {
	case r.Reason == sigstore.BadSignature && f.pairOnly():
		code, says = "sigstore/bad-signature", "The pair's signature does not hold for this file: the file was changed after it was signed, or the pair was, or it belongs to another file"
	case r.Reason == sigstore.BadSignature:
		code, says = "sigstore/bad-signature", "The bundle names this file's digest, but its signature does not hold"
	case r.Reason == sigstore.BadLogEntry:
		code, says = "sigstore/bad-log-entry", "The "+f.thing()+"'s transparency log entry does not hold"
	case r.Reason == sigstore.BadTimestamp:
		code, says = "sigstore/bad-timestamp", "The "+f.thing()+" does not hold for the time it was signed at"
	}
	f.add(code, "%s", because(says, r.Detail))
}

// wrongIdentity tells a release manager from a stranger.
func (f *findings) wrongIdentity() {
	r := &f.Sigstore
	if f.sigstoreClass() == unpinned {
		f.add("sigstore/nobody-pinned", "The %s%s is valid, and signed as %s, but the roster pins nobody who should have made it, so it counts for nothing",
			f.thing(), dated(r.Time()), pair(r.Identity))
		return
	}
	person, all, ok := f.roster.Identified(r.Identity)
	switch {
	case !ok:
		f.add("sigstore/wrong-identity", "The %s%s is valid, but signed as %s, whom the roster does not have; expected: %s",
			f.thing(), dated(r.Time()), pair(r.Identity), pairs(f.Expected))
	case len(all) == 0:
		f.add("sigstore/other-release-manager", "The %s%s is valid, but signed by %s as %s; expected: %s",
			f.thing(), dated(r.Time()), person.Name, pair(r.Identity), pairs(f.Expected))
	default:
		f.add("sigstore/other-release-manager", "The %s%s is valid, but signed by %s as %s, who signs %s; expected: %s",
			f.thing(), dated(r.Time()), person.Name, pair(r.Identity), seriesList(all), pairs(f.Expected))
	}
}

func (f *findings) untrusted() {
	r := &f.Sigstore
	if r.NewerThanRoot {
		f.newerThanRoot()
		return
	}
	const refresh = "; should the trust root be outdated, give a current one with --trusted-root"
	switch r.Reason {
	case sigstore.UntrustedChain:
		f.add("sigstore/untrusted", "The signing certificate was not issued by a certificate authority of the trust root, or not at that time%s", refresh)
	case sigstore.UntrustedSCT:
		f.add("sigstore/untrusted", "No certificate log of the trust root vouches for the signing certificate%s", refresh)
	case sigstore.UntrustedLog:
		f.add("sigstore/untrusted", "The %s has no entry of a transparency log of the trust root%s", f.thing(), refresh)
	case sigstore.UntrustedTime:
		f.add("sigstore/untrusted", "No log or time authority of the trust root says when the %s was signed%s", f.thing(), refresh)
	case sigstore.UnexpectedKind:
		f.add("sigstore/untrusted", "The %s does not answer the question: %s", f.thing(), orUnknown(r.Detail, "signed with a bare key where a certificate is needed, or the reverse"))
	default:
		f.add("sigstore/untrusted", "%s%s", because("The "+f.thing()+" does not lead back to the trust root", r.Detail), refresh)
	}
}

// newerThanRoot says what the trust root is too old to know.
func (f *findings) newerThanRoot() {
	lacks := "what it stands on"
	switch f.Sigstore.Reason {
	case sigstore.UntrustedChain:
		lacks = "the authority that issued its certificate"
	case sigstore.UntrustedSCT:
		lacks = "the certificate log that vouches for its certificate"
	case sigstore.UntrustedLog:
		lacks = "the transparency log that has its entry"
	case sigstore.UntrustedTime:
		lacks = "the authority that says when it was signed"
	}
	f.add("sigstore/newer-than-trust-root", "The bundle%s says that it was made after the trust root, which does not know %s, so it cannot be judged: run `migrate trust update`, or give a current trusted root with --trusted-root, and run again",
		dated(f.Sigstore.Time()), lacks)
}

func (f *findings) incompatible() {
	r := &f.Sigstore
	switch r.Reason {
	case sigstore.NoCheckpoint:
		f.noCheckpoint()
	case sigstore.NoLogProof: // sigstore/legacy-pair says it
	case sigstore.NotInLog:
		f.add("sigstore/not-in-log", "The transparency log was asked about the pair, and shows no entry with its signature and certificate")
	case sigstore.NewerBundle:
		f.add("sigstore/unknown-version", "The bundle is of a version this program does not know%s: update migrate", bracketed(r.MediaType))
	default:
		f.add("sigstore/incompatible", "%s", because("The bundle has a form that today's clients refuse to judge", r.Detail))
	}
}

// noCheckpoint tells a bundle that is merely old from one that would not hold
// in a newer form either.
func (f *findings) noCheckpoint() {
	r := &f.Sigstore
	if !r.PromiseHolds {
		f.addAt(Error, "sigstore/no-checkpoint", "%s",
			because("The bundle has no checkpoint, so today's clients refuse it, and it does not hold by its inclusion promise either: download it again", r.Detail))
		return
	}
	f.add("sigstore/no-checkpoint", "The bundle has no checkpoint, so today's clients refuse it, but it is only old: by its inclusion promise it is for this file, signed as %s%s: download it again",
		pair(r.PromiseIdentity), onDay(r))

	if slices.Contains(f.Expected.Identities, r.PromiseIdentity) || len(f.Expected.Patterns) > 0 || !f.Expected.Known {
		return
	}
	if person, all, ok := f.roster.Identified(r.PromiseIdentity); ok {
		f.addAt(Warning, "sigstore/other-release-manager", "By its inclusion promise the bundle is signed by %s as %s, who signs %s; expected: %s",
			person.Name, pair(r.PromiseIdentity), orUnknown(seriesList(all), "nothing"), pairs(f.Expected))
		return
	}
	f.addAt(Warning, "sigstore/wrong-identity", "By its inclusion promise the bundle is signed as %s, whom the roster does not have; expected: %s",
		pair(r.PromiseIdentity), pairs(f.Expected))
}

func onDay(r *sigstore.Result) string {
	if t := r.Time(); !t.IsZero() {
		return " on " + day(t)
	}
	return ""
}
