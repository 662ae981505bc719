package fetch

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// newTransport returns a transport for servers that are far away, slow, and not
// trusted. How long an answer takes to come is watched by the client, whatever
// its transport.
func newTransport(c Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    15 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    c.PerHost,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         32 << 10,
		DisableCompression:     true, // digests are of the bytes as they are stored
		ForceAttemptHTTP2:      true,
		// With HTTP/2 a request that stalled may go over the same connection
		// again: one that is dead must be found out by then.
		HTTP2: &http.HTTP2Config{SendPingTimeout: c.Stall / 4, PingTimeout: c.Stall / 4},
	}
}

// pause is how long a host that could not be reached is left alone. Then one
// request tries again.
const pause = time.Minute

// host is what is known of a host.
type host struct {
	slots chan struct{}

	mu    sync.Mutex
	down  *ConnectError // why it cannot be reached; nil: it can, as far as known
	until time.Time     // when the next request may try
}

func (c *Client) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.hosts[name]
	if !ok {
		h = &host{slots: make(chan struct{}, c.config.PerHost)}
		c.hosts[name] = h
	}
	return h
}

// enter waits for a turn. leave gives it back.
func (h *host) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *host) leave() { <-h.slots }

// admit returns why the host is not to be asked now, if it is not.
func (h *host) admit(now time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down == nil {
		return nil
	}
	if !now.Before(h.until) {
		h.until = now.Add(pause) // this request tries; the others wait for what comes of it
		return nil
	}
	return &ConnectError{Host: h.down.Host, Err: h.down.Err, Skipped: true}
}

// reached notes that a connection was made.
func (h *host) reached() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = nil
}

// lost notes that a request was given up for want of a connection.
func (h *host) lost(why *ConnectError, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !why.Skipped {
		h.down, h.until = why, now.Add(pause)
	}
}
