package demo

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"migrate/compare"
	"migrate/internal/sigstoretest"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// noVector lists what no vector can show, each with the reason.
var noVector = map[string]string{
	"pgp-reason: no-bytes":           "of sources without artifacts; a vector has one",
	"pgp-reason: not-asked":          "of a run that asks for Sigstore alone",
	"pgp-reason: unreadable":         "of a file that cannot be read; internal/audit has the test",
	"pgp-reason: refused":            "kept for what a later version of the library may refuse; nothing is known to cause it",
	"sigstore-reason: unreadable":    "of a file that cannot be read; internal/audit has the test",
	"sigstore-reason: not-asked":     "of a run that asks for PGP alone",
	"sigstore-reason: too-large":     "over 1 MiB, too much to commit; TestBundleTooLarge makes one",
	"sigstore: good-from-log":        "of a run that asks the log; internal/audit has the test",
	"sigstore-reason: not-in-log":    "of a run that asks the log; internal/audit has the test",
	"sigstore-reason: lookup-failed": "of a run that asks the log; internal/audit has the test",
	"sigstore-reason: unseen":        "of sources that do not show bundles; a folder does",
}

// vocabulary is every value that expect.txt may have, by key. It is read from
// the source, so that a new constant has to have its vector.
func vocabulary(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{
		"pgp":             names(func(i uint8) string { return pgp.Status(i).String() }),
		"pgp-reason":      constants(t, "../../pgp/result.go", "Reason"),
		"sigstore":        names(func(i uint8) string { return sigstore.Status(i).String() }),
		"sigstore-reason": constants(t, "../../sigstore/result.go", "Reason"),
		"verdict":         names(func(i uint8) string { return compare.Verdict(i).String() }),
		"finding":         catalogue(),
	}
}

// names lists the values of an enumeration from 0 up.
func names(name func(uint8) string) []string {
	var all []string
	for i := uint8(0); !strings.Contains(name(i), "("); i++ {
		all = append(all, name(i))
	}
	return all
}

func catalogue() []string {
	var all []string
	for _, e := range compare.Catalogue() {
		all = append(all, string(e.Code))
	}
	return all
}

// constants lists the values of the string constants of a type in a source file.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typ {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, value)
		}
		return true
	})
	if len(all) == 0 {
		t.Fatalf("%s has no constant of type %s", file, typ)
	}
	return all
}

// parseExpect reads an expect.txt into sorted lines "key: value". Its keys and
// values come from closed lists.
func parseExpect(text string, known map[string][]string) ([]string, error) {
	var lines []string
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, ": ")
		values, ok := known[key]
		switch {
		case !ok:
			return nil, fmt.Errorf("line %d: unknown key %q", i+1, key)
		case !slices.Contains(values, value):
			return nil, fmt.Errorf("line %d: unknown value %q of %s", i+1, value, key)
		case seen[key] && key != "finding", slices.Contains(lines, line):
			return nil, fmt.Errorf("line %d: %s stands there twice", i+1, key)
		}
		seen[key] = true
		lines = append(lines, line)
	}
	for _, key := range []string{"pgp", "sigstore", "verdict"} {
		if !seen[key] {
			return nil, fmt.Errorf("no %s", key)
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// TestExpectIsStrict asserts that a mistake in an expect.txt is not overlooked.
func TestExpectIsStrict(t *testing.T) {
	const good = "# what\npgp: good\nsigstore: good\nverdict: equivalent\n"
	known := vocabulary(t)
	if _, err := parseExpect(good+"finding: pgp/weak-hash\nfinding: pgp/weak-key\n", known); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for text, want := range map[string]string{
		good + "findings: pgp/weak-hash\n":                        `line 5: unknown key "findings"`,
		good + "finding: pgp/week-hash\n":                         `line 5: unknown value "pgp/week-hash" of finding`,
		good + "finding: pgp/weak-hash\nfinding: pgp/weak-hash\n": "line 6: finding stands there twice",
		good + "verdict: conflict\n":                              "line 5: verdict stands there twice",
		good + "\n":                                               `line 5: unknown key ""`,
		"pgp: good\nsigstore: good\n":                             "no verdict",
		"pgp: gut\nsigstore: good\nverdict: equivalent\n":         `line 1: unknown value "gut" of pgp`,
		"pgp: good \nsigstore: good\nverdict: equivalent\n":       `line 1: unknown value "good " of pgp`,
	} {
		if _, err := parseExpect(text, known); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// found is what the pipeline says of an artifact, as parseExpect returns it.
func found(a compare.Assessment) []string {
	lines := []string{"pgp: " + a.PGP.Status.String(), "sigstore: " + a.Sigstore.Status.String(), "verdict: " + a.Verdict.String()}
	if a.PGP.Reason != "" {
		lines = append(lines, "pgp-reason: "+string(a.PGP.Reason))
	}
	if a.Sigstore.Reason != "" {
		lines = append(lines, "sigstore-reason: "+string(a.Sigstore.Reason))
	}
	for _, f := range a.Findings {
		lines = append(lines, "finding: "+string(f.Code))
	}
	slices.Sort(lines)
	return lines
}

// TestVectors takes every vector through the pipeline and asserts that what is
// expected is what comes out, and that nothing can come out that no vector shows.
func TestVectors(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join(testdata, vectorsDir))
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 100 {
		t.Fatalf("%d vectors are too few", len(folders))
	}
	roster, auditor := trusting(t)
	known := vocabulary(t)
	shown := map[string]bool{}
	for _, f := range folders {
		t.Run(f.Name(), func(t *testing.T) {
			folder := filepath.Join(testdata, vectorsDir, f.Name())
			text, err := os.ReadFile(filepath.Join(folder, "expect.txt"))
			if err != nil {
				t.Fatal(err)
			}
			want, err := parseExpect(string(text), known)
			if err != nil {
				t.Fatalf("expect.txt: %v", err)
			}
			listing, err := source.Open(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			other := []source.Unrecognised{{Location: "expect.txt", Reason: "no artifact name known"}}
			if len(listing.Items) != 1 || len(listing.Troubles) > 0 || !slices.Equal(listing.Unrecognised, other) {
				t.Fatalf("%d artifacts, troubles %v, unrecognised %v", len(listing.Items), listing.Troubles, listing.Unrecognised)
			}
			for e := range auditor.Run(t.Context(), listing.Items) {
				a := compare.Assess(e, roster)
				if got := found(a); !slices.Equal(got, want) {
					t.Errorf("got\n\t%s\nwant\n\t%s\nPGP: %s\nSigstore: %s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), a.PGP.Detail, a.Sigstore.Detail)
				}
			}
			for _, line := range want {
				shown[line] = true
			}
		})
	}

	for key, values := range known {
		if key == "finding" {
			continue // findings depend on more than one artifact
		}
		for _, value := range values {
			switch line, why := key+": "+value, noVector[key+": "+value]; {
			case !shown[line] && why == "":
				t.Errorf("no vector shows %q", line)
			case shown[line] && why != "":
				t.Errorf("a vector shows %q, so it needs no exemption (%s)", line, why)
			}
		}
	}
	for line := range noVector {
		if key, value, _ := strings.Cut(line, ": "); !slices.Contains(known[key], value) {
			t.Errorf("the exemption %q is about nothing", line)
		}
	}
}

// TestEveryFlawHasAVector asserts that what the private Sigstore can do wrong
// is all there.
func TestEveryFlawHasAVector(t *testing.T) {
	var missing []sigstoretest.Flaw
	for _, flaw := range sigstoretest.Flaws() {
		all, err := filepath.Glob(filepath.Join(testdata, vectorsDir, "sigstore-*-"+string(flaw)))
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 {
			missing = append(missing, flaw)
		}
	}
	if missing != nil {
		t.Errorf("not one vector each for %v", missing)
	}
}

// TestBundleTooLarge stands in for the vector that would be too large.
func TestBundleTooLarge(t *testing.T) {
	from, to := filepath.Join(testdata, vectorsDir, "sigstore-good-v0.3"), t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(to, "Python-3.12.4.tgz.sigstore")
	if err := os.Truncate(bundle, sigstore.MaxBundleSize+1); err != nil {
		t.Fatal(err)
	}
	_, all, _ := assess(t, to)
	if a := all[0]; a.Sigstore.Status != sigstore.Malformed || a.Sigstore.Reason != sigstore.TooLarge || a.Verdict != compare.Unchecked {
		t.Errorf("got %v (%v) and %v, want malformed (too-large) and unchecked", a.Sigstore.Status, a.Sigstore.Reason, a.Verdict)
	}
}

// TestVectorsNeedTheirTrust asserts that the vectors that hold do so because of
// the demonstration's trust root and keys, and by nothing else.
func TestVectorsNeedTheirTrust(t *testing.T) {
	roster, auditor := trusting(t)
	root, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	if auditor.Sigstore, err = sigstore.NewVerifier(root); err != nil {
		t.Fatal(err)
	}
	files, err := keyrings.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	auditor.Keyring, _ = roster.Keyring(files)
	listing, err := source.Open(t.Context(), filepath.Join(testdata, mirrorDir))
	if err != nil {
		t.Fatal(err)
	}
	for e := range auditor.Run(t.Context(), listing.Items) {
		if e.PGP.Status == pgp.Good || e.Sigstore.Status == sigstore.Good {
			t.Errorf("%s: %v and %v with the public trust root and keys", e.Location, e.PGP.Status, e.Sigstore.Status)
		}
	}
}
