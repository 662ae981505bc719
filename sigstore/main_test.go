package sigstore_test

import (
	"crypto/sha256"
	"os"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// TestMain keeps the library's chatter about P-384/SHA-256 bundles out of the
// output, as the command does.
func TestMain(m *testing.M) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	os.Stderr = null
	os.Exit(m.Run())
}

var (
	founded = time.Date(2021, 6, 1, 0, 0, 0, 0, time.UTC)
	signing = time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
	digest  = sha256.Sum256([]byte("an artifact"))
	alice   = sigstore.Identity{SAN: "alice@example.org", Issuer: "https://accounts.example.org"}
	byAlice = sigstore.Policy{Identities: []sigstore.Identity{alice}}
)

// lab is a private Sigstore with a verifier that trusts it.
type lab struct {
	*sigstoretest.Sigstore
	verifier *sigstore.Verifier
}

func newLab(t testing.TB, seed string) lab {
	t.Helper()
	s, err := sigstoretest.New(seed, founded)
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	return lab{s, newVerifier(t, data)}
}

func newVerifier(t testing.TB, trustRoot []byte) *sigstore.Verifier {
	t.Helper()
	r, err := sigstore.ParseTrustRoot("test", trustRoot)
	if err != nil {
		t.Fatal(err)
	}
	v, err := sigstore.NewVerifier(r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sign signs the artifact as alice, unless told otherwise.
func (l lab) sign(t testing.TB, g sigstoretest.Signing) []byte {
	t.Helper()
	if g.Digest == [32]byte{} {
		g.Digest = digest
	}
	if g.SAN == "" {
		g.SAN = alice.SAN
	}
	if g.Issuer == "" {
		g.Issuer = alice.Issuer
	}
	if g.Time.IsZero() {
		g.Time = signing
	}
	b, err := l.Sign(g)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
