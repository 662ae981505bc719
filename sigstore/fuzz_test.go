package sigstore_test

import (
	"context"
	"encoding/base64"
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

// FuzzVerifyPair changes the pair and both answers of the log.
func FuzzVerifyPair(f *testing.F) {
	l := newPairLab(f, "fuzz pairs")
	const index, entries = "/api/v1/index/retrieve", "/api/v1/log/entries/retrieve"
	for _, g := range []sigstoretest.Signing{{}, {Algorithm: sigstoretest.P384SHA256}, {SAN: "bob@example.org"}, {Flaw: sigstoretest.ForgedProof}, {Flaw: sigstoretest.OtherEntry}, {WithoutProof: true}, {WithoutPromise: true}} {
		one := l.Rekor()
		sig, crt, err := one.Pair(pairSigning(g))
		if err != nil {
			f.Fatal(err)
		}
		var answers [2][]byte
		l.verifier.VerifyPair(f.Context(), sig, crt, digest, byAlice, l.log(func(ctx context.Context, url, kind string, body []byte, limit int64) ([]byte, error) {
			data, err := one.Post(ctx, url, kind, body, limit)
			answers[strings.Count(url, entries)] = data
			return data, err
		}))
		f.Add(sig, crt, answers[0], answers[1])
		f.Add(sig, base64.StdEncoding.AppendEncode(nil, crt), answers[0], []byte("<html>"))
	}
	f.Add([]byte("AAAA"), []byte("-----BEGIN CERTIFICATE-----\n"), []byte("[]"), []byte("[]"))
	otherDigest := digest
	otherDigest[0] ^= 1

	f.Fuzz(func(t *testing.T, sig, crt, uuids, answer []byte) {
		log := l.log(func(_ context.Context, url, _ string, _ []byte, _ int64) ([]byte, error) {
			if strings.HasSuffix(url, index) {
				return uuids, nil
			}
			return answer, nil
		})
		r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log)
		if good := r.Status == sigstore.GoodFromLog; good != (r.Detail == "") || good && r.Identity != alice || r.Status == sigstore.Good || r.Status == sigstore.Missing {
			t.Errorf("%+v", r)
		}
		if strings.ContainsAny(r.Detail, "\n\r") {
			t.Errorf("more than one line: %q", r.Detail)
		}
		if again := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log); !reflect.DeepEqual(r, again) {
			t.Errorf("not the same twice:\n%+v\n%+v", r, again)
		}
		for name, r := range map[string]sigstore.Result{
			"other digest": l.verifier.VerifyPair(t.Context(), sig, crt, otherDigest, byAlice, log),
			"offline":      l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, nil),
			"empty policy": l.verifier.VerifyPair(t.Context(), sig, crt, digest, sigstore.Policy{}, log),
		} {
			if r.Status == sigstore.GoodFromLog || r.Status == sigstore.Good {
				t.Errorf("%s: %s", name, r.Status)
			}
		}
	})
}
