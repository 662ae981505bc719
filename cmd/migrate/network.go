package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"migrate/internal/fetch"
)

// hosts are the only ones that are ever asked, besides those of --base-url, of
// --api-url, and of the log that the trust root names.
var hosts = []string{
	"www.python.org",            // releases
	"peps.python.org",           // the release cycle
	"keys.openpgp.org",          // keys, here and on the next two
	"keyserver.ubuntu.com",      //
	"github.com",                //
	"tuf-repo-cdn.sigstore.dev", // the trust root
}

// fewAttempts is how often small things are asked for: keys, the trust root,
// log entries. A run without network should say so soon.
const fewAttempts = 2

// client returns a client that tries each request so many times; 0 is as often
// as is usual. It keeps to --offline.
func (a *app) client(attempts int) (*fetch.Client, error) {
	if a.attempts != 0 {
		attempts = a.attempts
	}
	if c := a.clients[attempts]; c != nil { // so that it knows which hosts are down
		return c, nil
	}
	rate, err := parseRate(a.config.GetString("limit-rate"))
	if err != nil {
		return nil, fmt.Errorf("--limit-rate: %w", err)
	}
	config := fetch.Config{
		Transport: a.transport,
		Hosts:     hosts,
		UserAgent: "migrate/" + version(),
		Offline:   a.config.GetBool("offline"),
		Rate:      rate,
		Attempts:  attempts,
	}
	allow := func(host string) {
		if host != "" && !slices.Contains(config.Hosts, host) {
			config.Hosts = append(slices.Clone(config.Hosts), host)
		}
	}
	if u, err := url.Parse(a.log); err == nil {
		allow(u.Host)
	}
	for _, flag := range []string{"base-url", "api-url"} {
		text := a.config.GetString(flag)
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, fmt.Errorf("--%s %s: want an address such as https://www.python.org/ftp/python/", flag, text)
		}
		allow(u.Host)
	}
	c := fetch.New(config)
	if a.clients == nil {
		a.clients = make(map[int]*fetch.Client)
	}
	a.clients[attempts] = c
	return c, nil
}

// get gets a small file. What is not there is fs.ErrNotExist.
func (a *app) get(ctx context.Context, url string, limit int64) ([]byte, error) {
	c, err := a.client(fewAttempts)
	if err != nil {
		return nil, err
	}
	data, err := c.Get(ctx, url, limit)
	return data, absence(err)
}

// post sends body and returns the answer.
func (a *app) post(ctx context.Context, url, contentType string, body []byte, limit int64) ([]byte, error) {
	c, err := a.client(fewAttempts)
	if err != nil {
		return nil, err
	}
	data, err := c.Post(ctx, url, contentType, body, limit)
	return data, absence(err)
}

// absence lets packages that know nothing of servers tell that a file is not
// there.
func absence(err error) error {
	if errors.Is(err, fetch.ErrAbsent) {
		return fmt.Errorf("%w (%w)", err, fs.ErrNotExist)
	}
	return err
}

// parseRate reads a rate as curl does: bytes a second, or with K, M or G for a
// multiple of 1024; "" is 0, which is no limit.
func parseRate(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number, shift := text, 0
	switch suffix := text[len(text)-1]; suffix | 0x20 { // lower case
	case 'k', 'm', 'g':
		number, shift = text[:len(text)-1], 10*(1+strings.IndexByte("kmg", suffix|0x20))
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no rate: want bytes a second, such as 500K or 10M", text)
	}
	return n << shift, nil
}
