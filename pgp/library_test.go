package pgp

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// The tests of this file pin what this package relies on in go-crypto, or
// works around. If one fails after an update, read the code it names again.

// TestInjection pins the way judge gives the library finished hash states in
// place of the data: it must answer as the library does over the data itself.
func TestInjection(t *testing.T) {
	for _, k := range []kind{ed25519, p256, rsa2048, version6} {
		c := simpleCert(t, k, "Signer")
		for _, opts := range [][]option{nil, {text}, {hashed(crypto.SHA256)}, {hashed(crypto.SHA256), text}, {hashed(crypto.SHA384)}, {hashed(crypto.SHA3_256)}} {
			asc := sign(t, c.key, y2020, opts...)
			cert := ring(t, c).sorted()[0]
			for _, data := range []string{message, message + "x", "", strings.ReplaceAll(message, "\n", "\r\n")} {
				e, err := cert.entity()
				if err != nil {
					t.Fatal(err)
				}
				_, _, want := v2.VerifyDetachedSignature(v2.EntityList{e}, strings.NewReader(data), bytes.NewReader(asc), strict(y2024))

				sig := Parse(asc)
				sp := sig.packets[0]
				state, err := hashOf(sig, data).state(sp.parsed)
				if err != nil {
					t.Fatal(err)
				}
				before := state.Sum(nil)
				v := verification{cert: cert, packet: sp, state: state, policy: Policy{Time: y2024}}
				signer, got := v.judge(strict(y2024), time.Time{})
				if (got == nil) != (want == nil) || (signer == nil) != (want != nil) {
					t.Errorf("%v %q: the library says %v, with the state injected %v", sp.parsed.Hash, data, want, got)
				}
				if !bytes.Equal(state.Sum(nil), before) {
					t.Error("the state was changed")
				}
			}
		}
	}
}

// TestEmptyStream: without an injected state the library must refuse, so that
// a state which is not taken can never look like a pass.
func TestEmptyStream(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	e, _ := ring(t, c).sorted()[0].entity()
	md, err := v2.VerifyDetachedSignatureReader(v2.EntityList{e}, bytes.NewReader(nil), bytes.NewReader(sign(t, c.key, y2020)), strict(y2024))
	if err != nil || md.SignatureError != nil || md.IsVerified {
		t.Fatalf("before the check: %v, %v", err, md.SignatureError)
	}
	if _, err := io.Copy(io.Discard, md.UnverifiedBody); err != nil || md.SignatureError == nil || !md.IsVerified {
		t.Errorf("after the check: %v, %v", err, md.SignatureError)
	}
}

// TestStatesCanBeCloned: every hash the library supports.
func TestStatesCanBeCloned(t *testing.T) {
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512} {
		state := h.New()
		io.WriteString(state, message)
		copied, err := clone(state)
		if err != nil {
			t.Errorf("%v: %v", h, err)
			continue
		}
		if !bytes.Equal(copied.Sum(nil), state.Sum(nil)) {
			t.Errorf("%v: the copy differs", h)
		}
		io.WriteString(copied, "x")
		if bytes.Equal(copied.Sum(nil), state.Sum(nil)) {
			t.Errorf("%v: not a copy", h)
		}
	}
}

// TestVerifySignatureChangesState: hence the clones. public_key.go, VerifySignature.
func TestVerifySignatureChangesState(t *testing.T) {
	key := newKey(t, ed25519, y2018)
	sig := Parse(sign(t, key, y2020))
	h, err := hashOf(sig, message).state(sig.packets[0].parsed)
	if err != nil {
		t.Fatal(err)
	}
	before := h.Sum(nil)
	if err := key.PublicKey.VerifySignature(h, sig.packets[0].parsed); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(before, h.Sum(nil)) {
		t.Error("the state is as before")
	}
	if err := key.PublicKey.VerifySignature(h, sig.packets[0].parsed); err == nil {
		t.Error("a used state verifies again")
	}
}

// TestHashes: one read feeds everything, and a binary SHA-256 signature shares
// the state of the plain digest.
func TestHashes(t *testing.T) {
	key, six := newKey(t, ed25519, y2018), newKey(t, version6, y2018)
	bySHA256 := sign(t, key, y2020, hashed(crypto.SHA256))
	tests := []struct {
		name    string
		asc     []byte
		writers int
	}{
		{"no signature", nil, 1},
		{"SHA-256", bySHA256, 1},
		{"SHA-256 twice", slices.Concat(bySHA256, bySHA256), 1},
		{"SHA-256 as text", sign(t, key, y2020, hashed(crypto.SHA256), text), 2},
		{"SHA-512", sign(t, key, y2020), 2},
		{"salted", sign(t, six, y2020, hashed(crypto.SHA256)), 2},
		{"two salts", slices.Concat(sign(t, six, y2020), sign(t, six, y2020)), 3},
		{"not over data", certification(t, key), 1},
		{"malformed", []byte("<html>"), 1},
	}
	for _, test := range tests {
		var sig *Signature
		if test.asc != nil {
			sig = Parse(test.asc)
		}
		h := NewHashes(sig)
		if len(h.writers) != test.writers {
			t.Errorf("%s: %d hashes", test.name, len(h.writers))
		}
		for _, part := range []string{message[:5], message[5:6], "", message[6:]} {
			if n, err := io.WriteString(h, part); n != len(part) || err != nil {
				t.Errorf("%s: wrote %d, %v", test.name, n, err)
			}
		}
		for range 2 {
			if h.SHA256() != sha256.Sum256([]byte(message)) {
				t.Errorf("%s: wrong digest", test.name)
			}
		}
	}
	sig := Parse(bySHA256)
	h := hashOf(sig, message)
	c := newCert(t, key).user("Signer").self(y2018, certifyAndSign)
	for range 2 {
		if r := ring(t, c).Verify(sig, h, Policy{Signers: everyone(ring(t, c)), Time: y2024}); r.Status != Good {
			t.Errorf("%+v", r)
		}
		if h.SHA256() != sha256.Sum256([]byte(message)) {
			t.Error("verifying changed the digest")
		}
	}
}

func entities(t *testing.T, certs ...*testCert) v2.EntityList {
	t.Helper()
	var list v2.EntityList
	for _, c := range certs {
		e, err := v2.ReadEntity(packet.NewReader(bytes.NewReader(c.packets)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func libraryVerify(l v2.EntityList, asc []byte, c *packet.Config) error {
	_, _, err := v2.VerifyDetachedSignature(l, strings.NewReader(message), bytes.NewReader(asc), c)
	return err
}

// TestLibraryUnmerged: of two copies of a key the library looks only at the
// first one. v2/read.go, verifyDetachedSignatureReader.
func TestLibraryUnmerged(t *testing.T) {
	key := newKey(t, ed25519, y2018)
	old := newCert(t, key).user("Signer").self(y2018, certifyAndSign)
	refreshed := newCert(t, key).user("Signer").self(y2022, certifyAndSign)
	asc := sign(t, key, y2020)
	if err := libraryVerify(entities(t, old, refreshed), asc, strict(y2024)); err != nil {
		t.Errorf("old copy first: %v", err)
	}
	if err := libraryVerify(entities(t, refreshed, old), asc, strict(y2024)); err == nil {
		t.Error("refreshed copy first: accepted, so merging is no longer needed")
	}
	if r := verify(ring(t, refreshed, old), asc); r.Status != Good {
		t.Errorf("merged: %+v", r)
	}
}

// TestLibraryImpostorInRing: hence rings of one.
func TestLibraryImpostorInRing(t *testing.T) {
	victim := simpleCert(t, ed25519, "Victim")
	attacker := simpleCert(t, ed25519, "Attacker")
	attacker.subkey(victim.key).bind(victim.key, false, y2018, signOnly)
	asc := sign(t, victim.key, y2020)
	if err := libraryVerify(entities(t, victim, attacker), asc, strict(y2024)); err != nil {
		t.Errorf("victim first: %v", err)
	}
	if err := libraryVerify(entities(t, attacker, victim), asc, strict(y2024)); err == nil {
		t.Error("attacker first: accepted, so rings of one are no longer needed")
	}
}

// TestLibraryRemembers: a parsed key keeps the verdicts of one configuration,
// hence a fresh one for every question. v2/user.go, LatestValidSelfCertification.
func TestLibraryRemembers(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	asc := sign(t, c.key, y2020, hashed(crypto.SHA256))
	narrow := strict(y2024)
	narrow.RejectHashAlgorithms = map[crypto.Hash]bool{crypto.SHA512: true} // of the self-signature
	l := entities(t, c)
	if libraryVerify(l, asc, narrow) == nil {
		t.Fatal("accepted")
	}
	if libraryVerify(l, asc, strict(y2024)) == nil {
		t.Error("nothing is remembered, so keys need no longer be read afresh")
	}
	if err := libraryVerify(entities(t, c), asc, strict(y2024)); err != nil {
		t.Error(err)
	}
}

// TestLibraryPanics: see judge. The library takes a back-signature for granted
// when it allows missing key flags.
func TestLibraryPanics(t *testing.T) {
	sub := newKey(t, ed25519, y2018)
	c := simpleCert(t, ed25519, "Signer").subkey(sub).bind(sub, false, y2018)
	asc := sign(t, sub, y2020)
	defer func() {
		if recover() == nil {
			t.Error("no panic any more: the guard in judge can go")
		}
		if r := verify(ring(t, c), asc); r.Status != Rejected || r.Reason != UnboundKey {
			t.Errorf("%+v", r)
		}
	}()
	_ = libraryVerify(entities(t, c), asc, relaxed(y2024))
}

// TestLibrarySkips: what the library skips comes out of it as an unknown
// issuer, so unsupported packets are told apart here. The time of
// ErrSignatureExpired does not tell expired from future.
func TestLibrarySkips(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	l := entities(t, c)
	for name, asc := range map[string][]byte{
		"version 3": version3(c.key.KeyId, 1),
		"MD5":       changed(sign(t, c.key, y2020), []byte{4, 0, 27, 10}, []byte{4, 0, 27, 1}),
	} {
		if err := libraryVerify(l, asc, relaxed(y2024)); !errors.Is(err, pgperrors.ErrUnknownIssuer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, asc := range map[string][]byte{
		"future":  sign(t, c.key, y2025),
		"expired": sign(t, c.key, y2020, sigLifetime(1)),
	} {
		if err := libraryVerify(entities(t, c), asc, strict(y2024)); !errors.Is(err, pgperrors.ErrSignatureExpired) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLibraryTrailing: bytes behind a packet's content are the next packet to
// the library, hence errTrailing.
func TestLibraryTrailing(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	md, err := v2.VerifyDetachedSignatureReader(entities(t, c), bytes.NewReader(nil), bytes.NewReader(trailingPacket(sign(t, c.key, y2020))), strict(y2024))
	if err != nil || len(md.SignatureCandidates) != 2 {
		t.Errorf("%v, %+v", err, md)
	}
}

// TestLibraryFirstBlock: armor.Decode sees only the first block of a file, and
// takes one that ends early for whole.
func TestLibraryFirstBlock(t *testing.T) {
	one, two := simpleCert(t, ed25519, "One"), simpleCert(t, ed25519, "Two")
	file := slices.Concat(armored(t, "PGP PUBLIC KEY BLOCK", one.packets), armored(t, "PGP PUBLIC KEY BLOCK", two.packets))
	l, err := v2.ReadArmoredKeyRing(bytes.NewReader(file))
	if err != nil || len(l) != 1 {
		t.Errorf("%d keys, %v", len(l), err)
	}
	if added, _, err := NewKeyring().Add("file", file); err != nil || len(added) != 2 {
		t.Errorf("added %v, %v", added, err)
	}
	asc := armored(t, "PGP SIGNATURE", sign(t, one.key, y2020))
	cut := asc[:bytes.Index(asc, []byte("-----END"))]
	b, err := armor.Decode(bytes.NewReader(cut))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(b.Body); err != nil || len(data) == 0 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// TestLibraryUnhashed: the unhashed area overwrites the issuer. signature.go,
// parseSignatureSubpacket.
func TestLibraryUnhashed(t *testing.T) {
	key, other := newKey(t, ed25519, y2018), newKey(t, ed25519, y2018)
	asc := changed(sign(t, key, y2020), key.Fingerprint, other.Fingerprint)
	p, err := packet.Read(bytes.NewReader(asc))
	if err != nil || !bytes.Equal(p.(*packet.Signature).IssuerFingerprint, other.Fingerprint) || *p.(*packet.Signature).IssuerKeyId != other.KeyId {
		t.Errorf("%v, %+v", err, p)
	}
}

// TestLibraryV1 has what keeps this package off the first API: it judges the
// key as it is now and asks less of the signature.
func TestLibraryV1(t *testing.T) {
	key := newKey(t, rsa1024, y2018)
	check := func(c *testCert, asc []byte) error {
		l, err := v1.ReadKeyRing(bytes.NewReader(c.packets))
		if err != nil {
			t.Fatal(err)
		}
		_, err = v1.CheckDetachedSignature(l, strings.NewReader(message), bytes.NewReader(asc), &packet.Config{Time: func() time.Time { return y2024 }})
		return err
	}
	plain := newCert(t, key).user("Signer").self(y2018, certifyAndSign)
	expired := newCert(t, key).user("Signer").self(y2018, certifyAndSign, keyLifetime(until(y2022)))
	if err := check(expired, sign(t, key, y2020)); !errors.Is(err, pgperrors.ErrKeyExpired) {
		t.Errorf("expired since: %v", err)
	}
	if err := check(plain, sign(t, key, y2017)); err != nil {
		t.Errorf("older than its key: %v", err)
	}
	if err := check(plain, sign(t, key, y2020, hashed(crypto.SHA1))); err != nil {
		t.Errorf("RSA-1024 with SHA-1: %v", err)
	}
}

// TestRawIsNotEnough: VerifySignature alone accepts what Verify rejects.
func TestRawIsNotEnough(t *testing.T) {
	key := newKey(t, ed25519, y2018)
	revoked := newCert(t, key).revoke(y2019).user("Signer").self(y2018, certifyAndSign)
	certifies := newCert(t, key).user("Signer").self(y2018, certifyOnly)
	for name, test := range map[string]struct {
		cert *testCert
		asc  []byte
	}{
		"revoked":      {revoked, sign(t, key, y2020)},
		"future":       {certifies, sign(t, key, y2025)},
		"certify-only": {certifies, sign(t, key, y2020)},
	} {
		sig := Parse(test.asc)
		h, err := hashOf(sig, message).state(sig.packets[0].parsed)
		if err != nil {
			t.Fatal(err)
		}
		if err := key.PublicKey.VerifySignature(h, sig.packets[0].parsed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r := verify(ring(t, test.cert), test.asc); r.Status != Rejected {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
