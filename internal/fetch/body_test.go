package fetch

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"migrate/internal/onlinetest"
)

func TestContentRange(t *testing.T) {
	for field, want := range map[string]contentRange{
		"bytes 42-1233/1234": {42, 1233, 1234},
		"bytes 0-0/1":        {0, 0, 1},
		"Bytes 1-2/*":        {1, 2, -1},
		"bytes 0-9223372036854775806/9223372036854775807": {0, 1<<63 - 2, 1<<63 - 1},
	} {
		if r, ok := parseContentRange(field); !ok || r != want {
			t.Errorf("%q: %+v, %v", field, r, ok)
		}
	}
	for _, field := range []string{
		"", "bytes", "bytes ", "bytes */1234", "bytes 2-1/10", "bytes 0-10/10", "bytes 0-1", "bytes 0-1/", "items 0-1/2", "bytes=0-1/2",
		"bytes -1-1/2", "bytes 0-+1/2", "bytes 0--1/2", "bytes 0-1/-2", "bytes 0-1/2/3", "bytes 0-1-2/9", "bytes  0-1/2", "bytes 0 - 1/2",
		"bytes 0-9223372036854775808/*", "bytes *-1/2", "bytes 0-*/2", "bytes 0-1/2, bytes 3-4/5", "bytes 0-0x1/2", "bytes 0-1_0/99",
	} {
		if r, ok := parseContentRange(field); ok {
			t.Errorf("%q: %+v", field, r)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 42-1233/1234", "bytes 0-0/*", "bytes */5", "bytes 5-2/1", "items 1-2/3", "bytes 0-18446744073709551616/*", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		r, ok := parseContentRange(field)
		if !ok {
			return
		}
		if r.start < 0 || r.start > r.end || r.total >= 0 && r.end >= r.total || r.total < -1 {
			t.Fatalf("%q: %+v", field, r)
		}
		again := fmt.Sprintf("bytes %d-%d/%d", r.start, r.end, r.total)
		if r.total < 0 {
			again = fmt.Sprintf("bytes %d-%d/*", r.start, r.end)
		}
		if r2, ok := parseContentRange(again); !ok || r2 != r {
			t.Fatalf("%q: %+v, and then %+v", field, r, r2)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "0", "-1", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", "Friday, 31-Dec-99 23:59:59 GMT", "Fri Dec 31 23:59:59 1999", "soon", ""} {
		f.Add(seed)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, field string) {
		at := parseRetryAfter(field, now)
		if at.IsZero() {
			return
		}
		// A number is never in the past; all else is a date.
		if _, err := http.ParseTime(field); err != nil && (at.Before(now) || at.After(now.Add(maxRetrySeconds*time.Second))) {
			t.Fatalf("%q: %v", field, at)
		}
		e := &StatusError{URL: "https://www.python.org/", Code: 429, Again: at}
		if strings.ContainsAny(e.Error(), "\r\n") {
			t.Fatalf("%q: %q", field, e)
		}
	})
}

// TestErrorsAreShown: what a server says is on one line, and short.
func TestErrorsAreShown(t *testing.T) {
	nasty := "\x1b[2J\u202e\n" + strings.Repeat("A", 5000)
	for _, err := range []error{
		&StatusError{URL: "https://www.python.org/" + nasty, Code: 799},
		&RedirectError{From: at, To: nasty, Reason: "is not https"},
		&ConnectError{Host: "www.python.org", Err: foreign{fmt.Errorf("%s", nasty)}},
		fmt.Errorf("%w", foreign{fmt.Errorf("%s", nasty)}),
	} {
		if s := err.Error(); strings.ContainsAny(s, "\x1b\n\u202e") || len(s) > 1000 {
			t.Errorf("%T: %d bytes, %q", err, len(s), s)
		}
	}

	data := content(3000)
	f := in(t, onlinetest.New(t), Config{}, false, onlinetest.NewFile(data))
	f.Break(python, path, onlinetest.CutAfter(1000), onlinetest.WithHeader("ETag", "\"\u202e"+strings.Repeat("A", 5000)+`"`))
	got, err := f.read(t.Context(), at)
	unspoilt(t, data, got, err)
	if !errors.Is(err, ErrChanged) || strings.Contains(err.Error(), "\u202e") {
		t.Errorf("ETag: %v", err)
	}
	f.Break(python, path, onlinetest.Redirect(302, "https://elsewhere.example/"+strings.Repeat("A", 5000)))
	_, err = f.read(t.Context(), at)
	unspoilt(t, data, nil, err)
	var r *RedirectError
	if !errors.As(err, &r) {
		t.Errorf("redirect: %v", err)
	}
}

// BenchmarkThroughput reads a file over TLS on loopback with a client, and with
// net/http alone, in turn, and prints how long the client took of net/http's time.
func BenchmarkThroughput(b *testing.B) {
	const size = 32 << 20
	data := content(size)
	for _, http2 := range []bool{false, true} {
		b.Run(fmt.Sprintf("HTTP2=%v", http2), func(b *testing.B) {
			f := in(b, onlinetest.New(b), Config{}, http2, onlinetest.NewFile(data))
			bare := f.Transport()
			bare.ForceAttemptHTTP2 = http2
			bare.DisableCompression = true
			defer bare.CloseIdleConnections()
			buf := make([]byte, 256<<10)
			read := func(r io.ReadCloser, err error) {
				if err != nil {
					b.Fatal(err)
				}
				defer r.Close()
				// Without ReadFrom and WriteTo, as an audit reads.
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
				if err != nil || n != size {
					b.Fatal(n, err)
				}
			}
			var ours, theirs time.Duration
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				begin := time.Now()
				read(f.client.Open(b.Context(), at))
				ours += time.Since(begin)
				b.StopTimer()
				begin = time.Now()
				resp, err := (&http.Client{Transport: bare}).Get(at)
				if err != nil {
					b.Fatal(err)
				}
				read(resp.Body, nil)
				theirs += time.Since(begin)
				b.StartTimer()
			}
			b.ReportMetric(float64(ours)/float64(theirs), "x-net/http")
		})
	}
}
