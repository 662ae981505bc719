package sigstoretest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

var (
	start = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	plain = sigstoretest.Signing{
		Digest: sha256.Sum256([]byte("an artifact")),
		SAN:    "rm@example.org",
		Issuer: "https://accounts.example.org",
		Time:   time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC),
	}
)

func found(t *testing.T, seed string) *sigstoretest.Sigstore {
	t.Helper()
	s, err := sigstoretest.New(seed, start)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSameSeedSameBytes is what lets a demonstration be made again.
func TestSameSeedSameBytes(t *testing.T) {
	all := func(seed string) (out [][]byte) {
		s := found(t, seed)
		root, err := s.TrustRoot()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, root)
		v2, dsse, old := plain, plain, plain
		v2.Log = sigstoretest.RekorV2
		dsse.DSSE = true
		old.Version, old.Algorithm, old.IssuerV1Only = "0.2", sigstoretest.P384SHA256, true
		for _, g := range []sigstoretest.Signing{plain, v2, dsse, old} {
			b, err := s.Sign(g)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b)
		}
		return out
	}
	one, again, other := all("seed"), all("seed"), all("another seed")
	for i := range one {
		if !bytes.Equal(one[i], again[i]) {
			t.Errorf("%d: not the same again:\n%s\n%s", i, one[i], again[i])
		}
		if bytes.Equal(one[i], other[i]) {
			t.Errorf("%d: the same with another seed", i)
		}
	}
}

// TestProvesSomething looks at what a verifier cannot complain about: a tree
// of one entry would prove nothing.
func TestProvesSomething(t *testing.T) {
	s := found(t, "proof")
	b, err := s.Sign(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"`, `"treeSize":"4"`, `"hashes":["`,
		`"inclusionPromise":`, `"checkpoint":{"envelope":"rekor.sigstore.test - `,
	} {
		if !strings.Contains(string(b), part) {
			t.Errorf("no %s in %s", part, b)
		}
	}
	if bytes.ContainsAny(b, "\n") {
		t.Error("more than one line")
	}
}

func TestPair(t *testing.T) {
	s := found(t, "pair")
	sig, crt, err := s.Pair(plain)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(crt)
	if block == nil || len(rest) > 0 {
		t.Fatalf("%q", crt)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(string(sig)) // skips the line end
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), plain.Digest[:], raw) {
		t.Error("the signature does not match the certificate")
	}
	if cert.EmailAddresses[0] != plain.SAN || !cert.NotBefore.Equal(plain.Time) || !cert.NotAfter.Equal(plain.Time.Add(10*time.Minute)) {
		t.Errorf("%v, %s to %s", cert.EmailAddresses, cert.NotBefore, cert.NotAfter)
	}
}

func TestRefused(t *testing.T) {
	s := found(t, "refused")
	edit := func(f func(*sigstoretest.Signing)) sigstoretest.Signing {
		g := plain
		f(&g)
		return g
	}
	for name, test := range map[string]struct {
		signing sigstoretest.Signing
		want    string
	}{
		"no SAN":               {edit(func(g *sigstoretest.Signing) { g.SAN = "" }), "needs SAN"},
		"no issuer":            {edit(func(g *sigstoretest.Signing) { g.Issuer = "" }), "needs SAN, Issuer"},
		"no time":              {edit(func(g *sigstoretest.Signing) { g.Time = time.Time{} }), "and Time"},
		"no timestamp to harm": {edit(func(g *sigstoretest.Signing) { g.Flaw = sigstoretest.LateTimestamp }), "cannot have the flaw late-timestamp"},
		"unknown flaw":         {edit(func(g *sigstoretest.Signing) { g.Flaw = "typo" }), "cannot have the flaw typo"},
		"unknown version":      {edit(func(g *sigstoretest.Signing) { g.Version = "v0.3" }), `version "v0.3"`},
	} {
		if _, err := s.Sign(test.signing); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestTrustRoot reads it as the verifier does; package sigstore tests what can
// be verified with it.
func TestTrustRoot(t *testing.T) {
	data, err := found(t, "root").TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	r, err := sigstore.ParseTrustRoot("private", data)
	if err != nil {
		t.Fatal(err)
	}
	kinds := make(map[sigstore.AnchorKind]int)
	for _, a := range r.Anchors() {
		kinds[a.Kind]++
		if a.Start.Before(start) || a.Start.After(start.Add(2*time.Second)) || !strings.Contains(a.URL, ".sigstore.test") {
			t.Errorf("%+v", a)
		}
	}
	if kinds[sigstore.TransparencyLog] != 3 || kinds[sigstore.CertificateLog] != 1 || kinds[sigstore.CertificateAuthority] != 1 || kinds[sigstore.TimestampAuthority] != 1 {
		t.Errorf("%v", kinds)
	}
}
