package pgp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// The ways in which a signature packet can be one that the library cannot
// check. Each changes the packet's contents.
var unreadableWays = map[string]func(body []byte) []byte{
	"RIPEMD-160":        func(body []byte) []byte { body[3] = 3; return body },
	"MD5":               func(body []byte) []byte { body[3] = 1; return body },
	"unknown algorithm": func(body []byte) []byte { body[2] = 99; return body },
	"version 5":         func(body []byte) []byte { body[0] = 5; return body },
	"critical subpacket": func(body []byte) []byte {
		binary.BigEndian.PutUint16(body[4:], binary.BigEndian.Uint16(body[4:])+3)
		return slices.Insert(body, 6, 2, 0x80|99, 0)
	},
}

// unreadable adds to the certificate what f adds, each signature in it changed
// so that the library cannot check it.
func (c *testCert) unreadable(way string, f func(*testCert)) *testCert {
	c.t.Helper()
	start := len(c.packets)
	f(c)
	added, err := splitPackets(bytes.Clone(c.packets[start:]))
	if err != nil {
		c.t.Fatal(err)
	}
	c.packets = c.packets[:start:start]
	for _, p := range added {
		if p.tag == tagSignature {
			p.contents = unreadableWays[way](p.contents)
		}
		c.packets = append(c.packets, serialize(c.t, &packet.OpaquePacket{Tag: p.tag, Contents: p.contents})...)
	}
	return c
}

// version3Revocation is a revocation as PGP 2 made it, in the name of a key.
func version3Revocation(keyID uint64) []byte {
	sig := version3(keyID, 1)
	sig[2+2] = byte(packet.SigTypeKeyRevocation)
	return sig
}

// load makes a keyring of files, in that order, and returns what was skipped.
func load(t *testing.T, files ...[]byte) (*Keyring, []Skipped) {
	t.Helper()
	k := NewKeyring()
	var all []Skipped
	for _, f := range files {
		_, skipped, err := k.Add("file", f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, skipped...)
	}
	return k, all
}

// TestUnreadableRevocation: where nobody can tell whether a key is revoked,
// nothing by it passes, and people are told.
func TestUnreadableRevocation(t *testing.T) {
	key, stranger := newKey(t, ed25519, y2018), newKey(t, ed25519, y2018)
	sub, other := asSubkey(newKey(t, ed25519, y2018)), asSubkey(newKey(t, ed25519, y2018))
	good, refreshed := sign(t, key, y2020), sign(t, key, y2019)
	bySub := sign(t, sub, y2020)
	// An hour later than the other user IDs: among equals the library's choice
	// of the primary one is random.
	begin := func() *testCert { return newCert(t, key).user("Signer").self(y2018.Add(time.Hour), certifyAndSign) }
	withSubs := func() *testCert {
		return begin().subkey(sub).bind(sub, true, y2018, signOnly).subkey(other).bind(other, true, y2018, signOnly)
	}
	revoke := func(c *testCert) { c.revoke(y2021, reason(packet.KeySuperseded)) }
	gone := func(c *testCert) { c.certify(key, packet.SigTypeCertificationRevocation, y2019) }
	twoUsers := func() *testCert { return begin().user("Other").self(y2018, certifyAndSign) }
	const hash = "RIPEMD-160"

	for way := range unreadableWays {
		t.Run(way, func(t *testing.T) {
			k, skipped := load(t, begin().unreadable(way, revoke).packets)
			if r := verify(k, good); r.Status != Unchecked || r.Reason != UnreadableRevocation || r.Certificate == "" || !strings.Contains(r.Detail, "whether the key is revoked cannot be told") {
				t.Errorf("%+v", r)
			}
			if len(skipped) != 1 || skipped[0].Fingerprint != fingerprint(&key.PublicKey) || !strings.Contains(skipped[0].Reason, "a revocation the library cannot read") {
				t.Errorf("skipped %v", skipped)
			}
		})
	}

	v3 := begin()
	v3.packets = append(v3.packets, version3Revocation(key.KeyId)...)
	foreign := begin()
	foreign.packets = append(foreign.packets, version3Revocation(stranger.KeyId)...)
	nameless := begin()
	nameless.packets = append(nameless.packets, 0xC2, 4, 4, 0x20, 99, 8)
	for _, test := range []struct {
		name    string
		cert    *testCert
		asc     []byte
		status  Status
		reason  Reason
		skipped int
	}{
		{"version 3", v3, good, Unchecked, UnreadableRevocation, 1},
		{"by a key it does not name", nameless, good, Unchecked, UnreadableRevocation, 1},
		{"by another key", foreign, good, Good, "", 1},
		{"before the user ID", newCert(t, key).unreadable(hash, revoke).user("Signer").self(y2018, certifyAndSign), good, Unchecked, UnreadableRevocation, 1},
		{"weak besides", begin().unreadable(hash, revoke), sign(t, key, y2020, text), Unchecked, UnreadableRevocation, 1},
		{"refreshed", newCert(t, key).user("Signer").self(y2022, certifyAndSign).unreadable(hash, revoke), refreshed, Unchecked, UnreadableRevocation, 1},
		{"bad anyway", begin().unreadable(hash, revoke), signData(t, key, "x", y2020), Bad, "", 1},
		{"a readable one beside it", begin().unreadable(hash, revoke).revoke(y2022, reason(packet.KeyCompromised)), good, Rejected, KeyRevoked, 1},
		{"of the primary key, signed by a subkey", withSubs().unreadable(hash, revoke), bySub, Unchecked, UnreadableRevocation, 1},
		{"of the subkey", begin().subkey(sub).bind(sub, true, y2018, signOnly).unreadable(hash, func(c *testCert) { c.revokeSubkey(sub, y2021) }), bySub, Unchecked, UnreadableRevocation, 1},
		{"of another subkey", withSubs().unreadable(hash, func(c *testCert) { c.revokeSubkey(other, y2021) }), bySub, Good, "", 1},
		{"of a subkey, signed by the primary key", withSubs().unreadable(hash, func(c *testCert) { c.revokeSubkey(other, y2021) }), good, Good, "", 1},
		{"of the only user ID", begin().unreadable(hash, gone), good, Unchecked, UnreadableRevocation, 1},
		{"of one user ID of two", twoUsers().unreadable(hash, gone), good, Good, "", 1},
		{"of one user ID, the other of no use", begin().unreadable(hash, gone).user("Other").self(y2018, certifyOnly), good, Unchecked, UnreadableRevocation, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, skipped := load(t, test.cert.packets)
			r := verify(k, test.asc)
			if r.Status != test.status || r.Reason != test.reason {
				t.Errorf("%+v", r)
			}
			if len(skipped) != test.skipped {
				t.Errorf("skipped %v", skipped)
			}
			// What another certificate made is refused, whatever is in doubt.
			if r := verify(k, test.asc, fingerprint(&stranger.PublicKey)); r.Status == Unchecked {
				t.Errorf("not accepted: %+v", r)
			}
			// It outlives a copy without it, in either order.
			plain := withSubs().user("Other").self(y2018, certifyOnly).packets
			for _, files := range [][][]byte{{test.cert.packets, plain}, {plain, test.cert.packets}} {
				k, _ := load(t, files...)
				if r := verify(k, test.asc); test.name != "refreshed" && test.reason == UnreadableRevocation && r.Status != Unchecked {
					t.Errorf("merged: %+v", r)
				}
			}
		})
	}
}

// TestLooseRevocation: a revocation that stands by itself counts wherever it
// stands and whenever it is added.
func TestLooseRevocation(t *testing.T) {
	c, other := simpleCert(t, ed25519, "Signer"), simpleCert(t, p256, "Other")
	good := sign(t, c.key, y2020)
	bare := func(of *testCert, opts ...option) []byte {
		r := &testCert{t: t, key: of.key}
		return r.revoke(y2023, opts...).packets
	}
	block := func(packets ...[]byte) []byte { return armored(t, "PGP PUBLIC KEY BLOCK", packets...) }
	hard := bare(c, reason(packet.KeyCompromised))
	unread := (&testCert{t: t, key: c.key}).unreadable("RIPEMD-160", func(c *testCert) { c.revoke(y2023) }).packets
	onlyKey := newCert(t, c.key).packets // as from a key server, without user IDs

	for _, test := range []struct {
		name    string
		files   [][]byte
		status  Status
		reason  Reason
		skipped []string // by the last file
	}{
		{"own file", [][]byte{block(c.packets), block(hard)}, Rejected, KeyRevoked, nil},
		{"own file, first", [][]byte{block(hard), block(c.packets)}, Rejected, KeyRevoked, nil},
		{"own block", [][]byte{slices.Concat(block(c.packets), block(hard))}, Rejected, KeyRevoked, nil},
		{"own block, first", [][]byte{slices.Concat(block(hard), block(c.packets))}, Rejected, KeyRevoked, nil},
		{"binary", [][]byte{c.packets, hard}, Rejected, KeyRevoked, nil},
		{"binary, before the key", [][]byte{slices.Concat(hard, c.packets)}, Rejected, KeyRevoked, nil},
		{"binary, before another key", [][]byte{c.packets, slices.Concat(hard, other.packets)}, Rejected, KeyRevoked, nil},
		{"binary, behind another key", [][]byte{c.packets, slices.Concat(other.packets, hard)}, Rejected, KeyRevoked, nil},
		{"behind another key, before its own", [][]byte{slices.Concat(other.packets, hard), c.packets}, Rejected, KeyRevoked, nil},
		{"with a key without user ID", [][]byte{onlyKey, hard, c.packets}, Rejected, KeyRevoked, nil},
		{"a soft one, later", [][]byte{c.packets, bare(c, reason(packet.KeyRetired))}, Good, "", nil},
		{"of another key", [][]byte{c.packets, other.packets, bare(other)}, Good, "", nil},
		{"of nobody here", [][]byte{c.packets, bare(other)}, Good, "", []string{"none of the keys here made"}},
		{"forged", [][]byte{c.packets, changed(bare(other), other.key.Fingerprint, c.key.Fingerprint)}, Good, "", []string{"in the name of the key " + string(c.fingerprint())}},
		{"unreadable", [][]byte{c.packets, unread}, Unchecked, UnreadableRevocation, []string{"cannot read"}},
		{"unreadable, first", [][]byte{unread, c.packets}, Unchecked, UnreadableRevocation, nil},
		{"unreadable, behind another key", [][]byte{slices.Concat(other.packets, unread), c.packets}, Unchecked, UnreadableRevocation, nil},
		{"unreadable, version 3", [][]byte{c.packets, version3Revocation(c.key.KeyId)}, Unchecked, UnreadableRevocation, []string{"cannot read"}},
		{"unreadable, of nobody here", [][]byte{c.packets, version3Revocation(1)}, Good, "", []string{"the key 0000000000000001, which is not here"}},
		{"unreadable, nameless", [][]byte{c.packets, {0xC2, 4, 4, 0x20, 99, 8}}, Good, "", []string{"does not say of which key"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := NewKeyring()
			var skipped []Skipped
			for _, f := range test.files {
				var err error
				if _, skipped, err = k.Add("file", f); err != nil {
					t.Fatal(err)
				}
			}
			check := func(k *Keyring) {
				t.Helper()
				if r := verify(k, good); r.Status != test.status || r.Reason != test.reason {
					t.Errorf("%+v", r)
				}
			}
			check(k)
			check(k.Select(func(Fingerprint) bool { return true }))
			if len(skipped) != len(test.skipped) {
				t.Fatalf("skipped %v", skipped)
			}
			for i, part := range test.skipped {
				if !strings.Contains(skipped[i].Reason, part) {
					t.Errorf("skipped %v, want %q", skipped[i], part)
				}
			}
			// Once more: the same, and what was added since is known.
			for _, f := range test.files {
				if _, _, err := k.Add("file", f); err != nil {
					t.Fatal(err)
				}
			}
			check(k)
			if n := len(k.loose); n > 1 {
				t.Errorf("%d loose revocations", n)
			}
		})
	}

	t.Run("says what it gave", func(t *testing.T) {
		k := NewKeyring()
		added, skipped, err := k.Add("revocation", hard)
		if err != nil || added != nil || len(skipped) != 1 {
			t.Errorf("alone: %v, %v, %v", added, skipped, err)
		}
		k.Add("key", c.packets)
		added, skipped, err = k.Add("revocation", hard)
		if err != nil || !slices.Equal(added, []Fingerprint{c.fingerprint()}) || skipped != nil {
			t.Errorf("with the key: %v, %v, %v", added, skipped, err)
		}
		if !k.Certificates()[0].Revoked || len(k.Certificates()[0].Copies) != 1 {
			t.Errorf("%+v", k.Certificates()[0])
		}
	})
	t.Run("does not reach into a selection", func(t *testing.T) {
		k, _ := load(t, c.packets)
		selected := k.Select(func(Fingerprint) bool { return true })
		k.Add("revocation", hard)
		if r := verify(selected, good); r.Status != Good {
			t.Errorf("%+v", r)
		}
		if _, _, err := selected.Add("revocation", hard); err != nil {
			t.Fatal(err)
		}
		if r := verify(selected, good); r.Reason != KeyRevoked {
			t.Errorf("%+v", r)
		}
	})
}

// TestUnreadableSelfSignature: an older self-signature does not stand in for a
// newer one that cannot be read.
func TestUnreadableSelfSignature(t *testing.T) {
	key, sub, stranger := newKey(t, ed25519, y2018), asSubkey(newKey(t, ed25519, y2018)), newKey(t, ed25519, y2018)
	good, bySub := sign(t, key, y2020), sign(t, sub, y2020)
	begin := func() *testCert { return newCert(t, key).user("Signer").self(y2018, certifyAndSign) }
	self := func(at time.Time) func(*testCert) { return func(c *testCert) { c.self(at, certifyAndSign) } }
	bind := func(at time.Time) func(*testCert) { return func(c *testCert) { c.bind(sub, true, at, signOnly) } }
	critical := notation("a@example.org", true)
	const hash = "RIPEMD-160"

	for _, test := range []struct {
		name   string
		cert   *testCert
		asc    []byte
		status Status
		reason Reason
	}{
		{"newer than the readable one", begin().unreadable(hash, self(y2019)), good, Unchecked, UnreadableSelfSignature},
		{"of an unknown version", begin().unreadable("version 5", self(y2019)), good, Unchecked, UnreadableSelfSignature},
		{"must be understood", begin().self(y2019, certifyAndSign, critical), good, Unchecked, UnreadableSelfSignature},
		{"older", begin().self(y2020, certifyAndSign).unreadable(hash, self(y2019)), good, Good, ""},
		{"newer than the signature", begin().unreadable(hash, self(y2021)), good, Good, ""},
		{"extended since", begin().unreadable(hash, self(y2019)).self(y2021, certifyAndSign), good, Unchecked, UnreadableSelfSignature},
		{"refreshed, an old one left", newCert(t, key).user("Signer").unreadable(hash, self(y2019)).self(y2022, certifyAndSign), good, GoodRefreshed, ""},
		{"had expired by the readable one", newCert(t, key).user("Signer").self(y2018, certifyAndSign, keyLifetime(until(y2019))).unreadable(hash, self(y2019)), good, Unchecked, UnreadableSelfSignature},
		{"by somebody else", begin().unreadable(hash, func(c *testCert) { c.certify(stranger, packet.SigTypePositiveCert, y2019) }), good, Good, ""},
		{"on another user ID", begin().user("Other").self(y2018, certifyAndSign).unreadable(hash, self(y2019)), good, Unchecked, UnreadableSelfSignature},
		{"on another user ID that has no other, older", begin().self(y2020, certifyAndSign).user("Other").unreadable(hash, self(y2019)), good, Good, ""},
		{"on another user ID that has no other, newer", begin().user("Other").unreadable(hash, self(y2019)), good, Unchecked, UnreadableSelfSignature},
		{"on the key", newCert(t, key).unreadable(hash, func(c *testCert) { c.direct(y2019) }).user("Signer").self(y2018, certifyAndSign), good, Unchecked, UnreadableSelfSignature},
		{"on the key, older", newCert(t, key).unreadable(hash, func(c *testCert) { c.direct(y2018) }).user("Signer").self(y2019, certifyAndSign), good, Good, ""},
		{"on the subkey", begin().subkey(sub).bind(sub, true, y2018, signOnly).unreadable(hash, bind(y2019)), bySub, Unchecked, UnreadableSelfSignature},
		{"the only one on the subkey", begin().subkey(sub).unreadable(hash, bind(y2019)), bySub, Unchecked, UnreadableSelfSignature},
		{"on the subkey, signed by the primary key", begin().subkey(sub).unreadable(hash, bind(y2019)), good, Good, ""},
		{"compromised besides", begin().unreadable(hash, self(y2019)).revoke(y2023), good, Rejected, KeyRevoked},
		{"a bad signature", begin().unreadable(hash, self(y2019)), signData(t, key, "x", y2020), Bad, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, skipped := load(t, test.cert.packets)
			if r := verify(k, test.asc); r.Status != test.status || r.Reason != test.reason || test.status == Unchecked && r.Certificate != test.cert.fingerprint() && !strings.HasPrefix(test.name, "the only") {
				t.Errorf("%+v", r)
			}
			if skipped != nil {
				t.Errorf("skipped %v", skipped)
			}
		})
	}
}

// TestStaleKey: that a key had expired is certain only if something in it is
// newer than the signature.
func TestStaleKey(t *testing.T) {
	key, sub := newKey(t, ed25519, y2018), asSubkey(newKey(t, ed25519, y2018))
	good, bySub := sign(t, key, y2020), sign(t, sub, y2020)
	stale := func() *testCert {
		return newCert(t, key).user("Signer").self(y2018, certifyAndSign, keyLifetime(until(y2019)))
	}
	refreshed := newCert(t, key).user("Signer").self(y2019, certifyAndSign)
	for _, test := range []struct {
		name   string
		certs  []*testCert
		asc    []byte
		status Status
		reason Reason
	}{
		{"stale", []*testCert{stale()}, good, Unchecked, StaleKey},
		{"and extended", []*testCert{stale(), refreshed}, good, Good, ""},
		{"and extended, too late", []*testCert{stale().self(y2021, certifyAndSign)}, good, Rejected, KeyExpired},
		{"confirmed by a newer self-signature", []*testCert{stale().self(y2021, certifyAndSign, keyLifetime(until(y2019)))}, good, Rejected, KeyExpired},
		{"confirmed by a newer user ID", []*testCert{stale().user("New").self(y2021, certifyAndSign, keyLifetime(until(y2019)))}, good, Rejected, KeyExpired},
		{"confirmed by a newer subkey", []*testCert{stale().subkey(sub).bind(sub, true, y2021, signOnly)}, good, Rejected, KeyExpired},
		{"by a direct key signature", []*testCert{newCert(t, key).direct(y2018, keyLifetime(until(y2019))).user("Signer").self(y2018, certifyAndSign)}, good, Unchecked, StaleKey},
		{"a stranger's newer signature", []*testCert{stale().certify(newKey(t, ed25519, y2018), packet.SigTypePositiveCert, y2021)}, good, Unchecked, StaleKey},
		{"a self-signature as old as the signature", []*testCert{stale().self(y2020, certifyAndSign, keyLifetime(until(y2019)))}, good, Unchecked, StaleKey},
		{"the subkey", []*testCert{newCert(t, key).user("Signer").self(y2018, certifyAndSign).subkey(sub).bind(sub, true, y2018, signOnly, keyLifetime(until(y2019)))}, bySub, Unchecked, StaleKey},
		{"the subkey, confirmed", []*testCert{newCert(t, key).user("Signer").self(y2021, certifyAndSign).self(y2018, certifyAndSign).subkey(sub).bind(sub, true, y2018, signOnly, keyLifetime(until(y2019)))}, bySub, Rejected, KeyExpired},
		{"compromised", []*testCert{stale().revoke(y2023)}, good, Rejected, KeyRevoked},
		{"a bad signature", []*testCert{stale()}, signData(t, key, "x", y2020), Bad, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := verify(ring(t, test.certs...), test.asc)
			if r.Status != test.status || r.Reason != test.reason || test.status != Bad && r.Certificate != fingerprint(&key.PublicKey) {
				t.Errorf("%+v", r)
			}
			if r.Reason == StaleKey && !strings.Contains(r.Detail, "expired on 2019-06-01") {
				t.Errorf("detail %q", r.Detail)
			}
		})
	}
	t.Run("not accepted", func(t *testing.T) {
		other := simpleCert(t, ed25519, "Other")
		if r := verify(ring(t, stale(), other), good, other.fingerprint()); r.Status != Rejected || r.Reason != KeyExpired {
			t.Errorf("%+v", r)
		}
	})
	t.Run("beside a certificate that only claims the key", func(t *testing.T) {
		impostor := simpleCert(t, ed25519, "Impostor").subkey(key).bind(key, false, y2018, signOnly)
		for _, k := range []*Keyring{ring(t, stale(), impostor), ring(t, impostor, stale())} {
			if r := verify(k, good); r.Status != Unchecked || r.Reason != StaleKey {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestOthers: what the other signatures of a file came to is not lost.
func TestOthers(t *testing.T) {
	one, stranger := simpleCert(t, ed25519, "One"), newKey(t, ed25519, y2018)
	good, bad, unknown := sign(t, one.key, y2020), signData(t, one.key, "x", y2020), sign(t, stranger, y2020)
	weak := sign(t, one.key, y2020, text)
	for _, test := range []struct {
		name    string
		packets [][]byte
		others  []Status
	}{
		{"one", [][]byte{good}, nil},
		{"two good", [][]byte{good, good}, []Status{Good}},
		{"the decisive one last", [][]byte{bad, unknown, weak, good}, []Status{Bad, UnknownKey, Weak}},
		{"first", [][]byte{good, version3(1, 1), bad}, []Status{Unsupported, Bad}},
		{"in between", [][]byte{unknown, good, bad}, []Status{UnknownKey, Bad}},
	} {
		r := verify(ring(t, one), bytes.Join(test.packets, nil))
		if r.Status != Good || !slices.Equal(r.Others, test.others) {
			t.Errorf("%s: %v, others %v, want %v", test.name, r.Status, r.Others, test.others)
		}
	}
}
