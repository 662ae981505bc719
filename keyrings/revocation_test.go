package keyrings

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"migrate/pgp"
)

// TestKeyringRevocations: a revocation is given to its key whichever file comes
// first, and one that is of no use is never passed over in silence.
func TestKeyringRevocations(t *testing.T) {
	e, err := openpgp.NewEntity("Somebody", "", "somebody@example.org", &packet.Config{
		Time: func() time.Time { return time.Date(2018, 6, 1, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var key, revocation bytes.Buffer
	if err := e.Serialize(&key); err != nil {
		t.Fatal(err)
	}
	sig := &packet.Signature{
		Version: e.PrimaryKey.Version, SigType: packet.SigTypeKeyRevocation, PubKeyAlgo: e.PrimaryKey.PubKeyAlgo,
		Hash: crypto.SHA256, CreationTime: time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC), IssuerKeyId: &e.PrimaryKey.KeyId,
	}
	if err := sig.RevokeKey(e.PrimaryKey, e.PrivateKey, nil); err != nil {
		t.Fatal(err)
	}
	if err := sig.Serialize(&revocation); err != nil {
		t.Fatal(err)
	}
	// The hash of the same revocation, one that nobody checks any more: the
	// fourth byte of a version 4 signature, RFC 9580 section 5.2.3.
	opaque, err := packet.NewOpaqueReader(bytes.NewReader(revocation.Bytes())).Next()
	if err != nil {
		t.Fatal(err)
	}
	opaque.Contents[3] = 3 // RIPEMD-160
	var changed bytes.Buffer
	if err := opaque.Serialize(&changed); err != nil {
		t.Fatal(err)
	}
	unreadable := changed.Bytes()
	var bare bytes.Buffer
	if err := e.PrimaryKey.Serialize(&bare); err != nil {
		t.Fatal(err)
	}

	stranger, _ := makeKey(t, "A stranger", "stranger@example.org")
	fpr := pgp.Fingerprint(fmt.Sprintf("%X", e.PrimaryKey.Fingerprint))
	r, err := Parse("test", []byte(strings.ReplaceAll(small, "531F072D39700991925FED0C0EDDC5F26A45C816", string(fpr))))
	if err != nil {
		t.Fatal(err)
	}
	k, rev := KeyFile{"key.gpg", key.Bytes()}, KeyFile{"revocation.gpg", revocation.Bytes()}
	for _, test := range []struct {
		name     string
		files    []KeyFile
		revoked  bool
		problems []string // source, and a part of the message
	}{
		{"behind the key", []KeyFile{k, rev}, true, nil},
		{"before the key", []KeyFile{rev, k}, true, nil},
		{"a copy without user ID", []KeyFile{{"bare.gpg", bare.Bytes()}, k}, false, nil},
		{"of nobody", []KeyFile{{"stranger.gpg", stranger}, rev}, false, []string{
			"stranger.gpg: one key was ignored", "revocation.gpg: a part of this file could not be used: a revocation in the name of the key " + string(fpr)}},
		{"unreadable", []KeyFile{k, {"revocation.gpg", unreadable}}, false, []string{
			"revocation.gpg: a part of key " + string(fpr) + " could not be used: a revocation the library cannot read"}},
		{"unreadable, before the key", []KeyFile{{"revocation.gpg", unreadable}, k}, false, []string{
			"revocation.gpg: a part of key " + string(fpr) + " could not be used: a revocation the library cannot read"}},
		{"unreadable, in the key", []KeyFile{{"key.gpg", append(bytes.Clone(key.Bytes()), unreadable...)}}, false, []string{
			"key.gpg: a part of key " + string(fpr) + " could not be used: a revocation the library cannot read"}},
		{"unreadable, in a stranger's", []KeyFile{k, {"stranger.gpg", append(bytes.Clone(stranger), 0xC2, 4, 4, 0x20, 99, 8)}}, false, []string{
			"stranger.gpg: one key was ignored"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ring, problems := r.Keyring(test.files)
			revoked := false
			for _, c := range ring.Certificates() {
				revoked = revoked || c.Revoked
			}
			if revoked != test.revoked {
				t.Errorf("revoked: %v", revoked)
			}
			if len(problems) != len(test.problems) {
				t.Fatalf("problems %v, want %q", problems, test.problems)
			}
			for i, p := range problems {
				if got := p.Source + ": " + p.Message; !strings.HasPrefix(got, test.problems[i]) {
					t.Errorf("problem %q, want %q", got, test.problems[i])
				}
			}
		})
	}
}
