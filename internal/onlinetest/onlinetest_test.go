package onlinetest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	python  = "www.python.org"
	tarball = "/ftp/python/3.13.5/Python-3.13.5.tgz"
)

var data = bytes.Repeat([]byte("0123456789"), 100)

// get asks for a file as a bare net/http client does.
func get(t *testing.T, rt http.RoundTripper, method, url string, header ...string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

func world(t *testing.T) *World {
	w := New(t)
	w.Handle(python, Files{tarball: NewFile(data)})
	w.Handle("peps.python.org", Files{"/x": NewFile([]byte("peps"))})
	return w
}

func TestWorld(t *testing.T) {
	w := world(t)
	for _, http2 := range []bool{false, true} {
		tr := w.Transport()
		tr.ForceAttemptHTTP2 = http2
		resp, body, err := get(t, tr, "GET", "https://"+python+tarball)
		if err != nil || !bytes.Equal(body, data) || (resp.ProtoMajor == 2) != http2 {
			t.Errorf("HTTP/2 %v: %d bytes, %v", http2, len(body), err)
		}
		_, body, err = get(t, tr, "GET", "https://peps.python.org/x")
		if err != nil || string(body) != "peps" {
			t.Errorf("other host: %q, %v", body, err)
		}
		tr.CloseIdleConnections()
	}
	w.Forget()
	resp, body, err := get(t, w.Transport(), "GET", "https://"+python+tarball+"?a=b", "Range", "bytes=990-")
	if err != nil || resp.StatusCode != http.StatusPartialContent || len(body) != 10 {
		t.Errorf("range: %v, %d bytes", err, len(body))
	}
	got := w.Requests()
	if len(got) != 1 || got[0].Method != "GET" || got[0].Host != python || got[0].Path != tarball || got[0].Query != "a=b" || got[0].Range != "bytes=990-" {
		t.Errorf("recorded: %+v", got)
	}

	_, _, err = get(t, w.Transport(), "GET", "https://elsewhere.example/")
	if err == nil || !strings.Contains(err.Error(), "no such host: elsewhere.example") || len(w.UnknownHosts()) != 1 {
		t.Errorf("a host of nobody's: %v, recorded %q", err, w.UnknownHosts())
	}
}

func TestTransportTo(t *testing.T) {
	w := world(t)
	tr, err := TransportTo(w.Addr(), w.CA())
	if err != nil {
		t.Fatal(err)
	}
	if _, body, err := get(t, tr, "GET", "https://"+python+tarball); err != nil || !bytes.Equal(body, data) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if _, _, err := get(t, tr, "GET", "https://elsewhere.example/"); err == nil || len(w.UnknownHosts()) != 1 {
		t.Errorf("a host of nobody's: %v, recorded %q", err, w.UnknownHosts())
	}
	if _, err := TransportTo(w.Addr(), []byte("nothing")); err == nil {
		t.Error("no authority: no error")
	}
}

func TestTrouble(t *testing.T) {
	w := world(t)
	var invalid x509.CertificateInvalidError
	var other x509.HostnameError
	var unknown x509.UnknownAuthorityError
	for trouble, want := range map[Trouble]func(error) bool{
		NoTrouble:     func(err error) bool { return err == nil },
		Refused:       func(err error) bool { return err != nil && strings.Contains(err.Error(), "connection refused") },
		Expired:       func(err error) bool { return errors.As(err, &invalid) && invalid.Reason == x509.Expired },
		WrongHost:     func(err error) bool { return errors.As(err, &other) },
		Unknown:       func(err error) bool { return errors.As(err, &unknown) },
		HandshakeFail: func(err error) bool { return err != nil && !errors.As(err, new(*tls.CertificateVerificationError)) },
	} {
		w.Trouble(python, trouble)
		if _, _, err := get(t, w.Transport(), "GET", "https://"+python+tarball); !want(err) {
			t.Errorf("trouble %d: %v", trouble, err)
		}
	}
}

func TestFaults(t *testing.T) {
	w := world(t)
	tr := w.Transport()
	tr.DisableCompression = true
	w.Break(python, tarball, CutAfter(10), nil, Gzip(true), Status(429, "Retry-After", "120"), ErrorPage("text/html"))
	w.BreakAlways(python, tarball, WrongLength(-1))
	url := "https://" + python + tarball
	if _, body, err := get(t, tr, "GET", url); err == nil || len(body) > 10 {
		t.Errorf("cut: %d bytes, %v", len(body), err)
	}
	if _, body, err := get(t, tr, "GET", url); err != nil || !bytes.Equal(body, data) {
		t.Errorf("no fault: %d bytes, %v", len(body), err)
	}
	if resp, body, err := get(t, tr, "GET", url); err != nil || resp.Header.Get("Content-Encoding") != "gzip" || body[0] != 0x1f {
		t.Errorf("gzip: %d bytes, %v", len(body), err)
	}
	if resp, _, err := get(t, tr, "GET", url); err != nil || resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "120" {
		t.Errorf("status: %v", err)
	}
	if resp, body, err := get(t, tr, "GET", url); err != nil || resp.StatusCode != 200 || !bytes.Contains(body, []byte("<html>")) {
		t.Errorf("error page: %v", err)
	}
	for range 2 {
		if resp, body, err := get(t, tr, "GET", url); err != nil || resp.ContentLength != 999 || len(body) != 999 {
			t.Errorf("always: %d bytes, %v", len(body), err)
		}
	}
	w.Break(python, tarball)
	if resp, _, err := get(t, tr, "HEAD", url); err != nil || resp.ContentLength != 1000 {
		t.Errorf("mended: %v", err)
	}
	w.Break(python, tarball, WrongLength(5), NoLength(), ShiftRange(7, true), ShiftRange(7, false), IgnoreRange())
	if resp, _, err := get(t, tr, "HEAD", url); err != nil || resp.ContentLength != 1005 {
		t.Errorf("wrong length, HEAD: %v", err)
	}
	if resp, body, err := get(t, tr, "GET", url); err != nil || resp.ContentLength != -1 || len(body) != 1000 {
		t.Errorf("no length: %d bytes, %v", len(body), err)
	}
	for _, want := range []string{"bytes 10-992/1000", "bytes 17-999/1000", ""} {
		resp, body, err := get(t, tr, "GET", url, "Range", "bytes=10-")
		if err != nil || resp.Header.Get("Content-Range") != want {
			t.Errorf("range: %d bytes, %q, %v", len(body), resp.Header.Get("Content-Range"), err)
		}
	}
}

// TestInMemory: in a bubble, a slow server costs no time.
func TestInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewInMemory(t)
		w.Handle(python, Files{tarball: NewFile(data)})
		w.Break(python, tarball, Drip(100, time.Hour))
		begin := time.Now()
		tr := w.Transport()
		defer tr.CloseIdleConnections()
		_, body, err := get(t, tr, "GET", "https://"+python+tarball)
		if took := time.Since(begin); err != nil || !bytes.Equal(body, data) || took < 9*time.Hour {
			t.Errorf("%d bytes, %v, took %v", len(body), err, took)
		}
	})
}
