package pgp

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

func TestAdd(t *testing.T) {
	one, two := simpleCert(t, ed25519, "One"), simpleCert(t, p256, "Two")
	six := simpleCert(t, version6, "Six")
	a, b, c := one.fingerprint(), two.fingerprint(), six.fingerprint()
	block := func(c *testCert) []byte { return armored(t, "PGP PUBLIC KEY BLOCK", c.packets) }
	bare := newCert(t, one.key).packets
	unknownAlgorithm := changed(one.packets, append([]byte{4}, one.packets[3:8]...), append([]byte{4}, append(bytes.Clone(one.packets[3:7]), 99)...))
	tests := []struct {
		name    string
		file    []byte
		added   []Fingerprint
		skipped []string // a part of each
		err     string
	}{
		{"one block", block(one), []Fingerprint{a}, nil, ""},
		{"CRLF", bytes.ReplaceAll(block(one), []byte("\n"), []byte("\r\n")), []Fingerprint{a}, nil, ""},
		{"binary", one.packets, []Fingerprint{a}, nil, ""},
		{"two in a block", armored(t, "PGP PUBLIC KEY BLOCK", two.packets, one.packets), []Fingerprint{b, a}, nil, ""},
		{"three blocks with text", slices.Concat([]byte("keys:\n"), block(one), []byte("\nand\n"), block(two), block(six)), []Fingerprint{a, b, c}, nil, ""},
		{"the same twice", slices.Concat(block(one), block(one)), []Fingerprint{a}, nil, ""},
		{"trust packets of a GnuPG keyring", slices.Concat(bare, []byte{0xCC, 2, 0, 0}, one.packets[len(bare):]), []Fingerprint{a}, nil, ""},
		{"leading signature", slices.Concat(sign(t, two.key, y2020), one.packets), []Fingerprint{a}, nil, ""},
		{"unknown algorithm first", slices.Concat(unknownAlgorithm, two.packets), []Fingerprint{b}, []string{"cannot read"}, ""},
		{"version 3 key", slices.Concat(version3Key, two.packets), []Fingerprint{b}, []string{"cannot read"}, ""},
		{"private key", slices.Concat(serialize(t, one.key), two.packets), []Fingerprint{b}, []string{"private key"}, ""},
		{"private key block", slices.Concat(armored(t, "PGP PRIVATE KEY BLOCK", serialize(t, one.key)), block(two)), []Fingerprint{b}, []string{"PGP PRIVATE KEY BLOCK"}, ""},
		{"signature block", slices.Concat(armored(t, "PGP SIGNATURE", sign(t, one.key, y2020)), block(two)), []Fingerprint{b}, []string{"PGP SIGNATURE"}, ""},
		{"cut block", slices.Concat(block(one)[:100], []byte("\n"), block(two)), []Fingerprint{b}, []string{"cut short"}, ""},
		{"cut packets", slices.Concat(two.packets, one.packets[:len(one.packets)-1]), []Fingerprint{b}, []string{"cut short"}, ""},
		{"no user ID", slices.Concat(newCert(t, one.key).packets, two.packets), []Fingerprint{b}, []string{"no user ID"}, ""},
		{"user ID without self-signature", slices.Concat(newCert(t, one.key).user("x").packets, two.packets), []Fingerprint{b}, []string{"without any identities"}, ""},
		{"unreadable subkey", slices.Concat(one.packets, []byte{0xCE, 6, 4, 0, 0, 0, 0, 99}), []Fingerprint{a}, []string{"subkey"}, ""},
		{"unreadable revocation", slices.Concat(one.packets, []byte{0xC2, 4, 4, 0x20, 99, 8}), []Fingerprint{a}, []string{"revocation"}, ""},
		{"empty", nil, nil, nil, "empty"},
		{"HTML", []byte("<html>"), nil, nil, "HTML"},
		{"text", []byte("nothing\n"), nil, nil, "no PGP public key block"},
		{"byte order mark", slices.Concat([]byte("\xEF\xBB\xBF"), block(one)), nil, nil, "byte order mark"},
		{"CR only", bytes.ReplaceAll(block(one), []byte("\n"), []byte("\r")), nil, nil, "CR"},
		{"keybox", []byte("\x00\x00\x00\x20\x01\x01\x00\x02KBXf\x00\x00\x00\x00"), nil, nil, "gpg --export"},
		{"signature", sign(t, one.key, y2020), nil, nil, "no public key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := NewKeyring()
			added, skipped, err := k.Add("file", test.file)
			if !slices.Equal(added, test.added) {
				t.Errorf("added %v, want %v", added, test.added)
			}
			if len(skipped) != len(test.skipped) {
				t.Fatalf("skipped %v", skipped)
			}
			for i, part := range test.skipped {
				if !strings.Contains(skipped[i].Reason, part) || strings.Contains(skipped[i].Reason, "\n") {
					t.Errorf("skipped %v, want %q", skipped[i], part)
				}
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), "file: ") || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			var have []Fingerprint
			for _, c := range k.Certificates() {
				have = append(have, c.Fingerprint)
			}
			want := slices.Clone(test.added)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("the keyring has %v", have)
			}
		})
	}
}

// version3Key is the beginning of every version 3 key: 1997, RSA.
var version3Key = []byte{0x99, 0, 13, 3, 0x33, 0, 0, 0, 0, 0, 1, 0, 8, 0xFF, 0, 1}

func TestCertificates(t *testing.T) {
	key, sub := newKey(t, ed25519, y2018), newKey(t, p256, y2019)
	stranger := newKey(t, ed25519, y2018)
	c := newCert(t, key).
		user("Old").self(y2018, certifyAndSign).
		user("B").self(y2019, certifyAndSign, keyLifetime(until(y2025))).
		certify(stranger, packet.SigTypeGenericCert, y2023).
		user("A").self(y2019, certifyAndSign, keyLifetime(until(y2025))).
		user("Main").self(y2018, certifyAndSign, primaryID, keyLifetime(until(y2024))).
		user("Gone").self(y2018, certifyAndSign).certify(key, packet.SigTypeCertificationRevocation, y2019).
		user("Forged").certify(stranger, packet.SigTypePositiveCert, y2022, primaryID).
		subkey(sub).bind(sub, true, y2019, signOnly)
	k := NewKeyring()
	file := slices.Concat(simpleCert(t, ed25519, "first").packets, c.packets)
	if _, _, err := k.Add("file", file); err != nil {
		t.Fatal(err)
	}
	k = k.Select(func(f Fingerprint) bool { return f == c.fingerprint() })
	want := []Certificate{{
		Fingerprint: c.fingerprint(),
		UserIDs:     []string{"Main", "A", "B", "Old"},
		Algorithm:   "Ed25519",
		Created:     y2018,
		Expires:     y2024, // by the primary user ID's self-signature
		Subkeys:     []Fingerprint{fingerprint(&sub.PublicKey)},
		Copies: []Copy{{
			Source: "file", SHA256: fmt.Sprintf("%x", sha256.Sum256(c.packets)),
			OldestSelfSig: y2018, NewestSelfSig: y2019,
		}},
	}}
	want[0].SHA256 = k.Certificates()[0].SHA256 // see TestCertificateDigest
	if diff := cmp.Diff(want, k.Certificates()); diff != "" {
		t.Error(diff)
	}
	k.Certificates()[0].UserIDs[0] = "changed"
	if k.Certificates()[0].UserIDs[0] != "Main" {
		t.Error("a caller can change the keyring")
	}
	for _, r := range []packet.ReasonForRevocation{packet.KeyRetired, packet.KeyCompromised} {
		if !ring(t, c.clone().revoke(y2022, reason(r))).Certificates()[0].Revoked {
			t.Errorf("revoked for %d: not seen", r)
		}
	}
	forged := *key
	forged.PrivateKey = stranger.PrivateKey
	if ring(t, (&testCert{t: t, key: &forged, packets: c.packets}).revoke(y2022)).Certificates()[0].Revoked {
		t.Error("a forged revocation counts")
	}
}

// TestMerge: a certificate is the same whatever the order of its copies, and
// whatever each of them lacks.
func TestMerge(t *testing.T) {
	key, sub, stranger := newKey(t, ed25519, y2018), newKey(t, ed25519, y2018), newKey(t, ed25519, y2018)
	full := newCert(t, key).user("One").self(y2018, certifyAndSign)
	start := len(full.packets)
	full.self(y2022, certifyAndSign, keyLifetime(until(y2025)))
	copies := []*testCert{
		newCert(t, key).user("One"), // replaced below
		newCert(t, key).user("Two").self(y2021, certifyAndSign),
		newCert(t, key).subkey(sub).bind(sub, true, y2019, signOnly), // as from keys.openpgp.org, without user IDs
		newCert(t, key).revoke(y2023, reason(packet.KeyRetired)),
		newCert(t, key).user("One").certify(stranger, packet.SigTypePositiveCert, y2019),
		newCert(t, key).user("One").self(y2022, certifyAndSign, keyLifetime(until(y2025))),
	}
	copies[0].packets = full.packets[:start]
	bySub := sign(t, sub, y2020)

	var first []byte
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
		k := NewKeyring()
		for _, c := range copies {
			if _, _, err := k.Add("a copy", c.packets); err != nil {
				t.Fatal(err)
			}
		}
		cert := k.sorted()[0]
		if first == nil {
			first = cert.merged
		}
		if !bytes.Equal(first, cert.merged) {
			t.Fatal("the order of copies makes a difference")
		}
		r := verify(k, bySub)
		if r.Status != Good || !r.Subkey() || !r.KeyRevokedSince.Equal(y2023) || r.UserID != "One" {
			t.Fatalf("%+v", r)
		}
		d := k.Certificates()[0]
		if !slices.Equal(d.UserIDs, []string{"One", "Two"}) || !d.Revoked || !d.Expires.Equal(y2025) || len(d.Copies) != len(copies) {
			t.Fatalf("%+v", d)
		}
	}
	if bytes.Contains(first, stranger.Fingerprint) {
		t.Error("other people's signatures are kept")
	}

	t.Run("adding does not reach into a selection", func(t *testing.T) {
		k := NewKeyring()
		k.Add("one", copies[0].packets)
		k.Add("plain", full.packets[:start])
		selected := k.Select(func(Fingerprint) bool { return true })
		before := bytes.Clone(selected.sorted()[0].merged)
		k.Add("revoked", newCert(t, key).revoke(y2019).packets)
		if !bytes.Equal(selected.sorted()[0].merged, before) {
			t.Error("it does")
		}
		if k.sorted()[0] == selected.sorted()[0] {
			t.Error("the certificate was changed in place")
		}
	})
	t.Run("the same file twice is one copy", func(t *testing.T) {
		k := NewKeyring()
		for range 2 {
			k.Add("file", full.packets)
		}
		if n := len(k.Certificates()[0].Copies); n != 1 {
			t.Errorf("%d copies", n)
		}
	})
}

// TestUnsignedParts: what nobody signed gives a copy no power.
func TestUnsignedParts(t *testing.T) {
	victim, attacker := simpleCert(t, ed25519, "Victim"), simpleCert(t, ed25519, "Attacker")
	sub := newKey(t, ed25519, y2018)
	forged := victim.clone()
	// A subkey and a user ID signed by the attacker, filed under the victim.
	signed := *attacker
	signed.packets, signed.name = nil, "Forged"
	signed.subkey(sub)
	s := newSignature(attacker.key, packet.SigTypeSubkeyBinding, y2018, []option{signOnly, func(s *packet.Signature) { s.IssuerKeyId = &victim.key.KeyId }})
	s.EmbeddedSignature = newSignature(sub, packet.SigTypePrimaryKeyBinding, y2018, nil)
	if err := s.EmbeddedSignature.CrossSignKey(&sub.PublicKey, &victim.key.PublicKey, sub, config); err != nil {
		t.Fatal(err)
	}
	signed.signSubkey(s, sub)
	forged.packets = append(forged.packets, bytes.ReplaceAll(signed.packets, attacker.key.Fingerprint, victim.key.Fingerprint)...)

	k := ring(t, forged)
	if r := verify(k, sign(t, sub, y2020)); r.Status != Rejected || r.Reason != UnboundKey || r.Certificate != "" {
		t.Errorf("%+v", r)
	}
	if r := verify(k, sign(t, victim.key, y2020)); r.Status != Good {
		t.Errorf("%+v", r)
	}
	if got := slices.Collect(maps.Keys(k.certs)); !slices.Equal(got, []Fingerprint{victim.fingerprint()}) {
		t.Errorf("certificates %v", got)
	}
}

// TestThirdParty: broken signatures of other people do not cost a key, as they
// do with the library alone.
func TestThirdParty(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	broken := []byte{0xC2, 10, 4, 0x10, 27, 10, 0, 4, 9, 2, 0, 0} // a subpacket longer than its area
	c.packets = append(c.packets, broken...)
	deep := nested()
	deep[6+1] = byte(packet.SigTypeSubkeyBinding)
	c.packets = append(c.packets, deep...)
	if r := verify(ring(t, c), sign(t, c.key, y2020)); r.Status != Good {
		t.Errorf("%+v", r)
	}
}

// TestCertificateDigest: the digest is of what is known of a key, however it
// came to be known.
func TestCertificateDigest(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	revocation := (&testCert{t: t, key: c.key}).revoke(y2023).packets
	unread := (&testCert{t: t, key: c.key}).unreadable("RIPEMD-160", func(c *testCert) { c.revoke(y2023) }).packets
	other := simpleCert(t, p256, "Other").packets
	digest := func(files ...[]byte) string {
		k := NewKeyring()
		for i, f := range files {
			k.Add(fmt.Sprint("file", i), f)
		}
		for _, d := range k.Certificates() {
			if d.Fingerprint == c.fingerprint() {
				return d.SHA256
			}
		}
		t.Fatal("the key is not in the keyring")
		return ""
	}
	plain, revoked, doubtful := digest(c.packets), digest(c.packets, revocation), digest(c.packets, unread)
	if plain == revoked || plain == doubtful || revoked == doubtful || len(plain) != 64 {
		t.Errorf("plain %s, revoked %s, doubtful %s", plain, revoked, doubtful)
	}
	for name, test := range map[string]struct{ got, want string }{
		"the same copy twice":       {digest(c.packets, c.packets), plain},
		"beside another key":        {digest(other, c.packets), plain},
		"the revocation first":      {digest(revocation, c.packets), revoked},
		"in the certificate itself": {digest(slices.Concat(c.packets[:keyLength(t, c)], revocation, c.packets[keyLength(t, c):])), revoked},
		"the doubtful one first":    {digest(unread, c.packets), doubtful},
	} {
		if test.got != test.want {
			t.Errorf("%s: %s, want %s", name, test.got, test.want)
		}
	}
}

// keyLength returns the length of a certificate's first packet.
func keyLength(t *testing.T, c *testCert) int {
	t.Helper()
	return len(newCert(t, c.key).packets)
}
