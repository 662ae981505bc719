package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"migrate/internal/onlinetest"
)

const (
	python = "www.python.org"
	mirror = "mirror.example"
	path   = "/ftp/python/3.13.5/Python-3.13.5.tgz"
	at     = "https://" + python + path
)

// content returns n bytes that are not the same everywhere.
func content(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// fixture is a client and the world it is in.
type fixture struct {
	*onlinetest.World
	client *Client
	tr     *http.Transport
}

// in puts a client, with the transport that real servers get, into a world that
// has the file at path, on two hosts. It does not wait between tries, unless
// jitter is set.
func in(t testing.TB, w *onlinetest.World, c Config, http2 bool, file *onlinetest.File) fixture {
	t.Helper()
	for _, name := range []string{python, mirror} {
		w.Handle(name, onlinetest.Files{path: file})
	}
	tr := newTransport(Config{Stall: defaultStall, PerHost: defaultPerHost})
	tr.ForceAttemptHTTP2 = http2
	w.Wire(tr)
	t.Cleanup(tr.CloseIdleConnections)
	c.Transport = tr
	if c.Hosts == nil {
		c.Hosts = []string{python, mirror}
	}
	f := fixture{w, New(c), tr}
	f.client.jitter = func(time.Duration) time.Duration { return 0 }
	return f
}

// read opens a file and reads it to its end.
func (f fixture) read(ctx context.Context, url string) ([]byte, error) {
	b, err := f.client.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

// ranges returns what was asked for: the Range of each request, "" if none.
func (f fixture) ranges() []string {
	var all []string
	for _, r := range f.Requests() {
		all = append(all, r.Range)
	}
	return all
}

// unspoilt fails if what came of an error is more than a part of the file, or
// if the error cannot be shown on a line.
func unspoilt(t *testing.T, data, got []byte, err error) {
	t.Helper()
	if err == nil {
		if !bytes.Equal(got, data) {
			t.Fatalf("%d bytes that are not the file's %d, and no error", len(got), len(data))
		}
		return
	}
	if !bytes.HasPrefix(data, got) {
		t.Errorf("%d bytes that are not the file's", len(got))
	}
	if text := err.Error(); !strings.Contains(text, "://") || strings.ContainsAny(text, "\r\n\x1b") || len(text) > 1500 {
		t.Errorf("not an error to show: %q", text)
	}
}

// is returns what holds of an error that wraps target.
func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// status returns what holds of an error that is an answer of that code.
func status(code int) func(error) bool {
	return func(err error) bool {
		var s *StatusError
		return errors.As(err, &s) && s.Code == code && s.URL == at
	}
}

func redirected(to, reason string) func(error) bool {
	return func(err error) bool {
		var r *RedirectError
		return errors.As(err, &r) && strings.HasPrefix(r.From, "https://") && r.To == to && strings.Contains(r.Reason, reason) &&
			strings.Contains(err.Error(), r.From) && strings.Contains(err.Error(), r.To)
	}
}

// TestOpen drives a client through what a server can do wrong.
func TestOpen(t *testing.T) {
	data := content(3000)
	none := &onlinetest.File{Data: data}
	dated := &onlinetest.File{Data: data, LastModified: time.Date(1999, 12, 1, 12, 0, 0, 0, time.UTC)}
	fresh := &onlinetest.File{Data: data, LastModified: time.Now().Add(time.Hour)}
	weak := &onlinetest.File{Data: data, ETag: `W/"1"`}
	weakAndDated := &onlinetest.File{Data: data, ETag: `W/"1"`, LastModified: dated.LastModified}
	other := slices.Clone(data)
	other[2999] ^= 1
	changed := onlinetest.NewFile(other)
	redated := &onlinetest.File{Data: other, LastModified: dated.LastModified.Add(time.Hour)}
	longer := &onlinetest.File{Data: append(content(3000), 'x'), ETag: onlinetest.NewFile(data).ETag, LastModified: dated.LastModified}

	type faults = []onlinetest.Fault
	cut := onlinetest.CutAfter(1000)
	rest := "bytes=1000-"
	// As much of the rest as the server likes, with nothing wrong about its end.
	endsEarly := func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		w.Header().Set("Content-Range", "bytes 1000-2999/3000")
		w.Header().Set("ETag", onlinetest.NewFile(data).ETag)
		w.WriteHeader(http.StatusPartialContent)
		http.NewResponseController(w).Flush()
		w.Write(data[1000:1500])
	}
	cutWhole := func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		r.Header.Del("Range")
		onlinetest.CutAfter(100)(w, r, right)
	}
	for name, test := range map[string]struct {
		file   *onlinetest.File // nil: one with both validators
		faults faults
		always onlinetest.Fault
		h1     bool // cannot be made with HTTP/2
		want   func(error) bool
		text   string   // in the error
		ranges []string // of the requests made
	}{
		"right":         {ranges: []string{""}},
		"no validators": {file: none, ranges: []string{""}},
		"chunked":       {faults: faults{onlinetest.Chunked()}, ranges: []string{""}},

		"cut":               {faults: faults{cut}, ranges: []string{"", rest}},
		"cut, only a date":  {file: dated, faults: faults{cut}, ranges: []string{"", rest}},
		"cut, weak ETag":    {file: weakAndDated, faults: faults{cut}, ranges: []string{"", rest}},
		"cut before answer": {faults: faults{onlinetest.CutBeforeAnswer()}, ranges: []string{"", ""}},
		"cut, then cut before answer": {faults: faults{cut, onlinetest.CutBeforeAnswer(), onlinetest.CutBeforeAnswer()},
			ranges: []string{"", rest, rest, rest}},
		"cut, then 503":        {faults: faults{cut, onlinetest.Status(503)}, ranges: []string{"", rest, rest}},
		"cut, then 403":        {faults: faults{cut, onlinetest.Status(403)}, ranges: []string{"", rest}, want: status(403)},
		"cut again and again":  {faults: faults{cut, onlinetest.CutAfter(500), onlinetest.CutAfter(500)}, ranges: []string{"", rest, "bytes=1500-", "bytes=2000-"}},
		"chunked and cut":      {faults: faults{onlinetest.ChunkedCutAfter(1000)}, ranges: []string{"", rest}},
		"cut without progress": {faults: faults{cut}, always: onlinetest.CutAfter(0), want: is(ErrCut), text: "tried 5 times", ranges: []string{"", rest, rest, rest, rest}},
		"never whole": {always: onlinetest.CutBeforeAnswer(), want: is(ErrCut), text: "tried 5 times",
			ranges: []string{"", "", "", "", ""}},

		"cut, no validators":       {file: none, faults: faults{cut}, want: is(ErrChanged), text: "nothing to tell by", ranges: []string{""}},
		"cut, only a weak ETag":    {file: weak, faults: faults{cut}, want: is(ErrChanged), text: "nothing to tell by", ranges: []string{""}},
		"cut, date of this second": {file: fresh, faults: faults{cut}, want: is(ErrChanged), text: "nothing to tell by", ranges: []string{""}},
		"cut early, no validators": {file: none, faults: faults{onlinetest.CutAfter(100)}, ranges: []string{"", ""}},
		"always cut early":         {file: none, always: onlinetest.CutAfter(100), want: is(ErrChanged), text: "tried 5 times", ranges: []string{"", "", "", "", ""}},
		"always cut early, ranges ignored": {always: cutWhole, want: is(ErrChanged), text: "tried 10 times",
			ranges: []string{"", "bytes=100-", "", "bytes=100-", "", "bytes=100-", "", "bytes=100-", "", "bytes=100-"}},
		"cut, then changed":     {faults: faults{cut, onlinetest.Instead(changed)}, want: is(ErrChanged), text: "the whole file, or another one", ranges: []string{"", rest}},
		"cut, then redated":     {file: dated, faults: faults{cut, onlinetest.Instead(redated)}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, then longer":      {faults: faults{cut, onlinetest.Instead(longer)}, want: is(ErrChanged), text: "/3001", ranges: []string{"", rest}},
		"cut, range ignored":    {faults: faults{cut, onlinetest.IgnoreRange()}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, gone":             {faults: faults{cut, onlinetest.Status(404)}, want: is(ErrChanged), text: "not there any more", ranges: []string{"", rest}},
		"cut, 416":              {faults: faults{cut, onlinetest.Status(416)}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, If-Range ignored": {faults: faults{cut, onlinetest.WithHeader("ETag", `"2"`)}, want: is(ErrChanged), text: "the ETag was", ranges: []string{"", rest}},
		"cut, ETag weak now":    {faults: faults{cut, onlinetest.WithHeader("ETag", "W/"+onlinetest.NewFile(data).ETag)}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, ETag gone":        {faults: faults{cut, onlinetest.WithHeader("ETag", "")}, want: is(ErrChanged), text: "the ETag was", ranges: []string{"", rest}},
		"cut, date changed":     {faults: faults{cut, onlinetest.WithHeader("Last-Modified", "Thu, 02 Dec 1999 12:00:00 GMT")}, want: is(ErrChanged), text: "Last-Modified was", ranges: []string{"", rest}},
		"cut, date gone":        {faults: faults{cut, onlinetest.WithHeader("Last-Modified", "")}, ranges: []string{"", rest}},
		"cut, only date, gone":  {file: dated, faults: faults{cut, onlinetest.WithHeader("Last-Modified", "")}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, wrong range":      {faults: faults{cut, onlinetest.ShiftRange(7, false)}, want: is(ErrChanged), text: "bytes 1007-2999/3000", ranges: []string{"", rest}},
		"cut, earlier range":    {faults: faults{cut, onlinetest.ShiftRange(-7, false)}, want: is(ErrChanged), text: "bytes 993-2999/3000", ranges: []string{"", rest}},
		"cut, range too short":  {faults: faults{cut, onlinetest.WithHeader("Content-Range", "bytes 1000-1999/3000")}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, no Content-Range": {faults: faults{cut, onlinetest.WithHeader("Content-Range", "")}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, total not said":   {faults: faults{cut, onlinetest.WithHeader("Content-Range", "bytes 1000-2999/*")}, want: is(ErrChanged), ranges: []string{"", rest}},
		"chunked and cut, total not said": {faults: faults{onlinetest.ChunkedCutAfter(1000), onlinetest.WithHeader("Content-Range", "bytes 1000-2999/*")},
			want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, rest ends early":       {faults: faults{cut, endsEarly}, ranges: []string{"", rest, "bytes=1500-"}},
		"cut, multipart":             {faults: faults{cut, onlinetest.WithHeader("Content-Range", "", "Content-Type", "multipart/byteranges; boundary=x")}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, rest compressed":       {faults: faults{cut, onlinetest.Gzip(false)}, want: is(ErrEncoded), ranges: []string{"", rest}},
		"cut, error page":            {faults: faults{cut, onlinetest.ErrorPage("text/html")}, want: is(ErrChanged), ranges: []string{"", rest}},
		"cut, rest without a length": {faults: faults{cut, onlinetest.NoLength()}, h1: true, want: is(ErrNoLength), ranges: []string{"", rest}},
		"cut, redirected off": {faults: faults{cut, onlinetest.Redirect(302, "https://elsewhere.example/")},
			want: redirected("https://elsewhere.example/", "hosts that may be asked"), ranges: []string{"", rest}},

		"announces more":       {faults: faults{onlinetest.WrongLength(10)}, h1: true, want: is(ErrChanged), text: "no rest to send", ranges: []string{"", "bytes=3000-"}},
		"no length":            {faults: faults{onlinetest.NoLength()}, h1: true, want: is(ErrNoLength), ranges: []string{""}},
		"compressed":           {faults: faults{onlinetest.Gzip(true)}, want: is(ErrEncoded), text: "gzip", ranges: []string{""}},
		"says compressed":      {faults: faults{onlinetest.Gzip(false)}, want: is(ErrEncoded), ranges: []string{""}},
		"identity":             {faults: faults{onlinetest.WithHeader("Content-Encoding", "identity")}, ranges: []string{""}},
		"web page":             {faults: faults{onlinetest.ErrorPage("text/html; charset=utf-8")}, want: is(ErrWebPage), ranges: []string{""}},
		"web page in disguise": {faults: faults{onlinetest.ErrorPage("application/octet-stream")}, want: is(ErrWebPage), ranges: []string{""}},
		"web page, no type":    {faults: faults{onlinetest.WithHeader("Content-Type", "Text/HTML;;")}, want: is(ErrWebPage), ranges: []string{""}},

		"404":                {faults: faults{onlinetest.Status(404)}, want: is(ErrAbsent), ranges: []string{""}},
		"410":                {faults: faults{onlinetest.Status(410)}, want: is(ErrAbsent), ranges: []string{""}},
		"403":                {faults: faults{onlinetest.Status(403)}, want: status(403), ranges: []string{""}},
		"206 unasked":        {faults: faults{onlinetest.Status(206)}, want: status(206), ranges: []string{""}},
		"204":                {faults: faults{onlinetest.Redirect(204, "/")}, want: status(204), ranges: []string{""}},
		"500 once":           {faults: faults{onlinetest.Status(500)}, ranges: []string{"", ""}},
		"429 three times":    {faults: faults{onlinetest.Status(429), onlinetest.Status(429), onlinetest.Status(429)}, ranges: []string{"", "", "", ""}},
		"503 for ever":       {always: onlinetest.Status(503), want: status(503), text: "503 Service Unavailable (tried 5 times)", ranges: []string{"", "", "", "", ""}},
		"429, come tomorrow": {faults: faults{onlinetest.Status(429, "Retry-After", "86400")}, want: status(429), text: "asks not to be asked before", ranges: []string{""}},

		"redirect":           {faults: faults{onlinetest.Redirect(302, "https://"+mirror+path)}, ranges: []string{"", ""}},
		"relative redirect":  {faults: faults{onlinetest.Redirect(308, "/nowhere#part")}, want: is(ErrAbsent), ranges: []string{"", ""}},
		"redirect off":       {faults: faults{onlinetest.Redirect(302, "https://elsewhere.example/x")}, want: redirected("https://elsewhere.example/x", "hosts that may be asked"), ranges: []string{""}},
		"redirect to a port": {faults: faults{onlinetest.Redirect(302, "https://"+python+":8443/x")}, want: redirected("https://"+python+":8443/x", "hosts that may be asked"), ranges: []string{""}},
		"redirect to http":   {faults: faults{onlinetest.Redirect(301, "http://"+python+path)}, want: redirected("http://"+python+path, "is not https"), ranges: []string{""}},
		"redirect to a file": {faults: faults{onlinetest.Redirect(301, "file:///etc/passwd")}, want: redirected("file:///etc/passwd", "is not https"), ranges: []string{""}},
		"redirect, password": {faults: faults{onlinetest.Redirect(301, "https://a:b@"+python+path)}, want: redirected("https://a:b@"+python+path, "password"), ranges: []string{""}},
		"redirect to itself": {faults: faults{onlinetest.Redirect(302, path)}, want: redirected(at, "where it came from"), ranges: []string{""}},
		"redirect nowhere":   {faults: faults{onlinetest.Redirect(302, "")}, want: redirected("", "is not a URL"), ranges: []string{""}},
		"redirect to no URL": {faults: faults{onlinetest.Redirect(302, "https://[")}, want: redirected("https://[", "is not a URL"), ranges: []string{""}},
		"not modified":       {faults: faults{onlinetest.Status(304)}, want: status(304), ranges: []string{""}},
	} {
		for _, http2 := range []bool{false, true} {
			if http2 && test.h1 {
				continue
			}
			t.Run(fmt.Sprintf("%s/HTTP2=%v", name, http2), func(t *testing.T) {
				file := test.file
				if file == nil {
					file = onlinetest.NewFile(data)
				}
				f := in(t, onlinetest.New(t), Config{}, http2, file)
				f.Break(python, path, test.faults...)
				if test.always != nil {
					f.BreakAlways(python, path, test.always)
				}
				got, err := f.read(t.Context(), at)
				unspoilt(t, data, got, err)
				switch {
				case test.want == nil && err != nil:
					t.Error(err)
				case test.want != nil && !test.want(err):
					t.Errorf("wrong error: %v", err)
				case test.want != nil && !strings.Contains(err.Error(), test.text):
					t.Errorf("error %q lacks %q", err, test.text)
				}
				if got := f.ranges(); !slices.Equal(got, test.ranges) {
					t.Errorf("asked for %q, want %q", got, test.ranges)
				}
				for _, r := range f.Requests() {
					if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("User-Agent") != "migrate" || (r.Header.Get("If-Range") != "") != (r.Range != "") {
						t.Errorf("wrong header: %v", r.Header)
					}
				}
				if len(f.UnknownHosts()) > 0 {
					t.Errorf("asked %q", f.UnknownHosts())
				}
			})
		}
	}
}

// TestAnnouncesLess: a server that announces less than it has is believed, since
// nothing in HTTP/1.1 tells; the size says so, and the digest will.
func TestAnnouncesLess(t *testing.T) {
	data := content(3000)
	f := in(t, onlinetest.New(t), Config{}, false, onlinetest.NewFile(data))
	f.Break(python, path, onlinetest.WrongLength(-10))
	b, err := f.client.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got, err := io.ReadAll(b)
	if err != nil || b.Meta().Size != 2990 || !bytes.Equal(got, data[:2990]) {
		t.Errorf("%d bytes, size %d, %v", len(got), b.Meta().Size, err)
	}
}

// TestCutAnywhere: wherever the connection breaks, the whole file comes, with one
// more request, for the rest.
func TestCutAnywhere(t *testing.T) {
	data := content(3 << 10)
	for _, http2 := range []bool{false, true} {
		f := in(t, onlinetest.New(t), Config{}, http2, onlinetest.NewFile(data))
		// Most of the time is handshakes: make them short.
		f.tr.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		f.tr.TLSClientConfig.CurvePreferences = []tls.CurveID{tls.X25519}
		for n := range data {
			f.Forget()
			f.Break(python, path, onlinetest.CutAfter(n))
			got, err := f.read(t.Context(), at)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("HTTP/2 %v, cut after %d bytes: %d bytes, %v", http2, n, len(got), err)
			}
			requests := f.Requests()
			var from int
			if len(requests) != 2 {
				t.Fatalf("HTTP/2 %v, cut after %d bytes: %d requests", http2, n, len(requests))
			}
			// What was under way when the connection broke may be lost.
			if k, err := fmt.Sscanf(requests[1].Range, "bytes=%d-", &from); k != 1 || err != nil || from > n {
				t.Fatalf("HTTP/2 %v, cut after %d bytes: %q asked for", http2, n, requests[1].Range)
			}
		}
	}
}

// TestTotalBound: a server that sends one byte at a time is not asked for ever.
func TestTotalBound(t *testing.T) {
	data := content(3000)
	f := in(t, onlinetest.New(t), Config{Attempts: 2}, true, onlinetest.NewFile(data))
	f.BreakAlways(python, path, onlinetest.CutAfter(1))
	got, err := f.read(t.Context(), at)
	unspoilt(t, data, got, err)
	// A try makes progress or not, as the machine is quick: the bound holds anyhow.
	if n := len(f.Requests()); !errors.Is(err, ErrCut) || n < 2 || n > 2*triesPerAttempt {
		t.Errorf("%d requests, %v", n, err)
	}
}

func TestRedirects(t *testing.T) {
	data := content(3000)
	f := in(t, onlinetest.New(t), Config{}, true, onlinetest.NewFile(data))
	hop := func(n int) string { return fmt.Sprintf("/%d", n) }
	for n := range 10 {
		f.Break(python, hop(n))
		f.BreakAlways(python, hop(n), onlinetest.Redirect(307, "https://"+python+hop(n+1)))
	}
	f.BreakAlways(python, hop(5), onlinetest.Redirect(307, at))
	if got, err := f.read(t.Context(), "https://"+python+hop(1)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("five redirects: %d bytes, %v", len(got), err)
	}
	f.Forget()
	if _, err := f.read(t.Context(), "https://"+python+hop(0)); !redirected(at, "is redirect number 6")(err) || len(f.Requests()) != 6 {
		t.Errorf("six redirects: %v, %d requests", err, len(f.Requests()))
	}
	// A loop over two hosts.
	f.BreakAlways(mirror, "/b", onlinetest.Redirect(302, "https://"+python+"/a"))
	f.BreakAlways(python, "/a", onlinetest.Redirect(302, "https://"+mirror+"/b"))
	f.Forget()
	_, err := f.read(t.Context(), "https://"+python+"/a")
	if !redirected("https://"+python+"/a", "is where it came from")(err) || len(f.Requests()) != 2 {
		t.Errorf("loop: %v, %d requests", err, len(f.Requests()))
	}

	// The method is kept, or the redirect is not followed.
	f.Forget()
	f.Break(python, "/q", onlinetest.Redirect(308, "https://"+mirror+path))
	if _, err := f.client.Post(t.Context(), "https://"+python+"/q", "text/plain", []byte("?"), 1<<20); err != nil {
		t.Errorf("308: %v", err)
	}
	f.Break(python, "/q", onlinetest.Redirect(307, "https://"+mirror+path))
	if _, err := f.client.Head(t.Context(), "https://"+python+"/q"); err != nil {
		t.Errorf("307: %v", err)
	}
	var methods []string
	for _, r := range f.Requests() {
		methods = append(methods, r.Method)
	}
	if want := []string{"POST", "POST", "HEAD", "HEAD"}; !slices.Equal(methods, want) {
		t.Errorf("methods %q, want %q", methods, want)
	}
	f.Break(python, "/q", onlinetest.Redirect(303, "https://"+mirror+path))
	var s *StatusError
	if _, err := f.client.Post(t.Context(), "https://"+python+"/q", "text/plain", nil, 1<<20); !errors.As(err, &s) || s.Code != 303 {
		t.Errorf("303: %v", err)
	}
}

func TestRefused(t *testing.T) {
	f := in(t, onlinetest.New(t), Config{Hosts: []string{python, "other.example:8443"}}, true, onlinetest.NewFile(nil))
	for url, reason := range map[string]string{
		"http://" + python + path:        "is not https",
		"https://" + mirror + path:       "hosts that may be asked (www.python.org, other.example:8443)",
		"https://" + python + ":8443/":   "hosts that may be asked",
		"https://other.example/":         "hosts that may be asked",
		"https://a:b@" + python + path:   "password",
		"https://" + python + ".evil.io": "hosts that may be asked",
		"//" + python + path:             "is not https",
		"https://" + python + "/\x1b[2J": "invalid control character",
		"":                               "is not https",
	} {
		_, err := f.client.Open(t.Context(), url)
		if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if n := len(f.Requests()) + len(f.UnknownHosts()); n != 0 {
		t.Errorf("%d requests", n)
	}
	for _, url := range []string{"https://" + python + ":443" + path, "https://WWW.Python.ORG" + path} {
		f.Handle("WWW.Python.ORG", onlinetest.Files{path: onlinetest.NewFile(nil)})
		if _, err := f.client.Head(t.Context(), url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOffline(t *testing.T) {
	f := in(t, onlinetest.New(t), Config{Offline: true}, true, onlinetest.NewFile(nil))
	_, open := f.client.Open(t.Context(), at)
	_, get := f.client.Get(t.Context(), at, 1)
	_, head := f.client.Head(t.Context(), at)
	_, post := f.client.Post(t.Context(), at, "", nil, 1)
	for _, err := range []error{open, get, head, post} {
		if !errors.Is(err, ErrOffline) || !strings.HasPrefix(err.Error(), at) {
			t.Errorf("%v", err)
		}
	}
	if n := len(f.Requests()) + len(f.UnknownHosts()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestGet(t *testing.T) {
	data := content(3000)
	f := in(t, onlinetest.New(t), Config{}, true, onlinetest.NewFile(data))
	page := onlinetest.ErrorPage("text/html")
	for name, test := range map[string]struct {
		fault    onlinetest.Fault
		limit    int64
		want     func(error) bool // nil: none
		requests int
	}{
		"right":          {nil, 3000, nil, 1},
		"too large":      {nil, 2999, is(ErrTooLarge), 1},
		"chunked":        {onlinetest.Chunked(), 3000, nil, 1},
		"chunked, large": {onlinetest.Chunked(), 2999, is(ErrTooLarge), 1},
		"endless":        {onlinetest.Endless(), 1 << 20, is(ErrTooLarge), 1},
		"cut":            {onlinetest.CutAfter(2999), 3000, nil, 2},
		"chunked, cut":   {onlinetest.ChunkedCutAfter(2999), 3000, nil, 2},
		"absent":         {onlinetest.Status(404), 3000, is(ErrAbsent), 1},
		"compressed":     {onlinetest.Gzip(true), 3000, is(ErrEncoded), 1},
	} {
		f.Forget()
		f.Break(python, path, test.fault)
		got, err := f.client.Get(t.Context(), at, test.limit)
		if n := len(f.Requests()); n != test.requests {
			t.Errorf("%s: %d requests, want %d", name, n, test.requests)
		}
		if test.want == nil && err != nil || test.want != nil && !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		unspoilt(t, data, got, err)
	}
	// Indexes are web pages.
	f.Break(python, path, page)
	if got, err := f.client.Get(t.Context(), at, 3000); err != nil || !bytes.HasPrefix(got, []byte("<!DOCTYPE html>")) {
		t.Errorf("web page: %q, %v", got, err)
	}
	f = in(t, f.World, Config{}, false, onlinetest.NewFile(data))
	f.Break(python, path, onlinetest.NoLength())
	if _, err := f.client.Get(t.Context(), at, 3000); !errors.Is(err, ErrNoLength) {
		t.Errorf("no length: %v", err)
	}
	f.Forget()
	f.BreakAlways(python, path, onlinetest.WrongLength(1))
	if _, err := f.client.Get(t.Context(), at, 4000); !errors.Is(err, ErrCut) || len(f.Requests()) != 5 {
		t.Errorf("announces more: %v, %d requests", err, len(f.Requests()))
	}
}

func TestPost(t *testing.T) {
	f := in(t, onlinetest.New(t), Config{}, true, onlinetest.NewFile(nil))
	f.Handle(python, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %v", r.Method, r.Header.Get("Content-Type"), body, err)
	}))
	f.Break(python, "/q", onlinetest.Status(503), onlinetest.CutBeforeAnswer())
	got, err := f.client.Post(t.Context(), "https://"+python+"/q", "application/json", []byte("{}"), 100)
	if want := "POST application/json {} <nil>"; string(got) != want || err != nil || len(f.Requests()) != 3 {
		t.Errorf("%q, %v, %d requests", got, err, len(f.Requests()))
	}
}

func TestHead(t *testing.T) {
	data := content(3000)
	f := in(t, onlinetest.New(t), Config{}, true, onlinetest.NewFile(data))
	want := Meta{3000, onlinetest.NewFile(data).ETag, "Wed, 01 Dec 1999 12:00:00 GMT"}
	if m, err := f.client.Head(t.Context(), at); err != nil || m != want {
		t.Errorf("%+v, %v", m, err)
	}
	b, err := f.client.Open(t.Context(), at)
	if err != nil || b.Meta() != want {
		t.Fatalf("%+v, %v", b.Meta(), err)
	}
	b.Close()
	f.Break(python, path, onlinetest.WithHeader("ETag", `W/"1"`, "Last-Modified", ""), onlinetest.Status(503), onlinetest.Status(404))
	if m, err := f.client.Head(t.Context(), at); err != nil || m != (Meta{Size: 3000}) {
		t.Errorf("weak: %+v, %v", m, err)
	}
	if _, err := f.client.Head(t.Context(), at); !errors.Is(err, ErrAbsent) {
		t.Errorf("503, then 404: %v", err)
	}
}

// TestTooLarge: Open takes as much as it may, and not a byte more.
func TestTooLarge(t *testing.T) {
	data := content(3000)
	for _, http2 := range []bool{false, true} {
		f := in(t, onlinetest.New(t), Config{MaxSize: 3000}, http2, onlinetest.NewFile(data))
		f.Break(python, path, nil, onlinetest.Chunked())
		for range 2 {
			got, err := f.read(t.Context(), at)
			if err != nil {
				t.Errorf("the very limit: %v", err)
			}
			unspoilt(t, data, got, err)
		}
		f.Break(python, path, onlinetest.Endless())
		if got, err := f.read(t.Context(), at); !errors.Is(err, ErrTooLarge) || len(got) > 3000 {
			t.Errorf("endless: %d bytes, %v", len(got), err)
		}
		f = in(t, f.World, Config{MaxSize: 2999}, http2, onlinetest.NewFile(data))
		if _, err := f.client.Open(t.Context(), at); !errors.Is(err, ErrTooLarge) {
			t.Errorf("announced: %v", err)
		}
	}
}

// TestUnreachable: a host that cannot be reached, or not safely, is asked no more
// often than is of use, and the requests after that fail with the same reason.
func TestUnreachable(t *testing.T) {
	var invalid x509.CertificateInvalidError
	var wrong x509.HostnameError
	var unknown x509.UnknownAuthorityError
	for name, test := range map[string]struct {
		trouble onlinetest.Trouble
		tries   int
		text    string
		as      any
	}{
		"refused":       {onlinetest.Refused, 5, "connection refused", nil},
		"handshake":     {onlinetest.HandshakeFail, 5, "cannot be reached", nil},
		"expired":       {onlinetest.Expired, 1, "certificate has expired", &invalid},
		"other host's":  {onlinetest.WrongHost, 1, "elsewhere.example", &wrong},
		"by nobody":     {onlinetest.Unknown, 1, "unknown authority", &unknown},
		"no such host":  {onlinetest.NoTrouble, 5, "no such host", nil},
		"works (check)": {onlinetest.NoTrouble, 0, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := in(t, onlinetest.New(t), Config{Hosts: []string{python, "nowhere.example"}}, true, onlinetest.NewFile(nil))
			tries := 0
			dial := f.tr.DialContext
			f.tr.DialContext = func(ctx context.Context, network, addr string) (c net.Conn, err error) {
				tries++
				return dial(ctx, network, addr)
			}
			f.Trouble(python, test.trouble)
			url := at
			if name == "no such host" {
				url = "https://nowhere.example/"
			}
			_, err := f.client.Open(t.Context(), url)
			if test.tries == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var connect *ConnectError
			if !errors.As(err, &connect) || connect.Skipped || !strings.Contains(err.Error(), test.text) || tries != test.tries {
				t.Errorf("%d tries, %v", tries, err)
			}
			if test.as != nil && !errors.As(err, test.as) {
				t.Errorf("not a %T: %v", test.as, err)
			}
			for range 100 {
				_, err := f.client.Get(t.Context(), url, 10)
				if !errors.As(err, &connect) || !connect.Skipped || !strings.Contains(err.Error(), test.text) {
					t.Fatal(err)
				}
			}
			if tries != test.tries {
				t.Errorf("%d tries", tries)
			}
			unspoilt(t, nil, nil, err)
			if len(f.Requests()) != 0 {
				t.Errorf("requests: %v", f.Requests())
			}
		})
	}
}

// TestPerHost: a host is asked by no more than that many at a time, and a body
// that is open counts.
func TestPerHost(t *testing.T) {
	f := in(t, onlinetest.New(t), Config{PerHost: 3}, true, onlinetest.NewFile(nil))
	var now, most atomic.Int32
	f.Handle(python, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for n := now.Add(1); ; {
			if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		defer now.Add(-1)
		w.Write(content(100 << 10))
	}))
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := f.read(t.Context(), at); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() > 3 {
		t.Errorf("%d at a time", most.Load())
	}

	var open []*Body
	for range 3 {
		b, err := f.client.Open(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, b)
	}
	f.Forget()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	done := make(chan error)
	go func() {
		_, err := f.client.Head(ctx, at)
		done <- err
	}()
	cancel(stop)
	if err := <-done; !errors.Is(err, stop) || len(f.Requests()) != 0 {
		t.Errorf("waiting: %v, %d requests", err, len(f.Requests()))
	}
	// Another host is another matter, and a closed body gives its turn back.
	if _, err := f.client.Head(t.Context(), "https://"+mirror+path); err != nil {
		t.Error(err)
	}
	open[0].Close()
	open[0].Close()
	if _, err := f.client.Head(t.Context(), at); err != nil {
		t.Error(err)
	}
	if _, err := open[0].Read(make([]byte, 10)); err == nil || err == io.EOF {
		t.Errorf("read after Close: %v", err)
	}
	for _, b := range open[1:] {
		if _, err := io.Copy(io.Discard, b); err != nil { // its end gives it back as well
			t.Error(err)
		}
	}
	for range 3 {
		if _, err := f.client.Open(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
}
