package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// minRate is the least that a server may send, in bytes a second, on average
	// over rateWindow: less than any line in use.
	minRate    = 1 << 10
	rateWindow = time.Minute
)

// stream is the answer to one request: its body, whose coming is watched.
type stream struct {
	c      *Client
	caller context.Context // of whoever asked
	ctx    context.Context // of the request, below caller
	cancel context.CancelCauseFunc
	watch  *time.Timer // ends ctx when the server sends nothing
	free   func()      // gives back the turn at the host
	resp   *http.Response
	err    error // that reading has ended with

	total, window flow
}

// flow is what came, and how long it was waited for.
type flow struct {
	bytes int64
	time  time.Duration
}

// tooSlow reports whether it is less than the least rate.
func (f flow) tooSlow() bool {
	return float64(f.bytes) < minRate*f.time.Seconds()
}

func (f *flow) add(n int, d time.Duration) {
	f.bytes += int64(n)
	f.time += d
}

// Read returns what the server sends. Its errors are io.EOF, what ended the
// caller's context, ErrCut and ErrStalled.
func (s *stream) Read(p []byte) (int, error) {
	if s.caller.Err() != nil {
		return 0, context.Cause(s.caller)
	}
	if s.err != nil {
		return 0, s.err
	}
	p = p[:min(len(p), s.c.chunk)]
	begin := s.c.config.Now()
	s.watch.Reset(s.c.config.Stall)
	n, err := s.resp.Body.Read(p)
	s.watch.Stop()
	took := s.c.config.Now().Sub(begin)
	s.total.add(n, took)
	s.window.add(n, took)
	switch {
	case err == io.EOF:
		s.err = io.EOF
	case err != nil:
		s.err = s.reason(err)
	case s.window.time >= rateWindow:
		if s.window.tooSlow() {
			s.err = fmt.Errorf("%w: %d bytes in %v", ErrStalled, s.window.bytes, s.window.time.Round(time.Second))
		}
		s.window = flow{}
	}
	if s.err != nil {
		s.close()
	}
	if n == 0 {
		return 0, s.err
	}
	if l := s.c.limiter; l != nil {
		now := s.c.config.Now()
		if err := sleep(s.caller, l.ReserveN(now, n).DelayFrom(now)); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// reason returns why a request or a read has failed.
func (s *stream) reason(err error) error {
	switch {
	case s.caller.Err() != nil:
		return context.Cause(s.caller)
	case errors.Is(context.Cause(s.ctx), ErrStalled):
		return fmt.Errorf("%w: nothing came for %v", ErrStalled, s.c.config.Stall)
	}
	return fmt.Errorf("%w: %w", ErrCut, foreign{err})
}

// keptUp reports whether the server sent something, and not too slowly.
func (s *stream) keptUp() bool { return s.total.bytes > 0 && !s.total.tooSlow() }

// discard ends an answer that is of no use, so that its connection is.
func (s *stream) discard() {
	if s.resp.ContentLength <= maxDrained {
		io.CopyN(io.Discard, s, maxDrained) // whether it comes is all the same
	}
	s.close()
}

// close gives back what the answer holds. It may be called again.
func (s *stream) close() {
	if s.resp != nil {
		s.resp.Body.Close()
	}
	s.watch.Stop()
	s.cancel(nil)
	s.free()
}
