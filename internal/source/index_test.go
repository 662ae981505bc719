package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const nginxIndex = "<html>\r\n<head><title>Index of /ftp/python/3.13.5/</title></head>\r\n<body>\r\n<h1>Index of /ftp/python/3.13.5/</h1><hr><pre><a href=\"../\">../</a>\r\n" +
	"<a href=\"amd64/\">amd64/</a>                                             11-Jun-2025 15:59                   -\r\n" +
	"<a href=\"Python-3.13.5.tgz\">Python-3.13.5.tgz</a>                                  11-Jun-2025 15:36            29070432\r\n" +
	"<a href=\"Python-3.13.5.tgz.asc\">Python-3.13.5.tgz.asc</a>                              11-Jun-2025 15:36                 833\r\n" +
	"<a href=\"a%20b%26c.txt\">a b&amp;c.txt</a>                                          11-Jun-2025 15:36                   0\r\n" +
	"</pre><hr></body>\r\n</html>\r\n"

const apacheIndex = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /pub/python/3.13.5</title></head><body><h1>Index of /pub/python/3.13.5</h1>
<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a> <a href="?C=S;O=A">Size</a> <a href="?C=D;O=A">Description</a><hr>
<img src="/icons/back.gif" alt="[DIR]"> <a href="/pub/python/">Parent Directory</a>                  -
<img src="/icons/folder.gif" alt="[DIR]"> <a href="amd64/">amd64/</a>          2025-06-11 15:59    -
<img src="/icons/compressed.gif" alt="[   ]"> <a href="Python-3.13.5.tgz">Python-3.13.5.tgz</a>   2025-06-11 15:36   28M  the source
<img src="/icons/text.gif" alt="[TXT]"> <a href="Python-3.13.5.tgz.asc">Python-3.13.5.tgz.asc</a> 2025-06-11 15:36  833
<hr></pre><address>Apache/2.4 Server at <a href="https://mirror.example/">mirror.example</a> Port 443</address></body></html>`

const apacheTable = `<html><head><title>Index of /pub/python/3.13.5</title></head><body><table>
<tr><td valign="top"><a href="Python-3.13.5.tgz">Python-3.13.5.tgz</a></td><td align="right">2025-06-11 15:36  </td><td align="right">29070432</td><td>&nbsp;</td></tr>
<tr><td valign="top"><a href="Python-3.13.5.tgz.asc">Python-3.13.5.tgz.asc</a></td><td align="right">2025-06-11 15:36  </td><td align="right">833</td><td>&nbsp;</td></tr>
</table></body></html>`

// pythonIndex has no sizes.
const pythonIndex = `<!DOCTYPE HTML><html lang="en"><head><meta charset="utf-8"><title>Directory listing for /3.13.5/</title></head>
<body><h1>Directory listing for /3.13.5/</h1><hr><ul><li><a href="Python-3.13.5.tgz">Python-3.13.5.tgz</a></li></ul><hr></body></html>`

func describe(ix index) string {
	var parts []string
	for _, f := range ix.files {
		parts = append(parts, fmt.Sprintf("%s=%d", f.name, f.size))
	}
	for _, f := range ix.folders {
		parts = append(parts, f+"/")
	}
	for _, o := range ix.odd {
		parts = append(parts, fmt.Sprintf("odd %q", o))
	}
	return strings.Join(parts, " ")
}

func TestParseIndex(t *testing.T) {
	page := func(links ...string) string {
		return "<title>Index of /</title><pre>" + strings.Join(links, "\n") + "</pre>"
	}
	link := func(href string) string { return `<a href="` + href + `">x</a> 11-Jun-2025 15:36 5` }
	for name, tt := range map[string]struct{ page, want string }{
		"nginx":                {nginxIndex, "Python-3.13.5.tgz=29070432 Python-3.13.5.tgz.asc=833 a b&c.txt=0 amd64/"},
		"Apache":               {apacheIndex, "Python-3.13.5.tgz=-1 Python-3.13.5.tgz.asc=833 amd64/"},
		"Apache, a table":      {apacheTable, "Python-3.13.5.tgz=29070432 Python-3.13.5.tgz.asc=833"},
		"Python":               {pythonIndex, "Python-3.13.5.tgz=-1"},
		"nothing in it":        {page(`<a href="../">../</a>`), ""},
		"dot slash":            {page(link("./a.tgz")), "a.tgz=5"},
		"twice":                {page(link("a"), link("a")), "a=5"},
		"a folder and a file":  {page(link("a/"), link("a")), "a/"},
		"parents":              {page(link(".."), link("../"), link("."), link("./"), link("/"), link("/pub/"), link("../../")), `odd "../../"`},
		"other hosts":          {page(link("//example.com/a"), link("https://example.com/a"), link("mailto:a@example.com"), link("javascript:a()")), ""},
		"queries":              {page(link("?a"), link("a?b"), link("#a"), link("a#b"), link("")), `odd "a?b" odd "a#b"`},
		"leads out":            {page(link("../a"), link("a/../../b"), link("b/c"), link("%2e%2e/"), link("..%2fa"), link("a%2fb"), link("%2e%2e%2fa"), link(`a\b`), link("a%5cb")), `odd "../a" odd "a/../../b" odd "b/c" odd "..%2fa" odd "a%2fb" odd "%2e%2e%2fa" odd "a\\b" odd "a%5cb"`},
		"decoded once":         {page(link("%252e%252e")), "%2e%2e=5"},
		"bad escapes":          {page(link("a%zz"), link("a%2"), link("a%ff")), `odd "a%zz" odd "a%2" odd "a%ff"`},
		"control characters":   {page(link("a%1b[2J"), link("a%0ab")), "a\x1b[2J=5 a\nb=5"},
		"long":                 {page(link(strings.Repeat("a", 300))), `odd "` + strings.Repeat("a", 255) + `..."`},
		"in a comment":         {page("<!-- " + link("a") + " -->"), ""},
		"in a script":          {page("<script>" + link("a") + "</script>"), ""},
		"no href":              {page(`<a name="a">a</a>`, `<A HREF=b>b</A>`), "b=-1"},
		"two hrefs":            {page(`<a href="a" href="b">a</a>`), "a=-1"},
		"no index, but a name": {`<a href="Python-3.13.5.tgz">here</a>`, "Python-3.13.5.tgz=-1"},
		"cut off in a size":    {page(`<a href="a">a</a> 11-Jun-2025 15:36 29070`), "a=29070"}, // a guess; the server's word goes before it
	} {
		ix, err := parseIndex([]byte(tt.page))
		if got := describe(ix); err != nil || got != tt.want {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, cmp.Diff(tt.want, got))
		}
	}
}

func TestParseIndexSizes(t *testing.T) {
	for after, want := range map[string]int64{
		"  11-Jun-2025 15:36            29070432": 29070432,
		" 2025-06-11 15:36  833 ":                 833,
		" 2025-06-11 15:36:59  833 ":              833,
		" 11-Jun-2025 15:36 0":                    0,
		" 11-Jun-2025 15:36 -":                    -1,
		" 11-Jun-2025 15:36 28M":                  -1,
		" 11-Jun-2025 15:36 1.2K":                 -1,
		" 11-Jun-2025 15:36 29,070":               -1,
		" 11-Jun-2025 15:36 28 M":                 -1,
		" 11-Jun-2025 15:36 28 bytes":             28,
		" 11-Jun-2025 15:36 012":                  -1,
		" 11-Jun-2025 15:36 -5":                   -1,
		" 11-Jun-2025 15:36 9999999999999999999":  -1,
		" 11-Jun-2025 15:36":                      -1,
		" 29070432":                               -1,
		"":                                        -1,
	} {
		if got := exactSize(after); got != want {
			t.Errorf("exactSize(%q) = %d, want %d", after, got, want)
		}
	}
}

func TestParseIndexErrors(t *testing.T) {
	for name, page := range map[string]string{
		"nothing":       "",
		"an error page": "<html><head><title>503 Backend fetch failed</title></head><body><h1>Error 503</h1><p>Guru Meditation</p><a href=\"https://www.python.org/\">home</a></body></html>",
		"a website":     `<html><head><title>Welcome to Python.org</title></head><body><a href="/">home</a> <a href="#content">skip</a></body></html>`,
		"no HTML":       "\x1f\x8b\x08\x00garbage",
		"JSON":          `{"error": "Index of nothing"}`,
	} {
		if ix, err := parseIndex([]byte(page)); !errors.Is(err, errNoIndex) {
			t.Errorf("%s: %+v, %v", name, ix, err)
		}
	}
	const list = `<title>Index of /</title><a href="a">a</a> 11-Jun-2025 15:36 5`
	for name, page := range map[string]string{
		"in a link":              list + `<a href="b`,
		"in a name":              list + `<a href=b`,
		"in an end tag":          list + "</a",
		"at a tag":               list + "<",
		"at an end tag":          list + "</",
		"in nginx's":             strings.TrimSuffix(nginxIndex, "</html>\r\n"),
		"in nginx's, at a line":  nginxIndex[:strings.Index(nginxIndex, `<a href="Python-3.13.5.tgz.asc`)],
		"in nginx's, in a name":  nginxIndex[:strings.Index(nginxIndex, "tgz.asc</a>")],
		"in Apache's, at a line": apacheIndex[:strings.Index(apacheIndex, `<img src="/icons/text.gif"`)],
		"in Apache's table":      apacheTable[:strings.LastIndex(apacheTable, "<tr>")],
		"in Python's":            strings.TrimSuffix(pythonIndex, "</html>"),
		"after a doctype":        "<!DOCTYPE html>" + list,
		"after <HTML>":           "<HTML>" + list,
		"in a comment":           "<html>" + list + "<!-- </html>",
	} {
		if ix, err := parseIndex([]byte(page)); !errors.Is(err, errCut) || describe(ix) != "" {
			t.Errorf("cut off %s: %q, %v", name, describe(ix), err)
		}
	}
	for _, page := range []string{nginxIndex, apacheIndex, apacheTable, pythonIndex} {
		for n := range len(page) {
			if ix, err := parseIndex([]byte(page[:n])); err == nil && n < strings.LastIndex(page, "</html>") {
				t.Fatalf("cut off at %d: %q", n, describe(ix))
			}
		}
	}
	var b strings.Builder
	b.WriteString("<title>Index of /</title>")
	for i := range maxListed + 1 {
		fmt.Fprintf(&b, `<a href="f%d">`, i)
	}
	if _, err := parseIndex([]byte(b.String())); err == nil || !strings.Contains(err.Error(), "lists more than 5000 names") {
		t.Errorf("endless: %v", err)
	}
}

func FuzzParseIndex(f *testing.F) {
	for _, page := range []string{nginxIndex, apacheIndex, apacheTable, pythonIndex, `<title>Index of</title><a href="%2e%2e%2f">`, `<a href="a"`, "<h1>Index of"} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		ix, err := parseIndex(page)
		if err != nil {
			if len(ix.files)+len(ix.folders)+len(ix.odd) > 0 {
				t.Fatalf("%+v with %v", ix, err)
			}
			return
		}
		names := map[string]bool{}
		for _, f := range ix.files {
			names[f.name] = true
			if f.size < -1 {
				t.Fatalf("%q has the size %d", f.name, f.size)
			}
		}
		for _, f := range ix.folders {
			names[f] = true
		}
		for name := range names {
			if name == "" || name == "." || name == ".." || len(name) > maxFileName || strings.ContainsAny(name, `/\`) {
				t.Fatalf("the name %q is not plain", name)
			}
		}
		if n := len(ix.files) + len(ix.folders); n != len(names) || n+len(ix.odd) > maxListed {
			t.Fatalf("%d names of %d entries", len(names), n)
		}
	})
}
