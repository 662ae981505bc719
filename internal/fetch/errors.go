package fetch

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

var (
	// ErrAbsent says that the server has no such file (404, 410).
	ErrAbsent = errors.New("is not there")
	// ErrOffline says that the network was needed and is not to be used.
	ErrOffline = errors.New("needs the network, and --offline says not to use it")
	// ErrChanged says that a file changed on the server while it was read, or
	// that the server gives nothing to tell by: what was read of it is of no
	// use, and it has to be read from its start.
	ErrChanged = errors.New("changed while it was read")
	// ErrTooLarge says that an answer is larger than the limit.
	ErrTooLarge = errors.New("is larger than it may be")
	// ErrWebPage says that the server sent a web page in place of a file.
	ErrWebPage = errors.New("is a web page, not the file")
	// ErrCut says that the connection broke before the whole answer came.
	ErrCut = errors.New("the connection broke")
	// ErrStalled says that the server sent nothing, or next to nothing, for too
	// long.
	ErrStalled = errors.New("the server stalled")
	// ErrEncoded says that an answer came compressed, though that was not asked
	// for: whether the file itself is meant to be, nobody can tell.
	ErrEncoded = errors.New("came in a content encoding, though none was asked for")
	// ErrNoLength says that an answer ends where the connection does, so that
	// one which was cut off looks like a whole one.
	ErrNoLength = errors.New("came without a length, so a part would look whole")
)

// StatusError is an answer other than the one asked for.
type StatusError struct {
	URL  string
	Code int // e.g. 503
	// Again is when the server wants to be asked again; zero: it does not say.
	Again time.Time
}

// Refused reports whether the server would not say whether there is such a file
// (401, 403), as some do for those that are not there.
func (e *StatusError) Refused() bool {
	return e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: the server answered %d", show(e.URL), e.Code)
	if text := http.StatusText(e.Code); text != "" {
		s += " " + text
	}
	if !e.Again.IsZero() {
		s += ", and asks not to be asked before " + e.Again.UTC().Format(time.RFC3339)
	}
	return s
}

// RedirectError is a redirect that is not followed.
type RedirectError struct {
	From, To string
	Reason   string // why not: "is not https", for one
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("%s: redirected to %s, which %s", show(e.From), show(e.To), e.Reason)
}

// ConnectError says that no connection to a host could be made, or none that is
// safe.
type ConnectError struct {
	Host string
	Err  error
	// Skipped says that the host was not asked, since it could not be reached
	// just before; Err says why.
	Skipped bool
}

func (e *ConnectError) Error() string {
	var s string
	switch {
	case e.badCertificate():
		s = fmt.Sprintf("the certificate of %s is not accepted: %v: check this machine's clock and certificate authorities", show(e.Host), e.Err)
	default:
		s = fmt.Sprintf("%s cannot be reached: %v: check the network and HTTPS_PROXY", show(e.Host), e.Err)
	}
	if e.Skipped {
		s += " (not tried again)"
	}
	return s
}

func (e *ConnectError) Unwrap() error { return e.Err }

func (e *ConnectError) badCertificate() bool {
	var cert *tls.CertificateVerificationError
	return errors.As(e.Err, &cert)
}

// changed is an ErrChanged with what shows it.
type changed string

func (e changed) Error() string { return string(e) + ", so it has to be read from its start" }
func (e changed) Unwrap() error { return ErrChanged }

// foreign is an error whose text may come from a server.
type foreign struct{ error }

func (e foreign) Error() string { return show(e.error.Error()) }
func (e foreign) Unwrap() error { return e.error }

// maxShown is how much of a text from elsewhere an error shows, in bytes.
const maxShown = 300

// show returns a text from elsewhere, as it can be shown on one line.
func show(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown] + "..."
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			q := strconv.QuoteToASCII(s)
			return q[1 : len(q)-1]
		}
	}
	return s
}
