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

// maxWait bounds one request, answer and all.
const maxWait = time.Minute

// get fetches what is at an https URL, as keyrings.Get has it.
func (a *app) get(ctx context.Context, url string, limit int64) ([]byte, error) {
	client := http.Client{
		Transport: a.transport,
		Timeout:   maxWait,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Scheme != "https" || r.URL.Host != via[0].URL.Host || len(via) > 3 {
				return fmt.Errorf("it leads on to %s, which is not followed", r.URL.Redacted())
			}
			return nil
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if request.URL.Scheme != "https" {
		return nil, errors.New("only https is used")
	}
	request.Header.Set("User-Agent", "migrate/"+version())
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, fs.ErrNotExist
	default:
		return nil, fmt.Errorf("the server answered %d", response.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the answer has more than %d bytes", limit)
	}
	return data, nil
}
