package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// The first wait is below this, the next below twice as much, and so on.
	firstWait = time.Second
	maxWait   = 30 * time.Second
	// maxRetryAfter is how long a server may make us wait.
	maxRetryAfter = 5 * time.Minute
	// triesPerAttempt bounds tries that did bring something, by what is allowed
	// of those in vain: a file of 2 GiB may break off every 10 MiB.
	triesPerAttempt = 40
)

// tries counts what was tried to get one file.
type tries struct {
	c      *Client
	url    string
	total  int
	barren int // the last ones, from the last that brought something
}

func (c *Client) tries(url string) *tries { return &tries{c: c, url: url} }

// ask makes a try.
func (t *tries) ask(ctx context.Context, q query) (*stream, error) {
	t.total++
	return t.c.ask(ctx, q)
}

// again waits until the time for one more try has come, after one that ended
// with err. If there is to be none, it returns why, complete.
func (t *tries) again(ctx context.Context, err error) error {
	t.barren++
	attempts := t.c.config.Attempts
	wait, ok := t.wait(err)
	if !ok || t.barren >= attempts || t.total >= attempts*triesPerAttempt || ctx.Err() != nil {
		return t.giveUp(ctx, err)
	}
	if err := sleep(ctx, wait); err != nil {
		return t.giveUp(ctx, err)
	}
	return nil
}

// wait returns how long to wait after err; false if to try again is of no use.
func (t *tries) wait(err error) (time.Duration, bool) {
	// Full jitter, so that those who failed together do not come back together.
	wait := t.c.jitter(min(maxWait, firstWait<<min(t.barren-1, 10)))
	var status *StatusError
	var connect *ConnectError
	switch {
	case errors.As(err, &status):
		if status.Code != http.StatusTooManyRequests && status.Code < 500 {
			return 0, false
		}
		if !status.Again.IsZero() {
			asked := status.Again.Sub(t.c.config.Now())
			return wait + max(asked, 0), asked <= maxRetryAfter
		}
		return wait, true
	case errors.As(err, &connect):
		return wait, !connect.Skipped && !connect.badCertificate()
	}
	return wait, errors.Is(err, ErrCut) || errors.Is(err, ErrStalled)
}

// giveUp returns err as the caller sees it: with the URL, on one line.
func (t *tries) giveUp(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", show(t.url), context.Cause(ctx))
	}
	var connect *ConnectError
	if errors.As(err, &connect) {
		t.c.host(connect.Host).lost(connect, t.c.config.Now())
	}
	var status *StatusError
	var redirect *RedirectError
	if !errors.As(err, &status) && !errors.As(err, &redirect) { // those name it
		err = fmt.Errorf("%s: %w", show(t.url), err)
	}
	if t.total > 1 {
		err = fmt.Errorf("%w (tried %d times)", err, t.total)
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// parseRetryAfter returns when a server wants to be asked again: the field is a
// number of seconds or a date (RFC 9110, section 10.2.3). Zero: it does not say.
func parseRetryAfter(field string, now time.Time) time.Time {
	if n, err := strconv.ParseUint(field, 10, 64); err == nil {
		return now.Add(time.Duration(min(n, maxRetrySeconds)) * time.Second)
	} else if errors.Is(err, strconv.ErrRange) {
		return now.Add(maxRetrySeconds * time.Second)
	}
	if at, err := http.ParseTime(field); err == nil {
		return at
	}
	return time.Time{}
}

// maxRetrySeconds is ten years: what is longer is not a time to wait for.
const maxRetrySeconds = 10 * 365 * 24 * 60 * 60
