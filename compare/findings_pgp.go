package compare

import (
	"fmt"
	"strings"

	"migrate/keyrings"
	"migrate/pgp"
)

// rejections are the reasons of pgp.Rejected that have a code of their own,
// with what they say of a signature.
var rejections = map[pgp.Reason]struct {
	code Code
	says string
}{
	pgp.KeyRevoked:       {"pgp/key-revoked", "was made with a key that has been revoked"},
	pgp.KeyExpired:       {"pgp/key-expired-at-signing", "was made when its key had already expired"},
	pgp.SignatureExpired: {"pgp/signature-expired", "was made to expire, and has expired"},
	pgp.FromFuture:       {"pgp/from-the-future", "claims to be made later than now"},
	pgp.OlderThanKey:     {"pgp/older-than-key", "claims to be older than the key that made it"},
	pgp.CriticalNotation: {"pgp/critical-notation", "carries a condition that must be understood and that nobody knows"},
	pgp.WrongUsage:       {"pgp/wrong-usage", "is not one that its key may make over a file"},
	pgp.UnboundKey:       {"pgp/unbound-key", "was made with a key that nothing ties to its owner's certificate"},
}

// pgp finds what the .asc gives rise to.
func (f *findings) pgp() {
	r := &f.PGP
	switch r.Status {
	case pgp.Unchecked:
		f.uncheckedPGP()
	case pgp.Good, pgp.GoodRefreshed, pgp.Weak, pgp.WrongSigner:
		f.validPGP()
	case pgp.Bad:
		f.add("pgp/bad-signature", "The PGP signature%s, which claims to be by %s, does not fit this file: one of the two was changed, or they do not belong together",
			dated(r.Created), f.claimedKey())
	case pgp.Rejected:
		f.rejected()
	case pgp.UnknownKey:
		f.unknownKey()
	case pgp.Unsupported:
		f.add("pgp/unsupported", "%s", because("The PGP signature is of a kind that can no longer be checked", r.Detail))
	case pgp.Malformed:
		f.add("pgp/malformed", "%s", because("What lies beside the file as its PGP signature is not one", r.Detail))
	case pgp.Missing:
		if f.Expected.PGP == keyrings.Required {
			f.add("pgp/missing", "There is no PGP signature, though there should be one%s", bracketed(f.Expected.PGPReason))
		}
	}
	if f.Expected.PGP == keyrings.None && f.hasAsc() {
		f.add("pgp/unexpected", "There is a PGP signature where there should be none%s", bracketed(f.Expected.PGPReason))
	}
	if r.Signatures > 1 {
		f.severalSignatures()
	}
}

// uncheckedPGP tells a signature that was not looked at from one that the copy
// of its key at hand does not suffice for.
func (f *findings) uncheckedPGP() {
	r := &f.PGP
	switch r.Reason {
	case pgp.Unreadable:
		f.add("pgp/unreadable", "%s", because("The PGP signature could not be read", r.Detail))
	case pgp.UnreadableRevocation:
		f.add("pgp/unreadable-revocation", "%s", because(fmt.Sprintf("The PGP signature%s by %s is right, but does not count", dated(r.Created), f.madeBy()), r.Detail))
	case pgp.UnreadableSelfSignature:
		f.add("pgp/unreadable-self-signature", "%s", because(fmt.Sprintf("The PGP signature%s by %s is right, but does not count", dated(r.Created), f.madeBy()), r.Detail))
	case pgp.StaleKey:
		f.add("pgp/stale-key", "%s; to get the key of %s anew: %s",
			because("The PGP signature"+dated(r.Created)+" is right, but nobody can tell whether its key was still valid", r.Detail), f.madeBy(), keyrings.Hint(f.signer()))
	default:
		f.add("pgp/not-checked", "%s", because("PGP was not looked at", r.Detail))
	}
}

// signer returns the certificate that made the signature, or its issuer's name
// for itself if none is known to have.
func (f *findings) signer() pgp.Fingerprint {
	if f.PGP.Certificate != "" {
		return f.PGP.Certificate
	}
	return pgp.Fingerprint(f.PGP.Issuer)
}

// severalSignatures says what the signatures of one file came to. Other tools
// want all of them to be good.
func (f *findings) severalSignatures() {
	r := &f.PGP
	said := fmt.Sprintf("The .asc holds %d signatures; the one that decided is by %s", r.Signatures, f.madeBy())
	if len(r.Others) == 0 { // a malformed file
		f.add("pgp/several-signatures", "%s", said)
		return
	}
	level := Note
	var statuses []string
	for _, s := range r.Others {
		statuses = append(statuses, s.String())
		if s != pgp.Good && s != pgp.GoodRefreshed {
			level = Warning
		}
	}
	f.addAt(level, "pgp/several-signatures", "%s (%s), and %s %s %s",
		said, r.Status, choose(len(statuses), "the other", "the others"), choose(len(statuses), "is", "are"), list(statuses, "and"))
}

// hasAsc reports whether an .asc is there and was of interest.
func (f *findings) hasAsc() bool {
	switch f.PGP.Status {
	case pgp.Missing:
		return false
	case pgp.Unchecked:
		return f.PGPFile.Location != "" && f.PGP.Reason != pgp.NotAsked
	}
	return true
}

// claimedKey names the key a signature claims to be by. Nobody vouches for
// that, so no person is named.
func (f *findings) claimedKey() string {
	if f.PGP.Issuer == "" {
		return "a key it does not name"
	}
	return "the key " + f.PGP.Issuer
}

// madeBy names the signer, as far as anything is established about it.
func (f *findings) madeBy() string {
	if f.PGP.Certificate != "" {
		return keyOf(f.PGP.Certificate, f.roster)
	}
	return f.claimedKey()
}

// validPGP finds what is worth knowing of a signature that is cryptographically
// right: whose it is, how strong it is, and what has become of its key.
func (f *findings) validPGP() {
	r := &f.PGP
	switch f.pgpClass() {
	case unpinned:
		f.add("pgp/nobody-pinned", "The PGP signature%s is valid, and by %s, but the roster pins nobody who should have made it, so it counts for nothing",
			dated(r.Created), keyOf(r.Certificate, f.roster))
	case negative:
		f.wrongSigner()
	}

	if r.Status == pgp.GoodRefreshed {
		f.add("pgp/good-refreshed", "The PGP signature%s is right, but every copy of the key at hand, of %s, was refreshed later: add an older copy with --keyring for a full answer",
			dated(r.Created), keyOf(r.Certificate, f.roster))
	}
	for _, w := range r.Weaknesses {
		switch w {
		case pgp.WeakHash:
			f.add("pgp/weak-hash", "The PGP signature%s by %s is over %s, for which two files with one signature can be made",
				dated(r.Created), keyOf(r.Certificate, f.roster), orUnknown(r.Hash, "a weak hash"))
		case pgp.WeakKey:
			f.add("pgp/weak-key", "The PGP signature%s by %s is made with a key that is too weak today%s",
				dated(r.Created), keyOf(r.Certificate, f.roster), bracketed(r.Algorithm))
		case pgp.TextMode:
			f.add("pgp/text-mode", "The PGP signature%s by %s is over text: it fits a file with other line ends as well, and so does not say that these are its bytes",
				dated(r.Created), keyOf(r.Certificate, f.roster))
		case pgp.NoKeyFlags:
			f.add("pgp/key-flags-missing", "The key of %s does not say that it may sign", keyOf(r.Certificate, f.roster))
		default:
			f.add("pgp/weak", "%s", because("Only a verifier without today's limits accepts the PGP signature"+dated(r.Created)+" by "+keyOf(r.Certificate, f.roster), r.Detail))
		}
	}
	if !r.KeyExpiredSince.IsZero() {
		f.add("pgp/key-expired-since", "The key of %s expired on %s, after it made this signature%s",
			keyOf(r.Certificate, f.roster), day(r.KeyExpiredSince), dated(r.Created))
	}
	if !r.KeyRevokedSince.IsZero() {
		f.add("pgp/key-revoked-since", "The key of %s was retired on %s, after it made this signature%s",
			keyOf(r.Certificate, f.roster), day(r.KeyRevokedSince), dated(r.Created))
	}
	if r.Subkey() && r.Certificate != "" {
		f.add("pgp/signed-by-subkey", "The PGP signature is made with the subkey %s of %s", r.SigningKey, keyOf(r.Certificate, f.roster))
	}
}

func orUnknown(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// wrongSigner tells somebody of the roster from a stranger.
func (f *findings) wrongSigner() {
	r, expected := &f.PGP, list(keysOf(f.Expected.Signers, f.roster), "or")
	k, ok := f.roster.Key(r.Certificate)
	switch {
	case !ok:
		f.add("pgp/unpinned-signer", "The PGP signature%s is valid, but by %s, which the roster does not have; expected: %s",
			dated(r.Created), keyOf(r.Certificate, f.roster), expected)
	case k.Signs == "":
		f.add("pgp/other-release-manager", "The PGP signature%s is valid, but by %s; expected: %s",
			dated(r.Created), keyOf(r.Certificate, f.roster), expected)
	default:
		f.add("pgp/other-release-manager", "The PGP signature%s is valid, but by %s, who signs %s; expected: %s",
			dated(r.Created), keyOf(r.Certificate, f.roster), signsWhat(k), expected)
	}
}

// signsWhat puts what a key signs, "source 3.12, 3.13; windows 3.8", into a
// sentence: "the source files of 3.12 and 3.13, and the windows files of 3.8".
func signsWhat(k keyrings.Key) string {
	var parts []string
	for part := range strings.SplitSeq(k.Signs, "; ") {
		role, series, _ := strings.Cut(part, " ")
		parts = append(parts, fmt.Sprintf("the %s files of %s", role, list(strings.Split(series, ", "), "and")))
	}
	return strings.Join(parts, ", and ")
}

func (f *findings) rejected() {
	r := &f.PGP
	code, says := Code("pgp/rejected"), "is right, but is not to be accepted"
	if x, ok := rejections[r.Reason]; ok {
		code, says = x.code, x.says
	}
	f.add(code, "%s", because("The PGP signature"+dated(r.Created)+" by "+f.madeBy()+" "+says, r.Detail))
}

// unknownKey ends with the command that gets a key, so that it can be copied.
func (f *findings) unknownKey() {
	wanted := f.wantedKeys(f.roster)
	if len(wanted) == 0 {
		f.add("pgp/unknown-key", "The PGP signature%s could not be checked: it claims to be by %s, which the roster does not have and nobody is expected to use",
			dated(f.PGP.Created), f.claimedKey())
		return
	}
	f.add("pgp/unknown-key", "The PGP signature%s could not be checked: it claims to be by %s, and no such key is at hand; to get the key of %s: %s",
		dated(f.PGP.Created), f.claimedKey(), keyOf(wanted[0], f.roster), keyrings.Hint(wanted[0]))
}

// wantedKeys returns the keys that would decide an unknown-key signature, the
// likeliest first: the one it names if the roster has that, else those of the
// expected signers.
func (e *Evidence) wantedKeys(r *keyrings.Roster) []pgp.Fingerprint {
	if k, ok := r.Key(pgp.Fingerprint(e.PGP.Issuer)); ok {
		return []pgp.Fingerprint{k.Fingerprint}
	}
	return e.Expected.Signers
}
