package sigstore_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

type outcome struct {
	status sigstore.Status
	reason sigstore.Reason
}

func (l lab) outcome(data []byte, p sigstore.Policy) (outcome, sigstore.Result) {
	r := l.verifier.Verify(data, digest, p)
	return outcome{r.Status, r.Reason}, r
}

// forms is every form of bundle that today's clients make or read.
var forms = map[string]sigstoretest.Signing{
	"v0.1":                {Version: "0.1"},
	"v0.1, promise only":  {Version: "0.1", WithoutProof: true},
	"v0.1, stamped":       {Version: "0.1", Timestamp: true},
	"v0.1, P-384/SHA-256": {Version: "0.1", Algorithm: sigstoretest.P384SHA256},
	"v0.2, P-384/SHA-256": {Version: "0.2", Algorithm: sigstoretest.P384SHA256, IssuerV1Only: true},
	"v0.3":                {},
	"v0.3, stamped":       {Timestamp: true},
	"v0.3, proof only":    {WithoutPromise: true, Timestamp: true},
	"v0.3, old spelling":  {MediaType: "application/vnd.dev.sigstore.bundle+json;version=0.3"},
	"URI SAN":             {SAN: "https://example.org/alice/.github/workflows/release.yml@refs/tags/v1"},
	"Rekor v2":            {Log: sigstoretest.RekorV2, Timestamp: true},
	"Rekor v2, ECDSA":     {Log: sigstoretest.RekorV2ECDSA, Timestamp: true},
	"DSSE":                {DSSE: true},
	"DSSE, P-384/SHA-256": {DSSE: true, Algorithm: sigstoretest.P384SHA256},
	"DSSE, P-384/SHA-384": {DSSE: true, Algorithm: sigstoretest.P384SHA384},
	"DSSE, v0.1":          {DSSE: true, StatementType: "https://in-toto.io/Statement/v0.1"},
	"DSSE, Rekor v2":      {DSSE: true, Log: sigstoretest.RekorV2, Timestamp: true},
}

// flaws is what each flaw must come out as, whatever the form.
var flaws = map[sigstoretest.Flaw]outcome{
	sigstoretest.ForgedChain:      {sigstore.Untrusted, sigstore.UntrustedChain},
	sigstoretest.NoSCT:            {sigstore.Untrusted, sigstore.UntrustedSCT},
	sigstoretest.ForgedSCT:        {sigstore.Untrusted, sigstore.UntrustedSCT},
	sigstoretest.UnknownCTLog:     {sigstore.Untrusted, sigstore.UntrustedSCT},
	sigstoretest.ForgedSignature:  {sigstore.Bad, sigstore.BadSignature},
	sigstoretest.OtherEntry:       {sigstore.Bad, sigstore.BadLogEntry},
	sigstoretest.UnknownLog:       {sigstore.Untrusted, sigstore.UntrustedLog},
	sigstoretest.ForgedPromise:    {sigstore.Bad, sigstore.BadLogEntry},
	sigstoretest.ForgedProof:      {sigstore.Bad, sigstore.BadLogEntry},
	sigstoretest.ForgedCheckpoint: {sigstore.Bad, sigstore.BadLogEntry},
	sigstoretest.LateEntry:        {sigstore.Bad, sigstore.BadTimestamp},
	sigstoretest.OtherTimestamp:   {sigstore.Bad, sigstore.BadTimestamp},
	sigstoretest.DamagedTimestamp: {sigstore.Bad, sigstore.BadTimestamp},
	sigstoretest.LateTimestamp:    {sigstore.Bad, sigstore.BadTimestamp},
	sigstoretest.UnknownTSA:       {sigstore.Untrusted, sigstore.UntrustedTime},
}

// TestForms verifies each form without flaw, then with each flaw it can have.
func TestForms(t *testing.T) {
	l := newLab(t, "forms")
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			want := alice
			if form.SAN != "" {
				want.SAN = form.SAN
			}
			policy := sigstore.Policy{Identities: []sigstore.Identity{want}}
			r := l.verifier.Verify(l.sign(t, form), digest, policy)
			if r.Status != sigstore.Good || r.Reason != "" || r.Detail != "" || r.Identity != want {
				t.Fatalf("without flaw: %+v", r)
			}
			predicate := ""
			if form.DSSE {
				predicate = "https://docs.pypi.org/attestations/publish/v1"
			}
			if r.PredicateType != predicate {
				t.Errorf("predicate type %q, want %q", r.PredicateType, predicate)
			}
			for _, flaw := range sigstoretest.Flaws() {
				if !flaw.Applies(form) {
					continue
				}
				want, ok := flaws[flaw]
				if !ok {
					t.Fatalf("%s is not in the table", flaw)
				}
				flawed := form
				flawed.Flaw = flaw
				got, r := l.outcome(l.sign(t, flawed), policy)
				if got != want {
					t.Errorf("%s: got %v, want %v (%s)", flaw, got, want, r.Detail)
				}
				if r.Detail == "" || strings.Contains(r.Detail, "\n") || r.Identity != (sigstore.Identity{}) {
					t.Errorf("%s: detail %q, identity %v", flaw, r.Detail, r.Identity)
				}
			}
		})
	}
}

func TestOutcomes(t *testing.T) {
	l := newLab(t, "outcomes")
	other := newLab(t, "another Sigstore")
	type S = sigstoretest.Signing
	good := l.sign(t, S{})
	edit := func(data []byte, old, new string) []byte {
		out := bytes.Replace(data, []byte(old), []byte(new), 1)
		if bytes.Equal(out, data) {
			t.Fatalf("no %q to edit", old)
		}
		return out
	}
	payload := func(p string) []byte { // of another envelope; it need not be signed for what comes first
		var b map[string]any
		if err := json.Unmarshal(l.sign(t, S{DSSE: true}), &b); err != nil {
			t.Fatal(err)
		}
		b["dsseEnvelope"].(map[string]any)["payload"] = base64.StdEncoding.EncodeToString([]byte(p))
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	const v03 = "application/vnd.dev.sigstore.bundle.v0.3+json"
	elsewhere := sha256.Sum256([]byte("another artifact"))

	tests := []struct {
		name   string
		data   []byte
		want   outcome
		detail string // a part of it
	}{
		{"good", good, outcome{sigstore.Good, ""}, ""},
		{"other bytes", l.sign(t, S{Digest: elsewhere}), outcome{sigstore.DigestMismatch, ""}, "the bundle is for SHA-256 "},
		{"other bytes, DSSE", l.sign(t, S{Digest: elsewhere, DSSE: true}), outcome{sigstore.DigestMismatch, ""}, "about other files"},
		{"other bytes, and forged", l.sign(t, S{Digest: elsewhere, Flaw: sigstoretest.ForgedSignature}), outcome{sigstore.DigestMismatch, ""}, "the bundle is for"},
		{"other bytes, no checkpoint", l.sign(t, S{Digest: elsewhere, Version: "0.1", WithoutCheckpoint: true}), outcome{sigstore.DigestMismatch, ""}, "the bundle is for"},
		{"somebody else", l.sign(t, S{SAN: "bob@example.org"}), outcome{sigstore.WrongIdentity, ""}, `signed by "bob@example.org"`},
		{"somebody else, and forged", l.sign(t, S{SAN: "bob@example.org", Flaw: sigstoretest.ForgedPromise}), outcome{sigstore.Bad, sigstore.BadLogEntry}, "promise"},
		{"another Sigstore", other.sign(t, S{}), outcome{sigstore.Untrusted, sigstore.UntrustedChain}, "certificate authority"},
		{"not logged", l.sign(t, S{Log: sigstoretest.NoLog, Timestamp: true}), outcome{sigstore.Untrusted, sigstore.UntrustedLog}, "no log entry"},
		{"no time, Rekor v2", l.sign(t, S{Log: sigstoretest.RekorV2}), outcome{sigstore.Untrusted, sigstore.UntrustedTime}, "neither the log nor"},
		{"no time, proof only", l.sign(t, S{WithoutPromise: true}), outcome{sigstore.Untrusted, sigstore.UntrustedTime}, "neither the log nor"},
		{"before there was an authority", l.sign(t, S{Time: founded.Add(-time.Hour)}), outcome{sigstore.Untrusted, sigstore.UntrustedChain}, "certificate authority"},
		{"SHA-384", l.sign(t, S{Algorithm: sigstoretest.P384SHA384, SHA384: sha512.Sum384([]byte("an artifact"))}), outcome{sigstore.Incompatible, sigstore.OtherHash}, "SHA-384"},
		{"SHA-512, DSSE", payload(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha512":"00"}}]}`), outcome{sigstore.Incompatible, sigstore.OtherHash}, "no SHA-256"},
		{"no subject, DSSE", payload(`{"_type":"https://in-toto.io/Statement/v1"}`), outcome{sigstore.Incompatible, sigstore.OtherHash}, "no SHA-256"},
		{"changed statement, DSSE", payload(fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha256":"%x"}}]}`, digest)), outcome{sigstore.Bad, sigstore.BadSignature}, "not made over this digest"},
		{"no statement, DSSE", payload(`hello`), outcome{sigstore.Malformed, sigstore.NotABundle}, "without in-toto statement"},
		{"statement without type, DSSE", l.sign(t, S{DSSE: true, StatementType: sigstoretest.NoStatementType}), outcome{sigstore.Malformed, sigstore.NotABundle}, `a statement of type "", which`},
		{"statement of unknown type, DSSE", l.sign(t, S{DSSE: true, StatementType: "https://in-toto.io/Statement/v2"}), outcome{sigstore.Malformed, sigstore.NotABundle}, `a statement of type "https://in-toto.io/Statement/v2", which`},
		{"not in-toto, DSSE", edit(l.sign(t, S{DSSE: true}), "application/vnd.in-toto+json", "text/plain"), outcome{sigstore.Malformed, sigstore.NotABundle}, "without in-toto statement"},
		{"no algorithm", edit(good, `"algorithm":"SHA2_256",`, ""), outcome{sigstore.Malformed, sigstore.NotABundle}, "what its digest is of"},
		{"SHA3-256", edit(good, `"SHA2_256"`, `"SHA3_256"`), outcome{sigstore.Incompatible, sigstore.OtherHash}, "SHA3_256"},
		{"short digest", edit(good, `"digest":"`+base64.StdEncoding.EncodeToString(digest[:])+`"`, `"digest":"AAAA"`), outcome{sigstore.Malformed, sigstore.NotABundle}, "of 3 bytes"},
		{"long media type", edit(good, v03, v03+strings.Repeat("x", 100)), outcome{sigstore.Malformed, sigstore.NotABundle}, "media type"},
		{"v0.1, no checkpoint", l.sign(t, S{Version: "0.1", WithoutCheckpoint: true}), outcome{sigstore.Incompatible, sigstore.NoCheckpoint}, "old, not forged"},
		{"v0.2, no checkpoint", l.sign(t, S{Version: "0.2", WithoutCheckpoint: true}), outcome{sigstore.Malformed, sigstore.NotABundle}, "checkpoint"},
		{"v0.1, no promise", l.sign(t, S{Version: "0.1", WithoutPromise: true}), outcome{sigstore.Malformed, sigstore.NotABundle}, "promise"},
		{"v0.3, no proof", l.sign(t, S{WithoutProof: true}), outcome{sigstore.Malformed, sigstore.NotABundle}, "proof"},
		{"v0.4", l.sign(t, S{MediaType: "application/vnd.dev.sigstore.bundle.v0.4+json"}), outcome{sigstore.Incompatible, sigstore.NewerBundle}, "v0.4"},
		{"v0.4 with new fields", edit(edit(good, v03, "application/vnd.dev.sigstore.bundle.v0.4+json"), "{", `{"new":{},`), outcome{sigstore.Incompatible, sigstore.NewerBundle}, "v0.4"},
		{"version 2", l.sign(t, S{MediaType: "application/vnd.dev.sigstore.bundle+json;version=2"}), outcome{sigstore.Incompatible, sigstore.NewerBundle}, "version=2"},
		{"v0.0", l.sign(t, S{MediaType: "application/vnd.dev.sigstore.bundle.v0.0+json"}), outcome{sigstore.Incompatible, sigstore.NewerBundle}, "v0.0"},
		{"unknown field", edit(good, "{", `{"new":{},`), outcome{sigstore.Malformed, sigstore.NotABundle}, "unknown field"},
		{"field twice", edit(good, "{", `{"mediaType":"`+v03+`",`), outcome{sigstore.Malformed, sigstore.NotABundle}, "duplicate field"},
		{"trust root", []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`), outcome{sigstore.Malformed, sigstore.NotABundle}, "media type"},
		{"no content", []byte(`{"mediaType":"` + v03 + `"}`), outcome{sigstore.Malformed, sigstore.NotABundle}, "material"},
		{"other JSON", []byte(`{"a":1}`), outcome{sigstore.Malformed, sigstore.NotABundle}, "media type"},
		{"JSON, no object", []byte(`[]`), outcome{sigstore.Malformed, sigstore.NotABundle}, "media type"},
		{"null", []byte(`null`), outcome{sigstore.Malformed, sigstore.NotABundle}, "media type"},
		{"nil", nil, outcome{sigstore.Malformed, sigstore.Empty}, "empty"},
		{"white space", []byte(" \r\n\t"), outcome{sigstore.Malformed, sigstore.Empty}, "empty"},
		{"web page", []byte("\r\n<!DOCTYPE html><html><body>404 Not Found"), outcome{sigstore.Malformed, sigstore.HTML}, "web page"},
		{"web page with BOM", []byte("\ufeff<html>"), outcome{sigstore.Malformed, sigstore.HTML}, "web page"},
		{"truncated", good[:len(good)/2], outcome{sigstore.Malformed, sigstore.NotJSON}, "not JSON"},
		{"two bundles", append(bytes.Clone(good), good...), outcome{sigstore.Malformed, sigstore.NotJSON}, "not JSON"},
		{"BOM", append([]byte("\ufeff"), good...), outcome{sigstore.Malformed, sigstore.NotJSON}, "byte order mark"},
		{"PGP", []byte("-----BEGIN PGP SIGNATURE-----"), outcome{sigstore.Malformed, sigstore.NotJSON}, "not JSON"},
		{"as large as allowed", pad(good, sigstore.MaxBundleSize), outcome{sigstore.Good, ""}, ""},
		{"too large", pad(good, sigstore.MaxBundleSize+1), outcome{sigstore.Malformed, sigstore.TooLarge}, "larger than 1048576 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, r := l.outcome(test.data, byAlice)
			if got != test.want || !strings.Contains(r.Detail, test.detail) || (r.Detail == "") != (r.Status == sigstore.Good) {
				t.Errorf("got %v, want %v (%q, want %q)", got, test.want, r.Detail, test.detail)
			}
			if known := r.Status == sigstore.Good || r.Status == sigstore.WrongIdentity; (r.Identity != sigstore.Identity{}) != known {
				t.Errorf("identity %v with status %s", r.Identity, r.Status)
			}
		})
	}
}

func pad(data []byte, size int) []byte {
	return append(bytes.Clone(data), bytes.Repeat([]byte(" "), size-len(data))...)
}

// TestWithoutCheckpoint has the bundles python.org served before 2024-09-11.
func TestWithoutCheckpoint(t *testing.T) {
	l := newLab(t, "checkpoints")
	bob := sigstore.Identity{SAN: "bob@example.org", Issuer: alice.Issuer}
	tests := []struct {
		name     string
		signing  sigstoretest.Signing
		want     outcome
		identity sigstore.Identity // of the promise, if it holds
	}{
		{"old", sigstoretest.Signing{}, outcome{sigstore.Incompatible, sigstore.NoCheckpoint}, alice},
		{"of another", sigstoretest.Signing{SAN: bob.SAN}, outcome{sigstore.Incompatible, sigstore.NoCheckpoint}, bob},
		{"forged promise", sigstoretest.Signing{Flaw: sigstoretest.ForgedPromise}, outcome{sigstore.Incompatible, sigstore.NoCheckpoint}, sigstore.Identity{}},
		{"unknown log", sigstoretest.Signing{Flaw: sigstoretest.UnknownLog}, outcome{sigstore.Incompatible, sigstore.NoCheckpoint}, sigstore.Identity{}},
		{"late", sigstoretest.Signing{Flaw: sigstoretest.LateEntry}, outcome{sigstore.Incompatible, sigstore.NoCheckpoint}, sigstore.Identity{}},
		{"no promise either", sigstoretest.Signing{WithoutPromise: true}, outcome{sigstore.Malformed, sigstore.NotABundle}, sigstore.Identity{}},
		// Whatever the log would say, these do not hold.
		{"forged signature", sigstoretest.Signing{Flaw: sigstoretest.ForgedSignature}, outcome{sigstore.Bad, sigstore.BadSignature}, sigstore.Identity{}},
		{"forged chain", sigstoretest.Signing{Flaw: sigstoretest.ForgedChain}, outcome{sigstore.Untrusted, sigstore.UntrustedChain}, sigstore.Identity{}},
		{"no SCT", sigstoretest.Signing{Flaw: sigstoretest.NoSCT}, outcome{sigstore.Untrusted, sigstore.UntrustedSCT}, sigstore.Identity{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.signing.Version, test.signing.WithoutCheckpoint = "0.1", true
			got, r := l.outcome(l.sign(t, test.signing), byAlice)
			if got != test.want || r.PromiseIdentity != test.identity || r.PromiseHolds != (test.identity != sigstore.Identity{}) {
				t.Errorf("got %v, promise %t of %v (%s); want %v, %v", got, r.PromiseHolds, r.PromiseIdentity, r.Detail, test.want, test.identity)
			}
			if r.Identity != (sigstore.Identity{}) || !r.InclusionProof || r.Checkpoint {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	l := newLab(t, "facts")
	tests := []struct {
		name    string
		signing sigstoretest.Signing
		check   func(sigstore.Result) bool
	}{
		{"Rekor v1", sigstoretest.Signing{}, func(r sigstore.Result) bool {
			return r.RekorVersion == 1 && r.LogTime.Equal(signing.Add(2*time.Second)) && r.Time().Equal(r.LogTime) && r.LogIndex > 1_000_000 && len(r.LogID) == 64 &&
				r.InclusionPromise && r.InclusionProof && r.Checkpoint && r.Timestamps == nil &&
				r.BundleVersion == "0.3" && r.MediaType == "application/vnd.dev.sigstore.bundle.v0.3+json" &&
				r.KeyAlgorithm == "ECDSA-P256" && r.HashAlgorithm == "SHA-256" && !r.DeprecatedP384 && !r.IssuerV1Only
		}},
		{"Rekor v2", sigstoretest.Signing{Log: sigstoretest.RekorV2, Timestamp: true}, func(r sigstore.Result) bool {
			return r.RekorVersion == 2 && r.LogTime.IsZero() && len(r.Timestamps) == 1 && r.Time().Equal(signing.Add(time.Second)) &&
				!r.InclusionPromise && r.InclusionProof && r.Checkpoint
		}},
		{"both times", sigstoretest.Signing{Timestamp: true}, func(r sigstore.Result) bool {
			return r.Time().Equal(signing.Add(2*time.Second)) && len(r.Timestamps) == 1 && r.Timestamps[0].Equal(signing.Add(time.Second))
		}},
		// Nobody has signed the log's time of an entry without promise.
		{"proof only", sigstoretest.Signing{WithoutPromise: true, Timestamp: true}, func(r sigstore.Result) bool {
			return r.LogTime.IsZero() && len(r.Timestamps) == 1 && !r.InclusionPromise
		}},
		{"deprecated", sigstoretest.Signing{Version: "0.2", Algorithm: sigstoretest.P384SHA256, IssuerV1Only: true}, func(r sigstore.Result) bool {
			return r.DeprecatedP384 && r.IssuerV1Only && r.KeyAlgorithm == "ECDSA-P384" && r.HashAlgorithm == "SHA-256" && r.BundleVersion == "0.2"
		}},
		{"deprecated, DSSE", sigstoretest.Signing{DSSE: true, Algorithm: sigstoretest.P384SHA256}, func(r sigstore.Result) bool {
			return r.DeprecatedP384 && r.HashAlgorithm == "SHA-256"
		}},
		{"not deprecated, DSSE", sigstoretest.Signing{DSSE: true, Algorithm: sigstoretest.P384SHA384}, func(r sigstore.Result) bool {
			return !r.DeprecatedP384 && r.KeyAlgorithm == "ECDSA-P384" && r.HashAlgorithm == "SHA-384"
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if r := l.verifier.Verify(l.sign(t, test.signing), digest, byAlice); r.Status != sigstore.Good || !test.check(r) {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("bad ones have them too", func(t *testing.T) {
		r := l.verifier.Verify(l.sign(t, sigstoretest.Signing{Timestamp: true, Flaw: sigstoretest.ForgedSCT}), digest, byAlice)
		if r.Status != sigstore.Untrusted || r.Claimed != alice || r.Identity != (sigstore.Identity{}) || r.LogTime.IsZero() || len(r.Timestamps) != 1 || r.KeyAlgorithm == "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestIdentityIsExact has signers that look like alice.
func TestIdentityIsExact(t *testing.T) {
	l := newLab(t, "identities")
	data := l.sign(t, sigstoretest.Signing{})
	id := func(san, issuer string) sigstore.Policy {
		return sigstore.Policy{Identities: []sigstore.Identity{{SAN: san, Issuer: issuer}}}
	}
	policies := map[string]sigstore.Policy{
		"upper case":           id("Alice@example.org", alice.Issuer),
		"upper-case domain":    id("alice@Example.org", alice.Issuer),
		"leading space":        id(" "+alice.SAN, alice.Issuer),
		"trailing newline":     id(alice.SAN+"\n", alice.Issuer),
		"prefix":               id("alice@example", alice.Issuer),
		"suffix":               id("alice@example.org.evil", alice.Issuer),
		"Cyrillic":             id("аlice@example.org", alice.Issuer),
		"zero width":           id("alice\u200b@example.org", alice.Issuer),
		"dot as any character": id("alice@example.org", "https://accounts-example.org"),
		"issuer with slash":    id(alice.SAN, alice.Issuer+"/"),
		"issuer over http":     id(alice.SAN, "http://accounts.example.org"),
		"issuer, upper case":   id(alice.SAN, "https://Accounts.example.org"),
		"swapped":              id(alice.Issuer, alice.SAN),
		"expression as SAN":    id(".*", alice.Issuer),
		"expression as issuer": id(alice.SAN, ".*"),
		// A SAN of one and an issuer of the other are nobody's.
		"mixed pairs": {Identities: []sigstore.Identity{{SAN: alice.SAN, Issuer: github}, {SAN: "bob@example.org", Issuer: alice.Issuer}}},
	}
	for name, policy := range policies {
		got, r := l.outcome(data, policy)
		if got != (outcome{sigstore.WrongIdentity, ""}) || r.Identity != alice {
			t.Errorf("%s: %v, identity %v", name, got, r.Identity)
		}
	}
	among := sigstore.Policy{Identities: []sigstore.Identity{{SAN: "bob@example.org", Issuer: alice.Issuer}, alice}}
	if got, _ := l.outcome(data, among); got != (outcome{sigstore.Good, ""}) {
		t.Errorf("one of two: %v", got)
	}

	// And the reverse: a lookalike signs, alice is expected.
	for _, san := range []string{"ALICE@example.org", "alice@example.org.evil", "xn--lice-53d@example.org"} {
		got, r := l.outcome(l.sign(t, sigstoretest.Signing{SAN: san}), byAlice)
		if got != (outcome{sigstore.WrongIdentity, ""}) || r.Identity.SAN != san {
			t.Errorf("signed by %s: %v, identity %v", san, got, r.Identity)
		}
	}
}

func TestPatterns(t *testing.T) {
	l := newLab(t, "patterns")
	const actions = "https://token.actions.githubusercontent.com"
	tests := []struct {
		pattern, san string
		want         bool
	}{
		{`https://github.com/python/.*`, "https://github.com/python/release-tools/.github/workflows/release.yml@refs/tags/v1", true},
		{`https://github.com/python/release-tools/[^@]+@refs/heads/main`, "https://github.com/python/release-tools/x.yml@refs/heads/main", true},
		{`https://github.com/python/release-tools/[^@]+@refs/heads/main`, "https://github.com/python/release-tools/x.yml@refs/heads/main-evil", false},
		{`https://github.com/python/.*`, "https://evil.example/https://github.com/python/release-tools/x.yml@refs/heads/main", false},
		{`https://github.com/python/.*`, "https://github.com/python-evil/release-tools/x.yml@refs/heads/main", false},
		{`https://github.com/python/.*`, "https://github.com/Python/release-tools/x.yml@refs/heads/main", false},
		{`https://github.com/python/x`, "https://github.com/python/x/y", false},
		{`https://github.com/python/x|https://github.com/python/y`, "https://github.com/python/y", true},
		// An alternative is anchored at both ends too.
		{`https://github.com/python/x|https://github.com/python/y`, "https://github.com/python/x/evil", false},
		{`https://github.com/python/x|https://github.com/python/y`, "https://evil.example/https://github.com/python/y", false},
		{`(?m)^https://github.com/python/x$`, "https://github.com/python/x", true},
	}
	for _, test := range tests {
		pattern, err := sigstore.ParsePattern(test.pattern, actions)
		if err != nil {
			t.Fatal(err)
		}
		data := l.sign(t, sigstoretest.Signing{SAN: test.san, Issuer: actions})
		want := outcome{sigstore.WrongIdentity, ""}
		if test.want {
			want.status = sigstore.Good
		}
		if got, r := l.outcome(data, sigstore.Policy{Patterns: []sigstore.Pattern{pattern}}); got != want {
			t.Errorf("%s, signed by %s: %v, want %v (%s)", test.pattern, test.san, got, want, r.Detail)
		}
		pattern.Issuer = "https://token.actions.githubusercontent.com.evil.example"
		if got, _ := l.outcome(data, sigstore.Policy{Patterns: []sigstore.Pattern{pattern}}); got.status != sigstore.WrongIdentity {
			t.Errorf("%s, other issuer: %v", test.pattern, got)
		}
	}
	for _, bad := range []string{"", "(", "a)|(b", `\Qa`, "a**"} {
		if _, err := sigstore.ParsePattern(bad, actions); err == nil {
			t.Errorf("pattern %q was accepted", bad)
		}
	}
	if _, err := sigstore.ParsePattern("a", ""); err == nil {
		t.Error("a pattern without issuer was accepted")
	}
}

// TestBadPolicy has policies that are mistakes; none may ever pass.
func TestBadPolicy(t *testing.T) {
	l := newLab(t, "policies")
	key, err := l.ManagedKey("k")
	if err != nil {
		t.Fatal(err)
	}
	policies := map[string]sigstore.Policy{
		"empty":            {},
		"empty lists":      {Identities: []sigstore.Identity{}, Patterns: []sigstore.Pattern{}},
		"empty identity":   {Identities: []sigstore.Identity{{}}},
		"no issuer":        {Identities: []sigstore.Identity{{SAN: alice.SAN}}},
		"no SAN":           {Identities: []sigstore.Identity{{Issuer: alice.Issuer}}},
		"one is half":      {Identities: []sigstore.Identity{alice, {SAN: "bob@example.org"}}},
		"empty pattern":    {Patterns: []sigstore.Pattern{{Issuer: alice.Issuer}}},
		"wild pattern":     {Patterns: []sigstore.Pattern{{SAN: ".*"}}},
		"stepping out":     {Patterns: []sigstore.Pattern{{SAN: "a)|(.*", Issuer: alice.Issuer}}},
		"key and identity": {Identities: []sigstore.Identity{alice}, Key: key.Public()},
		"no kind of key":   {Key: "a string"},
	}
	bundles := map[string][]byte{
		"by certificate": l.sign(t, sigstoretest.Signing{}),
		"by key":         l.sign(t, sigstoretest.Signing{Key: key}),
	}
	for name, policy := range policies {
		if policy.Validate() == nil {
			t.Errorf("%s: valid", name)
		}
		for signed, data := range bundles {
			if got, r := l.outcome(data, policy); got != (outcome{sigstore.Unchecked, sigstore.BadPolicy}) || !strings.Contains(r.Detail, "policy") && !strings.Contains(r.Detail, "pattern") {
				t.Errorf("%s, signed %s: %v (%s)", name, signed, got, r.Detail)
			}
		}
	}
}

func TestManagedKey(t *testing.T) {
	l := newLab(t, "keys")
	key, err := l.ManagedKey("the key")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := l.ManagedKey("another key")
	if err != nil {
		t.Fatal(err)
	}
	byKey := sigstore.Policy{Key: key.Public()}
	type S = sigstoretest.Signing
	tests := []struct {
		name    string
		signing S
		policy  sigstore.Policy
		want    outcome
	}{
		{"v0.1", S{Version: "0.1"}, byKey, outcome{sigstore.Good, ""}},
		{"v0.3", S{Hint: "a hint"}, byKey, outcome{sigstore.Good, ""}},
		{"stamped", S{Timestamp: true}, byKey, outcome{sigstore.Good, ""}},
		{"DSSE", S{DSSE: true}, byKey, outcome{sigstore.Good, ""}},
		{"Rekor v2", S{Log: sigstoretest.RekorV2, Timestamp: true}, byKey, outcome{sigstore.Good, ""}},
		// A key has no validity that a time could fall out of.
		{"Rekor v2, no time", S{Log: sigstoretest.RekorV2}, byKey, outcome{sigstore.Good, ""}},
		{"other key", S{}, sigstore.Policy{Key: stranger.Public()}, outcome{sigstore.Bad, sigstore.BadSignature}},
		{"other key, Rekor v2", S{Log: sigstoretest.RekorV2}, sigstore.Policy{Key: stranger.Public()}, outcome{sigstore.Bad, sigstore.BadSignature}},
		{"identity wanted", S{}, byAlice, outcome{sigstore.Untrusted, sigstore.UnexpectedKind}},
		{"not logged", S{Log: sigstoretest.NoLog}, byKey, outcome{sigstore.Untrusted, sigstore.UntrustedLog}},
		{"not logged, stamped", S{Log: sigstoretest.NoLog, Timestamp: true}, byKey, outcome{sigstore.Untrusted, sigstore.UntrustedLog}},
		{"forged signature", S{Flaw: sigstoretest.ForgedSignature}, byKey, outcome{sigstore.Bad, sigstore.BadSignature}},
		{"other entry", S{Flaw: sigstoretest.OtherEntry}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"other entry, Rekor v2", S{Log: sigstoretest.RekorV2, Flaw: sigstoretest.OtherEntry}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"forged promise", S{Flaw: sigstoretest.ForgedPromise}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"forged proof", S{Flaw: sigstoretest.ForgedProof}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"forged checkpoint", S{Flaw: sigstoretest.ForgedCheckpoint}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"forged checkpoint, Rekor v2", S{Log: sigstoretest.RekorV2, Flaw: sigstoretest.ForgedCheckpoint}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"unknown log", S{Flaw: sigstoretest.UnknownLog}, byKey, outcome{sigstore.Untrusted, sigstore.UntrustedLog}},
		{"unknown authority", S{Timestamp: true, Flaw: sigstoretest.UnknownTSA}, byKey, outcome{sigstore.Untrusted, sigstore.UntrustedTime}},
		{"damaged timestamp", S{Log: sigstoretest.RekorV2, Timestamp: true, Flaw: sigstoretest.DamagedTimestamp}, byKey, outcome{sigstore.Bad, sigstore.BadTimestamp}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.signing.Key = key
			got, r := l.outcome(l.sign(t, test.signing), test.policy)
			if got != test.want || r.Identity != (sigstore.Identity{}) {
				t.Errorf("got %v, want %v (%s), identity %v", got, test.want, r.Detail, r.Identity)
			}
		})
	}
	t.Run("log time", func(t *testing.T) {
		r := l.verifier.Verify(l.sign(t, S{Key: key}), digest, byKey)
		if !r.LogTime.Equal(signing.Add(2*time.Second)) || r.KeyAlgorithm != "ECDSA-P256" || r.HashAlgorithm != "SHA-256" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("other algorithms", func(t *testing.T) {
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for name, key := range map[string]crypto.Signer{"RSA-2048": rsaKey, "ECDSA-P384": ecKey} {
			got, r := l.outcome(l.sign(t, S{Key: key}), sigstore.Policy{Key: key.Public()})
			if got != (outcome{sigstore.Good, ""}) || r.KeyAlgorithm != name || r.DeprecatedP384 != (name == "ECDSA-P384") {
				t.Errorf("%s: %v, %+v", name, got, r)
			}
		}
	})
	t.Run("certificate", func(t *testing.T) {
		if got, r := l.outcome(l.sign(t, S{}), byKey); got != (outcome{sigstore.Untrusted, sigstore.UnexpectedKind}) {
			t.Errorf("%v (%s)", got, r.Detail)
		}
	})
	t.Run("Ed25519", func(t *testing.T) {
		pub, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, r := l.outcome(l.sign(t, S{Key: key}), sigstore.Policy{Key: crypto.PublicKey(pub)}); got != (outcome{sigstore.Incompatible, sigstore.OtherHash}) {
			t.Errorf("%v (%s)", got, r.Detail)
		}
	})
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	l := newLab(t, "concurrency")
	data := l.sign(t, sigstoretest.Signing{Timestamp: true})
	wrong := l.sign(t, sigstoretest.Signing{SAN: "bob@example.org"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, r := l.outcome(data, byAlice); got.status != sigstore.Good {
				t.Errorf("%v (%s)", got, r.Detail)
			}
			if got, r := l.outcome(wrong, byAlice); got.status != sigstore.WrongIdentity {
				t.Errorf("%v (%s)", got, r.Detail)
			}
		})
	}
	wg.Wait()
}
