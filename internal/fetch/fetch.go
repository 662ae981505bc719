// Package fetch gets files over HTTPS from servers that are not trusted:
// bounded in size and time, from hosts that are named beforehand, politely, and
// again where the first try failed.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

var (
	// ErrAbsent says that the server has no such file (404, 410).
	ErrAbsent = errors.New("is not there")
	// ErrOffline says that the network was needed and is not to be used.
	ErrOffline = errors.New("needs the network, and --offline says not to use it")
	// ErrChanged says that a file changed on the server while it was read:
	// what was read of it is of no use.
	ErrChanged = errors.New("changed while it was read")
	// ErrTooLarge says that an answer is larger than the limit.
	ErrTooLarge = errors.New("is larger than it may be")
	// ErrWebPage says that the server sent a web page in place of a file.
	ErrWebPage = errors.New("is a web page, not the file")
)

// StatusError is an answer other than the one asked for.
type StatusError struct {
	URL  string
	Code int // e.g. 503
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: the server answered %d %s", e.URL, e.Code, http.StatusText(e.Code))
}

// Config says how a Client works. The zero value asks nobody.
type Config struct {
	// Transport makes the requests; nil: one made for these servers.
	Transport http.RoundTripper
	// Hosts may be asked, and redirected to: "www.python.org", or with a port.
	// No other host is.
	Hosts     []string
	UserAgent string
	Offline   bool          // every request is an ErrOffline
	Rate      int64         // bytes a second of all answers together; 0: unbounded
	Attempts  int           // at most, for one file; 0: 5
	Stall     time.Duration // how long a server may send nothing; 0: 30 s
}

// Client gets files. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
}

// New returns a client.
func New(c Config) *Client {
	return &Client{config: c, http: &http.Client{Transport: c.Transport}}
}

// Meta is what a server says of a file.
type Meta struct {
	Size         int64  // bytes; -1 if unknown
	ETag         string // with its quotes; "" if there is none, or a weak one
	LastModified string // as the server spells it; "" if there is none
}

// Get returns the whole of a small file. One of more than limit bytes is an
// ErrTooLarge.
func (c *Client) Get(ctx context.Context, url string, limit int64) ([]byte, error) {
	return c.small(ctx, http.MethodGet, url, "", nil, limit)
}

// Post sends body and returns the answer, of at most limit bytes.
func (c *Client) Post(ctx context.Context, url, contentType string, body []byte, limit int64) ([]byte, error) {
	return c.small(ctx, http.MethodPost, url, contentType, body, limit)
}

// Head returns what the server says of a file, without getting it.
func (c *Client) Head(ctx context.Context, url string) (Meta, error) {
	resp, err := c.do(ctx, http.MethodHead, url, "", nil)
	if err != nil {
		return Meta{}, err
	}
	resp.Body.Close()
	return meta(resp), nil
}

// Body is a file being read from a server. Where the connection breaks, Read
// goes on from the same byte, if the server says that the file is still the
// same; if it does not, Read returns ErrChanged.
type Body struct {
	io.ReadCloser
	meta Meta
}

// Meta returns what the server says of the file.
func (b *Body) Meta() Meta { return b.meta }

// Open begins to read a file.
func (c *Client) Open(ctx context.Context, url string) (*Body, error) {
	resp, err := c.do(ctx, http.MethodGet, url, "", nil)
	if err != nil {
		return nil, err
	}
	return &Body{resp.Body, meta(resp)}, nil
}

func meta(r *http.Response) Meta {
	return Meta{r.ContentLength, r.Header.Get("ETag"), r.Header.Get("Last-Modified")}
}

func (c *Client) small(ctx context.Context, method, url, contentType string, body []byte, limit int64) ([]byte, error) {
	resp, err := c.do(ctx, method, url, contentType, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: %w (%d bytes)", url, ErrTooLarge, limit)
	}
	return data, nil
}

func (c *Client) do(ctx context.Context, method, address, contentType string, body []byte) (*http.Response, error) {
	if c.config.Offline {
		return nil, fmt.Errorf("%s: %w", address, ErrOffline)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || !slices.Contains(c.config.Hosts, u.Host) {
		return nil, fmt.Errorf("%q is not asked: want https and one of %q", address, c.config.Hosts)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp, nil
	case http.StatusNotFound, http.StatusGone:
		err = fmt.Errorf("%s: %w", address, ErrAbsent)
	default:
		err = &StatusError{address, resp.StatusCode}
	}
	resp.Body.Close()
	return nil, err
}
