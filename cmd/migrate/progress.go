package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"golang.org/x/term"

	"migrate/internal/audit"
)

const (
	// barsEvery is how often bars are drawn.
	barsEvery = 100 * time.Millisecond
	// barAfter is how long a run, or the reading of one artifact, goes on before
	// it gets a bar: one that comes and goes at once tells nobody anything.
	barAfter = 300 * time.Millisecond
	// lineEvery is how often there is a line where there are no bars. Runs that
	// are over before stay silent.
	lineEvery = 30 * time.Second
)

// progress shows on standard error how far a run is: on a terminal a bar for
// the whole and one for each artifact that takes its time, elsewhere a line now
// and then.
type progress struct {
	size func() (columns, rows int) // of the terminal; nil if w is none

	mu    sync.Mutex // guards meter; never held while w is written, which can block
	meter meter

	out   sync.Mutex // guards what follows
	w     io.Writer
	drawn bool // bars are on the terminal, the cursor at the start of the first
}

// startProgress shows how far the run of p is until stop is called, unless
// nobody wants to know. Meanwhile a.err keeps clear of the bars.
func (a *app) startProgress(p *plan, streamed bool) (stop func()) {
	fd, bars := terminal(a.err)
	bars = bars && !dumb()
	_, seen := terminal(a.out)
	file := a.config.GetString("output")
	seen = seen && streamed && (file == "" || file == "-")
	if a.config.GetBool("quiet") || (bars && seen) { // the results show it, on the same terminal
		return func() {}
	}
	shown := &progress{w: a.err, meter: newMeter(time.Now(), p.items)}
	every := lineEvery
	if bars {
		every = barsEvery
		shown.size = func() (columns, rows int) {
			columns, rows, err := term.GetSize(fd) // anew each time: windows are resized
			if err != nil || columns <= 0 || rows <= 0 {
				return 80, 24
			}
			return columns, rows
		}
	}
	p.auditor.Progress = shown.tell
	a.err = shown

	ticker := time.NewTicker(every)
	done := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() { shown.run(ticker.C, done) })
	return func() {
		ticker.Stop()
		close(done)
		drawing.Wait()
		a.err = shown.w
	}
}

// tell takes in what the auditor says. It is called for every read.
func (p *progress) tell(at audit.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meter.tell(at)
}

// run shows the progress at each tick until done, and leaves nothing behind on
// a terminal.
func (p *progress) run(ticks <-chan time.Time, done <-chan struct{}) {
	defer p.clear()
	for {
		select {
		case now := <-ticks:
			p.tick(now)
		case <-done:
			return
		}
	}
}

func (p *progress) tick(now time.Time) {
	if p.size == nil {
		p.mu.Lock()
		p.meter.sample(now)
		text := sentence(p.meter.figures(now))
		p.mu.Unlock()
		p.out.Lock()
		defer p.out.Unlock()
		fmt.Fprintf(p.w, "migrate: %s\n", text)
		return
	}
	columns, rows := p.size()
	p.mu.Lock()
	p.meter.sample(now)
	lines := p.meter.lines(now, columns, rows)
	p.mu.Unlock()
	p.draw(lines)
}

// Control sequences of ECMA-48, and DEC's mode in which long lines wrap.
const (
	eraseLine  = "\x1b[K" // from the cursor to its end
	eraseBelow = "\x1b[J" // from the cursor to the end of the screen
	wrapOff    = "\x1b[?7l"
	wrapOn     = "\x1b[?7h"
)

// draw puts lines in the place of those drawn before. It leaves the cursor at
// the start of the first: from there the terminal erases them all, whatever it
// has made of them when it was resized. Each drawing is one write, which ends
// with the terminal in the state it was in: whenever the program is killed, no
// more than the lines stay behind.
func (p *progress) draw(lines []string) {
	p.out.Lock()
	defer p.out.Unlock()
	if len(lines) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\r" + wrapOff)
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + eraseLine)
	}
	b.WriteString(eraseBelow + wrapOn + "\r")
	if up := len(lines) - 1; up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	io.WriteString(p.w, b.String())
	p.drawn = true
}

// clear takes the bars off the terminal.
func (p *progress) clear() {
	p.out.Lock()
	defer p.out.Unlock()
	p.erase()
}

func (p *progress) erase() {
	if p.drawn {
		io.WriteString(p.w, "\r"+eraseBelow)
		p.drawn = false
	}
}

// Write writes whole lines that are not progress. The bars make way, and are
// back with the next tick.
func (p *progress) Write(b []byte) (int, error) {
	p.out.Lock()
	defer p.out.Unlock()
	p.erase()
	return p.w.Write(b)
}

// The figures of a run, in the order in which they are said.
const (
	figArtifacts = iota
	figBytes
	figRate
	figLeft
)

// figures say how far the run is, with "" for what is not known.
func (m *meter) figures(now time.Time) []string {
	f := make([]string, figLeft+1)
	f[figArtifacts] = fmt.Sprintf("%d of %d artifacts", m.done, m.total)
	if m.unsized == 0 && m.size > 0 {
		f[figBytes] = formatSize(m.covered()) + " of " + formatSize(m.size)
	} else if m.read > 0 {
		f[figBytes] = formatSize(float64(m.read))
	}
	if speed, ok := m.bytes.perSecond(now, float64(m.read)); ok && m.read > 0 {
		f[figRate] = formatSize(speed) + "/s"
	}
	if left, ok := m.left(now); ok {
		f[figLeft] = "about " + formatLeft(left) + " left"
	}
	return f
}

func sentence(figures []string) string {
	said := slices.DeleteFunc(slices.Clone(figures), func(s string) bool { return s == "" })
	return strings.Join(said, ", ")
}

// layout is how wide things are drawn.
type layout struct {
	bar     int // 0: there is no room for one
	name    int // of an artifact
	figures bool
}

// lines are the bars on a terminal of that size: the run's first, then a line
// for each artifact that has been read for a moment. There are none while the
// run is younger than that.
func (m *meter) lines(now time.Time, columns, rows int) []string {
	if now.Sub(m.start) < barAfter {
		return nil
	}
	columns-- // some terminals wrap a line that is exactly as wide
	bar := min(max(columns/8, 10), 20)
	lines := []string{m.line(now, columns, bar)}

	var busy []*reading
	widest := 0
	for i := range m.workers {
		if r := &m.workers[i]; r.busy && !r.since.IsZero() && now.Sub(r.since) >= barAfter {
			busy = append(busy, r)
			widest = max(widest, columnsOf(r.name))
		}
	}
	room, more := max(rows-2, 0), 0
	if len(busy) > room {
		more = len(busy) - max(room-1, 0) // one line says so
		busy = busy[:len(busy)-more]
	}
	at := layOut(columns, bar, widest)
	for _, r := range busy {
		lines = append(lines, r.line(now, at))
	}
	if more > 0 && room > 0 {
		lines = append(lines, cutEnd(fmt.Sprintf("and %d more", more), columns))
	}
	return lines
}

// line is the run's bar. Where there is no room for all, the least telling goes
// first.
func (m *meter) line(now time.Time, columns, bar int) string {
	f := m.figures(now)
	f[figLeft] = strings.TrimPrefix(f[figLeft], "about ")
	drawn := formatBar(m.fraction(), bar) + " "
	for _, spare := range []int{figBytes, figRate} {
		if len(drawn)+len(sentence(f)) > columns {
			f[spare] = ""
		}
	}
	if len(drawn)+len(sentence(f)) > columns {
		drawn = ""
	}
	return cutEnd(drawn+sentence(f), columns)
}

// layOut divides a line among an artifact's bar, its name, and its figures. The
// line gets no longer than it must: what does not fill the terminal is not
// wrapped when the terminal gets narrower.
func layOut(columns, bar, widest int) layout {
	const (
		figures = len("  1023 MiB of 1023 MiB, 1023 MiB/s")
		least   = 16 // of a name, for the rest to be worth its room
	)
	need := min(widest, least)
	switch {
	case columns-bar-1-figures >= need:
		return layout{bar: bar, name: min(widest, columns-bar-1-figures), figures: true}
	case columns-figures >= need:
		return layout{name: min(widest, columns-figures), figures: true}
	default:
		return layout{name: min(widest, columns)}
	}
}

// line is the bar of one artifact.
func (r *reading) line(now time.Time, at layout) string {
	name := cutStart(r.name, at.name)
	if !at.figures {
		return name
	}
	drawn := ""
	if at.bar > 0 && r.size >= 0 {
		drawn = formatBar(fractionOf(float64(r.read), float64(r.size)), at.bar) + " "
	} else if at.bar > 0 {
		drawn = strings.Repeat(" ", at.bar+1)
	}
	said := formatSize(float64(r.read))
	if r.size >= 0 {
		said += " of " + formatSize(float64(r.size))
	}
	if speed, ok := r.rate.perSecond(now, float64(r.read)); ok {
		said += ", " + formatSize(speed) + "/s"
	}
	return drawn + name + strings.Repeat(" ", at.name-columnsOf(name)) + "  " + said
}

// formatBar draws a bar that is width columns wide and filled to a fraction.
func formatBar(fraction float64, width int) string {
	inner := width - len("[]")
	full := int(fraction * float64(inner))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", inner-full) + "]"
}

// formatSize says a number of bytes in the unit that leaves fewest digits.
func formatSize(bytes float64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	if bytes < 1024 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	bytes /= 1024
	for bytes >= 1023.5 && len(units) > 1 { // would be said as 1024
		bytes /= 1024
		units = units[1:]
	}
	if bytes < 9.95 {
		return fmt.Sprintf("%.1f %s", bytes, units[0])
	}
	return fmt.Sprintf("%.0f %s", bytes, units[0])
}

// formatLeft says a time that is an estimate, no more exactly than it is one.
func formatLeft(d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < 55*time.Second:
		return fmt.Sprintf("%d s", max(d.Round(5*time.Second), 5*time.Second)/time.Second)
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	default:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
}

// columnsOf is how many columns s takes on a terminal.
func columnsOf(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

const cutMark = "..."

// cutEnd returns s, which is ASCII, without the end that does not fit.
func cutEnd(s string, columns int) string {
	if len(s) <= columns {
		return s
	}
	if columns < len(cutMark) {
		return s[:max(columns, 0)]
	}
	return s[:columns-len(cutMark)] + cutMark
}

// cutStart returns s without the start that does not fit: what tells paths
// apart is their end.
func cutStart(s string, columns int) string {
	if columnsOf(s) <= columns {
		return s
	}
	mark := cutMark
	if columns < 2*len(cutMark) {
		mark = ""
	}
	rest := []rune(s)
	rest = rest[max(len(rest)-columns, 0):] // names can be long, and few runes take no column
	for len(rest) > 0 && columnsOf(string(rest)) > columns-len(mark) {
		rest = rest[1:]
	}
	return mark + string(rest)
}
