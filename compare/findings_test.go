package compare

import (
	"strings"
	"testing"

	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

func TestFindings(t *testing.T) {
	r := roster(t)
	const source = "Python-3.13.5.tar.xz"
	may := on(t, "2025-05-01")
	valid := pgp.Result{Status: pgp.Good, Certificate: thomasKey, SigningKey: thomasKey, Created: may, Signatures: 1}
	pgpWith := func(f func(*pgp.Result)) change {
		return func(e *Evidence) { e.PGP = valid; f(&e.PGP) }
	}
	sigstoreWith := func(f func(*sigstore.Result)) change { return func(e *Evidence) { f(&e.Sigstore) } }
	sigstoreIs := func(s sigstore.Status, reason sigstore.Reason) change {
		return bySigstore(sigstore.Result{Status: s, Reason: reason, Detail: "some detail"})
	}

	newer := func(reason sigstore.Reason) change {
		return bySigstore(sigstore.Result{Status: sigstore.Untrusted, Reason: reason, NewerThanRoot: true, LogTime: on(t, "2026-06-01")})
	}

	for _, tt := range []struct {
		name  string
		e     Evidence
		codes string // "level code", in order
		code  Code   // of the finding that says words
		words []string
	}{
		{name: "all is well", e: evidence(t, source)},
		{name: "all is well without PGP", e: evidence(t, "Python-3.14.0.tgz")},
		{name: "nothing due of a series without Sigstore", e: evidence(t, "Python-3.6.15.tgz")},

		// PGP
		{"bad", evidence(t, source, byPGP(pgp.Result{Status: pgp.Bad, Created: may, Issuer: string(thomasKey)})),
			"error compare/conflict, error pgp/bad-signature", "pgp/bad-signature", []string{"2025-05-01", "claims to be by the key " + string(thomasKey), "does not fit"}},
		{"unknown key", evidence(t, source, byPGP(pgp.Result{Status: pgp.UnknownKey, Created: may, Issuer: "0123456789ABCDEF"})),
			"warning pgp/unknown-key", "pgp/unknown-key", []string{"2025-05-01", "0123456789ABCDEF", "Thomas Wouters (" + string(thomasKey) + "): " + keyrings.Hint(thomasKey)}},
		{"unknown key of another release manager", evidence(t, source, byPGP(pgp.Result{Status: pgp.UnknownKey, Issuer: string(lukaszKey)})),
			"warning pgp/unknown-key", "pgp/unknown-key", []string{"Łukasz Langa (" + string(lukaszKey) + "): " + keyrings.Hint(lukaszKey)}},
		{"unknown key where nobody is pinned", evidence(t, "Python-3.14.0.tgz", byPGP(pgp.Result{Status: pgp.UnknownKey, Issuer: "0123456789ABCDEF"})),
			"warning pgp/unexpected, warning pgp/unknown-key", "pgp/unknown-key", []string{"which the roster does not have"}},
		{"revoked", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Reason, r.Detail = pgp.Rejected, pgp.KeyRevoked, "compromised on 2024-01-01"
		})), "error compare/conflict, error pgp/key-revoked", "pgp/key-revoked", []string{"Thomas Wouters", "has been revoked: compromised on 2024-01-01"}},
		{"rejected for no reason known here", evidence(t, source, byPGP(pgp.Result{Status: pgp.Rejected, Reason: "new-reason"})),
			"error compare/conflict, error pgp/rejected", "pgp/rejected", []string{"not to be accepted"}},
		{"by another release manager", evidence(t, "Python-3.10.14.tgz", func(e *Evidence) { e.PGP.Status, e.PGP.Certificate = pgp.WrongSigner, lukaszKey }),
			"error compare/conflict, error pgp/other-release-manager, note pgp/signed-by-subkey", "pgp/other-release-manager",
			[]string{"by Łukasz Langa (" + string(lukaszKey) + "), who signs the source files of 3.8 and 3.9", "expected: Pablo Galindo Salgado (A035C8C19219BA821ECEA86B64E628F8D684696D)"}},
		{"by a stranger", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Certificate, r.SigningKey = pgp.WrongSigner, "0000000000000000000000000000000000000000", "0000000000000000000000000000000000000000"
		})), "error compare/conflict, error pgp/unpinned-signer", "pgp/unpinned-signer", []string{"the key 0000000000000000000000000000000000000000, which the roster does not have", "Thomas Wouters"}},
		{"by a key nobody vouches for", evidence(t, source, pgpWith(func(r *pgp.Result) { r.Status, r.Certificate = pgp.WrongSigner, "" })),
			"error compare/conflict, error pgp/unpinned-signer", "pgp/unpinned-signer", []string{"no certificate vouches for"}},
		{"refreshed", evidence(t, source, pgpWith(func(r *pgp.Result) { r.Status = pgp.GoodRefreshed })),
			"warning pgp/good-refreshed", "pgp/good-refreshed", []string{"2025-05-01", "Thomas Wouters", "older copy", "--keyring"}},
		{"weak", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Hash, r.Algorithm, r.Weaknesses = pgp.Weak, "SHA-1", "DSA-1024", []pgp.Weakness{pgp.WeakHash, pgp.WeakKey, pgp.NoKeyFlags, pgp.WeakOther}
		})), "warning pgp/key-flags-missing, warning pgp/weak, warning pgp/weak-hash, warning pgp/weak-key", "pgp/weak-key", []string{"DSA-1024", "Thomas Wouters"}},
		{"notes of a key", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.KeyExpiredSince, r.KeyRevokedSince, r.SigningKey, r.Signatures = on(t, "2026-07-02"), on(t, "2026-08-01"), lukaszKey, 3
		})), "warning pgp/key-revoked-since, note pgp/key-expired-since, note pgp/several-signatures, note pgp/signed-by-subkey", "pgp/key-expired-since",
			[]string{"Thomas Wouters", "expired on 2026-07-02", "this signature of 2025-05-01"}},
		{"by somebody who is no release manager", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Certificate, r.SigningKey = pgp.WrongSigner, steveKey, steveKey
		})), "error compare/conflict, error pgp/other-release-manager", "pgp/other-release-manager", []string{"by Steve Dower (" + string(steveKey) + "), who signs the windows files of ", "expected: Thomas Wouters"}},
		{"text mode", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Weaknesses = pgp.Weak, []pgp.Weakness{pgp.TextMode}
		})), "warning pgp/text-mode", "pgp/text-mode", []string{"2025-05-01", "Thomas Wouters", "other line ends"}},
		{"stale key", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Reason, r.Detail = pgp.Unchecked, pgp.StaleKey, "the copy of the key at hand expired on 2025-01-01"
		})), "warning pgp/stale-key", "pgp/stale-key", []string{"2025-05-01", "expired on 2025-01-01", "Thomas Wouters (" + string(thomasKey) + ") anew: " + keyrings.Hint(thomasKey)}},
		{"unreadable revocation", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Reason, r.Detail = pgp.Unchecked, pgp.UnreadableRevocation, "whether the key is revoked cannot be told"
		})), "warning pgp/unreadable-revocation", "pgp/unreadable-revocation", []string{"2025-05-01", "Thomas Wouters", "does not count: whether the key is revoked cannot be told"}},
		{"unreadable self-signature", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Status, r.Reason, r.Detail = pgp.Unchecked, pgp.UnreadableSelfSignature, "whether the key was valid then cannot be told"
		})), "warning pgp/unreadable-self-signature", "pgp/unreadable-self-signature", []string{"2025-05-01", "Thomas Wouters", "whether the key was valid then cannot be told"}},
		{"several good", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Signatures, r.Others = 2, []pgp.Status{pgp.GoodRefreshed}
		})), "note pgp/several-signatures", "pgp/several-signatures", []string{"holds 2 signatures", "Thomas Wouters (" + string(thomasKey) + ") (good), and the other is good-refreshed"}},
		{"several, not all good", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Signatures, r.Others = 3, []pgp.Status{pgp.Good, pgp.Bad}
		})), "warning pgp/several-signatures", "pgp/several-signatures", []string{"holds 3 signatures", "and the others are good and bad"}},
		{"several, one of them weak", evidence(t, source, pgpWith(func(r *pgp.Result) {
			r.Signatures, r.Others = 2, []pgp.Status{pgp.Weak}
		})), "warning pgp/several-signatures", "", nil},
		{"malformed", evidence(t, source, byPGP(pgp.Result{Status: pgp.Malformed, Reason: pgp.HTML, Detail: "an HTML page"})),
			"error pgp/malformed", "pgp/malformed", []string{"is not one: an HTML page"}},
		{"unsupported", evidence(t, "Python-2.3.tgz", byPGP(pgp.Result{Status: pgp.Unsupported, Reason: pgp.OldVersion, Detail: "a version 3 packet"})),
			"warning pgp/unsupported", "pgp/unsupported", []string{"a version 3 packet"}},
		{"no .asc", evidence(t, source, noAsc), "warning pgp/missing", "pgp/missing", []string{"source files of 3.13 are signed with PGP"}},
		{"no bytes", evidence(t, source, unseen), "note pgp/not-checked", "pgp/not-checked", []string{"no artifact to hash"}},
		{".asc cannot be read", evidence(t, source, byPGP(pgp.Result{Reason: pgp.Unreadable, Detail: "permission denied"})),
			"error pgp/unreadable", "pgp/unreadable", []string{"permission denied"}},
		{"an .asc of 3.14", evidence(t, "Python-3.14.0.tgz", byPGP(valid)),
			"warning pgp/nobody-pinned, warning pgp/unexpected", "pgp/unexpected", []string{"PEP 761"}},
		{"an .asc of 3.14 that nobody asked about", evidence(t, "Python-3.14.0.tgz", byPGP(pgp.Result{Reason: pgp.NotAsked}),
			func(e *Evidence) { e.PGPFile.Location = "x.asc" }), "note pgp/not-checked", "", nil},

		// Sigstore
		{"other bytes", evidence(t, source, bySigstore(sigstore.Result{Status: sigstore.DigestMismatch, Claimed: thomas})),
			"error compare/conflict, error sigstore/digest-mismatch", "sigstore/digest-mismatch", []string{"other bytes", "claims to be by thomas@python.org"}},
		{"bad signature", evidence(t, source, sigstoreIs(sigstore.Bad, sigstore.BadSignature)), "error compare/conflict, error sigstore/bad-signature", "sigstore/bad-signature", []string{"some detail"}},
		{"bad log entry", evidence(t, source, sigstoreIs(sigstore.Bad, sigstore.BadLogEntry)), "error compare/conflict, error sigstore/bad-log-entry", "sigstore/bad-log-entry", []string{"some detail"}},
		{"bad timestamp", evidence(t, source, sigstoreIs(sigstore.Bad, sigstore.BadTimestamp)), "error compare/conflict, error sigstore/bad-timestamp", "sigstore/bad-timestamp", []string{"some detail"}},
		{"bad for another reason", evidence(t, source, sigstoreIs(sigstore.Bad, "")), "error compare/conflict, error sigstore/bad", "sigstore/bad", []string{"some detail"}},
		{"another release manager's", evidence(t, "python-3.11.4-amd64.exe", bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: lukasz, LogTime: on(t, "2023-06-06")})),
			"error compare/conflict, error sigstore/other-release-manager", "sigstore/other-release-manager",
			[]string{"2023-06-06", "Łukasz Langa as lukasz@langa.pl (https://github.com/login/oauth), who signs 3.8 and 3.9", "expected: pablogsal@python.org (https://accounts.google.com)"}},
		{"a stranger's", evidence(t, source, bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})),
			"error compare/conflict, error sigstore/wrong-identity", "sigstore/wrong-identity", []string{"mallory@example.com", "expected: thomas@python.org"}},
		{"log not trusted", evidence(t, source, sigstoreIs(sigstore.Untrusted, sigstore.UntrustedLog)),
			"error compare/conflict, error sigstore/untrusted", "sigstore/untrusted", []string{"transparency log", "outdated", "--trusted-root"}},
		{"chain not trusted", evidence(t, source, sigstoreIs(sigstore.Untrusted, sigstore.UntrustedChain)),
			"error compare/conflict, error sigstore/untrusted", "sigstore/untrusted", []string{"certificate authority", "outdated", "--trusted-root"}},
		{"newer than the trust root, log", evidence(t, source, newer(sigstore.UntrustedLog)), "warning sigstore/newer-than-trust-root", "sigstore/newer-than-trust-root",
			[]string{"The bundle of 2026-06-01 says that it was made after the trust root", "the transparency log that has its entry", "`migrate trust update`", "--trusted-root"}},
		{"newer than the trust root, chain", evidence(t, source, newer(sigstore.UntrustedChain)), "warning sigstore/newer-than-trust-root", "sigstore/newer-than-trust-root",
			[]string{"the authority that issued its certificate"}},
		{"newer than the trust root, certificate log", evidence(t, source, newer(sigstore.UntrustedSCT)), "warning sigstore/newer-than-trust-root", "sigstore/newer-than-trust-root",
			[]string{"the certificate log that vouches for its certificate"}},
		{"newer than the trust root, time", evidence(t, source, newer(sigstore.UntrustedTime)), "warning sigstore/newer-than-trust-root", "sigstore/newer-than-trust-root",
			[]string{"the authority that says when it was signed"}},
		{"no checkpoint, merely old", evidence(t, "Python-3.11.5.tgz", bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint,
			PromiseHolds: true, PromiseIdentity: pablo, LogTime: on(t, "2023-08-24")})),
			"warning sigstore/no-checkpoint", "sigstore/no-checkpoint", []string{"only old", "signed as pablogsal@python.org (https://accounts.google.com) on 2023-08-24", "download it again"}},
		{"no checkpoint, another release manager's", evidence(t, "python-3.11.4-amd64.exe", bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint,
			PromiseHolds: true, PromiseIdentity: lukasz})),
			"warning sigstore/no-checkpoint, warning sigstore/other-release-manager", "sigstore/other-release-manager", []string{"By its inclusion promise", "Łukasz Langa", "3.8 and 3.9", "pablogsal"}},
		{"no checkpoint, a stranger's", evidence(t, "Python-3.11.5.tgz", bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint,
			PromiseHolds: true, PromiseIdentity: stranger})),
			"warning sigstore/no-checkpoint, warning sigstore/wrong-identity", "sigstore/wrong-identity", []string{"By its inclusion promise", "mallory@example.com"}},
		{"no checkpoint, and no promise", evidence(t, "Python-3.11.5.tgz", sigstoreIs(sigstore.Incompatible, sigstore.NoCheckpoint)),
			"error sigstore/no-checkpoint", "sigstore/no-checkpoint", []string{"does not hold by its inclusion promise either", "some detail"}},
		{"a pair", evidence(t, "python-3.10.7-amd64.exe", pairOnly), "warning sigstore/legacy-pair", "sigstore/legacy-pair", []string{".sig and .crt"}},
		{"a pair, good from the log", evidence(t, "python-3.10.7-amd64.exe", goodFromLog), "warning sigstore/legacy-pair, note sigstore/from-the-log",
			"sigstore/from-the-log", []string{"signed as pablogsal@python.org", "no bundle"}},
		{"a pair, not in the log", evidence(t, "python-3.10.7-amd64.exe", pairOnly, bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NotInLog})),
			"warning sigstore/legacy-pair, warning sigstore/not-in-log", "sigstore/not-in-log", []string{"shows no entry"}},
		{"a pair, log silent", evidence(t, "python-3.10.7-amd64.exe", lookupFailed),
			"warning sigstore/legacy-pair, warning sigstore/lookup-failed", "sigstore/lookup-failed", []string{"about the pair: no route to host"}},
		{"a pair, of other bytes", evidence(t, "python-3.10.7-amd64.exe", pairOnly, bySigstore(sigstore.Result{Status: sigstore.Bad, Reason: sigstore.BadSignature})),
			"error compare/conflict, error sigstore/bad-signature, warning sigstore/legacy-pair", "sigstore/bad-signature", []string{"The pair's signature does not hold for this file"}},
		{"a pair, by another release manager", evidence(t, "python-3.10.7-amd64.exe", pairOnly, bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: lukasz, IssuerV1Only: true})),
			"error compare/conflict, error sigstore/other-release-manager, warning sigstore/legacy-pair", "sigstore/other-release-manager", []string{"The pair is valid, but signed by Łukasz Langa"}},
		{"a pair, malformed", evidence(t, "python-3.10.7-amd64.exe", pairOnly, bySigstore(sigstore.Result{Status: sigstore.Malformed, Reason: sigstore.Empty, Detail: "the .sig is empty"})),
			"error sigstore/malformed, warning sigstore/legacy-pair", "sigstore/malformed", []string{"as its pair is not one: the .sig is empty"}},
		{"a pair, where none was due", evidence(t, "Python-3.6.15.tgz", pairOnly), "warning sigstore/legacy-pair", "sigstore/legacy-pair", nil},
		{"a pair, nobody asked", evidence(t, "python-3.10.7-amd64.exe", pairOnly, bySigstore(sigstore.Result{Reason: sigstore.NotAsked})), "note sigstore/not-checked", "sigstore/not-checked", nil},
		{"a newer bundle", evidence(t, source, bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NewerBundle, MediaType: "application/x.v9+json"})),
			"warning sigstore/unknown-version", "sigstore/unknown-version", []string{"application/x.v9+json", "update migrate"}},
		{"malformed bundle", evidence(t, source, sigstoreIs(sigstore.Malformed, sigstore.NotJSON)), "error sigstore/malformed", "sigstore/malformed", []string{"some detail"}},
		{"no bundle", evidence(t, source, noBundle), "warning sigstore/missing", "sigstore/missing", []string{"every release of 3.13"}},
		{"a bundle nobody could read", evidence(t, source, sigstoreIs(sigstore.Unchecked, sigstore.Unreadable)), "error sigstore/unreadable", "sigstore/unreadable", []string{"some detail"}},
		{"old algorithms", evidence(t, source, sigstoreWith(func(r *sigstore.Result) { r.DeprecatedP384, r.IssuerV1Only = true, true })),
			"note sigstore/deprecated-p384-sha256, note sigstore/issuer-v1-only", "sigstore/deprecated-p384-sha256", []string{"P-384", "SHA-256"}},
		{"a promise only", evidence(t, source, sigstoreWith(func(r *sigstore.Result) { r.InclusionPromise = true })),
			"warning sigstore/promise-only", "sigstore/promise-only", []string{"promise alone", "sigstore-python from 3 on", "download it again"}},
		{"a promise and a proof", evidence(t, source, sigstoreWith(func(r *sigstore.Result) { r.InclusionPromise, r.InclusionProof = true, true })), "", "", nil},
		{"a statement", evidence(t, source, sigstoreWith(func(r *sigstore.Result) { r.PredicateType = "https://slsa.dev/provenance/v1" })),
			"note sigstore/statement", "sigstore/statement", []string{"a statement about the file (https://slsa.dev/provenance/v1), not the file itself"}},
		{"a key, no certificate", evidence(t, source, bySigstore(sigstore.Result{Status: sigstore.Untrusted, Reason: sigstore.UnexpectedKind, Detail: "signed with a bare key where a certificate is needed"})),
			"error compare/conflict, error sigstore/untrusted", "sigstore/untrusted", []string{"signed with a bare key where a certificate is needed"}},
		{"a bundle of 3.6", evidence(t, "Python-3.6.15.tgz", bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})),
			"error compare/conflict, error sigstore/wrong-identity, note sigstore/unexpected", "sigstore/wrong-identity", []string{"expected: nobody"}},

		// Both
		{"weak and no bundle due", evidence(t, "Python-2.7.5.tgz", func(e *Evidence) { e.PGP.Status, e.PGP.Weaknesses = pgp.Weak, []pgp.Weakness{pgp.WeakKey} }),
			"warning compare/only-weak-evidence, warning pgp/weak-key", "", nil},
		{"weak and a bundle due", evidence(t, source, noBundle, func(e *Evidence) { e.PGP.Status, e.PGP.Weaknesses = pgp.Weak, []pgp.Weakness{pgp.WeakKey} }),
			"error compare/only-weak-evidence, warning pgp/weak-key, warning sigstore/missing", "compare/only-weak-evidence", []string{"a bundle should exist"}},
		{"unsigned, none due", evidence(t, "Python-2.2.tgz"), "note compare/unsigned", "compare/unsigned", []string{"none is due"}},
		{"unsigned, both due", evidence(t, source, noAsc, noBundle), "error compare/unsigned, warning pgp/missing, warning sigstore/missing", "compare/unsigned", []string{"both should exist"}},
		{"unsigned, a bundle due", evidence(t, "Python-3.14.0.tgz", noBundle), "error compare/unsigned, warning sigstore/missing", "compare/unsigned", []string{"a bundle should exist"}},
		{"unsigned, an .asc due", evidence(t, "Python-3.6.15.tgz", noAsc), "error compare/unsigned, warning pgp/missing", "compare/unsigned", []string{"a PGP signature should exist"}},
		{"72 hours apart", evidence(t, source, signedOn(may, may.Add(timesApart))), "", "", nil},
		{"more than that", evidence(t, source, signedOn(may, may.Add(timesApart+1))), "note compare/signing-times-differ", "compare/signing-times-differ", []string{"2025-05-01", "2025-05-04", "3 days apart"}},
		{"bundle first", evidence(t, source, signedOn(may.Add(200*3600e9), may)), "note compare/signing-times-differ", "compare/signing-times-differ", []string{"8 days apart"}},
		{"no log time", evidence(t, source, func(e *Evidence) { e.PGP.Created = may }), "", "", nil},

		// The artifact itself
		{"unreadable", evidence(t, source, func(e *Evidence) { e.Trouble = "permission denied" }), "error source/unreadable", "source/unreadable", []string{"permission denied"}},
		{"recalled", evidence(t, "Python-3.9.8.tgz", noBundle), "warning compare/recalled-release", "compare/recalled-release", []string{"3.9.9 or later"}},
		{"unknown series", evidence(t, "Python-3.99.0.tgz", bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})),
			"warning sigstore/nobody-pinned, note source/unknown-series", "sigstore/nobody-pinned", []string{"mallory@example.com", "counts for nothing"}},
		{"unknown series, signer named by the user", evidence(t, "Python-3.99.0.tgz", func(e *Evidence) {
			e.Expected.Identities = []sigstore.Identity{stranger}
			e.Sigstore = sigstore.Result{Status: sigstore.WrongIdentity, Identity: thomas}
		}), "error sigstore/other-release-manager", "", nil},
		{"other digest and size", evidence(t, source, withDigest("aa"), func(e *Evidence) {
			e.Published = []Published{
				{By: "a.dsc", Size: 999, SHA256: strings.Repeat("BB", 32)},
				{By: "b.dsc", Size: 1000, SHA256: strings.Repeat("AA", 32)},
				{By: "c.dsc", Size: -1},
			}
		}), "error source/published-digest-differs, error source/size-differs", "source/published-digest-differs",
			[]string{"The file's SHA-256 is " + strings.Repeat("aa", 32) + "; a.dsc says " + strings.Repeat("bb", 32)}},
		{"other MD5", evidence(t, source, says(Published{MD5: md5B})), "error source/published-digest-differs", "source/published-digest-differs",
			[]string{"The file's MD5 is " + md5A + "; a.dsc says " + md5B}},
		{"the same MD5, in capitals", evidence(t, source, says(Published{MD5: strings.ToUpper(md5A)})), "", "", nil},
		{"no MD5 taken", evidence(t, source, says(Published{MD5: md5B}), func(e *Evidence) { e.MD5 = "" }), "", "", nil},
		{"the better digest counts", evidence(t, source, withDigest("aa"), says(Published{SHA256: strings.Repeat("aa", 32), MD5: md5B})), "", "", nil},

		// Of a hint it is known that it can be wrong.
		{"hint, both good", evidence(t, source, says(Published{MD5: md5B, Size: 999, Hint: true})),
			"warning source/published-digest-differs, warning source/size-differs", "source/size-differs", []string{"1000 bytes; a.dsc says 999"}},
		{"hint, one good", evidence(t, source, noBundle, says(Published{MD5: md5B, Hint: true})),
			"warning sigstore/missing, warning source/published-digest-differs", "", nil},
		{"hint, one weak", evidence(t, "Python-2.7.5.tgz", says(Published{MD5: md5B, Hint: true}), func(e *Evidence) {
			e.PGP.Status, e.PGP.Weaknesses = pgp.Weak, []pgp.Weakness{pgp.WeakKey}
		}), "warning compare/only-weak-evidence, warning pgp/weak-key, warning source/published-digest-differs", "", nil},
		{"hint, unsigned", evidence(t, "Python-2.2.tgz", says(Published{MD5: md5B, Hint: true})),
			"error source/published-digest-differs, note compare/unsigned", "", nil},
		{"hint, one bad", evidence(t, source, byPGP(pgp.Result{Status: pgp.Bad}), says(Published{MD5: md5B, Hint: true})),
			"error compare/conflict, error pgp/bad-signature, error source/published-digest-differs", "", nil},
		{"hint, unreadable", evidence(t, source, says(Published{MD5: md5B, Hint: true}), func(e *Evidence) { e.Trouble = "cut off" }),
			"error source/published-digest-differs, error source/unreadable", "", nil},

		// Links
		{"link beside, and there is one after all", evidence(t, source, says(Published{Links: links{release.Asc: "3.13.5/" + source + ".asc"}})), "", "", nil},
		{"no link, and there is none after all", evidence(t, "Python-2.2.tgz", says(Published{Links: links{release.Asc: "", release.Sigstore: ""}})), "note compare/unsigned", "", nil},
		{"no link", evidence(t, source, says(Published{Links: links{release.Asc: ""}})), "note source/published-link-differs", "source/published-link-differs", []string{"links no .asc", "one lies beside it"}},
		{"no link to a pair", evidence(t, source, says(Published{Links: links{release.Sig: "", release.Crt: ""}})), "note source/published-link-differs, note source/published-link-differs", "", nil},
		{"link to nothing", evidence(t, "Python-3.14.0.tgz", noBundle, says(Published{Links: links{release.Sigstore: "3.14.0/Python-3.14.0.tgz.sigstore.json"}})),
			"error compare/unsigned, warning sigstore/missing, note source/published-link-differs", "source/published-link-differs", []string{"links a .sigstore beside this file", "there is none"}},
		{"link elsewhere", evidence(t, source, says(Published{Links: links{release.Asc: "3.13.6/" + source + ".asc"}})),
			"note source/published-link-differs", "source/published-link-differs", []string{"at 3.13.6/" + source + ".asc", "it lies beside this file"}},
		{"link elsewhere, none beside", evidence(t, "Python-2.2.tgz", says(Published{Links: links{release.Asc: "https://example.com/a.asc"}})),
			"note compare/unsigned, note source/published-link-differs", "source/published-link-differs", []string{"at https://example.com/a.asc", "beside this file there is none"}},
		{"link of a pair to nothing", evidence(t, source, says(Published{Links: links{release.Sig: "3.13.5/" + source + ".sig"}})),
			"note source/published-link-differs", "source/published-link-differs", []string{"links a .sig beside this file", "there is none"}},
		{"link of a pair elsewhere", evidence(t, source, says(Published{Links: links{release.Crt: "3.13.4/" + source + ".crt"}})),
			"note source/published-link-differs", "source/published-link-differs", []string{"links the .crt at 3.13.4/", "which is not beside this file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := Assess(tt.e, r)
			if got := strings.Join(codesOf(a), ", "); got != tt.codes {
				t.Fatalf("findings %q, want %q", got, tt.codes)
			}
			if tt.code != "" {
				wantWords(t, message(t, a, tt.code), tt.words...)
			}
		})
	}
}

type links = map[release.Sidecar]string

var md5A, md5B = strings.Repeat("0a", 16), strings.Repeat("0b", 16)

// says is what somebody says of an artifact whose MD5 digest is md5A, and
// beside which lies what was found to be good.
func says(p Published) func(*Evidence) {
	return func(e *Evidence) {
		p.By = "a.dsc"
		if p.Size == 0 {
			p.Size = -1
		}
		e.MD5, e.Published = md5A, []Published{p}
		if e.PGP.Status != pgp.Missing {
			e.PGPFile.Location = "beside.asc"
		}
		if e.Sigstore.Status != sigstore.Missing {
			e.Bundle.Location = "beside.sigstore"
		}
	}
}

// TestEndsWithTheCommand lets people copy it.
func TestEndsWithTheCommand(t *testing.T) {
	for code, r := range map[Code]pgp.Result{
		"pgp/unknown-key": {Status: pgp.UnknownKey},
		"pgp/stale-key":   {Status: pgp.Unchecked, Reason: pgp.StaleKey, Certificate: thomasKey},
	} {
		a := Assess(evidence(t, "Python-3.13.5.tgz", byPGP(r)), roster(t))
		if m := message(t, a, code); !strings.HasSuffix(m, keyrings.Hint(thomasKey)) {
			t.Errorf("%q does not end with %q", m, keyrings.Hint(thomasKey))
		}
	}
}

// TestAssessKeepsItsEvidence: what was found goes on unchanged.
func TestAssessKeepsItsEvidence(t *testing.T) {
	e := evidence(t, "Python-3.13.5.tgz", withDigest("aa"))
	if a := Assess(e, roster(t)); a.SHA256 != e.SHA256 || a.PGP.Certificate != e.PGP.Certificate || a.Location != e.Location {
		t.Errorf("evidence changed: %+v", a.Evidence)
	}
}
