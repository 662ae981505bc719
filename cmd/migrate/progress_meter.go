package main

import (
	"time"

	"migrate/internal/audit"
	"migrate/internal/source"
	"migrate/report"
)

// meter adds up what a run has done and estimates what is left. It has no clock
// of its own: whoever looks at it says what time it is.
type meter struct {
	start       time.Time
	total, done int   // artifacts
	read        int64 // bytes read, of all artifacts

	// Sizes as listed. They are of other people's making: their sum, as a
	// float64, does not overflow.
	size     float64 // bytes of all artifacts whose size is known
	finished float64 // of those that are done, however much of them was read
	unsized  int     // artifacts whose size is not known
	learned  struct {
		artifacts int     // of the unsized, those that were read
		gone      int     // of the unsized, those that are done
		bytes     float64 // read of them
	}
	readable bool // there is an artifact that has bytes to read

	workers   []reading
	bytes     rate // of read
	artifacts rate // of done
}

// reading is what one worker is at.
type reading struct {
	busy     bool
	location string
	name     string // location, fit to be shown; "" until it is first seen at it
	read     int64
	size     int64     // -1 if unknown
	since    time.Time // when it was first seen at it, by sample
	rate     rate
}

func newMeter(now time.Time, items []source.Item) meter {
	m := meter{start: now, total: len(items)}
	for _, it := range items {
		if it.Size >= 0 {
			m.size += float64(it.Size)
		} else {
			m.unsized++
		}
		m.readable = m.readable || it.Open != nil
	}
	m.bytes.add(now, 0)
	m.artifacts.add(now, 0)
	return m
}

func (m *meter) tell(at audit.Progress) {
	m.done, m.read = at.Done, at.Bytes
	for len(m.workers) <= at.Worker {
		m.workers = append(m.workers, reading{})
	}
	r := &m.workers[at.Worker]
	if !r.busy || r.location != at.Location {
		*r = reading{busy: true, location: at.Location, size: at.Size}
	}
	r.read = at.Read
	if !at.Finished {
		return
	}
	r.busy = false
	if at.Size >= 0 {
		m.finished += float64(at.Size)
		return
	}
	m.learned.gone++
	if at.Read > 0 { // else it was carried over, or could not be opened: that tells nothing of the others
		m.learned.artifacts++
		m.learned.bytes += float64(at.Read)
	}
}

// sample takes note of how far the run is now, for the rates.
func (m *meter) sample(now time.Time) {
	m.bytes.add(now, float64(m.read))
	m.artifacts.add(now, float64(m.done))
	for i := range m.workers {
		if r := &m.workers[i]; r.busy {
			if r.since.IsZero() {
				r.since, r.name = now, report.Escape(r.location)
			}
			r.rate.add(now, float64(r.read))
		}
	}
}

// covered is how many bytes of the artifacts whose size is known are dealt
// with: read, or never to be read because their artifact is done without.
func (m *meter) covered() float64 {
	n := m.finished
	for _, r := range m.workers {
		if r.busy && r.size >= 0 {
			n += float64(min(r.read, r.size))
		}
	}
	return n
}

// fraction is how much of the run is done: of its bytes if they are known, else
// of its artifacts.
func (m *meter) fraction() float64 {
	if m.unsized == 0 && m.size > 0 {
		return fractionOf(m.covered(), m.size)
	}
	return fractionOf(float64(m.done), float64(m.total))
}

const (
	// leftAfter is how long a rate has been looked at before anything is foretold
	// from it.
	leftAfter = 3 * time.Second
	// leftAtMost is the longest time that is foretold.
	leftAtMost = 100 * time.Hour
)

// left estimates how long the run still takes, if that can be told. Only bytes
// that were read make the rate, so artifacts that are carried over do not: they
// make what is left less.
func (m *meter) left(now time.Time) (time.Duration, bool) {
	var rest, speed float64
	var ok bool
	if m.readable {
		if rest, ok = m.rest(); !ok {
			return 0, false
		}
		speed, ok = m.bytes.perSecond(now, float64(m.read))
		ok = ok && m.bytes.since(now) >= leftAfter
	} else {
		rest = float64(m.total - m.done)
		speed, ok = m.artifacts.perSecond(now, float64(m.done))
		ok = ok && m.artifacts.since(now) >= leftAfter
	}
	if !ok || speed <= 0 || rest <= 0 || rest > speed*leftAtMost.Seconds() {
		return 0, false
	}
	return time.Duration(rest / speed * float64(time.Second)), true
}

// rest estimates how many bytes are still to be read. An artifact whose size is
// not known is taken for one like those read before it.
func (m *meter) rest() (bytes float64, ok bool) {
	bytes = max(m.size-m.covered(), 0)
	unsized := m.unsized - m.learned.gone
	if unsized <= 0 {
		return bytes, true
	}
	if m.learned.artifacts == 0 {
		return 0, false
	}
	typical := m.learned.bytes / float64(m.learned.artifacts)
	bytes += float64(unsized) * typical
	for _, r := range m.workers {
		if r.busy && r.size < 0 {
			bytes -= min(float64(r.read), typical)
		}
	}
	return max(bytes, 0), true
}

// fractionOf is part of whole, from 0 to 1.
func fractionOf(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(part/whole, 0), 1)
}

// rate is how fast a count has grown rateWindow.
type rate struct {
	samples []sample // oldest first
}

type sample struct {
	at    time.Time
	count float64
}

const (
	// rateWindow is how far back a rate looks, unless the samples lie farther apart.
	rateWindow = 20 * time.Second
	// rateSpacing is how far apart samples are at least.
	rateSpacing = 250 * time.Millisecond
	// rateAfter is too short a time to tell a rate from.
	rateAfter = time.Second
)

// add takes in the count at a time. Time that passes before it first grows does
// not count, and one that shrinks, as that of an artifact that is read again
// does, begins anew.
func (r *rate) add(now time.Time, count float64) {
	n := len(r.samples)
	if n > 0 && (count == 0 || count < r.samples[n-1].count) {
		r.samples, n = r.samples[:0], 0
	}
	if n > 0 && now.Sub(r.samples[n-1].at) < rateSpacing {
		return
	}
	r.samples = append(r.samples, sample{now, count})
	old := 0
	for old+2 < len(r.samples) && now.Sub(r.samples[old+1].at) >= rateWindow {
		old++
	}
	r.samples = append(r.samples[:0], r.samples[old:]...)
}

// since is how long the rate has been looked at.
func (r *rate) since(now time.Time) time.Duration {
	if len(r.samples) == 0 {
		return 0
	}
	return now.Sub(r.samples[0].at)
}

// perSecond is the rate, given the count now, if leftAfter time has passed to tell.
func (r *rate) perSecond(now time.Time, count float64) (float64, bool) {
	t := r.since(now)
	if t < rateAfter {
		return 0, false
	}
	return max(count-r.samples[0].count, 0) / t.Seconds(), true
}
