package pgp

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

// only wants one fingerprint.
func only(f Fingerprint) func(Fingerprint) bool {
	return func(g Fingerprint) bool { return g == f }
}

func TestExtract(t *testing.T) {
	one, two := simpleCert(t, ed25519, "One"), simpleCert(t, p256, "Two")
	stranger := newKey(t, ed25519, y2018)
	f := one.fingerprint()
	block := func(c *testCert) []byte { return armored(t, "PGP PUBLIC KEY BLOCK", c.packets) }
	attribute := []byte{0xD1, 2, 1, 'x'} // RFC 9580 section 5.12
	bare := newCert(t, one.key)
	signedByOthers := one.clone().certify(stranger, packet.SigTypeGenericCert, y2019)
	// The owner's signature on a photo must not seem to be on the user ID.
	photo := one.clone()
	photo.packets = append(photo.packets, attribute...)
	photo.self(y2022, certifyAndSign)
	revokedLate := photo.clone().revoke(y2023)
	var revocation []byte
	if p, err := splitPackets(revokedLate.packets); err == nil {
		revocation = p[len(p)-1].serialized
	}
	many := one.clone()
	for i := range maxOwnPackets {
		many.user(fmt.Sprint(i))
	}
	large := one.clone().user(strings.Repeat("x", maxOwnBytes))
	tests := []struct {
		name    string
		file    []byte
		want    []byte // nil: not found
		left    int
		skipped string // a part of the only reason
		err     string
	}{
		{"a block", block(one), one.packets, 0, "", ""},
		{"CRLF", bytes.ReplaceAll(block(one), []byte("\n"), []byte("\r\n")), one.packets, 0, "", ""},
		{"binary", one.packets, one.packets, 0, "", ""},
		{"among others in a block", armored(t, "PGP PUBLIC KEY BLOCK", two.packets, one.packets, two.packets), one.packets, 2, "", ""},
		{"several blocks with text", slices.Concat([]byte("keys:\n"), block(two), []byte("\nand\n"), block(one)), one.packets, 1, "", ""},
		{"the same twice", slices.Concat(block(one), block(one)), one.packets, 0, "", ""},
		{"two copies", slices.Concat(block(one), block(bare)), slices.Concat(one.packets, bare.packets), 0, "", ""},
		{"without user ID", block(bare), bare.packets, 0, "", ""},
		{"other people's signatures", block(signedByOthers), one.packets, 0, "", ""},
		{"a photo", block(photo), one.packets, 0, "", ""},
		{"a revocation in the wrong place", block(revokedLate), slices.Concat(one.packets, revocation), 0, "", ""},
		{"trust packets and others", slices.Concat(one.packets, []byte{0xCC, 2, 0, 0, 0xFF, 1, 0, 0xCB, 1, 'b'}), one.packets, 0, "", ""},
		{"another key", block(two), nil, 1, "", ""},
		{"its private key", slices.Concat(serialize(t, one.key), two.packets), nil, 2, "", ""},
		{"a private key block", slices.Concat(armored(t, "PGP PRIVATE KEY BLOCK", serialize(t, one.key)), block(two)), nil, 1, "PGP PRIVATE KEY BLOCK", ""},
		{"a version 3 key", slices.Concat(version3Key, one.packets), one.packets, 1, "", ""},
		{"cut armor", block(one)[:100], nil, 0, "cut short", ""},
		{"cut packets", one.packets[:len(one.packets)-1], nil, 0, "cut short", ""},
		{"nothing in the armor", armored(t, "PGP PUBLIC KEY BLOCK"), nil, 0, "", ""},
		{"too many packets of its own", many.packets, nil, 0, "more than 1000 packets", ""},
		{"too large", large.packets, nil, 0, "256 KiB", ""},
		{"too many packets", slices.Concat(one.packets, bytes.Repeat([]byte{0xCC, 0}, maxPackets)), nil, 0, "more than 65536 packets", ""},
		{"empty", nil, nil, 0, "", "empty"},
		{"HTML", []byte("\n<!DOCTYPE html>"), nil, 0, "", "HTML"},
		{"text", []byte("No results found\n"), nil, 0, "", "no PGP public key block"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, left, skipped, err := Extract(test.file, only(f))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || found != nil {
					t.Fatalf("error %v, found %v, want %q", err, found, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			for _, x := range found {
				if x.Fingerprint != f || got != nil {
					t.Fatalf("found %v", found)
				}
				got = x.Packets
			}
			if !bytes.Equal(got, test.want) {
				t.Errorf("found\n%x, want\n%x", got, test.want)
			}
			if left != test.left {
				t.Errorf("%d left, want %d", left, test.left)
			}
			if test.skipped == "" && len(skipped) > 0 || test.skipped != "" && (len(skipped) != 1 || !strings.Contains(skipped[0].Reason, test.skipped)) {
				t.Errorf("skipped %v, want %q", skipped, test.skipped)
			}
		})
	}
}

// TestExtractSeveral: each certificate comes by itself.
func TestExtractSeveral(t *testing.T) {
	one, two := simpleCert(t, ed25519, "One"), simpleCert(t, p256, "Two")
	found, left, skipped, err := Extract(slices.Concat(two.packets, one.packets), func(Fingerprint) bool { return true })
	if err != nil || left != 0 || skipped != nil {
		t.Fatal(left, skipped, err)
	}
	want := []Extracted{{two.fingerprint(), two.packets}, {one.fingerprint(), one.packets}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestArmor(t *testing.T) {
	c := simpleCert(t, ed25519, "One")
	x := Extracted{c.fingerprint(), c.packets}
	text, err := x.Armor("from\nhttps://example.org/ \x00?")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: from https://example.org/")) || !bytes.HasSuffix(text, []byte("-----\n")) {
		t.Errorf("%s", text)
	}
	found, _, _, err := Extract(text, only(x.Fingerprint))
	if err != nil || len(found) != 1 || !bytes.Equal(found[0].Packets, x.Packets) {
		t.Errorf("%v %v", found, err)
	}
}

// mergedWith is everything that a keyring with one key says about it.
func mergedWith(k *Keyring, f Fingerprint) string {
	c := k.certs[f]
	if c == nil {
		return "none"
	}
	var unread []string
	for _, part := range slices.Concat([]component{c.primary}, c.users, c.subkeys) {
		for _, u := range part.unread {
			unread = append(unread, fmt.Sprintf("%x", u.serialized))
		}
	}
	slices.Sort(unread)
	// Whether the library takes the whole is decided by merged.
	return fmt.Sprintf("%x\n%v", c.merged, unread)
}

// checkExtract holds Extract to Add: what it takes out makes the same of the
// key as the file does, and is nothing but the key.
func checkExtract(t *testing.T, data []byte) {
	t.Helper()
	all, _, _, err := Extract(data, func(Fingerprint) bool { return true })
	whole := NewKeyring()
	_, _, addErr := whole.Add("file", data)
	if err != nil && addErr == nil {
		t.Fatalf("Add takes what Extract refuses: %v", err)
	}
	for _, x := range all {
		one := NewKeyring()
		if _, _, err := one.Add("copy", x.Packets); err != nil {
			t.Fatalf("Add refuses what was taken out: %v", err)
		}
		if len(one.certs) != 1 {
			t.Fatalf("%d keys in one copy", len(one.certs))
		}
		// A revocation that stands elsewhere in the file is no part of the copy.
		if len(whole.loose) == 0 && mergedWith(one, x.Fingerprint) != mergedWith(whole, x.Fingerprint) {
			t.Fatalf("the copy says of %s\n%s\nand the file\n%s", x.Fingerprint, mergedWith(one, x.Fingerprint), mergedWith(whole, x.Fingerprint))
		}
		again, left, skipped, err := Extract(x.Packets, only(x.Fingerprint))
		if err != nil || left != 0 || skipped != nil || len(again) != 1 || !bytes.Equal(again[0].Packets, x.Packets) {
			t.Fatalf("taken out again it is %v, %d left, skipped %v, error %v", again, left, skipped, err)
		}
	}
}

// extractSeeds are key files of every shape.
func extractSeeds(t testing.TB) [][]byte {
	key, sub, stranger := newKey(t, ed25519, y2018), newKey(t, p256, y2019), newKey(t, ed25519, y2018)
	full := newCert(t, key).revoke(y2023, reason(packet.KeyRetired)).
		user("One").self(y2018, certifyAndSign).certify(stranger, packet.SigTypeGenericCert, y2020).
		user("Two").self(y2021, certifyAndSign, keyLifetime(until(y2025))).
		subkey(sub).bind(sub, true, y2019, signOnly).revokeSubkey(sub, y2022)
	other := simpleCert(t, version6, "Six")
	unreadable := []byte{0xC2, 4, 4, 0x20, 99, 8}
	return [][]byte{
		full.packets,
		armored(t, "PGP PUBLIC KEY BLOCK", full.packets, other.packets),
		slices.Concat(armored(t, "PGP PUBLIC KEY BLOCK", other.packets), []byte("text\n"), armored(t, "PGP PUBLIC KEY BLOCK", full.packets)),
		slices.Concat(newCert(t, key).packets, unreadable, full.packets),
		slices.Concat(full.packets, []byte{0xD1, 2, 1, 'x'}, full.packets[len(newCert(t, key).packets):]),
		[]byte("<html>"),
		[]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnothing\n"),
	}
}

func TestExtractIsWhatAddTakes(t *testing.T) {
	for i, seed := range extractSeeds(t) {
		t.Run(fmt.Sprint(i), func(t *testing.T) { checkExtract(t, seed) })
	}
}

func TestCorpusExtract(t *testing.T) {
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "keys", "*.asc"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no keys: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkExtract(t, data)
		found, _, skipped, err := Extract(data, func(Fingerprint) bool { return true })
		if err != nil || skipped != nil || len(found) != 1 {
			t.Fatalf("%s: %d keys, skipped %v, error %v", file, len(found), skipped, err)
		}
		t.Logf("%s: %d bytes of %d", filepath.Base(file), len(found[0].Packets), len(data))
	}
}

func FuzzExtract(f *testing.F) {
	for _, seed := range extractSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("large files only cost time")
		}
		checkExtract(t, data)
	})
}
