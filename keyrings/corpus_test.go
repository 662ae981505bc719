package keyrings

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migrate/internal/release"
	"migrate/sigstore"
)

// corpus returns the folder of real data.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	return dir
}

func sum(data []byte) [sha256.Size]byte { return sha256.Sum256(data) }

// table reads a tab-separated file with a header.
func table(t *testing.T, file string, columns ...string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var index []int
	var rows [][]string
	for s := bufio.NewScanner(f); s.Scan(); {
		cells := strings.Split(s.Text(), "\t")
		if index == nil {
			for _, c := range columns {
				index = append(index, slices.Index(cells, c))
			}
			continue
		}
		var row []string
		for _, i := range index {
			row = append(row, cells[i])
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no rows", file)
	}
	return rows
}

// anomalies are the artifacts that python.org showed no .asc for although it
// should have, by the record of real anomalies. Everything else that the
// expectation and python.org disagree about is a fault of the roster.
func anomaly(n release.Name) string {
	v := n.Version.String()
	switch {
	case v == "2.7.6", v == "3.3.4":
		return v + ", all files"
	case n.Role == release.RoleWindows && (v == "2.7.9" || v == "2.7.9rc1"):
		return "2.7.9, Windows"
	case n.Role == release.RoleWindows && (v == "3.5.0a1" || v == "3.5.0a2" || v == "3.5.0a3"):
		return "3.5.0a1 to a3, Windows"
	case n.Role == release.RoleMacOS && slices.Contains([]string{"2.6.2", "2.6.5", "3.0.1", "3.1.2"}, v):
		return v + ", macOS"
	}
	return ""
}

func TestCorpusLinks(t *testing.T) {
	r := embedded(t)
	rows := table(t, filepath.Join(corpus(t), "python-org-links-2025-12-17.tsv"), "url", "gpg_url", "sigstore_url")
	count := make(map[string]int) // presence and link, e.g. "pgp required linked"
	missing := make(map[string]int)
	optional := make(map[string]map[string]bool)
	for _, row := range rows {
		file := path.Base(row[0])
		n, ok := release.ParseName(file)
		if !ok {
			t.Errorf("%s: not an artifact name", file)
			continue
		}
		e := r.Expect(n)
		if !e.Known {
			t.Errorf("%s: series %s is not in the roster", file, n.Version.Series())
		}

		pgpLink := row[1] != ""
		count["pgp "+string(e.PGP)+linked(pgpLink)]++
		switch {
		case e.PGP == None && pgpLink:
			t.Errorf("%s: no .asc expected (%s), but there is one", file, e.PGPReason)
		case e.PGP == Required && !pgpLink:
			if a := anomaly(n); a != "" {
				missing[a]++
			} else {
				t.Errorf("%s: .asc expected (%s), but there is none", file, e.PGPReason)
			}
		case e.PGP == Required && anomaly(n) != "":
			t.Errorf("%s: has the .asc that the record says it lacks", file)
		}

		// A link to a certificate is to a pair, which is no bundle.
		bundle := strings.HasSuffix(row[2], ".sigstore")
		if !bundle && row[2] != "" && !strings.HasSuffix(row[2], ".crt") {
			t.Errorf("%s: Sigstore link %s", file, row[2])
		}
		count["sigstore "+string(e.Sigstore)+linked(bundle)]++
		switch {
		case e.Sigstore == None && row[2] != "":
			t.Errorf("%s: no bundle expected (%s), but there is one", file, e.SigstoreReason)
		case e.Sigstore == Required && !bundle:
			t.Errorf("%s: bundle expected (%s), but there is none", file, e.SigstoreReason)
		case e.Sigstore == Optional && bundle:
			if optional[string(n.Kind)] == nil {
				optional[string(n.Kind)] = make(map[string]bool)
			}
			optional[string(n.Kind)][n.Version.String()] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%5d %s", count[k], k)
	}
	for _, k := range slices.Sorted(maps.Keys(missing)) {
		t.Logf("%5d .asc missing: %s", missing[k], k)
	}
	// Each anomaly of the record was met, or the test would prove nothing.
	for _, a := range []string{
		"2.7.6, all files", "3.3.4, all files", "2.7.9, Windows", "3.5.0a1 to a3, Windows",
		"2.6.2, macOS", "2.6.5, macOS", "3.0.1, macOS", "3.1.2, macOS",
	} {
		if missing[a] == 0 {
			t.Errorf("no missing .asc found for %s", a)
		}
	}
	// Optional hides a gap where there is always a bundle: only help files,
	// whose bundles are not all there, may do so.
	for kind, versions := range optional {
		if kind != string(release.KindWindowsHelp) {
			t.Errorf("%s: a bundle is optional but shown for %v", kind, slices.Sorted(maps.Keys(versions)))
		}
	}
	if count["pgp optional unlinked"] != 1 {
		t.Errorf("%d .asc are optional and absent; only that of one 2.7.14rc1 installer should be", count["pgp optional unlinked"])
	}
}

func linked(is bool) string {
	if is {
		return " linked"
	}
	return " unlinked"
}

// TestCorpusTracker compares the expectation with the bundles of the tracker:
// the newer data, and with the bundles themselves.
func TestCorpusTracker(t *testing.T) {
	r := embedded(t)
	dir := filepath.Join(corpus(t), "tracker")
	files, err := filepath.Glob(filepath.Join(dir, "versions", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no versions: %v", err)
	}
	count := make(map[string]int)
	for _, file := range files {
		var rows []struct {
			Raw struct {
				URL      string          `json:"url"`
				Sigstore json.RawMessage `json:"sigstore"`
			} `json:"raw"`
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &rows); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, row := range rows {
			n, ok := release.ParseName(path.Base(row.Raw.URL))
			if !ok {
				t.Errorf("%s: not an artifact name", row.Raw.URL)
				continue
			}
			bundle := len(row.Raw.Sigstore) > 0 && string(row.Raw.Sigstore) != "null"
			e := r.Expect(n)
			count[string(e.Sigstore)+linked(bundle)]++
			if !e.Known || (e.Sigstore == Required) != bundle || (e.Sigstore == None && bundle) {
				t.Errorf("%s: Sigstore %s (%s), bundle %t", n.File, e.Sigstore, e.SigstoreReason, bundle)
			}
		}
	}
	t.Log(count)
}

// TestCorpusSigningIdentities compares the identities with those that the
// tracker publishes. Its last two rows are shifted by a column.
func TestCorpusSigningIdentities(t *testing.T) {
	r := embedded(t)
	data, err := os.ReadFile(filepath.Join(corpus(t), "tracker", "signing-identities.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		san, issuer := row["Release manager"], row["OIDC Issuer"]
		if issuer == "" {
			san, issuer = row["PEP"], row["Release manager"]
		}
		_, series, ok := r.Identified(sigstore.Identity{SAN: san, Issuer: issuer})
		s, err := release.ParseSeries(row["Release"])
		if err != nil {
			t.Fatal(err)
		}
		if !ok || !slices.Contains(series, s) {
			t.Errorf("%s %s for %s: the roster has it for %v", san, issuer, s, series)
		}
	}
	if len(rows) < 11 {
		t.Errorf("only %d rows", len(rows))
	}
}

// TestCorpusPublishedResults compares with what sigstore-python found over
// python.org's files on 2024-09-11, as published.
func TestCorpusPublishedResults(t *testing.T) {
	r := embedded(t)
	materials := make(map[string][]string)
	identities := make(map[string]sigstore.Identity)
	rows := table(t, filepath.Join(corpus(t), "published-results-2024-09-11.tsv"), "artifact", "material", "identity", "issuer", "result")
	for _, row := range rows {
		if row[4] == "PASS" {
			materials[row[0]] = append(materials[row[0]], row[1])
			identities[row[0]] = sigstore.Identity{SAN: row[2], Issuer: row[3]}
		}
	}
	pairs := 0
	for file, found := range materials {
		n, ok := release.ParseName(file)
		if !ok {
			t.Errorf("%s: not an artifact name", file)
			continue
		}
		e := r.Expect(n)
		if !slices.Contains(e.Identities, identities[file]) {
			t.Errorf("%s: signed by %v, expected %v", file, identities[file], e.Identities)
		}
		bundle := slices.Contains(found, ".sigstore")
		if !bundle {
			pairs++
			if e.Sigstore != Optional {
				t.Errorf("%s: only a pair, but Sigstore is %s", file, e.Sigstore)
			}
		} else if e.Sigstore == None {
			t.Errorf("%s: a bundle, but Sigstore is none", file)
		}
	}
	if pairs != 90 {
		t.Errorf("%d files have only a pair, want 90", pairs)
	}
}
