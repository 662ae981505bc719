package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxRedirects is how many redirects one request follows.
const maxRedirects = 5

// query is what is asked of a server.
type query struct {
	method, url string
	contentType string
	body        []byte
	ranged      bool
	from        int64  // with ranged: the first byte wanted
	unchanged   string // with ranged: the validator it is asked by
}

// ask makes one try. It follows redirects, and returns the answer if it is the
// one asked for: 200, or 206 where a range is.
func (c *Client) ask(ctx context.Context, q query) (*stream, error) {
	if c.config.Offline {
		return nil, ErrOffline
	}
	at, err := url.Parse(q.url)
	if err != nil {
		return nil, foreign{err}
	}
	if reason := c.refuses(at); reason != "" {
		return nil, fmt.Errorf("is not asked: it %s", reason)
	}
	seen := []string{at.String()}
	for {
		s, err := c.roundTrip(ctx, q, at)
		if err != nil {
			return nil, err
		}
		to, err := redirect(q, at, s.resp)
		if err != nil || to == nil {
			if err == nil {
				err = c.check(q, s.resp)
			}
			if err != nil {
				s.discard()
				return nil, err
			}
			return s, nil
		}
		s.discard()
		reason := c.refuses(to)
		switch {
		case reason != "":
		case slices.Contains(seen, to.String()):
			reason = "is where it came from"
		case len(seen) > maxRedirects:
			reason = fmt.Sprintf("is redirect number %d", len(seen))
		}
		if reason != "" {
			return nil, &RedirectError{From: at.String(), To: to.String(), Reason: reason}
		}
		seen = append(seen, to.String())
		at = to
	}
}

// refuses returns why a URL is not asked; "" if it is.
func (c *Client) refuses(u *url.URL) string {
	switch {
	case u.Scheme != "https":
		return "is not https"
	case u.User != nil:
		return "has a password in it"
	case !slices.Contains(c.config.Hosts, hostName(u)):
		return fmt.Sprintf("is not on one of the hosts that may be asked (%s)", strings.Join(c.config.Hosts, ", "))
	}
	return ""
}

// hostName returns a URL's host as Config.Hosts spells it.
func hostName(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Host), ":443") }

// redirect returns where an answer from at sends the client; nil if nowhere.
func redirect(q query, at *url.URL, resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		// These mean a GET, or may (RFC 9110, section 15.4): not what was asked.
		if q.method == http.MethodPost {
			return nil, nil
		}
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	to, err := at.Parse(location)
	if err != nil || location == "" {
		return nil, &RedirectError{From: at.String(), To: location, Reason: "is not a URL"}
	}
	to.Fragment, to.RawFragment = "", ""
	return to, nil
}

// check returns what is wrong with an answer, if it is not the one asked for.
func (c *Client) check(q query, resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusOK && !q.ranged, code == http.StatusPartialContent && q.ranged:
	case code == http.StatusNotFound, code == http.StatusGone:
		return ErrAbsent
	default:
		e := &StatusError{URL: q.url, Code: code}
		if code == http.StatusTooManyRequests || code >= 500 {
			e.Again = parseRetryAfter(resp.Header.Get("Retry-After"), c.config.Now())
		}
		return e
	}
	encoding := strings.Join(resp.Header.Values("Content-Encoding"), ", ")
	if encoding != "" && !strings.EqualFold(encoding, "identity") || resp.Uncompressed {
		return fmt.Errorf("%w (%s)", ErrEncoded, show(encoding))
	}
	if q.method != http.MethodHead && resp.ProtoMajor == 1 && resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 {
		return ErrNoLength
	}
	return nil
}

// roundTrip makes one request, to u, and returns its answer, whatever it is.
func (c *Client) roundTrip(ctx context.Context, q query, u *url.URL) (*stream, error) {
	h := c.host(hostName(u))
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	if err := h.admit(c.config.Now()); err != nil {
		h.leave()
		return nil, err
	}
	s := &stream{c: c, caller: ctx, free: sync.OnceFunc(h.leave)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(s.ctx, &httptrace.ClientTrace{
		GetConn: func(string) { connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	s.watch = time.AfterFunc(c.config.Stall, func() { s.cancel(ErrStalled) })
	resp, err := c.config.Transport.RoundTrip(c.request(traced, q, u))
	s.watch.Stop()
	if err != nil {
		reason := s.reason(err)
		if ctx.Err() == nil && !connected.Load() {
			if !errors.Is(reason, ErrStalled) {
				reason = foreign{err}
			}
			reason = &ConnectError{Host: hostName(u), Err: reason}
		}
		s.close()
		return nil, reason
	}
	h.reached()
	s.resp = resp
	return s, nil
}

func (c *Client) request(ctx context.Context, q query, u *url.URL) *http.Request {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	// The method is one of three and the URL has been parsed: there is no error.
	req, _ := http.NewRequestWithContext(ctx, q.method, u.String(), body)
	req.Header.Set("User-Agent", c.config.UserAgent)
	req.Header.Set("Accept-Encoding", "identity")
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	if q.ranged {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", q.from))
		req.Header.Set("If-Range", q.unchanged)
	}
	return req
}
