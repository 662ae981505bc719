package audit

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/compare"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// corpus returns the folder of real release data.
func corpus(t *testing.T, part string) string {
	t.Helper()
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	return filepath.Join(dir, filepath.FromSlash(part))
}

// assess audits a source of the corpus with the built-in roster and trust root
// and the given key files.
func assess(t *testing.T, src string, keyFiles ...string) ([]compare.Assessment, []compare.Series) {
	t.Helper()
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	files, problems := keyrings.ReadKeyFiles(keyFiles)
	keyring, more := roster.Keyring(files)
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatal(problems)
	}
	listing, err := source.Open(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if len(listing.Troubles) > 0 {
		t.Errorf("troubles: %v", listing.Troubles)
	}
	a := testAuditor(t)
	a.Keyring, a.Jobs = keyring, runtime.NumCPU()
	a.Time = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return compare.AssessAll(slices.Collect(a.Run(t.Context(), listing.Items)), roster)
}

func find(t *testing.T, all []compare.Assessment, file string) compare.Assessment {
	t.Helper()
	i := slices.IndexFunc(all, func(a compare.Assessment) bool { return a.Name.File == file })
	if i < 0 {
		t.Fatalf("%s is not among the artifacts", file)
	}
	return all[i]
}

func codes(a compare.Assessment) []compare.Code {
	var all []compare.Code
	for _, f := range a.Findings {
		all = append(all, f.Code)
	}
	return all
}

func TestCorpusMirror(t *testing.T) {
	debian := corpus(t, "keys/thomas-wouters-debian-expired-2026-07-02.asc")
	refreshed := corpus(t, "keys/thomas-wouters.asc")
	cases := []struct {
		name     string
		keys     []string
		status   pgp.Status
		verdict  compare.Verdict
		findings []compare.Code
	}{
		{"debian", []string{debian}, pgp.Good, compare.Equivalent, []compare.Code{"pgp/key-expired-since"}},
		{"refreshed alone", []string{refreshed}, pgp.GoodRefreshed, compare.Equivalent, []compare.Code{"pgp/good-refreshed"}},
		{"both", []string{debian, refreshed}, pgp.Good, compare.Equivalent, nil},
		{"both, the other way round", []string{refreshed, debian}, pgp.Good, compare.Equivalent, nil},
		{"none", nil, pgp.UnknownKey, compare.Unchecked, []compare.Code{"pgp/unknown-key"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			all, _ := assess(t, corpus(t, "mirror"), c.keys...)
			a := find(t, all, "Python-3.13.5.tar.xz")
			if a.PGP.Status != c.status || a.Verdict != c.verdict || !slices.Equal(codes(a), c.findings) {
				t.Errorf("got %v, %v, %v; want %v, %v, %v", a.PGP.Status, a.Verdict, codes(a), c.status, c.verdict, c.findings)
			}
			if a.PGP.Status != pgp.UnknownKey && a.PGP.Certificate != "7169605F62C751356D054A26A821E680E5FA6305" {
				t.Errorf("PGP signer %s", a.PGP.Certificate)
			}
			if want := (sigstore.Identity{SAN: "thomas@python.org", Issuer: "https://accounts.google.com"}); a.Sigstore.Identity != want {
				t.Errorf("Sigstore signer %v", a.Sigstore.Identity)
			}
		})
	}

	all, _ := assess(t, corpus(t, "mirror"), debian)
	a := find(t, all, "Python-3.11.2.tgz")
	if a.PGP.Status != pgp.Missing || a.Sigstore.Status != sigstore.Good || a.Verdict != compare.SigstoreOnly {
		t.Errorf("3.11.2: %v, %v, %v", a.PGP.Status, a.Sigstore.Status, a.Verdict)
	}
	for _, want := range []compare.Code{"pgp/missing", "sigstore/deprecated-p384-sha256"} {
		if !slices.Contains(codes(a), want) {
			t.Errorf("3.11.2 has no finding %s: %v", want, codes(a))
		}
	}
}

func TestCorpusTracker(t *testing.T) {
	all, _ := assess(t, corpus(t, "tracker"))
	statuses := map[sigstore.Status]int{}
	for _, a := range all {
		statuses[a.Sigstore.Status]++
		if a.Sigstore.Status != sigstore.Good && a.Sigstore.Status != sigstore.Missing {
			t.Errorf("%s: %v (%s)", a.Location, a.Sigstore.Status, a.Sigstore.Detail)
		}
		if a.PGP.Status != pgp.Unchecked || a.PGP.Reason != pgp.NoBytes {
			t.Errorf("%s: PGP %v (%s), though there are no bytes to check", a.Location, a.PGP.Status, a.PGP.Reason)
		}
		if a.Verdict == compare.Equivalent || a.Verdict == compare.Failed || a.Verdict == compare.Conflict {
			t.Errorf("%s: %v", a.Location, a.Verdict)
		}
	}
	if statuses[sigstore.Good] != 589 || len(all) != 2736 {
		t.Errorf("%d of %d bundles are good, want 589 of 2736 artifacts", statuses[sigstore.Good], len(all))
	}
	a := find(t, all, "Python-3.10.1.tgz")
	if !slices.Contains(codes(a), "sigstore/back-filled") {
		t.Errorf("3.10.1 was signed long after its release, found %v", codes(a))
	}
}

func TestCorpusOldTracker(t *testing.T) {
	all, _ := assess(t, corpus(t, "tracker-2024-08-10"))
	wrong := 0
	other := sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: "https://github.com/login/oauth"}
	incompatible := 0
	for _, a := range all {
		switch a.Sigstore.Status {
		case sigstore.Good, sigstore.Missing:
		case sigstore.Incompatible:
			incompatible++
			if a.Sigstore.Reason != sigstore.NoCheckpoint || !a.Sigstore.PromiseHolds {
				t.Errorf("%s: %s, promise holds: %t", a.Location, a.Sigstore.Reason, a.Sigstore.PromiseHolds)
			}
			if a.Name.Version.String() == "3.11.4" && a.Sigstore.PromiseIdentity == other {
				wrong++
				if !slices.Contains(codes(a), "sigstore/other-release-manager") {
					t.Errorf("%s was signed by the release manager of another series, found %v", a.Location, codes(a))
				}
			}
		default:
			t.Errorf("%s: %v (%s)", a.Location, a.Sigstore.Status, a.Sigstore.Detail)
		}
	}
	if wrong != 7 || incompatible != 69 {
		t.Errorf("%d bundles of 3.11.4 by another release manager and %d without checkpoint, want 7 and 69", wrong, incompatible)
	}
}

// TestCorpusPublishedResults holds every answer beside the one that the author
// of PEP 761 published on 2024-09-11, from another program and client.
func TestCorpusPublishedResults(t *testing.T) {
	published := readPublished(t, corpus(t, "published-results-2024-09-11.tsv"))
	day := time.Date(2024, 9, 12, 0, 0, 0, 0, time.UTC)
	all, _ := assess(t, corpus(t, "tracker"))
	compared := map[string]int{}
	for _, a := range all {
		p, ok := published[a.Name.File]
		if !ok {
			continue
		}
		switch {
		case p.bundle == "PASS" && slices.Contains(unlinked, a.Name.File) && a.Sigstore.Status == sigstore.Missing:
			compared["bundle not linked"]++
		case p.bundle == "PASS":
			compared["bundle"]++
			if a.Sigstore.Status != sigstore.Good || a.Sigstore.Identity != p.identity {
				t.Errorf("%s: published PASS by %v, here %v by %v", a.Name.File, p.identity, a.Sigstore.Status, a.Sigstore.Identity)
			}
		case a.Sigstore.Status == sigstore.Missing:
			compared["none"]++
		case a.Sigstore.Status == sigstore.Good && a.Sigstore.Time().After(day):
			compared["signed later"]++
		default:
			t.Errorf("%s: published without a bundle, here %v of %s", a.Name.File, a.Sigstore.Status, a.Sigstore.Time())
		}
	}
	t.Logf("compared: %v", compared)
	if compared["bundle"] < 200 || compared["none"] < 200 {
		t.Errorf("too little was compared: %v", compared)
	}
}

// unlinked are artifacts whose bundle python.org serves and does not link: the
// published results come from files beside the artifact, the tracker's from links.
var unlinked = []string{"Python-3.11.0rc2.tar.xz", "Python-3.11.0rc2.tgz"}

type publishedResult struct {
	identity sigstore.Identity
	bundle   string // the result for the .sigstore file, "" if there was none
}

func readPublished(t *testing.T, file string) map[string]publishedResult {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	results := map[string]publishedResult{}
	lines := bufio.NewScanner(f)
	lines.Scan() // the heading
	for lines.Scan() {
		col := strings.Split(lines.Text(), "\t")
		if len(col) != 5 {
			t.Fatalf("not a row: %q", lines.Text())
		}
		p := results[col[0]]
		p.identity = sigstore.Identity{SAN: col[2], Issuer: col[3]}
		if col[1] == ".sigstore" {
			p.bundle = col[4]
		}
		results[col[0]] = p
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return results
}
