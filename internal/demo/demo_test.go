package demo

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migrate/compare"
	"migrate/internal/audit"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// testdata is where the demonstration is committed.
const testdata = "../../testdata"

// TestCommitted makes everything anew and compares it with what is committed,
// in both directions.
func TestCommitted(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string][]byte{}
	for _, f := range files {
		if _, twice := made[f.Path]; twice {
			t.Errorf("%s is made twice", f.Path)
		}
		made[f.Path] = f.Data
	}
	size := 0
	for _, dir := range []string{dir, vectorsDir} {
		err := fs.WalkDir(os.DirFS(testdata), dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(testdata, path))
			if err != nil {
				return err
			}
			size += len(data)
			want, ok := made[path]
			switch {
			case !ok:
				t.Errorf("%s is committed but no longer made; remove it", path)
			case !Same(data, want):
				t.Errorf("%s is not what is made now; run: go run ./internal/demo/generate testdata", path)
			}
			delete(made, path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path := range made {
		t.Errorf("%s is made but not committed; run: go run ./internal/demo/generate testdata", path)
	}
	if limit := 2 << 20; size > limit {
		t.Errorf("the demonstration has %d bytes; keep it under %d", size, limit)
	}
}

// TestSame asserts that only timestamps are overlooked.
func TestSame(t *testing.T) {
	a := []byte(`{"rfc3161Timestamps":[{"signedTimestamp":"AAAA"}],"logIndex":"1"}`)
	if !Same(a, bytes.Replace(a, []byte("AAAA"), []byte("BBBB"), 1)) {
		t.Error("another timestamp makes a difference")
	}
	if Same(a, bytes.Replace(a, []byte(`"1"`), []byte(`"2"`), 1)) {
		t.Error("another log index makes no difference")
	}
}

// TestWriteKeepsTimestamps asserts that writing over what is there changes nothing.
func TestWriteKeepsTimestamps(t *testing.T) {
	folder := t.TempDir()
	if err := Write(folder); err != nil {
		t.Fatal(err)
	}
	stamped := filepath.Join(folder, mirrorDir, "3.14.0", "python-3.14.0-aarch64-linux-android.tar.gz.sigstore")
	first, err := os.ReadFile(stamped)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(folder, dir, "README.md")
	if err := os.WriteFile(other, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder); err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(stamped)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(first, []byte(`"signedTimestamp":"`)) || !bytes.Equal(first, second) {
		t.Error("a file that differs only in its timestamp was written again, or has none")
	}
	if data, err := os.ReadFile(other); err != nil || string(data) == "changed" {
		t.Errorf("a changed file was not written again (error %v)", err)
	}
}

// trusting returns the committed roster and an auditor that stands on it, on the
// committed keys and on the committed trust root.
func trusting(t testing.TB) (*keyrings.Roster, audit.Auditor) {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(testdata, dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	roster, err := keyrings.Parse("roster.yaml", read("roster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := sigstore.ParseTrustRoot("trusted_root.json", read("trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := sigstore.NewVerifier(root)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(testdata, keysDir)
	files, problems := keyrings.ReadKeyFiles([]string{folder, filepath.Join(folder, unreadableDir)})
	keyring, more := roster.Keyring(files)
	warned := false
	for _, p := range append(problems, more...) {
		if strings.Contains(p.Source, unreadableDir) && strings.Contains(p.Message, "a revocation the library cannot read") {
			warned = true
			continue
		}
		t.Errorf("%s: %s", p.Source, p.Message)
	}
	if !warned {
		t.Error("nothing was said about the revocation that cannot be read")
	}
	return roster, audit.Auditor{Keyring: keyring, Sigstore: verifier, Expect: roster.Expect, Time: Present, Jobs: 2}
}

// TestOneKeyIsLeftOut asserts that every pinned key but one is at hand.
func TestOneKeyIsLeftOut(t *testing.T) {
	roster, auditor := trusting(t)
	var missing []string
	for _, k := range roster.Keys() {
		if !slices.ContainsFunc(auditor.Keyring.Certificates(), func(c pgp.Certificate) bool { return c.Fingerprint == k.Fingerprint }) {
			missing = append(missing, k.Label)
		}
	}
	if want := []string{"NQ"}; !slices.Equal(missing, want) {
		t.Errorf("keys not at hand: %v, want %v", missing, want)
	}
}

// assess takes a folder through the whole pipeline.
func assess(t *testing.T, folder string) (source.Listing, []compare.Assessment, []compare.Series) {
	t.Helper()
	roster, auditor := trusting(t)
	listing, err := source.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	all, series := compare.AssessAll(slices.Collect(auditor.Run(t.Context(), listing.Items)), roster)
	return listing, all, series
}

// codes lists an assessment's findings.
func codes(a compare.Assessment) string {
	var all []string
	for _, f := range a.Findings {
		all = append(all, string(f.Code))
	}
	return strings.Join(all, " ")
}

// TestMirror asserts what the demonstration shows, artifact by artifact.
func TestMirror(t *testing.T) {
	listing, all, series := assess(t, filepath.Join(testdata, mirrorDir))
	want := []struct {
		location string
		verdict  compare.Verdict
		findings string
	}{
		{"2.7.5/Python-2.7.5.tgz", compare.PGPOnly, "compare/only-weak-evidence pgp/weak-hash pgp/weak-key"},
		{"2.7.6/Python-2.7.6.tgz", compare.Unsigned, "compare/unsigned pgp/missing"},
		{"2.7.18/Python-2.7.18.tgz", compare.PGPOnly, "pgp/key-expired-since"},
		{"2.7.18/python-2.7.18.amd64.msi", compare.PGPOnly, ""},
		{"3.9.8/Python-3.9.8.tgz", compare.PGPOnly, "compare/recalled-release pgp/good-refreshed"},
		{"3.9.13/Python-3.9.13.tgz", compare.PGPOnly, "pgp/good-refreshed"},
		{"3.9.14/Python-3.9.14.tgz", compare.Equivalent, "pgp/good-refreshed sigstore/deprecated-p384-sha256"},
		{"3.9.14/python-3.9.14-embed-amd64.zip", compare.Equivalent, "compare/same-digest sigstore/deprecated-p384-sha256"},
		{"3.9.14/python-3.9.14.post1-embed-amd64.zip", compare.Equivalent, "compare/same-digest sigstore/deprecated-p384-sha256"},
		{"3.9.20/Python-3.9.20.tgz", compare.SigstoreOnly, "pgp/missing"},
		{"3.10.1/Python-3.10.1.tgz", compare.Equivalent, "compare/signing-times-differ pgp/signed-by-subkey sigstore/back-filled sigstore/deprecated-p384-sha256 sigstore/issuer-v1-only"},
		{"3.10.7/Python-3.10.7.tgz", compare.Equivalent, "pgp/signed-by-subkey sigstore/deprecated-p384-sha256"},
		{"3.10.7/python-3.10.7-amd64.exe", compare.Unchecked, "sigstore/legacy-pair"},
		{"3.10.9/Python-3.10.9.tgz", compare.Unchecked, "sigstore/no-checkpoint pgp/signed-by-subkey"},
		{"3.11.4/Python-3.11.4.tgz", compare.Equivalent, "pgp/signed-by-subkey sigstore/deprecated-p384-sha256"},
		{"3.11.4/python-3.11.4-amd64.exe", compare.Conflict, "compare/conflict sigstore/other-release-manager sigstore/deprecated-p384-sha256"},
		{"3.11.9/Python-3.11.9.tar.xz", compare.Conflict, "compare/conflict pgp/bad-signature"},
		{"3.11.10/Python-3.11.10.tgz", compare.Failed, "pgp/bad-signature sigstore/digest-mismatch"},
		{"3.11.12/Python-3.11.12.tgz", compare.Conflict, "compare/conflict pgp/other-release-manager"},
		{"3.11.13/Python-3.11.13.tgz", compare.Unchecked, "pgp/malformed"},
		{"3.11.14/Python-3.11.14.tgz", compare.Conflict, "compare/signer-differs"},
		{"3.12.4/Python-3.12.4.tar.xz", compare.Equivalent, ""},
		{"3.12.4/Python-3.12.4.tgz", compare.Equivalent, ""},
		{"3.12.4/python-3.12.4-amd64.exe", compare.Equivalent, ""},
		{"3.13.6/Python-3.13.6.tar.xz", compare.Equivalent, ""},
		{"3.13.6/Python-3.13.6.tgz", compare.Equivalent, ""},
		{"3.13.6/python-3.13.6-amd64.exe", compare.Equivalent, ""},
		{"3.13.6/windows-3.13.6.json", compare.SigstoreOnly, ""},
		{"3.13.6/python-3.13.6-macos11.pkg", compare.Unchecked, "pgp/unknown-key"},
		{"3.14.0/Python-3.14.0.tar.xz", compare.SigstoreOnly, ""},
		{"3.14.0/Python-3.14.0.tgz", compare.SigstoreOnly, ""},
		{"3.14.0/python-3.14.0-amd64.exe", compare.SigstoreOnly, ""},
		{"3.14.0/windows-3.14.0.json", compare.SigstoreOnly, ""},
		{"3.14.0/python-3.14.0-aarch64-linux-android.tar.gz", compare.SigstoreOnly, ""},
		{"3.15.0/Python-3.15.0a1.tgz", compare.SigstoreOnly, "pgp/nobody-pinned pgp/unexpected"},
		{"3.15.0/Python-3.15.0a2.tgz", compare.Failed, "sigstore/digest-mismatch"},
		{"3.15.0/Python-3.15.0a3.tgz", compare.Unsigned, "compare/unsigned sigstore/missing"},
	}
	if len(all) != len(want) {
		t.Errorf("%d artifacts, want %d", len(all), len(want))
	}
	for i, a := range all[:min(len(all), len(want))] {
		if w := want[i]; a.Location != w.location || a.Verdict != w.verdict || codes(a) != w.findings {
			t.Errorf("got  %s %v %q\nwant %s %v %q", a.Location, a.Verdict, codes(a), w.location, w.verdict, w.findings)
		}
	}

	wantSeries := map[string]compare.Readiness{
		"2.7": compare.NotReady, "3.9": compare.ReadyWithGaps, "3.10": compare.Undetermined, "3.11": compare.NotReady,
		"3.12": compare.Ready, "3.13": compare.Undetermined, "3.14": compare.Ready, "3.15": compare.NotReady,
	}
	for _, s := range series {
		if want, ok := wantSeries[s.Series.String()]; !ok || s.Readiness != want {
			t.Errorf("series %s is %v, want %v (%v)", s.Series, s.Readiness, want, ok)
		}
		delete(wantSeries, s.Series.String())
	}
	if len(wantSeries) > 0 {
		t.Errorf("there is no series %v", wantSeries)
	}

	if len(listing.Troubles) > 0 {
		t.Errorf("troubles: %v", listing.Troubles)
	}
	wantOther := []source.Unrecognised{{Location: "3.11.13/Python-3.11.13.tar.xz.asc", Reason: "sidecar without its artifact"}}
	if !slices.Equal(listing.Unrecognised, wantOther) {
		t.Errorf("unrecognised: %v, want %v", listing.Unrecognised, wantOther)
	}
}

// TestMirrorShowsAll asserts that the demonstration is worth its name: every
// verdict, every readiness, and many findings.
func TestMirrorShowsAll(t *testing.T) {
	_, all, series := assess(t, filepath.Join(testdata, mirrorDir))
	verdicts, found, readiness := map[compare.Verdict]bool{}, map[compare.Code]bool{}, map[compare.Readiness]bool{}
	for _, a := range all {
		verdicts[a.Verdict] = true
		for _, f := range a.Findings {
			found[f.Code] = true
		}
	}
	for _, s := range series {
		readiness[s.Readiness] = true
	}
	for v := compare.Verdict(0); !strings.Contains(v.String(), "("); v++ {
		if !verdicts[v] {
			t.Errorf("no artifact is %v", v)
		}
	}
	for r := compare.Readiness(0); !strings.Contains(r.String(), "("); r++ {
		if !readiness[r] {
			t.Errorf("no series is %v", r)
		}
	}
	if len(found) < 24 {
		t.Errorf("%d different findings", len(found))
	}
}

// TestFine asserts that the folders the README calls well are.
func TestFine(t *testing.T) {
	for _, release := range []string{"3.12.4", "3.14.0"} {
		listing, all, series := assess(t, filepath.Join(testdata, mirrorDir, release))
		if len(all) < 3 || len(series) != 1 || series[0].Readiness != compare.Ready || len(listing.Troubles) > 0 {
			t.Errorf("%s: %d artifacts, %+v, troubles %v", release, len(all), series, listing.Troubles)
		}
		for _, a := range all {
			if len(a.Findings) > 0 || a.Verdict != compare.Equivalent && a.Verdict != compare.SigstoreOnly {
				t.Errorf("%s is %v: %s", a.Location, a.Verdict, codes(a))
			}
		}
	}
}
