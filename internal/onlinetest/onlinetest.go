// Package onlinetest is a small internet for tests: one TLS server on loopback,
// or in memory, that plays every host a test needs, with a certificate
// authority of its own, and that can do everything wrong that a server can do.
//
//	w := onlinetest.New(t)
//	w.Handle("www.python.org", onlinetest.Files{"/ftp/python/3.13.5/x.tgz": onlinetest.NewFile(data)})
//	w.Break("www.python.org", "/ftp/python/3.13.5/x.tgz", onlinetest.CutAfter(1000))
//	client := &http.Client{Transport: w.Transport()}
//
// Nothing that goes through its transports leaves the machine: a host that the
// world does not have is an error, and is recorded.
package onlinetest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// World is a set of hosts. It is safe for concurrent use.
type World struct {
	tb       testing.TB
	ca       *authority
	server   *http.Server
	listener net.Listener
	dial     func(context.Context) (net.Conn, error)

	mu       sync.Mutex
	hosts    map[string]*host
	requests []Request
	unknown  []string
}

type host struct {
	handler http.Handler
	trouble Trouble
	faults  map[string][]Fault // by path: the next requests'
	always  map[string]Fault   // by path: all other requests'
}

// Request is what a client asked for.
type Request struct {
	Method, Host, Path string
	Query              string // without the question mark
	Range              string // e.g. "bytes=1000-"; "" if the whole was asked for
	Header             http.Header
	Proto              string // e.g. "HTTP/1.1"
}

// New starts a world on loopback. It ends with the test.
func New(tb testing.TB) *World {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var d net.Dialer
	return start(tb, l, func(ctx context.Context) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", l.Addr().String())
	})
}

// NewInMemory starts a world whose connections are pipes in memory, so that it
// can be used in a bubble of testing/synctest, where time is the test's.
func NewInMemory(tb testing.TB) *World {
	tb.Helper()
	l := newPipes()
	return start(tb, l, l.dial)
}

func start(tb testing.TB, l net.Listener, dial func(context.Context) (net.Conn, error)) *World {
	tb.Helper()
	ca, err := newAuthority()
	if err != nil {
		tb.Fatal(err)
	}
	w := &World{tb: tb, ca: ca, listener: l, dial: dial, hosts: make(map[string]*host)}
	// Close does not end a handler that waits for its client; this does.
	ctx, cancel := context.WithCancel(context.Background())
	w.server = &http.Server{
		BaseContext: func(net.Listener) context.Context { return ctx },
		Handler:     http.HandlerFunc(w.serve),
		TLSConfig:   &tls.Config{GetCertificate: w.certificate, NextProtos: []string{"h2", "http/1.1"}},
		ErrorLog:    log.New(io.Discard, "", 0), // broken connections are what it is for
	}
	served := make(chan error, 1)
	go func() { served <- w.server.ServeTLS(l, "", "") }()
	tb.Cleanup(func() {
		cancel()
		w.server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			tb.Errorf("the test's server: %v", err)
		}
	})
	return w
}

// Handle makes h answer for a host, e.g. "www.python.org".
func (w *World) Handle(name string, h http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[name] = &host{handler: h, faults: make(map[string][]Fault), always: make(map[string]Fault)}
}

// Break makes the next requests for a path go wrong, the first one by the first
// fault and so on; a nil fault is a right answer. The requests after those are
// answered rightly. What was set for the path before is forgotten.
func (w *World) Break(name, path string, faults ...Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.host(name)
	h.faults[path] = slices.Clone(faults)
	delete(h.always, path)
}

// BreakAlways makes every request for a path go wrong, after those that Break
// speaks of.
func (w *World) BreakAlways(name, path string, fault Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host(name).always[path] = fault
}

// Trouble is what is wrong with a host as a whole.
type Trouble int

// The kinds of trouble.
const (
	NoTrouble     Trouble = iota
	Refused               // connections are refused
	Expired               // the certificate has expired
	WrongHost             // the certificate is for another host
	Unknown               // the certificate is by an authority nobody knows
	HandshakeFail         // the connection ends before the TLS handshake does
)

// Trouble makes every new connection to a host fail, until it is set to
// NoTrouble.
func (w *World) Trouble(name string, t Trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host(name).trouble = t
}

func (w *World) host(name string) *host {
	h, ok := w.hosts[name]
	if !ok {
		w.tb.Helper()
		w.tb.Fatalf("the test's world has no host %q", name)
	}
	return h
}

// Requests returns what was asked for so far, in order.
func (w *World) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// Forget empties the record of requests and of unknown hosts.
func (w *World) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.unknown = nil, nil
}

// UnknownHosts returns the hosts that were asked for and that this world does
// not have, in order.
func (w *World) UnknownHosts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.unknown)
}

// Transport returns a transport that finds every host of the world, and no
// other, and trusts the world's authority. It speaks HTTP/1.1, unless its
// ForceAttemptHTTP2 is set before its first use.
func (w *World) Transport() *http.Transport {
	t := new(http.Transport)
	w.Wire(t)
	return t
}

// Wire makes a transport that was set up elsewhere find the hosts of the world,
// and no other, and trust the world's authority.
func (w *World) Wire(t *http.Transport) {
	wire(t, w.ca.pool, func(ctx context.Context, name string) (net.Conn, error) {
		w.mu.Lock()
		h, ok := w.hosts[name]
		if !ok {
			w.unknown = append(w.unknown, name)
		}
		refused := ok && h.trouble == Refused
		w.mu.Unlock()
		switch {
		case !ok:
			return nil, fmt.Errorf("no such host: %s", name)
		case refused:
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("%s: connection refused", name)}
		}
		return w.dial(ctx)
	})
}

// Addr returns where the world listens, "127.0.0.1:12345", for a TransportTo in
// another process.
func (w *World) Addr() string { return w.listener.Addr().String() }

// CA returns the certificate of the world's authority in PEM, for a TransportTo
// in another process.
func (w *World) CA() []byte { return slices.Clone(w.ca.pem) }

// TransportTo returns a transport to a world of another process: it finds every
// host at addr and trusts the authority of caPEM. A host which that world does
// not have, or which refuses connections, fails in the TLS handshake.
func TransportTo(addr string, caPEM []byte) (*http.Transport, error) {
	pool, err := parsePool(caPEM)
	if err != nil {
		return nil, err
	}
	t := new(http.Transport)
	wire(t, pool, func(ctx context.Context, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	})
	return t, nil
}

// certificate is asked in each handshake.
func (w *World) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h, ok := w.hosts[hello.ServerName]
	if !ok {
		w.unknown = append(w.unknown, hello.ServerName)
		return nil, fmt.Errorf("no such host: %s", hello.ServerName)
	}
	switch h.trouble {
	case Refused:
		return nil, errors.New("connection refused")
	case HandshakeFail:
		hello.Conn.Close()
		return nil, io.EOF
	}
	return w.ca.certificate(hello.ServerName, h.trouble)
}

func (w *World) serve(rw http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.Host, ":443")
	w.mu.Lock()
	w.requests = append(w.requests, Request{
		Method: r.Method, Host: name, Path: r.URL.Path, Query: r.URL.RawQuery,
		Range: r.Header.Get("Range"), Header: r.Header.Clone(), Proto: r.Proto,
	})
	h, ok := w.hosts[name]
	if !ok || r.TLS.ServerName != name {
		w.mu.Unlock()
		http.Error(rw, "not this host", http.StatusMisdirectedRequest)
		return
	}
	fault := h.always[r.URL.Path]
	if next := h.faults[r.URL.Path]; len(next) > 0 {
		fault, h.faults[r.URL.Path] = next[0], next[1:]
	}
	w.mu.Unlock()

	if fault == nil {
		h.handler.ServeHTTP(rw, r)
		return
	}
	fault(rw, r, h.handler)
}

// File is a file on a server, with what the server says of it.
type File struct {
	Data         []byte
	ETag         string    // with its quotes; "": none
	LastModified time.Time // zero: none
	ContentType  string    // "": application/octet-stream
}

// NewFile returns a file with both validators.
func NewFile(data []byte) *File {
	return &File{Data: data, ETag: etag(data), LastModified: time.Date(1999, 12, 1, 12, 0, 0, 0, time.UTC)}
}

// ServeHTTP answers with the file, or with the range of it that was asked for.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	contentType := f.ContentType
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	w.Header().Set("Content-Type", contentType)
	if f.ETag != "" {
		w.Header().Set("ETag", f.ETag)
	}
	http.ServeContent(w, r, "", f.LastModified, newReader(f.Data))
}

// Files are a host's files by path. It answers 404 for all others.
type Files map[string]*File

// ServeHTTP answers with the file at the request's path.
func (f Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := f[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	file.ServeHTTP(w, r)
}
