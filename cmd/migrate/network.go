package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"
)

// get returns the bytes at a URL, at most limit of them; that there is nothing
// there is an error that is fs.ErrNotExist.
func (a *app) get(ctx context.Context, url string, limit int64) ([]byte, error) {
	client := &http.Client{
		Transport: a.transport,
		Timeout:   time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("redirects are not followed")
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if req.URL.Scheme != "https" {
		return nil, fmt.Errorf("%s: not https", url)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", url, fs.ErrNotExist)
	default:
		return nil, fmt.Errorf("%s: HTTP status %d", url, res.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", url, err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s: larger than %d bytes", url, limit)
	}
	return data, nil
}
