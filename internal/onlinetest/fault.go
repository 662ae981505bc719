package onlinetest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Fault answers a request wrongly; right is who would answer it rightly.
type Fault func(w http.ResponseWriter, r *http.Request, right http.Handler)

// CutAfter breaks the connection after n bytes of the answer's body.
func CutAfter(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.head(w, a.length)
		a.send(w, a.body[:min(n, len(a.body))])
		if n < len(a.body) {
			panic(http.ErrAbortHandler)
		}
	}
}

// CutBeforeAnswer breaks the connection instead of answering.
func CutBeforeAnswer() Fault {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// StallAfter sends n bytes of the body, and then nothing more until the client
// goes away.
func StallAfter(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.head(w, a.length)
		a.send(w, a.body[:min(n, len(a.body))])
		<-r.Context().Done()
	}
}

// StallBeforeAnswer never answers.
func StallBeforeAnswer() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }
}

// Drip sends n bytes of the body at a time, and waits between them.
func Drip(n int, wait time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.head(w, a.length)
		for rest := a.body; len(rest) > 0; {
			k := min(n, len(rest))
			a.send(w, rest[:k])
			rest = rest[k:]
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
		}
	}
}

// WrongLength announces a body that is longer than what is sent (delta > 0), or
// shorter (delta < 0). It speaks HTTP/1.1 only.
func WrongLength(delta int) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.header.Set("Content-Length", strconv.Itoa(a.length+delta))
		a.raw(w)
	}
}

// NoLength sends a body that ends where the connection ends. It speaks HTTP/1.1
// only.
func NoLength() Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.header.Del("Content-Length")
		a.raw(w)
	}
}

// Chunked sends a body whose length is not announced, but whose end is marked.
func Chunked() Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.head(w, -1)
		a.send(w, a.body)
	}
}

// ChunkedCutAfter is Chunked, and breaks the connection after n bytes.
func ChunkedCutAfter(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		a.head(w, -1)
		a.send(w, a.body[:min(n, len(a.body))])
		panic(http.ErrAbortHandler)
	}
}

// Gzip says that the body is compressed, and compresses it if really is set.
func Gzip(really bool) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		if really {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(a.body) // to memory: cannot fail
			z.Close()
			a.body, a.length = b.Bytes(), b.Len()
		}
		a.header.Set("Content-Encoding", "gzip")
		a.head(w, a.length)
		a.send(w, a.body)
	}
}

// Redirect sends the client to another URL.
func Redirect(code int, location string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Location", location)
		w.WriteHeader(code)
	}
}

// Status answers with a status code and an error page, and with header fields
// given as name and value in turn: Status(429, "Retry-After", "120").
func Status(code int, header ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintf(w, errorPage, code)
	}
}

const errorPage = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Error %d</h1></body></html>\n"

// ErrorPage answers with a web page and status 200, under the content type given.
func ErrorPage(contentType string) Fault {
	return Instead(&File{Data: fmt.Appendf(nil, errorPage, http.StatusServiceUnavailable), ContentType: contentType})
}

// Instead answers with something else: another state of the file, for one.
func Instead(h http.Handler) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { h.ServeHTTP(w, r) }
}

// IgnoreRange sends the whole file, whatever part of it is asked for.
func IgnoreRange() Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		r.Header.Del("Range")
		right.ServeHTTP(w, r)
	}
}

// WithHeader answers rightly, but for header fields given as name and value in
// turn; an empty value takes the field away.
func WithHeader(header ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answer(r, right)
		for i := 0; i+1 < len(header); i += 2 {
			if a.header.Del(header[i]); header[i+1] != "" {
				a.header.Set(header[i], header[i+1])
			}
		}
		a.head(w, a.length)
		a.send(w, a.body)
	}
}

// ShiftRange answers with the bytes delta after those asked for. It says so,
// unless it lies.
func ShiftRange(delta int64, lie bool) Fault {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		asked := r.Header.Get("Range")
		start, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(asked, "bytes="), "-"), 10, 64)
		if err != nil {
			right.ServeHTTP(w, r)
			return
		}
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", start+delta))
		a := answer(r, right)
		if lie {
			_, total, _ := strings.Cut(a.header.Get("Content-Range"), "/")
			a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%s", start, start+int64(len(a.body))-1, total))
		}
		a.head(w, a.length)
		a.send(w, a.body)
	}
}

// Endless sends bytes until the client goes away.
func Endless() Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/octet-stream")
		block := make([]byte, 32<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// recorded is a right answer, before it is spoilt.
type recorded struct {
	code   int
	header http.Header
	body   []byte
	length int // as announced: with HEAD, of the body that is not sent
}

func answer(r *http.Request, right http.Handler) recorded {
	rec := httptest.NewRecorder()
	right.ServeHTTP(rec, r)
	a := recorded{rec.Code, rec.Result().Header, rec.Body.Bytes(), rec.Body.Len()}
	if n, err := strconv.Atoi(a.header.Get("Content-Length")); err == nil {
		a.length = n
	}
	return a
}

// head sends the header, with the length announced, if there is any.
func (a recorded) head(w http.ResponseWriter, length int) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	if length >= 0 {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(a.code)
	flush(w)
}

// send sends a part of the body at once.
func (a recorded) send(w http.ResponseWriter, part []byte) {
	w.Write(part) // that the client has gone is no news here
	flush(w)
}

func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
}

// raw sends the answer as it is, past net/http, which would put it right, and
// ends the connection.
func (a recorded) raw(w http.ResponseWriter) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(fmt.Sprintf("onlinetest: this fault can be made with HTTP/1.1 only: %v", err))
	}
	defer conn.Close()
	fmt.Fprintf(buf, "HTTP/1.1 %d %s\r\n", a.code, http.StatusText(a.code))
	a.header.Set("Connection", "close")
	a.header.Write(buf)
	buf.WriteString("\r\n")
	buf.Write(a.body)
	buf.Flush()
}
