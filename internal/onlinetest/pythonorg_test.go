package onlinetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func fetched(h http.Handler, target string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPythonOrg holds the server to what makes it like python.org.
func TestPythonOrg(t *testing.T) {
	long := "python-3.14.0rc2-aarch64-linux-android.tar.gz.sigstore"
	h := PythonOrg(fstest.MapFS{
		"3.13.5/Python-3.13.5.tgz": {Data: []byte("0123456789"), ModTime: time.Date(2025, 6, 11, 15, 36, 0, 0, time.UTC)},
		"3.13.5/" + long:           {Data: []byte("x")},
		"3.13.5/amd64/core.msi":    {Data: []byte("x")},
		"3.13.5/a&b c.txt":         {},
	}, API{
		Releases: []APIRelease{{1, "Python 3.13.5", "python-3135"}, {2, "Python 3.13.4", "python-3134"}},
		Files:    []APIFile{{Release: 1, URL: "a"}, {Release: 2, URL: "b"}, {Release: 1, URL: "c", Size: 5}},
		PageSize: 2,
	})

	index := body(t, fetched(h, "/ftp/python/3.13.5/"))
	for _, want := range []string{
		"<title>Index of /ftp/python/3.13.5/</title>", `<a href="../">../</a>`,
		`<a href="Python-3.13.5.tgz">Python-3.13.5.tgz</a>                                  11-Jun-2025 15:36                  10` + "\r\n",
		`<a href="` + long + `">` + long[:47] + `..&gt;</a> `,
		`<a href="amd64/">amd64/</a>`, `<a href="a&b%20c.txt">a&amp;b c.txt</a>`,
	} {
		if !strings.Contains(index, want) {
			t.Errorf("the index lacks %q:\n%s", want, index)
		}
	}

	const file = "/ftp/python/3.13.5/Python-3.13.5.tgz"
	whole := fetched(h, file)
	tag := whole.Header.Get("ETag")
	if whole.StatusCode != 200 || whole.ContentLength != 10 || tag == "" || whole.Header.Get("Last-Modified") != "Wed, 11 Jun 2025 15:36:00 GMT" {
		t.Errorf("whole: %v", whole)
	}
	if part := fetched(h, file, "Range", "bytes=4-", "If-Range", tag); part.StatusCode != 206 || body(t, part) != "456789" {
		t.Errorf("part: %v", part)
	}
	if other := fetched(h, file, "Range", "bytes=4-", "If-Range", `"other"`); other.StatusCode != 200 {
		t.Errorf("part of another: %v", other)
	}
	for path, want := range map[string]int{
		"/ftp/python/": 200, "/ftp/python/3.13.5": 301, "/ftp/python/3.13.6/": 404, "/ftp/python/3.13.5/x": 404, file + "/": 404, "/elsewhere": 404,
		"/ftp/python/%2e%2e%2fx": 404,
	} {
		if got := fetched(h, path).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}

	var page struct {
		Meta struct {
			Limit, Offset, Total_count int
			Next                       *string
		}
		Objects []struct {
			URL, Release string
			Filesize     *int
		}
	}
	ask := func(query string) {
		t.Helper()
		page.Objects, page.Meta.Next = nil, nil
		if err := json.Unmarshal([]byte(body(t, fetched(h, "/api/v1/downloads/release_file/?"+query))), &page); err != nil {
			t.Fatal(err)
		}
	}
	ask("limit=1000")
	if page.Meta.Limit != 2 || page.Meta.Total_count != 3 || page.Meta.Next == nil || len(page.Objects) != 2 {
		t.Errorf("first page %+v", page)
	}
	ask(strings.TrimPrefix(*page.Meta.Next, "/api/v1/downloads/release_file/?"))
	if page.Meta.Offset != 2 || page.Meta.Next != nil || len(page.Objects) != 1 || *page.Objects[0].Filesize != 5 {
		t.Errorf("last page %+v", page)
	}
	ask("release__slug=python-3134")
	if len(page.Objects) != 1 || page.Objects[0].URL != "b" || page.Objects[0].Release != "/api/v1/downloads/release/2/" || page.Objects[0].Filesize != nil {
		t.Errorf("of one release %+v", page)
	}
}
