package sigstore_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// embeddedDigest is the SHA-256 of trusted_root.json; trusted_root.md says
// where the file is from and how to renew it.
const embeddedDigest = "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66"

func TestEmbeddedTrustRoot(t *testing.T) {
	r, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	if r.SHA256() != embeddedDigest {
		t.Errorf("SHA-256 %s, want %s", r.SHA256(), embeddedDigest)
	}
	note, err := os.ReadFile("trusted_root.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(note), "`"+embeddedDigest+"`") {
		t.Error("trusted_root.md names another digest")
	}
	if r.Source() != sigstore.EmbeddedSource {
		t.Errorf("source %q", r.Source())
	}
	if want := time.Date(2025, 9, 23, 0, 0, 0, 0, time.UTC); !r.Newest().Equal(want) {
		t.Errorf("newest %s, want %s, the start of log2025-1", r.Newest(), want)
	}

	kinds := make(map[sigstore.AnchorKind]int)
	for i, a := range r.Anchors() {
		kinds[a.Kind]++
		if len(a.KeyID) != 64 || a.Start.IsZero() || a.Start.Location() != time.UTC || !strings.HasPrefix(a.URL, "https://") {
			t.Errorf("anchor %d: %+v", i, a)
		}
	}
	for kind, want := range map[sigstore.AnchorKind]int{
		sigstore.TransparencyLog: 2, sigstore.CertificateLog: 2, sigstore.CertificateAuthority: 2, sigstore.TimestampAuthority: 1,
	} {
		if kinds[kind] != want {
			t.Errorf("%d of kind %s, want %d", kinds[kind], kind, want)
		}
	}
	rekor := sigstore.Anchor{
		Kind: sigstore.TransparencyLog, URL: "https://rekor.sigstore.dev",
		KeyID: "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d", // as in every bundle of CPython's
		Start: time.Date(2021, 1, 12, 11, 53, 27, 0, time.UTC),
	}
	var found bool
	for _, a := range r.Anchors() {
		found = found || a == rekor
	}
	if !found {
		t.Errorf("no %+v", rekor)
	}
}

func TestCorpusTrustRoot(t *testing.T) {
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	want, err := os.ReadFile(filepath.Join(dir, "trust", "trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("trusted_root.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("trusted_root.json is not what was published")
	}
}

func TestParseTrustRootErrors(t *testing.T) {
	l := newLab(t, "errors")
	good := trustRoot(t, l, func(map[string]any) {})
	without := func(key string) []byte {
		return trustRoot(t, l, func(r map[string]any) { delete(r, key) })
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "unmarshal"},
		{"not JSON", []byte("<html>"), "unmarshal"},
		{"truncated", good[:len(good)/2], "unmarshal"},
		{"other JSON", []byte(`{}`), "media type"},
		{"a bundle", l.sign(t, sigstoretest.Signing{}), "unknown field"},
		{"too large", append(bytes.Clone(good), make([]byte, sigstore.MaxTrustRootSize)...), "larger than 1048576 bytes"},
		{"no log", without("tlogs"), "names no transparency-log"},
		{"no certificate log", without("ctlogs"), "names no certificate-log"},
		{"no authority", without("certificateAuthorities"), "names no certificate-authority"},
		{"half an authority", trustRoot(t, l, func(r map[string]any) { delete(first(r, "certificateAuthorities"), "certChain") }), "cert chain"},
		{"half a log", trustRoot(t, l, func(r map[string]any) { delete(first(r, "tlogs"), "publicKey") }), "public key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := sigstore.ParseTrustRoot("my-root.json", test.data)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range []string{"my-root.json", test.want, "give a trusted_root.json"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
	if _, err := sigstore.ParseTrustRoot("good", good); err != nil {
		t.Error(err)
	}
}

// TestKeyTrustRoot has trust roots that name only part of what certificates
// need. With a managed key they demand what they name, no less.
func TestKeyTrustRoot(t *testing.T) {
	l := newLab(t, "parts")
	key, err := l.ManagedKey("the key")
	if err != nil {
		t.Fatal(err)
	}
	byKey := sigstore.Policy{Key: key.Public()}
	trusting := func(names ...string) lab {
		data := trustRoot(t, l, func(r map[string]any) {
			for _, kind := range []string{"tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"} {
				if !slices.Contains(names, kind) {
					delete(r, kind)
				}
			}
		})
		r, err := sigstore.ParseKeyTrustRoot("parts", data)
		if err != nil {
			t.Fatal(err)
		}
		if r.Newest().IsZero() != (len(names) == 0) {
			t.Errorf("%v: newest %s", names, r.Newest())
		}
		v, err := sigstore.NewVerifier(r)
		if err != nil {
			t.Fatal(err)
		}
		return lab{l.Sigstore, v}
	}
	nothing, logs, stamps := trusting(), trusting("tlogs"), trusting("timestampAuthorities")
	type S = sigstoretest.Signing
	good, unlogged := outcome{sigstore.Good, ""}, outcome{sigstore.Untrusted, sigstore.UntrustedLog}
	tests := []struct {
		name    string
		root    lab
		signing S
		policy  sigstore.Policy
		want    outcome
	}{
		{"nothing", nothing, S{Key: key, Log: sigstoretest.NoLog}, byKey, good},
		{"nothing, DSSE", nothing, S{Key: key, Log: sigstoretest.NoLog, DSSE: true}, byKey, good},
		{"nothing, stamped", nothing, S{Key: key, Log: sigstoretest.NoLog, Timestamp: true}, byKey, good},
		{"nothing, forged", nothing, S{Key: key, Log: sigstoretest.NoLog, Flaw: sigstoretest.ForgedSignature}, byKey, outcome{sigstore.Bad, sigstore.BadSignature}},
		{"nothing, an entry", nothing, S{Key: key}, byKey, unlogged},
		{"nothing, an entry of Rekor v2", nothing, S{Key: key, Log: sigstoretest.RekorV2}, byKey, unlogged},
		{"nothing, a certificate", nothing, S{}, byAlice, outcome{sigstore.Untrusted, sigstore.UntrustedChain}},
		{"nothing, a certificate without entry", nothing, S{Log: sigstoretest.NoLog, Timestamp: true}, byAlice, outcome{sigstore.Untrusted, sigstore.UntrustedChain}},
		{"logs", logs, S{Key: key}, byKey, good},
		{"logs, Rekor v2", logs, S{Key: key, Log: sigstoretest.RekorV2}, byKey, good},
		{"logs, no entry", logs, S{Key: key, Log: sigstoretest.NoLog}, byKey, unlogged},
		{"logs, forged promise", logs, S{Key: key, Flaw: sigstoretest.ForgedPromise}, byKey, outcome{sigstore.Bad, sigstore.BadLogEntry}},
		{"stamps", stamps, S{Key: key, Log: sigstoretest.NoLog, Timestamp: true}, byKey, good},
		{"stamps, none", stamps, S{Key: key, Log: sigstoretest.NoLog}, byKey, good},
		{"stamps, damaged", stamps, S{Key: key, Log: sigstoretest.NoLog, Timestamp: true, Flaw: sigstoretest.DamagedTimestamp}, byKey, outcome{sigstore.Bad, sigstore.BadTimestamp}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, r := test.root.outcome(l.sign(t, test.signing), test.policy); got != test.want {
				t.Errorf("got %v, want %v (%s)", got, test.want, r.Detail)
			}
		})
	}
	if _, err := sigstore.ParseKeyTrustRoot("mine", []byte("{}")); err == nil || !strings.Contains(err.Error(), "mine: ") {
		t.Errorf("%v", err)
	}
}

// TestTrustRootWindows has keys that were not valid any more when alice signed.
func TestTrustRootWindows(t *testing.T) {
	l := newLab(t, "windows")
	ended := func(validFor any) { validFor.(map[string]any)["end"] = "2023-01-01T00:00:00Z" }
	v1 := sigstoretest.Signing{}
	v2 := sigstoretest.Signing{Log: sigstoretest.RekorV2, Timestamp: true}
	tests := []struct {
		name    string
		signing sigstoretest.Signing
		edit    func(map[string]any)
		want    outcome
	}{
		{"log", v1, func(r map[string]any) { ended(first(r, "tlogs")["publicKey"].(map[string]any)["validFor"]) },
			outcome{sigstore.Untrusted, sigstore.UntrustedLog}},
		{"certificate log", v1, func(r map[string]any) { ended(first(r, "ctlogs")["publicKey"].(map[string]any)["validFor"]) },
			outcome{sigstore.Untrusted, sigstore.UntrustedSCT}},
		{"certificate authority", v1, func(r map[string]any) { ended(first(r, "certificateAuthorities")["validFor"]) },
			outcome{sigstore.Untrusted, sigstore.UntrustedChain}},
		{"certificate authority, a second after", v1, func(r map[string]any) {
			first(r, "certificateAuthorities")["validFor"].(map[string]any)["end"] = signing.Add(time.Second).Format(time.RFC3339)
		}, outcome{sigstore.Untrusted, sigstore.UntrustedChain}},
		{"timestamp authority", v2, func(r map[string]any) { ended(first(r, "timestampAuthorities")["validFor"]) },
			outcome{sigstore.Untrusted, sigstore.UntrustedTime}},
		{"no timestamp authority", v2, func(r map[string]any) { delete(r, "timestampAuthorities") },
			outcome{sigstore.Untrusted, sigstore.UntrustedTime}},
		// Its timestamp cannot be judged, and need not be: the log has a time.
		{"no timestamp authority, Rekor v1", sigstoretest.Signing{Timestamp: true}, func(r map[string]any) { delete(r, "timestampAuthorities") },
			outcome{sigstore.Good, ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := l.sign(t, test.signing)
			if got, r := l.outcome(data, byAlice); got.status != sigstore.Good {
				t.Fatalf("unedited: %v (%s)", got, r.Detail)
			}
			edited := lab{l.Sigstore, newVerifier(t, trustRoot(t, l, test.edit))}
			if got, r := edited.outcome(data, byAlice); got != test.want {
				t.Errorf("got %v, want %v (%s)", got, test.want, r.Detail)
			}
		})
	}
}

// trustRoot returns the lab's trust root, edited.
func trustRoot(t *testing.T, l lab, edit func(map[string]any)) []byte {
	t.Helper()
	data, err := l.TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	edit(r)
	if data, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	return data
}

func first(r map[string]any, key string) map[string]any {
	return r[key].([]any)[0].(map[string]any)
}

// FuzzParseTrustRoot: no file makes a trust root by which a bundle of another
// Sigstore is good, unless it is that Sigstore's.
func FuzzParseTrustRoot(f *testing.F) {
	l := newLab(f, "fuzz trust root")
	whole, err := l.TrustRoot()
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{
		whole, sigstore.EmbeddedTrustRootJSON(), whole[:len(whole)/2], nil, []byte("{}"), []byte("<html>"),
		[]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`),
		bytes.Replace(whole, []byte(`"rawBytes":"`), []byte(`"rawBytes":"AAAA`), 1),
		bytes.ReplaceAll(whole, []byte(`"validFor"`), []byte(`"invalidFor"`)),
		bytes.Replace(whole, []byte(`"logId":`), []byte(`"logId":null,"x":`), 1),
		bytes.Replace(whole, []byte(`"start":"2021`), []byte(`"start":"2121`), 1),
	} {
		f.Add(data)
	}
	stranger := newLab(f, "another")
	bundle := stranger.sign(f, sigstoretest.Signing{})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func(string, []byte) (*sigstore.TrustRoot, error){sigstore.ParseTrustRoot, sigstore.ParseKeyTrustRoot} {
			r, err := parse("fuzz", data)
			if err != nil {
				if r != nil || strings.Contains(err.Error(), "\n") {
					t.Fatalf("%v with %q", r, err)
				}
				continue
			}
			if len(data) > sigstore.MaxTrustRootSize {
				t.Fatal("too large")
			}
			v, err := sigstore.NewVerifier(r)
			if err != nil {
				continue
			}
			if got := v.Verify(bundle, digest, byAlice); got.Status == sigstore.Good {
				t.Fatalf("%+v", got)
			}
		}
	})
}
