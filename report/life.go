package report

import (
	"fmt"
	"strconv"
	"time"

	"migrate/internal/cycle"
	"migrate/keyrings"
)

// lifeChart is the picture of how long each series lives, and for how long its
// releases are signed by each method. Lengths are in CSS pixels.
type lifeChart struct {
	Width, Height int
	Axis          float64 // where the series begin, and the years above them end
	Years         []yearMark
	Rows          []lifeRow // newest series first
	Now           float64   // the time of the report; 0 if it is not in the picture
	Summary       string
	None, Unknown bool // occur: not signed by a method, nobody knows
}

type yearMark struct {
	X     float64
	Label string // "" where there is no room
}

type lifeRow struct {
	*Series
	Y     float64
	Life  string
	Rects []lifeRect
}

type lifeRect struct {
	Class               string
	X, Y, Width, Height float64
}

const (
	lifeTo     = 860 // behind it stands until when
	lifeWidth  = 1030
	lifeHeight = 32.0 // of a row
	lifeTrack  = 10.0
	lifeGap    = 2.0
	lifeTop    = 22.0
	lifeFoot   = 18.0
	yearWidth  = 36.0
)

// newLifeChart returns a chart without rows if the document says of no series
// how long it lives.
func newLifeChart(d *Document) lifeChart {
	c := lifeChart{Width: lifeWidth, Axis: lifeTop}
	first, last := 0, 0
	for _, s := range newestFirst(d.Series) {
		if s.FirstRelease.IsZero() || s.EndOfLife.IsZero() {
			continue
		}
		if len(c.Rows) == 0 {
			first, last = s.FirstRelease.Year, s.EndOfLife.Year
		}
		first, last = min(first, s.FirstRelease.Year), max(last, s.EndOfLife.Year)
		c.Rows = append(c.Rows, lifeRow{Series: &s, Y: lifeTop + lifeHeight*float64(len(c.Rows)), Life: s.life()})
	}
	if len(c.Rows) == 0 {
		return c
	}
	now := d.Created.Time
	if y := now.Year(); y >= cycle.FirstYear && y <= cycle.LastYear {
		first, last = min(first, y), max(last, y)
	}
	from := time.Date(first, time.January, 1, 0, 0, 0, 0, time.UTC)
	days := time.Date(last+1, time.January, 1, 0, 0, 0, 0, time.UTC).Sub(from).Hours()
	at := func(t time.Time) float64 {
		share := t.Sub(from).Hours() / days
		return barsFrom + min(max(share, 0), 1)*(lifeTo-barsFrom)
	}

	every := 1
	for float64(every)*(lifeTo-barsFrom)/float64(last+1-first) < yearWidth {
		every++
	}
	for y := first; y <= last; y++ {
		m := yearMark{X: tenths(at(time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC)))}
		if (y-first)%every == 0 {
			m.Label = strconv.Itoa(y)
		}
		c.Years = append(c.Years, m)
	}
	if x := at(now); x > barsFrom && x < lifeTo {
		c.Now = tenths(x)
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		r.track(r.PGP, "pgp", 4, now, at)
		r.track(r.Sigstore, "sig", 4+lifeTrack+lifeGap, now, at)
		for _, p := range []Period{r.PGP, r.Sigstore} {
			c.None = c.None || p.Presence != "" && p.From != r.FirstRelease
			c.Unknown = c.Unknown || p.Presence == ""
		}
	}
	c.Height = int(lifeTop + lifeHeight*float64(len(c.Rows)) + lifeFoot)
	c.Summary = lastPGP(c.Rows)
	return c
}

// Plot returns the height of the part with the series.
func (c lifeChart) Plot() float64 { return lifeHeight * float64(len(c.Rows)) }

// Foot returns where the text below the series stands.
func (c lifeChart) Foot() float64 { return lifeTop + c.Plot() + 13 }

// track adds what one method does while the series lives, at a height: a bar
// where releases are signed by it, which is lighter where that is still to come,
// and a line where they are not.
func (r *lifeRow) track(p Period, class string, y float64, now time.Time, at func(time.Time) float64) {
	bar := func(class string, from, to time.Time, y, height float64) {
		if from.Before(to) {
			x := tenths(at(from))
			r.Rects = append(r.Rects, lifeRect{class, x, y, tenths(max(at(to)-x, 0)), height})
		}
	}
	from, until := r.FirstRelease.Start(), r.EndOfLife.End()
	if p.Presence == "" {
		bar("unknown", from, until, y, lifeTrack)
		return
	}
	signed := until // no bar
	if !p.From.IsZero() {
		signed = p.From.Start()
	}
	bar("none", from, earlier(signed, until), y+lifeTrack/2, 1)
	bar(class, signed, earlier(now, until), y, lifeTrack)
	bar(class+" planned", later(signed, now), until, y, lifeTrack)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// lastPGP says when PGP signatures end, of the series in a picture.
func lastPGP(rows []lifeRow) string {
	var last *Series
	unknown := false
	for _, r := range rows {
		unknown = unknown || r.PGP.Presence == ""
		if r.Status == cycle.EndOfLife || r.PGP.Until.IsZero() {
			continue
		}
		if last == nil || r.PGP.Until.End().After(last.PGP.Until.End()) {
			last = r.Series
		}
	}
	switch {
	case last != nil:
		return fmt.Sprintf("Of these series, %s is the last to get PGP signatures, until %s.", last.Series, last.PGP.Until)
	case unknown:
		return ""
	}
	return "None of these series gets PGP signatures any more."
}

// String returns, for example, "2024-10-07 to 2029-10".
func (p Period) String() string {
	switch {
	case !p.From.IsZero():
		return p.From.String() + " to " + p.Until.String()
	case p.Presence == keyrings.Required:
		return "signed"
	case p.Presence == "":
		return "not known"
	}
	return string(p.Presence)
}
