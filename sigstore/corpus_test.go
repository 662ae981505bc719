package sigstore_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"migrate/sigstore"
)

const (
	github = "https://github.com/login/oauth"
	google = "https://accounts.google.com"
)

// signers is who signs which series on python.org.
var signers = map[string]sigstore.Identity{
	"3.7":  {SAN: "nad@python.org", Issuer: github},
	"3.8":  {SAN: "lukasz@langa.pl", Issuer: github},
	"3.9":  {SAN: "lukasz@langa.pl", Issuer: github},
	"3.10": {SAN: "pablogsal@python.org", Issuer: google},
	"3.11": {SAN: "pablogsal@python.org", Issuer: google},
	"3.12": {SAN: "thomas@python.org", Issuer: google},
	"3.13": {SAN: "thomas@python.org", Issuer: google},
	"3.14": {SAN: "hugo@python.org", Issuer: github},
	"3.15": {SAN: "hugo@python.org", Issuer: github},
}

// published is one file of the tracker's data that has a bundle.
type published struct {
	url    string
	series string
	digest [32]byte
	bundle []byte
}

// corpus reads the tracker's data in the folder of that name.
func corpus(t testing.TB, name string) []published {
	t.Helper()
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, name, "versions", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no data in %s: %v", filepath.Join(dir, name), err)
	}
	var out []published
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct {
			SHA256 string `json:"sha256"`
			Raw    struct {
				URL      string          `json:"url"`
				Sigstore json.RawMessage `json:"sigstore"`
			} `json:"raw"`
		}
		if err := json.Unmarshal(data, &rows); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, row := range rows {
			if len(row.Raw.Sigstore) == 0 || string(row.Raw.Sigstore) == "null" {
				continue
			}
			p := published{url: row.Raw.URL, bundle: row.Raw.Sigstore}
			if n, err := hex.Decode(p.digest[:], []byte(row.SHA256)); n != 32 || err != nil {
				t.Fatalf("%s: digest %q", p.url, row.SHA256)
			}
			version := filepath.Base(filepath.Dir(p.url)) // .../python/3.13.5/file
			major, rest, _ := strings.Cut(version, ".")
			minor, _, _ := strings.Cut(rest, ".")
			p.series = major + "." + minor
			out = append(out, p)
		}
	}
	return out
}

func embedded(t testing.TB) *sigstore.Verifier {
	t.Helper()
	r, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	v, err := sigstore.NewVerifier(r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// each verifies every file on two goroutines with one verifier.
func each(v *sigstore.Verifier, files []published, use func(published, sigstore.Result)) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := make(chan published)
	for range 2 {
		wg.Go(func() {
			for p := range next {
				r := v.Verify(p.bundle, p.digest, sigstore.Policy{Identities: []sigstore.Identity{signers[p.series]}})
				mu.Lock()
				use(p, r)
				mu.Unlock()
			}
		})
	}
	for _, p := range files {
		next <- p
	}
	close(next)
	wg.Wait()
}

func TestCorpus(t *testing.T) {
	files := corpus(t, "tracker")
	versions := make(map[string]int)
	v1Only, stamped := 0, 0
	each(embedded(t), files, func(p published, r sigstore.Result) {
		if r.Status != sigstore.Good || r.Identity != signers[p.series] {
			t.Errorf("%s: %s %s: %s", p.url, r.Status, r.Reason, r.Detail)
		}
		versions[r.BundleVersion]++
		if r.RekorVersion != 1 || !r.InclusionPromise || !r.InclusionProof || !r.Checkpoint || r.LogTime.IsZero() || r.HashAlgorithm != "SHA-256" {
			t.Errorf("%s: %+v", p.url, r)
		}
		if old := r.BundleVersion != "0.3"; r.DeprecatedP384 != old {
			t.Errorf("%s: v%s, key %s, DeprecatedP384 %t", p.url, r.BundleVersion, r.KeyAlgorithm, r.DeprecatedP384)
		}
		if r.IssuerV1Only {
			v1Only++
		}
		if len(r.Timestamps) > 0 {
			stamped++
		}
	})
	// Counted in the data with another program.
	if versions["0.1"] != 184 || versions["0.2"] != 24 || versions["0.3"] != 381 {
		t.Errorf("bundles by version: %v", versions)
	}
	t.Logf("%d with the issuer in the old extension only, %d with RFC 3161 timestamps", v1Only, stamped)
}

// TestCorpusWithoutCheckpoints has bundles as python.org served them before it
// added the checkpoints.
func TestCorpusWithoutCheckpoints(t *testing.T) {
	files := corpus(t, "tracker-2024-08-10")
	lukasz := sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: github}
	incompatible, good, others := 0, 0, 0
	each(embedded(t), files, func(p published, r sigstore.Result) {
		switch {
		case r.BundleVersion == "0.2" && r.Status == sigstore.Good:
			good++
		case r.Status != sigstore.Incompatible || r.Reason != sigstore.NoCheckpoint:
			t.Errorf("%s: v%s, %s %s: %s", p.url, r.BundleVersion, r.Status, r.Reason, r.Detail)
		default:
			incompatible++
			if !r.PromiseHolds || r.Checkpoint || !r.InclusionProof || r.Identity != (sigstore.Identity{}) {
				t.Errorf("%s: %+v", p.url, r)
			}
			if r.PromiseIdentity == signers[p.series] {
				return
			}
			others++
			if r.PromiseIdentity != lukasz || !strings.Contains(p.url, "/3.11.4/") {
				t.Errorf("%s: promised to %v", p.url, r.PromiseIdentity)
			}
		}
	})
	if incompatible != 69 || good != 12 || others != 7 {
		t.Errorf("%d incompatible, %d good, %d of another release manager; want 69, 12, 7", incompatible, good, others)
	}
}

// BenchmarkVerify and BenchmarkLibrary verify the same bundles.
func BenchmarkVerify(b *testing.B) {
	files := corpus(b, "tracker")
	v := embedded(b)
	for i := 0; b.Loop(); i++ {
		p := files[i%len(files)]
		if r := v.Verify(p.bundle, p.digest, sigstore.Policy{Identities: []sigstore.Identity{signers[p.series]}}); r.Status != sigstore.Good {
			b.Fatalf("%s: %s", p.url, r.Detail)
		}
	}
}

func BenchmarkLibrary(b *testing.B) {
	files := corpus(b, "tracker")
	data, err := os.ReadFile("trusted_root.json")
	if err != nil {
		b.Fatal(err)
	}
	material, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		b.Fatal(err)
	}
	v, err := verify.NewVerifier(material, verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		p := files[i%len(files)]
		var bn bundle.Bundle
		if err := bn.UnmarshalJSON(p.bundle); err != nil {
			b.Fatal(err)
		}
		id, err := verify.NewShortCertificateIdentity(signers[p.series].Issuer, "", signers[p.series].SAN, "")
		if err != nil {
			b.Fatal(err)
		}
		policy := verify.NewPolicy(verify.WithArtifactDigest("sha256", p.digest[:]), verify.WithCertificateIdentity(id))
		if _, err := v.Verify(&bn, policy); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCorpusPairs takes real bundles of the time of the pairs apart, into the
// pair and what Rekor's API answers, and puts them to the verifier as that.
func TestCorpusPairs(t *testing.T) {
	v := embedded(t)
	tried := 0
	for _, p := range corpus(t, "tracker") {
		var b struct {
			VerificationMaterial struct {
				X509CertificateChain struct{ Certificates []struct{ RawBytes []byte } }
				TlogEntries          []struct {
					LogIndex          string
					LogID             struct{ KeyID []byte }
					IntegratedTime    string
					InclusionPromise  struct{ SignedEntryTimestamp []byte }
					CanonicalizedBody []byte
					InclusionProof    struct {
						LogIndex, TreeSize string
						RootHash           []byte
						Hashes             [][]byte
						Checkpoint         struct{ Envelope string }
					}
				}
			}
			MessageSignature struct{ Signature []byte }
		}
		if err := json.Unmarshal(p.bundle, &b); err != nil {
			t.Fatal(err)
		}
		chain := b.VerificationMaterial.X509CertificateChain.Certificates
		if len(chain) == 0 || len(b.VerificationMaterial.TlogEntries) != 1 {
			continue // v0.3, and so of later
		}
		tried++
		e := b.VerificationMaterial.TlogEntries[0]
		hashes := []string{}
		for _, h := range e.InclusionProof.Hashes {
			hashes = append(hashes, hex.EncodeToString(h))
		}
		id := strings.Repeat("ab", 32)
		answers := map[string]any{
			"/api/v1/index/retrieve": []string{id},
			"/api/v1/log/entries/retrieve": []any{map[string]any{id: map[string]any{
				"body": e.CanonicalizedBody, "integratedTime": json.Number(e.IntegratedTime),
				"logID": hex.EncodeToString(e.LogID.KeyID), "logIndex": json.Number(e.LogIndex),
				"verification": map[string]any{
					"signedEntryTimestamp": e.InclusionPromise.SignedEntryTimestamp,
					"inclusionProof": map[string]any{
						"checkpoint": e.InclusionProof.Checkpoint.Envelope, "hashes": hashes,
						"logIndex": json.Number(e.InclusionProof.LogIndex), "treeSize": json.Number(e.InclusionProof.TreeSize),
						"rootHash": hex.EncodeToString(e.InclusionProof.RootHash),
					},
				},
			}}},
		}
		log := &sigstore.Log{URL: "https://rekor.sigstore.dev", Post: func(_ context.Context, url, _ string, _ []byte, _ int64) ([]byte, error) {
			return json.Marshal(answers[strings.TrimPrefix(url, "https://rekor.sigstore.dev")])
		}}
		sig := base64.StdEncoding.AppendEncode(nil, b.MessageSignature.Signature)
		crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0].RawBytes})
		policy := sigstore.Policy{Identities: []sigstore.Identity{signers[p.series]}}

		whole := v.Verify(p.bundle, p.digest, policy)
		r := v.VerifyPair(t.Context(), sig, crt, p.digest, policy, log)
		if r.Status != sigstore.GoodFromLog || !r.DeprecatedP384 || r.Identity != whole.Identity || r.LogIndex != whole.LogIndex ||
			r.LogID != whole.LogID || !r.LogTime.Equal(whole.LogTime) || r.IssuerV1Only != whole.IssuerV1Only {
			t.Errorf("%s: %+v, the bundle %+v", p.url, r, whole)
		}
		if r := v.VerifyPair(t.Context(), sig, crt, p.digest, policy, nil); r.Status != sigstore.Incompatible || r.Reason != sigstore.NoLogProof {
			t.Errorf("%s, offline: %s (%s): %s", p.url, r.Status, r.Reason, r.Detail)
		}
		if r := v.VerifyPair(t.Context(), sig, crt, [32]byte{}, policy, log); r.Status != sigstore.Bad || r.Reason != sigstore.BadSignature {
			t.Errorf("%s, of other bytes: %s (%s): %s", p.url, r.Status, r.Reason, r.Detail)
		}
	}
	if tried < 200 {
		t.Errorf("only %d bundles were taken apart", tried)
	}
}
