package pgp

import (
	"bytes"
	"cmp"
	"crypto"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// TestStatus has every status and every reason that the checking of a
// signature can give. TestMalformed has those of files that are no signature.
func TestStatus(t *testing.T) {
	type want struct {
		status Status
		reason Reason
		weak   []Weakness
	}
	is := func(s Status, r ...Reason) want {
		w := want{status: s}
		for _, r := range r {
			w.reason = r
		}
		return w
	}
	weak := func(w ...Weakness) want { return want{status: Weak, weak: w} }

	key := newKey(t, ed25519, y2018)
	sub := asSubkey(newKey(t, ed25519, y2018))
	other := simpleCert(t, ed25519, "Other <other@example.org>")
	// signer begins a certificate of key.
	signer := func() *testCert { return newCert(t, key) }
	named := func() *testCert { return signer().user("Signer <signer@example.org>") }
	plain := named().self(y2018, certifyAndSign)
	withSub := func() *testCert { return plain.clone().subkey(sub) }
	superseded, retired, compromised := reason(packet.KeySuperseded), reason(packet.KeyRetired), reason(packet.KeyCompromised)

	made := sign(t, key, y2020)
	madeBySub := sign(t, sub, y2020)

	tests := []struct {
		name    string
		ring    []*testCert
		asc     []byte
		want    want
		expired time.Time
		revoked time.Time
		bySub   bool

		noted    bool // something of the ring is skipped
		nameless bool // there is no user ID to name
	}{
		// Good.
		{name: "primary key", ring: []*testCert{plain}, asc: made, want: is(Good)},
		{name: "among others", ring: []*testCert{other, plain}, asc: made, want: is(Good)},
		{name: "SHA-256", ring: []*testCert{plain}, asc: sign(t, key, y2020, hashed(crypto.SHA256)), want: is(Good)},
		{name: "SHA3-512", ring: []*testCert{plain}, asc: sign(t, key, y2020, hashed(crypto.SHA3_512)), want: is(Good)},
		{name: "notation", ring: []*testCert{plain}, asc: sign(t, key, y2020, notation("a@example.org", false)), want: is(Good)},
		{name: "subkey", ring: []*testCert{withSub().bind(sub, true, y2019, signOnly)}, asc: madeBySub, want: is(Good), bySub: true},
		{name: "primary key that may sign, with a subkey", ring: []*testCert{withSub().bind(sub, true, y2019, signOnly)}, asc: made, want: is(Good)},
		{name: "not yet expired", ring: []*testCert{plain}, asc: sign(t, key, y2020, sigLifetime(until(y2024))), want: is(Good)},
		{
			name: "expired since", ring: []*testCert{named().self(y2018, certifyAndSign, keyLifetime(until(y2022)))},
			asc: made, want: is(Good), expired: y2022,
		},
		{
			name: "extended before it expired", asc: made, want: is(Good),
			ring: []*testCert{named().self(y2018, certifyAndSign, keyLifetime(until(y2022))).self(y2021, certifyAndSign, keyLifetime(until(y2025)))},
		},
		{
			name: "shortened since", asc: made, want: is(Good), expired: y2022,
			ring: []*testCert{plain.clone().self(y2021, certifyAndSign, keyLifetime(until(y2022)))},
		},
		{
			name: "expired since by a direct key signature", asc: made, want: is(Good), expired: y2023,
			ring: []*testCert{signer().direct(y2018, keyLifetime(until(y2023))).user("Signer").self(y2018, certifyAndSign)},
		},
		{
			name: "subkey expired since", asc: madeBySub, want: is(Good), bySub: true, expired: y2021,
			ring: []*testCert{withSub().bind(sub, true, y2018, signOnly, keyLifetime(until(y2021)))},
		},
		{
			name: "retired since", asc: made, want: is(Good), revoked: y2022,
			ring: []*testCert{signer().revoke(y2022, retired).user("Signer").self(y2018, certifyAndSign)},
		},
		{
			name: "subkey superseded since", asc: madeBySub, want: is(Good), bySub: true, revoked: y2021,
			ring: []*testCert{withSub().revokeSubkey(sub, y2021, superseded).bind(sub, true, y2018, signOnly)},
		},
		{
			name: "one user ID revoked", asc: made, want: is(Good),
			ring: []*testCert{named().self(y2018, certifyAndSign).user("Gone").self(y2018, certifyAndSign).certify(key, packet.SigTypeCertificationRevocation, y2019)},
		},

		// GoodRefreshed.
		{name: "refreshed", ring: []*testCert{named().self(y2022, certifyAndSign)}, asc: made, want: is(GoodRefreshed)},
		{
			name: "refreshed, and expired since", asc: made, want: is(GoodRefreshed), expired: y2023,
			ring: []*testCert{named().self(y2022, certifyAndSign, keyLifetime(until(y2023)))},
		},
		{
			name: "refreshed, and retired since", asc: made, want: is(GoodRefreshed), revoked: y2023,
			ring: []*testCert{signer().revoke(y2023, retired).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed twice", asc: made, want: is(GoodRefreshed),
			ring: []*testCert{named().self(y2021, certifyAndSign).self(y2023, certifyAndSign)},
		},
		{
			name: "subkey refreshed", asc: madeBySub, want: is(GoodRefreshed), bySub: true,
			ring: []*testCert{withSub().bind(sub, true, y2022, signOnly)},
		},
		{
			name: "subkey and primary key refreshed", asc: madeBySub, want: is(GoodRefreshed), bySub: true,
			ring: []*testCert{named().self(y2021, certifyAndSign).subkey(sub).bind(sub, true, y2022, signOnly)},
		},
		{
			name: "primary key refreshed, subkey not", asc: madeBySub, want: is(GoodRefreshed), bySub: true,
			ring: []*testCert{named().self(y2021, certifyAndSign).subkey(sub).bind(sub, true, y2019, signOnly)},
		},

		// Refreshed, but something else is wrong.
		{
			name: "refreshed and compromised", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2023, compromised).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed and revoked for no reason", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2023).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed and retired before", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2019, retired).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed and retired between", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2021, retired).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			// The revocation has expired when the key is refreshed.
			name: "refreshed and retired for a time", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2019, retired, sigLifetime(uint32(y2021.Sub(y2019)/time.Second))).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed and had expired before", asc: made, want: is(Rejected, KeyExpired),
			ring: []*testCert{named().self(y2022, certifyAndSign, keyLifetime(until(y2019)))},
		},
		{
			name: "refreshed and had expired by an old direct key signature", asc: made, want: is(Rejected, KeyExpired),
			ring: []*testCert{signer().direct(y2018, keyLifetime(until(y2019))).direct(y2021).user("Signer").self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed and older than its key", asc: sign(t, key, y2017), want: is(Rejected, OlderThanKey),
			ring: []*testCert{named().self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed and critical notation", asc: sign(t, key, y2020, notation("a@example.org", true)), want: is(Rejected, CriticalNotation),
			ring: []*testCert{named().self(y2022, certifyAndSign)},
		},
		{
			// It would be valid still if it had been made when the key was refreshed.
			name: "refreshed and signature expired", asc: sign(t, key, y2020, sigLifetime(uint32(y2023.Sub(y2020)/time.Second))), want: is(Rejected, SignatureExpired),
			ring: []*testCert{named().self(y2022, certifyAndSign)},
		},
		{name: "refreshed and may not sign", asc: made, want: is(Rejected, WrongUsage), ring: []*testCert{named().self(y2022, certifyOnly)}},
		{name: "refreshed in the future", asc: made, want: is(Rejected, UnboundKey), ring: []*testCert{named().self(y2025, certifyAndSign)}},
		{
			name: "an old self-signature that had expired", asc: made, want: is(Rejected, KeyExpired),
			ring: []*testCert{named().self(y2018, certifyAndSign, sigLifetime(until(y2019))).self(y2022, certifyAndSign)},
		},
		{
			name: "expired and extended afterwards", asc: made, want: is(Rejected, KeyExpired),
			ring: []*testCert{named().self(y2018, certifyAndSign, keyLifetime(until(y2019))).self(y2021, certifyAndSign)},
		},
		{
			name: "subkey refreshed, primary key had expired", asc: madeBySub, want: is(Rejected, KeyExpired),
			ring: []*testCert{named().self(y2018, certifyAndSign, keyLifetime(until(y2019))).self(y2021, certifyAndSign).subkey(sub).bind(sub, true, y2022, signOnly)},
		},
		{
			name: "subkey expired, primary key refreshed", asc: madeBySub, want: is(Rejected, KeyExpired),
			ring: []*testCert{named().self(y2022, certifyAndSign).subkey(sub).bind(sub, true, y2018, signOnly, keyLifetime(until(y2019))).bind(sub, true, y2021, signOnly)},
		},
		{
			name: "subkey retired before, bound again afterwards", asc: madeBySub, want: is(Rejected, KeyRevoked),
			ring: []*testCert{withSub().revokeSubkey(sub, y2019, retired).bind(sub, true, y2022, signOnly)},
		},
		{
			name: "every user ID revoked, certified again afterwards", asc: made, want: is(Rejected, UnboundKey),
			ring: []*testCert{named().certify(key, packet.SigTypeCertificationRevocation, y2019).self(y2022, certifyAndSign)},
		},
		{
			name: "refreshed subkey without back-signature", asc: madeBySub, want: is(Rejected, UnboundKey),
			ring: []*testCert{withSub().bind(sub, false, y2022, signOnly)},
		},

		// Weak.
		{name: "text mode", ring: []*testCert{plain}, asc: sign(t, key, y2020, text), want: weak(TextMode)},
		{name: "text mode and SHA-1", ring: []*testCert{plain}, asc: sign(t, key, y2020, text, hashed(crypto.SHA1)), want: weak(WeakHash, TextMode)},
		{name: "refreshed and text mode", ring: []*testCert{named().self(y2022, certifyAndSign)}, asc: sign(t, key, y2020, text), want: weak(TextMode)},
		{name: "SHA-1", ring: []*testCert{plain}, asc: sign(t, key, y2020, hashed(crypto.SHA1)), want: weak(WeakHash)},
		{name: "no key flags", ring: []*testCert{named().self(y2018)}, asc: made, want: weak(NoKeyFlags)},
		{name: "no key flags and SHA-1", ring: []*testCert{named().self(y2018)}, asc: sign(t, key, y2020, hashed(crypto.SHA1)), want: weak(WeakHash, NoKeyFlags)},
		{name: "refreshed and SHA-1", ring: []*testCert{named().self(y2022, certifyAndSign)}, asc: sign(t, key, y2020, hashed(crypto.SHA1)), want: weak(WeakHash)},
		{name: "refreshed and no key flags", ring: []*testCert{named().self(y2022)}, asc: made, want: weak(NoKeyFlags)},
		{name: "subkey without key flags", ring: []*testCert{withSub().bind(sub, true, y2019)}, asc: madeBySub, want: weak(NoKeyFlags), bySub: true},

		// Bad.
		{name: "signed something else", ring: []*testCert{plain}, asc: signData(t, key, "something else", y2020), want: is(Bad)},
		{name: "changed subpacket", ring: []*testCert{plain}, asc: changed(made, createdAt(y2020), createdAt(y2021)), want: is(Bad)},
		{name: "changed number", ring: []*testCert{plain}, asc: flipped(made, len(made)-3), want: is(Bad)},
		{name: "text passed off as binary", ring: []*testCert{plain}, asc: changed(sign(t, key, y2020, text), []byte{4, 1, 27}, []byte{4, 0, 27}), want: is(Bad)},

		// Rejected.
		{
			name: "compromised since", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2023, compromised).user("Signer").self(y2018, certifyAndSign)},
		},
		{
			name: "revoked for no reason since", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2023).user("Signer").self(y2018, certifyAndSign)},
		},
		{
			name: "retired before", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2019, retired).user("Signer").self(y2018, certifyAndSign)},
		},
		{
			// The library alone overlooks a revocation in that place.
			name: "revocation behind the user ID", asc: made, want: is(Rejected, KeyRevoked),
			ring: []*testCert{plain.clone().revoke(y2023, compromised)},
		},
		{
			name: "subkey compromised", asc: madeBySub, want: is(Rejected, KeyRevoked),
			ring: []*testCert{withSub().revokeSubkey(sub, y2023, compromised).bind(sub, true, y2019, signOnly)},
		},
		{
			name: "primary key of the subkey compromised", asc: madeBySub, want: is(Rejected, KeyRevoked),
			ring: []*testCert{signer().revoke(y2023, compromised).user("Signer").self(y2018, certifyAndSign).subkey(sub).bind(sub, true, y2019, signOnly)},
		},
		{
			name: "expired at signing", asc: made, want: is(Rejected, KeyExpired),
			ring: []*testCert{named().self(y2018, certifyAndSign, keyLifetime(until(y2019))).self(y2021, certifyAndSign, keyLifetime(until(y2019)))},
		},
		{
			name: "subkey expired at signing", asc: madeBySub, want: is(Rejected, KeyExpired),
			ring: []*testCert{withSub().bind(sub, true, y2018, signOnly, keyLifetime(until(y2019))).bind(sub, true, y2021, signOnly, keyLifetime(until(y2019)))},
		},
		{name: "signature expired", ring: []*testCert{plain}, asc: sign(t, key, y2020, sigLifetime(86400)), want: is(Rejected, SignatureExpired)},
		{name: "from the future", ring: []*testCert{plain}, asc: sign(t, key, y2025), want: is(Rejected, FromFuture)},
		{name: "from the future, with a lifetime", ring: []*testCert{plain}, asc: sign(t, key, y2025, sigLifetime(86400)), want: is(Rejected, FromFuture)},
		{name: "older than its key", ring: []*testCert{plain}, asc: sign(t, key, y2017), want: is(Rejected, OlderThanKey)},
		{name: "older than its key, by a self-signature as old", ring: []*testCert{named().self(y2017, certifyAndSign)}, asc: sign(t, key, y2017), want: is(Rejected, OlderThanKey)},
		{name: "critical notation", ring: []*testCert{plain}, asc: sign(t, key, y2020, notation("a@example.org", true)), want: is(Rejected, CriticalNotation)},
		{name: "certify-only key", ring: []*testCert{named().self(y2018, certifyOnly)}, asc: made, want: is(Rejected, WrongUsage)},
		{name: "encryption subkey", ring: []*testCert{withSub().bind(sub, false, y2019, encryptOnly)}, asc: madeBySub, want: is(Rejected, WrongUsage)},
		{name: "a certification", ring: []*testCert{plain}, asc: certification(t, key), want: is(Rejected, WrongUsage)},
		{name: "no back-signature", ring: []*testCert{withSub().bind(sub, false, y2019, signOnly)}, asc: madeBySub, want: is(Rejected, UnboundKey)},
		{name: "no back-signature and no key flags", ring: []*testCert{withSub().bind(sub, false, y2019)}, asc: madeBySub, want: is(Rejected, UnboundKey)},
		{name: "no binding", ring: []*testCert{withSub()}, asc: madeBySub, want: is(Rejected, UnboundKey)},
		{
			name: "user ID revoked", asc: made, want: is(Rejected, UnboundKey),
			ring: []*testCert{named().self(y2018, certifyAndSign).certify(key, packet.SigTypeCertificationRevocation, y2019)},
		},

		// Unchecked. TestUnreadableRevocation and its neighbours have more.
		{
			name: "unreadable revocation", asc: made, want: is(Unchecked, UnreadableRevocation), noted: true,
			ring: []*testCert{plain.clone().unreadable("MD5", func(c *testCert) { c.revoke(y2023) })},
		},
		{
			name: "stale copy of the key", asc: made, want: is(Unchecked, StaleKey),
			ring: []*testCert{named().self(y2018, certifyAndSign, keyLifetime(until(y2019)))},
		},
		{
			name: "self-signature with a critical notation", asc: made, want: is(Unchecked, UnreadableSelfSignature), nameless: true,
			ring: []*testCert{named().self(y2018, certifyAndSign, notation("a@example.org", true))},
		},

		// UnknownKey.
		{name: "empty keyring", asc: made, want: is(UnknownKey)},
		{name: "another key", ring: []*testCert{other}, asc: made, want: is(UnknownKey)},
		{name: "another fingerprint with the same key ID", ring: []*testCert{plain}, asc: changed(made, key.Fingerprint, slices.Concat([]byte{key.Fingerprint[0] ^ 1}, key.Fingerprint[1:])), want: is(UnknownKey)},

		// Unsupported.
		{name: "version 3 with MD5", ring: []*testCert{plain}, asc: version3(key.KeyId, 1), want: is(Unsupported, OldVersion)},
		{name: "version 3 with SHA-1", ring: []*testCert{plain}, asc: version3(key.KeyId, 2), want: is(Unsupported, OldVersion)},
		{name: "version 5", ring: []*testCert{plain}, asc: changed(made, []byte{4, 0, 27, 10}, []byte{5, 0, 27, 10}), want: is(Unsupported, OldVersion)},
		{name: "MD5", ring: []*testCert{plain}, asc: changed(made, []byte{4, 0, 27, 10}, []byte{4, 0, 27, 1}), want: is(Unsupported, UnknownAlgorithm)},
		{name: "RIPEMD-160", ring: []*testCert{plain}, asc: changed(made, []byte{4, 0, 27, 10}, []byte{4, 0, 27, 3}), want: is(Unsupported, UnknownAlgorithm)},
		{name: "unknown public-key algorithm", ring: []*testCert{plain}, asc: changed(made, []byte{4, 0, 27, 10}, []byte{4, 0, 99, 10}), want: is(Unsupported, UnknownAlgorithm)},
		{name: "critical subpacket", ring: []*testCert{plain}, asc: criticalSubpacket(made), want: is(Unsupported, CriticalSubpacket)},
		{name: "no issuer", ring: []*testCert{plain}, asc: withoutIssuer(t, key), want: is(Unsupported, NoIssuer)},
	}
	seenStatus := map[string]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys := NewKeyring()
			if !test.noted {
				keys = ring(t, test.ring...)
			} else if _, skipped, err := keys.Add("noted.asc", test.ring[0].packets); err != nil || skipped == nil {
				t.Fatalf("skipped %v, error %v", skipped, err)
			}
			r := verify(keys, armored(t, "PGP SIGNATURE", test.asc))
			got := want{r.Status, r.Reason, r.Weaknesses}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Fatalf("got %v %q %v, want %v %q %v\n%+v", got.status, got.reason, got.weak, test.want.status, test.want.reason, test.want.weak, r)
			}
			seenStatus[r.Status.String()+" "+string(r.Reason)] = true
			if !r.KeyExpiredSince.Equal(test.expired) || !r.KeyRevokedSince.Equal(test.revoked) {
				t.Errorf("expired since %v, revoked since %v; want %v, %v", r.KeyExpiredSince, r.KeyRevokedSince, test.expired, test.revoked)
			}
			if r.Signatures != 1 {
				t.Errorf("%d signatures", r.Signatures)
			}
			if (r.Detail == "") != (r.Status == Good) || strings.ContainsAny(r.Detail, "\n\r") {
				t.Errorf("detail %q", r.Detail)
			}
			switch r.Status {
			case Good, GoodRefreshed, Weak, Unchecked:
				signed := cmp.Or(map[bool]Fingerprint{true: fingerprint(&sub.PublicKey)}[test.bySub], fingerprint(&key.PublicKey))
				if r.Certificate != fingerprint(&key.PublicKey) || r.SigningKey != signed || r.Subkey() != test.bySub ||
					!strings.HasPrefix(r.UserID, "Signer") && !test.nameless || r.Algorithm != "Ed25519" || r.Version != 4 {
					t.Errorf("signer %+v", r)
				}
			case Rejected: // see TestRejectedSigner
			default:
				if r.Certificate != "" || r.SigningKey != "" || r.UserID != "" || r.Algorithm != "" {
					t.Errorf("a signer was named: %+v", r)
				}
			}
		})
	}
	// Nothing of the vocabulary goes untested.
	for _, s := range []Status{Good, GoodRefreshed, Weak, Bad, UnknownKey} {
		if !seenStatus[s.String()+" "] {
			t.Errorf("no case for %v", s)
		}
	}
	for s, reasons := range map[Status][]Reason{
		Rejected:    {KeyRevoked, KeyExpired, SignatureExpired, FromFuture, OlderThanKey, CriticalNotation, WrongUsage, UnboundKey},
		Unsupported: {OldVersion, UnknownAlgorithm, CriticalSubpacket, NoIssuer},
		Unchecked:   {UnreadableRevocation, UnreadableSelfSignature, StaleKey},
	} {
		for _, r := range reasons {
			if !seenStatus[s.String()+" "+string(r)] {
				t.Errorf("no case for %v %v", s, r)
			}
		}
	}
}

// createdAt is a critical creation time subpacket as go-crypto writes it.
func createdAt(at time.Time) []byte {
	return binary.BigEndian.AppendUint32([]byte{5, 0x80 | subCreationTime}, uint32(at.Unix()))
}

// changed replaces bytes that must be there.
func changed(data, old, new []byte) []byte {
	if !bytes.Contains(data, old) || len(old) != len(new) {
		panic("nothing to change")
	}
	return bytes.Replace(data, old, new, 1)
}

func flipped(data []byte, i int) []byte {
	data = bytes.Clone(data)
	data[i] ^= 1
	return data
}

// version3 assembles a version 3 RSA signature, RFC 9580 section 5.2.2.
func version3(keyID uint64, hash byte) []byte {
	body := []byte{3, 5, 0}
	body = binary.BigEndian.AppendUint32(body, uint32(y2020.Unix()))
	body = binary.BigEndian.AppendUint64(body, keyID)
	body = append(body, 1, hash, 0xAB, 0xCD)
	body = append(body, 0, 16, 0x80, 0x01)
	return append([]byte{0xC2, byte(len(body))}, body...)
}

// criticalSubpacket adds an unknown critical subpacket to the hashed area.
func criticalSubpacket(sig []byte) []byte {
	i := bytes.Index(sig, createdAt(y2020))
	sig = slices.Insert(bytes.Clone(sig), i, 2, 0x80|99, 0)
	sig[1] += 3   // packet length
	sig[i-1] += 3 // length of the hashed area
	return sig
}

// withoutIssuer makes a signature that does not name its issuer.
func withoutIssuer(t *testing.T, by *packet.PrivateKey) []byte {
	sig := sign(t, by, y2020, func(s *packet.Signature) { s.IssuerKeyId = nil })
	// The fingerprint is in the unhashed area: make it a private subpacket.
	return changed(sig, append([]byte{22, subIssuerFingerprint}, 4), append([]byte{22, 101}, 4))
}

// certification makes a signature on a user ID, as a file.
func certification(t *testing.T, by *packet.PrivateKey) []byte {
	s := newSignature(by, packet.SigTypePositiveCert, y2020, nil)
	if err := s.SignUserId("x", &by.PublicKey, by, config); err != nil {
		t.Fatal(err)
	}
	return serialize(t, s)
}

func TestKinds(t *testing.T) {
	tests := []struct {
		kind      kind
		algorithm string
		status    Status
		weak      []Weakness
	}{
		{ed25519, "Ed25519", Good, nil},
		{eddsa, "Ed25519", Good, nil},
		{p256, "ECDSA-P256", Good, nil},
		{rsa2048, "RSA-2048", Good, nil},
		{version6, "Ed25519", Good, nil},
		{rsa1024, "RSA-1024", Weak, []Weakness{WeakKey}},
		{dsa1024, "DSA-1024", Weak, []Weakness{WeakKey}},
		{secp256k1, "ECDSA-SecP256k1", Weak, []Weakness{WeakKey}},
	}
	for _, test := range tests {
		t.Run(test.algorithm, func(t *testing.T) {
			c := simpleCert(t, test.kind, "Signer")
			for _, mode := range [][]option{nil, {text}} {
				status, weak := test.status, test.weak
				if mode != nil {
					status, weak = Weak, append(slices.Clone(weak), TextMode)
				}
				asc := sign(t, c.key, y2020, mode...)
				r := verify(ring(t, c), asc)
				if r.Status != status || !slices.Equal(r.Weaknesses, weak) || r.Algorithm != test.algorithm || r.UserID != "Signer" {
					t.Errorf("got %+v", r)
				}
				if r.Certificate != c.fingerprint() || r.Issuer != string(c.fingerprint()) || r.Hash != "SHA-512" || !r.Created.Equal(y2020) || r.Version != c.key.Version {
					t.Errorf("facts: %+v", r)
				}
				sig := Parse(asc)
				if r := ring(t, c).Verify(sig, hashOf(sig, message+"x"), Policy{Signers: everyone(ring(t, c)), Time: y2024}); r.Status != Bad {
					t.Errorf("changed data: %+v", r)
				}
			}
		})
	}
	t.Run("DSA-1024 with SHA-1", func(t *testing.T) {
		c := simpleCert(t, dsa1024, "Signer")
		r := verify(ring(t, c), sign(t, c.key, y2020, hashed(crypto.SHA1)))
		if r.Status != Weak || !slices.Equal(r.Weaknesses, []Weakness{WeakHash, WeakKey}) || r.Hash != "SHA-1" {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("version 6 refreshed", func(t *testing.T) {
		c := newCert(t, newKey(t, version6, y2018)).direct(y2022, certifyAndSign)
		if r := verify(ring(t, c), sign(t, c.key, y2020)); r.Status != GoodRefreshed || r.UserID != "" {
			t.Errorf("got %+v", r)
		}
	})
}

// TestTextMode: line ends do not matter to a text signature, and only to it. So
// it says little about a file.
func TestTextMode(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	k := ring(t, c)
	for _, test := range []struct {
		data   string
		opts   []option
		status Status
	}{
		{"a\nb\n", []option{text}, Weak},
		{"a\r\nb\r\n", []option{text}, Weak},
		{"a\nb", []option{text}, Bad},
		{"a\nb\n", nil, Good},
		{"a\r\nb\r\n", nil, Bad},
	} {
		sig := Parse(signData(t, c.key, "a\nb\n", y2020, test.opts...))
		h := NewHashes(sig)
		for i := range test.data { // also across the writes
			h.Write([]byte(test.data[i : i+1]))
		}
		if r := k.Verify(sig, h, Policy{Signers: everyone(k), Time: y2024}); r.Status != test.status {
			t.Errorf("%q: %+v", test.data, r)
		}
	}
}

func TestSigners(t *testing.T) {
	signer, other := simpleCert(t, ed25519, "Signer"), simpleCert(t, ed25519, "Other")
	old := newCert(t, signer.key).user("Signer").self(y2022, certifyAndSign)
	revoked := newCert(t, signer.key).revoke(y2019).user("Signer").self(y2018, certifyAndSign)
	good, sha1 := sign(t, signer.key, y2020), sign(t, signer.key, y2020, hashed(crypto.SHA1))
	tests := []struct {
		name     string
		ring     *Keyring
		asc      []byte
		signers  []Fingerprint
		status   Status
		weak     []Weakness
		nameless bool
	}{
		{"accepted", ring(t, signer, other), good, []Fingerprint{other.fingerprint(), signer.fingerprint()}, Good, nil, false},
		{"everybody accepted", ring(t, signer, other), good, nil, Good, nil, false},
		{"nobody accepted", ring(t, signer, other), good, []Fingerprint{}, WrongSigner, nil, false},
		{"good, not accepted", ring(t, signer, other), good, []Fingerprint{other.fingerprint()}, WrongSigner, nil, false},
		{"good, only stranger accepted", ring(t, signer), good, []Fingerprint{other.fingerprint()}, WrongSigner, nil, false},
		{"refreshed, not accepted", ring(t, old), good, []Fingerprint{other.fingerprint()}, WrongSigner, nil, false},
		{"weak, not accepted", ring(t, signer), sha1, []Fingerprint{other.fingerprint()}, WrongSigner, []Weakness{WeakHash}, false},
		{"rejected, not accepted", ring(t, revoked), good, []Fingerprint{other.fingerprint()}, Rejected, nil, false},
		{"bad, not accepted", ring(t, signer), signData(t, signer.key, "x", y2020), []Fingerprint{other.fingerprint()}, Bad, nil, true},
		{"accepted, not in the keyring", ring(t, other), good, []Fingerprint{signer.fingerprint()}, UnknownKey, nil, true},
		// Only the whole fingerprint of the primary key counts.
		{"key ID accepted", ring(t, signer), good, []Fingerprint{signer.fingerprint()[24:]}, WrongSigner, nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := verify(test.ring, test.asc, test.signers...)
			if r.Status != test.status || !slices.Equal(r.Weaknesses, test.weak) {
				t.Fatalf("got %+v", r)
			}
			if named := r.Certificate == signer.fingerprint() && r.UserID == "Signer"; named == test.nameless {
				t.Errorf("signer: %+v", r)
			}
		})
	}
}

// TestRejectedSigner: the signer is named where it was established, and not
// where a certificate only claims the key.
func TestRejectedSigner(t *testing.T) {
	key, sub := newKey(t, ed25519, y2018), asSubkey(newKey(t, ed25519, y2018))
	cert := newCert(t, key).user("Signer").self(y2018, certifyAndSign).subkey(sub)
	asc := sign(t, sub, y2020)
	compromised := reason(packet.KeyCompromised)
	for _, test := range []struct {
		name  string
		cert  *testCert
		named bool
	}{
		{"confirmed", cert.clone().revokeSubkey(sub, y2019, compromised).bind(sub, true, y2018, signOnly), true},
		{"claimed", cert.clone().revokeSubkey(sub, y2019, compromised).bind(sub, false, y2018, signOnly), false},
	} {
		r := verify(ring(t, test.cert), asc)
		if r.Status != Rejected || r.Reason != KeyRevoked || r.SigningKey != fingerprint(&sub.PublicKey) || r.Algorithm == "" ||
			(r.Certificate == cert.fingerprint()) != test.named || (r.UserID == "Signer") != test.named {
			t.Errorf("%s: %+v", test.name, r)
		}
	}
}

// TestImpostors: a certificate that pretends to be another's, or to own
// another's key, changes nothing wherever it stands.
func TestImpostors(t *testing.T) {
	victim := simpleCert(t, ed25519, "Victim <victim@example.org>")
	subkey := asSubkey(newKey(t, ed25519, y2018))
	victim.subkey(subkey).bind(subkey, true, y2018, signOnly)
	attacker := func() *testCert { return simpleCert(t, ed25519, "Attacker") }

	impostors := map[string]*testCert{
		"adopts the key":                       attacker().subkey(victim.key).bind(victim.key, false, y2018, signOnly),
		"adopts the key without flags":         attacker().subkey(victim.key).bind(victim.key, false, y2018),
		"adopts the key to encrypt":            attacker().subkey(victim.key).bind(victim.key, false, y2018, encryptOnly),
		"adopts the key afterwards":            attacker().subkey(victim.key).bind(victim.key, false, y2022),
		"adopts and revokes the key":           attacker().subkey(victim.key).revokeSubkey(victim.key, y2018).bind(victim.key, false, y2018, signOnly),
		"adopts the subkey":                    attacker().subkey(subkey).bind(subkey, false, y2018, signOnly),
		"adopts the subkey without flags":      attacker().subkey(subkey).bind(subkey, false, y2018),
		"clones the user ID":                   simpleCert(t, ed25519, victim.name),
		"clones the user ID and adopts subkey": simpleCert(t, ed25519, victim.name).subkey(subkey).bind(subkey, false, y2018),
	}
	// These take the victim's back-signature over.
	for name, opts := range map[string][]option{"with flags": {signOnly}, "without flags": nil} {
		stolen := attacker().subkey(subkey)
		s := newSignature(stolen.key, packet.SigTypeSubkeyBinding, y2018, opts)
		s.EmbeddedSignature = newSignature(subkey, packet.SigTypePrimaryKeyBinding, y2018, nil)
		if err := s.EmbeddedSignature.CrossSignKey(&subkey.PublicKey, &victim.key.PublicKey, subkey, config); err != nil {
			t.Fatal(err)
		}
		impostors["adopts the subkey with its back-signature, "+name] = stolen.signSubkey(s, subkey)
	}

	for name, impostor := range impostors {
		t.Run(name, func(t *testing.T) {
			// Also where the victim's own signature is rejected.
			future := ring(t, impostor, victim)
			for _, key := range []*packet.PrivateKey{victim.key, subkey} {
				if r := verify(future, sign(t, key, y2025)); r.Status != Rejected || r.Reason != FromFuture || r.Certificate != victim.fingerprint() {
					t.Errorf("from the future: %+v", r)
				}
			}
			for by, asc := range map[Fingerprint][]byte{
				victim.fingerprint():           sign(t, victim.key, y2020),
				fingerprint(&subkey.PublicKey): sign(t, subkey, y2020),
			} {
				one := NewKeyring()
				if _, _, err := one.Add("both", slices.Concat(impostor.packets, victim.packets)); err != nil {
					t.Fatal(err)
				}
				for _, k := range []*Keyring{ring(t, impostor, victim), ring(t, victim, impostor), one} {
					for _, signers := range [][]Fingerprint{nil, {victim.fingerprint()}, {impostor.fingerprint(), victim.fingerprint()}} {
						r := verify(k, asc, signers...)
						if r.Status != Good || r.Certificate != victim.fingerprint() || r.SigningKey != by || r.UserID != victim.name {
							t.Errorf("with the victim: %+v", r)
						}
					}
					if r := verify(k, asc, impostor.fingerprint()); r.Status != WrongSigner || r.Certificate != victim.fingerprint() {
						t.Errorf("only the impostor accepted: %+v", r)
					}
				}
				r := verify(ring(t, impostor), asc, impostor.fingerprint())
				if r.Status != UnknownKey && r.Status != Rejected || r.Certificate != "" || r.UserID != "" {
					t.Errorf("alone: %+v", r)
				}
			}
		})
	}
}

func TestSeveralSignatures(t *testing.T) {
	one, two, stranger := simpleCert(t, ed25519, "One"), simpleCert(t, p256, "Two"), simpleCert(t, ed25519, "Stranger")
	retired := newCert(t, stranger.key).revoke(y2019).user("Retired").self(y2018, certifyAndSign)
	good1, good2 := sign(t, one.key, y2020), sign(t, two.key, y2021)
	weak1 := sign(t, one.key, y2020, hashed(crypto.SHA1))
	bad1 := signData(t, one.key, "x", y2020)
	future1 := sign(t, one.key, y2025)
	unknown := sign(t, stranger.key, y2020)
	old := version3(1, 1)
	tests := []struct {
		name    string
		packets [][]byte
		signers []Fingerprint
		status  Status
		by      *testCert
	}{
		{"two good", [][]byte{good1, good2}, nil, Good, one},
		{"two good, the other way round", [][]byte{good2, good1}, nil, Good, two},
		{"second accepted", [][]byte{good1, good2}, []Fingerprint{two.fingerprint()}, Good, two},
		{"bad and good", [][]byte{bad1, good2}, nil, Good, two},
		{"good and bad", [][]byte{good2, bad1}, nil, Good, two},
		{"unknown and good", [][]byte{unknown, good1}, nil, Good, one},
		{"unsupported and good", [][]byte{old, good1}, nil, Good, one},
		{"weak and good", [][]byte{weak1, good1}, nil, Good, one},
		{"weak by the accepted one, good by another", [][]byte{good2, weak1}, []Fingerprint{one.fingerprint()}, Weak, one},
		{"bad by the accepted one, good by another", [][]byte{bad1, good2}, []Fingerprint{one.fingerprint()}, WrongSigner, two},
		{"unknown and rejected", [][]byte{unknown, future1}, nil, Rejected, one},
		{"bad and rejected", [][]byte{bad1, future1}, nil, Rejected, one},
		{"bad and unknown", [][]byte{bad1, unknown}, nil, Bad, nil},
		{"unknown and unsupported", [][]byte{old, unknown}, nil, UnknownKey, nil},
		{"unsupported", [][]byte{old, old}, nil, Unsupported, nil},
		{"one SHA-256 and one SHA-512", [][]byte{signData(t, one.key, "x", y2020, hashed(crypto.SHA256)), good2}, nil, Good, two},
		{"eight", [][]byte{bad1, bad1, bad1, bad1, bad1, bad1, bad1, good1}, nil, Good, one},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var blocks []byte
			for _, p := range test.packets {
				blocks = append(blocks, armored(t, "PGP SIGNATURE", p)...)
			}
			for form, asc := range map[string][]byte{
				"one block":      armored(t, "PGP SIGNATURE", test.packets...),
				"several blocks": blocks,
				"binary":         bytes.Join(test.packets, nil),
			} {
				r := verify(ring(t, one, two), asc, test.signers...)
				if r.Status != test.status || r.Signatures != len(test.packets) {
					t.Fatalf("%s: %+v", form, r)
				}
				if by := test.by; by != nil && r.Certificate != by.fingerprint() || by == nil && r.Certificate != "" {
					t.Errorf("%s: signer: %+v", form, r)
				}
			}
		})
	}
	t.Run("rejected ones by several", func(t *testing.T) {
		r := verify(ring(t, one, retired), slices.Concat(unknown, future1), one.fingerprint())
		if r.Reason != FromFuture || r.Certificate != one.fingerprint() {
			t.Errorf("the accepted signer's does not come first: %+v", r)
		}
	})
}

// TestUnhashedClaims: the unhashed area is anybody's to write, so it can make a
// signature unknown and never somebody else's.
func TestUnhashedClaims(t *testing.T) {
	signer, other := simpleCert(t, ed25519, "Signer"), simpleCert(t, ed25519, "Other")
	asc := changed(sign(t, signer.key, y2020), signer.key.Fingerprint, other.key.Fingerprint)
	r := verify(ring(t, signer, other), asc)
	if r.Status != Bad || r.Issuer != string(other.fingerprint()) || r.Certificate != "" {
		t.Errorf("got %+v", r)
	}
	if r := verify(ring(t, signer), asc); r.Status != UnknownKey || r.Certificate != "" {
		t.Errorf("got %+v", r)
	}
}

func TestNothingToVerify(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	k, sig := ring(t, c), Parse(sign(t, c.key, y2020))
	if r := k.Verify(nil, NewHashes(nil), Policy{Signers: everyone(k), Time: y2024}); r.Status != Missing {
		t.Errorf("no signature: %+v", r)
	}
	if r := k.Verify(sig, hashOf(sig, message), Policy{}); r.Status != Unchecked {
		t.Errorf("no time: %+v", r)
	}
	for name, h := range map[string]*Hashes{"none": nil, "for no signature": hashOf(nil, message), "for another": hashOf(Parse(sign(t, c.key, y2020, text)), message)} {
		if r := k.Verify(sig, h, Policy{Signers: everyone(k), Time: y2024}); r.Status != Unchecked || r.Reason != NoBytes {
			t.Errorf("hashes %s: %+v", name, r)
		}
	}
	if r := k.Verify(Parse([]byte("<html>")), nil, Policy{Signers: everyone(k), Time: y2024}); r.Status != Malformed {
		t.Errorf("malformed without hashes: %+v", r)
	}
}

// TestTime: the same signature at different times, in one keyring.
func TestTime(t *testing.T) {
	key := newKey(t, ed25519, y2018)
	c := newCert(t, key).revoke(y2023, reason(packet.KeyRetired)).user("Signer").self(y2018, certifyAndSign, keyLifetime(until(y2022)))
	k, sig := ring(t, c), Parse(sign(t, key, y2020))
	h := hashOf(sig, message)
	for range 2 { // nothing is remembered between the checks
		for _, test := range []struct {
			now              time.Time
			status           Status
			reason           Reason
			expired, revoked time.Time
		}{
			{y2019, Rejected, FromFuture, time.Time{}, time.Time{}},
			{y2020.Add(-time.Second), Rejected, FromFuture, time.Time{}, time.Time{}},
			{y2020, Good, "", time.Time{}, time.Time{}},
			{y2022, Good, "", time.Time{}, time.Time{}},
			{y2022.Add(time.Second), Good, "", y2022, time.Time{}},
			{y2024, Good, "", y2022, y2023},
		} {
			r := k.Verify(sig, h, Policy{Signers: everyone(k), Time: test.now})
			if r.Status != test.status || r.Reason != test.reason || !r.KeyExpiredSince.Equal(test.expired) || !r.KeyRevokedSince.Equal(test.revoked) {
				t.Errorf("%v: %+v", test.now, r)
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	one, two := simpleCert(t, ed25519, "One"), simpleCert(t, p256, "Two")
	k := ring(t, one, two)
	sig := Parse(slices.Concat(sign(t, one.key, y2020), sign(t, two.key, y2020, hashed(crypto.SHA256))))
	h := hashOf(sig, message)
	done := make(chan Result)
	for i := range 8 {
		go func() {
			k.Certificates()
			done <- k.Verify(sig, h, Policy{Signers: []Fingerprint{[]*testCert{one, two}[i%2].fingerprint()}, Time: y2024})
		}()
	}
	for range 8 {
		if r := <-done; r.Status != Good {
			t.Errorf("got %+v", r)
		}
	}
}
