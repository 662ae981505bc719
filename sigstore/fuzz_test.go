package sigstore_test

import (
	"reflect"
	"strings"
	"testing"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// FuzzVerify has bundles of every form, whole and flawed, as seeds.
func FuzzVerify(f *testing.F) {
	l := newLab(f, "fuzz")
	seeds := 0
	for _, form := range forms {
		f.Add(l.sign(f, form))
		seeds++
	}
	for _, flaw := range sigstoretest.Flaws() {
		g := sigstoretest.Signing{Version: "0.1", Timestamp: true, Flaw: flaw}
		f.Add(l.sign(f, g))
		seeds++
	}
	f.Add(l.sign(f, sigstoretest.Signing{Version: "0.1", WithoutCheckpoint: true}))
	f.Add([]byte("<html>"))
	if seeds < 30 {
		f.Fatalf("only %d seeds", seeds)
	}
	bob := sigstore.Policy{Identities: []sigstore.Identity{{SAN: "bob@example.org", Issuer: alice.Issuer}}}
	anyone := sigstore.Policy{Patterns: []sigstore.Pattern{{SAN: ".*", Issuer: alice.Issuer}}}
	elsewhere := embedded(f)
	otherDigest := digest
	otherDigest[0] ^= 1

	f.Fuzz(func(t *testing.T, data []byte) {
		r := l.verifier.Verify(data, digest, anyone)
		if r.Status == sigstore.Unchecked || r.Status == sigstore.Missing {
			t.Fatalf("no outcome: %+v", r)
		}
		if good := r.Status == sigstore.Good; good != (r.Detail == "") || good && r.Identity.Issuer != alice.Issuer {
			t.Errorf("%+v", r)
		}
		if strings.ContainsAny(r.Detail, "\n\r") {
			t.Errorf("more than one line: %q", r.Detail)
		}
		if again := l.verifier.Verify(data, digest, anyone); !reflect.DeepEqual(r, again) {
			t.Errorf("not the same twice:\n%+v\n%+v", r, again)
		}
		for name, r := range map[string]sigstore.Result{
			"other digest":   l.verifier.Verify(data, otherDigest, anyone),
			"other signer":   l.verifier.Verify(data, digest, bob),
			"empty policy":   l.verifier.Verify(data, digest, sigstore.Policy{}),
			"other Sigstore": elsewhere.Verify(data, digest, anyone),
		} {
			if r.Status == sigstore.Good {
				t.Errorf("%s: good", name)
			}
		}
	})
}
