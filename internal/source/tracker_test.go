package source

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/release"
)

const ftp = "https://www.python.org/ftp/python/"

// trackerRow is one entry of the tracker's data, as JSON.
func trackerRow(url string, more string) string {
	return `{"raw": {"url": "` + url + `"` + more + `}, "sha256": "` + digestA + `"}`
}

func TestTracker(t *testing.T) {
	dir := write(t, "README.md", "signing-identities.json", "versions/notes.txt", "versions/index.json", ".git/HEAD")
	put(t, dir, "versions/3.13.5.json", "["+strings.Join([]string{
		trackerRow(ftp+"3.13.5/Python-3.13.5.tgz", `, "filesize": 10, "sha256": null, "sigstore": {"mediaType": "x"}, "slug": "s"`),
		trackerRow(ftp+"3.13.5/python-3.13.5-amd64.exe", `, "filesize": null, "sha256": "`+strings.ToUpper(digestB)+`", "sigstore": null`),
		trackerRow(ftp+"3.13.5/python-3.13.5.unknown", ``),
		trackerRow("https://example.org/other/Python-3.13.4.tgz", ``),
	}, ",")+"]")
	put(t, dir, "versions/2.4.3.json", "["+
		`{"raw": {"url": "`+strings.Replace(ftp, "https", "http", 1)+`2.4.3/python24.chm", "sha256": "`+digestB+`", "sigstore": null}}`+"]")
	put(t, dir, "versions/3.9.3.json", "[]") // recalled: no files

	l := open(t, dir)
	if l.Kind != "tracker" || l.Source != dir {
		t.Errorf("Kind %q, Source %q", l.Kind, l.Source)
	}
	diff(t, l,
		"2.4.3/python24.chm is 2.4.3 windows-help",
		"https://example.org/other/Python-3.13.4.tgz is 3.13.4 source",
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source +sigstore=versions/3.13.5.json#/0/raw/sigstore",
		"3.13.5/python-3.13.5-amd64.exe is 3.13.5 windows-installer",
		"? 3.13.5/python-3.13.5.unknown: no artifact name known",
		"? versions/index.json: not a release's data",
		"? versions/notes.txt: not a release's data",
	)
	type facts struct {
		URL, SHA256 string
		Size        int64
		Published   []Published
		Unseen      []release.Sidecar
	}
	all := release.Sidecars()
	butSigstore := []release.Sidecar{release.Asc, release.Sig, release.Crt, release.SPDX, release.Rekor}
	want := []facts{
		{"http://www.python.org/ftp/python/2.4.3/python24.chm", digestB, -1, nil, butSigstore},
		{"https://example.org/other/Python-3.13.4.tgz", digestA, -1, nil, all}, // no word about Sigstore
		{ftp + "3.13.5/Python-3.13.5.tgz", digestA, 10, nil, butSigstore},
		{ftp + "3.13.5/python-3.13.5-amd64.exe", digestA, -1, []Published{{By: "python.org", Size: -1, SHA256: digestB}}, butSigstore},
	}
	var got []facts
	for _, it := range l.Items {
		got = append(got, facts{it.URL, it.SHA256, it.Size, it.Published, it.Unseen})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
	if got := content(t, l.Items[2].Sidecars[release.Sigstore]); got != `{"mediaType": "x"}` {
		t.Errorf("bundle %q", got)
	}
}

func content(t *testing.T, f File) string {
	t.Helper()
	r, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// One bad file, or one bad entry, does not hide the others.
func TestTrackerTroubles(t *testing.T) {
	const good = ftp + "3.13.5/Python-3.13.5.tgz"
	tests := map[string]struct{ content, want string }{
		"not JSON":        {"<html>", "is not a JSON list of release files"},
		"empty":           {"", "is not a JSON list of release files"},
		"an object":       {`{"raw": {}}`, "is not a JSON list of release files"},
		"null":            {`null`, "is not a JSON list of release files"},
		"truncated":       {`[` + trackerRow(good, ""), "is not a JSON list of release files"},
		"deep":            {strings.Repeat("[", 1<<20), "is not a JSON list of release files"},
		"a number":        {`[5]`, "entry 0 is not shaped like a release file's"},
		"a null":          {`[null]`, `entry 0 has "" where its URL should be`},
		"wrong type":      {`[{"sha256": 5}]`, "entry 0 is not shaped like a release file's"},
		"fractional size": {`[` + trackerRow(good, `, "filesize": 1.5`) + `]`, "entry 0 is not shaped like a release file's"},
		"no URL":          {`[{"raw": {}, "sha256": "` + digestA + `"}]`, `entry 0 has "" where its URL should be`},
		"a path":          {`[` + trackerRow("/ftp/python/3.13.5/Python-3.13.5.tgz", ``) + `]`, `where its URL should be`},
		"no scheme":       {`[` + trackerRow("//www.python.org/ftp/python/3.13.5/Python-3.13.5.tgz", ``) + `]`, `where its URL should be`},
		"another scheme":  {`[` + trackerRow("file://host/ftp/python/3.13.5/Python-3.13.5.tgz", ``) + `]`, `where its URL should be`},
		"control in URL":  {`[` + trackerRow(ftp+`\u001b[2J`, ``) + `]`, `where its URL should be`},
		"path escape":     {`[` + trackerRow(ftp+"../../etc/Python-3.13.5.tgz", ``) + `]`, "whose path is not plain"},
		"hidden escape":   {`[` + trackerRow(ftp+"%2e%2e/Python-3.13.5.tgz", ``) + `]`, "whose path is not plain"},
		"bad digest":      {`[{"raw": {"url": "` + good + `"}, "sha256": "abc"}]`, `entry 0 has "abc" where a SHA-256 digest should be`},
		"bad raw digest":  {`[` + trackerRow(good, `, "sha256": "`+digestA+`0"`) + `]`, "where a SHA-256 digest should be"},
		"huge":            {"[" + strings.Repeat(" ", maxTrackerSize) + "]", "cannot be read: larger than 16777216 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "versions/3.13.5.json", tt.content)
			put(t, dir, "versions/3.13.4.json", "["+trackerRow(ftp+"3.13.4/Python-3.13.4.tgz", "")+"]")
			l := open(t, dir)
			if len(l.Items) != 1 || l.Items[0].Location != "3.13.4/Python-3.13.4.tgz" {
				t.Errorf("items %v", lines(t, l))
			}
			if len(l.Troubles) != 1 || l.Troubles[0].Location != "versions/3.13.5.json" ||
				!strings.Contains(l.Troubles[0].Message, tt.want) || !strings.HasSuffix(l.Troubles[0].Message, ": check the file out again") {
				t.Errorf("troubles %q, want %q", l.Troubles, tt.want)
			}
		})
	}
}

func TestTrackerGoodEntriesOfABadFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "versions/3.13.5.json", `[5, `+trackerRow(ftp+"3.13.5/Python-3.13.5.tgz", "")+`, `+trackerRow(ftp+"3.13.5/Python-3.13.5.tgz", "")+`]`)
	diff(t, open(t, dir),
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source",
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source",
		`! 3.13.5/Python-3.13.5.tgz: the same artifact is also at "3.13.5/Python-3.13.5.tgz": remove the one that is not meant`,
		"! versions/3.13.5.json: entry 0 is not shaped like a release file's: check the file out again")
}

func TestTrackerWithoutDigest(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "versions/3.13.5.json", `[{"raw": {"url": "`+ftp+`3.13.5/Python-3.13.5.tgz", "sigstore": {}}}]`)
	l := open(t, dir)
	if it := l.Items[0]; it.SHA256 != "" || it.Open != nil || it.Size != -1 || len(it.Sidecars) != 1 {
		t.Errorf("item %+v", it)
	}
}

func TestTrackerFilesAreRegular(t *testing.T) {
	outside := t.TempDir()
	put(t, outside, "x.json", "["+trackerRow(ftp+"3.13.4/Python-3.13.4.tgz", "")+"]")
	dir := write(t, "versions/3.13.6.json/file")
	put(t, dir, "versions/3.13.5.json", "["+trackerRow(ftp+"3.13.5/Python-3.13.5.tgz", "")+"]")
	link(t, dir, "versions/3.13.4.json", filepath.Join(outside, "x.json"))
	link(t, dir, "3.13.6", "nowhere") // it might have been a folder of artifacts
	diff(t, open(t, dir),
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source",
		"? versions/3.13.6.json/file: not a release's data",
		"! 3.13.6: a link to something that is not there: put the file in its place",
		"! versions/3.13.4.json: cannot be read: a link that leads out of the source and is not followed: put the file in its place: check the file out again")
}

// A file dropped into a mirror must not make its digests count for its bytes.
func TestTrackerDataInAMirror(t *testing.T) {
	dir := write(t, "3.13.5/Python-3.13.5.tgz", "versions/3.13.5.json")
	_, err := Open(context.Background(), dir)
	if err == nil || !strings.Contains(err.Error(), "holds both tracker data") || !strings.Contains(err.Error(), "3.13.5/Python-3.13.5.tgz") {
		t.Errorf("Open: %v", err)
	}
}

func TestTrackerIsOnlyWhatLooksLikeIt(t *testing.T) {
	for _, name := range []string{"versions/readme.json", "versions/deep/3.13.5.json", "3.13.5.json", "versions/3.13.5.txt", "other/versions/3.13.5.json"} {
		if l := open(t, write(t, name, "Python-3.13.5.tgz")); l.Kind != "tree" || len(l.Items) != 1 || len(l.Unrecognised) != 1 {
			t.Errorf("%s: %s, %v", name, l.Kind, lines(t, l))
		}
	}
}

func FuzzTracker(f *testing.F) {
	f.Add([]byte("[" + trackerRow(ftp+"3.13.5/Python-3.13.5.tgz", `, "filesize": 10, "sigstore": {"a": 1}`) + "]"))
	f.Add([]byte("[" + trackerRow(ftp+"../x/Python-3.13.5.tgz", `, "sha256": "`+digestB+`"`) + ", 5, null]"))
	f.Add([]byte(`[{"raw": {"url": "https://x/%0a"}}]`))
	f.Add([]byte(`[{"raw": {"url": "//x/Python-3.13.5.tgz"}}]`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var l Listing
		l.Kind = kindTracker
		l.addTrackerFile(t.Context(), entry{rel: "versions/3.13.5.json", open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(string(data))), nil
		}})
		l.finish()
		check(t, l)
		for _, it := range l.Items {
			if it.SHA256 != "" && !sha256Form.MatchString(it.SHA256) || it.Size == 0 || it.URL == "" {
				t.Errorf("%+v", it)
			}
			if b, ok := it.Sidecars[release.Sigstore]; ok && !json.Valid([]byte(content(t, b))) {
				t.Errorf("%s: bundle is not JSON", it.Location)
			}
		}
	})
}

func TestCorpusTracker(t *testing.T) {
	for _, tt := range []struct {
		name           string
		items, bundles int
	}{
		{"tracker", 2736, 589},
		{"tracker-2024-08-10", 102, 81},
	} {
		l := open(t, filepath.Join(corpus(t), tt.name))
		bundles := 0
		for _, it := range l.Items {
			if f, ok := it.Sidecars[release.Sigstore]; ok {
				bundles++
				if !json.Valid([]byte(content(t, f))) {
					t.Errorf("%s: bundle of %s is not JSON", tt.name, it.Location)
				}
			}
			if it.SHA256 == "" || slices.Contains(it.Unseen, release.Sigstore) || !slices.Contains(it.Unseen, release.Asc) {
				t.Errorf("%s: %+v", tt.name, it)
			}
			if !strings.HasPrefix(it.Location, it.Name.Version.Dir()+"/") || !strings.HasSuffix(it.URL, "/ftp/python/"+it.Location) {
				t.Errorf("%s: location %s of %s", tt.name, it.Location, it.URL)
			}
		}
		if l.Kind != "tracker" || len(l.Items) != tt.items || bundles != tt.bundles || len(l.Unrecognised)+len(l.Troubles) != 0 {
			t.Errorf("%s: %d items, %d bundles, %v, %v", tt.name, len(l.Items), bundles, l.Unrecognised, l.Troubles)
		}
		if !slices.IsSortedFunc(l.Items, func(a, b Item) int { return a.Name.Compare(b.Name) }) {
			t.Errorf("%s: not in order", tt.name)
		}
	}
	// A file of the data given alone is not mistaken for a source.
	file := filepath.Join(corpus(t), "tracker", "versions", "3.13.5.json")
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), file); err == nil || !strings.Contains(err.Error(), "is no artifact") {
		t.Errorf("Open(%s): %v", file, err)
	}
}
