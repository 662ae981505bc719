package source

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/onlinetest"
	"migrate/internal/release"
)

var (
	md5A  = strings.Repeat("0a", 16)
	known = onlinetest.API{
		Releases: []onlinetest.APIRelease{
			{ID: 1, Name: "Python 3.13.5", Slug: "python-3135"},
			{ID: 2, Name: "Python 3.14.0rc1", Slug: "python-3140-release-candidate"},
			{ID: 3, Name: "Python 2.6.1", Slug: "python-261"},
			{ID: 4, Name: "Python install manager 25.0", Slug: "python-install-manager-250"},
		},
		Files: []onlinetest.APIFile{
			{Release: 1, URL: ftp + "3.13.5/Python-3.13.5.tgz", Size: 10, MD5: md5A, SHA256: strings.ToUpper(digestA),
				Asc: ftp + "3.13.5/Python-3.13.5.tgz.asc", Sigstore: ftp + "3.13.5/Python-3.13.5.tgz.sigstore"},
			{Release: 1, URL: ftp + "3.13.5/python-3.13.5-amd64.exe", Size: nil, MD5: strings.ToUpper(md5A), SPDX: ftp + "3.13.5/python-3.13.5-amd64.exe.spdx.json"},
			{Release: 1, URL: ftp + "3.13.5/gone.tgz", Size: 10, MD5: md5A},
			{Release: 2, URL: ftp + "3.14.0/Python-3.14.0rc1.tgz", Size: 20},
			{Release: 3, URL: "http://www.python.org/ftp/python/2.6.2/Python-2.6.1.tgz", Size: 30, MD5: md5A, Asc: "http://www.python.org/ftp/python/2.6.2/Python-2.6.1.tgz.asc"},
			{Release: 4, URL: ftp + "pymanager/python-manager-25.0.msi", Size: 5},
		},
	}
	apiFiles = files("2.6.1/Python-2.6.1.tgz", "2.6.1/Python-2.6.1.tgz.asc",
		"3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tgz.asc", "3.13.5/Python-3.13.5.tgz.sigstore",
		"3.13.5/python-3.13.5-amd64.exe", "3.13.5/python-3.13.5-amd64.exe.asc", "3.13.5/python-3.13.5-amd64.exe.crt",
		"3.14.0/Python-3.14.0rc1.tgz", "3.14.0/Python-3.14.0.tgz")
)

// published maps the artifacts to what is said of them.
func published(l Listing) map[string][]Published {
	all := map[string][]Published{}
	for _, it := range l.Items {
		all[it.Location] = it.Published
	}
	return all
}

func TestHints(t *testing.T) {
	w := serve(t, onlinetest.PythonOrg(apiFiles, known))
	l, err := w.list(t, "all", Options{PreReleases: true})
	if err != nil {
		t.Fatal(err)
	}
	type links = map[release.Sidecar]string
	want := map[string][]Published{
		"2.6.1/Python-2.6.1.tgz":         {{By: apiBy, Size: 30, MD5: md5A, Hint: true, Links: links{"asc": "2.6.2/Python-2.6.1.tgz.asc"}}},
		"3.13.5/Python-3.13.5.tgz":       {{By: apiBy, Size: 10, SHA256: digestA, Hint: true}},
		"3.13.5/python-3.13.5-amd64.exe": {{By: apiBy, Size: -1, MD5: md5A, Hint: true, Links: links{"asc": "", "crt": "", "spdx.json": "3.13.5/python-3.13.5-amd64.exe.spdx.json"}}},
		"3.14.0/Python-3.14.0rc1.tgz":    {{By: apiBy, Size: 20, Hint: true}},
		"3.14.0/Python-3.14.0.tgz":       nil,
	}
	if d := cmp.Diff(want, published(l)); d != "" {
		t.Errorf("published (-want +got):\n%s", d)
	}
	if l.Remarks != nil {
		t.Errorf("remarks %q", l.Remarks)
	}
}

// A list of files may be incomplete.
func TestHintsUnlisted(t *testing.T) {
	api := onlinetest.API{Releases: []onlinetest.APIRelease{
		{ID: 1, Name: "Python 3.13.4", Slug: "python-3134"}, {ID: 2, Name: "Python 3.13.5", Slug: "python-3135"},
		{ID: 3, Name: "Python 3.13.6", Slug: "python-3136"}, {ID: 4, Name: "Python 3.13.7", Slug: "python-3137"}, {ID: 5, Name: "Python 3.14.0rc1", Slug: "python-3140rc1"}}}
	add := func(id int, urls ...string) {
		for _, url := range urls {
			api.Files = append(api.Files, onlinetest.APIFile{Release: id, URL: ftp + url, Size: 1})
		}
	}
	add(1, "3.13.4/Python-3.13.4.tgz", "3.13.4/python-3.13.4-amd64.exe", "3.13.4/Python-3.13.4.tar.xz",
		"3.13.4/notes.txt",             // no artifact
		"3.13.4/python-3.13.3.exe",     // of another release
		"3.13.3/python-3.13.4.exe",     // elsewhere
		"3.13.4/python-3.13.4-arm.zip") // no artifact
	add(2, "3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tar.xz") // the second lies in 3.13.4/
	add(3, "3.13.6/Python-3.13.6.tgz")                                // recalled: nothing is listed
	add(4, "3.13.7/Python-3.13.7.tgz", "3.13.7/Python-3.13.7.tar.xz")
	add(5, "3.14.0/Python-3.14.0rc1.tgz") // not selected
	w := serve(t, onlinetest.PythonOrg(files("3.13.4/Python-3.13.4.tgz", "3.13.4/Python-3.13.5.tar.xz", "3.13.5/Python-3.13.5.tgz", "3.13.6/", "3.13.7/Python-3.13.7.tgz", "3.14.0/Python-3.14.0.tgz"), api))
	l, err := w.list(t, "3.13", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"python.org's API names 2 artifacts of 3.13.4 that its list of files does not have: Python-3.13.4.tar.xz, python-3.13.4-amd64.exe",
		"python.org's API names 1 artifact of 3.13.7 that its list of files does not have: Python-3.13.7.tar.xz",
	}
	if d := cmp.Diff(want, l.Remarks); d != "" {
		t.Errorf("remarks (-want +got):\n%s", d)
	}
}

// requests are the questions to the API, without what is the same in all.
func (w *world) requests() (all []string) {
	for _, a := range w.asked {
		if rest, ok := strings.CutPrefix(a, "GET /api/v1/downloads/"); ok {
			all = append(all, strings.NewReplacer("format=json&limit=1000&", "", "&format=json&limit=1000", "").Replace(rest))
		}
	}
	return all
}

func TestHintsRequests(t *testing.T) {
	manyFiles, many := []string{}, onlinetest.API{PageSize: 4}
	for i := range 6 {
		file := fmt.Sprintf("3.13.%d/Python-3.13.%[1]d.tgz", i)
		manyFiles = append(manyFiles, file)
		many.Releases = append(many.Releases, onlinetest.APIRelease{ID: i, Name: fmt.Sprintf("Python 3.13.%d", i), Slug: fmt.Sprintf("python-313%d", i)})
		many.Files = append(many.Files, onlinetest.APIFile{Release: i, URL: ftp + file, Size: i + 1})
	}
	small := many
	small.PageSize = 1
	for _, tt := range []struct {
		name, selector string
		h              http.Handler
		want           []string
		published      int
		remark         string
	}{
		{"one", "3.13.5", onlinetest.PythonOrg(apiFiles, known), []string{"release/?offset=0", "release_file/?offset=0&release__slug=python-3135"}, 2, ""},
		{"an odd slug", "3.14.0rc1", onlinetest.PythonOrg(apiFiles, known), []string{"release/?offset=0", "release_file/?offset=0&release__slug=python-3140-release-candidate"}, 1, ""},
		{"one it does not know", "3.14.0", onlinetest.PythonOrg(apiFiles, known), []string{"release/?offset=0"}, 0, ""},
		{"many", "3.13", onlinetest.PythonOrg(files(manyFiles...), many),
			[]string{"release/?offset=0", "release/?offset=4", "release_file/?offset=0", "release_file/?offset=4"}, 6, ""},
		{"small pages", "3.13", onlinetest.PythonOrg(files(manyFiles...), small), []string{
			"release/?offset=0", "release/?offset=1", "release/?offset=2", "release/?offset=3", "release/?offset=4", "release/?offset=5",
			"release_file/?offset=0", "release_file/?offset=1", "release_file/?offset=2", "release_file/?offset=3", "release_file/?offset=4", "release_file/?offset=5"}, 6, ""},
	} {
		w := serve(t, tt.h)
		l, err := w.list(t, tt.selector, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, w.requests()); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tt.name, d)
		}
		n := 0
		for _, p := range published(l) {
			n += len(p)
		}
		if n != tt.published || (len(l.Remarks) > 0) != (tt.remark != "") {
			t.Errorf("%s: %d published, want %d; remarks %q", tt.name, n, tt.published, l.Remarks)
		}
	}
}

// An API that fails costs the hints, and nothing else.
func TestHintsTroubles(t *testing.T) {
	const releases, rows = "/api/v1/downloads/release/", "/api/v1/downloads/release_file/"
	row := func(url, more string) string {
		return `{"release": "/api/v1/downloads/release/1/", "url": "` + url + `"` + more + `}`
	}
	page := func(total int, rows ...string) string {
		return fmt.Sprintf(`{"meta": {"total_count": %d}, "objects": [%s]}`, total, strings.Join(rows, ","))
	}
	const file = ftp + "3.13.5/Python-3.13.5.tgz"
	good := row(file, `, "filesize": 10`)
	for _, tt := range []struct {
		name, path string
		answer     http.HandlerFunc
		published  []Published
		remark     string
		requests   int
	}{
		{"down", releases, status(503), nil, "could not be asked for all that it says of sizes, digests and links, so those were not compared: SERVER/api/v1/downloads/release/?format=json&limit=1000&offset=0: the server answered 503", 1},
		{"asked too often", rows, status(429), nil, "the server answered 429", 2},
		{"gone", rows, status(404), nil, "is not there", 2},
		{"a page for people", rows, says("<html>sorry"), nil, "is not what the API answers", 2},
		{"no objects", rows, says(`{"meta": {}}`), nil, "is not what the API answers", 2},
		{"null", rows, says(`null`), nil, "is not what the API answers", 2},
		{"too deep", rows, says(`{"objects": [` + strings.Repeat("[", 100_000)), nil, "is not what the API answers", 2},
		{"huge", rows, says(strings.Repeat(" ", maxAPIPage+1)), nil, "larger than it may be", 2},
		{"no end", rows, says(page(1<<40, good)), []Published{{By: apiBy, Size: 10, Hint: true}}, "more pages than the 12 that are asked for", maxAPIRequests},
		{"an end that never comes", rows, says(page(1 << 40)), nil, "", 2},
		{"nonsense beside sense", rows, says(page(9, good, `5`, `null`, `{}`, `[]`, row(file, `, "filesize": "10"`), row(file, `, "filesize": 1.5`),
			row(file, `, "sha256_sum": "abc"`), row(file, `, "md5_sum": "`+md5A+`0"`), row("", ""), row("http://[", ""), row(strings.Repeat("a", 2000), ""),
			row(file, `, "gpg_signature_file": "`+strings.Repeat("a", 2000)+`"`), row(file, `, "gpg_signature_file": 5`))),
			[]Published{{By: apiBy, Size: 10, Hint: true}}, "gave 13 entries that make no sense", 2},
		{"twice", rows, says(page(2, good, row(file, `, "filesize": 11`))), []Published{{By: apiBy, Size: 10, Hint: true}}, "gave 1 entries that make no sense", 2},
		{"of another release", rows, says(page(1, `{"release": "/api/v1/downloads/release/3/", "url": "`+file+`", "filesize": 10}`)), nil, "", 2},
		{"of no release", rows, says(page(1, `{"release": "/api/v1/downloads/release/99/", "url": "`+file+`", "filesize": 10}`)), nil, "", 2},
		{"in a wrong folder", rows, says(page(1, row("https://evil.example/a/b/Python-3.13.5.tgz", `, "filesize": 10`))), []Published{{By: apiBy, Size: 10, Hint: true}}, "", 2},
		{"nothing said", rows, says(page(1, row(file, `, "filesize": 0, "md5_sum": null, "sha256_sum": ""`))), nil, "", 2},
		{"negative", rows, says(page(1, row(file, `, "filesize": -5, "md5_sum": "`+md5A+`"`))), []Published{{By: apiBy, Size: -1, MD5: md5A, Hint: true}}, "", 2},
		{"odd links", rows, says(page(1, row(file, `, "gpg_signature_file": null, "sigstore_bundle_file": "javascript:a", "sigstore_cert_file": "../x", "sbom_spdx2_file": ""`))),
			[]Published{{By: apiBy, Size: -1, Hint: true, Links: map[release.Sidecar]string{"asc": "", "sigstore": "javascript:a", "crt": "../x"}}}, "", 2},
		{"releases that make no sense", releases, says(page(3, `{"name": "Python 3.13.5", "slug": "python-3135&x=y", "resource_uri": "/a/"}`, `{"name": 5}`, `{"name": "Python 3.13.5", "slug": "python-3135"}`)),
			nil, "gave 3 entries that make no sense", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, instead(onlinetest.PythonOrg(apiFiles, known), map[string]http.HandlerFunc{tt.path: tt.answer}))
			l, err := w.list(t, "3.13.5", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.published, published(l)["3.13.5/Python-3.13.5.tgz"]); d != "" {
				t.Errorf("published (-want +got):\n%s", d)
			}
			remarks := strings.ReplaceAll(strings.Join(l.Remarks, "; "), w.url, "SERVER")
			if (remarks != "") != (tt.remark != "") || !strings.Contains(remarks, tt.remark) {
				t.Errorf("remarks %q, want %q", remarks, tt.remark)
			}
			if strings.ContainsAny(remarks, "\n\x1b") || len(l.Troubles) > 0 || len(l.Items) != 2 {
				t.Errorf("remarks %q, troubles %v, %d items", remarks, l.Troubles, len(l.Items))
			}
			if got := w.requests(); len(got) != tt.requests {
				t.Errorf("%d requests: %q", len(got), got)
			}
		})
	}
}

func TestNoHints(t *testing.T) {
	w := serve(t, onlinetest.PythonOrg(apiFiles, known))
	w.api = ""
	l, err := w.list(t, "3.13.5", Options{})
	if err != nil || len(w.requests()) > 0 || l.Items[0].Published != nil || l.Remarks != nil {
		t.Errorf("%v, asked for %q, published %v", err, w.requests(), l.Items[0].Published)
	}
}

func FuzzParseRow(f *testing.F) {
	for _, row := range []string{
		`{"release": "/r/1/", "url": "https://www.python.org/ftp/python/3.13.5/Python-3.13.5.tgz", "filesize": 10, "md5_sum": "` + md5A + `", "sha256_sum": "` + digestA + `",
			"gpg_signature_file": "http://www.python.org/ftp/python/3.13.5/Python-3.13.5.tgz.asc", "sigstore_bundle_file": null, "sbom_spdx2_file": ""}`,
		`{"release": "/r/1/", "url": "/../..", "filesize": null}`, `{"name": "Python 3.13.5", "slug": "python-3135", "resource_uri": "/r/1/"}`, `[]`, `null`,
	} {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, ok := parseRelease(data); ok && (url.QueryEscape(r.slug) != r.slug || r.uri == "") {
			t.Fatalf("release %+v", r)
		}
		row, ok := parseRow(data)
		if !ok {
			return
		}
		p := row.published()
		if row.release == "" || strings.Contains(row.file, "/") && row.file != "/" || row.file == "" || p.Size == 0 || p.Size < -1 || !p.Hint ||
			p.SHA256 != "" && (!sha256Form.MatchString(p.SHA256) || p.MD5 != "") || p.MD5 != "" && !md5Form.MatchString(p.MD5) {
			t.Fatalf("row %+v", row)
		}
		for kind, link := range row.links {
			if len(link) > maxLink || !slices.Contains(release.Sidecars(), kind) {
				t.Fatalf("link %q of %s", link, kind)
			}
		}
	})
}

// corpusRow is a file that python.org listed on 2025-12-17.
type corpusRow struct{ version, url, sha256, asc, sigstore, sbom string }

func corpusRows(t *testing.T) (rows []corpusRow) {
	f, err := os.Open(filepath.Join(corpus(t), "python-org-links-2025-12-17.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '\t'
	all, err := r.ReadAll()
	if err != nil || len(all) < 3000 {
		t.Fatalf("%d rows: %v", len(all), err)
	}
	for _, row := range all[1:] {
		rows = append(rows, corpusRow{row[0], row[1], row[2], row[3], row[4], row[5]})
	}
	return rows
}

// TestCorpusSite finds what python.org listed on a python.org with those files:
// all of it, and each release by its version.
func TestCorpusSite(t *testing.T) {
	var names []string
	known := onlinetest.API{}
	releases := map[string]int{}
	versions := map[string][]string{} // of a release -> its artifacts
	wrong := 0
	for _, row := range corpusRows(t) {
		u, err := url.Parse(row.url)
		if err != nil {
			t.Fatal(err)
		}
		location := strings.TrimPrefix(u.Path, "/ftp/python/")
		names = append(names, location)
		for _, side := range []string{row.asc, row.sigstore, row.sbom} {
			if side != "" {
				names = append(names, path.Dir(location)+"/"+path.Base(side))
			}
		}
		if _, ok := releases[row.version]; !ok {
			releases[row.version] = len(releases)
			known.Releases = append(known.Releases, onlinetest.APIRelease{ID: len(releases) - 1, Name: "Python " + row.version, Slug: "python-" + strings.ReplaceAll(row.version, ".", "")})
		}
		versions[row.version] = append(versions[row.version], location)
		if row.asc != "" && path.Base(path.Dir(row.asc)) != path.Dir(location) {
			wrong++
		}
		bundle := row.sigstore
		if strings.HasSuffix(bundle, ".crt") {
			bundle = ""
		}
		known.Files = append(known.Files, onlinetest.APIFile{Release: releases[row.version], URL: row.url, Size: len("content of " + location), SHA256: row.sha256, Asc: row.asc, Sigstore: bundle})
	}
	w := serve(t, onlinetest.PythonOrg(files(names...), known))
	l, err := w.list(t, "all", Options{PreReleases: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Items) != len(known.Files) || len(l.Troubles)+len(l.Remarks) > 0 {
		t.Errorf("%d artifacts, want %d; troubles %v; remarks %q", len(l.Items), len(known.Files), l.Troubles, l.Remarks)
	}
	found := map[string][]string{}
	differ := 0
	for _, it := range l.Items {
		v := it.Name.Version.String()
		found[v] = append(found[v], it.Location)
		if len(it.Published) != 1 || it.Published[0].SHA256 == "" || it.Published[0].Size != it.Size {
			t.Errorf("%s: published %+v, size %d", it.Location, it.Published, it.Size)
			continue
		}
		if it.Published[0].Links[release.Asc] != "" {
			differ++
		}
	}
	if differ != wrong {
		t.Errorf("%d links lead elsewhere, want %d", differ, wrong)
	}
	for _, m := range []map[string][]string{found, versions} {
		for _, list := range m {
			slices.Sort(list)
		}
	}
	if d := cmp.Diff(versions, found); d != "" {
		t.Errorf("artifacts by version (-known +found):\n%s", d)
	}
	if n := len(w.requests()); n > 6 {
		t.Errorf("%d requests to the API", n)
	}
	for _, v := range []string{"2.2.0", "2.4.3", "3.2.5", "3.3.0", "3.10.0", "3.14.0a5", "3.13.5"} {
		l, err := w.list(t, v, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, it := range l.Items {
			got = append(got, it.Location)
		}
		slices.Sort(got)
		if d := cmp.Diff(versions[v], got); d != "" {
			t.Errorf("%s (-known +found):\n%s", v, d)
		}
	}
}

// TestCorpusTrackerRows reads the rows that the tracker took from the API.
func TestCorpusTrackerRows(t *testing.T) {
	all, err := filepath.Glob(filepath.Join(corpus(t), "tracker", "versions", "*.json"))
	if err != nil || len(all) < 300 {
		t.Fatalf("%d files: %v", len(all), err)
	}
	rows, digests := 0, 0
	for _, file := range all {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var entries []struct {
			Raw map[string]json.RawMessage `json:"raw"`
		}
		if err := json.Unmarshal(data, &entries); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			e.Raw["release"], e.Raw["md5_sum"], e.Raw["sha256_sum"] = json.RawMessage(`"/r/1/"`), e.Raw["md5"], e.Raw["sha256"]
			delete(e.Raw, "sigstore")
			for name, value := range e.Raw {
				if value == nil {
					delete(e.Raw, name)
				}
			}
			object, err := json.Marshal(e.Raw)
			if err != nil {
				t.Fatal(err)
			}
			row, ok := parseRow(object)
			if !ok {
				t.Errorf("%s: %s makes no sense", file, object)
				continue
			}
			rows++
			if p := row.published(); p.MD5 != "" || p.SHA256 != "" {
				digests++
			}
		}
	}
	if rows < 2000 || digests < rows*9/10 {
		t.Errorf("%d rows with %d digests", rows, digests)
	}
}
