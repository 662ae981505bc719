package pgp

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

// TestFacts: what a keyring says about a certificate as a whole, and that the
// answers about its signatures are those that it leads one to expect.
func TestFacts(t *testing.T) {
	key, sub := newKey(t, ed25519, y2018), newKey(t, p256, y2018)
	start := newCert(t, key)
	plain := start.clone().user("One").self(y2018, certifyAndSign)
	bySub := start.clone().user("One").self(y2018, certifyOnly)
	unreadable := []byte{0xC2, 4, 4, 0x20, 99, 8} // a revocation with hash 99
	bare := start.clone().subkey(sub).bind(sub, true, y2018, signOnly)
	weak := simpleCert(t, dsa1024, "Weak")
	tests := []struct {
		name       string
		copies     []*testCert
		refreshed  time.Time
		weaknesses []Weakness
		since      time.Time // revoked
		revoked    bool
		unreadable []string // a part of each
		status     Status   // of a signature of 2020
	}{
		{name: "plain", copies: []*testCert{plain}, status: Good},
		{name: "refreshed", copies: []*testCert{start.clone().user("One").self(y2022, certifyAndSign)}, refreshed: y2022, status: GoodRefreshed},
		{name: "refreshed twice", copies: []*testCert{
			start.clone().user("One").self(y2023, certifyAndSign), start.clone().user("One").self(y2022, certifyAndSign),
		}, refreshed: y2022, status: GoodRefreshed},
		{name: "refreshed beside an old copy", copies: []*testCert{start.clone().user("One").self(y2022, certifyAndSign), plain}, status: Good},
		{name: "an old self-signature that is somebody else's", copies: []*testCert{
			start.clone().user("One").self(y2022, certifyAndSign).certify(newKey(t, ed25519, y2018), packet.SigTypePositiveCert, y2018, func(s *packet.Signature) { s.IssuerKeyId = &key.KeyId }),
		}, refreshed: y2022, status: GoodRefreshed},
		{name: "subkey bound anew", copies: []*testCert{bySub.clone().subkey(sub).bind(sub, true, y2022, signOnly)}, refreshed: y2022, status: GoodRefreshed},
		{name: "subkey bound anew, beside a copy without user ID", copies: []*testCert{
			bySub.clone().subkey(sub).bind(sub, true, y2022, signOnly), bare}, status: Good},
		{name: "subkey for encryption bound anew", copies: []*testCert{plain.clone().subkey(sub).bind(sub, false, y2022, encryptOnly)}, status: Good},
		{name: "hard revocation", copies: []*testCert{plain.clone().revoke(y2023, reason(packet.KeyCompromised))}, revoked: true, status: Rejected},
		{name: "soft revocation", copies: []*testCert{plain.clone().revoke(y2023, reason(packet.KeyRetired))}, revoked: true, since: y2023, status: Good},
		{name: "two soft revocations", copies: []*testCert{
			plain.clone().revoke(y2023, reason(packet.KeyRetired)), plain.clone().revoke(y2022, reason(packet.KeySuperseded)),
		}, revoked: true, since: y2022, status: Good},
		{name: "soft and hard", copies: []*testCert{
			plain.clone().revoke(y2022, reason(packet.KeyRetired)), plain.clone().revoke(y2023),
		}, revoked: true, status: Rejected},
		{name: "DSA", copies: []*testCert{weak}, weaknesses: []Weakness{WeakKey}, status: Weak},
		{name: "DSA, retired", copies: []*testCert{weak.clone().revoke(y2023, reason(packet.KeyRetired))}, weaknesses: []Weakness{WeakKey}, revoked: true, since: y2023, status: Weak},
		{name: "no key flags", copies: []*testCert{start.clone().user("One").self(y2018)}, weaknesses: []Weakness{NoKeyFlags}, status: Weak},
		{name: "DSA without key flags", copies: []*testCert{newCert(t, weak.key).user("One").self(y2018)}, weaknesses: []Weakness{WeakKey, NoKeyFlags}, status: Weak},
		{name: "not for signing", copies: []*testCert{start.clone().user("One").self(y2018, certifyOnly)}, status: Rejected},
		{name: "unreadable revocation", copies: []*testCert{{t: t, key: key, packets: slices.Concat(plain.packets, unreadable)}},
			unreadable: []string{"a revocation cannot be read ("}, status: Unchecked},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := NewKeyring()
			for _, c := range test.copies {
				k.Add("copy", c.packets)
			}
			all := k.Certificates()
			if len(all) != 1 {
				t.Fatalf("%d certificates", len(all))
			}
			c := all[0]
			if !c.Refreshed.Equal(test.refreshed) {
				t.Errorf("refreshed %v, want %v", c.Refreshed, test.refreshed)
			}
			if c.Revoked != test.revoked || !c.RevokedSince.Equal(test.since) {
				t.Errorf("revoked %v since %v, want %v since %v", c.Revoked, c.RevokedSince, test.revoked, test.since)
			}
			if diff := cmp.Diff(test.weaknesses, c.Weaknesses); diff != "" {
				t.Errorf("weaknesses (-want +got)\n%s", diff)
			}
			if len(c.Unreadable) != len(test.unreadable) {
				t.Errorf("unreadable %q, want %q", c.Unreadable, test.unreadable)
			}
			for i, part := range test.unreadable {
				if !strings.HasPrefix(c.Unreadable[i], part) {
					t.Errorf("unreadable %q, want %q", c.Unreadable[i], part)
				}
			}
			signer := test.copies[0].key
			if strings.HasPrefix(test.name, "subkey bound") {
				signer = sub
			}
			if r := verify(k, sign(t, signer, y2020)); r.Status != test.status {
				t.Errorf("a signature comes out %s (%s), want %s", r.Status, r.Detail, test.status)
			}
		})
	}
}

// TestBareCopy: a copy without user ID, as keys.openpgp.org gives it, is of no
// use alone, and brings its revocation to any other copy, before or after it.
func TestBareCopy(t *testing.T) {
	key := newKey(t, ed25519, y2018)
	bare := newCert(t, key).revoke(y2019)
	full := newCert(t, key).user("One").self(y2018, certifyAndSign)
	asc := sign(t, key, y2020)

	k := NewKeyring()
	if added, skipped, err := k.Add("bare", bare.packets); err != nil || added != nil || len(skipped) != 1 || !strings.Contains(skipped[0].Reason, "no user ID") {
		t.Fatal(added, skipped, err)
	}
	if r := verify(k, asc, bare.fingerprint()); r.Status != UnknownKey {
		t.Errorf("alone: %s", r.Status)
	}
	for _, copies := range [][]*testCert{{bare, full}, {full, bare}} {
		k := NewKeyring()
		for _, c := range copies {
			k.Add("copy", c.packets)
		}
		if r := verify(k, asc); r.Status != Rejected || r.Reason != KeyRevoked {
			t.Errorf("%s (%s)", r.Status, r.Detail)
		}
	}
}

// TestManyPackets: a file of nothing but headers is not taken apart to the end.
func TestManyPackets(t *testing.T) {
	packets, err := splitPackets(bytes.Repeat([]byte{0xCC, 0}, maxPackets+1))
	if len(packets) != maxPackets || err == nil || !strings.Contains(err.Error(), "more than 65536 packets") {
		t.Errorf("%d packets, error %v", len(packets), err)
	}
	if _, err := splitPackets(bytes.Repeat([]byte{0xCC, 0}, maxPackets)); err != nil {
		t.Error(err)
	}
}
