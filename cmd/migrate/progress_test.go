package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"migrate/internal/audit"
	"migrate/internal/source"
)

var epoch = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// course is a run told by a test: events and the time that passes.
type course struct {
	meter meter
	now   time.Time
	at    audit.Progress // the totals
}

// newCourse is a run over artifacts of these sizes.
func newCourse(sizes ...int64) *course {
	items := make([]source.Item, len(sizes))
	for i, size := range sizes {
		items[i] = source.Item{Size: size, Open: func(context.Context) (io.ReadCloser, error) { return nil, errors.New("not opened") }}
	}
	return &course{meter: newMeter(epoch, items), now: epoch, at: audit.Progress{Total: len(sizes)}}
}

func same(n int, size int64) []int64 {
	sizes := make([]int64, n)
	for i := range sizes {
		sizes[i] = size
	}
	return sizes
}

// pass lets time pass, with a look at the run every tenth of a second.
func (c *course) pass(d time.Duration) {
	for end := c.now.Add(d); c.now.Before(end); {
		c.now = c.now.Add(barsEvery)
		c.meter.sample(c.now)
	}
}

func (c *course) tell(at audit.Progress, n int64) {
	c.at.Bytes += n
	if at.Finished {
		c.at.Done++
	}
	at.Done, at.Total, at.Bytes = c.at.Done, c.at.Total, c.at.Bytes
	c.meter.tell(at)
}

// read has a worker read n bytes of an artifact from its start, at a rate per
// second.
func (c *course) read(worker int, name string, size, n, perSecond int64) audit.Progress {
	at := audit.Progress{Worker: worker, Location: name, Size: size}
	c.tell(at, 0)
	for at.Read < n {
		part := min((perSecond+9)/10, n-at.Read)
		at.Read += part
		c.tell(at, part)
		c.pass(barsEvery)
	}
	return at
}

func (c *course) finish(at audit.Progress) {
	at.Finished = true
	c.tell(at, 0)
}

const mib = 1 << 20

func TestProgressFigures(t *testing.T) {
	for _, tt := range []struct {
		name string
		run  func() *course
		want string
	}{
		{"nothing yet", func() *course {
			return newCourse(same(340, 18*mib)...)
		}, "0 of 340 artifacts, 0 B of 6.0 GiB"},
		{"too early to tell", func() *course {
			c := newCourse(same(340, 18*mib)...)
			c.read(0, "a", 18*mib, 16*mib, 8*mib)
			return c
		}, "0 of 340 artifacts, 16 MiB of 6.0 GiB, 8.0 MiB/s"},
		{"under way", func() *course {
			c := newCourse(same(340, 18*mib)...)
			for i := range 12 {
				c.finish(c.read(0, fmt.Sprint(i), 18*mib, 18*mib, 10*mib))
			}
			c.read(0, "a", 18*mib, 14*mib, 10*mib)
			return c
		}, "12 of 340 artifacts, 230 MiB of 6.0 GiB, 10 MiB/s, about 10 min left"},
		{"read to its end, the rest without bytes", func() *course {
			c := newCourse(20*mib, 0)
			c.finish(c.read(0, "a", 20*mib, 20*mib, 5*mib))
			return c
		}, "1 of 2 artifacts, 20 MiB of 20 MiB, 5.0 MiB/s"},
		// What is carried over was not read, and the time it took is none in which
		// nothing could be.
		{"carried over", func() *course {
			c := newCourse(same(100, 10*mib)...)
			for i := range 90 {
				c.finish(audit.Progress{Location: fmt.Sprint(i), Size: 10 * mib})
				c.pass(barsEvery)
			}
			for i := range 4 {
				c.finish(c.read(0, fmt.Sprint("new", i), 10*mib, 10*mib, 4*mib))
			}
			return c
		}, "94 of 100 artifacts, 940 MiB of 1000 MiB, 4.0 MiB/s, about 15 s left"},
		{"sizes unknown, one read", func() *course {
			c := newCourse(same(5, -1)...)
			c.finish(c.read(0, "a", -1, 60*mib, 10*mib))
			c.read(0, "b", -1, 20*mib, 10*mib)
			return c
		}, "1 of 5 artifacts, 80 MiB, 10 MiB/s, about 20 s left"}, // 4 of 60 MiB, less 20
		{"sizes unknown, none read", func() *course {
			c := newCourse(same(5, -1)...)
			c.finish(audit.Progress{Location: "a", Size: -1})
			c.read(0, "b", -1, 60*mib, 10*mib)
			return c
		}, "1 of 5 artifacts, 60 MiB, 10 MiB/s"},
		{"one size unknown", func() *course {
			c := newCourse(60*mib, -1, 60*mib, -1)
			c.finish(c.read(0, "a", 60*mib, 60*mib, 10*mib))
			c.finish(c.read(0, "b", -1, 60*mib, 10*mib))
			return c
		}, "2 of 4 artifacts, 120 MiB, 10 MiB/s, about 10 s left"},
		{"no bytes at all", func() *course {
			c := newCourse(same(1000, -1)...)
			c.meter.readable = false
			for range 50 {
				c.finish(audit.Progress{Size: -1})
				c.pass(barsEvery)
			}
			return c
		}, "50 of 1000 artifacts, about 2 min left"},
		{"stalled", func() *course {
			c := newCourse(same(3, 100*mib)...)
			c.read(0, "a", 100*mib, 50*mib, 10*mib)
			c.pass(time.Minute)
			return c
		}, "0 of 3 artifacts, 50 MiB of 300 MiB, 0 B/s"},
		{"hardly moving", func() *course {
			c := newCourse(1 << 40)
			c.read(0, "a", 1<<40, 2000, 400)
			return c
		}, "0 of 1 artifacts, 2.0 KiB of 1.0 TiB, 400 B/s"},
		{"sizes that do not add up in an int64", func() *course {
			c := newCourse(math.MaxInt64, math.MaxInt64, math.MaxInt64)
			c.read(0, "a", math.MaxInt64, 50*mib, 10*mib)
			return c
		}, "0 of 3 artifacts, 50 MiB of 24 EiB, 10 MiB/s"},
		{"longer than listed", func() *course {
			c := newCourse(10*mib, 10*mib)
			c.read(0, "a", 10*mib, 60*mib, 10*mib)
			return c
		}, "0 of 2 artifacts, 10 MiB of 20 MiB, 10 MiB/s, about 5 s left"},
		{"read again from its start", func() *course {
			c := newCourse(100*mib, 100*mib)
			c.read(0, "a", 100*mib, 50*mib, 10*mib)
			c.read(0, "a", 100*mib, 10*mib, 10*mib)
			return c
		}, "0 of 2 artifacts, 10 MiB of 200 MiB, 10 MiB/s, about 20 s left"},
		{"cut short", func() *course {
			c := newCourse(100*mib, 100*mib)
			c.finish(c.read(0, "a", 100*mib, 50*mib, 10*mib))
			return c
		}, "1 of 2 artifacts, 100 MiB of 200 MiB, 10 MiB/s, about 10 s left"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.run()
			if got := sentence(c.meter.figures(c.now)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFormatSize(t *testing.T) {
	for _, tt := range []struct {
		bytes float64
		want  string
	}{
		{0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"}, {9.94 * 1024, "9.9 KiB"}, {9.96 * 1024, "10 KiB"},
		{mib - 1, "1.0 MiB"}, {1023 * mib, "1023 MiB"}, {1023.6 * mib, "1.0 GiB"}, {6.1 * 1024 * mib, "6.1 GiB"},
		{math.Ldexp(1, 70), "1024 EiB"},
	} {
		if got := formatSize(tt.bytes); got != tt.want {
			t.Errorf("%.0f: %s, want %s", tt.bytes, got, tt.want)
		}
	}
}

func TestFormatLeft(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{1, "5 s"}, {7 * time.Second, "5 s"}, {8 * time.Second, "10 s"}, {54 * time.Second, "55 s"}, {55 * time.Second, "1 min"},
		{89 * time.Second, "1 min"}, {59*time.Minute + 29*time.Second, "59 min"}, {59*time.Minute + 31*time.Second, "1 h"},
		{200 * time.Minute, "3 h 20 min"}, {100 * time.Hour, "100 h"},
	} {
		if got := formatLeft(tt.d); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.d, got, tt.want)
		}
	}
}

// busyCourse is a run with four workers at work, on names of all kinds.
func busyCourse() *course {
	c := newCourse(same(340, 22*mib)...)
	c.finish(c.read(0, "3.13.5/Python-3.13.4.tgz", 22*mib, 22*mib, 4*mib))
	c.read(0, "3.13.5/Python-3.13.5.tar.xz", 22*mib, 11*mib, 4*mib)
	c.read(1, "3.13.5/\x1b[2J\r\u202egnp.tgz", -1, 3*mib, 4*mib)
	c.read(2, "3.13.5/"+strings.Repeat("長い名前", 20)+".exe", 22*mib, 22*mib, 4*mib)
	c.read(3, strings.Repeat("long-", 40)+"Python-3.13.5.exe", 22*mib, 0, 1)
	c.pass(barAfter + barsEvery)
	return c
}

func TestProgressLines(t *testing.T) {
	c := busyCourse()
	for _, tt := range []struct {
		columns, rows int
		want          []string
	}{
		{121, 24, []string{
			`[-------------] 1 of 340 artifacts, 55 MiB of 7.3 GiB, 3.9 MiB/s, 32 min left`,
			`[######-------] 3.13.5/Python-3.13.5.tar.xz                                             11 MiB of 22 MiB, 1.1 MiB/s`,
			`                3.13.5/\x1b[2J\r\u202egnp.tgz                                           3.0 MiB, 403 KiB/s`,
			`[#############] ...い名前長い名前長い名前長い名前長い名前長い名前長い名前長い名前.exe   22 MiB of 22 MiB, 3.7 MiB/s`,
			`[-------------] ...long-long-long-long-long-long-long-long-long-long-Python-3.13.5.exe  0 B of 22 MiB`,
		}},
		{80, 24, []string{
			`[--------] 1 of 340 artifacts, 55 MiB of 7.3 GiB, 3.9 MiB/s, 32 min left`,
			`[####----] 3.13.5/Python-3.13.5.tar.xz         11 MiB of 22 MiB, 1.1 MiB/s`,
			`           3.13.5/\x1b[2J\r\u202egnp.tgz       3.0 MiB, 403 KiB/s`,
			`[########] ...前長い名前長い名前長い名前.exe   22 MiB of 22 MiB, 3.7 MiB/s`,
			`[--------] ...ong-long-long-Python-3.13.5.exe  0 B of 22 MiB`,
		}},
		{60, 24, []string{
			`[--------] 1 of 340 artifacts, 3.9 MiB/s, 32 min left`,
			`...5/Python-3.13.5.tar.xz  11 MiB of 22 MiB, 1.1 MiB/s`,
			`...\x1b[2J\r\u202egnp.tgz  3.0 MiB, 403 KiB/s`,
			`...前長い名前長い名前.exe  22 MiB of 22 MiB, 3.7 MiB/s`,
			`...long-Python-3.13.5.exe  0 B of 22 MiB`,
		}},
		{40, 4, []string{
			`1 of 340 artifacts, 32 min left`,
			`3.13.5/Python-3.13.5.tar.xz`,
			`and 3 more`,
		}},
		{20, 3, []string{`1 of 340 artifac...`, `and 4 more`}},
		{3, 2, []string{`1 `}},
	} {
		if diff := cmp.Diff(tt.want, c.meter.lines(c.now, tt.columns, tt.rows)); diff != "" {
			t.Errorf("%d by %d (-want +got):\n%s", tt.columns, tt.rows, diff)
		}
	}
}

// TestProgressNoFlash: what is over at once has no bar.
func TestProgressNoFlash(t *testing.T) {
	c := newCourse(same(10, mib)...)
	c.read(0, "a", mib, mib, 10*mib)
	if lines := c.meter.lines(epoch.Add(barAfter-1), 80, 24); lines != nil {
		t.Errorf("a run that has only begun has bars: %q", lines)
	}
	c.pass(time.Second)
	if lines := c.meter.lines(c.now, 80, 24); len(lines) != 2 {
		t.Errorf("got %q, want the bars of the run and of an artifact", lines)
	}
	for i := range 9 { // one after the other, in no time each
		c.finish(c.read(0, fmt.Sprint(i), mib, mib, 10*mib))
		if lines := c.meter.lines(c.now, 80, 24); len(lines) != 1 {
			t.Errorf("got %q, want the bar of the run alone", lines)
		}
	}
}

// TestProgressAnyCourse: whatever happens, lines fit, nothing is negative, and
// the estimate is one that can be believed.
func TestProgressAnyCourse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []int64{-1, 0, 1, 5 * mib, 1 << 40, math.MaxInt64}
	for range 100 {
		var list []int64
		for range 1 + random.IntN(20) {
			list = append(list, sizes[random.IntN(len(sizes))])
		}
		c := newCourse(list...)
		c.meter.readable = random.IntN(10) > 0
		for len(list) > 0 {
			at := audit.Progress{Worker: random.IntN(4), Location: strings.Repeat("é長\n", random.IntN(30)), Size: list[0]}
			list = list[1:]
			c.tell(at, 0)
			for range random.IntN(6) {
				n := random.Int64N(10 * mib)
				if at.Read += n; random.IntN(8) == 0 {
					at.Read = 0
				}
				c.tell(at, n)
				c.pass(time.Duration(random.Int64N(int64(2 * time.Second))))
			}
			if random.IntN(4) > 0 {
				c.finish(at)
			}
			if left, ok := c.meter.left(c.now); ok && (left <= 0 || left > leftAtMost) {
				t.Fatalf("%v left", left)
			}
			if f := c.meter.fraction(); !(f >= 0 && f <= 1) {
				t.Fatalf("%v done", f)
			}
			columns, rows := 1+random.IntN(130), 1+random.IntN(8)
			lines := c.meter.lines(c.now, columns, rows)
			if len(lines) > rows {
				t.Errorf("%d lines on %d rows", len(lines), rows)
			}
			for _, line := range lines {
				if w := columnsOf(line); w >= columns {
					t.Errorf("%d columns on a terminal of %d: %q", w, columns, line)
				}
				if strings.ContainsAny(line, "\n\r\x1b") || strings.Contains(line, "NaN") || strings.Contains(line, " -") {
					t.Errorf("shown: %q", line)
				}
			}
		}
	}
}

func TestProgressDraw(t *testing.T) {
	var w bytes.Buffer
	p := &progress{w: &w, size: func() (int, int) { return 60, 24 }, meter: newMeter(epoch, []source.Item{{Size: 1}})}
	wrote := func(want string) {
		t.Helper()
		if got := w.String(); got != want {
			t.Errorf("wrote %q\nwant  %q", got, want)
		}
		w.Reset()
	}
	p.tick(epoch.Add(barAfter - 1))
	wrote("")
	p.clear()
	wrote("") // nothing was drawn
	p.draw([]string{"one", "two", "three"})
	wrote("\r\x1b[?7lone\x1b[K\r\ntwo\x1b[K\r\nthree\x1b[K\x1b[J\x1b[?7h\r\x1b[2A")
	fmt.Fprintln(p, "migrate: something is wrong")
	wrote("\r\x1b[Jmigrate: something is wrong\n")
	fmt.Fprintln(p, "migrate: and another thing")
	wrote("migrate: and another thing\n")
	p.tick(epoch.Add(barAfter))
	wrote("\r\x1b[?7l[--------] 0 of 1 artifacts, 0 B of 1 B\x1b[K\x1b[J\x1b[?7h\r")
	p.clear()
	wrote("\r\x1b[J")
}

// TestProgressPlain: where there is no terminal, a line each time and nothing
// else.
func TestProgressPlain(t *testing.T) {
	var w bytes.Buffer
	c := newCourse(same(340, 18*mib)...)
	p := &progress{w: &w, meter: c.meter}
	at := audit.Progress{Total: 340, Size: 18 * mib, Location: "a"}
	for i := range 3 {
		for range 20 {
			at.Finished, at.Read, at.Done, at.Bytes = true, 18*mib, at.Done+1, at.Bytes+18*mib
			p.tell(at)
		}
		p.tick(epoch.Add(time.Duration(i+1) * lineEvery))
	}
	p.clear()
	want := `migrate: 20 of 340 artifacts, 360 MiB of 6.0 GiB, 12 MiB/s, about 8 min left
migrate: 40 of 340 artifacts, 720 MiB of 6.0 GiB, 12 MiB/s, about 8 min left
migrate: 60 of 340 artifacts, 1.1 GiB of 6.0 GiB, 12 MiB/s, about 7 min left
`
	if diff := cmp.Diff(want, w.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProgressAside tells, looks and complains at the same time, for the race
// detector.
func TestProgressAside(t *testing.T) {
	var w bytes.Buffer // guarded by progress, or the detector says so
	p := &progress{w: &w, size: func() (int, int) { return 80, 24 }, meter: newMeter(epoch, []source.Item{{Size: mib}})}
	ticks, done := make(chan time.Time), make(chan struct{})
	var all, drawing sync.WaitGroup
	drawing.Go(func() { p.run(ticks, done) })
	all.Go(func() {
		for i := range int64(1000) {
			p.tell(audit.Progress{Total: 1, Worker: int(i % 7), Size: mib, Read: i, Bytes: i})
		}
	})
	all.Go(func() {
		for range 100 {
			fmt.Fprintln(p, "migrate: said meanwhile")
		}
	})
	for i := range 100 {
		ticks <- epoch.Add(time.Duration(i) * barsEvery)
	}
	all.Wait()
	ticks <- epoch.Add(time.Hour)
	ticks <- epoch.Add(time.Hour + barAfter) // now the seven have been seen for long enough
	close(done)
	drawing.Wait()
	if got := strings.Count(w.String(), "migrate: said meanwhile\n"); got != 100 {
		t.Errorf("%d lines of 100", got)
	}
	if !strings.HasSuffix(w.String(), "\x1b[?7h\r\x1b[7A\r\x1b[J") {
		t.Errorf("left behind: %q", w.String()[max(0, w.Len()-200):])
	}
}

// watched is a terminal and what was written on it.
type watched struct {
	*os.File // the program's side
	mu       sync.Mutex
	seen     bytes.Buffer
	grown    chan struct{}
	closed   chan struct{}
}

func openTerminal(t *testing.T) *watched {
	t.Helper()
	ours, theirs, err := pty.Open()
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip("this system has no pseudo-terminals")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(ours, &pty.Winsize{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	w := &watched{File: theirs, grown: make(chan struct{}, 1), closed: make(chan struct{})}
	go func() {
		defer close(w.closed)
		buf := make([]byte, 4096)
		for {
			n, err := ours.Read(buf)
			w.mu.Lock()
			w.seen.Write(buf[:n])
			w.mu.Unlock()
			select {
			case w.grown <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { theirs.Close(); ours.Close() })
	return w
}

// text is what was written until now.
func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.String()
}

// await waits until text has been written, and says whether it was.
func (w *watched) await(text string, patience <-chan time.Time) bool {
	for !strings.Contains(w.text(), text) {
		select {
		case <-w.grown:
		case <-patience:
			return false
		}
	}
	return true
}

// end closes the program's side and returns all that was written.
func (w *watched) end() string {
	w.Close()
	<-w.closed
	return w.text()
}

// TestProgressTerminal runs an audit on a terminal, with an artifact that is not
// read before its bar is there.
func TestProgressTerminal(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		t.Run(fmt.Sprintf("interrupted=%t", interrupted), func(t *testing.T) {
			t.Setenv("TERM", "xterm")
			screen := openTerminal(t)
			a, p := demoPlan(t, io.Discard)
			a.err = screen.File
			ctx, interrupt := context.WithCancelCause(t.Context())
			defer interrupt(nil)
			open := p.items[3].Open
			p.items[3].Open = func(ctx context.Context) (io.ReadCloser, error) {
				bar := fmt.Sprintf("%s  0 B of %s\x1b[K", p.items[3].Location, formatSize(float64(p.items[3].Size)))
				if !screen.await(bar, time.After(20*time.Second)) {
					return nil, errors.New("no bar was drawn")
				}
				a.complain(errors.New("said meanwhile"))
				if interrupted {
					interrupt(errors.New("interrupt signal received"))
				}
				return open(ctx)
			}
			doc, err := a.audit(ctx, p, nil)
			if interrupted != (err != nil) {
				t.Fatalf("got error %v", err)
			}
			if !interrupted && doc.Artifacts[3].Trouble != "" {
				t.Error(doc.Artifacts[3].Trouble)
			}
			a.complain(errors.New("said at the end"))
			seen := screen.end()
			if !strings.Contains(seen, "\r\x1b[Jmigrate: said meanwhile\r\n") {
				t.Errorf("what was said meanwhile is among the bars: %q", seen)
			}
			_, last, _ := strings.Cut(seen, "migrate: said meanwhile\r\n")
			if drawn, rest, ok := strings.Cut(last, "\r\x1b[Jmigrate: said at the end\r\n"); rest != "" ||
				!ok && last != "migrate: said at the end\r\n" || ok && strings.Contains(drawn, "\r\x1b[J") {
				t.Errorf("the bars were not cleared: %q", last)
			}
			if strings.Contains(seen, "\x1b[?25l") || strings.Count(seen, "\x1b[?7l") != strings.Count(seen, "\x1b[?7h") {
				t.Errorf("the terminal is left in another state: %q", seen)
			}
		})
	}
}

// TestProgressSilence: what may show nothing shows nothing, however long it
// takes.
func TestProgressSilence(t *testing.T) {
	for _, tt := range []struct {
		name                    string
		term                    string
		output                  string
		quiet, streamed, onTerm bool
		shown                   bool // that it is told anything
	}{
		{name: "terminal", term: "xterm", onTerm: true, shown: true},
		{name: "quiet", term: "xterm", onTerm: true, quiet: true},
		{name: "quiet, no terminal", quiet: true},
		{name: "no terminal", shown: true},
		{name: "results on the same terminal", term: "xterm", onTerm: true, streamed: true},
		{name: "results named as on the same terminal", term: "xterm", onTerm: true, streamed: true, output: "-"},
		{name: "results to a file", term: "xterm", onTerm: true, streamed: true, output: "report.jsonl", shown: true},
		{name: "results on a terminal that draws no bars", term: "dumb", onTerm: true, streamed: true, shown: true},
		{name: "results on a terminal that nobody has named", onTerm: true, streamed: true, shown: true},
		{name: "results streamed elsewhere", streamed: true, shown: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TERM", tt.term)
			a, p := demoPlan(t, io.Discard)
			before := io.Writer(io.Discard)
			if tt.onTerm {
				screen := openTerminal(t).File
				before, a.out = screen, screen
			}
			a.err = before
			a.config.Set("quiet", tt.quiet)
			a.config.Set("output", tt.output)
			stop := a.startProgress(p, tt.streamed)
			if shown := p.auditor.Progress != nil; shown != tt.shown {
				t.Errorf("shown: %t", shown)
			}
			if during, ok := a.err.(*progress); ok != tt.shown {
				t.Errorf("standard error is %T meanwhile", a.err)
			} else if ok && (during.size != nil) != (tt.onTerm && tt.term == "xterm") {
				t.Error("bars elsewhere than on a terminal, or none there")
			}
			stop()
			if a.err != before {
				t.Error("standard error is not what it was")
			}
		})
	}
}

// BenchmarkProgress is what one read event costs.
func BenchmarkProgress(b *testing.B) {
	p := &progress{meter: newMeter(epoch, []source.Item{{Size: 1 << 40}})}
	at := audit.Progress{Total: 1, Location: "3.13.5/Python-3.13.5.tar.xz", Size: 1 << 40}
	for b.Loop() {
		at.Read += 256 << 10
		at.Bytes += 256 << 10
		p.tell(at)
	}
}
