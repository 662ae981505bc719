package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migrate/internal/onlinetest"
)

// bubble runs a test in which time is the test's: nothing in it takes any, and
// what it asserts about time is exact. took tells how much has passed.
func bubble(t *testing.T, c Config, data []byte, test func(t *testing.T, f fixture, took func() time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := in(t, onlinetest.NewInMemory(t), c, false, onlinetest.NewFile(data))
		begin := time.Now()
		test(t, f, func() time.Duration {
			d := time.Since(begin)
			begin = time.Now()
			return d
		})
	})
}

func TestStall(t *testing.T) {
	data := content(3000)
	bubble(t, Config{}, data, func(t *testing.T, f fixture, took func() time.Duration) {
		f.Break(python, path, onlinetest.StallAfter(1000))
		got, err := f.read(t.Context(), at)
		unspoilt(t, data, got, err)
		if d := took(); err != nil || d != 30*time.Second || !slices.Equal(f.ranges(), []string{"", "bytes=1000-"}) {
			t.Errorf("took %v, %v, asked for %q", d, err, f.ranges())
		}

		f.Forget()
		f.Break(python, path)
		f.BreakAlways(python, path, onlinetest.StallBeforeAnswer())
		_, err = f.read(t.Context(), at)
		var connect *ConnectError
		if d := took(); !errors.Is(err, ErrStalled) || errors.As(err, &connect) || !strings.Contains(err.Error(), "nothing came for 30s") || d != 5*30*time.Second || len(f.Requests()) != 5 {
			t.Errorf("no answer: took %v, %v, %d requests", d, err, len(f.Requests()))
		}

		// Something, and then nothing, again and again: not a byte a second.
		f.Forget()
		f.Break(python, path)
		f.BreakAlways(python, path, onlinetest.StallAfter(10))
		got, err = f.read(t.Context(), at)
		if d := took(); !errors.Is(err, ErrStalled) || d != 5*30*time.Second || len(f.Requests()) != 5 || len(got) != 0 {
			t.Errorf("ten bytes at a time: took %v, %v, %d requests", d, err, len(f.Requests()))
		}

		f.Forget()
		f.Break(python, path)
		f.BreakAlways(python, path, onlinetest.StallAfter(10))
		_, err = f.client.Get(t.Context(), at, 3000)
		if d := took(); !errors.Is(err, ErrStalled) || d != 5*30*time.Second || len(f.Requests()) != 5 {
			t.Errorf("Get: took %v, %v, %d requests", d, err, len(f.Requests()))
		}

		// A server whose error page never ends delays, and no more.
		f.Break(python, path, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusNotFound)
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		_, err = f.client.Get(t.Context(), at, 3000)
		if d := took(); !errors.Is(err, ErrAbsent) || d != 30*time.Second {
			t.Errorf("error page: took %v, %v", d, err)
		}
	})
}

func TestDrip(t *testing.T) {
	data := content(100 << 10)
	bubble(t, Config{}, data, func(t *testing.T, f fixture, took func() time.Duration) {
		f.BreakAlways(python, path, onlinetest.Drip(10, time.Second))
		got, err := f.read(t.Context(), at)
		unspoilt(t, data, got, err)
		if d := took(); !errors.Is(err, ErrStalled) || !strings.Contains(err.Error(), "bytes in 1m0s") || d != 5*time.Minute || len(f.Requests()) != 5 {
			t.Errorf("took %v, %v, asked for %q", d, err, f.ranges())
		}

		// One minute of it, and then as it should be.
		f.Forget()
		f.Break(python, path, onlinetest.Drip(10, time.Second))
		f.BreakAlways(python, path, nil)
		got, err = f.read(t.Context(), at)
		unspoilt(t, data, got, err)
		if d := took(); err != nil || d != time.Minute || len(f.Requests()) != 2 {
			t.Errorf("took %v, %v, asked for %q", d, err, f.ranges())
		}

		// Slow, but no slower than a slow line.
		f.Forget()
		f.BreakAlways(python, path, onlinetest.Drip(2<<10, time.Second))
		got, err = f.read(t.Context(), at)
		unspoilt(t, data, got, err)
		if err != nil || len(f.Requests()) != 1 {
			t.Errorf("slow: took %v, %v, asked for %q", took(), err, f.ranges())
		}

		// A slow reader is not a slow server.
		f.Forget()
		f.BreakAlways(python, path, nil)
		b, err := f.client.Open(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		var all []byte
		for {
			buf := make([]byte, 10<<10)
			n, err := b.Read(buf)
			all = append(all, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute)
		}
		if !bytes.Equal(all, data) || len(f.Requests()) != 1 {
			t.Errorf("slow reader: %d bytes, asked for %q", len(all), f.ranges())
		}
	})
}

func TestRetryAfter(t *testing.T) {
	data := content(100)
	bubble(t, Config{}, data, func(t *testing.T, f fixture, took func() time.Duration) {
		for _, code := range []int{429, 503} {
			for after, want := range map[string]time.Duration{
				"120":                            2 * time.Minute,
				"0":                              0,
				"300":                            5 * time.Minute,
				"-5":                             0,
				"soon":                           0,
				"":                               0,
				"Fri, 31 Dec 1999 00:00:00 GMT":  0,
				"Sat, 01 Jan 2000 00:00:00 PST":  0,
				"+120":                           0,
				"date":                           3 * time.Minute,
				"Saturday, 01-Jan-00 00:00:00 X": 0,
			} {
				if after == "date" {
					after = time.Now().Add(3 * time.Minute).UTC().Format(http.TimeFormat)
				}
				took()
				f.Break(python, path, onlinetest.Status(code, "Retry-After", after))
				got, err := f.client.Get(t.Context(), at, 100)
				unspoilt(t, data, got, err)
				if d := took(); err != nil || d != want {
					t.Errorf("%d, %q: took %v, %v", code, after, d, err)
				}
			}
			for after, want := range map[string]time.Time{
				"301":                           time.Now().Add(301 * time.Second),
				"86400":                         time.Now().Add(24 * time.Hour),
				"Sun, 02 Jan 2005 00:00:00 GMT": time.Date(2005, 1, 2, 0, 0, 0, 0, time.UTC),
				"99999999999999999999999":       time.Now().Add(maxRetrySeconds * time.Second),
				"9223372036854775807":           time.Now().Add(maxRetrySeconds * time.Second),
			} {
				f.Forget()
				f.Break(python, path, onlinetest.Status(code, "Retry-After", after))
				_, err := f.client.Open(t.Context(), at)
				var s *StatusError
				if d := took(); !errors.As(err, &s) || s.Code != code || !s.Again.Equal(want) || d != 0 || len(f.Requests()) != 1 ||
					!strings.Contains(err.Error(), want.UTC().Format(time.RFC3339)) {
					t.Errorf("%d, %q: took %v, %v", code, after, d, err)
				}
			}
		}
	})
}

func TestBackoff(t *testing.T) {
	bubble(t, Config{Attempts: 9}, nil, func(t *testing.T, f fixture, took func() time.Duration) {
		var bounds []time.Duration
		f.client.jitter = func(max time.Duration) time.Duration {
			bounds = append(bounds, max)
			return max / 2
		}
		f.BreakAlways(python, path, onlinetest.Status(500))
		_, err := f.client.Get(t.Context(), at, 100)
		var s *StatusError
		s1 := time.Second
		want := []time.Duration{s1, 2 * s1, 4 * s1, 8 * s1, 16 * s1, 30 * s1, 30 * s1, 30 * s1}
		if len(bounds) > len(want) { // the last try is not waited after
			bounds = bounds[:len(want)]
		}
		if d := took(); !errors.As(err, &s) || !slices.Equal(bounds, want) || d != 121*time.Second/2 {
			t.Errorf("took %v, below %v, %v", d, bounds, err)
		}
	})
	// As it comes: random, and below the bound.
	c := New(Config{})
	seen := make(map[time.Duration]bool)
	for range 100 {
		d := c.jitter(time.Second)
		if d < 0 || d >= time.Second {
			t.Fatalf("jitter of %v", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different waits of 100", len(seen))
	}
}

// TestCancel: whatever is waited for, the end of the context ends it at once,
// with its cause.
func TestCancel(t *testing.T) {
	data := content(1 << 20)
	stop := errors.New("interrupted")
	for name, test := range map[string]struct {
		config Config
		fault  onlinetest.Fault
	}{
		"backoff":          {Config{}, onlinetest.Status(503)},
		"Retry-After":      {Config{}, onlinetest.Status(429, "Retry-After", "200")},
		"no answer":        {Config{Stall: time.Hour}, onlinetest.StallBeforeAnswer()},
		"no byte":          {Config{Stall: time.Hour}, onlinetest.StallAfter(100)},
		"no byte, later":   {Config{Stall: time.Hour}, onlinetest.StallAfter(1000)},
		"drip":             {Config{}, onlinetest.Drip(2<<10, time.Second)},
		"rate":             {Config{Rate: 5 << 10}, nil},
		"cut, and backoff": {Config{}, onlinetest.CutAfter(600)},
		"error page":       {Config{Stall: time.Hour}, stallingErrorPage},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, test.config, data, func(t *testing.T, f fixture, took func() time.Duration) {
				f.client.jitter = func(time.Duration) time.Duration { return time.Hour }
				f.BreakAlways(python, path, test.fault)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(100*time.Second-time.Millisecond, func() { cancel(stop) })
				got, err := f.read(ctx, at)
				unspoilt(t, data, got, err)
				if d := took(); !errors.Is(err, stop) || d != 100*time.Second-time.Millisecond {
					t.Errorf("took %v, %v", d, err)
				}
				if _, err := f.client.Get(ctx, at, 10); !errors.Is(err, stop) || !strings.HasPrefix(err.Error(), at) || took() != 0 {
					t.Errorf("a request after that: %v", err)
				}
			})
		})
	}
}

func stallingErrorPage(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusInternalServerError)
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// TestCancelledBody: a body whose context has ended gives nothing more, not even
// what has come already.
func TestCancelledBody(t *testing.T) {
	f := in(t, onlinetest.New(t), Config{}, true, onlinetest.NewFile(content(3000)))
	ctx, cancel := context.WithCancel(t.Context())
	b, err := f.client.Open(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		if n, err := b.Read(make([]byte, 10)); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}

// TestUnreachableForAWhile: with no network, a run over thousands of artifacts
// ends soon; once it is back, it is used.
func TestUnreachableForAWhile(t *testing.T) {
	bubble(t, Config{}, content(100), func(t *testing.T, f fixture, took func() time.Duration) {
		f.client.jitter = func(max time.Duration) time.Duration { return max }
		f.Trouble(python, onlinetest.Refused)
		var all sync.WaitGroup
		next := make(chan int)
		for range 6 {
			all.Go(func() {
				for range next {
					_, err := f.client.Get(t.Context(), at, 100)
					var connect *ConnectError
					if !errors.As(err, &connect) || connect.Host != python {
						t.Errorf("%v", err)
					}
				}
			})
		}
		for n := range 6000 {
			next <- n
		}
		close(next)
		all.Wait()
		if d := took(); d != (1+2+4+8)*time.Second {
			t.Errorf("took %v", d)
		}
		// The other host is another matter.
		if _, err := f.client.Get(t.Context(), "https://"+mirror+path, 100); err != nil {
			t.Error(err)
		}

		get := func() error {
			_, err := f.client.Get(t.Context(), at, 100)
			return err
		}
		skipped := func(err error) bool {
			var connect *ConnectError
			return errors.As(err, &connect) && connect.Skipped
		}
		// A minute later one request tries, once, and the others do not.
		time.Sleep(time.Minute)
		took()
		if err := get(); !skipped(err) || took() != time.Second {
			t.Errorf("still down: %v", err)
		}
		f.Trouble(python, onlinetest.NoTrouble)
		time.Sleep(pause - 2*time.Second)
		if err := get(); !skipped(err) {
			t.Errorf("too early: %v", err)
		}
		if len(f.Requests()) != 1 {
			t.Errorf("requests: %v", f.Requests())
		}
		time.Sleep(2 * time.Second)
		for range 3 {
			if err := get(); err != nil {
				t.Errorf("up again: %v", err)
			}
		}
	})
}

// TestLineDownForAWhile: a line that comes back while the tries last costs nothing.
func TestLineDownForAWhile(t *testing.T) {
	data := content(3000)
	bubble(t, Config{}, data, func(t *testing.T, f fixture, took func() time.Duration) {
		f.client.jitter = func(max time.Duration) time.Duration { return max }
		f.Break(python, path, func(w http.ResponseWriter, r *http.Request, right http.Handler) {
			f.Trouble(python, onlinetest.Refused)
			onlinetest.CutAfter(1000)(w, r, right)
		})
		time.AfterFunc(5*time.Second, func() { f.Trouble(python, onlinetest.NoTrouble) })
		got, err := f.read(t.Context(), at)
		unspoilt(t, data, got, err)
		if d := took(); err != nil || d != 7*time.Second {
			t.Errorf("took %v, %v", d, err)
		}
	})
}

// TestRate: the rate is that of all bodies together.
func TestRate(t *testing.T) {
	data := content(1 << 20)
	bubble(t, Config{Rate: 64 << 10}, data, func(t *testing.T, f fixture, took func() time.Duration) {
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				got, err := f.read(t.Context(), at)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		}
		all.Go(func() {
			if _, err := f.client.Get(t.Context(), at, 1<<20); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		// What the bucket holds at first is not waited for.
		least := time.Duration(3<<20-maxRead) * time.Second / (64 << 10)
		if d := took(); d < least-time.Second || d > least+time.Second {
			t.Errorf("took %v, want %v", d, least)
		}
		// A buffer that is large, and one that is larger than the bucket.
		b, err := f.client.Open(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		got := 0
		for buf := make([]byte, 2*maxRead); ; {
			n, err := b.Read(buf)
			got += n
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got != 1<<20 {
			t.Errorf("%d bytes", got)
		}
	})
}
