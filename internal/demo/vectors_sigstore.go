package demo

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strconv"
	"time"

	"migrate/compare"
	"migrate/internal/sigstoretest"
	"migrate/pgp"
	"migrate/sigstore"
)

// sigstoreVectors are about the bundle, beside a good .asc.
func sigstoreVectors() []vector {
	all := []vector{
		{"sigstore-good-v0.1", "A v0.1 bundle with promise, proof and checkpoint.", plain, bundled(sigstoretest.Signing{Version: "0.1"}),
			onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-v0.2", "A v0.2 bundle.", plain, bundled(sigstoretest.Signing{Version: "0.2"}),
			onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-v0.3", "Nothing is wrong: v0.3, ECDSA P-256 with SHA-256, Rekor v1.", plain, nil,
			onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-name", "The bundle's name ends in .sigstore.json.", plain, func(_ *maker, s *signed) {
			s.files[".sigstore.json"] = s.files[".sigstore"]
			delete(s.files, ".sigstore")
		}, onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-p384-sha256", "A P-384 key with SHA-256, as in every v0.1 and v0.2 bundle of python.org.", plain,
			bundled(sigstoretest.Signing{Version: "0.1", Algorithm: sigstoretest.P384SHA256}),
			onSigstore(sigstore.Good, "", compare.Equivalent, "sigstore/deprecated-p384-sha256")},
		{"sigstore-good-issuer-v1-only", "The issuer stands only in the old certificate extension.", plain,
			bundled(sigstoretest.Signing{Version: "0.2", IssuerV1Only: true}),
			onSigstore(sigstore.Good, "", compare.Equivalent, "sigstore/issuer-v1-only")},
		{"sigstore-good-timestamp", "An RFC 3161 timestamp beside the log's time.", plain, bundled(sigstoretest.Signing{Timestamp: true}),
			onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-rekor-v2", "An entry of Rekor v2, with an RFC 3161 timestamp for its time.", plain,
			bundled(sigstoretest.Signing{Log: sigstoretest.RekorV2, Timestamp: true}),
			onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-rekor-v2-ecdsa", "The same, of a log that signs with ECDSA.", plain,
			bundled(sigstoretest.Signing{Log: sigstoretest.RekorV2ECDSA, Timestamp: true}),
			onSigstore(sigstore.Good, "", compare.Equivalent)},
		{"sigstore-good-statement", "An in-toto statement about the artifact in place of a signature over it.", plain,
			bundled(sigstoretest.Signing{DSSE: true}),
			onSigstore(sigstore.Good, "", compare.Equivalent, "sigstore/statement")},
		{"sigstore-good-promise-only", "A v0.1 bundle with the log's promise and no proof.", plain,
			bundled(sigstoretest.Signing{Version: "0.1", WithoutProof: true}),
			onSigstore(sigstore.Good, "", compare.Equivalent, "sigstore/promise-only")},
		{"sigstore-good-workload", "A workload signed it, whom the roster knows by a pattern.", workload, without(".asc"),
			expectation{pgp: pgp.Missing, sigstore: sigstore.Good, verdict: compare.SigstoreOnly}},

		{"sigstore-digest-mismatch", "The bundle was made over other bytes than were published.", plain, func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(s.id, content("Python-3.12.3.tgz"), s.date, sigstoretest.Signing{})
		}, refusedSigstore(sigstore.DigestMismatch, "", "sigstore/digest-mismatch")},
		{"sigstore-digest-mismatch-statement", "A statement about other bytes than were published.", plain, func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(s.id, content("Python-3.12.3.tgz"), s.date, sigstoretest.Signing{DSSE: true})
		}, refusedSigstore(sigstore.DigestMismatch, "", "sigstore/digest-mismatch")},

		{"sigstore-bad-digest-claim", "The bundle was made over other bytes, and the digest in it was replaced by this file's.", plain, func(m *maker, s *signed) {
			other := content("Python-3.12.3.tgz")
			bundle := m.bundle(s.id, other, s.date, sigstoretest.Signing{})
			bundle, err := replace(bundle, `"digest":"`+digest64(other)+`"`, `"digest":"`+digest64(s.data)+`"`)
			m.ok(err)
			s.files[".sigstore"] = bundle
		}, refusedSigstore(sigstore.Bad, sigstore.BadSignature, "sigstore/bad-signature")},
		{"sigstore-bad-integrated-time", "The log's time is nine minutes later than the log said.", plain, func(m *maker, s *signed) {
			bundle, err := replace(s.files[".sigstore"],
				`"integratedTime":"`+unixText(s.date.Add(time.Hour+2*time.Second))+`"`,
				`"integratedTime":"`+unixText(s.date.Add(time.Hour+9*time.Minute))+`"`)
			m.ok(err)
			s.files[".sigstore"] = bundle
		}, refusedSigstore(sigstore.Bad, sigstore.BadLogEntry, "sigstore/bad-log-entry")},

		{"sigstore-wrong-identity-other-series", "The bundle is by the release manager of another series.", plain, bundledBy(mara),
			refusedSigstore(sigstore.WrongIdentity, "", "sigstore/other-release-manager")},
		{"sigstore-wrong-identity-stranger", "The bundle is by somebody who is not in the roster.", plain, bundledBy(nobody),
			refusedSigstore(sigstore.WrongIdentity, "", "sigstore/wrong-identity")},
		{"sigstore-wrong-identity-issuer", "The right address, vouched for by another issuer.", plain, bundledBy(sigstore.Identity{SAN: jonas.SAN, Issuer: login}),
			refusedSigstore(sigstore.WrongIdentity, "", "sigstore/wrong-identity")},
		{"sigstore-wrong-identity-longer", "An address that the right one is a part of.", plain, bundledBy(sigstore.Identity{SAN: "x" + jonas.SAN, Issuer: jonas.Issuer}),
			refusedSigstore(sigstore.WrongIdentity, "", "sigstore/wrong-identity")},
		{"sigstore-wrong-identity-pattern", "A workload whose address begins as the pattern does and goes on.", workload,
			both(without(".asc"), bundledBy(sigstore.Identity{SAN: builder.SAN + "/more", Issuer: ci})),
			expectation{pgp: pgp.Missing, sigstore: sigstore.WrongIdentity, verdict: compare.Failed, findings: []compare.Code{"sigstore/wrong-identity"}}},

		{"sigstore-untrusted-no-entry", "The bundle has no log entry.", plain, bundled(sigstoretest.Signing{Log: sigstoretest.NoLog, Timestamp: true}),
			refusedSigstore(sigstore.Untrusted, sigstore.UntrustedLog, "sigstore/untrusted")},
		{"sigstore-untrusted-no-time", "An entry of Rekor v2, which has no time, and no timestamp.", plain, bundled(sigstoretest.Signing{Log: sigstoretest.RekorV2}),
			refusedSigstore(sigstore.Untrusted, sigstore.UntrustedTime, "sigstore/untrusted")},
		{"sigstore-untrusted-managed-key", "Signed with a bare key in place of a certificate.", plain, func(m *maker, s *signed) {
			key, err := m.store.ManagedKey("bare")
			if m.ok(err) {
				s.files[".sigstore"] = m.bundle(s.id, s.data, s.date, sigstoretest.Signing{Key: key, Hint: "bare"})
			}
		}, refusedSigstore(sigstore.Untrusted, sigstore.UnexpectedKind, "sigstore/untrusted")},

		{"sigstore-incompatible-no-checkpoint", "A v0.1 bundle whose inclusion proof has no checkpoint; its promise holds.", plain,
			bundled(sigstoretest.Signing{Version: "0.1", WithoutCheckpoint: true}),
			onSigstore(sigstore.Incompatible, sigstore.NoCheckpoint, compare.Unchecked, "sigstore/no-checkpoint")},
		{"sigstore-incompatible-no-checkpoint-forged", "The same, but its promise does not hold either.", plain,
			bundled(sigstoretest.Signing{Version: "0.1", WithoutCheckpoint: true, Flaw: sigstoretest.ForgedPromise}),
			onSigstore(sigstore.Incompatible, sigstore.NoCheckpoint, compare.Unchecked, "sigstore/no-checkpoint")},
		{"sigstore-incompatible-no-checkpoint-other", "The same, with a promise that holds for the release manager of another series.", plain, func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(mara, s.data, s.date.Add(time.Hour), sigstoretest.Signing{Version: "0.1", WithoutCheckpoint: true})
		}, onSigstore(sigstore.Incompatible, sigstore.NoCheckpoint, compare.Unchecked, "sigstore/no-checkpoint", "sigstore/other-release-manager")},
		{"sigstore-incompatible-pair", "A .sig and .crt pair in place of a bundle.", plain, func(m *maker, s *signed) {
			delete(s.files, ".sigstore")
			s.files[".sig"], s.files[".crt"] = m.pair(s.id, s.data, s.date.Add(time.Hour))
		}, onSigstore(sigstore.Incompatible, sigstore.NoLogProof, compare.Unchecked, "sigstore/legacy-pair")},
		{"sigstore-incompatible-version", "A bundle of a version that is not known.", plain,
			bundled(sigstoretest.Signing{MediaType: "application/vnd.dev.sigstore.bundle.v0.9+json"}),
			onSigstore(sigstore.Incompatible, sigstore.NewerBundle, compare.Unchecked, "sigstore/unknown-version")},
		{"sigstore-incompatible-sha384", "Signed over SHA-384.", plain, func(m *maker, s *signed) {
			bundled(sigstoretest.Signing{Algorithm: sigstoretest.P384SHA384, SHA384: sha512.Sum384(s.data)})(m, s)
		}, onSigstore(sigstore.Incompatible, sigstore.OtherHash, compare.Unchecked, "sigstore/incompatible")},

		{"sigstore-malformed-empty", "The file is empty.", plain, file(".sigstore", []byte{}),
			malformedSigstore(sigstore.Empty)},
		{"sigstore-malformed-html", "An error page saved as a bundle.", plain, file(".sigstore", []byte(errorPage)),
			malformedSigstore(sigstore.HTML)},
		{"sigstore-malformed-truncated", "The second half of the bundle is missing.", plain, editedBundle(func(b []byte) ([]byte, error) {
			return b[:len(b)/2], nil
		}), malformedSigstore(sigstore.NotJSON)},
		{"sigstore-malformed-other-json", "JSON that is no bundle.", plain, file(".sigstore", []byte(`{"error":"not found"}`+"\n")),
			malformedSigstore(sigstore.NotABundle)},
		{"sigstore-malformed-unknown-field", "A bundle with a field that bundles do not have.", plain, editedBundle(func(b []byte) ([]byte, error) {
			return append([]byte(`{"comment":"trust me",`), bytes.TrimPrefix(b, []byte("{"))...), nil
		}), malformedSigstore(sigstore.NotABundle)},

		{"sigstore-bad-pair", "A .sig and .crt pair in place of a bundle, with one bit of the signature flipped.", plain, unbundled(func(signature []byte) []byte {
			signature[len(signature)-1] ^= 1
			return base64.StdEncoding.AppendEncode(nil, signature)
		}), refusedSigstore(sigstore.Bad, sigstore.BadSignature, "sigstore/bad-signature", "sigstore/legacy-pair")},
		{"sigstore-malformed-pair", "A .sig and .crt pair in place of a bundle, whose .sig holds the signature itself and not base64.", plain, unbundled(func(signature []byte) []byte {
			return signature
		}), malformedSigstore(sigstore.NotAPair, "sigstore/legacy-pair")},

		{"sigstore-missing", "The bundle that is due is missing.", plain, without(".sigstore"),
			onSigstore(sigstore.Missing, "", compare.PGPOnly, "sigstore/missing")},
		{"sigstore-unchecked-nobody", "A bundle of a series that nobody may sign with Sigstore.", historic, nil,
			onSigstore(sigstore.Unchecked, sigstore.BadPolicy, compare.Unchecked, "pgp/key-expired-since", "sigstore/not-checked", "sigstore/unexpected")},
	}

	for _, f := range []struct {
		flaw   sigstoretest.Flaw
		what   string
		status sigstore.Status
		reason sigstore.Reason
		code   compare.Code
	}{
		{sigstoretest.ForgedChain, "The certificate was issued by a stranger of the same name.", sigstore.Untrusted, sigstore.UntrustedChain, "sigstore/untrusted"},
		{sigstoretest.NoSCT, "The certificate has no timestamp of a certificate log.", sigstore.Untrusted, sigstore.UntrustedSCT, "sigstore/untrusted"},
		{sigstoretest.ForgedSCT, "The certificate's timestamp names the log and was not signed by it.", sigstore.Untrusted, sigstore.UntrustedSCT, "sigstore/untrusted"},
		{sigstoretest.UnknownCTLog, "The certificate's timestamp is of a log that nobody knows.", sigstore.Untrusted, sigstore.UntrustedSCT, "sigstore/untrusted"},
		{sigstoretest.ForgedSignature, "The signature was made with another key than the certificate's.", sigstore.Bad, sigstore.BadSignature, "sigstore/bad-signature"},
		{sigstoretest.OtherEntry, "The log entry is one of another signature.", sigstore.Bad, sigstore.BadLogEntry, "sigstore/bad-log-entry"},
		{sigstoretest.UnknownLog, "The log entry is of a log that nobody knows.", sigstore.Untrusted, sigstore.UntrustedLog, "sigstore/untrusted"},
		{sigstoretest.ForgedPromise, "The inclusion promise was not signed by the log.", sigstore.Bad, sigstore.BadLogEntry, "sigstore/bad-log-entry"},
		{sigstoretest.ForgedProof, "One bit of the inclusion proof is flipped.", sigstore.Bad, sigstore.BadLogEntry, "sigstore/bad-log-entry"},
		{sigstoretest.ForgedCheckpoint, "The checkpoint was not signed by the log.", sigstore.Bad, sigstore.BadLogEntry, "sigstore/bad-log-entry"},
		{sigstoretest.LateEntry, "The signature was logged after the certificate had expired.", sigstore.Bad, sigstore.BadTimestamp, "sigstore/bad-timestamp"},
		{sigstoretest.OtherTimestamp, "The RFC 3161 timestamp is of another signature.", sigstore.Bad, sigstore.BadTimestamp, "sigstore/bad-timestamp"},
		{sigstoretest.UnknownTSA, "The RFC 3161 timestamp is of an authority that nobody knows.", sigstore.Untrusted, sigstore.UntrustedTime, "sigstore/untrusted"},
		{sigstoretest.DamagedTimestamp, "One bit of the RFC 3161 timestamp is flipped.", sigstore.Bad, sigstore.BadTimestamp, "sigstore/bad-timestamp"},
		{sigstoretest.LateTimestamp, "The RFC 3161 timestamp is from after the certificate had expired.", sigstore.Bad, sigstore.BadTimestamp, "sigstore/bad-timestamp"},
	} {
		stamped := false
		switch f.flaw {
		case sigstoretest.OtherTimestamp, sigstoretest.UnknownTSA, sigstoretest.DamagedTimestamp, sigstoretest.LateTimestamp:
			stamped = true
		}
		all = append(all, vector{"sigstore-" + f.status.String() + "-" + string(f.flaw), f.what, plain,
			bundled(sigstoretest.Signing{Flaw: f.flaw, Timestamp: stamped}), refusedSigstore(f.status, f.reason, f.code)})
	}
	return all
}

// bothVectors are about the two methods together.
func bothVectors() []vector {
	failed := func(p pgp.Status, s sigstore.Status, codes ...compare.Code) expectation {
		return expectation{pgp: p, sigstore: s, verdict: compare.Failed, findings: codes}
	}
	return []vector{
		{"both-artifact-changed", "One byte of the artifact was changed after it had been signed.", plain, changed(func(data []byte) []byte {
			data[0] ^= 1
			return data
		}), failed(pgp.Bad, sigstore.DigestMismatch, "pgp/bad-signature", "sigstore/digest-mismatch")},
		{"both-artifact-truncated", "The last byte of the artifact is missing.", plain, changed(func(data []byte) []byte {
			return data[:len(data)-1]
		}), failed(pgp.Bad, sigstore.DigestMismatch, "pgp/bad-signature", "sigstore/digest-mismatch")},
		{"both-artifact-empty", "The artifact is empty.", plain, changed(func([]byte) []byte { return []byte{} }),
			failed(pgp.Bad, sigstore.DigestMismatch, "pgp/bad-signature", "sigstore/digest-mismatch")},
		{"both-missing", "Neither of the two signatures that are due is there.", plain, without(".asc", ".sigstore"),
			expectation{pgp: pgp.Missing, sigstore: sigstore.Missing, verdict: compare.Unsigned,
				findings: []compare.Code{"pgp/missing", "sigstore/missing", "compare/unsigned"}}},
		{"both-bad-and-missing", "A bad .asc and no bundle.", plain, both(without(".sigstore"), func(m *maker, s *signed) {
			s.files[".asc"] = m.asc(s.key(m.people), content("Python-3.12.3.tgz"), s.date)
		}), failed(pgp.Bad, sigstore.Missing, "pgp/bad-signature", "sigstore/missing")},
		{"both-missing-and-bad", "No .asc and a bundle over other bytes.", plain, both(without(".asc"), func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(s.id, content("Python-3.12.3.tgz"), s.date, sigstoretest.Signing{})
		}), failed(pgp.Missing, sigstore.DigestMismatch, "pgp/missing", "sigstore/digest-mismatch")},
		{"both-weak-and-bad", "A weak PGP signature does not outweigh a bundle over other bytes.", plain, both(resigned(jonasKey, hashed(crypto.SHA1)), func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(s.id, content("Python-3.12.3.tgz"), s.date, sigstoretest.Signing{})
		}), failed(pgp.Weak, sigstore.DigestMismatch, "pgp/weak-hash", "sigstore/digest-mismatch")},
		{"both-unknown-and-missing", "An .asc by a key that is not at hand, and no bundle.", plain, both(resigned(strangerKey), without(".sigstore")),
			expectation{pgp: pgp.UnknownKey, sigstore: sigstore.Missing, verdict: compare.Unchecked,
				findings: []compare.Code{"pgp/unknown-key", "sigstore/missing"}}},
		{"both-signers-differ", "Both are valid and allowed, but by two people where it should be one.",
			base{"Python-3.11.14.tgz", pavelKey, mara, date(2025, 10, 9)}, nil,
			onPGP(pgp.Good, "", compare.Conflict, "compare/signer-differs")},
		{"both-times-differ", "The bundle was made two weeks after the PGP signature.", plain, func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(s.id, s.data, s.date.AddDate(0, 0, 14), sigstoretest.Signing{})
		}, onPGP(pgp.Good, "", compare.Equivalent, "compare/signing-times-differ")},
		{"both-recalled", "A recalled release: its signatures hold, and count for nothing.",
			base{"Python-3.9.8.tgz", pavelKey, pavel, date(2021, 11, 5)}, without(".sigstore"),
			expectation{pgp: pgp.GoodRefreshed, sigstore: sigstore.Missing, verdict: compare.PGPOnly,
				findings: []compare.Code{"pgp/good-refreshed", "compare/recalled-release"}}},
		{"both-unknown-series", "A series that the roster does not have: a valid signature is by nobody in particular.", unknown, nil,
			expectation{pgp: pgp.WrongSigner, sigstore: sigstore.Unchecked, sigstoreReason: sigstore.BadPolicy, verdict: compare.Unchecked,
				findings: []compare.Code{"pgp/nobody-pinned", "sigstore/not-checked", "source/unknown-series"}}},
	}
}

// laterVectors are those that were added later: the log counts its entries, so
// that one in the middle would change all that follow.
func laterVectors() []vector {
	return []vector{
		{"sigstore-untrusted-newer", "An entry of a log that nobody knows, in a bundle that was made after the trust root.", plain, func(m *maker, s *signed) {
			s.files[".sigstore"] = m.bundle(s.id, s.data, date(2026, 1, 10), sigstoretest.Signing{Flaw: sigstoretest.UnknownLog})
		}, onSigstore(sigstore.Untrusted, sigstore.UntrustedLog, compare.Unchecked, "sigstore/newer-than-trust-root")},
	}
}

func digest64(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
