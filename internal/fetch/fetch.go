// Package fetch gets files over HTTPS from servers that are not trusted:
// bounded in size and time, from hosts that are named beforehand, politely, and
// again where the first try failed. What it returns is the whole of what the
// server has, or an error that says why not: never a part that looks whole.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What is taken where Config says nothing.
const (
	defaultAttempts  = 5
	defaultStall     = 30 * time.Second
	defaultPerHost   = 6       // what web browsers allow themselves with HTTP/1.1
	defaultMaxSize   = 4 << 30 // the largest file of python.org is under 1 GiB
	defaultUserAgent = "migrate"
)

const (
	// maxRead is how many bytes one read takes at most.
	maxRead = 256 << 10
	// sniffed is how much http.DetectContentType looks at.
	sniffed = 512
	// maxDrained is how much of an answer that is of no use is read, so that its
	// connection can be: an error page is smaller than a TLS handshake is slow.
	maxDrained = 64 << 10
)

// Config says how a Client works. The zero value asks nobody.
type Config struct {
	// Transport makes the requests; nil: one made for these servers.
	Transport http.RoundTripper
	// Hosts may be asked, and redirected to: "www.python.org", or with a port.
	// No other host is.
	Hosts     []string
	UserAgent string        // "": the program's name
	Offline   bool          // every request is an ErrOffline
	Rate      int64         // bytes a second of all answers together; 0: unbounded
	Attempts  int           // for one file, from the last that brought any of it; 0: 5
	Stall     time.Duration // how long a server may send nothing; 0: 30 s
	PerHost   int           // requests to one host side by side; 0: 6
	MaxSize   int64         // bytes that Open takes; 0: 4 GiB
	// Now tells the present, for Retry-After and for rates; nil: time.Now.
	Now func() time.Time
}

// Client gets files. It is safe for concurrent use.
type Client struct {
	config  Config
	limiter *rate.Limiter // nil: unbounded
	chunk   int           // bytes that one read takes at most
	// jitter returns a random time below max.
	jitter func(max time.Duration) time.Duration

	mu    sync.Mutex
	hosts map[string]*host
}

// New returns a client.
func New(c Config) *Client {
	if c.Attempts <= 0 {
		c.Attempts = defaultAttempts
	}
	if c.Stall <= 0 {
		c.Stall = defaultStall
	}
	if c.PerHost <= 0 {
		c.PerHost = defaultPerHost
	}
	if c.MaxSize <= 0 {
		c.MaxSize = defaultMaxSize
	}
	if c.UserAgent == "" {
		c.UserAgent = defaultUserAgent
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Transport == nil {
		c.Transport = newTransport(c)
	}
	client := &Client{config: c, chunk: maxRead, jitter: rand.N[time.Duration], hosts: make(map[string]*host)}
	if c.Rate > 0 {
		client.limiter = rate.NewLimiter(rate.Limit(c.Rate), maxRead)
		// Small enough that a slow line is not silent for long between reads.
		client.chunk = int(min(max(c.Rate/8, 4<<10), maxRead))
	}
	return client
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
	return c.small(ctx, query{method: http.MethodGet, url: url}, limit)
}

// Post sends body and returns the answer, of at most limit bytes. It may send
// it more than once, and is for questions only.
func (c *Client) Post(ctx context.Context, url, contentType string, body []byte, limit int64) ([]byte, error) {
	return c.small(ctx, query{method: http.MethodPost, url: url, contentType: contentType, body: body}, limit)
}

func (c *Client) small(ctx context.Context, q query, limit int64) ([]byte, error) {
	t := c.tries(q.url)
	for {
		s, err := t.ask(ctx, q)
		if err == nil {
			var data []byte
			data, err = s.all(limit)
			s.close()
			if err == nil {
				return data, nil
			}
		}
		if err := t.again(ctx, err); err != nil {
			return nil, err
		}
	}
}

// Head returns what the server says of a file, without getting it.
func (c *Client) Head(ctx context.Context, url string) (Meta, error) {
	t := c.tries(url)
	for {
		s, err := t.ask(ctx, query{method: http.MethodHead, url: url})
		if err == nil {
			s.close()
			return meta(s.resp), nil
		}
		if err := t.again(ctx, err); err != nil {
			return Meta{}, err
		}
	}
}

// Open begins to read a file. Until its end is read or it is closed, it counts
// as one of the requests that its host gets side by side: who holds as many
// files open and asks for one more waits.
func (c *Client) Open(ctx context.Context, url string) (*Body, error) {
	t := c.tries(url)
	for begun := 1; ; {
		s, err := t.ask(ctx, query{method: http.MethodGet, url: url})
		if err == nil {
			b := newBody(ctx, c, url, s, t)
			if err = b.begin(); err == nil {
				return b, nil
			}
			b.Close()
			// Nobody has seen a byte yet, so it can begin anew.
			if !errors.Is(err, ErrChanged) || b.cause == nil || begun == c.config.Attempts {
				return nil, err
			}
			begun++
			err = b.cause
		}
		if err := t.again(ctx, err); err != nil {
			return nil, err
		}
	}
}

func meta(r *http.Response) Meta {
	m := Meta{r.ContentLength, r.Header.Get("ETag"), r.Header.Get("Last-Modified")}
	// RFC 9110, section 8.8.3: a weak one does not stand for the very bytes.
	if !strings.HasPrefix(m.ETag, `"`) {
		m.ETag = ""
	}
	return m
}

// isWebPage reports whether an answer says of itself that it is one.
func isWebPage(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return t == "text/html" || t == "application/xhtml+xml" || err != nil && strings.HasPrefix(contentType, "text/html")
}

// IsWebPage reports whether data begin like one, whatever their server calls them.
func IsWebPage(data []byte) bool {
	return strings.HasPrefix(http.DetectContentType(data), "text/html")
}

// all returns the whole of an answer of at most limit bytes.
func (s *stream) all(limit int64) ([]byte, error) {
	if s.resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes, and at most %d are taken", ErrTooLarge, s.resp.ContentLength, limit)
	}
	data, err := io.ReadAll(io.LimitReader(s, limit+1))
	switch n := int64(len(data)); {
	case err != nil:
		return nil, err
	case n > limit:
		return nil, fmt.Errorf("%w: at most %d bytes are taken", ErrTooLarge, limit)
	case s.resp.ContentLength >= 0 && n != s.resp.ContentLength:
		return nil, fmt.Errorf("%w: %d of %d bytes came", ErrCut, n, s.resp.ContentLength)
	}
	return data, nil
}
