package release

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns the folder of real release data.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	return dir
}

// linked is one URL that python.org showed for a release.
type linked struct{ version, url string }

// trackerURLs reads the artifacts' URLs of the release data.
func trackerURLs(t *testing.T, dir string) []linked {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "versions", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no release data in %s (%v)", dir, err)
	}
	var urls []linked
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct{ Raw struct{ URL string } }
		if err := json.Unmarshal(data, &rows); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, r := range rows {
			urls = append(urls, linked{strings.TrimSuffix(filepath.Base(file), ".json"), r.Raw.URL})
		}
	}
	return urls
}

// row is one line of the table of links.
type row struct {
	linked
	sidecars map[Sidecar]string
}

func linkRows(t *testing.T, file string) []row {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '\t'
	lines, err := r.ReadAll()
	if err != nil || len(lines) < 3000 {
		t.Fatalf("%s: %d lines, %v", file, len(lines), err)
	}
	var rows []row
	for _, l := range lines[1:] {
		rows = append(rows, row{linked{l[0], l[1]}, map[Sidecar]string{Asc: l[3], Sigstore: l[4], SPDX: l[5]}})
	}
	return rows
}

// kindOf judges a name by its ending alone, in another way than ParseName.
func kindOf(file string) (Kind, Role) {
	has := func(s string) bool { return strings.Contains(file, s) }
	switch ext := path.Ext(file); {
	case has("android"):
		return KindAndroid, RoleAndroid
	case has("iOS"):
		return KindIOS, RoleIOS
	case ext == ".dmg", ext == ".pkg":
		return KindMacOS, RoleMacOS
	case ext == ".chm":
		return KindWindowsHelp, RoleWindows
	case ext == ".msi":
		return KindWindowsMSI, RoleWindows
	case ext == ".json":
		return KindWindowsIndex, RoleWindows
	case has("-embed-"):
		return KindWindowsEmbed, RoleWindows
	case ext == ".exe":
		return KindWindowsInst, RoleWindows
	case ext == ".zip":
		return KindWindowsSymbols, RoleWindows
	default:
		return KindSource, RoleSource
	}
}

// Every artifact that python.org ever linked is understood.
func TestCorpusNames(t *testing.T) {
	dir := corpus(t)
	urls := append(trackerURLs(t, filepath.Join(dir, "tracker")), trackerURLs(t, filepath.Join(dir, "tracker-2024-08-10"))...)
	for _, r := range linkRows(t, filepath.Join(dir, "python-org-links-2025-12-17.tsv")) {
		urls = append(urls, r.linked)
	}
	if len(urls) < 6000 {
		t.Fatalf("only %d URLs", len(urls))
	}
	kinds := map[Kind]int{}
	for _, l := range urls {
		u, err := url.Parse(l.url)
		if err != nil {
			t.Fatal(err)
		}
		dir, file := path.Base(path.Dir(u.Path)), path.Base(u.Path)
		n, ok := ParsePath(dir, file)
		if !ok {
			t.Errorf("%s is not understood", l.url)
			continue
		}
		kind, role := kindOf(file)
		if n.Version.String() != l.version || n.Kind != kind || n.Role != role || n.File != file || n.Upstream != file {
			t.Errorf("%s: %+v, want version %s, %s, %s", l.url, n, l.version, kind, role)
		}
		if got := "/ftp/python/" + n.Version.Dir() + "/" + file; got != u.Path {
			t.Errorf("%s: directory %s", l.url, n.Version.Dir())
		}
		kinds[n.Kind]++
	}
	for _, k := range []Kind{
		KindSource, KindWindowsInst, KindWindowsMSI, KindWindowsEmbed, KindWindowsSymbols, KindWindowsHelp,
		KindWindowsIndex, KindMacOS, KindAndroid,
	} {
		if kinds[k] == 0 {
			t.Errorf("no URL of kind %s", k)
		}
	}
	t.Log(len(urls), kinds)
}

// The links to sidecars are named after the artifact, wherever they lead.
func TestCorpusSidecars(t *testing.T) {
	rows := linkRows(t, filepath.Join(corpus(t), "python-org-links-2025-12-17.tsv"))
	seen := map[Sidecar]int{}
	for _, r := range rows {
		for want, link := range r.sidecars {
			if link == "" {
				continue
			}
			artifact, kind, ok := SplitSidecar(path.Base(link))
			if want == Sigstore && kind == Crt {
				want = Crt // the certificate of a pair stands where a bundle's link would
			}
			if !ok || kind != want || artifact != path.Base(r.url) {
				t.Errorf("%s: %s = %q, %s, %v", r.url, link, artifact, kind, ok)
			}
			seen[kind]++
		}
	}
	for _, kind := range []Sidecar{Asc, Sigstore, SPDX, Crt} {
		if seen[kind] < 50 {
			t.Errorf("only %d links to .%s", seen[kind], kind)
		}
	}
}
