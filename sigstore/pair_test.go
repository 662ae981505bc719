package sigstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// pairLab is a private Sigstore whose Rekor can be asked.
type pairLab struct {
	lab
	rekor *sigstoretest.Rekor
}

func newPairLab(t testing.TB, seed string) pairLab {
	t.Helper()
	l := newLab(t, seed)
	return pairLab{l, l.Rekor()}
}

// pairSigning is what alice signs the artifact with, as in 2022.
func pairSigning(g sigstoretest.Signing) sigstoretest.Signing {
	if g.Digest == [32]byte{} {
		g.Digest = digest
	}
	if g.SAN == "" {
		g.SAN = alice.SAN
	}
	g.Issuer, g.Time = alice.Issuer, signing
	return g
}

// pair signs and logs.
func (l pairLab) pair(t testing.TB, g sigstoretest.Signing) (sig, crt []byte) {
	t.Helper()
	sig, crt, err := l.rekor.Pair(pairSigning(g))
	if err != nil {
		t.Fatal(err)
	}
	return sig, crt
}

// unlogged signs only.
func (l pairLab) unlogged(t testing.TB, g sigstoretest.Signing) (sig, crt []byte) {
	t.Helper()
	sig, crt, err := l.Pair(pairSigning(g))
	if err != nil {
		t.Fatal(err)
	}
	return sig, crt
}

// log asks the lab's Rekor, or what stands in for it.
func (l pairLab) log(post sigstore.Post) *sigstore.Log {
	if post == nil {
		post = l.rekor.Post
	}
	return &sigstore.Log{URL: l.rekor.URL(), Post: post}
}

// wantPair fails the test unless a result has the status and the reason, and
// its detail says all of words.
func wantPair(t testing.TB, r sigstore.Result, status sigstore.Status, reason sigstore.Reason, words ...string) {
	t.Helper()
	if r.Status != status || r.Reason != reason {
		t.Errorf("%s (%s): %s, want %s (%s)", r.Status, r.Reason, r.Detail, status, reason)
	}
	if (r.Detail == "") != (status == sigstore.GoodFromLog) || strings.Contains(r.Detail, "\n") {
		t.Errorf("detail %q of %s", r.Detail, r.Status)
	}
	for _, w := range words {
		if !strings.Contains(r.Detail, w) {
			t.Errorf("detail %q does not say %q", r.Detail, w)
		}
	}
	if r.MediaType != "" || r.BundleVersion != "" {
		t.Errorf("a pair with the form of a bundle: %q, %q", r.MediaType, r.BundleVersion)
	}
	if signed := status == sigstore.GoodFromLog || status == sigstore.WrongIdentity; !signed && r.Identity != (sigstore.Identity{}) {
		t.Errorf("signed by %v, though %s", r.Identity, r.Status)
	}
}

// TestPairForms verifies pairs as clients have written them.
func TestPairForms(t *testing.T) {
	l := newPairLab(t, "pairs")
	for name, g := range map[string]sigstoretest.Signing{
		"P-384 over SHA-256, as CPython's": {Algorithm: sigstoretest.P384SHA256, IssuerV1Only: true},
		"P-256":                            {},
		"promise and proof, URI":           {SAN: "https://example.org/alice"},
	} {
		t.Run(name, func(t *testing.T) {
			sig, crt := l.pair(t, g)
			who := alice
			if g.SAN != "" {
				who.SAN = g.SAN
			}
			p := sigstore.Policy{Identities: []sigstore.Identity{who}}
			for form, crt := range map[string][]byte{
				"PEM":               crt,
				"PEM, CRLF":         bytes.ReplaceAll(crt, []byte("\n"), []byte("\r\n")),
				"PEM, white space":  append([]byte("\n"), append(crt, "\n \n"...)...),
				"PEM in base64":     base64.StdEncoding.AppendEncode(nil, crt),
				"... with line end": append(base64.StdEncoding.AppendEncode(nil, crt), '\n'),
			} {
				r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, p, l.log(nil))
				wantPair(t, r, sigstore.GoodFromLog, "")
				if r.Identity != who || r.Claimed != who || r.HashAlgorithm != "SHA-256" {
					t.Errorf("%s: %+v", form, r)
				}
				if r.LogID == "" || r.LogIndex < 1_000_000 || r.RekorVersion != 1 || !r.LogTime.Equal(signing.Add(2*time.Second)) ||
					!r.InclusionPromise || !r.InclusionProof || !r.Checkpoint || !r.Time().Equal(r.LogTime) {
					t.Errorf("%s: what the log says: %+v", form, r)
				}
				if old := g.Algorithm == sigstoretest.P384SHA256; r.DeprecatedP384 != old || r.IssuerV1Only != old {
					t.Errorf("%s: what the certificate says: %+v", form, r)
				}
			}
			wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, p, nil), sigstore.Incompatible, sigstore.NoLogProof, "asking the transparency log")
		})
	}
}

// TestPairFlaws puts a pair with each flaw to the log. Those that lie in the
// pair itself are found offline too.
func TestPairFlaws(t *testing.T) {
	l := newPairLab(t, "pair flaws")
	inPair := []sigstoretest.Flaw{sigstoretest.ForgedChain, sigstoretest.NoSCT, sigstoretest.ForgedSCT, sigstoretest.UnknownCTLog, sigstoretest.ForgedSignature}
	for _, form := range []sigstoretest.Signing{{}, {Algorithm: sigstoretest.P384SHA256}} {
		for _, flaw := range sigstoretest.Flaws() {
			if !flaw.Applies(form) {
				continue
			}
			t.Run(fmt.Sprintf("%d/%s", form.Algorithm, flaw), func(t *testing.T) {
				g := form
				g.Flaw = flaw
				sig, crt := l.pair(t, g)
				want := flaws[flaw]
				if flaw == sigstoretest.OtherEntry {
					want = outcome{sigstore.Incompatible, sigstore.NotInLog} // which is somebody else's entry
				}
				asked := 0
				r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(func(ctx context.Context, url, kind string, body []byte, limit int64) ([]byte, error) {
					asked++
					return l.rekor.Post(ctx, url, kind, body, limit)
				}))
				wantPair(t, r, want.status, want.reason)
				offline := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, nil)
				if slices.Contains(inPair, flaw) {
					wantPair(t, offline, want.status, want.reason)
					if asked > 0 {
						t.Errorf("the log was asked %d times about what cannot be good", asked)
					}
				} else {
					wantPair(t, offline, sigstore.Incompatible, sigstore.NoLogProof)
				}
			})
		}
	}
}

func TestPairAndItsEntries(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		l := newPairLab(t, "none")
		sig, crt := l.unlogged(t, sigstoretest.Signing{})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Incompatible, sigstore.NotInLog)
	})
	t.Run("of another signing of the same bytes by the same person", func(t *testing.T) {
		l := newPairLab(t, "other")
		l.pair(t, sigstoretest.Signing{})
		sig, crt := l.unlogged(t, sigstoretest.Signing{})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Incompatible, sigstore.NotInLog)
	})
	t.Run("signature of one signing, certificate of another", func(t *testing.T) {
		l := newPairLab(t, "mixed")
		sig, _ := l.pair(t, sigstoretest.Signing{})
		_, crt := l.pair(t, sigstoretest.Signing{})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Bad, sigstore.BadSignature)
	})
	t.Run("two, one of them right", func(t *testing.T) {
		l := newPairLab(t, "two")
		sig, crt := l.pair(t, sigstoretest.Signing{})
		l.pair(t, sigstoretest.Signing{SAN: "mallory@example.org"})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.GoodFromLog, "")
	})
	t.Run("logged again by somebody, late", func(t *testing.T) {
		l := newPairLab(t, "again")
		sig, crt := l.pair(t, sigstoretest.Signing{})
		late := pairSigning(sigstoretest.Signing{})
		late.Time = signing.AddDate(1, 0, 0)
		if err := l.rekor.Again(sig, crt, late); err != nil {
			t.Fatal(err)
		}
		r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil))
		wantPair(t, r, sigstore.GoodFromLog, "")
		if !r.LogTime.Equal(signing.Add(2 * time.Second)) {
			t.Errorf("logged at %s", r.LogTime)
		}
	})
	t.Run("an entry that does not hold before one that does", func(t *testing.T) {
		l := newPairLab(t, "before")
		sig, crt := l.pair(t, sigstoretest.Signing{Flaw: sigstoretest.ForgedPromise})
		if err := l.rekor.Again(sig, crt, pairSigning(sigstoretest.Signing{})); err != nil {
			t.Fatal(err)
		}
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.GoodFromLog, "")
	})
	t.Run("logged late only", func(t *testing.T) {
		l := newPairLab(t, "late")
		sig, crt := l.unlogged(t, sigstoretest.Signing{})
		late := pairSigning(sigstoretest.Signing{})
		late.Time = signing.AddDate(1, 0, 0)
		if err := l.rekor.Again(sig, crt, late); err != nil {
			t.Fatal(err)
		}
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Bad, sigstore.BadTimestamp, "2025-06-01")
	})
	t.Run("wrong identity", func(t *testing.T) {
		l := newPairLab(t, "identity")
		sig, crt := l.pair(t, sigstoretest.Signing{SAN: "bob@example.org"})
		r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil))
		wantPair(t, r, sigstore.WrongIdentity, "", "bob@example.org")
		if r.Identity.SAN != "bob@example.org" {
			t.Errorf("signed by %v", r.Identity)
		}
		// Whose it is, nothing vouches for before it was looked up.
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, nil), sigstore.Incompatible, sigstore.NoLogProof)
	})
	t.Run("other bytes", func(t *testing.T) {
		l := newPairLab(t, "bytes")
		sig, crt := l.pair(t, sigstoretest.Signing{})
		for _, log := range []*sigstore.Log{nil, l.log(nil)} {
			wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, [32]byte{1}, byAlice, log), sigstore.Bad, sigstore.BadSignature)
		}
	})
	t.Run("a Sigstore that is not trusted", func(t *testing.T) {
		l, other := newPairLab(t, "ours"), newPairLab(t, "theirs")
		sig, crt := other.pair(t, sigstoretest.Signing{})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, other.log(nil)), sigstore.Untrusted, sigstore.UntrustedChain)
	})
	t.Run("without promise", func(t *testing.T) {
		l := newPairLab(t, "promise")
		sig, crt := l.pair(t, sigstoretest.Signing{WithoutPromise: true})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Untrusted, sigstore.UntrustedTime)
	})
	t.Run("without proof", func(t *testing.T) {
		l := newPairLab(t, "proof")
		sig, crt := l.pair(t, sigstoretest.Signing{WithoutProof: true})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Unchecked, sigstore.LookupFailed, "inclusion proof")
	})
	t.Run("without checkpoint", func(t *testing.T) {
		l := newPairLab(t, "checkpoint")
		sig, crt := l.pair(t, sigstoretest.Signing{WithoutCheckpoint: true})
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(nil)), sigstore.Unchecked, sigstore.LookupFailed, "checkpoint")
	})
}

// TestPairAmongMany: a file that many have signed.
func TestPairAmongMany(t *testing.T) {
	l := newPairLab(t, "many")
	sig, crt := l.pair(t, sigstoretest.Signing{})
	crowd := func(n int) {
		for range n {
			l.pair(t, sigstoretest.Signing{SAN: "mallory@example.org"})
		}
	}
	asked := 0
	log := l.log(func(ctx context.Context, url, kind string, body []byte, limit int64) ([]byte, error) {
		asked++
		return l.rekor.Post(ctx, url, kind, body, limit)
	})
	crowd(99)
	wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log), sigstore.GoodFromLog, "")
	if asked > 11 {
		t.Errorf("asked %d times", asked)
	}
	crowd(901)
	asked = 0
	wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log), sigstore.GoodFromLog, "")
	if asked != 3 { // by digest, by certificate too, and for the one entry
		t.Errorf("asked %d times", asked)
	}
	// The index does not find a certificate in another spelling.
	sig, crt = l.unlogged(t, sigstoretest.Signing{})
	wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log), sigstore.Unchecked, sigstore.LookupFailed, "1001 entries", "only 100")
}

// TestLookupFails: whatever the log answers, it is never held against the
// signature that it could not be asked.
func TestLookupFails(t *testing.T) {
	l := newPairLab(t, "failing")
	sig, crt := l.pair(t, sigstoretest.Signing{})
	const index, entries = "/api/v1/index/retrieve", "/api/v1/log/entries/retrieve"
	// at answers one of the two questions so, the other as it should be.
	at := func(path, answer string) sigstore.Post {
		return func(ctx context.Context, url, kind string, body []byte, limit int64) ([]byte, error) {
			if strings.HasSuffix(url, path) {
				return []byte(answer), nil
			}
			return l.rekor.Post(ctx, url, kind, body, limit)
		}
	}
	uuid := strings.Repeat("ab", 40)
	for name, tt := range map[string]struct {
		post  sigstore.Post
		words []string
	}{
		"no network": {func(context.Context, string, string, []byte, int64) ([]byte, error) {
			return nil, errors.New("dial tcp: no route to host\nat all")
		}, []string{"dial tcp: no route to host at all"}},
		"index: a web page":        {at(index, "<html>Sign in to this network</html>"), []string{index, "not what the log's API says"}},
		"index: empty":             {at(index, ""), []string{index}},
		"index: cut":               {at(index, `["`+uuid), []string{index}},
		"index: object":            {at(index, `{"code":500,"message":"oops"}`), []string{index}},
		"index: numbers":           {at(index, `[1]`), []string{index}},
		"index: no UUID":           {at(index, `["../../etc/passwd"]`), []string{"no entry's UUID"}},
		"index: short UUID":        {at(index, `["abcd"]`), []string{`"abcd" is no entry's UUID`}},
		"index: nothing behind":    {at(index, `["`+uuid+`"]`), []string{"0 entries where 1 were asked for"}},
		"index: huge":              {at(index, `["`+uuid+`"`+strings.Repeat(" ", 1<<20)+`]`), []string{index, "larger than 1048576 bytes"}},
		"entries: a web page":      {at(entries, "<!DOCTYPE html>"), []string{entries, "not what the log's API says"}},
		"entries: empty list":      {at(entries, "[]"), []string{"0 entries where 1 were asked for"}},
		"entries: null":            {at(entries, "null"), []string{"0 entries where 1 were asked for"}},
		"entries: empty entry":     {at(entries, `[{"`+uuid+`":{}}]`), []string{entries, "no body"}},
		"entries: entry of a kind": {at(entries, `[{"`+uuid+`":[]}]`), []string{entries}},
		"entries: null entry":      {at(entries, `[{"`+uuid+`":null}]`), []string{entries, "no body"}},
		"entries: body no base64":  {at(entries, `[{"`+uuid+`":{"body":"?"}}]`), []string{entries, "no body"}},
		"entries: body an object":  {at(entries, `[{"`+uuid+`":{"body":{}}}]`), []string{entries, "no body"}},
		"entries: too many":        {at(entries, `[{"a":{},"b":{}}]`), []string{"2 entries where 1 were asked for"}},
		"entries: huge":            {at(entries, `[`+strings.Repeat(" ", 4<<20)+`]`), []string{entries, "larger than"}},
		"entries: deep":            {at(entries, strings.Repeat("[", 1<<20)), []string{entries}},
	} {
		t.Run(name, func(t *testing.T) {
			wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(tt.post)), sigstore.Unchecked, sigstore.LookupFailed, tt.words...)
		})
	}
	t.Run("part of the entries, those late", func(t *testing.T) {
		l := newPairLab(t, "part")
		sig, crt := l.unlogged(t, sigstoretest.Signing{})
		late := pairSigning(sigstoretest.Signing{})
		for i := range 20 {
			late.Time = signing.AddDate(1, 0, i)
			if err := l.rekor.Again(sig, crt, late); err != nil {
				t.Fatal(err)
			}
		}
		asked := 0
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(func(ctx context.Context, url, kind string, body []byte, limit int64) ([]byte, error) {
			if asked++; asked == 3 {
				return nil, errors.New("connection reset")
			}
			return l.rekor.Post(ctx, url, kind, body, limit)
		})), sigstore.Unchecked, sigstore.LookupFailed, "connection reset")
		if asked != 3 {
			t.Errorf("asked %d times", asked)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("interrupted"))
		wantPair(t, l.verifier.VerifyPair(ctx, sig, crt, digest, byAlice, l.log(nil)), sigstore.Unchecked, sigstore.LookupFailed, "interrupted")
	})
	t.Run("no log to ask", func(t *testing.T) {
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, &sigstore.Log{Post: l.rekor.Post}), sigstore.Unchecked, sigstore.LookupFailed, "names no transparency log")
	})
	t.Run("an index that shows nothing", func(t *testing.T) {
		for _, answer := range []string{"[]", "null", " [ ] "} {
			wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, l.log(at(index, answer))), sigstore.Incompatible, sigstore.NotInLog)
		}
	})
}

// TestTrustRootsLog: the one that can be searched.
func TestTrustRootsLog(t *testing.T) {
	embedded, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	if got := embedded.Log(nil).URL; got != "https://rekor.sigstore.dev" {
		t.Errorf("embedded: %q", got)
	}
	l := newPairLab(t, "root")
	data, err := l.TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	private, err := sigstore.ParseTrustRoot("test", data)
	if err != nil {
		t.Fatal(err)
	}
	log := private.Log(l.rekor.Post)
	if log.URL != l.rekor.URL() {
		t.Errorf("private: %q", log.URL)
	}
	sig, crt := l.pair(t, sigstoretest.Signing{})
	for _, url := range []string{log.URL, log.URL + "/"} {
		wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, &sigstore.Log{URL: url, Post: log.Post}), sigstore.GoodFromLog, "")
	}
}

func TestMalformedPairs(t *testing.T) {
	l := newPairLab(t, "malformed")
	sig, crt := l.pair(t, sigstoretest.Signing{})
	block, _ := pem.Decode(crt)
	spoilt := bytes.Clone(block.Bytes)
	spoilt[10] ^= 0xff
	key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("key")})
	big := bytes.Repeat([]byte("A"), sigstore.MaxPairSize+1)
	for name, tt := range map[string]struct {
		sig, crt []byte
		reason   sigstore.Reason
		words    string
	}{
		".sig empty":              {nil, crt, sigstore.Empty, "the .sig is empty"},
		".sig blank":              {[]byte(" \n"), crt, sigstore.Empty, "the .sig is empty"},
		".sig a web page":         {[]byte("<html>"), crt, sigstore.HTML, "the .sig is a web page"},
		".sig too large":          {big, crt, sigstore.TooLarge, "the .sig is larger than 16384 bytes"},
		".sig binary":             {[]byte{0x30, 0x45, 0xff, 0xfe}, crt, sigstore.NotAPair, "the .sig is not text"},
		".sig with a zero":        {[]byte("AAAA\x00"), crt, sigstore.NotAPair, "the .sig is not text"},
		".sig no base64":          {[]byte("this is no signature"), crt, sigstore.NotAPair, "the .sig is not a signature in base64"},
		".sig OpenPGP":            {[]byte("-----BEGIN PGP SIGNATURE-----\n"), crt, sigstore.NotAPair, "the .sig is not a signature in base64"},
		".crt empty":              {sig, nil, sigstore.Empty, "the .crt is empty"},
		".crt a web page":         {sig, []byte("<!doctype html>"), sigstore.HTML, "the .crt is a web page"},
		".crt too large":          {sig, big, sigstore.TooLarge, "the .crt is larger"},
		".crt DER":                {sig, block.Bytes, sigstore.NotAPair, "the .crt is not text"},
		".crt a key":              {sig, key, sigstore.NotAPair, `PEM of another kind ("PUBLIC KEY")`},
		".crt a signature":        {sig, sig, sigstore.NotAPair, "the .crt is not a certificate in PEM"},
		".crt text before":        {sig, append([]byte("hello\n"), crt...), sigstore.NotAPair, "not a certificate in PEM"},
		".crt text behind":        {sig, append(bytes.Clone(crt), "hello"...), sigstore.NotAPair, "more than one"},
		".crt two certificates":   {sig, append(bytes.Clone(crt), crt...), sigstore.NotAPair, "more than one certificate"},
		".crt cut":                {sig, crt[:len(crt)/2], sigstore.NotAPair, "not a certificate in PEM"},
		".crt no DER inside":      {sig, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: spoilt}), sigstore.NotAPair, "not a certificate: "},
		".crt in base64 of DER":   {sig, base64.StdEncoding.AppendEncode(nil, block.Bytes), sigstore.NotAPair, "not a certificate in PEM"},
		"the two the wrong way":   {crt, sig, sigstore.NotAPair, "the .sig is not a signature in base64"},
		".sig and .crt of a file": {[]byte("{}"), []byte("{}"), sigstore.NotAPair, "the .sig is"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, log := range []*sigstore.Log{nil, l.log(nil)} {
				wantPair(t, l.verifier.VerifyPair(t.Context(), tt.sig, tt.crt, digest, byAlice, log), sigstore.Malformed, tt.reason, tt.words)
			}
		})
	}
	t.Run("not a signature", func(t *testing.T) {
		wantPair(t, l.verifier.VerifyPair(t.Context(), []byte("AAAA"), crt, digest, byAlice, nil), sigstore.Bad, sigstore.BadSignature)
	})
}

func TestPairPolicies(t *testing.T) {
	l := newPairLab(t, "policies")
	sig, crt := l.pair(t, sigstoretest.Signing{})
	wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, sigstore.Policy{}, l.log(nil)), sigstore.Unchecked, sigstore.BadPolicy)
	key, err := l.ManagedKey("key")
	if err != nil {
		t.Fatal(err)
	}
	wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, sigstore.Policy{Key: key.Public()}, l.log(nil)), sigstore.Untrusted, sigstore.UnexpectedKind)
	pattern := sigstore.Policy{Patterns: []sigstore.Pattern{{SAN: "alice@.*", Issuer: alice.Issuer}}}
	wantPair(t, l.verifier.VerifyPair(t.Context(), sig, crt, digest, pattern, l.log(nil)), sigstore.GoodFromLog, "")
}

// TestEveryByteOfTheAnswer changes each byte of the log's answer. What is still
// good says the very same.
func TestEveryByteOfTheAnswer(t *testing.T) {
	l := newPairLab(t, "mutations")
	sig, crt := l.pair(t, sigstoretest.Signing{})
	var whole []byte
	answer := whole
	log := l.log(func(ctx context.Context, url, kind string, body []byte, limit int64) ([]byte, error) {
		data, err := l.rekor.Post(ctx, url, kind, body, limit)
		switch {
		case !strings.HasSuffix(url, "/entries/retrieve"):
			return data, err
		case answer == nil:
			whole = data
			return data, err
		}
		return answer, nil
	})
	good := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log)
	wantPair(t, good, sigstore.GoodFromLog, "")

	// The UUID, white space, names in other case, and the last bits of base64:
	// nothing that anybody signed.
	harmless := 0
	for i := range whole {
		answer = bytes.Clone(whole)
		answer[i] ^= 1
		r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log)
		switch r.Status {
		case sigstore.GoodFromLog:
			harmless++
			if fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", good) {
				t.Errorf("byte %d (%q): good, and says another thing: %+v", i, whole[i], r)
			}
		case sigstore.Bad, sigstore.Untrusted, sigstore.Incompatible, sigstore.Unchecked:
		default:
			t.Errorf("byte %d (%q): %s (%s)", i, whole[i], r.Status, r.Detail)
		}
	}
	if harmless > 100 {
		t.Errorf("%d of %d changes went unnoticed", harmless, len(whole))
	}

	var tree any
	if err := json.Unmarshal(whole, &tree); err != nil {
		t.Fatal(err)
	}
	walk(tree, "", func(path string) {
		var err error
		if answer, err = json.Marshal(tree); err != nil {
			t.Fatal(err)
		}
		if r := l.verifier.VerifyPair(t.Context(), sig, crt, digest, byAlice, log); r.Status == sigstore.GoodFromLog {
			t.Errorf("%s: good", path)
		}
	})
}
