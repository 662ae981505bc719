package pgp

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"slices"
	"testing"
)

// seeds adds signature files of every shape, and fails if there are none.
func seeds(f *testing.F, c *testCert, sub []byte) {
	f.Helper()
	raw := sign(f, c.key, y2020)
	files := [][]byte{
		nil, raw, sub,
		armored(f, "PGP SIGNATURE", raw),
		bytes.ReplaceAll(armored(f, "PGP SIGNATURE", raw, sub), []byte("\n"), []byte("\r\n")),
		sign(f, c.key, y2020, text, notation("a@example.org", true)),
		sign(f, c.key, y2020, hashed(crypto.SHA1), sigLifetime(1)),
		sign(f, newKey(f, version6, y2018), y2020),
		sign(f, newKey(f, p256, y2018), y2020),
		version3(c.key.KeyId, 1),
		embed(raw, raw[2:]), trailingPacket(raw), c.packets,
		[]byte("<html>"), []byte("-----BEGIN PGP SIGNED MESSAGE-----\n"),
	}
	for _, file := range files {
		f.Add(file)
	}
	if len(files) < 10 {
		f.Fatal("too few seeds")
	}
}

func FuzzParse(f *testing.F) {
	c := simpleCert(f, ed25519, "Signer")
	seeds(f, c, sign(f, c.key, y2019))
	f.Fuzz(func(t *testing.T, file []byte) {
		sig := Parse(file)
		if (sig.fault == nil) == (len(sig.packets) == 0) || len(sig.packets) > MaxSignaturePackets {
			t.Fatalf("fault %v with %d packets", sig.fault, len(sig.packets))
		}
		if sig.fault != nil && (sig.fault.Status != Malformed || sig.fault.Reason == "" || sig.fault.Detail == "") {
			t.Fatalf("fault %+v", sig.fault)
		}
		if len(file) > MaxSignatureSize && sig.fault == nil {
			t.Fatal("too large")
		}
		h := hashOf(sig, message)
		if h.SHA256() != sha256.Sum256([]byte(message)) {
			t.Fatal("wrong digest")
		}
	})
}

// FuzzVerify: no file makes a signature over data that was never signed.
func FuzzVerify(f *testing.F) {
	c := simpleCert(f, ed25519, "Signer")
	sub := newKey(f, ed25519, y2018)
	c.subkey(sub).bind(sub, true, y2018, signOnly)
	k := ring(f, c)
	seeds(f, c, sign(f, sub, y2020))
	f.Fuzz(func(t *testing.T, file []byte) {
		sig := Parse(file)
		verify(k, file)
		r := k.Verify(sig, hashOf(sig, "never signed"), Policy{Signers: everyone(k), Time: y2024})
		switch r.Status {
		case Bad, UnknownKey, Unsupported, Malformed:
		case Rejected: // only a signature that is not over data
			if r.Reason != WrongUsage {
				t.Fatalf("%+v", r)
			}
		default:
			t.Fatalf("%+v", r)
		}
		if r.Certificate != "" || r.SigningKey != "" {
			t.Fatalf("signer named: %+v", r)
		}
	})
}

// FuzzKeyring: no key file makes a key of its own out of another's signature,
// however it arranges the pieces.
func FuzzKeyring(f *testing.F) {
	victim, attacker := simpleCert(f, ed25519, "Victim"), simpleCert(f, ed25519, "Attacker")
	sub := newKey(f, ed25519, y2018)
	victim.subkey(sub).bind(sub, true, y2018, signOnly)
	asc := slices.Concat(sign(f, victim.key, y2020), sign(f, sub, y2020))
	for _, c := range []*testCert{
		victim, attacker,
		attacker.clone().subkey(sub).bind(sub, false, y2018),
		attacker.clone().subkey(victim.key).bind(victim.key, false, y2018, signOnly),
		victim.clone().revoke(y2019).revokeSubkey(sub, y2019),
		newCert(f, newKey(f, version6, y2018)).direct(y2018, certifyAndSign),
		newCert(f, victim.key),
	} {
		f.Add(c.packets)
		f.Add(armored(f, "PGP PUBLIC KEY BLOCK", c.packets, attacker.packets))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		k := NewKeyring()
		added, _, err := k.Add("fuzz", file)
		if err != nil && len(added) > 0 {
			t.Fatal("both keys and an error")
		}
		if len(k.Certificates()) != len(added) {
			t.Fatalf("added %v", added)
		}
		r := verify(k, asc)
		switch r.Status {
		case Good, GoodRefreshed, Weak, WrongSigner:
			if r.Certificate != victim.fingerprint() {
				t.Fatalf("%+v", r)
			}
		}
	})
}
